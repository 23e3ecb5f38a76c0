"""A cooperative in Mesa's own page: ``solara run docs/examples/watch_cooperative.py``."""

from mesa.visualization import SolaraViz

from commonweal import Cooperative, load
from commonweal.mesa import courses, society, strip

scenarios = {name: load(name) for name in ("commons", "leaky", "public-goods")}
chosen = {"type": "Select", "label": "Scenario", "value": scenarios["commons"], "values": list(scenarios.values())}

page = SolaraViz(
    Cooperative(scenarios["commons"], rng=0),
    components=[society, courses(["actions", "quality"]), strip],
    model_params={"scenario": scenarios["commons"], "rng": 0},
)
