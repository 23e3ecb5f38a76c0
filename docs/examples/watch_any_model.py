"""Any Mesa model whose agents have an ``action``, drawn by the same parts: ``solara run docs/examples/watch_any_model.py``."""

import mesa
from mesa.visualization import SolaraViz

from commonweal.mesa import courses, society, strip


class Voter(mesa.Agent):
    action = "yes"

    def step(self) -> None:
        self.action = self.random.choice(list(self.model.agents)).action


class Voters(mesa.Model):
    def __init__(self, count: int = 60, seed: int | None = None) -> None:
        super().__init__(seed=seed)
        self.datacollector = mesa.DataCollector({"agreement": lambda m: abs(2 * m.agents.get("action").count("yes") / count - 1)})
        for number, voter in enumerate(Voter.create_agents(self, count)):
            voter.action = "yes" if number % 2 else "no"

    def step(self) -> None:
        self.agents.shuffle_do("step")
        self.datacollector.collect(self)


page = SolaraViz(Voters(seed=1), components=[society, courses(["agreement"]), strip], model_params={"count": 60, "seed": 1})
