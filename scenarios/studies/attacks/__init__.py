"""Attacks on a scenario's rules: families of them, what they bring, and certificates that others can try to break."""

from commonweal.scenarios.studies.attacks import families
from commonweal.scenarios.studies.attacks.certificate import (
    Certificate,
    append_verdict,
    read_certificate,
    write_certificate,
)
from commonweal.scenarios.studies.attacks.certifying import certify
from commonweal.scenarios.studies.attacks.exploitability import Exploitability, exploitability
from commonweal.scenarios.studies.attacks.options import CertifyOptions
from commonweal.scenarios.studies.attacks.refuting import Attempt, refute, rerun
from commonweal.scenarios.studies.attacks.registry import ATTACKS, Attack, attack

__all__ = [
    "ATTACKS",
    "Attack",
    "Attempt",
    "Certificate",
    "CertifyOptions",
    "Exploitability",
    "append_verdict",
    "attack",
    "certify",
    "exploitability",
    "families",
    "read_certificate",
    "refute",
    "rerun",
    "write_certificate",
]
