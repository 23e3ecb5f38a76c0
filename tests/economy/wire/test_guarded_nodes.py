"""What principals change before it leaves a node: the same on nodes as in one place, refused where it is senseless."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from commonweal import Ensemble, InputError, load
from commonweal.agents.actions import Action
from commonweal.economy.learning.guards import GUARDS, Guard
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.message import Message, WireError
from commonweal.economy.wire.modes import MODES
from commonweal.economy.wire.node import Node

SMALL: dict[str, Any] = {
    "precision": "float64", "population.count": 7, "learning.nodes": 3, "learning.distrust": "note",
}  # fmt: skip


MAY_LEAVE = {"actions.available": ("abstain", "delegate", "free_ride", "defect")}


def scenario(wire: str, scenario: str = "commons", **privacy: float) -> Any:
    fields = {f"learning.privacy.{name}": value for name, value in privacy.items()}
    return load(scenario, {**SMALL, "learning.wire": wire, **fields, **(MAY_LEAVE if "smallest" in privacy else {})})


def in_one_place(given: Any, seeds: tuple[int, ...] = (0, 1)) -> Ensemble:
    ensemble = Ensemble(given, seeds)
    ensemble.world = replace(ensemble.world, nodes=None)
    return ensemble


class TestSameAsInOnePlace:
    @pytest.mark.parametrize(
        ("wire", "privacy", "near"),
        [
            ("cut", {"cut_noise": 0.5, "nopeek": 1.0, "clip": 2.0}, 1e-12),
            ("cut-gradients", {"cut_noise": 0.5, "nopeek": 1.0, "clip": 2.0}, 1e-12),
            ("secure", {"clip": 2.0, "update_noise": 0.1}, 1e-12),
            ("secure", {"rounding": 0.1}, 1e-12),
            ("two-servers", {"clip": 2.0}, 1e-6),
        ],
    )
    @pytest.mark.parametrize("name", ["commons", "value-conflict"])
    def test_the_whole_round(self, wire: str, privacy: dict[str, float], near: float, name: str) -> None:
        given = scenario(wire, name, **privacy)
        here, there = in_one_place(given), Ensemble(given, (0, 1))
        for _ in range(3):
            ours, theirs = here.step(), there.step()
            assert_array_equal(ours.actions, theirs.actions)
            assert_allclose(ours.produce.credit, theirs.produce.credit, rtol=0, atol=near)
            for one, other in zip(here.state.parameters, there.state.parameters, strict=True):
                assert_allclose(one.numpy(), other.numpy(), rtol=0, atol=near)
            coins = 2 if wire == "two-servers" else 0
            assert_allclose(here.state.ledger.principals, there.state.ledger.principals, rtol=0, atol=coins)

    def test_federated_averaging_with_noise(self) -> None:
        given = load("commons", {
            **SMALL, "learning.method": "federated", "learning.wire": "deltas",
            "learning.privacy.clip": 1.0, "learning.privacy.update_noise": 0.1,
        })  # fmt: skip
        here, there = in_one_place(given), Ensemble(given, (0, 1))
        for _ in range(3):
            ours, theirs = here.step(), there.step()
            assert_allclose(ours.produce.credit, theirs.produce.credit, rtol=0, atol=1e-12)

    def test_a_run_is_the_same_alone_and_in_an_ensemble(self) -> None:
        given = scenario("cut", cut_noise=1.0)
        both, alone = in_one_place(given), in_one_place(given, (1,))
        for _ in range(2):
            together, single = both.step(), alone.step()
            assert_allclose(together.produce.credit[1], single.produce.credit[0], rtol=0, atol=1e-12)

    def test_clipped_noisy_sums_add_up_for_those_who_check_them(self) -> None:
        given = scenario("secure", clip=2.0, update_noise=0.2)
        checked = load("commons", {
            **SMALL, "learning.wire": "secure", "learning.privacy.clip": 2.0, "learning.privacy.update_noise": 0.2,
            "learning.distrust": "search", "learning.audit": 0.5, "learning.halves": 1,
        })  # fmt: skip
        plain, watched = Ensemble(given, (0,)), Ensemble(checked, (0,))
        for _ in range(3):
            one, other = plain.step(), watched.step()
            assert not other.produce.taught.checked.caught.any()  # type: ignore[union-attr]
            assert_allclose(one.produce.credit, other.produce.credit, rtol=0, atol=1e-12)


def test_who_holds_too_little_stays_away_and_neither_earns_nor_pays() -> None:
    ensemble = Ensemble(scenario("secure", smallest=150), (0, 1))
    small = ensemble.world.holdings.count < 150
    assert small.any()
    assert not small.all()
    record = ensemble.act(np.full(small.shape, int(Action.DELEGATE)))
    assert_array_equal(record.actions == Action.ABSTAIN, small)
    assert not record.produce.credit[small].any()
    assert not record.produce.put.total[small].any()


class TestRefusals:
    def test_a_smallest_holding_needs_abstaining_which_policies_then_copy(self) -> None:
        with pytest.raises(InputError, match="actions.available must be with abstain where learning.privacy.smallest"):
            load("commons", {**SMALL, "learning.wire": "secure", "learning.privacy.smallest": 150})
        ensemble = Ensemble(scenario("secure", smallest=150), (0, 1))
        small = ensemble.world.holdings.count < 150
        for _ in range(3):  # imitators copy who stays away
            assert (ensemble.step().actions[small] == Action.ABSTAIN).all()

    @pytest.mark.parametrize("wire", ["off", *MODES, "deltas"])
    @pytest.mark.parametrize("name", ["cut_noise", "nopeek", "clip", "update_noise", "rounding", "smallest"])
    def test_a_field_is_taken_where_it_makes_sense_and_refused_in_a_line_elsewhere(self, wire: str, name: str) -> None:
        federated = {"learning.method": "federated"} if wire == "deltas" else {}
        may_leave = MAY_LEAVE if name == "smallest" else {}
        bounded = {"learning.privacy.clip": 1.0} if name == "update_noise" and "clip" in GUARDS[wire] else {}
        changes = {**SMALL, **may_leave, "learning.wire": wire, **federated, **bounded, f"learning.privacy.{name}": 1}
        if name in GUARDS[wire]:
            assert getattr(load("commons", changes).learning.privacy, name) == 1
            return
        with pytest.raises(InputError) as refused:
            load("commons", changes)
        assert f"learning.privacy.{name} must be 0 where learning.wire = '{wire}'" in str(refused.value)
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"learning.wire": "secure", "learning.privacy.update_noise": 1.0}, "0 without learning.privacy.clip"),
            ({"learning.wire": "cut", "learning.hidden": [], "learning.privacy.nopeek": 1.0}, "without a hidden layer"),
            ({"learning.wire": "secure", "learning.privacy.rounding": 0.1, "learning.halves": 1}, "do not add up"),
            ({"learning.wire": "secure", "learning.privacy.rounding": 0.1, "learning.distrust": "search"}, "add up"),
        ],
    )
    def test_what_does_not_go_together(self, changes: dict[str, Any], complaint: str) -> None:
        with pytest.raises(InputError, match=complaint):
            load("commons", {**SMALL, **changes})


class TestNode:
    def test_a_file_keeps_the_guard_and_the_keys(self, tmp_path: Path) -> None:
        guard, keys = Guard(0.5, 1.0, 2.0, 0.1, 0.3, 7), np.arange(6).reshape(2, 3)
        holding = Holding(np.arange(3), np.ones((4, 2)), np.zeros(4, dtype=np.int64), guard=guard, keys=keys)
        holding.save(tmp_path / "node.npz")
        again = Holding.load(tmp_path / "node.npz")
        assert again.guard == guard
        assert_array_equal(again.keys, keys)
        replace(holding, guard=Guard(), keys=None).save(tmp_path / "node.npz")
        assert Holding.load(tmp_path / "node.npz").keys is None

    def test_noise_is_new_when_the_same_is_asked_again(self) -> None:
        generator = np.random.default_rng(0)
        holding = Holding(np.arange(1), generator.standard_normal((3, 4)), np.zeros(3, dtype=np.int64),
                          guard=Guard(cut_noise=1.0), keys=np.array([[5]]))  # fmt: skip
        theta = {"theta0": generator.standard_normal((1, 6, 5)), "theta1": generator.standard_normal((1, 2, 7))}
        own = {name: np.zeros((1, 3), dtype=np.int32) for name in ("owner", "label")}
        arrays = {**theta, **own, "row": np.arange(3, dtype=np.int32)[None]}
        node = Node(holding, MLP((4, 6, 2), dtype=torch.float64), "cut")
        first, second = (node.handle(Message("visit", 0, plan, arrays, {"together": 0})) for plan in (1, 2))
        assert not np.array_equal(first.arrays["input"], second.arrays["input"])
        fresh = Node(holding, MLP((4, 6, 2), dtype=torch.float64), "cut")
        assert_array_equal(fresh.handle(Message("visit", 0, 1, arrays, {"together": 0})).arrays["input"],
                           first.arrays["input"])  # fmt: skip
        with pytest.raises(WireError, match="whole numbers from 0"):
            node.handle(Message("visit", 0, 3, arrays, {"together": 0, "purpose": "x"}))
