"""Screening at the grain of samples: which of them are left out, and that what is left is computed exactly."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch.nn.functional import cross_entropy

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.credit import CREDITS
from commonweal.economy.learning.network import Network, SamplePaths
from commonweal.economy.round.learn import allowed, game_of
from commonweal.economy.round.record import Lesson, Record
from commonweal.economy.round.visits import samples, visit
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import round_metrics, taken_off
from commonweal.economy.screening.grain import leave_out
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

MODES, SCOPES, FINER = ("reject", "scale", "project"), ("own", "all", "quorum", "aggregate"), ("class", "sample")


def one_by_one(harms: Floats, budget: Floats, unit: Ints) -> Bools:
    """Which of the samples of one group stay: whole units are taken out, worst first, until the sum fits.

    Args:
        harms: (S, K).
        budget: (K,).
        unit: (S,).
    """
    kept, counts = np.ones(len(harms), dtype=bool), np.zeros(len(budget), dtype=bool)
    excess = np.ones(len(budget))
    while (fresh := (harms[kept].sum(axis=0) > budget) & ~counts).any():
        excess = np.where(fresh, harms[kept].sum(axis=0) - budget, excess)
        counts |= fresh
        together = np.array([harms[unit == own].sum(axis=0) for own in unit]).reshape(harms.shape)
        badness = (np.maximum(together, 0) / excess)[:, counts].max(axis=1)
        kept = np.ones(len(harms), dtype=bool)
        while kept.any() and badness[kept].max() > 0 and (harms[kept].sum(axis=0) > budget)[counts].any():
            kept &= badness < badness[kept].max()
    return kept


whole_numbers = st.integers(-8, 8).map(float)  # sums of them are exact, whatever their order


@st.composite
def rounds(draw: Any) -> tuple[Floats, Ints, Ints, Floats]:
    """Harms (R, S, K), owners (R, S) of N principals, claimed classes (R, S) and budgets (R, N, K)."""
    runs, count, dimensions, principals = (draw(st.integers(1, most)) for most in (2, 9, 3, 3))
    harms = draw(hnp.arrays(float, (runs, count, dimensions), elements=whole_numbers))
    owner = draw(hnp.arrays(np.int64, (runs, count), elements=st.integers(-1, principals - 1)))
    label = draw(hnp.arrays(np.int64, (runs, count), elements=st.integers(0, 1)))
    limits = st.one_of(st.integers(-6, 12).map(float), st.just(np.inf))
    budget = draw(hnp.arrays(float, (runs, principals, dimensions), elements=limits))
    return harms * (owner >= 0)[..., None], owner, label, budget


class TestLeaveOut:
    """The filter."""

    @given(rounds(), st.booleans())
    def test_the_worst_are_left_out_first_until_the_sum_of_the_rest_fits(
        self, drawn: tuple[Floats, Ints, Ints, Floats], by_class: bool
    ) -> None:
        harms, owner, label, budget = drawn
        unit = owner * 2 + label if by_class else None
        kept = leave_out(harms, owner, budget, unit)
        assert kept[owner < 0].all()
        for run, group in np.ndindex(budget.shape[:2]):
            mine = owner[run] == group
            own = np.arange(mine.sum()) if unit is None else unit[run, mine]
            expected = one_by_one(harms[run, mine], budget[run, group], own)
            np.testing.assert_array_equal(kept[run, mine], expected)

    @given(rounds())
    def test_what_is_left_fits_or_nothing_harmful_is_left(self, drawn: tuple[Floats, Ints, Ints, Floats]) -> None:
        harms, owner, _, budget = drawn
        kept = leave_out(harms, owner, budget)
        for run, group in np.ndindex(budget.shape[:2]):
            left = harms[run, (owner[run] == group) & kept[run]]
            over = left.sum(axis=0) > budget[run, group]
            assert not (left[:, over] > 0).any()

    @given(rounds())
    def test_what_fits_stays_whole(self, drawn: tuple[Floats, Ints, Ints, Floats]) -> None:
        harms, owner, label, budget = drawn
        for unit in (None, owner * 2 + label):
            assert leave_out(harms, owner, np.full_like(budget, np.inf), unit).all()

    @given(rounds())
    def test_a_run_is_sifted_alone_as_in_an_ensemble(self, drawn: tuple[Floats, Ints, Ints, Floats]) -> None:
        harms, owner, label, budget = drawn
        unit = owner * 2 + label
        for grain in (None, unit):
            together = leave_out(harms, owner, budget, grain)
            for run in range(len(harms)):
                part = slice(run, run + 1)
                alone = leave_out(harms[part], owner[part], budget[part], None if grain is None else grain[part])
                np.testing.assert_array_equal(alone[0], together[run])

    def test_a_value_that_has_room_leaves_nothing_out(self) -> None:
        """By hand: sample 0 harms value 1 most, which has room; value 0 is over by 1, and sample 2 does 2 of it."""
        harms = np.array([[[0.0, 9.0], [1.0, 0.0], [2.0, 0.0], [-1.0, 0.0]]])
        kept = leave_out(harms, np.zeros((1, 4), dtype=np.int64), np.array([[[1.0, 100.0]]]))
        assert kept.tolist() == [[True, True, False, True]]

    def test_a_limit_on_each_sample_would_leave_out_what_cancels(self) -> None:
        """By hand: harms 3, 3, −3, −2 sum to 1 and fit a budget of 1; a quarter of it each would reject half."""
        harms = np.array([3.0, 3.0, -3.0, -2.0])[None, :, None]
        assert leave_out(harms, np.zeros((1, 4), dtype=np.int64), np.array([[[1.0]]])).all()
        assert (harms[0, :, 0] > 0.25).sum() == 2


def scenario(grain: str, mode: str = "project", scope: str = "aggregate", **fields: Any) -> Scenario:
    """Value-conflict, small, in double precision; some delegate, some poison, some stay away."""
    usual = {
        "precision": "float64", "population.count": 8, "task.kind": "synthetic", "task.classes": 10,
        "task.samples": 900, "task.validation": 100, "learning.hidden": [8], "learning.samples": 6,
        "actions.available": ["abstain", "delegate", "free_ride", "defect"], "actions.free_ride": "junk",
        "population.start_delegate": 0.5, "population.start_free_ride": 0.125, "population.start_defect": 0.25,
        "population.start_abstain": 0.125, "policy.mix": {"imitation": 1.0}, "values.influence": "none",
        "values.dimensions": [
            {"sense": "protect", "label": 3, "limit": 1.9, "spread": 0.1},
            {"sense": "withhold", "label": 9, "limit": 0.93, "spread": 0.03},
        ],
    }  # fmt: skip
    chosen = {"screening.grain": grain, "screening.mode": mode, "screening.scope": scope}
    return revise(load("value-conflict"), {**usual, **chosen, **fields})


def played(chosen: Scenario, rounds: int = 8, seeds: tuple[int, ...] = (3, 4)) -> tuple[Ensemble, list[Record]]:
    ensemble = Ensemble(chosen, seeds)
    return ensemble, [ensemble.step() for _ in range(rounds)]


def gradients_of_samples(lesson: Lesson, ensemble: Ensemble) -> Floats:
    """(R, S, P) gradient of every sample's part of the mean loss, by one backward pass each; 0 where padded."""
    world, owner = ensemble.world, lesson.batch.owner
    network: Network = world.network
    features, labels = samples(lesson.batch, world)
    found = []
    for run, sample in np.ndindex(owner.shape):
        own = tuple(p[run : run + 1].clone().requires_grad_() for p in lesson.before)
        scores = network.logits(own, features[run : run + 1, sample : sample + 1])[0]
        share = float(owner[run, sample] >= 0) / max((owner[run] >= 0).sum(), 1)
        parts = torch.autograd.grad(share * cross_entropy(scores, labels[run, sample : sample + 1]), own)
        found.append(torch.cat([part.flatten() for part in parts]))
    return torch.stack(found).view(*owner.shape, -1).numpy()


class TestInTheEconomy:
    """A round in which samples are left out."""

    @pytest.mark.parametrize("scope", SCOPES)
    @pytest.mark.parametrize("grain", FINER)
    def test_everything_after_is_that_of_the_updates_without_the_samples(self, grain: str, scope: str) -> None:
        """Slopes, alignments, norms, kept parts, credit and the step, against gradients sample by sample."""
        ensemble, records = played(scenario(grain, "project", scope), 6)
        sifted = [each.taught for each in records if each.taught.sifted is not None]
        assert sifted
        for lesson in sifted[:2]:
            assert lesson.sifted is not None
            kept, owner, shape = lesson.sifted.kept, lesson.batch.owner, lesson.gated.shape
            each = gradients_of_samples(lesson, ensemble)
            member = (owner[..., None] == np.arange(shape[1])).astype(float)
            whole, left = (np.einsum("rsn,rsp->rnp", member * w[..., None], each) for w in (np.ones(owner.shape), kept))
            directions = torch.cat([v.flatten(2) for v in lesson.exam.directions], dim=2).numpy()
            products = np.einsum("rnp,rdp->rnd", left, directions)
            np.testing.assert_allclose(lesson.exam.slopes, products[..., 0], rtol=1e-8, atol=1e-12)
            np.testing.assert_allclose(lesson.exam.alignments, products[..., 1:], rtol=1e-8, atol=1e-12)
            offered = np.einsum("rnp,rdp->rnd", whole, directions)
            np.testing.assert_allclose(lesson.sifted.whole.exam.alignments, offered[..., 1:], rtol=1e-8, atol=1e-12)
            np.testing.assert_allclose(lesson.norms, np.linalg.norm(left, axis=2), rtol=1e-8, atol=1e-12)
            screened, probes = lesson.screened, directions[:, 1:]
            admitted = screened.weights[..., None] * left - screened.multipliers @ probes
            step = torch.cat([s.flatten(1) for s in lesson.step], dim=1).numpy()
            np.testing.assert_allclose(step, admitted.sum(axis=1), rtol=1e-8, atol=1e-11)
            norms, taken = taken_off(lesson)
            np.testing.assert_allclose(norms, np.linalg.norm(whole, axis=2), rtol=1e-8, atol=1e-12)
            np.testing.assert_allclose(taken, np.linalg.norm(whole - admitted, axis=2), rtol=1e-6, atol=1e-7)
            game = game_of(lesson, ensemble.world, ensemble.streams.credit)
            np.testing.assert_allclose(game.updates.numpy(), admitted, rtol=1e-8, atol=1e-11)
            first = game.rate * np.einsum("rnp,rp->rn", admitted, directions[:, 0])
            np.testing.assert_allclose(CREDITS["first_order"](game).values, first, rtol=1e-8, atol=1e-12)
            square = (left**2).sum(axis=2)
            part = np.clip((admitted * left).sum(axis=2) / np.where(square > 0, square, 1), 0, 1)
            np.testing.assert_allclose(game.kept[square > 0], part[square > 0], rtol=1e-7, atol=1e-9)

    @pytest.mark.parametrize("gate", [False, True])
    @pytest.mark.parametrize("scope", SCOPES)
    @pytest.mark.parametrize("grain", FINER)
    def test_samples_of_updates_that_are_screened_are_left_out_as_the_filter_says(
        self, grain: str, scope: str, gate: bool
    ) -> None:
        ensemble, records = played(scenario(grain, "scale", scope, **{"screening.gate": gate}), 5)
        some = False
        for lesson in (each.taught for each in records):
            whole = lesson if lesson.sifted is None else lesson.sifted.whole
            kept = np.ones(lesson.batch.owner.shape, dtype=bool) if lesson.sifted is None else lesson.sifted.kept
            harms = np.einsum("rsp,rkp->rsk", gradients_of_samples(lesson, ensemble),
                              torch.cat([v[:, 1:].flatten(2) for v in lesson.exam.directions], dim=2).numpy())
            harms = harms * ensemble.world.senses
            offered = lesson.active & ~lesson.gated
            budget = allowed(lesson.room, ensemble.world)
            if scope != "aggregate":
                budget = np.broadcast_to(budget / np.maximum(offered.sum(1), 1)[:, None, None],
                                         (*offered.shape, harms.shape[2]))  # fmt: skip
            for run, group in np.ndindex(budget.shape[:2]):
                owner = lesson.batch.owner[run]
                mine = (owner >= 0) & offered[run, owner] & ((owner == group) | (scope == "aggregate"))
                unit = owner * 10 + lesson.batch.label[run] if grain == "class" else np.arange(len(owner))
                expected = one_by_one(harms[run, mine], budget[run, group], unit[mine])
                np.testing.assert_array_equal(kept[run, mine], expected)
            assert kept[(lesson.batch.owner < 0) | ~offered[np.arange(2)[:, None], lesson.batch.owner]].all()
            assert isinstance(whole.passage, SamplePaths)
            some |= not kept.all()
        assert some

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("scope", SCOPES)
    @pytest.mark.parametrize("grain", FINER)
    def test_what_is_left_and_corrected_keeps_the_budget(self, grain: str, scope: str, mode: str) -> None:
        ensemble, records = played(scenario(grain, mode, scope))
        for lesson in (each.taught for each in records):
            screened = lesson.screened
            aligned = screened.weights[..., None] * lesson.exam.alignments
            aligned = aligned - screened.multipliers @ lesson.exam.gram[:, 1:, 1:]
            harm, budget = (aligned * ensemble.world.senses).sum(axis=1), allowed(lesson.common_room, ensemble.world)
            if scope != "own":  # which has no common budget
                repairable = lesson.common_room >= 0  # a broken limit may be beyond repair under reject and scale
                np.testing.assert_array_less(harm[repairable], budget[0, repairable] + 1e-9)

    @pytest.mark.parametrize("grain", FINER)
    def test_where_everything_fits_it_is_screening_of_principals(self, grain: str) -> None:
        loose = [{"sense": "protect", "label": 3, "limit": 50.0}, {"sense": "withhold", "label": 9, "limit": 0.0}]
        fine, coarse = (
            Ensemble(scenario(each, **{"values.dimensions": loose}), [3, 4]).run(12) for each in (grain, "principal")
        )
        assert not fine.rounds["samples_screened"].any()
        for name in coarse.rounds:
            np.testing.assert_allclose(fine.rounds[name], coarse.rounds[name], rtol=1e-7, atol=1e-9, err_msg=name)

    def test_who_is_left_without_samples_has_no_update_and_no_credit(self) -> None:
        """Withheld and held alone: all samples are of the class, under a limit that is broken from the start."""
        withheld = [{"sense": "withhold", "label": 9, "limit": 1.0, "spread": 0.0}]
        _, records = played(scenario("sample", "reject", "all", **{"values.dimensions": withheld}), 20)
        gone = 0
        for lesson in (each.taught for each in records):
            nothing = (lesson.samples_screened == 1) & lesson.active
            gone += int(nothing.sum())
            assert not lesson.screened.weights[nothing].any()
            assert not lesson.credit[nothing].any()
            assert not lesson.norms[nothing].any()
        assert gone > 0

    def test_the_record_says_whose_samples_were_left_out(self) -> None:
        ensemble = Ensemble(scenario("sample"), [3, 4])
        told = []
        for _ in range(8):
            before = ensemble.snapshot
            record = ensemble.step()
            lesson = record.taught
            metric = round_metrics(record, before.state, ensemble.state, ensemble.people, ensemble.world)
            put, gated = lesson.put.total, lesson.gated
            kept = np.ones(lesson.batch.owner.shape, dtype=bool) if lesson.sifted is None else lesson.sifted.kept
            for run, principal in np.ndindex(put.shape):
                mine = lesson.batch.owner[run] == principal
                expected = 1 - kept[run, mine].mean() if mine.any() else 0.0
                assert lesson.samples_screened[run, principal] == pytest.approx(expected)
            offered = np.where(gated, 0, put).sum(axis=1)
            np.testing.assert_allclose(metric["samples_screened"], (~kept).sum(axis=1) / np.maximum(offered, 1))
            told.append(metric["samples_screened"])
        assert 0 < np.mean(told) < 1

    def test_a_dropped_sample_is_nobodys_neighbour(self) -> None:
        ensemble, records = played(scenario("sample", **{"credit.kind": "neighbours"}))
        sifted = [each.taught for each in records if each.taught.sifted is not None]
        for lesson in sifted:
            nothing = lesson.samples_screened == 1
            assert not lesson.credit[nothing].any()
            game = game_of(lesson, ensemble.world, ensemble.streams.credit)
            assert game.taken is not None
            np.testing.assert_array_equal(CREDITS["neighbours"](game).values, lesson.credit)
        assert sifted

    @pytest.mark.parametrize("network", ["mlp", "conv"])
    def test_networks_of_any_kind_keep_paths_to_samples(self, network: str) -> None:
        fields = {"learning.network": network, "task.features": 9, "learning.hidden": [4]}
        _, records = played(scenario("sample", **fields), 4)
        assert any(each.taught.sifted is not None for each in records)


class TestRefused:
    """Where there are no paths to samples."""

    @pytest.mark.parametrize("grain", FINER)
    def test_by_fedavg(self, grain: str) -> None:
        with pytest.raises(InputError) as refused:
            scenario(grain, **{"learning.method": "federated"})
        assert str(refused.value) == (
            "screening.grain must be principal where learning.method = 'federated': FedAvg sees one delta per "
            "principal and no paths to samples"
        )
        assert scenario("principal", **{"learning.method": "federated"}).learning.method == "federated"

    def test_by_a_network_that_keeps_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ensemble = Ensemble(scenario("sample"), [3])
        monkeypatch.delattr("commonweal.economy.learning.traversal.PathPassage.reweighted")
        with pytest.raises(InputError, match="keeps no gradient paths to samples"):
            ensemble.step()


def test_passage_of_a_batch_is_that_of_the_lesson() -> None:
    """The updates of all samples, visited again."""
    ensemble, records = played(scenario("sample"), 1)
    lesson = records[0].taught
    again = visit(lesson.batch, lesson.before, ensemble.world)
    whole = lesson if lesson.sifted is None else lesson.sifted.whole
    for one, other in zip(again.updates(), whole.passage.updates(), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("grain", FINER)
def test_where_the_filter_is_enough_nothing_has_a_price(grain: str) -> None:
    """Projection finds nothing to correct, so lagrangian credit is first-order credit."""
    ensemble, records = played(scenario(grain, **{"credit.kind": "lagrangian"}))
    sifted = [each.taught for each in records if each.taught.sifted is not None]
    free = [lesson for lesson in sifted if not lesson.screened.shadow_prices.any()]
    assert free
    for lesson in free:
        game = game_of(lesson, ensemble.world, ensemble.streams.credit)
        np.testing.assert_array_equal(CREDITS["first_order"](game).values, lesson.credit)
