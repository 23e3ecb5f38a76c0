"""Refuting a certificate: other attacks, on seeds that it never saw, against the bound that it states.

Half of the seeds choose the strongest attack and who makes it, the other half judges it. The certificate falls where
the lower end of the interval of that gain is above its epsilon: a certificate that is true falls so to about one
attempt in forty at most, at a confidence of 95 %, and to one in twenty where money and utility are judged apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.agents.errors import InputError
from commonweal.agents.files import contents_of
from commonweal.economy.round.worth import Judge
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.certificate import Certificate
from commonweal.scenarios.studies.attacks.certifying import (
    certify,
    judges_of,
    said_interval,
    shown_interval,
    sources_of,
    version,
)
from commonweal.scenarios.studies.attacks.enclosed import opened
from commonweal.scenarios.studies.attacks.options import CertifyOptions
from commonweal.scenarios.studies.attacks.registry import Attack, attacks_of
from commonweal.scenarios.studies.attacks.shape import demand_whole
from commonweal.scenarios.studies.attacks.trying import Trying, try_attacks, try_pairs
from commonweal.scenarios.studies.attacks.written import deviation_document, read_attacks
from commonweal.scenarios.studies.incentives.evidence import DECIMALS
from commonweal.scenarios.studies.pieces import Pieces


@dataclass(frozen=True)
class Attempt:
    """What an attempt to break a certificate tries."""

    attacks: tuple[str, ...]  # families by name, or files of attacks
    seeds: int = 32  # fresh ones: half choose, half judge
    workers: int | None = None  # processes; as many as cores if None


def refute(certificate: Certificate, attempt: Attempt, pieces: Pieces | None = None) -> dict[str, Any]:
    """Try attacks against a certificate.

    Args:
        certificate: to be broken.
        attempt: what is tried.
        pieces: plays and keeps everything.

    Returns:
        The content of a verdict; ``Certificate.with_verdict`` chains it to what stands before.

    Raises:
        InputError: if an attack is unknown or there is nothing to try, or the certificate's scenario cannot be played.
    """
    if attempt.seeds < 4:
        raise InputError(f"seeds = {attempt.seeds}: must be at least 4, since half of them choose and half judge")
    demand_whole(certificate)
    options = options_of(certificate).model_copy(update={"workers": attempt.workers})
    first = 1 + last_seed(certificate)
    choosing = tuple(range(first, first + attempt.seeds // 2))
    judging = tuple(range(first + attempt.seeds // 2, first + attempt.seeds))
    with opened(certificate.content["scenario"]) as scenario:
        attacks, sources = _gathered(attempt.attacks, scenario, options.horizon)
        found = {
            judge: _strongest(
                Trying(scenario, options, judge, pieces or Pieces()), attacks, choosing, judging,
                certificate.content["epsilon"][judge]["epsilon"])
            for judge in judges_of(scenario)
        }  # fmt: skip
    return {
        "attacks": sources,
        "attacks_tried": len(attacks),
        "seeds": {"choosing": list(choosing), "judging": list(judging)},
        "confidence": options.confidence,
        "found": found,
        "falls": any(each["falls"] for each in found.values()),
        "version": version(),
    }


def rerun(certificate: Certificate, workers: int | None = None, pieces: Pieces | None = None) -> Certificate:
    """The certificate that this version of the library makes of the same scenario, budget and seeds.

    Args:
        certificate: all that is known.
        workers: processes; as many as cores if None.
        pieces: plays and keeps everything.

    Raises:
        InputError: if its scenario cannot be played, or a family of its is missing or another one here.
    """
    demand_whole(certificate)
    budget = certificate.content["budget"]
    options = options_of(certificate).model_copy(update={"workers": workers})
    for name, source in sources_of(list(budget["families"])).items():
        if source != budget["families"][name]:
            raise InputError(f"attack family {name!r} is another one here than in the certificate")
    with opened(certificate.content["scenario"]) as scenario:
        return certify(scenario, options, budget["seeds"]["search"], pieces)


def options_of(certificate: Certificate) -> CertifyOptions:
    """The options that a certificate was made with; its families by name.

    Raises:
        InputError: if this version knows no such options.
    """
    budget = certificate.content["budget"]
    known = {name: budget[name] for name in CertifyOptions.model_fields if name in budget}
    try:
        return CertifyOptions(**known | {"families": tuple(budget["families"])})
    except ValueError:
        raise InputError("the certificate's budget is none of this version of the library") from None


def last_seed(certificate: Certificate) -> int:
    """The largest seed that the certificate or one of its verdicts has used."""
    used = [*certificate.content["budget"]["seeds"].values()]
    used += [seeds for verdict in certificate.verdicts for seeds in verdict.content["seeds"].values()]
    return int(max(map(max, used)))


def _gathered(names: Sequence[str], scenario: Scenario, horizon: int) -> tuple[list[Attack], dict[str, str]]:
    """Attacks of families and files, each once, and what stands for the code or contents of each."""
    attacks, sources = list[Attack](), dict[str, str]()
    for name in dict.fromkeys(names):
        file = Path(name)
        if file.suffix == ".json":
            attacks += [Attack(file.name, deviation) for deviation in read_attacks(file)]
            sources[file.name] = f"contents {contents_of(file)}"
        else:
            attacks += attacks_of(name, scenario, horizon)
            sources |= sources_of([name])
    if not attacks:
        raise InputError(f"--attack {', '.join(names)}: nothing is to be tried in {scenario.name}")
    return list({attack.identity: attack for attack in reversed(attacks)}.values())[::-1], sources


def _strongest(
    trying: Trying, attacks: Sequence[Attack], choosing: Sequence[int], judging: Sequence[int], epsilon: float
) -> dict[str, Any]:
    """The attack and the group that gain most in some seeds, and what that gains in others."""
    tried = try_attacks(trying, attacks, choosing, f"attacks ({trying.judge})")
    means = tried.gains.mean(axis=0)
    row, column = np.unravel_index(int(means.argmax()), means.shape)
    attack, group = tried.attacks[column], tried.groups[row]
    judged, _ = try_pairs(trying, [(attack, group)], judging, f"the strongest ({trying.judge})")
    gain = mean_interval(judged[:, 0], trying.options.confidence)
    return {
        "deviation": deviation_document(attack.deviation),
        "family": attack.family,
        "by": group,
        "gain_in_search": float(means.max()),
        "gain": shown_interval(gain),
        "epsilon": epsilon,
        "falls": bool(np.round(gain.low - epsilon, DECIMALS) > 0),  # beyond is rounding, which is no gain
    }


def said(content: Mapping[str, Any], judge: Judge = "money") -> str:
    """A verdict in a sentence."""
    each = content["found"][judge]
    ends = said_interval(each["gain"])
    outcome = "it falls" if each["falls"] else "it stands"
    name = each["deviation"]["name"]
    return f"{outcome}: {name} ({each['by']}) gains {ends} {judge} a round, epsilon is {each['epsilon']:.3g}"
