"""How fast agents learn limits by asking, and what their errors come to where people may leave.

    python benchmarks/elicitation.py            all tables (about five minutes on one core)
    python benchmarks/elicitation.py --write    put them into docs/results/values.md

The first two tables are of one dimension with the prior N(.5, .2²) and limits in [0, 1]. The others play the scenario
learned-values, seeds 100 to 107: means over rounds 110 to 149 (violated: from round 50 on) and 95 % intervals over
seeds; differences to agents that know the limits are paired by seed.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from results_page import main, markdown
from shared.elicitation import Found, Game, play
from shared.value_economies import LATE, SEEDS, SETTLED

from commonweal.agents.arrays import Floats
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import SHARE, mean_interval, range_of
from commonweal.scenarios.schema.loading import load

COUNTS = (10, 30, 100)  # answers
RULES = {"believed": 2000, "informative": 400, "random": 2000, "fixed": 2000}  # repetitions
MANY = range(100, 132)  # seeds
STEP = 0.01  # of limits that move, in a round
Fields = Mapping[str, Any]

KNOWN: Fields = {"beliefs.kind": "known"}
UNTOLD: Fields = {"beliefs.passive": False}
WAYS: Mapping[str, Fields] = {
    "known": KNOWN,
    "the prior alone": {**UNTOLD, "beliefs.most": 0},
    "told of the model's level": {"beliefs.most": 0},
    "10 queries: fixed": {**UNTOLD, "beliefs.query": "fixed"},
    "10 queries: random": {**UNTOLD, "beliefs.query": "random"},
    "10 queries: informative": {**UNTOLD, "beliefs.query": "informative"},
    "10 queries: believed": UNTOLD,
    "3 queries: believed": {**UNTOLD, "beliefs.most": 3},
    "30 queries: believed": {**UNTOLD, "beliefs.most": 30},
    "10 believed, and told (the scenario)": {},
    "the same, margin 1": {"beliefs.margin": 1.0},
    "the same, margin 2": {"beliefs.margin": 2.0},
}
ELSEWHERE: Mapping[str, Fields] = {
    "the scenario": {},
    "scope aggregate, horizon 5, exponent 1": {
        "screening.scope": "aggregate", "settlement.horizon": 5, "settlement.alpha": 1.0,
    },
    "scope own": {"screening.scope": "own"},
    "scope quorum .9": {"screening.scope": "quorum", "screening.quorum": 0.9},
    "answers less sharp, β = 20": {"beliefs.sharpness": 20.0},
    "limits move (experience .05)": {"values.experience": 0.05},
    "the same, forgetting .1": {"values.experience": 0.05, "beliefs.forgetting": 0.1},
}  # fmt: skip


def answers() -> str:
    """Root mean squared error after so many answers, and how often the 95 % interval holds the limit."""
    rows = []
    for beta in (20.0, 50.0):
        rows.append([f"{beta:g}", "2/(β√n)", *(f"{2 / (beta * n**0.5):.4f}" for n in COUNTS), "", "", ""])
        for rule, repetitions in RULES.items():
            rows.append([f"{beta:g}", rule, *_learned(play(Game(rule, beta), max(COUNTS), repetitions, seed=1))])
    return markdown(["β", "query rule", *(f"n = {n}" for n in COUNTS), *(f"covered, {n}" for n in COUNTS)], rows)


def drift() -> str:
    """The same for limits that take a random step of sd .01 a round, by the step that agents think of."""
    rows = []
    for beta in (20.0, 50.0):
        for forgetting in (0.0, 0.005, 0.01, 0.02, 0.04):
            found = play(Game("believed", beta, STEP, forgetting), max(COUNTS), 1000, seed=2)
            rows.append([f"{beta:g}", f"{forgetting:g}", *_learned(found)])
    return markdown(["β", "forgetting", *(f"n = {n}" for n in COUNTS), *(f"covered, {n}" for n in COUNTS)], rows)


def _learned(found: Found) -> list[str]:
    rms = np.sqrt((found.errors**2).mean(axis=1))
    covered = found.covered.mean(axis=1)
    return [*(f"{rms[n - 1]:.4f}" for n in COUNTS), *(f"{covered[n - 1]:.3f}" for n in COUNTS)]


def economy() -> str:
    """What agents know and what becomes of the cooperative, by how they learn."""
    names = ("belief_error", "belief_coverage", "caution", "queries", "violated", "share_abstain", "share_delegate")
    known, rows = _late({}, KNOWN), []
    for name, fields in WAYS.items():
        late = _late({}, fields)
        cells = [_mean(late, each, 4 if each in ("belief_error", "caution", "violated") else 2) for each in names]
        rows.append([name, *cells, *_less(late, known)])
    heads = ["error", "covered", "caution", "queries", "violated", "abstain", "delegate"]
    return markdown(["limits", *heads, "delegate, less known", "permitted accuracy, less known"], rows)


def elsewhere() -> str:
    """Ten believed queries and feedback on the model against known limits, in other economies."""
    rows = []
    for name, fields in ELSEWHERE.items():
        known, learned = _late(fields, KNOWN), _late(fields, {})
        cells = [_mean(late, "share_delegate", 2) for late in (known, learned)]
        broken = [_mean(late, "violated", 4) for late in (known, learned)]
        rows.append([name, *cells, *_less(learned, known), *broken, _mean(learned, "belief_coverage", 2)])
    heads = ["delegate: known", "learned", "less known", "permitted accuracy, less known"]
    return markdown(["economy", *heads, "violated: known", "learned", "covered"], rows)


def close() -> str:
    """Whether ten queries come within .03 of known limits: 32 seeds, 100 to 131."""
    known, rows = _late({}, KNOWN, MANY), []
    for name in ("10 queries: believed", "10 believed, and told (the scenario)", "the same, margin 1"):
        late = _late({}, WAYS[name], MANY)
        cells = [_mean(each, "share_delegate", 2) for each in (known, late)]
        rows.append([name, *cells, *_less(late, known), _mean(late, "violated", 4)])
    heads = ["delegate: known", "learned", "less known", "permitted accuracy, less known", "violated"]
    return markdown(["limits", *heads], rows)


def _late(economy: Fields, fields: Fields, seeds: range = SEEDS) -> pd.DataFrame:
    """Means over late rounds, a row per seed."""
    changes = {**economy, **fields}
    return _played(tuple(sorted(changes.items())), seeds)


@cache
def _played(changes: tuple[tuple[str, Any], ...], seeds: range) -> pd.DataFrame:
    rounds = Ensemble(load("learned-values", dict(changes)), seeds).run().rounds
    late = rounds[rounds["round"] >= LATE].groupby("run").mean()
    return late.assign(violated=rounds[rounds["round"] >= SETTLED].groupby("run")["violated"].mean())


def _mean(late: pd.DataFrame, name: str, digits: int) -> str:
    return mean_interval(late[name].to_numpy(), within=range_of(name)).text(digits)


def _less(late: pd.DataFrame, known: pd.DataFrame) -> list[str]:
    """Paired differences of the delegating share and of accuracy on the permitted classes."""
    if late is known:
        return ["", ""]
    pairs: list[Floats] = [(late[name] - known[name]).to_numpy() for name in ("share_delegate", "permitted_accuracy")]
    return [mean_interval(each, within=SHARE.of_differences).text(3, "+") for each in pairs]


if __name__ == "__main__":
    tables = {"answers": answers, "drift": drift, "economy": economy, "close": close, "elsewhere": elsewhere}
    main(__doc__, tables, prefix="elicitation-")
