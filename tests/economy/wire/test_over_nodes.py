"""Rounds over nodes are the rounds of one place: network, credit, screening and money."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from commonweal import Ensemble, InputError, load
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.wire.channel import Channel, InProcess, SilentNodeError, in_process
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.message import decode
from commonweal.economy.wire.modes import MODES
from commonweal.economy.wire.nodes import Nodes

EXACT: dict[str, Any] = {"rtol": 0, "atol": 1e-12}
SHARED: dict[str, Any] = {"rtol": 0, "atol": 1e-6}  # 26 and 24 bits behind the point, over some rounds


def pair(scenario: str, mode: str, nodes: int = 4, **changes: Any) -> tuple[Ensemble, Ensemble]:
    seeds = (0, 1)
    fields = {"precision": "float64", **{path.replace("__", "."): value for path, value in changes.items()}}
    over = {"learning.wire": mode, "learning.nodes": nodes}
    return Ensemble(load(scenario, fields), seeds), Ensemble(load(scenario, {**fields, **over}), seeds)


def nodes_of(ensemble: Ensemble) -> Nodes:
    assert ensemble.world.nodes is not None
    return ensemble.world.nodes


def assert_same_rounds(here: Ensemble, there: Ensemble, rounds: int = 6) -> None:
    shared = nodes_of(there).mode == "two-servers"
    near, coins = (SHARED, 2) if shared else (EXACT, 0)
    for _ in range(rounds):
        ours, theirs = here.step(), there.step()
        assert_array_equal(ours.actions, theirs.actions)
        for one, other in zip(here.state.parameters, there.state.parameters, strict=True):
            assert_allclose(one.numpy(), other.numpy(), **near)
        assert_allclose(ours.produce.credit, theirs.produce.credit, **near)
        lesson, again = ours.produce.taught, theirs.produce.taught
        assert_allclose(lesson.screened.weights, again.screened.weights, **near)
        assert_allclose(lesson.norms, again.norms, **near)
        assert_allclose(here.state.ledger.principals, there.state.ledger.principals, rtol=0, atol=coins)


class TestSameAsInOnePlace:
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("scenario", ["commons", "value-conflict", "poisoners", "leaky"])
    def test_every_mode(self, scenario: str, mode: str) -> None:
        assert_same_rounds(*pair(scenario, mode))

    @pytest.mark.parametrize("mode", MODES)
    def test_shuffled_batches_uneven_holdings_and_eight_nodes(self, mode: str) -> None:
        shuffled = {"learning__sampling": "pool", "task__partition": "power", "population__count": 37}
        assert_same_rounds(*pair("commons", mode, nodes=8, **shuffled))

    @pytest.mark.parametrize("mode", MODES)
    def test_more_nodes_than_principals(self, mode: str) -> None:
        assert_same_rounds(*pair("commons", mode, nodes=7, population__count=5))

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("hidden", [[], [16, 12]])
    def test_networks_of_one_and_of_three_layers(self, mode: str, hidden: list[int]) -> None:
        assert_same_rounds(*pair("value-conflict", mode, learning__hidden=hidden))

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("form", ["junk", "stale", "disguised", "replay"])
    def test_whatever_free_riders_put_in(self, mode: str, form: str) -> None:
        assert_same_rounds(*pair("poisoners", mode, actions__free_ride=form))

    @pytest.mark.slow
    @pytest.mark.parametrize("mode", ["paths", "cut-gradients"])
    def test_rules_that_look_at_every_update(self, mode: str) -> None:
        assert_same_rounds(*pair("commons", mode, credit__kind="estimated_shapley", credit__budget=40), rounds=2)

    @pytest.mark.parametrize("scenario", ["commons", "value-conflict", "poisoners", "leaky"])
    def test_federated_averaging(self, scenario: str) -> None:
        assert_same_rounds(*pair(scenario, "deltas", learning__method="federated"))

    @pytest.mark.parametrize("form", ["junk", "stale", "disguised", "replay"])
    def test_forged_deltas(self, form: str) -> None:
        changes = {"learning__method": "federated", "actions__free_ride": form}
        assert_same_rounds(*pair("poisoners", "deltas", **changes))

    def test_federated_averaging_on_uneven_nodes_with_shuffled_batches(self) -> None:
        shuffled = {"learning__sampling": "pool", "task__partition": "power", "population__count": 5}
        assert_same_rounds(*pair("commons", "deltas", nodes=7, learning__method="federated", **shuffled))

    @pytest.mark.parametrize("mode", MODES)
    def test_a_round_in_which_nobody_puts_anything_in(self, mode: str) -> None:
        for ensemble in (couple := pair("commons", mode, actions__free_ride="idle")):
            ensemble.act(np.full(ensemble.world.shape, 2))
        assert_same_rounds(*couple, rounds=2)


class Unreliable(InProcess):
    """A node that is gone for some questions, or answers late."""

    def __init__(self, channel: InProcess) -> None:
        super().__init__(channel.node)
        self.gone_in: set[int] = set()  # rounds in which it goes
        self.late_in: set[int] = set()  # rounds in which its answer comes after it was waited for
        self.kinds: set[str] = {"visit", "products", "sum"}  # questions at which it goes
        self.away = False

    def send(self, frame: bytes) -> None:
        question = decode(frame)
        if self.away:
            raise SilentNodeError
        if question.round in self.gone_in and question.kind in self.kinds:
            self.gone_in.discard(question.round)
            self.away = True
            raise SilentNodeError
        super().send(frame)
        if question.round in self.late_in:
            self.late_in.discard(question.round)
            self.away = True

    def receive(self, seconds: float) -> bytes:
        if self.away:
            raise SilentNodeError
        return super().receive(seconds)

    def rejoin(self) -> bool:
        self.away = False
        return True


def unreliable(holdings: Sequence[Holding], network: MLP, mode: str) -> list[Channel]:
    return [Unreliable(each) for each in in_process(holdings, network, mode) if isinstance(each, InProcess)]


def channel_of(ensemble: Ensemble, node: int) -> Unreliable:
    channel = nodes_of(ensemble).channels[node]
    assert isinstance(channel, Unreliable)
    return channel


@pytest.mark.parametrize("mode", MODES)
class TestLostNodes:
    def opened(self, mode: str, **changes: Any) -> Ensemble:
        fields = {"precision": "float64", "learning.wire": mode, "learning.nodes": 4, "learning.patience": 0.2}
        more = {path.replace("__", "."): value for path, value in changes.items()}
        return Ensemble(load("commons", {**fields, **more}), [0], open_nodes=unreliable)

    @pytest.mark.parametrize("kind", ["visit", "products"])
    def test_who_is_lost_abstains_without_credit_or_penalty(self, mode: str, kind: str) -> None:
        if kind not in ("visit", *MODES[mode].about):
            pytest.skip("this mode asks for no products")
        ensemble = self.opened(mode)
        channel = channel_of(ensemble, 2)
        channel.kinds, channel.gone_in = {kind}, {1}
        ensemble.step()
        before = ensemble.state.ledger.principals.copy()
        record = ensemble.step()
        lost = record.notes["wire"].lost
        assert lost.sum() == (nodes_of(ensemble).roster.node == 2).sum()
        assert (record.actions[lost] == 0).all()
        assert (record.produce.credit[lost] == 0).all()
        assert (record.produce.put.total[lost] == 0).all()
        assert_array_equal(ensemble.state.ledger.principals[lost], before[lost])

    @pytest.mark.parametrize("kind", ["open", "sum"])
    def test_a_node_lost_while_claims_are_checked(self, mode: str, kind: str) -> None:
        if not MODES[mode].secret:
            pytest.skip("nothing is claimed in this mode")
        ensemble = self.opened(mode, learning__audit=1.0, learning__halves=1)
        channel = channel_of(ensemble, 2)
        channel.kinds, channel.gone_in = {kind}, {1}
        ensemble.step()
        record = ensemble.step()
        lost, told = record.notes["wire"].lost, record.notes["trust"]
        assert lost.sum() == (nodes_of(ensemble).roster.node == 2).sum()
        assert not told.caught.any()
        assert_array_equal(told.opened, record.produce.put.total > 0)
        assert not told.opened[lost].any()

    def test_the_step_is_that_of_those_who_are_left(self, mode: str) -> None:
        ensemble = self.opened(mode)
        channel_of(ensemble, 1).gone_in = {0}
        record = ensemble.step()
        other = Ensemble(load("commons", {"precision": "float64"}), [0])
        others = other.act(record.actions)
        near = SHARED if mode == "two-servers" else EXACT
        for one, same in zip(ensemble.state.parameters, other.state.parameters, strict=True):
            assert_allclose(one.numpy(), same.numpy(), **near)
        assert_allclose(record.produce.credit, others.produce.credit, **near)

    def test_a_node_comes_back_and_its_principals_go_on_from_what_they_meant(self, mode: str) -> None:
        ensemble = self.opened(mode, policy__mix={"fixed": 1.0}, policy__mutation=0.0, policy__revision=1.0)
        channel_of(ensemble, 0).gone_in = {1}
        first, gone, back = (ensemble.step() for _ in range(3))
        assert (gone.actions != first.actions).any()
        assert_array_equal(back.actions, first.actions)
        assert "wire" not in back.notes

    def test_a_late_answer_is_dropped(self, mode: str) -> None:
        ensemble = self.opened(mode)
        channel_of(ensemble, 3).late_in = {0}
        ensemble.step()
        ensemble.step()
        assert nodes_of(ensemble).traffic.stale[3] == 1
        assert nodes_of(ensemble).present.all()

    def test_below_the_quorum_the_round_is_asked_again(self, mode: str) -> None:
        ensemble = self.opened(mode, learning__quorum=0.9)
        channel_of(ensemble, 3).gone_in = {0}
        record = ensemble.step()
        assert "wire" not in record.notes  # it came back before the round was taught

    def test_where_too_few_come_back_one_line_says_so(self, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
        ensemble = self.opened(mode, learning__quorum=0.9)
        channel = channel_of(ensemble, 3)
        channel.gone_in = {0}
        monkeypatch.setattr(channel, "rejoin", lambda: False)
        with pytest.raises(InputError, match=r"learning\.quorum = 0\.9: .* nodes 3 do not answer"):
            ensemble.step()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"credit.kind": "neighbours"}, "credit.kind"),
        ({"credit.kind": "shapley"}, "credit.kind"),
        ({"credit.novelty.memory": 3}, "credit.novelty.memory"),
        ({"learning.network": "conv"}, "learning.network"),
        ({"learning.method": "federated"}, "learning.method"),
        ({"actions.selection": "classes"}, "actions.selection"),
    ],
)
def test_what_needs_the_samples_is_refused_in_one_line(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=rf"^{said}.* where learning\.wire = 'cut'") as refused:
        load("commons", {"learning.wire": "cut", **changes})
    assert "\n" not in str(refused.value)


def test_deltas_are_of_federated_averaging() -> None:
    with pytest.raises(InputError, match=r"^learning\.method .*federated where learning\.wire = 'deltas'"):
        load("commons", {"learning.wire": "deltas"})
