"""One run that the page plays: the Mesa model and the chronicle that drawing reads."""

from collections.abc import Callable

from commonweal.economy.round.record import Record
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.economy.world.world import State
from commonweal.figures.browser.documents.glances import Glances
from commonweal.figures.browser.documents.layout import Layout, lay_out
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.scenarios.schema.scenario import Scenario


class Live:
    """A run of one economy.

    Args:
        scenario: the economy.
        seed: of the run.

    Raises:
        InputError: if the scenario asks for what the data or this machine cannot give.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._begin(Cooperative(scenario, rng=seed))

    @classmethod
    def watching(cls, model: Cooperative) -> "Live":
        """The run of a model that others step, from where it stands."""
        live = cls.__new__(cls)
        live._begin(model)
        return live

    def _begin(self, model: Cooperative) -> None:
        self.scenario, self.seed, self.model = model.economy, model.run_seed, model
        self.chronicle, self.glances = Chronicle(model.world), Glances(model.world)
        self.chronicle.begin(model.state, model.people, model.opening)
        self.glances.note(self.chronicle.newest)
        self.layout: Layout = lay_out(model.world, model.run_seed)
        model.watchers.append(self._note)

    @property
    def round(self) -> int:
        """Rounds played."""
        return self.model.state.round

    def step(self) -> None:
        """Play one round and note it.

        Raises:
            InputError: if the network diverges.
        """
        self.model.step()

    def _note(self, record: Record, before: State) -> None:
        self.chronicle.note(record, before, self.model.state, self.model.people)
        self.glances.note(self.chronicle.newest)

    def release(self) -> None:
        """Release the model, which Mesa would keep for as long as the process lives."""
        self.model.release()


def play_until(live: Live, round: int, tell: Callable[[int], bool]) -> bool:
    """Play a run up to a round.

    Args:
        live: the run.
        round: rounds to have been played in the end.
        tell: is told every round played; answers whether to go on.

    Returns:
        Whether it got there.
    """
    while live.round < round:
        live.step()
        if not tell(live.round):
            return False
    return True
