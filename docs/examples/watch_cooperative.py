"""A cooperative in Mesa's own page: ``solara run docs/examples/watch_cooperative.py``."""

from mesa.visualization import SolaraViz

from commonweal import Cooperative, load
from commonweal.mesa import courses, society, strip

page = SolaraViz(
    Cooperative(load("commons"), rng=0),
    components=[society, courses(["actions", "quality"]), strip],
    model_params={"scenario": load("commons"), "rng": 0},
)
