"""Minds of policies: what a file of a tactic needs is looked up before it is followed."""

from pathlib import Path

import pytest

from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Constant
from commonweal.economy.learners.files import write_tactic
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load

pytest.importorskip("safetensors")


def test_a_menu_of_any_size_is_looked_at_factor_by_factor(tmp_path: Path) -> None:
    """10^12 moves fit into no memory."""
    steps = [k / 10_000 for k in range(10_000)]
    menu = Moves({"does": ("free_ride",), "share": (1.0, *steps), "looser": tuple(steps), "dearer": tuple(steps)})
    file = tmp_path / "large.safetensors"
    write_tactic(file, Constant(menu, (0, 0, 0, 0)))
    scenario = load("commons", {"population.count": 4, "rounds": 1, "policy.mix": {f"learned:{file}": 1.0}})
    assert Ensemble(scenario, [0]).world.terms.policy.names == (f"learned:{file}",)  # it is ready to be played
