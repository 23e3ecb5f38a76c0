"""Reciprocity in a round: who meets, who is judged by which norm, where money goes; and a run is one and the same."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.reciprocity.norms import norm_of
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.money.ledger import MICRO, Reason, reconcile
from commonweal.economy.round.record import Record
from commonweal.economy.runs.checkpoint import restore, save
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario

ABSTAIN, GIVES, REFUSES = Action.ABSTAIN, Action.DELEGATE, Action.FREE_RIDE
KINDS = ("requests", "pool", "admission")
SMALL = {"task.kind": "wine", "task.partition": "equal", "task.validation": 30, "task.test": 30}
LIVE = SMALL | {"population.count": 9, "rounds": 6, "reciprocity.learner.search": 2}
SIGNALS = {"population.count": 9, "rounds": 6, "reciprocity.judges": 3, "reciprocity.learner.search": 2}
ERRORS = {"reciprocity.execution": 0.1, "reciprocity.perception": 0.1, "reciprocity.assignment": 0.1}
EXACTLY = dict.fromkeys(ERRORS, 0.0)  # nothing goes wrong
EVERYTHING = {"actions.available": ["abstain", "delegate", "free_ride"]}
VALUED = {"values.dimensions": [{"sense": "protect", "label": 0, "limit": 1.0, "spread": 0.5, "samples": 8}]}
BESIDE: dict[str, dict[str, Any]] = {
    "stakes": {"population.endowment": 1.0, "stakes.stake": 0.1, "stakes.audit": 0.5, "stakes.slash": 1.0},
    "clawback": {"clawback.share": 0.8, "settlement.kind": "equal"},
    "identity": {"identity.cost": 0.5, "population.endowment": 0.6},
    "deals": {"negotiation.kind": "shapley_coop"},
    "amounts": {"menu.offer": "amounts", "market.model_value": 1.0},
    "tolerance": VALUED | {"screening.mode": "project", "screening.scope": "all", "tolerance.budget": 0.05},
    "concern": VALUED | {"values.concern": "share"},
    "copies": {"rewards.kind": "quota", "rewards.realise": "noise", "market.model_value": 0.5},
    "reserve and floor": {"settlement.reserve": 0.3, "settlement.floor": 0.2},
}
WORLDS = {"live": ("reciprocity", LIVE | ERRORS), "learned signals": ("slander", SIGNALS | ERRORS)}


def giving(changes: dict[str, Any]) -> Scenario:
    """Norm followers and others in the donation market, nothing goes wrong."""
    return load("leading-eight", {"population.count": 12} | EXACTLY | changes)


def paying(kind: str) -> Scenario:
    """A cooperative that learns a task and pays by names."""
    by_norm = {"policy.mix": {"norm:L6": 0.5, "fixed": 0.5}, "reciprocity.kind": kind, "reciprocity.judges": 3}
    settled = {"settlement.kind": "equal" if kind == "admission" else "credit"}  # so that bad names are paid something
    return load("reciprocity", LIVE | ERRORS | by_norm | settled)


def chosen(shape: tuple[int, int], seed: int, *actions: Action) -> np.ndarray:
    return np.random.default_rng(seed).choice(np.array(actions, dtype=np.int64), shape)


def judged(record: Record) -> Any:
    return record.notes["reciprocity"]


class TestNames:
    def test_each_judges_and_gives_by_its_own_norm_and_who_follows_none_by_the_usual_one(self) -> None:
        """Without errors norms of zeros and ones leave nothing to chance."""
        mix = {"norm:L3": 0.25, "norm:L6": 0.25, "norm:image-scoring": 0.25, "fixed": 0.25}
        scenario = giving({"policy.mix": mix, "reciprocity.norm": "shunning", "reciprocity.judges": 3})
        ensemble = Ensemble(scenario, range(8))
        names = ensemble.world.terms.policy.names
        norms = [norm_of(name.removeprefix("norm:") if name != "fixed" else "shunning") for name in names]
        policy, seen = ensemble.people.policy, set()
        for _ in range(6):
            told = judged(ensemble.step())
            assert told.meets.all()
            for run, i in np.ndindex(policy.shape):
                x, y, a = told.image[run, i], told.other[run, i], int(told.gave[run, i])
                assert y == told.image[run, told.counterpart[run, i]]
                said = [norms[policy[run, j]].assess[x, y, a] for j in told.judges[run, i]]
                assert told.verdicts[run, i].tolist() == [bool(good) for good in said]
                assert told.after[run, i] == (sum(said) >= 2)
                if names[policy[run, i]] != "fixed":
                    assert a == norms[policy[run, i]].act[x, y]
                seen.add((x, y, a))
        assert len(seen) >= 6

    def test_who_goes_by_names_chooses_in_the_first_round_and_others_do_what_they_start_with(self) -> None:
        """All are good at first, so that L6 gives; nobody starts by delegating."""
        mix = {"norm:L6": 0.25, "fixed": 0.25, "imitation": 0.5}
        ensemble = Ensemble(giving({"policy.mix": mix, "policy.mutation": 0.0}), range(4))
        follows = ensemble.people.policy == ensemble.world.terms.policy.names.index("norm:L6")
        record = ensemble.step()
        assert 0 < follows.mean() < 1
        assert np.array_equal(record.actions, np.where(follows, int(GIVES), int(REFUSES)))

    def test_names_are_those_of_the_last_round_and_start_good(self) -> None:
        ensemble = Ensemble(giving(ERRORS), range(3))
        before = np.ones((3, 12), dtype=int)
        for _ in range(5):
            told = judged(ensemble.step())
            assert np.array_equal(told.image, before)
            before = told.after
        assert 0 < before.mean() < 1

    def test_who_abstains_is_not_judged_and_who_meets_nobody_keeps_its_name_and_its_pay(self) -> None:
        ensemble = Ensemble(giving(EVERYTHING | {"policy.mix": {"fixed": 1.0}}), range(4))
        lonely = 0
        for number in range(6):
            actions = chosen((4, 12), number, ABSTAIN, GIVES, GIVES, REFUSES)
            requests = ensemble.state.mechanisms["reciprocity"].encounters
            record = ensemble.act(actions)
            told, there = judged(record), actions != ABSTAIN
            partner = np.take_along_axis(there, requests.counterpart, axis=1)
            assert np.array_equal(told.meets, requests.meets & there & partner)
            assert np.array_equal(told.after[~told.meets], told.image[~told.meets])
            received = np.zeros(told.meets.shape, dtype=bool)
            run, donor = np.nonzero(told.meets & (actions == GIVES))
            received[run, told.counterpart[run, donor]] = True
            keeps = there & ~told.meets & (actions == GIVES)
            lonely += keeps.sum()
            assert np.array_equal(record.payday.payoffs, 3.0 * received + 3.0 * keeps - 1.0 * (actions == GIVES))
            assert not record.payday.payoffs[~there].any()
            following = ensemble.state.mechanisms["reciprocity"].encounters
            assert np.array_equal(following.meets, there & (there.sum(axis=1, keepdims=True) >= 3))
        assert lonely > 0

    def test_a_gift_for_nobody_does_not_fail(self) -> None:
        ensemble = Ensemble(giving(EVERYTHING | {"policy.mix": {"fixed": 1.0}, "reciprocity.execution": 1.0}), range(4))
        failed = 0
        for number in range(4):
            actions = chosen((4, 12), number, ABSTAIN, GIVES)
            record = ensemble.act(actions)
            meets = judged(record).meets
            assert (record.actions[meets] == REFUSES).all()
            assert np.array_equal(record.actions[~meets], actions[~meets])
            failed += meets.sum()
        assert failed > 0

    def test_nobody_meets_where_all_but_two_stay_away(self) -> None:
        ensemble = Ensemble(giving(EVERYTHING | {"policy.mix": {"fixed": 1.0}}), [0])
        actions = np.zeros((1, 12), dtype=int)
        actions[:, 3:5] = GIVES
        ensemble.act(actions)
        record = ensemble.act(actions)
        assert not judged(record).meets.any() and judged(record).after.all()
        assert record.payday.payoffs[0, 3:5].tolist() == [2.0, 2.0]


class TestDissent:
    """A verdict against the majority costs its judge the good name."""

    @staticmethod
    def outvoted(record: Record) -> np.ndarray:
        """(R, N) judges who were in a minority, counted one by one."""
        told = judged(record)
        found = np.zeros(told.image.shape, dtype=bool)
        for run, donor in np.argwhere(told.meets):
            said = told.verdicts[run, donor]
            for judge, good in zip(told.judges[run, donor], said, strict=True):
                found[run, judge] |= good != (2 * said.sum() > len(said))
        return found

    def test_every_one_of_them_is_bad_after_the_round_and_nobody_else_for_it(self) -> None:
        ensemble = Ensemble(giving(ERRORS | {"reciprocity.judges": 3, "reciprocity.dissent": 1.0}), range(20))
        for _ in range(4):
            record = ensemble.step()
            told, outvoted = judged(record), self.outvoted(record)
            assert (told.dissenters == outvoted).all() and not told.after[outvoted].any()
            named = np.where(told.meets, 2 * told.verdicts.sum(axis=2) > 3, told.image)
            assert (told.after[~outvoted] == named[~outvoted]).all()
        assert outvoted.any() and not outvoted.all()

    def test_it_happens_as_often_as_the_scenario_says(self) -> None:
        ensemble = Ensemble(giving(ERRORS | {"reciprocity.judges": 3, "reciprocity.dissent": 0.3}), range(400))
        record = ensemble.step()
        told = judged(record)
        minority = (told.verdicts != (2 * told.verdicts.sum(axis=2) > 3)[..., None]) & told.meets[..., None]
        once = np.zeros(told.image.shape, dtype=np.int64)
        np.add.at(once, (np.arange(400)[:, None, None], told.judges), minority)
        punished, single = told.dissenters[once == 1], (once == 1).sum()
        assert abs(punished.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / single)
        assert not told.dissenters[once == 0].any()

    def test_who_slanders_alone_before_juries_loses_its_name(self) -> None:
        """Among honest judges who never err; it is worth less than staying honest, which without a price it is not."""
        slander = Deviation("slander", (0,), slanders=True)
        exact = {"reciprocity.judges": 3, "population.count": 20, "policy.mix": {"norm:L6": 1.0}}
        gains = {}
        for price in (0.0, 1.0):
            economy = Ensemble(giving(exact | {"reciprocity.dissent": price}), range(8)).snapshot
            gains[price] = play_futures(economy, [slander], 40).gains[:, 0]
        assert (gains[1.0] < -1).all() and (np.abs(gains[0.0]) < 0.1).all()


class TestMoney:
    @pytest.mark.parametrize("kind", KINDS)
    def test_nothing_is_lost_and_the_books_say_where_everything_went(self, kind: str) -> None:
        ensemble = Ensemble(paying(kind), [0, 1], keep_ledger=True)
        results = ensemble.run()
        assert results.ledger is not None
        assert not ensemble.state.ledger.balances.sum(axis=1).any()
        assert not reconcile(results.ledger, ensemble.state.ledger.balances).any()
        moved = results.ledger[results.ledger["reason"].isin(["request", "withheld"])]
        assert len(moved) and set(moved["reason"]) == {"withheld" if kind == "admission" else "request"}

    @pytest.mark.parametrize("kind", ["requests", "pool"])
    def test_gifts_are_in_the_books(self, kind: str) -> None:
        ensemble = Ensemble(giving(ERRORS | {"reciprocity.kind": kind, "rounds": 5}), [0, 1], keep_ledger=True)
        results = ensemble.run()
        assert results.ledger is not None
        assert not ensemble.state.ledger.balances.sum(axis=1).any()
        assert not reconcile(results.ledger, ensemble.state.ledger.balances).any()
        gifts = results.ledger[results.ledger["reason"] == "request"]
        made = results.principals["given"].sum()
        assert gifts.loc[gifts["source"] < 12, "amount"].sum() == 3 * MICRO * made > 0

    def test_requests_permute_whole_payments(self) -> None:
        ensemble = Ensemble(paying("requests"), [0, 1])
        for _ in range(6):
            record = ensemble.step()
            told, paid = judged(record), record.payday.payments
            net = record.payday.net(Reason.REQUEST)
            assert not net.sum(axis=1).any()
            for run in range(2):
                assert sorted((paid + net)[run]) == sorted(paid[run])
                for donor in np.flatnonzero(told.meets[run]):
                    assert (paid + net)[run, told.counterpart[run, donor]] == paid[run, donor]
            assert np.array_equal(told.received, paid + net)

    def test_a_pool_gives_all_members_the_same(self) -> None:
        ensemble = Ensemble(paying("pool"), [0, 1])
        for _ in range(6):
            before = ensemble.state.ledger.treasury
            record = ensemble.step()
            told, paid = judged(record), record.payday.payments
            assert told.meets.all()
            share = paid.sum(axis=1) // 9
            assert np.array_equal(paid + record.payday.net(Reason.REQUEST), np.broadcast_to(share[:, None], (2, 9)))
            revenue = record.payday.revenue - 9 * share
            assert np.array_equal(ensemble.state.ledger.treasury - before, revenue)

    def test_admission_withholds_from_bad_names_that_their_judges_refuse_and_from_nobody_else(self) -> None:
        """L6 votes as it gives: for good names, and for bad ones never."""
        mixed = {"policy.mix": {"norm:L6": 0.5, "norm:L1": 0.5}, "reciprocity.kind": "admission", "rounds": 12}
        ensemble = Ensemble(load("reciprocity", LIVE | ERRORS | mixed), range(3))
        policy, names = ensemble.people.policy, ensemble.world.terms.policy.names
        seen = set()
        for _ in range(12):
            record = ensemble.step()
            told, net = judged(record), record.payday.net(Reason.WITHHELD)
            for run, i in np.ndindex(policy.shape):
                (judge,) = told.judges[run, i]
                votes = norm_of(names[policy[run, judge]].removeprefix("norm:")).act
                let_in = told.image[run, i] == 1 or votes[told.image[run, judge], told.image[run, i]] == 1
                seen.add((int(told.image[run, i]), bool(let_in)))
                assert told.passes[run, i] == (not let_in)
                assert net[run, i] == (0 if let_in else -record.payday.payments[run, i])
        assert seen == {(1, True), (0, False), (0, True)}

    def test_what_gifts_are_worth_and_cost_is_learned_from_pay(self) -> None:
        ensemble = Ensemble(giving({"market.benefit": 5.0, "market.cost": 2.0, "policy.mix": {"fixed": 1.0}}), [0])
        told = judged(ensemble.act(np.full((1, 12), int(REFUSES))))
        assert told.benefit.tolist() == [0.0]
        told = judged(ensemble.act(chosen((1, 12), 0, GIVES, REFUSES)))
        assert (told.benefit.tolist(), told.cost.tolist()) == ([5.0], [2.0])


    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("beside", sorted(BESIDE))
    def test_names_go_with_every_other_mechanism(self, beside: str, kind: str) -> None:
        """Nobody is overdrawn, and nothing is lost."""
        mix = {"norm:L6": 0.4, "imitation": 0.3, "reciprocity" if kind == "requests" else "fixed": 0.3}
        anything = {"policy.mix": mix, "policy.mutation": 0.3, "reciprocity.kind": kind, "settlement.kind": "credit"}
        available = {"actions.available": ["abstain", "delegate", "free_ride", "defect"], "rounds": 4}
        ensemble = Ensemble(load("reciprocity", LIVE | ERRORS | anything | available | BESIDE[beside]), [0, 1])
        results = ensemble.run()
        assert not ensemble.state.ledger.balances.sum(axis=1).any()
        told = results.rounds[["cooperation", "good_names", "welfare", "gift_worth", "gift_cost"]]
        assert np.isfinite(told.to_numpy()).all()


class TestRuns:
    """A run is one and the same alone, in an ensemble, in a future, and from a checkpoint."""

    @pytest.mark.parametrize("world", sorted(WORLDS))
    def test_a_run_plays_alone_as_in_an_ensemble(self, world: str) -> None:
        name, changes = WORLDS[world]
        scenarios = [load(name, changes | {"reciprocity.assignment": rate, "market.benefit": 2 + rate})
                     for rate in (0.1, 0.3)] if world != "live" else [load(name, changes)] * 2  # fmt: skip
        together = Ensemble(scenarios, [3, 5])
        records = [together.step() for _ in range(6)]
        for run, (scenario, seed) in enumerate(zip(scenarios, (3, 5), strict=True)):
            alone = Ensemble(scenario, [seed])
            for record in records:
                one = alone.step()
                assert np.array_equal(one.actions[0], record.actions[run])
                assert np.array_equal(judged(one).verdicts[0], judged(record).verdicts[run])
                assert np.array_equal(one.payday.payments[0], record.payday.payments[run])
            same_arrays(alone.state.mechanisms["reciprocity"], together.state.mechanisms["reciprocity"], run)

    def test_a_mesa_model_plays_the_same(self) -> None:
        name, changes = WORLDS["live"]
        model, ensemble = Cooperative(load(name, changes), rng=4), Ensemble(load(name, changes), [4])
        for _ in range(4):
            model.step()
            ensemble.step()
        same_arrays(model.state.mechanisms["reciprocity"], ensemble.state.mechanisms["reciprocity"])

    @pytest.mark.parametrize("world", sorted(WORLDS))
    def test_the_future_without_a_deviation_is_the_run_itself(self, world: str) -> None:
        name, changes = WORLDS[world]
        ensemble = Ensemble(load(name, changes), [0, 1])
        for _ in range(3):
            ensemble.step()
        refusing = Deviation("refuse", (2,), REFUSES)
        futures = play_futures(ensemble.snapshot, [refusing, Deviation("nothing", (0,))], rounds=4)
        for number in range(4):
            record = ensemble.step()
            assert np.array_equal(futures.actions[:, 0, number], record.actions)
            np.testing.assert_allclose(futures.payoffs[:, 0, number], record.payday.payoffs, rtol=0, atol=1e-6)
        assert (futures.actions[:, 1, :, 2] == REFUSES).all()
        assert not futures.gains[:, 1].any()
        assert futures.gains[:, 0].any()

    def test_a_second_name_starts_good_and_is_judged_as_any_other(self) -> None:
        ensemble = Ensemble(load("slander", SIGNALS), [0, 1])
        ensemble.step()
        futures = play_futures(ensemble.snapshot, [Deviation("split", (0,), GIVES, identities=2)], rounds=5)
        assert futures.actions.shape == (2, 2, 5, 10)
        assert (futures.actions[:, 1, :, [0, 9]] != ABSTAIN).all()
        assert (futures.actions[:, 0, :, 9] == ABSTAIN).all()
        assert (futures.balances.sum(axis=2) == 0).all()

    @pytest.mark.parametrize("world", sorted(WORLDS))
    def test_a_run_goes_on_from_its_checkpoint_to_the_same_bits(self, world: str, tmp_path: Path) -> None:
        name, changes = WORLDS[world]
        scenario = load(name, changes)
        ensemble = Ensemble(scenario, [0, 1])
        for _ in range(3):
            ensemble.step()
        save(tmp_path / "run.checkpoint", ensemble)
        restored = Ensemble(scenario, [0, 1])
        restore(tmp_path / "run.checkpoint", restored)
        for _ in range(3):
            one, other = ensemble.step(), restored.step()
            assert np.array_equal(one.actions, other.actions)
            assert np.array_equal(one.payday.payoffs, other.payday.payoffs)
        same_arrays(restored.state.mechanisms["reciprocity"], ensemble.state.mechanisms["reciprocity"])

    def test_without_names_no_number_changes_whatever_the_section_says(self) -> None:
        said = ERRORS | {"reciprocity.norm": "L1", "reciprocity.judges": 3, "reciprocity.images": "private"}
        said |= {"reciprocity.learner.rate": 1.0, "reciprocity.learner.belief": "equilibrium"}
        small = SMALL | {"population.count": 6, "rounds": 8}
        plain, off = (Ensemble(load("commons", small | more), [0, 1], keep_ledger=True) for more in ({}, said))
        assert [each.name for each in plain.world.mechanisms] == [each.name for each in off.world.mechanisms]
        one, other = plain.run(), off.run()
        for table in ("rounds", "principals", "profiles", "ledger", "balances"):
            assert getattr(one, table).equals(getattr(other, table)), table
        assert "cooperation" not in one.rounds

    def test_names_move_no_other_stream(self) -> None:
        """Who does what it did puts in the same and is paid the same, before requests hand it on."""
        fixed = SMALL | {"population.count": 6, "policy.mix": {"fixed": 1.0}, "settlement.horizon": 1}
        plain = Ensemble(load("commons", fixed), [0, 1])
        named = Ensemble(load("commons", fixed | {"reciprocity.kind": "requests"}), [0, 1])
        for _ in range(4):
            one, other = plain.step(), named.step()
            assert np.array_equal(one.actions, other.actions)
            assert np.array_equal(one.payday.payments, other.payday.payments)
            assert np.array_equal(one.payday.quality, other.payday.quality)
            assert not np.array_equal(one.payday.payoffs, other.payday.payoffs)
            np.testing.assert_allclose(one.payday.payoffs.sum(), other.payday.payoffs.sum(), rtol=0, atol=1 / MICRO)


def same_arrays(one: Any, other: Any, run: int | None = None) -> None:
    """Demand that all arrays of two records are the same: all of them, or those of one run against a run alone."""
    for part in fields(one):
        left, right = getattr(one, part.name), getattr(other, part.name)
        if is_dataclass(left):
            same_arrays(left, right, run)
        elif isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right if run is None else right[[run]], err_msg=part.name)
        else:
            assert left == right, part.name
