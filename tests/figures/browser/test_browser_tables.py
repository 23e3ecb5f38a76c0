"""What the browser page tells in words: exact money, true cards, and reasons that claim no more than is known."""

import csv
import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from io import StringIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.graphs import CompleteGraph, SparseGraph
from commonweal.agents.policies import POLICIES, Observation, PolicyTerms, decide
from commonweal.agents.policies.laws import policy_law
from commonweal.agents.population import ConditionalKind, Population
from commonweal.agents.streams import Streams
from commonweal.agents.terms import stack
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.documents.ledger import ledger_document
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.notes.reasons import _WEIGHS, reason
from commonweal.figures.browser.notes.tables import (
    Table,
    conservation,
    ledger_csv,
    level_after,
    money,
    principal_card,
)
from commonweal.scenarios.schema.loading import load

SMALL = {"task.kind": "synthetic", "task.samples": 900, "task.features": 6, "learning.hidden": [4],
         "population.count": 12, "population.endowment": 1.0, "stakes.stake": 0.1, "stakes.audit": 0.5}
MIXED = {"policy.mix": {"imitation": 0.25, "best_response": 0.25, "learning": 0.25, "conditional": 0.25},
         "policy.revision": 0.7, "policy.mutation": 0.1}
VALUES = {"values.dimensions": [{"sense": "protect", "label": 0, "limit": 1.0, "spread": 0.5},
                                {"sense": "withhold", "label": 1, "limit": 0.5, "spread": 0.3}]}


@cache
def noted(rounds: int, fields: str) -> tuple[Chronicle, Ensemble]:
    """A small run with some fields, as JSON, changed, and where it stands."""
    ensemble = Ensemble(load("leaky", SMALL | json.loads(fields)), [5])
    chronicle = Chronicle(ensemble.world)
    chronicle.begin(ensemble.state, ensemble.people, ensemble.opening)
    for _ in range(rounds):
        before = ensemble.state
        chronicle.note(ensemble.step(), before, ensemble.state, ensemble.people)
    return chronicle, ensemble


def played(rounds: int = 6, **fields: Any) -> Chronicle:
    return noted(rounds, json.dumps(fields))[0]


def following(policy: str, mutation: float) -> Chronicle:
    fields: dict[str, Any] = {"policy.mix": {policy: 1.0}, "policy.mutation": mutation}
    return played(**fields)


def card(chronicle: Chronicle, index: int, round: int | None = None) -> dict[str, str]:
    return {row[0]: row[1] for row in principal_card(chronicle, index, round).rows}


# Money.


@given(st.integers(-10**18, 10**18))
def test_money_is_written_exactly(micro: int) -> None:
    assert Decimal(money(micro)) * MICRO == micro
    assert len(money(micro).partition(".")[2]) == 6


def test_the_csv_holds_every_transfer_and_adds_up_to_the_balances() -> None:
    chronicle = played()
    rows = list(csv.DictReader(StringIO(ledger_csv(chronicle))))
    assert list(rows[0]) == ["round", "source", "target", "amount", "reason"]
    assert len(rows) == len(chronicle.transfers()["round"])
    assert {row["reason"] for row in rows} >= {"endowment", "revenue", "payment", "stake"}
    balances: dict[str, Decimal] = {}
    for row in rows:
        balances[row["source"]] = balances.get(row["source"], Decimal(0)) - Decimal(row["amount"])
        balances[row["target"]] = balances.get(row["target"], Decimal(0)) + Decimal(row["amount"])
    told = {name: (balance, stake) for name, balance, stake in ledger_document(chronicle)["accounts"]["rows"]}
    for i in range(12):
        balance, stake = told[f"principal {i}"]
        assert Decimal(balance) == balances[f"principal {i}"]
        assert Decimal(stake) == balances.get(f"escrow {i}", 0)
    assert Decimal(told["market"][0]) == balances["market"] < 0


def test_a_csv_before_the_first_transfer_is_a_header() -> None:
    assert ledger_csv(played(0, **{"population.endowment": 0.0, "stakes.stake": 0.0})).splitlines() == [
        "round,source,target,amount,reason"]


@pytest.mark.parametrize("round", [0, 1, 6])
def test_conservation_is_shown_for_every_round(round: int) -> None:
    told = conservation(played(), round)
    assert "26 accounts add up to 0.000000 money." in told
    assert "explain every balance exactly" in told


def test_money_from_nothing_is_noticed() -> None:
    chronicle = played()
    forged = replace(chronicle.newest, balances=chronicle.newest.balances + np.eye(26, dtype=np.int64)[3])
    told = conservation(Chronicle(chronicle.world, chronicle.rows, deque([forged]), chronicle.books))
    assert "0.000001 money, which must be 0: money was created or lost" in told
    assert "do not explain the balances" in told


def test_books_of_which_the_beginning_is_gone_are_not_held_against_the_balances() -> None:
    chronicle = played()
    late = deque(list(chronicle.books)[2:])
    assert "explain" not in conservation(Chronicle(chronicle.world, chronicle.rows, chronicle.sights, late))


# The card of a principal.


def test_a_card_tells_the_samples_by_class_and_the_wrong_labels_among_them() -> None:
    chronicle = played(1, **{"task.noisy_share": 0.5, "task.label_noise": 0.4})
    holdings, world = chronicle.world.holdings, chronicle.world
    wrong = []
    for i in range(12):
        told = card(chronicle, i)
        by_class = dict(pair.split(": ") for pair in told["by class"].split(", "))
        assert sum(map(int, by_class.values())) == int(told["samples held"]) == holdings.count[0, i]
        wrong.append(int(told["wrong labels among them"].replace("none", "0").split()[0]))
    training = holdings.held[0]
    assert sum(wrong) == (holdings.labels[0, training] != world.truth[0, training]).sum() > 0
    assert sum(number == 0 for number in wrong) == 6


def test_a_card_tells_balance_stake_and_what_was_paid_lately() -> None:
    chronicle = played()
    sight = chronicle.newest
    told = card(chronicle, 3)
    assert float(told["balance, money"]) + float(told["stake in escrow, money"]) == pytest.approx(sight.wealth[3])
    assert float(told["stake in escrow, money"]) == pytest.approx(sight.balances[12 + 3] / MICRO)
    payments = [float(paid) for paid in told["last payments, money, oldest first"].split(", ")]
    assert payments == pytest.approx([each.payments[3] for each in list(chronicle.sights)[-5:]], abs=1e-5)
    assert told["cost of delegating, money per sample"] == figure(sight.cost[3])
    assert len(told["last actions, oldest first"].split(", ")) == 5


def test_a_card_of_an_earlier_round_knows_nothing_of_later_ones() -> None:
    assert len(card(played(), 3, 2)["last actions, oldest first"].split(", ")) == 2
    assert card(played(), 3, 0)["last payments, money, oldest first"] == "none yet"


def test_a_card_tells_every_limit_and_which_is_broken() -> None:
    chronicle = played(4, **VALUES)
    level = [level_after(chronicle, 4, k) for k in (0, 1)]
    for i in range(12):
        told = card(chronicle, i)
        limits = chronicle.newest.limits[i]
        assert ("broken" in told["protects class 0: loss at most, nat"]) == (level[0] > limits[0])
        assert ("broken" in told["withholds class 1: loss at least, bounded by 1"]) == (level[1] < limits[1])


def test_a_table_is_headers_and_rows_of_as_many_texts() -> None:
    table = principal_card(played(), 0)
    assert isinstance(table, Table)
    assert {len(row) for row in table.rows} == {len(table.headers)}


# Reasons.


def decisions(chronicle: Chronicle, ensemble: Ensemble, name: str, runs: int) -> tuple[Any, ...]:
    """Observation, terms and stream of many runs that stand where the ensemble's only one stands."""
    population = ensemble.people
    tiled = Population(**{field: np.repeat(values, runs, axis=0) for field, values in vars(population).items()})
    scenario = ensemble.scenarios[0]
    terms = stack(PolicyTerms, [scenario.policy.model_copy(update={"mix": {name: 1.0}})] * runs)
    graph: CompleteGraph | SparseGraph = CompleteGraph(runs, 12)
    if isinstance(ensemble.world.graph, SparseGraph):
        edges = np.array(list(ensemble.world.graph.networkx(0).edges))
        graph = SparseGraph.from_edges([edges] * runs, 12)
    available = chronicle.world.terms.available
    observation = Observation(tiled, graph, available, np.zeros(runs), np.zeros(runs), ensemble.state.round)
    return observation, terms, Streams.from_seeds(range(runs)).choice


@pytest.mark.parametrize("name", sorted(_WEIGHS))
@pytest.mark.parametrize("reach", ["population", "neighbours"])
def test_a_reason_gives_each_action_the_probability_with_which_the_policy_proposes_it(name: str, reach: str) -> None:
    fields = {**MIXED, "policy.imitation.reach": reach, "policy.imitation.intensity": 300.0,
              "population.graph": "ring", "policy.learning.exploration": 0.3, "policy.best_response.inertia": 0.2}
    chronicle, ensemble = noted(4, json.dumps(fields))
    runs = 2000
    proposed = POLICIES[name](*decisions(chronicle, ensemble, name, runs))
    for i in range(12):
        claimed = policy_law(name, chronicle.newest.observed, chronicle.world.terms.policy)[0, i]
        assert claimed.sum() == pytest.approx(1.0)
        found = np.bincount(proposed[:, i], minlength=4) / runs
        spread = np.sqrt(claimed * (1 - claimed) / runs)
        assert (np.abs(found - claimed) <= 5 * spread + 1e-9).all(), (i, found, claimed)


def test_the_likelihood_told_is_that_of_deciding_with_revision_and_mutation() -> None:
    chronicle, ensemble = noted(4, json.dumps(MIXED))
    world, last = chronicle.world, chronicle.newest
    runs, imitators = 4000, np.flatnonzero(last.policy == world.terms.policy.names.index("imitation"))
    observation, terms, stream = decisions(chronicle, ensemble, "imitation", runs)
    chosen = decide(observation, terms, stream)
    for i in imitators:
        for action in world.terms.available:
            after = replace(last, round=5, actions=np.where(np.arange(12) == i, action, last.actions))
            told = reason(Chronicle(world, sights=deque([last, after])), int(i))
            likely = float(told.split("made this action ")[1].split("%")[0]) / 100
            assert likely == pytest.approx((chosen[:, i] == action).mean(), abs=0.03)


def forced(chronicle: Chronicle, index: int, action: Action) -> str:
    """The reason told where a principal did ``action`` in the newest round."""
    before, after = list(chronicle.sights)[-2:]
    actions = np.where(np.arange(12) == index, action, after.actions)
    sights = deque([before, replace(after, actions=actions)])
    return reason(Chronicle(chronicle.world, sights=sights), index)


def test_before_and_in_the_first_round_nothing_was_decided() -> None:
    assert reason(played(), 0, 0).startswith("Nothing has been played yet: it starts with")
    assert "because it started so" in reason(played(), 0, 1)


def test_what_is_no_longer_kept_is_not_explained() -> None:
    chronicle = played()
    kept = deque(list(chronicle.sights)[-1:])
    assert reason(Chronicle(chronicle.world, sights=kept), 0).endswith("what it saw before is no longer kept.")


def test_a_change_that_the_policy_rules_out_is_a_random_draw() -> None:
    chronicle = following("fixed", 0.1)
    was = Action(int(list(chronicle.sights)[-2].actions[0]))
    other = Action.DEFECT if was != Action.DEFECT else Action.DELEGATE
    assert forced(chronicle, 0, other).endswith("Only a random draw explains it.")
    assert "likelihood" not in forced(chronicle, 0, was)


def test_a_change_with_two_explanations_leaves_open_which_it_was() -> None:
    chronicle = following("learning", 0.1)
    was = Action(int(list(chronicle.sights)[-2].actions[0]))
    other = Action.DEFECT if was != Action.DEFECT else Action.DELEGATE
    assert "Which of the two it was is not recorded" in forced(chronicle, 0, other)


def test_what_neither_policy_nor_mutation_does_is_something_else() -> None:
    chronicle = following("fixed", 0.0)
    was = Action(int(list(chronicle.sights)[-2].actions[0]))
    other = Action.DEFECT if was != Action.DEFECT else Action.DELEGATE
    assert "something else made it act" in forced(chronicle, 0, other)


def test_a_registered_policy_is_not_second_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(POLICIES, "_plugs", {**POLICIES._plugs, "own_rule": POLICIES["fixed"]})
    told = reason(played(2, **{"policy.mix": {"own_rule": 1.0}}), 0)
    assert "Its policy is own rule, registered by a user" in told and "likely" not in told


WEIGHED: dict[str, Callable[[str], bool]] = {
    "imitation": lambda told: "it remembers" in told and "a mean among the others" in told,
    "best_response": lambda told: "the round before would have paid it" in told,
    "learning": lambda told: "the learned values of its actions" in told,
    "conditional": lambda told: "of its neighbours delegated" in told,
    "fixed": lambda told: "it does what it did" in told,
    "wait_and_see": lambda told: "it has joined, and does what it did" in told,
}


@pytest.mark.parametrize("name", sorted(WEIGHED))
def test_a_reason_tells_what_the_policy_weighs(name: str) -> None:
    chronicle = played(3, **{"policy.mix": {name: 1.0}})
    assert all(WEIGHED[name](reason(chronicle, i)) for i in range(12))


def test_an_imitator_who_knows_nobody_has_nobody_to_imitate() -> None:
    chronicle = played(3, **{"policy.imitation.reach": "neighbours"})
    alone = SparseGraph.from_edges([np.array([[0, 1]])], 12)
    world = replace(chronicle.world, graph=alone)
    assert _WEIGHS["imitation"](chronicle.newest, 5, world) == "it knows nobody that it could imitate."
    assert "it remembers" in _WEIGHS["imitation"](chronicle.newest, 1, world)


def test_who_waits_and_sees_tells_what_joining_would_have_paid() -> None:
    chronicle = played(3, **{"policy.mix": {"wait_and_see": 1.0}})
    waiting = replace(
        chronicle.newest, actions=np.full(12, Action.ABSTAIN), foregone=np.tile([0.3, 0.4, np.nan, np.nan], (12, 1))
    )
    words = _WEIGHS["wait_and_see"](waiting, 0, chronicle.world)
    assert words == "it has not joined; the round before would have paid it 0.4 for delegating, 0.3 for abstaining."


def test_every_kind_of_conditional_cooperator_has_words() -> None:
    chronicle = played(3, **{"policy.mix": {"conditional": 1.0}})
    words = {_WEIGHS["conditional"](replace(chronicle.newest, kind=np.full(12, kind)), 0, chronicle.world)
             for kind in ConditionalKind}
    assert len(words) == len(ConditionalKind)
