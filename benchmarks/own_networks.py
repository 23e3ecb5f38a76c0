"""How long a round takes with networks of one's own, in processor time on one core: a table of docs/own-network.md."""

import time
from dataclasses import replace
from pathlib import Path

import torch

from commonweal import Ensemble, load
from commonweal.economy.learning.own.network import OwnNetwork

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
ROUNDS = 6
ALL_DELEGATE = {
    "policy.mix": {"fixed": 1.0}, "population.start_delegate": 1.0, "population.start_free_ride": 0.0,
    "population.start_defect": 0.0, "population.count": 10, "task.drift": 0.0, "task.kind": "digits",
}  # fmt: skip
NETWORKS = {  # by what the table calls them: fields, and whether a backbone's features are looked up
    "mlp": ({}, True),
    "conv": ({"learning.network": "conv", "learning.hidden": [8]}, True),
    "SmallResNet": ({"learning.network": f"module:{EXAMPLES}/own_conv.py:SmallResNet"}, True),
    "on_filters": ({"learning.network": f"module:{EXAMPLES}/own_backbone.py:on_filters"}, True),
    "on_filters, computed": ({"learning.network": f"module:{EXAMPLES}/own_backbone.py:on_filters"}, False),
    "WordVectors": ({"learning.network": f"module:{EXAMPLES}/own_text.py:WordVectors", "task.kind": "sentences"}, True),
}


def measured(changes: dict[str, object], looked_up: bool) -> tuple[int, float]:
    """Parameters that are trained, and seconds of the fastest of some rounds."""
    ensemble = Ensemble(load("commons", ALL_DELEGATE | {"learning.rate": 0.05} | changes), [0])
    network = ensemble.world.network
    if not looked_up and isinstance(network, OwnNetwork):
        ensemble.world = replace(ensemble.world, network=replace(network, known=None))
    ensemble.step()
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        ensemble.step()
        seconds.append(time.process_time() - start)
    return sum(p[0].numel() for p in ensemble.state.parameters[: network.trained]), min(seconds)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name, (changes, looked_up) in NETWORKS.items():
        count, fastest = measured(changes, looked_up)
        print(f"{name:22}{count:8,} parameters{1000 * fastest:8.1f} ms a round")
