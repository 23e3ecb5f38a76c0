"""The verdict that each check of the library is known to have: a change of one is a change of what is claimed."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing
from commonweal.scenarios.atlas.replaying import Played
from commonweal.scenarios.atlas.verdicts import HOLDS, Verdict

FILE = Path(__file__).with_name("recorded.json")
Record = dict[str, dict[str, str]]  # result: check: verdict


@cache
def recorded() -> Record:
    """The verdicts on record."""
    return read(FILE)


def changed(played: Played, record: Record) -> Iterator[str]:
    """A line for every check whose verdict is not the recorded one.

    Of a result without a record, one from elsewhere, every check is expected to hold or not to be checkable.
    """
    name = played.result.name
    found = {each.check.name: each.verdict for each in played.checks}
    known = record.get(name)
    if known is None:
        wrong = (check for check, verdict in found.items() if verdict not in (*HOLDS, Verdict.UNCHECKED))
        yield from (f"{name}: {check}: {found[check]}; nothing is recorded of it" for check in wrong)
        return
    for check in dict.fromkeys((*known, *found)):
        before, now = known.get(check, "not recorded"), found.get(check, "not there any more")
        if before != now:
            yield f"{name}: {check}: {now}, recorded: {before}"


def read(file: Path) -> Record:
    """The verdicts that a file records.

    Raises:
        InputError: if it is none of these files.
    """
    try:
        with refusals(file):
            found = json.loads(file.read_text(encoding="utf-8"))
        verdicts = {verdict for checks in found.values() for verdict in checks.values()}
    except (ValueError, AttributeError):
        raise InputError(f"{file}: is no record of verdicts, which is JSON: result, check, verdict") from None
    if wrong := verdicts - set(Verdict):
        raise InputError(f"{file}: {min(map(str, wrong))!r} is no verdict: must be one of {', '.join(Verdict)}")
    return found  # type: ignore[no-any-return]


def write(file: Path, results: Iterable[Played]) -> None:
    """Record the verdicts of results; what the file says of others stays."""
    record = read(file) if file.exists() else {}
    record |= {each.result.name: {one.check.name: str(one.verdict) for one in each.checks} for each in results}
    text = json.dumps(dict(sorted(record.items())), ensure_ascii=False, indent=1)
    with refusals(file), replacing(file) as partial:
        partial.write_text(f"{text}\n", encoding="utf-8")
