"""Names as a currency: bad ones cost pay, time outside, or a larger stake."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.agents.reciprocity.norms import BAD, GOOD
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.money.ledger import MICRO, Ledger, post
from commonweal.economy.money.requests import forfeited
from commonweal.economy.runs.checkpoint import restore, save
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.relevance import matters

BENEFIT, COST = 3.0, 1.0
SURE = {f"reciprocity.{name}": 0.0 for name in ("execution", "perception", "assignment")}
# Everybody gives always, and who refuses has a bad name: names alone deter nobody.
GIVERS = revise(
    load("leading-eight"),
    {"population.count": 12, "population.start_delegate": 1.0, "population.start_free_ride": 0.0,
     "policy.mix": {"fixed": 1.0}, "reciprocity.norm": "image-scoring", **SURE},
)  # fmt: skip
SHIRKS = Deviation("shirks", (3,), Action.FREE_RIDE)
LIVE = revise(
    load("commons"),
    {"population.count": 12, "precision": "float64", "task.validation": 60, "settlement.horizon": 1,
     "reciprocity.kind": "requests", "reciprocity.assignment": 0.1, "reciprocity.execution": 0.1,
     "policy.mix": {"norm:L6": 0.5, "best_response": 0.5}, "policy.revision": 1.0, "policy.mutation": 0.1},
)  # fmt: skip


def gain(rounds: int = 20, **changes) -> float:
    scenario = revise(GIVERS, {name.replace("__", "."): value for name, value in changes.items()})
    return play_futures(Ensemble(scenario, [0]).snapshot, [SHIRKS], rounds).gains.item()


def played(scenario, rounds: int, seeds=(0, 1)):
    ensemble = Ensemble(scenario, seeds)
    return ensemble, [ensemble.step() for _ in range(rounds)]


class TestForfeits:
    @given(
        paid=st.lists(st.integers(0, 10**12), min_size=4, max_size=4),
        share=st.floats(0, 1),
        bad=st.lists(st.booleans(), min_size=4, max_size=4),
        to_good=st.booleans(),
    )
    def test_bad_names_lose_their_share_and_nobody_else_loses_anything(self, paid, share, bad, to_good):
        amount, bad = np.array([paid]), np.array([bad])
        before = Ledger(np.concatenate([amount, np.zeros((1, 6), np.int64)], axis=1))
        transfers = forfeited(amount, np.array([[share]]), bad, ~bad & to_good)
        after = post(before, transfers)
        lost = np.rint(share * amount).astype(np.int64) * bad
        np.testing.assert_array_equal((after.principals - amount)[bad], -lost[bad])
        assert after.balances.sum() == before.balances.sum()
        parts = (after.principals - amount)[~bad]
        assert len(set(parts)) <= 1 and (parts >= 0).all()
        assert 0 <= after.treasury[0] < max(4, 1) if to_good and (~bad).any() else after.treasury[0] == lost.sum()

    @pytest.mark.parametrize("share", [0.0, 0.2, 1 / 3, 0.5, 1.0])
    def test_pay_by_names_deters_where_names_alone_do_not(self, share):
        """AllD among those who always give saves 1 a round and, once bad, loses a share of gifts worth 3."""
        rounds = 20
        expected = COST - share * BENEFIT * (rounds - 1) / rounds
        assert gain(rounds, **{"reciprocity.terms.pay": share}) == pytest.approx(expected, abs=1e-6)

    def test_what_bad_names_forfeit_goes_to_good_ones_alike(self):
        scenario = revise(GIVERS, {"reciprocity.terms.pay": 1.0, "reciprocity.terms.to": "good"})
        futures = play_futures(Ensemble(scenario, [0]).snapshot, [SHIRKS], 20)
        others = [i for i in range(12) if i != 3]
        change = (futures.payoffs[0, 1] - futures.payoffs[0, 0])[5:, others].sum(axis=1)
        np.testing.assert_allclose(change, 0.0, atol=1e-4)  # the gift that is missing is the one that is forfeited
        np.testing.assert_allclose(futures.payoffs[0, 1, 5:, 3], 0.0, atol=1e-12)
        assert futures.kept[0, 1].max() < 12 / MICRO

    @pytest.mark.parametrize("kind", ["requests", "pool", "admission"])
    @pytest.mark.parametrize("to", ["treasury", "good"])
    def test_what_actions_are_said_to_bring_is_what_they_brought(self, kind, to):
        scenario = revise(LIVE, {"reciprocity.kind": kind, "reciprocity.terms.pay": 0.6, "reciprocity.terms.to": to})
        if kind != "requests":
            scenario = revise(scenario, {"policy.mutation": 0.3})
        ensemble = Ensemble(scenario, (0, 1))
        bad = 0
        for _ in range(8):
            record = ensemble.step()
            told = record.notes["reciprocity"]
            said = np.take_along_axis(ensemble.people.foregone, record.actions[..., None], axis=2)[..., 0]
            np.testing.assert_allclose(said, record.payday.payoffs, atol=1e-5)
            bad += (told.image == BAD).sum()
        assert bad > 5
        assert (ensemble.state.ledger.balances.sum(axis=1) == 0).all()


def test_a_gift_that_failed_does_not_become_a_habit():
    """Who always gives means to give again, though it is seen to have refused."""
    scenario = revise(GIVERS, {"reciprocity.execution": 0.3, "policy.revision": 0.5})
    gave = np.array([record.notes["reciprocity"].gave for record in played(scenario, 100)[1]])
    interval = mean_interval(gave.mean(axis=(0, 1)), confidence=0.999)  # over principals
    assert interval.low < 0.7 < interval.high


class TestAbsence:
    @pytest.mark.parametrize("out", [1, 3])
    def test_a_bad_name_stays_away_for_its_time_and_comes_back_as_what_it_was(self, out):
        """Two rounds inside, as a newcomer without a request and then judged; then outside again."""
        scenario = revise(GIVERS, {"reciprocity.terms.out": out})
        futures = play_futures(Ensemble(scenario, [0]).snapshot, [SHIRKS], 1 + 3 * (out + 2))
        inside = futures.actions[0, 1, :, 3] != Action.ABSTAIN
        cycle = [*[False] * out, True, True]
        np.testing.assert_array_equal(inside, [True, *cycle * 3])

    def test_who_repeats_its_last_action_does_not_repeat_that_it_was_kept_away(self):
        scenario = revise(GIVERS, {"reciprocity.terms.out": 2, "reciprocity.assignment": 0.2, "policy.revision": 0.5})
        records = played(scenario, 30)[1]
        away = np.stack([record.notes["image_terms"].away for record in records])
        actions = np.stack([record.actions for record in records])
        np.testing.assert_array_equal(actions == Action.ABSTAIN, away)
        assert 0.2 < away[2:].mean() < 0.6 and (actions[~away] == Action.DELEGATE).all()

    def test_nobody_has_a_request_of_somebody_who_must_stay_away(self):
        scenario = revise(GIVERS, {"reciprocity.terms.out": 2, "reciprocity.assignment": 0.1})
        for record in played(scenario, 30)[1]:
            told, away = record.notes["reciprocity"], record.notes["image_terms"].away
            had = told.counterpart != np.arange(12)
            assert not (had & away).any()
            assert not (np.take_along_axis(away, told.counterpart, axis=1) & had).any()


class TestStakes:
    SCENARIO = revise(
        LIVE,
        {"population.endowment": 1.0, "stakes.stake": 0.02, "reciprocity.terms.stake": 5.0, "stakes.audit": 0.0},
    )

    def test_a_bad_name_holds_a_multiple_and_gets_it_back_with_its_good_name(self):
        ensemble, bad, back = Ensemble(self.SCENARIO, (0, 1)), 0, 0
        for _ in range(12):
            image, held = ensemble.state.mechanisms["reciprocity"].image, ensemble.state.ledger.escrows
            record = ensemble.step()
            inside = record.actions != Action.ABSTAIN
            due = np.where(image == BAD, 100_000, 20_000)
            np.testing.assert_array_equal(ensemble.state.ledger.escrows[inside], due[inside])
            bad, back = bad + (image == BAD).sum(), back + ((image == GOOD) & (held == 100_000)).sum()
        assert bad > 5 and back > 0
        assert (ensemble.state.ledger.balances.sum(axis=1) == 0).all()

    def test_who_cheats_under_a_bad_name_expects_to_lose_the_multiple(self):
        """Audits that always reveal, and stakes that are lost whole: what an action brings has no luck in it."""
        scenario = revise(self.SCENARIO, {"stakes.audit": 1.0, "stakes.reveal": 1.0, "stakes.slash": 1.0})
        ensemble = Ensemble(scenario, (0, 1))
        for _ in range(8):
            bad = ensemble.state.mechanisms["reciprocity"].image == BAD
            record = ensemble.step()
            rides = record.actions == Action.FREE_RIDE
            assert set(record.notes["stakes"][rides & bad]) <= {100_000}
            assert set(record.notes["stakes"][rides & ~bad]) <= {20_000}
            said = np.take_along_axis(ensemble.people.foregone, record.actions[..., None], axis=2)[..., 0]
            np.testing.assert_allclose(said, record.payday.payoffs, atol=1e-5)


EVERYTHING = revise(
    LIVE,
    {"population.endowment": 1.0, "stakes.stake": 0.02, "stakes.audit": 0.2, "reciprocity.terms.stake": 3.0,
     "reciprocity.terms.pay": 0.5, "reciprocity.terms.to": "good", "reciprocity.terms.out": 2},
)  # fmt: skip


def test_a_run_alone_is_the_same_as_in_an_ensemble_and_terms_may_differ_between_runs():
    without = {"reciprocity.terms.pay": 0.0, "reciprocity.terms.out": 0, "reciprocity.terms.stake": 1.0}
    other = revise(EVERYTHING, without)
    together = Ensemble([EVERYTHING, other], (3, 4))
    alone = [Ensemble(scenario, [seed]) for scenario, seed in ((EVERYTHING, 3), (other, 4))]
    for _ in range(10):
        record, single = together.step(), [ensemble.step() for ensemble in alone]
        for run, each in enumerate(single):
            np.testing.assert_array_equal(record.actions[run], each.actions[0])
            np.testing.assert_array_equal(together.state.ledger.balances[run], alone[run].state.ledger.balances[0])


def test_a_run_goes_on_from_a_checkpoint_as_if_it_had_not_stopped(tmp_path):
    whole, _ = played(EVERYTHING, 12)
    first, _ = played(EVERYTHING, 6)
    save(tmp_path / "run.npz", first)
    second = Ensemble(EVERYTHING, (0, 1))
    restore(tmp_path / "run.npz", second)
    for _ in range(6):
        second.step()
    np.testing.assert_array_equal(second.state.ledger.balances, whole.state.ledger.balances)
    np.testing.assert_array_equal(
        second.state.mechanisms["image_terms"].rounds, whole.state.mechanisms["image_terms"].rounds
    )


def test_terms_that_cost_nothing_are_no_mechanism():
    assert "image_terms" not in Ensemble(GIVERS, [0]).state.mechanisms


def test_futures_carry_absences_over_to_spare_names():
    shed = Deviation("sheds", (3,), Action.FREE_RIDE, identities=8, sheds=True)
    scenario = revise(GIVERS, {"reciprocity.terms.out": 4})
    futures = play_futures(Ensemble(scenario, [0]).snapshot, [SHIRKS, shed], 15)
    inside = futures.actions[0] != Action.ABSTAIN
    assert inside[1, :, 3].mean() < 0.5 and inside[2][:, [3, *range(12, 19)]].any(axis=1).all()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"reciprocity.images": "private", "reciprocity.terms.pay": 0.5}, "no name that all agree on"),
        ({"reciprocity.images": "private", "reciprocity.terms.out": 1}, "no name that all agree on"),
        ({"reciprocity.kind": "admission", "reciprocity.terms.out": 1}, "judges vote"),
        ({"reciprocity.terms.stake": 2.0}, "nobody holds anything"),
        ({"reciprocity.terms.pay": 1.5}, "between 0 and 1"),
    ],
)
def test_terms_that_do_not_fit_are_refused_in_one_line(changes, complaint):
    with pytest.raises(InputError) as refusal:
        revise(LIVE, changes)
    assert complaint in str(refusal.value) and "\n" not in str(refusal.value)


def test_terms_matter_only_where_names_count():
    assert matters(LIVE, "reciprocity.terms.pay") and not matters(load("commons"), "reciprocity.terms.pay")
    assert not matters(LIVE, "reciprocity.terms.to") and not matters(LIVE, "reciprocity.terms.stake")
