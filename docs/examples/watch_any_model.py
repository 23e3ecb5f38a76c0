"""Any Mesa model whose agents have an ``action``: ``solara run docs/examples/watch_any_model.py``."""

import mesa
from mesa.visualization import SolaraViz

from commonweal.mesa import courses, society, strip


class Voter(mesa.Agent):
    """Says what another says."""

    action = "yes"

    def step(self) -> None:
        """Copy somebody."""
        self.action = self.random.choice(list(self.model.agents)).action


class Voters(mesa.Model):
    """The voter model; its agreement is 1 when all say the same."""

    def __init__(self, count: int = 60, seed: int | None = None) -> None:
        super().__init__(seed=seed)
        for number, voter in enumerate(Voter.create_agents(self, count)):
            voter.action = "yes" if number % 2 else "no"
        self.datacollector = mesa.DataCollector({"agreement": self.agreement})

    def agreement(self) -> float:
        """From 0, half and half, to 1."""
        said = self.agents.get("action")
        return abs(2 * said.count("yes") / len(said) - 1)

    def step(self) -> None:
        """Everybody in turn."""
        self.agents.shuffle_do("step")
        self.datacollector.collect(self)


page = SolaraViz(
    Voters(seed=1), components=[society, courses(["agreement"]), strip], model_params={"count": 60, "seed": 1}
)
