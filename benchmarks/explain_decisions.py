"""How long an exact explanation of one decision takes, by the number of features that vary.

    python benchmarks/explain_decisions.py            print the tables (a quarter of a minute on one core)
    python benchmarks/explain_decisions.py --write    put them into docs/explanations.md

One decision among 28 800 of which 1657 differ, features of four bins, laws of three and of four actions; medians of
nine, processor time on one thread. ``commons`` plays the digits scenario with 20 principals for 60 rounds, 8 seeds.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from results_page import RESULTS, main, markdown

from commonweal.agents.arrays import Floats, ratio
from commonweal.economy.explaining.conditional import Question, explain_rows
from commonweal.economy.explaining.decisions import explain_decision
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.rows import Rows
from commonweal.economy.explaining.sights import Decisions, watched
from commonweal.economy.explaining.values import Effort
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise

PAGE = RESULTS.with_name("explanations.md")
DECISIONS, DISTINCT, BINS, REPEATS = 28_800, 1657, 4, 9
NORMAL = 1.959964  # standard errors to each side of an interval of 95 %


def milliseconds(task: Callable[[int], object]) -> float:
    """Median processor time of a task, which is told the number of its turn."""
    taken = []
    for turn in range(REPEATS):
        start = time.process_time()
        task(turn)
        taken.append(1000 * (time.process_time() - start))
    return float(np.median(taken))


def timed(features: int, actions: int) -> tuple[float, float]:
    """Milliseconds for a decision, and for finding the decisions alike, among random ones of which some are alike."""
    random = np.random.default_rng(features)
    seen = random.integers(0, BINS, (DISTINCT, features))
    codes, laws = seen[np.arange(DECISIONS) % DISTINCT], random.dirichlet(np.ones(actions), DECISIONS)
    names = [tuple(str(place) for place in range(count)) for count in (features, actions)]
    question, rows = Question("behaviour", "an action", "all", *names), Rows.of(codes, laws)
    decision = milliseconds(lambda turn: explain_rows(rows, codes[turn : turn + 1], question))
    return decision, milliseconds(lambda _: Rows.of(codes, laws))


def timings() -> str:
    """Milliseconds a decision, and once a play for finding the decisions alike."""
    rows: list[Sequence[str]] = []
    for features in (4, 8, 12, 16, 18, 20):
        (three, _), (four, alike) = timed(features, 3), timed(features, 4)
        rows.append(
            [str(features), f"{2**features:,}".replace(",", " "), f"{three:.1f}", f"{four:.1f}", f"{alike:.0f}"]
        )
    return markdown(["features", "coalitions", "3 actions, ms", "4 actions, ms", "decisions alike, ms a play"], rows)


def sampled() -> str:
    """Error and time of estimates from some coalitions, by their number: Σ(estimate − exact)² / Σ exact², 20 decisions.

    16 and 20 features of three bins, 1000 decisions of which 200 differ, a law of five of them; leverage_shap.
    """
    rows: list[Sequence[str]] = []
    for features in (16, 20):
        random = np.random.default_rng(features)
        codes = random.integers(0, 3, (200, features))[random.integers(0, 200, 1000)]
        chance = 1 / (1 + np.exp(-(codes[:, 0] - codes[:, 1] + codes[:, 2] * codes[:, 3] - codes[:, 4])))
        play, asked = Rows.of(codes, np.stack([chance, 1 - chance], axis=1)), codes[:20]
        question = Question("behaviour", "an action", "all", tuple(map(str, range(features))), ("a", "b"))
        exact = explain_rows(play, asked, question)
        for budget in (512, 1024, 2048, 4096, 8192):
            effort, start = Effort(budget, "leverage_shap"), time.process_time()
            found = explain_rows(play, asked, question, effort=effort)
            taken = 1000 * (time.process_time() - start) / len(asked)
            missed = found.values - exact.values
            error = (missed**2).sum() / (exact.values**2).sum()
            covered = (np.abs(missed) <= NORMAL * found.standard_error).mean()
            rows.append([str(features), str(budget), f"{error:.4f}", f"{covered:.2f}", f"{taken:.0f}"])
    return markdown(["features", "coalitions", "error", "intervals of 95 % that hold", "ms a decision"], rows)


def share_of_parts(explained: Explanation) -> Floats:
    """(P,) each reason's share of Σ|φ| of the action taken."""
    parts = np.abs(explained.values[0, :, explained.answers.index(explained.provenance["taken"])])
    return ratio(parts, parts.sum())


def explain_nth(decisions: Decisions, asked: Sequence[tuple[int, int, int]], turn: int) -> Explanation:
    """Explain one of the decisions that are asked about, by principal, round and run."""
    return explain_decision(decisions, *asked[turn])


def commons() -> str:
    """What explains real decisions, how long one takes from the record of the play on, and what is left open.

    Largest reasons: mean share of Σ|φ| of the action taken, 60 decisions. Left open: mean over them of Σ|law − mean of
    the decisions alike| over actions.
    """
    rows: list[Sequence[str]] = []
    for name in ("imitation", "learning", "conditional"):
        changes = {
            "population.count": 20,
            "population.graph": "ring",
            "policy.mix": {name: 1.0},
            "policy.revision": 0.5,
        }
        decisions = watched(Ensemble(revise(load("commons"), changes), range(8)), 60)
        asked = [(turn % 20, 5 + 7 * turn % 55, turn % 8) for turn in range(60)]
        explained = [explain_decision(decisions, *each) for each in asked]
        taken = milliseconds(partial(explain_nth, decisions, asked))
        shares = np.mean([share_of_parts(each) for each in explained], axis=0)
        largest = [f"{decisions.names[place]} {shares[place]:.2f}" for place in np.argsort(-shares)[:3]]
        left = np.mean([np.abs(each.residual).sum() for each in explained if each.residual is not None])
        distinct = explained[0].provenance["distinct observations"]
        rows.append([name, str(len(shares)), distinct, f"{taken:.0f}", ", ".join(largest), f"{left:.3f}"])
    return markdown(["policy", "features", "distinct of 9440", "ms", "largest reasons", "left open"], rows)


if __name__ == "__main__":
    main(__doc__, {"timings": timings, "sampled": sampled, "commons": commons}, "decisions ", PAGE)
