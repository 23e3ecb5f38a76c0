"""One run in Mesa: the same economy as an ensemble's, with principals that are agents."""

import gc
import pickle
import weakref
from collections.abc import Mapping
from inspect import signature
from typing import Any

import mesa
import numpy as np
import pandas as pd
import pytest
from mesa.datacollection import DataCollector

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.agents.principal import Principal, View
from commonweal.economy.money.ledger import reconcile
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise

ROUNDS = 12
ALLOWED = "must be Action.DELEGATE or Action.FREE_RIDE or Action.DEFECT"
SMALL = {"task.kind": "wine", "task.validation": 40, "task.test": 40, "population.count": 8}
SCENARIO = revise(load("commons"), {"rounds": ROUNDS, "precision": "float64", **SMALL})
STAKED = revise(SCENARIO, {"population.endowment": 1.0, "stakes.stake": 0.1, "stakes.audit": 0.3})


class Delegator(Principal):
    """Delegates whatever its policy says."""

    def choose(self, view: View) -> Action:
        return Action.DELEGATE


class Abstainer(Principal):
    """Wants what the commons does not offer."""

    def choose(self, view: View) -> Action:
        return Action.ABSTAIN


class Witness(Principal):
    """Remembers what it saw, and follows its policy."""

    def __init__(self, model: mesa.Model, index: int) -> None:
        super().__init__(model, index)
        self.views: list[View] = []

    def choose(self, view: View) -> Action:
        self.views.append(view)
        return view.proposal


def played(
    principals: Mapping[int, type[Principal]] | type[Principal] = Principal, scenario: Any = SCENARIO
) -> Cooperative:
    model = Cooperative(scenario, rng=7, principals=principals)
    model.play()
    return model


@pytest.mark.parametrize("scenario", [SCENARIO, STAKED], ids=["commons", "staked"])
def test_a_run_in_mesa_is_the_same_as_in_an_ensemble(scenario: Any) -> None:
    alone = Cooperative(scenario, rng=7).play()
    together = Ensemble(scenario, [3, 7], keep_ledger=True).run()
    for name in ("rounds", "principals", "ledger", "balances"):
        theirs = getattr(together, name)
        theirs = theirs[theirs["run"] == 1].assign(run=0).reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(alone, name), theirs, check_exact=False, rtol=1e-9, atol=1e-9)


def test_a_principal_that_follows_its_proposal_changes_nothing() -> None:
    ours, theirs = played(Witness), played()
    np.testing.assert_array_equal(ours.people.action, theirs.people.action)
    np.testing.assert_array_equal(ours.state.ledger.balances, theirs.state.ledger.balances)


def test_a_principal_of_its_own_class_chooses_for_itself_and_for_nobody_else() -> None:
    starts = {"population.start_delegate": 0.0, "population.start_free_ride": 0.8}
    fixed = {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0}
    principals = played({2: Delegator}, revise(SCENARIO, starts | fixed)).principals
    assert [p.index for p in principals if p.action == Action.DELEGATE] == [2]


def test_an_action_that_is_not_available_is_refused_by_name() -> None:
    model = Cooperative(SCENARIO, rng=7, principals={1: Abstainer})
    with pytest.raises(InputError, match=f"^Abstainer 1 chose Action.ABSTAIN: {ALLOWED}$"):
        model.step()


@pytest.mark.parametrize("answer", [None, "delegate", 9, 0, -1, 1.0, True, np.float64(1)])
def test_what_is_no_action_is_refused_by_the_name_of_who_chose_it(answer: Any) -> None:
    class Odd(Principal):
        def choose(self, view: View) -> Action:
            return answer  # type: ignore[no-any-return]

    with pytest.raises(InputError) as told:
        Cooperative(SCENARIO, rng=7, principals={1: Odd}).step()
    assert str(told.value) == f"Odd 1 chose {answer!r}: {ALLOWED}"


def test_an_action_may_be_chosen_by_its_number() -> None:
    class Numbered(Principal):
        def choose(self, view: View) -> Action:
            return np.int64(Action.DELEGATE)  # type: ignore[return-value]

    pd.testing.assert_frame_equal(played(Numbered).play(3).rounds, played(Delegator).play(3).rounds)


@pytest.mark.parametrize(
    ("principals", "said"),
    [
        ({"0": Delegator}, "principals: there is no principal '0'; they are numbered 0 to 7"),
        ({0: int}, "principals: <class 'int'> is no class of principals"),
        ([Delegator], "is no class of principals: give subclasses of Principal"),
    ],
)
def test_principals_are_classes_by_index(principals: Any, said: str) -> None:
    with pytest.raises(InputError) as told:
        Cooperative(SCENARIO, rng=7, principals=principals)
    assert said in str(told.value)


def test_a_run_needs_a_seed_a_scenario_and_a_number_of_rounds() -> None:
    assert Cooperative(SCENARIO, rng=np.int64(7)).run_seed == 7  # type: ignore[arg-type]
    for seed in (0.5, -1, "7", True):
        with pytest.raises(InputError, match=f"^rng: {seed!r} is no seed: must be a whole number from 0$"):
            Cooperative(SCENARIO, rng=seed)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^'commons' is no scenario: .* like load\('commons'\)$"):
        Cooperative("commons", rng=7)
    for rounds in (-1, 2.5, "2", True):
        with pytest.raises(InputError, match=f"^rounds = {rounds!r}: must be a whole number from 0$"):
            Cooperative(SCENARIO, rng=7).play(rounds)  # type: ignore[arg-type]


def test_nobody_who_does_not_exist_can_be_given_a_class() -> None:
    with pytest.raises(InputError, match="there is no principal 8; they are numbered 0 to 7"):
        Cooperative(SCENARIO, rng=7, principals={8: Delegator})


def test_a_principal_sees_the_round_and_its_own_last_action_and_payoff() -> None:
    model = Cooperative(SCENARIO, rng=7, principals={0: Witness})
    witness = model.principals[0]
    assert isinstance(witness, Witness)
    for number in range(4):
        remembered, last = witness.payoff, witness.action
        model.step()
        view = witness.views[-1]
        assert (view.round, view.payoff, view.action) == (number, remembered, last)


def test_a_run_without_a_seed_is_another_run_each_time_and_names_its_seed() -> None:
    one, other = Cooperative(SCENARIO), Cooperative(SCENARIO)
    frames = one.play().rounds, other.play().rounds
    assert not frames[0].equals(frames[1])
    pd.testing.assert_frame_equal(Cooperative(SCENARIO, rng=one.run_seed).play().rounds, frames[0])


def test_mesa_steps_count_the_rounds_played() -> None:
    model = Cooperative(SCENARIO, rng=7)
    model.step()
    model.play(3)
    counted = model.steps if hasattr(model, "steps") else model.time  # Mesa 4 counts in time alone
    assert counted == model.state.round == 4
    assert [p.index for p in model.agents] == list(range(8))


class EmptyModel(mesa.Model):
    """What every model has."""


class EmptyAgent(mesa.Agent):
    """What every agent has."""


def test_only_what_mesa_is_to_call_has_a_name_that_it_uses() -> None:
    model, empty = Cooperative(SCENARIO, rng=1), EmptyModel(rng=1)
    pairs: list[tuple[object, object]] = [(model, empty), (model.principals[0], EmptyAgent(empty))]
    for ours, mesas in pairs:
        given = {*vars(type(ours)), *vars(ours)} - {*vars(type(mesas)), *vars(mesas), "__init__"}
        assert given & {*dir(mesas)} <= {"step", "deregister_agent"}


def test_mesas_agent_sets_select_principals_by_their_state() -> None:
    model = played({0: Delegator, 1: Delegator})
    delegating = model.agents.select(lambda principal: principal.action == Action.DELEGATE)
    assert len(delegating) == (model.people.action == Action.DELEGATE).sum() >= 2
    assert set(model.agents_by_type) == {Principal, Delegator}
    seen: list[int] = []
    model.agents.do(lambda principal: seen.append(principal.index))
    assert sorted(seen) == list(range(8))


def test_mesas_data_collector_reports_what_the_results_say() -> None:
    model = Cooperative(SCENARIO, rng=7)
    collector = DataCollector(
        model_reporters={"accuracy": lambda m: m.metrics["accuracy"]},
        agent_reporters={"wealth": "wealth", "delegates": lambda p: p.action == Action.DELEGATE},
    )
    for _ in range(ROUNDS):
        model.step()
        collector.collect(model)
    results = Cooperative(SCENARIO, rng=7).play()
    accuracy = collector.get_model_vars_dataframe()["accuracy"]
    np.testing.assert_array_equal(accuracy, results.rounds["accuracy"])
    agents = collector.get_agent_vars_dataframe()
    np.testing.assert_allclose(agents.groupby("Step")["delegates"].mean(), results.rounds["share_delegate"])
    at_the_end = agents["wealth"].xs(ROUNDS, level="Step")
    np.testing.assert_allclose(at_the_end, results.principals["balance"] + results.principals["escrow"])


def test_a_released_model_is_forgotten() -> None:
    model = played()
    gone = weakref.ref(model)
    model.release()
    del model
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("scenario", [SCENARIO, STAKED], ids=["commons", "staked"])
def test_every_balance_is_the_sum_of_the_transfers_of_a_run(scenario: Any) -> None:
    model = Cooperative(scenario, rng=7)
    results = model.play()
    assert results.ledger is not None
    assert (results.ledger["amount"] > 0).any()
    difference = reconcile(results.ledger, model.state.ledger.balances)
    assert not difference.any()
    assert model.state.ledger.balances.sum() == 0


# Mesa's own tools

BATCHES = pytest.mark.skipif(not hasattr(mesa, "batch_run"), reason="Mesa 4 has none")


@BATCHES
def test_mesa_plays_a_batch_of_cooperatives_for_the_rounds_of_their_scenario() -> None:
    parameters: dict[str, Any] = {"scenario": [SCENARIO]}
    seeds: dict[str, Any] = {"rng": [7, 8]}
    if "rng" not in signature(mesa.batch_run).parameters:  # before 3.5
        parameters, seeds = parameters | seeds, {}
    found = mesa.batch_run(Cooperative, parameters, display_progress=False, **seeds)
    expected = Ensemble(SCENARIO, [7, 8]).run().rounds.groupby("run").last()
    assert [row["rng"] for row in found] == [7, 8]
    for name in ("share_delegate", "accuracy", "welfare"):
        np.testing.assert_allclose([row[name] for row in found], expected[name], rtol=1e-9)


def test_every_round_is_collected_once() -> None:
    model = played()
    table = model.datacollector.get_model_vars_dataframe()
    assert len(table) == ROUNDS and not model.running
    assert table["welfare"].iloc[-1] == model.metrics["welfare"]


@BATCHES
def test_a_scenario_that_mesa_took_apart_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match="is no scenario: .* mesa.batch_run takes a list of them"):
        mesa.batch_run(Cooperative, {"scenario": SCENARIO}, display_progress=False)


@pytest.mark.parametrize("changes", [{}, {"learning.network": "conv"}, {"negotiation.kind": "shapley_coop"}])
def test_a_pickled_model_plays_on_as_the_model_itself(changes: Mapping[str, Any]) -> None:
    model = Cooperative(revise(SCENARIO, {"task.kind": "digits", **changes}), rng=7, principals={1: Witness})
    model.play(3)
    again = pickle.loads(pickle.dumps(model))
    model.play(4)
    again.play(4)
    assert again.metrics == pytest.approx(model.metrics, nan_ok=True, abs=0)
    assert again.principals[1].model is again and len(again.principals[1].views) == len(model.principals[1].views) == 7
    assert set(again.agents) == set(again.principals)


def test_a_removed_agent_stays_away_and_is_not_asked() -> None:
    available = {"actions.available": ["abstain", "delegate", "free_ride", "defect"]}
    model = Cooperative(revise(SCENARIO, available), rng=7, principals=Witness)
    model.play(2)
    gone, stays = model.principals[:2]
    gone.remove()
    results = model.play(5)
    assert len(gone.views) == 2 and len(stays.views) == 7
    assert gone.action == Action.ABSTAIN and gone not in model.agents
    assert model.record is not None and model.record.produce.put.total[0, 0] == 0
    assert (results.rounds["share_abstain"] >= 1 / 8).all()


def test_where_nobody_can_stay_away_an_agent_cannot_be_removed() -> None:
    model = played()
    with pytest.raises(InputError, match=r"principal 3 cannot be removed: .* add 'abstain' to actions.available"):
        model.principals[3].remove()
    assert model.principals[3] in model.agents
    model.release()
    assert not model.agents
