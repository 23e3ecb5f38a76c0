"""What a result is: a function that plays something published and yields checks, registered by name."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import Parameter, cleandoc, signature
from typing import Any

from commonweal.agents.errors import InputError, shown
from commonweal.agents.registry import Registry
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

Seeds = tuple[int, ...]
Replay = Callable[..., Iterable[Check]]  # (seeds, nudge), or (seeds) alone

FAST = 5.0  # seconds that a fast result takes at most


@dataclass(frozen=True)
class Result:
    """A registered result of the field."""

    name: str
    replay: Replay
    paper: str  # authors, where it appeared, year
    shows: str  # what is found, in a few words
    table: str = ""  # table, figure or theorem
    learns: str = ""  # what one learns, in a sentence
    link: str = ""
    seconds: float = 1.0  # about, on one core
    seeds: int = 8  # that are played where nobody says how many

    @property
    def __wrapped__(self) -> Replay:
        """The function: its module is that of the result."""
        return self.replay

    @property
    def about(self) -> str:
        """What is played, as its documentation says."""
        return " ".join(cleandoc(self.replay.__doc__ or "").split())

    @property
    def fast(self) -> bool:
        """Whether it takes some seconds at most."""
        return self.seconds <= FAST

    def checks(self, seeds: Seeds, nudge: Nudge) -> Iterable[Check]:
        """Play it.

        Args:
            seeds: of the runs.
            nudge: what a parameter is changed by; a function that takes no nudge is played as it is.
        """
        places = signature(self.replay).parameters.values()
        several = sum(each.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD) for each in places) > 1
        return self.replay(seeds, nudge) if several else self.replay(seeds)


RESULTS: Registry[Result, None] = Registry("result", "commonweal.results", "", None)


def result(name: str, **about: Any) -> Callable[[Replay], Replay]:
    """Decorator that makes a function available as ``commonweal reproduce NAME``.

    Args:
        name: as it is asked for, like chen-2023.
        about: ``paper`` and ``shows``; other fields of ``Result`` if wanted.

    Raises:
        InputError: if the name is taken, or something is missing or unknown.
    """

    def add(replay: Replay) -> Replay:
        try:
            made = Result(name, replay, **about)
        except TypeError as error:
            raise InputError(f"result {shown(name)}: {str(error).partition('() ')[2]}") from None
        RESULTS.register(name)(made)
        return replay

    return add
