"""The run of one browser tab: the one it plays or has played again."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.figures.browser.fields.parameters import economy, settings_of, whole_number
from commonweal.figures.browser.tab.live import Live, play_until
from commonweal.figures.browser.tab.opening import Choice, Opening
from commonweal.scenarios.reading.replaying import StoredRun, agreement
from commonweal.scenarios.schema.scenario import Scenario

Tell = Callable[[str], bool]  # is told how far something is; answers whether to go on


@dataclass(frozen=True, eq=False)
class Shown:
    """What the page knows of the run that it shows; scalars only."""

    scenario: Scenario  # as played
    seed: int
    choice: Choice  # what it was set up from
    principals: int  # N
    available: tuple[Action, ...]  # what they may do
    stored: str = ""  # name of the stored run that it is, read-only; empty where it is live
    agreement: str = ""  # whether the stored run, played again, is the same
    version: str = ""  # that played the stored run, where this is another one


class Stage:
    """Sets up, plays and releases runs. Only the tab's worker may use it.

    Args:
        opening: what can be chosen.
        tell: is told in words how far something is; answers whether to go on.
    """

    def __init__(self, opening: Opening, tell: Tell) -> None:
        self.opening, self._tell = opening, tell
        self.live: Live | None = None
        self.shown: Shown | None = None

    def set_up(self, choice: Choice, rounds: int = 0) -> None:
        """Set up the run that the controls describe, in place of the one before, which stays if that fails.

        Args:
            choice: what the controls say.
            rounds: to play at once.

        Raises:
            InputError: if the controls say something that is not allowed.
        """
        scenario = economy(self.opening.scenarios[choice.scenario], choice.settings)
        live = Live(scenario, whole_number("seed", choice.seed))
        if self._played_until(live, rounds, "Playing the run"):
            self._take(live, shown_of(live, choice))

    def replay(self, stored: StoredRun) -> None:
        """Play a stored run again, from its seed, to look at."""
        live = Live(stored.scenario, stored.seed)
        if not self._played_until(live, stored.rounds, "Playing the stored run again"):
            return
        told = agreement(live.chronicle.metrics(), stored.kept, stored.changes)
        choice = Choice(stored.name, settings_of(stored.scenario), str(stored.seed))
        self._take(live, replace(shown_of(live, choice), stored=stored.name, agreement=told, version=stored.version))

    def resume(self, round: int) -> None:
        """Go on live from a round of the run that is looked at: the same bits as if it had never ended there."""
        _, shown = self._both()
        live = Live(shown.scenario, shown.seed)
        if self._played_until(live, round, "Going back"):
            self._take(live, replace(shown, stored="", agreement="", version=""))

    def step(self) -> None:
        """Play a round of the run.

        Raises:
            InputError: if a network diverges, or the run is one to look at only.
        """
        live, shown = self._both()
        if shown.stored:
            raise InputError("a stored run is read-only; continue from a round of it to play on")
        live.step()

    def release(self) -> None:
        """Release the model."""
        if self.live is not None:
            self.live.release()
        self.live = None

    def _played_until(self, live: Live, round: int, doing: str) -> bool:
        """Whether the run got to the round; it is released where it did not."""
        done = False
        try:
            done = play_until(live, round, lambda played: self._tell(f"{doing}: round {played} of {round}"))
        finally:
            if not done:
                live.release()
        return done

    def _take(self, live: Live, shown: Shown) -> None:
        self.release()
        self.live, self.shown = live, shown

    def _both(self) -> tuple[Live, Shown]:
        """The run that is shown; the page offers what needs one only where there is one."""
        assert self.live is not None
        assert self.shown is not None
        return self.live, self.shown


def shown_of(live: Live, choice: Choice) -> Shown:
    """What the page may know of a run."""
    terms = live.model.world.terms
    return Shown(live.scenario, live.seed, choice, terms.population.count, tuple(map(Action, terms.available)))
