"""``commonweal certify`` and ``refute``: certificates are made, checked by playing them again, and attacked."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonweal.agents.documents import by_contents, differences
from commonweal.agents.errors import InputError, shown
from commonweal.agents.threads import settle_for_one_thread
from commonweal.commands.console import say
from commonweal.commands.study import continued
from commonweal.scenarios.runs.progress import progress
from commonweal.scenarios.runs.store import identity_of
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.notation import read_seeds
from commonweal.scenarios.studies.attacks import (
    ATTACKS,
    Attempt,
    Certificate,
    CertifyOptions,
    append_verdict,
    certify,
    read_certificate,
    refute,
    rerun,
    write_certificate,
)
from commonweal.scenarios.studies.attacks.certifying import said_interval, version
from commonweal.scenarios.studies.attacks.options import Certifying
from commonweal.scenarios.studies.attacks.refuting import said
from commonweal.scenarios.studies.attacks.shape import demand_whole
from commonweal.scenarios.studies.judging import of_the_mean
from commonweal.scenarios.studies.options import described, read_options
from commonweal.scenarios.studies.pieces import Pieces, keeping


@dataclass(frozen=True)
class CertifyRequest:
    """What a person asks for."""

    words: Sequence[str]  # the command line, to go on with
    scenario: str  # library name or path
    changes: Mapping[str, Any]  # fields of the scenario, by path
    options: Mapping[str, Any]  # of the certificate
    seeds: str  # of the search
    out: Path | None = None  # results/NAME.certificate.json if None
    force: bool = False  # replace a certificate that is there


def conduct_certify(request: CertifyRequest) -> int:
    """Make a certificate, show it and keep it.

    Raises:
        InputError: if that is not possible.
        Interrupted: if a person stops it, and something was finished.
    """
    scenario, seeds = load(request.scenario, request.changes), read_seeds(request.seeds)
    if len(seeds) < 2:
        raise InputError("seeds: certify needs at least 2, because one seed chooses by its luck")
    options = read_options(Certifying(), request.options)
    assert isinstance(options, CertifyOptions)
    file = request.out or Path("results") / f"{scenario.name}.certificate.json"
    if file.is_dir():
        raise InputError(f"{file}: is a folder; --out must name a file")
    if file.exists() and not request.force:
        raise InputError(f"{file}: is there already, with its verdicts; replace it with --force or name another --out")
    asked = [by_contents(scenario.model_dump()), list(seeds), options.model_dump(mode="json")]
    with _playing(file, "a certificate", identity_of("certificate", asked), request.words) as pieces:
        made = certify(scenario, options, seeds, pieces)
        write_certificate(made, file)
    tell(made)
    say(f"certificate  {file}  {made.digest}", 13)
    return 0


def conduct_check(file: Path, words: Sequence[str], workers: int | None = None) -> int:
    """Make a certificate again from its file alone, and compare.

    Returns:
        0 where all is the same to the last digit, 1 where another version of the code finds something else.

    Raises:
        InputError: if its file was changed, or the code that made it finds something else now.
    """
    certificate = read_certificate(file)
    demand_whole(certificate, file)
    for judge, found in _apart(certificate):
        say(f"stated ({judge}): {found}")
    with _playing(file, "the check of a certificate", certificate.digest, words) as pieces:
        again = rerun(certificate, workers, pieces)
    _tell_verdicts(certificate)
    here, there = version(), certificate.content["version"]
    stated_all, found_all = (dict(each.content) | {"version": {}} for each in (certificate, again))
    if stated_all == found_all:
        same = "by the same code" if here == there else f"by other code ({here['code']}; it says {there['code']})"
        say(f"{file}: the same to the last digit, played again {same}")
        return 0
    path, stated, found = next(iter(differences(stated_all, found_all)))
    reason = f"{file}: played again it is another: {path} is {shown(found)}, the certificate says {shown(stated)}"
    if here == there:
        raise InputError(reason)
    say(f"{reason}; it is by {there['code']}, this is {here['code']}")
    return 1


def conduct_refute(file: Path, attacks: Sequence[str], seeds: int, words: Sequence[str]) -> int:
    """Try attacks against a certificate, and append the verdict.

    Returns:
        0 where the certificate stands, 1 where it falls.

    Raises:
        InputError: if its file was changed, or an attack is unknown.
        Interrupted: if a person stops it, and something was finished.
    """
    certificate = read_certificate(file)
    demand_whole(certificate, file)
    asked = [certificate.head, list(attacks), seeds]
    with _playing(file, "an attempt to refute", identity_of("refute", asked), words) as pieces:
        found = refute(certificate, Attempt(tuple(attacks), seeds), pieces)
        after = append_verdict(file, certificate, found)
    for judge in found["found"]:
        say(said(found, judge))
    say(f"verdict {len(after.verdicts)} in {file}  {after.head}")
    return int(found["falls"])


def list_options() -> None:
    """Print the options of a certificate, and the families of attacks there are."""
    for option, unit, description in described(Certifying()):
        print(f"{option}" + (f"  [{unit}]" if unit else ""))
        say(f"    {description}", 4)
    print("\nfamilies of attacks")
    for name, family in ATTACKS.items():
        held = " (held out: tests certificates)" if ATTACKS.facts(name).held_out else ""
        say(f"    {name}: {(family.__doc__ or '').strip().partition(chr(10))[0]}{held}", 8)


def tell(certificate: Certificate) -> None:
    """Print what a certificate says, in sentences."""
    content = certificate.content
    for judge, line in _apart(certificate):
        say(f"{content['scenario']['document']['name']}: {line}")
        margin = content["individual_rationality"][judge]
        holds = "holds" if margin["holds"] else "is not certain"
        say(f"individual rationality {holds}: staying rather than leaving brings the worst placed"
            f" {said_interval(margin['least_margin'])} {judge} a round")  # fmt: skip
    balance = content["budget_balance"]
    say("budget: every micro-unit of revenue was paid or kept" if balance["balanced"] else
        f"budget: {balance['unaccounted']} micro-units of revenue are unaccounted for")  # fmt: skip


def _apart(certificate: Certificate) -> Iterator[tuple[str, str]]:
    """A sentence on epsilon for everything that gains are counted in, once where that is the same."""
    content, told = certificate.content, set[str]()
    for judge, found in content["epsilon"].items():
        if found["unit"] in told:
            continue
        told.add(found["unit"])
        share = found["of_mean_payoff"]
        relative = "" if share is None else f" ({of_the_mean(share, 1.0, 'the mean payoff')})"
        tried = content["budget"]["attacks_tried"][judge]
        yield judge, (
            f"epsilon = {found['epsilon']:.3g} {found['unit']}{relative} at {content['intervals']['confidence']:.0%};"
            f" the strongest of {tried} attacks found, {found['strongest']} ({found['by']}),"
            f" gains {said_interval(found)}"
        )


def _tell_verdicts(certificate: Certificate) -> None:
    for number, verdict in enumerate(certificate.verdicts, start=1):
        for judge in verdict.content["found"]:
            say(f"verdict {number} ({', '.join(verdict.content['attacks'])}): {said(verdict.content, judge)}")


@contextmanager
def _playing(file: Path, title: str, identity: str, words: Sequence[str]) -> Iterator[Pieces]:
    """Pieces that are kept beside a file until what they are for is written; the same command goes on with them."""
    settle_for_one_thread()
    place = file.absolute().with_name(f".{file.name}.{identity[:8]}.unfinished")
    made = [parent for parent in place.parents if not parent.exists()]
    try:
        with continued(place, words), progress() as tell_progress, keeping(place, title, tell_progress) as pieces:
            yield pieces
        shutil.rmtree(place, ignore_errors=True)
    finally:
        for parent in made:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
