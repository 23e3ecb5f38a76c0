"""Playing results: every check judged, and whether checks notice a change of what they are about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from commonweal.agents.errors import InputError
from commonweal.scenarios.atlas.base import Result, Seeds
from commonweal.scenarios.atlas.nudge import Nudge
from commonweal.scenarios.atlas.verdicts import HOLDS, Judged, Verdict, judge, worst
from commonweal.scenarios.runs.progress import Progress, silent


@dataclass(frozen=True)
class Played:
    """A result with all its checks."""

    result: Result
    checks: tuple[Judged, ...]
    seeds: int
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """The worst of its checks that can be checked."""
        return worst([each.verdict for each in self.checks])

    @property
    def deciding(self) -> Judged:
        """The first check that has this verdict."""
        return next(each for each in self.checks if each.verdict == self.verdict)

    @property
    def formula_only(self) -> bool:
        """Whether nothing of it was found in an economy."""
        found = [each.check.found_by for each in self.checks if each.verdict != Verdict.UNCHECKED]
        return bool(found) and set(found) == {"function"}


def replay(result: Result, seeds: Seeds | None = None, nudge: Nudge | None = None, tell: Progress = silent) -> Played:
    """Play a result and judge its checks.

    Args:
        result: which.
        seeds: of runs; as many as the result asks for if None.
        nudge: what is changed; nothing if None.
        tell: called after every check.

    Raises:
        InputError: if a check is malformed, two have one name, or there is none.
    """
    began, judged = monotonic(), dict[str, Judged]()
    numbers = tuple(range(result.seeds)) if seeds is None else seeds
    try:
        for check in result.checks(numbers, nudge or Nudge()):
            if check.name in judged:
                raise InputError(f"two checks are called {check.name!r}")
            judged[check.name] = judge(check)
            tell(result.name, len(judged), len(judged), check.name)
    except InputError as error:
        raise InputError(f"{result.name}: {error}") from None
    if not judged:
        raise InputError(f"{result.name}: it yields no check")
    return Played(result, tuple(judged.values()), len(numbers), monotonic() - began)


def unnoticed(played: Played, seeds: Seeds | None = None) -> Iterator[str]:
    """The test of tests: each parameter that checks name in ``breaks`` is changed, and they must notice.

    A check that held must differ; one that differed must differ by something else.

    Args:
        played: the result as it is.
        seeds: of runs, those it was played with.

    Yields:
        A line for every check that did not notice.
    """
    for name in dict.fromkeys(each.check.breaks for each in played.checks if each.check.breaks):
        nudge = Nudge(name)
        after = {each.check.name: each for each in replay(played.result, seeds, nudge).checks}
        if name not in nudge.asked:
            yield f"{played.result.name}: nothing is played with {name!r}: give it to nudge"
            continue
        for before in played.checks:
            if before.check.breaks == name and not _noticed(before, after.get(before.check.name)):
                yield f"{played.result.name}: {before.check.name!r} does not notice a change of {name!r}"


def _noticed(before: Judged, after: Judged | None) -> bool:
    if after is None or before.verdict in HOLDS:
        return after is None or after.verdict not in HOLDS
    return before.verdict == Verdict.UNCHECKED or before.check.each != after.check.each


def tally(verdicts: Sequence[Verdict]) -> str:
    """How many have which verdict, from the best to the worst."""
    counts = {verdict: list(verdicts).count(verdict) for verdict in Verdict}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
