"""What came out, in sentences: they name what differs, and claim nothing that their intervals do not hold."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.economy.round.words import ACTIONS
from commonweal.scenarios.runs.outcome import Outcome, called, sentences
from commonweal.scenarios.runs.playing import run
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.words import words_for
from commonweal.scenarios.sweeps.sweep import sweep

KIND, COUNT = "settlement.kind", "population.count"
NOISE = np.array([-0.05, 0.04, -0.01, 0.03, -0.02, 0.05, -0.04, 0.0])  # of 8 seeds
TINY = revise(
    load("commons"),
    {"rounds": 4, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 5},
)


def runs(means: dict[str, float], quality: dict[str, float] | None = None, spread: float = 1.0) -> pd.DataFrame:
    """Eight seeds of each settlement rule, whose seeds differ differently."""
    rows = []
    for place, (kind, mean) in enumerate(means.items()):
        noise = spread * np.roll(NOISE, 3 * place)
        for seed, each in enumerate(noise):
            worth = {} if quality is None else {"accuracy": quality[kind] + each / 2}
            rows.append({KIND: kind, "seed": seed, "share_delegate": mean + each, **worth})
    return pd.DataFrame(rows)


def said(frame: pd.DataFrame, *varied: str, start: float | None = 0.6, market: str = "model") -> str:
    measures = tuple(name for name in ("share_delegate", "accuracy", "welfare") if name in frame)
    words = words_for([market], ["poison"], [ACTIONS])
    return sentences(Outcome(frame, varied or ((KIND,) if KIND in frame else ()), words, measures, start))


def without_numbers(text: str) -> str:
    return re.sub(r"-?\d*\.?\d+ \[[^]]*\]", "#", text)


def test_the_commons_is_told_as_a_person_would() -> None:
    frame = runs({"equal": 0.06, "data": 0.06, "credit": 0.74}, {"equal": 0.15, "data": 0.15, "credit": 0.91})
    assert without_numbers(said(frame)) == (
        "Pay by credit keeps # delegating, accuracy #; "
        "equal pay and pay by samples alike collapse to # delegating, accuracy #."
    )
    assert said(frame).startswith("Pay by credit keeps .74 [.7")


def test_without_the_share_at_the_start_nothing_is_kept_and_nothing_collapses() -> None:
    frame = runs({"equal": 0.06, "credit": 0.74})
    assert without_numbers(said(frame, start=None)) == (
        "Pay by credit ends with # delegating; equal pay ends with # delegating."
    )


def test_all_that_are_alike_are_said_to_be_alike() -> None:
    frame = runs({"equal": 0.5, "data": 0.5, "credit": 0.5})
    assert without_numbers(said(frame)) == "Equal pay, pay by samples and pay by credit alike keep # delegating."


def test_where_seeds_differ_too_much_nothing_is_told_apart() -> None:
    frame = runs({"equal": 0.4, "credit": 0.5}, spread=8)
    assert without_numbers(said(frame)) == "Equal pay and pay by credit cannot be told apart: # delegating."


def test_a_chain_of_neighbours_is_not_cut_where_its_ends_alone_differ() -> None:
    frame = runs({"equal": 0.40, "data": 0.44, "credit": 0.48}, spread=0.9)
    assert without_numbers(said(frame)) == (
        "# by pay by credit, # by pay by samples and # by equal pay are delegating, and not all can be told apart."
    )


def test_a_single_seed_claims_no_difference() -> None:
    frame = runs({"equal": 0.1, "credit": 0.7}).query("seed == 0")
    assert said(frame) == "With one seed from .05 to .75 delegating over 2 points; luck may be all of the difference."


def test_of_several_fields_the_one_that_matters_most_comes_first() -> None:
    frames = [
        runs({"equal": 0.1 + more, "credit": 0.6 + more}, spread=0.8 + more).assign(
            **{COUNT: count, "population.graph": graph}
        )
        for count, more in ((10, 0.0), (40, 0.2))
        for graph in ("ring", "complete")
    ]
    text = without_numbers(said(pd.concat(frames), KIND, COUNT, "population.graph"))
    assert text == (
        "Averaged over the other fields, pay by credit keeps # delegating; equal pay ends with # delegating. "
        "Count 40 has # more delegating than count 10. Graph makes no sure difference."
    )


def test_a_field_that_follows_from_another_is_not_spoken_of() -> None:
    frames = [
        runs({"equal": 0.1, "credit": 0.6}).assign(**{"population.cost_low": low, "population.cost_high": 3 * low})
        for low in (1.0, 2.0)
    ]
    assert "cost_high" not in said(pd.concat(frames), KIND, "population.cost_low", "population.cost_high")


def test_a_sample_of_points_is_told_by_its_ends_which_luck_may_have_made() -> None:
    rng = np.random.default_rng(0)
    rows = [
        {"market.leak": leak, "stakes.audit": audit, "seed": seed, "share_delegate": leak / 2 + 0.01 * seed}
        for leak, audit in rng.random((20, 2))
        for seed in range(3)
    ]
    text = said(pd.DataFrame(rows), "market.leak", "stakes.audit")
    assert without_numbers(text).startswith("From # to # delegating over 20 points, the most with leak 0.9")
    assert text.endswith("the ends of so many are in part luck.")


def test_words_follow_the_market() -> None:
    frame = pd.DataFrame(
        {"seed": range(8), "share_delegate": 0.27 + NOISE, "share_free_ride": 0.73 - NOISE, "share_defect": 0.0}
    ).assign(accuracy=lambda table: table["share_delegate"], welfare=60 + 100 * NOISE, price_of_anarchy=3.4 + NOISE)
    text = said(frame, market="public_goods")
    assert without_numbers(text) == (
        "In the end # contributing and # keeping; surplus is # money a round. "
        "With everybody contributing surplus would be more: # times as much."
    )
    assert "accuracy" not in text
    model = without_numbers(said(frame.assign(accuracy=0.9 + NOISE / 2, price_of_anarchy=1 + NOISE)))
    assert model == "In the end # delegating and # free-riding; accuracy is # and welfare is # money a round."


def test_runs_that_all_failed_and_measures_without_shares_are_said() -> None:
    assert said(runs({"equal": 0.1}).iloc[:0]) == "Every run failed."
    frame = runs({"equal": 0.1, "credit": 0.7}).rename(columns={"share_delegate": "gini"})
    outcome = Outcome(frame, (KIND,), frozenset({"model"}), ("gini",))
    assert without_numbers(sentences(outcome)) == "Pay by credit ends with # gini; equal pay ends with # gini."


@pytest.mark.parametrize("kind", sorted(SETTLEMENTS))
def test_every_settlement_rule_of_the_library_has_words(kind: str) -> None:
    if SETTLEMENTS[kind].__module__.startswith("commonweal."):
        assert "pay" in called(KIND, kind)
    assert called(KIND, "of a plug-in that is gone") == "settlement of a plug-in that is gone"
    assert called("market.leak", np.float64(0.5)) == "leak 0.5"
    assert called("screening.gate", True) == "gate true"


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), rules=st.integers(2, 4), seeds=st.integers(2, 10))
def test_sentences_are_one_to_three_whatever_the_numbers(seed: int, rules: int, seeds: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = ["equal", "data", "credit", "robust"][:rules]
    frame = pd.DataFrame([{KIND: kind, COUNT: n, "seed": s} for kind in kinds for n in (5, 9) for s in range(seeds)])
    frame["share_delegate"] = rng.random(len(frame)) * rng.integers(0, 2, len(frame))
    text = said(frame, KIND, COUNT)
    assert text.endswith(".")
    assert 1 <= len(re.findall(r"[.;]? [A-Za-z_]+[^.]*\.$|[a-z\]]\.(?= |$)", text)) <= 3
    assert "nan" not in text


@pytest.mark.slow
def test_rules_that_are_the_same_are_seldom_told_apart() -> None:
    """At most 5 in 100 tables of equal rules, and 2 standard errors of 200 tables."""
    rng, told = np.random.default_rng(1), 0
    for _ in range(200):
        frame = pd.DataFrame([{KIND: kind, "seed": s} for kind in ("equal", "data", "credit") for s in range(8)])
        frame["share_delegate"] = 0.5 + 0.1 * rng.standard_normal(len(frame))
        text = said(frame)
        told += ";" in text or "not all" in text
    assert told / 200 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


def test_results_in_python_say_what_came_out() -> None:
    alone = run(TINY, seeds=[3, 5], rounds=4)
    assert alone.summary().startswith("In the end ")
    assert run(TINY, seeds=1, rounds=0).summary() == "No round was played."
    compared = sweep(TINY, {KIND: ["equal", "credit"]}, seeds=2)
    assert "pay by credit" in compared.summary().lower()
    assert "accuracy" not in sweep("public-goods", {"policy.mutation": [0.0, 0.5]}, seeds=2).summary()
