"""The round as a whole: the same numbers wherever it is computed, limits that hold, payoffs and books that add up."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.credit import CREDITS
from commonweal.economy.money.ledger import MICRO, Reason, reconcile
from commonweal.economy.round.learn import HALVINGS
from commonweal.economy.round.record import Record
from commonweal.economy.round.set_up import Economy
from commonweal.economy.round.visits import visit
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import predicted_changes
from commonweal.economy.world.world import State
from commonweal.scenarios.schema.scenario import Scenario
from tests.helpers.batches import audit_trail

ROOT = Path(__file__).parents[3]

# Three classes of wine, 8 principals, two values. Everything that moves does: drift, stakes, audits, values, actions.
LIVELY: dict[str, Any] = {
    "precision": "float64",
    "task": {"kind": "wine", "validation": 40, "test": 40, "drift": 0.05},
    "population": {"count": 8, "graph": "ring", "degree": 2, "endowment": 0.2},
    "actions": {"available": ["abstain", "delegate", "free_ride", "defect"], "free_ride": "junk"},
    "policy": {"revision": 0.3, "mutation": 0.1},
    "learning": {"hidden": [8], "samples": 4, "batch": 30},
    "values": {
        "dimensions": [
            {"sense": "protect", "label": 0, "limit": 1.0, "spread": 0.3},
            {"sense": "withhold", "label": 2, "limit": 0.5, "spread": 0.2},
        ],
        "influence": "friedkin_johnsen",
        "experience": 0.1,
    },
    "screening": {"mode": "project"},
    "settlement": {"reserve": 0.1, "floor": 0.2, "horizon": 5},
    "market": {"model_value": 0.003},
    "stakes": {"stake": 0.05, "audit": 0.3, "slash": 0.4},
}


def scenario(**sections: Any) -> Scenario:
    """The lively scenario with sections changed: a table is merged into its section, anything else replaces it."""
    merged = dict(LIVELY)
    for name, change in sections.items():
        merged[name] = {**merged.get(name, {}), **change} if isinstance(change, dict) else change
    return Scenario.model_validate(merged)


def played(economy: Ensemble, rounds: int) -> list[tuple[Economy, Record, Economy]]:
    """Rounds with how all stood before and after."""
    story = []
    for _ in range(rounds):
        before = economy.snapshot
        record = economy.step()
        story.append((before, record, economy.snapshot))
    return story


def acted(economy: Ensemble, *actions: list[Action]) -> tuple[Economy, Record, Economy]:
    """One round in which the principals of every run do as told."""
    before = economy.snapshot
    chosen = np.array([[int(a) for a in run] for run in actions])
    record = economy.act(chosen)
    return before, record, economy.snapshot


def story_of(chosen: list[Scenario], seeds: list[int], rounds: int) -> list[dict[str, Any]]:
    """What happened to every run, as plain numbers."""
    economy = Ensemble(chosen, seeds)
    told = played(economy, rounds)
    return [
        {
            "actions": [record.actions[run].tolist() for _, record, _ in told],
            "balances": [after.state.ledger.balances[run].tolist() for _, _, after in told],
            "credit": [record.lesson.credit[run].tolist() for _, record, _ in told],
            "levels": [record.lesson.levels[run].tolist() for _, record, _ in told],
            "payoffs": [record.payday.payoffs[run].tolist() for _, record, _ in told],
            "limits": [after.people.limits[run].tolist() for _, _, after in told],
            "weights": [p[run].tolist() for p in economy.state.parameters],
        }
        for run in range(len(seeds))
    ]


def assert_same(one: Any, other: Any, what: str = "") -> None:
    """Equal to rounding: padding changes the order in which batches are summed."""
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12, err_msg=what)


def assert_same_story(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Decisions and money to the last unit, other numbers to rounding."""
    assert one["actions"] == other["actions"]
    assert one["balances"] == other["balances"]
    for name in ("credit", "levels", "payoffs", "limits"):
        assert_same(one[name], other[name], name)
    for mine, theirs in zip(one["weights"], other["weights"], strict=True):
        assert_same(mine, theirs)


@pytest.mark.parametrize("sampling", ["each", "pool"])
class TestSameNumbersEverywhere:
    ROUNDS = 50

    def test_a_run_plays_alone_as_it_plays_in_an_ensemble(self, sampling: str) -> None:
        chosen = scenario(learning={"sampling": sampling})
        together = story_of([chosen] * 3, [5, 6, 7], self.ROUNDS)
        for run, seed in enumerate([5, 6, 7]):
            assert_same_story(story_of([chosen], [seed], self.ROUNDS)[0], together[run])

    def test_a_run_does_not_notice_the_other_scenarios_of_its_ensemble(self, sampling: str) -> None:
        chosen = [
            scenario(learning={"sampling": sampling, "rate": 0.3}, stakes={"stake": 0.0}),
            scenario(learning={"sampling": sampling, "rate": 0.6}, screening={"safeguard": 0.0}),
        ]
        together = story_of(chosen, [5, 5], self.ROUNDS)
        for run in range(2):
            assert_same_story(story_of([chosen[run]], [5], self.ROUNDS)[0], together[run])

    def test_the_same_seed_repeats_and_another_seed_differs(self, sampling: str) -> None:
        chosen = scenario(learning={"sampling": sampling})
        one, again, other = (story_of([chosen], [seed], 10)[0] for seed in (5, 5, 6))
        assert one == again
        for name in ("actions", "balances", "credit", "levels", "limits", "weights"):
            assert one[name] != other[name], name

    def test_everything_that_can_move_did(self, sampling: str) -> None:
        told = played(Ensemble(scenario(learning={"sampling": sampling}), [5]), self.ROUNDS)
        assert set(np.unique([record.actions for _, record, _ in told])) == {0, 1, 2, 3}
        assert any(record.lesson.screened.multipliers.any() for _, record, _ in told)
        assert any(record.lesson.gated.any() for _, record, _ in told)
        assert any(record.payday.net(Reason.SLASH).any() for _, record, _ in told)
        assert any((record.lesson.factor < 1).any() for _, record, _ in told)
        assert not np.array_equal(told[0][0].people.limits, told[-1][2].people.limits)


def tell(*texts: str) -> None:
    """Play scenarios in this process and print their stories: what another process is asked to do."""
    chosen = [Scenario.model_validate_json(text) for text in texts]
    told = [story_of([each], [5], TestSameNumbersEverywhere.ROUNDS)[0] for each in chosen]
    sys.stdout.write(json.dumps(told))


@pytest.mark.slow
def test_another_process_computes_the_same() -> None:
    chosen = [scenario(learning={"sampling": sampling}) for sampling in ("each", "pool")]
    code = "import sys, test_round; test_round.tell(*sys.argv[1:])"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}", "PYTHONHASHSEED": "1"}
    there = subprocess.run(
        [sys.executable, "-c", code, *(each.model_dump_json() for each in chosen)],
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    )
    for each, told in zip(chosen, json.loads(there.stdout), strict=True):
        assert_same_story(told, story_of([each], [5], TestSameNumbersEverywhere.ROUNDS)[0])


def test_playing_a_round_leaves_the_state_before_it_as_it_was() -> None:
    economy = Ensemble(scenario(), [5])
    economy.run(3)
    state, people = economy.state, economy.people
    arrays = {
        "balances": state.ledger.balances,
        "limits": people.limits,
        "action": people.action,
        "payoff": people.payoff,
        "rival": state.rival,
        **{f"layer {i}": p.numpy() for i, p in enumerate(state.parameters)},
    }
    copies = {name: array.copy() for name, array in arrays.items()}
    economy.step()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, copies[name], err_msg=name)


SCREENED = [(mode, scope) for mode in ("reject", "scale", "project") for scope in ("own", "all", "quorum", "aggregate")]


class TestForesight:
    @pytest.mark.parametrize(("mode", "scope"), SCREENED)
    def test_a_small_step_changes_every_probe_as_predicted(self, mode: str, scope: str) -> None:
        worst = []
        for rate in (1e-3, 1e-4):
            chosen = scenario(
                task={"drift": 0.0},
                learning={"rate": rate, "activation": "tanh"},
                screening={"mode": mode, "scope": scope, "budget": "step", "step_tolerance": 0.3 * rate, "gate": False},
            )
            economy = Ensemble(chosen, [5, 6])
            _, record, _ = acted(economy, *[[Action.DELEGATE] * 6 + [Action.DEFECT] * 2] * 2)
            predicted = predicted_changes(record.taught, economy.world)
            true = record.lesson.levels - record.lesson.exam.levels
            worst.append(np.abs(predicted - true).max())
            assert np.abs(true).max() > 0.01 * rate  # something did change
        assert worst[1] <= worst[0] / 50  # the error is of the second order

    def test_the_quality_that_customers_pay_for_is_the_accuracy_on_the_test_set(self) -> None:
        economy = Ensemble(scenario(task={"drift": 0.0}), [5, 6])
        _, record, after = acted(economy, *[[Action.DELEGATE] * 8] * 2)
        world, test = economy.world, economy.world.holdings.test
        scores = world.network.logits(after.state.parameters, world.features.gather(test)).argmax(-1).numpy()
        right = scores == np.take_along_axis(np.broadcast_to(world.truth, (2, world.truth.shape[1])), test, axis=1)
        np.testing.assert_allclose(record.payday.quality, right.mean(axis=1), rtol=1e-12)


class TestSafeguard:
    """Steps are large and the withheld class is learnt fast: without halving, limits are overrun."""

    SHARE = 0.02

    def _told(self, mode: str, scope: str, safeguard: float, rate: float = 2.0) -> list[tuple[State, Record, State]]:
        chosen = scenario(
            task={"drift": 0.0},
            actions={"available": ["delegate", "free_ride", "defect"], "free_ride": "idle"},
            learning={"rate": rate},
            values={
                "dimensions": [
                    {"sense": "protect", "label": 0, "limit": 3.0, "spread": 0.3},
                    {"sense": "withhold", "label": 2, "limit": 0.2, "spread": 0.1},
                ],
                "influence": "none",
                "experience": 0.0,
            },
            screening={"mode": mode, "scope": scope, "safeguard": safeguard, "gate": False},
        )
        return played(Ensemble(chosen, [0, 1, 3]), 40)

    def _overshoots(self, record: Record, after: Economy) -> tuple[Floats, Floats]:
        """(R, K) by which the tightest limits are broken after the round, and those limits."""
        limits = np.stack([after.people.limits[..., 0].min(axis=1), after.people.limits[..., 1].max(axis=1)], 1)
        return np.maximum((limits - record.lesson.levels) * np.array([-1.0, 1.0]), 0.0), limits

    @pytest.mark.parametrize("mode", ["reject", "scale", "project"])
    @pytest.mark.parametrize("scope", ["all", "aggregate"])
    def test_no_probe_overshoots_its_limit_by_more_than_the_stated_share(self, mode: str, scope: str) -> None:
        told = self._told(mode, scope, self.SHARE)
        assert (told[0][1].lesson.room >= 0).all()  # no limit was broken from the start
        for _, record, after in told:
            overshoot, limits = self._overshoots(record, after)
            assert (overshoot <= self.SHARE * limits + 1e-12).all()

    def test_a_wide_safeguard_lets_probes_overshoot_further(self) -> None:
        stories = [self._told("project", "all", safeguard) for safeguard in (0.0, 1.0)]
        worst = [max(self._overshoots(record, after)[0].max() for _, record, after in told) for told in stories]
        assert worst[0] <= 1e-12
        assert worst[1] > self.SHARE

    def test_a_step_is_halved_a_few_times_and_then_left(self) -> None:
        told = self._told("project", "aggregate", safeguard=0.0, rate=50.0)
        allowed = {0.0} | {0.5**n for n in range(HALVINGS)}
        factors = {float(f) for _, record, _ in told for f in record.lesson.factor}
        assert factors <= allowed
        assert 0.0 in factors
        assert any(0 < factor < 1 for factor in factors)
        for before, record, after in told:
            for run in np.flatnonzero(record.lesson.factor == 0):
                layers = zip(after.state.parameters, before.state.parameters, strict=True)
                assert all(torch.equal(new[run], old[run]) for new, old in layers)


class TestGate:
    ACTIONS = ([Action.DELEGATE] * 5 + [Action.DEFECT] * 3,) * 2

    def _story(self, gate: bool, mode: str = "project") -> tuple[Ensemble, list[tuple[State, Record, State]]]:
        economy = Ensemble(scenario(task={"drift": 0.0}, screening={"mode": mode, "gate": gate}), [5, 6])
        return economy, [acted(economy, *self.ACTIONS) for _ in range(15)]

    @pytest.mark.parametrize("mode", ["off", "project"])
    def test_gated_updates_move_nothing_and_are_booked_at_the_harm_they_would_have_done(self, mode: str) -> None:
        economy, told = self._story(gate=True, mode=mode)
        assert sum(int(record.lesson.gated.sum()) for _, record, _ in told) > 10
        for before, record, _ in told:
            lesson = record.lesson
            passage = visit(lesson.batch, before.state.parameters, economy.world)
            slopes = passage.products(tuple(v[:, :1] for v in lesson.exam.directions))[..., 0].numpy()
            np.testing.assert_array_equal(lesson.gated, lesson.active & (slopes < 0))
            would = lesson.appraisal.marginal(passage, np.ones(slopes.shape))
            np.testing.assert_allclose(lesson.credit[lesson.gated], np.minimum(would, 0)[lesson.gated], rtol=1e-9)
        charged = np.concatenate([record.lesson.credit[record.lesson.gated] for _, record, _ in told])
        assert (charged <= 0).all() and (charged < 0).mean() > 0.5
        for before, record, after in told:
            passage = visit(record.lesson.batch, before.state.parameters, economy.world)
            self._assert_step_without(before, record, after, passage.updates())

    def _assert_step_without(self, before: Economy, record: Record, after: Economy, updates: Any) -> None:
        """The parameters are where the other principals' admissible updates, written out, take them."""
        lesson = record.lesson
        keeps = torch.as_tensor(lesson.screened.weights * ~lesson.gated)
        takes = torch.as_tensor(lesson.screened.multipliers * ~lesson.gated[..., None])
        rate = torch.as_tensor(0.5 * lesson.factor)
        moves = zip(before.state.parameters, after.state.parameters, updates, lesson.exam.probes, strict=True)
        for old, new, update, probe in moves:
            step = torch.einsum("rn,rnoi->roi", keeps, update) - torch.einsum("rnk,rkoi->roi", takes, probe)
            torch.testing.assert_close(new, old - rate[:, None, None] * step, rtol=1e-9, atol=1e-12)

    def test_without_the_gate_harmful_updates_count_like_all_others(self) -> None:
        _, told = self._story(gate=False, mode="off")
        assert not any(record.lesson.gated.any() for _, record, _ in told)
        assert any((record.lesson.credit < 0).any() for _, record, _ in told)
        assert all((record.lesson.screened.weights == 1).all() for _, record, _ in told)


class TestNobodyContributes:
    """The batch is empty whoever does what, so that each rule is tried once, and each other choice with one rule."""

    @pytest.mark.parametrize(
        ("rule", "network", "action", "sampling"),
        [
            *((rule, "mlp", Action.FREE_RIDE, "each") for rule in CREDITS),
            ("first_order", "mlp", Action.ABSTAIN, "pool"),
            ("first_order", "conv", Action.FREE_RIDE, "pool"),
            ("shapley", "conv", Action.ABSTAIN, "each"),
            ("neighbours", "conv", Action.FREE_RIDE, "pool"),
        ],
    )
    def test_the_round_still_plays_and_nothing_is_learned(
        self, rule: str, network: str, action: Action, sampling: str
    ) -> None:
        chosen = scenario(
            task={"kind": "digits" if network == "conv" else "wine", "drift": 0.0},
            actions={"free_ride": "idle"},
            learning={"sampling": sampling, "network": network, "hidden": [4]},
            credit={"kind": rule},
        )
        before, record, after = acted(Ensemble(chosen, [5]), [action] * 8)
        assert not record.lesson.credit.any()
        assert record.lesson.factor.tolist() == [1.0]
        np.testing.assert_array_equal(record.lesson.screened.shadow_prices, 0)
        assert all(torch.equal(a, b) for a, b in zip(after.state.parameters, before.state.parameters, strict=True))
        assert audit_trail(record.lesson.batch, 0) == []
        assert after.state.round == 1

    @pytest.mark.parametrize("sampling", ["each", "pool"])
    def test_one_idle_run_does_not_disturb_the_others(self, sampling: str) -> None:
        chosen = scenario(actions={"free_ride": "idle"}, learning={"sampling": sampling}, task={"drift": 0.0})
        idle, busy = [Action.FREE_RIDE] * 8, [Action.DELEGATE] * 8
        before, together, after = acted(Ensemble(chosen, [5, 6]), idle, busy)
        _, alone, _ = acted(Ensemble(chosen, [6]), busy)
        assert_same(together.lesson.credit[1], alone.lesson.credit[0])
        assert not together.lesson.credit[0].any()
        pairs = zip(after.state.parameters, before.state.parameters, strict=True)
        assert all(torch.equal(now[0], then[0]) for now, then in pairs)


class TestAuditTrail:
    @pytest.mark.parametrize("sampling", ["each", "pool"])
    def test_the_trail_names_everybody_whose_samples_moved_the_step(self, sampling: str) -> None:
        for _, record, _ in played(Ensemble(scenario(learning={"sampling": sampling}), [5, 6]), 20):
            for run in range(2):
                trail = audit_trail(record.lesson.batch, run)
                put = record.lesson.put.total[run]
                assert dict(trail) == {i: int(n) for i, n in enumerate(put) if n}
                assert set(np.flatnonzero(record.lesson.credit[run])) <= {principal for principal, _ in trail}


class TestMoney:
    def test_payoffs_are_money_and_utilities_recomputed_by_hand(self) -> None:
        chosen = scenario(population={"outside_option": 0.004}, actions={"defect_gain": 0.002})
        economy = Ensemble(chosen, [5, 6])
        slashed = 0
        for before, record, after in played(economy, 40):
            held = after.state.ledger.owned - before.state.ledger.owned
            np.testing.assert_array_equal(held, record.payday.payments - -record.payday.net(Reason.SLASH))
            for run, i in np.ndindex(record.actions.shape):
                action, expected = record.actions[run, i], held[run, i] / MICRO
                if action == Action.ABSTAIN:
                    expected += 0.004
                else:
                    expected += 0.003 * record.payday.quality[run]
                if action == Action.DEFECT:
                    expected += 0.002
                if action == Action.DELEGATE:
                    expected -= before.people.cost[run, i] * 4  # learning.samples
                assert record.payday.payoffs[run, i] == pytest.approx(expected, abs=1e-12)
            slashed += int(-record.payday.net(Reason.SLASH).sum())
        assert slashed > 0

    def test_only_delegated_samples_cost(self) -> None:
        economy = Ensemble(scenario(), [5])
        _, record, _ = acted(economy, [Action.DELEGATE, Action.FREE_RIDE, Action.DEFECT, Action.ABSTAIN] * 2)
        assert record.lesson.put.total.tolist() == [[4, 4, 4, 0] * 2]  # junk and poison are put in, too
        assert record.lesson.put.delegated.tolist() == [[4, 0, 0, 0] * 2]

    @pytest.mark.parametrize("sampling", ["each", "pool"])
    def test_after_100_rounds_the_books_are_right(self, sampling: str) -> None:
        economy = Ensemble(scenario(learning={"sampling": sampling}), [5, 6], keep_ledger=True)
        results = economy.run(100)
        balances = economy.state.ledger.balances
        assert results.ledger is not None
        assert results.balances is not None
        np.testing.assert_array_equal(balances.sum(axis=1), 0)
        assert not reconcile(results.ledger, balances).any()
        assert (balances[:, :-1] >= 0).all()  # only the market owes
        np.testing.assert_array_equal(results.balances["balance"].to_numpy().reshape(balances.shape), balances)
        sums = results.ledger.groupby(["run", "reason"])["amount"].sum().unstack()
        assert (sums[["endowment", "revenue", "payment", "stake", "release", "slash"]] > 0).all().all()
        treasury = sums["revenue"] - sums["payment"] + sums["slash"]
        np.testing.assert_array_equal(economy.state.ledger.treasury, treasury)
        np.testing.assert_array_equal(-balances[:, -1], sums["endowment"] + sums["revenue"])

    def test_a_free_contract_moves_no_stakes(self) -> None:
        economy = Ensemble(scenario(stakes={"stake": 0.0}, population={"endowment": 0.0}), [5], keep_ledger=True)
        results = economy.run(10)
        assert results.ledger is not None
        assert set(results.ledger["reason"]) == {"revenue", "payment"}

    def test_defectors_that_leak_feed_the_rival(self) -> None:
        leaking = Ensemble(scenario(actions={"defect": "leak"}), [5])
        poisoning = Ensemble(scenario(actions={"defect": "poison"}), [5])
        defecting = [Action.DELEGATE] * 4 + [Action.DEFECT] * 4
        _, record, after = acted(leaking, defecting)
        # the gap .5 · (half of all leak) · quality is closed; leak = .5
        assert after.state.rival[0] == pytest.approx(0.25 * record.payday.quality[0])
        assert acted(poisoning, defecting)[2].state.rival[0] == 0
        leaking.state = replace(leaking.state, rival=np.array([1.0]))
        record = leaking.act(record.actions)
        assert record.payday.revenue.tolist() == [0]  # nobody pays for what a perfect rival gives away
