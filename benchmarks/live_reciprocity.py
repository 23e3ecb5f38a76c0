"""Giving by names in the live cooperative: norms, learners, and everybody learning; eight seeds of the commons.

    python benchmarks/live_reciprocity.py                  all tables (some eight minutes)
    python benchmarks/live_reciprocity.py societies time   two of them
    python benchmarks/live_reciprocity.py --write          into docs/reciprocity.md

Means over the last 40 of 200 rounds, with 95 % intervals over seeds.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from results_page import main, markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.reciprocity.chain import Rules, Stakes, drawn_schedule, value
from commonweal.agents.reciprocity.learner import Learners, giving, judging
from commonweal.agents.reciprocity.norms import Errors, executed, judged, norm_of
from commonweal.agents.reciprocity.public import cooperation, residents, slandered
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import POSITIVE, SHARE, Range, mean_interval
from commonweal.scenarios.schema.loading import load

PAGE = Path(__file__).parents[1] / "docs" / "reciprocity.md"
SEEDS, ROUNDS, LAST = 8, 200, 40
LIVE = {
    "settlement.horizon": 1, "reciprocity.kind": "requests", "reciprocity.execution": 0.02,
    "reciprocity.assignment": 0.02, "policy.revision": 1.0, "policy.mutation": 0.0,
    "population.start_delegate": 0.0, "population.start_free_ride": 1.0, "population.start_defect": 0.0,
}  # fmt: skip
SCORING = {"reciprocity.norm": "image-scoring"}
SOCIETIES: dict[str, tuple[dict[str, float], dict[str, Any]]] = {
    "L6": ({"norm:L6": 1.0}, {}),
    "L6, a quarter gives never": ({"norm:L6": 0.75, "fixed": 0.25}, {}),
    "image scoring": ({"norm:image-scoring": 1.0}, SCORING),
    "L6, a quarter learns": ({"norm:L6": 0.75, "reciprocity": 0.25}, {}),
    "L6, a quarter learns, a quarter gives never": ({"norm:L6": 0.5, "reciprocity": 0.25, "fixed": 0.25}, {}),
    "image scoring, a quarter learns": ({"norm:image-scoring": 0.75, "reciprocity": 0.25}, SCORING),
}
ALL = {"reciprocity": 1.0}
SOME = {"reciprocity": 0.75, "fixed": 0.25}
BELIEFS: dict[str, tuple[dict[str, float], dict[str, Any]]] = {
    "what all do on average, weight 4": (ALL, {"belief": "pooled", "weight": 4.0}),
    "the same, rounds count .9 a round later": (ALL, {"belief": "pooled", "weight": 4.0, "memory": 0.9}),
    "the norm's rule, weight 10": (ALL, {"belief": "norm", "weight": 10.0}),
    "an equilibrium, weight 10": (ALL, {"belief": "equilibrium", "weight": 10.0}),
    "an equilibrium, weight 40": (ALL, {"belief": "equilibrium", "weight": 40.0}),
    "the norm's rule, a quarter gives never": (SOME, {"belief": "norm", "weight": 10.0}),
    "an equilibrium, a quarter gives never": (SOME, {"belief": "equilibrium", "weight": 10.0}),
}


@dataclass(frozen=True)
class Played:
    """What R runs came to in their last rounds."""

    cooperation: Floats  # (R,) requests fulfilled
    good: Floats  # (R,) good names
    quality: Floats  # (R,) accuracy
    payoff: Floats  # (R,) per head and round, money
    worth: Floats  # (R,) of a gift per cost
    learned: Floats | None  # (R, 2, 2) how learners give; None: nobody learns
    norm: Floats  # (2, 2) how the norm of judges gives


def play(mix: Mapping[str, float], fields: Mapping[str, Any], rounds: int = ROUNDS) -> Played:
    scenario = load("commons", {**LIVE, "rounds": rounds, "policy.mix": dict(mix), **fields})
    ensemble = Ensemble(scenario, range(SEEDS))
    kept: list[Floats] = []
    for number in range(rounds):
        record = ensemble.step()
        told = record.notes["reciprocity"]
        if number >= rounds - LAST:
            given = (told.gave & told.meets).sum(axis=1) / np.maximum(told.meets.sum(axis=1), 1)
            ratio = told.benefit / told.cost
            kept.append(np.stack([given, told.after.mean(axis=1), record.payday.quality,
                                  record.payday.payoffs.mean(axis=1), ratio]))  # fmt: skip
    learning = ensemble.state.mechanisms["reciprocity"].learning
    learned = None
    if learning is not None:
        who = ensemble.people.policy == ensemble.world.terms.policy.names.index("reciprocity")
        tables = giving(learning.learners)
        learned = np.stack([tables[run, own].mean(axis=0) for run, own in enumerate(who)])
    return Played(*np.mean(kept, axis=0), learned, norm_of(ensemble.world.terms.reciprocity.norm).act)


def societies() -> str:
    """Who gives by names, and what learners come to among them; π: their probability of giving."""
    return _table(SOCIETIES, "society", lambda fields: fields)


def beliefs() -> str:
    """Everybody learns from one half, or all but a quarter who never gives: what estimates of others are shrunk to."""
    return _table(BELIEFS, "others are expected to follow",
                  lambda fields: {f"reciprocity.learner.{name}": value for name, value in fields.items()})  # fmt: skip


def verdicts() -> str:
    """Everybody learns acts and verdicts from one half; what other verdicts would gain one learner in the end."""
    rows = []
    for judges, dissent in ((1, 0.0), (3, 0.0), (3, 0.02), (3, 0.1)):
        fields = {"policy.mix": ALL, "rounds": ROUNDS, "reciprocity.judges": judges, "reciprocity.dissent": dissent,
                  "reciprocity.learner.belief": "norm", "reciprocity.learner.weight": 10.0}  # fmt: skip
        ensemble = Ensemble(load("slander", fields), range(SEEDS))
        told = [ensemble.step().notes["reciprocity"] for _ in range(ROUNDS)][-LAST:]
        given = np.mean([(each.gave & each.meets).mean(axis=1) for each in told], axis=0)
        good = np.mean([each.after.mean(axis=1) for each in told], axis=0)
        own, best, slander = _worth_of_verdicts(ensemble, judges, dissent)
        away = np.abs(judging(_learners(ensemble)) - norm_of("L6").assess).mean(axis=(1, 2, 3, 4))
        unit = np.abs(own).mean(axis=1)
        gains = (mean_interval(100 * (each - own).mean(axis=1) / unit) for each in (best, slander))
        rows.append([str(judges), f"{dissent:g}", _text(given, SHARE), _text(good, SHARE), _text(1 - away, SHARE),
                     *(gain.text(2, "+") for gain in gains)])  # fmt: skip
    return markdown(["judges", "price of dissent", "requests fulfilled", "good names", "verdicts: adherence to L6",
                     "best verdicts gain one learner, %", "calling all bad gains it, %"], rows)  # fmt: skip


def slander() -> str:
    """Gifts made in the donation market where a share of 100 judges calls everybody bad; rounds 50 to 200."""
    rows = []
    fields = {"population.count": 100, "policy.mix": {"norm:L6": 1.0}, "rounds": ROUNDS}
    economy = Ensemble(load("leading-eight", fields), range(SEEDS)).snapshot
    errors = Errors(np.array(0.02), np.array(0.02), np.array(0.02))
    for share in (0.0, 0.25, 0.5):
        liars = tuple(range(round(100 * share)))
        deviations = [Deviation("slander", liars, slanders=True)] if liars else []
        gave = play_futures(economy, deviations, ROUNDS).actions[:, -1, 50:] == Action.DELEGATE
        exact = float(cooperation(slandered(residents(norm_of("L6"), errors), share)))
        rows.append([f"{share:g}", _text(gave.mean(axis=(1, 2)), SHARE, 4), f"{exact:.4f}"])
    return markdown(["share of slanderers", "gifts made", "exact"], rows)


def _learners(ensemble: Ensemble) -> Learners:
    learning = ensemble.state.mechanisms["reciprocity"].learning
    assert learning is not None
    found: Learners = learning.learners
    return found


def _worth_of_verdicts(ensemble: Ensemble, judges: int, dissent: float) -> tuple[Floats, Floats, Floats]:
    """(R, L) payoff of the first L learners by their verdicts, by the best, and by bad alone; others as they are."""
    each, ahead, schedules = 4, 30, 16
    terms = ensemble.world.terms
    runs, size = ensemble.world.shape
    acts = executed(giving(_learners(ensemble)), terms.reciprocity.execution[..., None, None])
    errors = [rate[..., None, None] for rate in (terms.reciprocity.perception, terms.reciprocity.assignment)]
    tables = judging(_learners(ensemble))
    learner, run = np.tile(np.arange(each), runs), np.repeat(np.arange(runs), each)
    uniform = np.random.default_rng(5).random((ahead, len(run), schedules, size))
    plan = drawn_schedule(uniform, judges)
    market = terms.market
    stakes = Stakes(learner, market.benefit[run, 0], market.cost[run, 0], np.full(len(run), dissent))
    first = ensemble.state.mechanisms["reciprocity"].image[run].astype(np.float64)

    def worth(signals: Floats) -> Floats:
        assess = tables[run].copy()
        assess[np.arange(len(run)), learner] = signals
        rules = Rules(acts[run], judged(assess, errors[0][run], errors[1][run]))
        return value(first, rules, plan, stakes)

    own = tables[run, learner]
    bits = (own > 0.5).astype(np.float64)
    best = worth(bits)
    for cell in (*np.ndindex(2, 2, 2), *np.ndindex(2, 2, 2)):  # twice over all
        turned = bits.copy()
        turned[(slice(None), *cell)] = 1 - bits[(slice(None), *cell)]
        other = worth(turned)
        bits = np.where((other > best)[:, None, None, None], turned, bits)
        best = np.maximum(best, other)
    found = (worth(own), np.maximum(best, worth(own)), worth(np.zeros_like(own)))
    return found[0].reshape(runs, each), found[1].reshape(runs, each), found[2].reshape(runs, each)


def _table(
    cases: Mapping[str, tuple[dict[str, float], dict[str, Any]]], head: str,
    named: Callable[[dict[str, Any]], dict[str, Any]],
) -> str:  # fmt: skip
    rows = []
    for name, (mix, fields) in cases.items():
        found = play(mix, named(fields))
        learned = ["—"] * 5
        if found.learned is not None:
            flat = found.learned.reshape(SEEDS, 4)
            away = np.abs(flat - found.norm.ravel()).mean(axis=1)
            learned = [_text(flat[:, cell], SHARE) for cell in range(4)] + [_text(1 - away, SHARE)]
        rows.append([name, _text(found.cooperation, SHARE), _text(found.good, SHARE), _text(found.quality, SHARE),
                     _text(1000 * found.payoff, POSITIVE, 2), _text(found.worth, POSITIVE, 2), *learned])  # fmt: skip
    heads = [head, "requests fulfilled", "good names", "accuracy", "pay per head, 1/1000", "worth of a gift per cost",
             "π BB", "π BG", "π GB", "π GG", "adherence to the norm's rule"]  # fmt: skip
    return markdown(heads, rows)


def _text(values: Floats, within: Range, digits: int = 3) -> str:
    return mean_interval(values, within=within).text(digits)


def welfare() -> str:
    """Welfare per head where a fixed share delegates, whatever the names: 1/1000 money a round."""
    rows = []
    for share in (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1):
        each = []
        for fields in ({}, {"task.drift": 0.12, "learning.samples": 4}):
            start = {"population.start_delegate": share, "population.start_free_ride": 1 - share}
            usual = {"settlement.horizon": 1, "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "rounds": ROUNDS}
            scenario = load("commons", {**usual, **start, "population.start_defect": 0.0, **fields})
            results = Ensemble(scenario, range(SEEDS)).run().rounds.query(f"round >= {ROUNDS - LAST}").groupby("run")
            each += [_text(1000 * results["welfare"].mean().to_numpy() / 40, POSITIVE, 2),
                     _text(results["accuracy"].mean().to_numpy(), SHARE, 2)]  # fmt: skip
        rows.append([f"{share:g}", *each])
    return markdown(["share delegating", "commons: welfare per head", "accuracy",
                     "drift .12, 4 samples: welfare per head", "accuracy"], rows)  # fmt: skip


def timing() -> str:
    """Processor time of a round of 3 runs with 10 learners each, milliseconds: best of three times 60 rounds."""
    rows, learn = [], SOCIETIES["L6, a quarter learns"][0]
    cases = (("nobody learns", {"norm:L6": 1.0}, 20), ("30 learners", learn, 20),
             ("30 learners, ascent alone", learn, 0))  # fmt: skip
    for name, mix, search in cases:
        scenario = load("commons", {**LIVE, "policy.mix": mix, "reciprocity.learner.search": search})
        taken = []
        ensemble = Ensemble(scenario, range(3))
        for _ in range(3):
            clock = time.process_time()
            for _ in range(60):
                ensemble.step()
            taken.append((time.process_time() - clock) / 60 * 1000)
        rows.append([name, f"{min(taken):.1f}"])
    return markdown(["", "milliseconds a round"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "societies": societies, "beliefs": beliefs, "verdicts": verdicts, "slander": slander, "welfare": welfare,
    "time": timing,
}  # fmt: skip


if __name__ == "__main__":
    main(__doc__, TABLES, "live-", PAGE)
