"""What nodes claim is checked: sums, random halves, opened updates; liars are found, nobody else is accused."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from commonweal import Ensemble, InputError, load
from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.conduct import Conduct
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.money.ledger import Reason, net_of
from commonweal.economy.round.record import Record
from commonweal.economy.wire.channel import Channel, InProcess, in_process
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.message import decode, encode
from commonweal.economy.wire.trust import Checked, Claims, group_of, random_halves, search

SECRET = ("secure", "two-servers")
SMALL = {"population.count": 8, "task.kind": "wine", "task.validation": 40, "task.test": 40, "learning.nodes": 3}
HONEST = {"population.start_delegate": 1.0, "population.start_free_ride": 0.0, "population.start_defect": 0.0,
          "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0}  # fmt: skip
COMMONS = {**SMALL, **HONEST, "precision": "float64"}


def one_place(mode: str, seeds: Sequence[int] = (0, 1), **lies: Floats) -> Ensemble:
    """An economy under a secret mode in one place, in which principals lie."""
    return placed(Ensemble(load("commons", {**COMMONS, "learning.wire": mode}), seeds), **lies)


def placed(ensemble: Ensemble, nodes: Any = None, **lies: Floats) -> Ensemble:
    runs, principals = ensemble.world.shape
    plain = Conduct.plain(runs, principals, len(ensemble.world.senses))
    told = {name: np.tile(values, (runs, 1)) for name, values in lies.items()}
    ensemble.world = replace(ensemble.world, nodes=nodes, conduct=replace(plain, **told))
    return ensemble


def told_by(ensemble: Ensemble, **learning: Any) -> Checked:
    """What becomes of claims in a round."""
    return checked(asking(ensemble, **learning).step())


def asking(ensemble: Ensemble, **learning: Any) -> Ensemble:
    terms = ensemble.world.terms
    ensemble.world = replace(ensemble.world, terms=replace(terms, learning=replace(terms.learning, **learning)))
    return ensemble


def checked(record: Record) -> Checked:
    told: Checked = record.notes["trust"]
    return told


def liar(principals: int = 8, **who: float) -> Floats:
    lies = np.zeros(principals)
    for name, value in who.items():
        lies[int(name.removeprefix("p"))] = value
    return lies


@pytest.mark.parametrize("mode", SECRET)
class TestSumCheck:
    def test_honest_claims_add_up_to_double_precision(self, mode: str) -> None:
        told = told_by(one_place(mode))
        assert told.residual.max() < 1e-14
        assert not told.failed.any()

    def test_the_residual_is_what_is_claimed_too_much(self, mode: str) -> None:
        told = told_by(one_place(mode, exaggerates=liar(p3=0.5)), distrust="all")
        assert told.failed[:, 0].all()
        assert_array_equal(np.argwhere(told.caught), [[0, 3], [1, 3]])
        assert (told.residual > 1e-3).any()
        again = told_by(one_place(mode, exaggerates=liar(p3=0.5)), distrust="note")
        assert not again.caught.any()
        assert not again.opened.any()
        assert_allclose(again.residual, told.residual, rtol=1e-9)

    def test_the_larger_of_two_lies_needs_no_luck(self, mode: str) -> None:
        told = told_by(one_place(mode, exaggerates=liar(p1=0.5, p6=-0.2)))
        assert_array_equal(np.argwhere(told.caught[0])[:, 0], [1, 6])
        assert_array_equal(told.opened, told.caught)

    def test_a_pair_that_cancels_is_not_seen_in_the_sum_of_all(self, mode: str) -> None:
        told = told_by(one_place(mode, pads=liar(p2=1.0, p5=-1.0)))
        assert not told.failed.any()

    def test_a_random_half_parts_the_pair_and_both_are_named(self, mode: str) -> None:
        ensemble = asking(one_place(mode, range(4), pads=liar(p2=1.0, p5=-1.0)), halves=1)
        parted = np.zeros(4)
        for _ in range(25):
            told = checked(ensemble.step())
            seen = told.failed.any(axis=1)
            assert_array_equal(told.caught[:, 2], seen)
            assert_array_equal(told.caught[:, 5], seen)
            assert_array_equal(told.caught.sum(axis=1), 2 * seen)
            parted += seen
        assert 30 <= parted.sum() <= 70  # of 100 coins, each heads with 1/2 but for halves that are too small


@pytest.mark.parametrize("mode", SECRET)
class TestOpenedUpdates:
    def test_an_audit_finds_a_planted_lie_exactly_and_credit_is_what_it_would_have_been(self, mode: str) -> None:
        lying, honest = one_place(mode, pads=liar(p4=0.7)), one_place(mode)
        told, plain = (asking(each, audit=1.0, distrust="note").step() for each in (lying, honest))
        found = checked(told)
        assert found.opened.all()
        assert_array_equal(np.argwhere(found.caught), [[0, 4], [1, 4]])
        gradient = honest.world.network.examine(plain.produce.taught.before, honest.world.exam).directions
        depth = len(gradient) - (mode == "two-servers")
        length = sum((g[:, 0].numpy() ** 2).reshape(2, -1).sum(axis=1) for g in gradient[:depth])
        assert_allclose(found.lies[:, 4, 0], 0.7 / 8 * length, rtol=1e-9)
        assert_allclose(told.produce.credit, plain.produce.credit, rtol=1e-9, atol=1e-15)
        assert_allclose(told.produce.taught.norms, plain.produce.taught.norms, rtol=1e-9)

    def test_without_an_audit_the_lie_pays(self, mode: str) -> None:
        lying, honest = one_place(mode, pads=liar(p4=0.7)), one_place(mode)
        told, plain = (asking(each, distrust="note").step() for each in (lying, honest))
        assert (told.produce.credit[:, 4] > plain.produce.credit[:, 4] + 1e-6).all()

    def test_a_claim_that_is_no_number_is_opened_and_corrected(self, mode: str) -> None:
        lying, honest = one_place(mode, exaggerates=liar(p4=np.nan)), one_place(mode)
        found = lying.step()
        assert_array_equal(np.argwhere(checked(found).caught), [[0, 4], [1, 4]])
        assert_allclose(found.produce.credit, honest.step().produce.credit, rtol=1e-9, atol=1e-15)

    def test_audits_of_who_is_honest_change_no_number(self, mode: str) -> None:
        plain, asked = (Ensemble(load("commons", {**COMMONS, "learning.wire": mode}), (0, 1)) for _ in range(2))
        asking(asked, audit=0.3, halves=2)
        for _ in range(4):
            one, other = plain.step(), asked.step()
            assert checked(other).opened.any()
            assert_array_equal(one.produce.credit, other.produce.credit)
            assert_array_equal(plain.state.ledger.balances, asked.state.ledger.balances)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10_000),
    mode=st.sampled_from(SECRET),
    precision=st.sampled_from(["float32", "float64"]),
    sampling=st.sampled_from(["each", "pool"]),
    partition=st.sampled_from(["dirichlet", "power"]),
    hidden=st.sampled_from([[], [16], [12, 8]]),
    scenario=st.sampled_from(["commons", "value-conflict", "poisoners"]),
)
def test_nobody_honest_is_ever_accused(seed: int, scenario: str, hidden: list[int], **changes: str) -> None:
    fields = {
        "learning.wire": changes["mode"], "learning.nodes": 5, "learning.audit": 0.5, "learning.halves": 2,
        "precision": changes["precision"], "learning.sampling": changes["sampling"], "learning.hidden": hidden,
        "task.partition": changes["partition"], "population.count": 12,
    }  # fmt: skip
    ensemble = Ensemble(load(scenario, fields), [seed])
    for _ in range(6):
        told = checked(ensemble.step())
        assert not told.failed.any()
        assert not told.caught.any()


class Liar(InProcess):
    """A node that claims more of its first principal than is so."""

    def receive(self, seconds: float) -> bytes:
        answer, changed = decode(super().receive(seconds)), {}
        for name, factor in (("products", 1.5), ("norms", 1.5**2)):
            if name in answer.arrays:
                claimed = np.array(answer.arrays[name])
                claimed[:, 0] *= factor
                changed[name] = claimed
        return encode(replace(answer, arrays={**answer.arrays, **changed}))


def second_lies(holdings: Sequence[Holding], network: MLP, mode: str) -> list[Channel]:
    channels = in_process(holdings, network, mode)
    second = channels[1]
    assert isinstance(second, InProcess)
    return [channels[0], Liar(second.node), *channels[2:]]


@pytest.mark.parametrize("distrust", ["note", "search", "all"])
@pytest.mark.parametrize("mode", SECRET)
def test_a_lie_on_a_node_is_that_of_one_place(mode: str, distrust: str) -> None:
    scenario = load("value-conflict", {**SMALL, "task.kind": "digits", "learning.wire": mode, "precision": "float64",
                                       "learning.distrust": distrust})  # fmt: skip
    there = Ensemble(scenario, (0, 1), open_nodes=second_lies)
    assert there.world.nodes is not None
    first = there.world.nodes.roster.principals(1)[0]
    here = placed(Ensemble(scenario, (0, 1)), exaggerates=liar(**{f"p{first}": 0.5}))
    near = 1e-12 if mode == "secure" else 1e-6
    for _ in range(3):
        one, other = here.step(), there.step()
        assert_array_equal(checked(one).caught, checked(other).caught)
        if distrust == "search":
            assert_array_equal(checked(one).opened, checked(other).opened)
        assert checked(one).failed[:, 0].all()
        assert_allclose(one.produce.credit, other.produce.credit, rtol=0, atol=near)
        lesson, again = one.produce.taught, other.produce.taught
        close = 1e-9 if mode == "secure" else 1e-3
        assert_allclose(lesson.screened.weights, again.screened.weights, rtol=0, atol=close)


STAKED = {**COMMONS, "learning.wire": "secure", "population.endowment": 0.05, "stakes.stake": 0.05,
          "stakes.audit": 0.0, "stakes.slash": 1.0, "clawback.share": 1.0}  # fmt: skip


class TestConsequences:
    def test_who_is_caught_loses_its_stake_and_pays_back_to_the_micro_unit(self) -> None:
        ensemble = Ensemble(load("commons", STAKED), (0, 1))
        for _ in range(3):
            ensemble.step()
        record = placed(ensemble, exaggerates=liar(p3=0.5)).step()
        slashed = net_of(record.payday.transfers, (Reason.SLASH,), record.actions.shape)
        assert_array_equal(slashed[:, 3], [-50_000, -50_000])
        assert (np.delete(slashed, 3, axis=1) == 0).all()
        taken = net_of(record.payday.transfers, (Reason.CLAWBACK,), record.actions.shape)
        assert (np.delete(taken, 3, axis=1) == 0).all()
        assert (taken[:, 3] < 0).all()
        assert_array_equal(ensemble.state.ledger.balances.sum(axis=1), 0)

    def test_who_lies_in_a_future_is_caught_there_and_loses(self) -> None:
        scenario = load("commons", {**STAKED, "learning.halves": 1})
        tried = [
            Deviation("more", (0,), exaggerates=0.5),
            Deviation("pad", (1,), pads=1.0),
            Deviation("pair", (2, 4), pads=1.0, cancels=True),
            Deviation("once", (3,), pads=1.0, from_round=2, until=3),
        ]
        futures = play_futures(Ensemble(scenario, range(2)).snapshot, tried, 8)
        assert futures.caught is not None
        assert not futures.caught[:, 0].any()
        for k, deviation in enumerate(tried, start=1):
            others = np.delete(futures.caught[:, k], deviation.members, axis=2)
            assert not others.any()
        assert futures.caught[:, 1, :, 0].all()
        assert_array_equal(futures.caught[:, 4, :, 3].sum(axis=1), [1, 1])
        assert (futures.gains < 0).all()
        assert (futures.balances.sum(axis=2) == 0).all()

    def test_an_unpunished_pair_gains(self) -> None:
        pair = Deviation("pair", (0, 1), pads=1.0, cancels=True)
        futures = play_futures(Ensemble(load("commons", {**COMMONS, "learning.wire": "secure"}), range(4)).snapshot,
                               [pair], 10)  # fmt: skip
        assert futures.caught is not None
        assert not futures.caught.any()
        assert futures.gains.mean() > 0


@pytest.mark.parametrize("mode", ["off", "paths", "cut", "cut-gradients"])
@pytest.mark.parametrize("field", ["audit", "halves"])
def test_where_nothing_is_claimed_checks_are_refused_in_one_line(mode: str, field: str) -> None:
    with pytest.raises(InputError, match=rf"^learning\.{field}.* 0 where learning\.wire = '{mode}'") as refused:
        load("commons", {"learning.wire": mode, f"learning.{field}": 1})
    assert "\n" not in str(refused.value)


def test_a_lie_where_nothing_is_claimed_is_refused() -> None:
    with pytest.raises(InputError, match=r"must be a claim \(learning\.wire = secure\)"):
        play_futures(Ensemble(load("commons", SMALL), [0]).snapshot, [Deviation("lie", (0,), pads=1.0)], 1)


def claims_of(updates: Floats, directions: Floats, lies: Floats) -> Claims:
    """Claims of principals with updates (R, N, P): what is so, and lies (R, N, D)."""
    products = np.einsum("rnp,rdp->rnd", updates, directions) + lies
    runs, principals = updates.shape[:2]
    return Claims(products, np.linalg.norm(updates, axis=2), directions, np.linalg.norm(directions, axis=2),
                  np.ones((runs, principals), dtype=bool), np.finfo(np.float64).eps, np.zeros(runs))  # fmt: skip


class TestKernels:
    @settings(max_examples=60, deadline=None)
    @given(seed=st.integers(0, 10_000), principals=st.integers(2, 40), lying=st.integers(1, 40))
    def test_a_search_ends_at_a_liar_in_log2_n_questions(self, seed: int, principals: int, lying: int) -> None:
        rng = np.random.default_rng(seed)
        updates, directions = rng.normal(size=(2, principals, 30)), rng.normal(size=(2, 3, 30))
        lies = np.zeros((2, principals, 3))
        for run in range(2):
            who = rng.permutation(principals)[:lying]
            lies[run, who] = rng.normal(size=(len(who), 3))
        claims, asked = claims_of(updates, directions, lies), []

        def sum_of(members: Bools) -> Floats:
            asked.append(members)
            total: Floats = (updates * members[..., None]).sum(axis=1)
            return total

        whole = group_of(claims.active, claims, sum_of)
        assert (whole.excess > 1).all()
        asked.clear()
        named = search(whole, claims, sum_of)
        assert_array_equal(named.sum(axis=1), 1)
        assert (np.abs(lies[named]) > 0).all()
        assert len(asked) <= int(np.ceil(np.log2(principals)))

    def test_an_exaggerated_size_makes_no_room_for_a_lie(self) -> None:
        rng = np.random.default_rng(0)
        updates, directions = rng.normal(size=(1, 6, 30)), rng.normal(size=(1, 2, 30))
        lies = np.zeros((1, 6, 2))
        lies[0, 2] = 1e-6
        claims = claims_of(updates, directions, lies)
        claims.norms[0, 2] = 1e30
        assert group_of(claims.active, claims, lambda members: updates.sum(axis=1)).excess > 1

    @pytest.mark.parametrize(
        "lies", [[1, -1, 0, 0, 0, 0, 0, 0], [1, 1, -1, -1, 0, 0, 0, 0], [1, 2, 3, -6, 1, 1, -1, -1]]
    )
    def test_whatever_adds_up_to_nothing_fails_in_about_half_of_all_halves_or_more(self, lies: list[int]) -> None:
        luck = np.random.default_rng(1).random((1, 4000, 8))
        halves = random_halves(np.ones((1, 8), dtype=bool), luck)[0]
        sizes = halves.sum(axis=1)
        assert set(sizes.tolist()) <= {0, 2, 3, 4, 5, 6}
        seen = (halves[sizes > 0] @ np.array(lies) != 0).mean()
        assert seen > 0.5 - 3 * 0.5 / np.sqrt(4000)

    def test_too_few_have_no_half(self) -> None:
        assert not random_halves(np.ones((1, 3), dtype=bool), np.random.default_rng(1).random((1, 50, 3))).any()
