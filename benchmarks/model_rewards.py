"""Models as pay in the economy: accuracy shaping, waiting under time-aware rules, and copies worth what is owed.

    python benchmarks/model_rewards.py                 all tables (about three minutes on one core)
    python benchmarks/model_rewards.py shaping         one of them
    python benchmarks/model_rewards.py --write         and put them into docs/results/models-as-pay.md

8 seeds, 95 % intervals over seeds. One thread: torch.set_num_threads(1).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from papers.sharing_equilibria import most_samples, naive_samples
from results_page import main, markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Futures, play_futures
from commonweal.economy.rewards.accuracy import Bound
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import kept_promises
from commonweal.scenarios.runs.intervals import ANYWHERE, SHARE, Range, mean_interval
from commonweal.scenarios.schema.loading import load, revise

Changes = Mapping[str, Any]
SEEDS, CURVE, MARGIN = range(8), Bound(1.0, 1.0), 0.01
JOIN_TIMES = (0, 3, 6, 12, 24, 60)  # rounds; the last is never
AT_ONCE: Changes = {
    "population.start_delegate": 1.0, "population.start_abstain": 0.0, "population.start_free_ride": 0.0,
    "population.start_defect": 0.0, "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0,
}  # fmt: skip
MONEY: Changes = {"market.model_value": 0.0, "market.price": 1.0, "market.baseline": 0.2, "market.rivalry": 0.0}
RULES: dict[str, Changes] = {
    "reward shared": {},
    "reward by credit alone": {"rewards.kind": "time_valuation", "rewards.time.decay": 0.0},
    "reward time_cumulation": {"rewards.kind": "time_cumulation"},
    "reward time_valuation": {"rewards.kind": "time_valuation"},
    "money equal": {**MONEY, "settlement.kind": "equal"},
    "money credit": {**MONEY, "settlement.kind": "credit"},
    "money quota": {**MONEY, "settlement.kind": "quota"},
    "money time_cumulation": {**MONEY, "settlement.kind": "time_cumulation"},
    "money time_valuation": {**MONEY, "settlement.kind": "time_valuation"},
}


def played(scenario: str, changes: Changes) -> tuple[Ensemble, Any]:
    """A scenario played to its end, and the record of its last round."""
    ensemble = Ensemble(revise(load(scenario), changes), SEEDS)
    for _ in range(ensemble.world.terms.rounds):
        record = ensemble.step()
    return ensemble, record


def shaping() -> str:
    """Scenario catastrophe: samples put in, accuracy and welfare per round, beside the equilibrium of the paper."""
    rows = []
    for rule, equilibrium in (("shared", naive_samples), ("shaping", lambda a, c: most_samples(a, c, MARGIN))):
        ensemble, record = played("catastrophe", {"rewards.kind": rule})
        put, price = record.produce.put.total, ensemble.people.cost / 100
        expected = equilibrium(CURVE, price)
        cheapest = price == price.min(axis=1, keepdims=True)
        off = np.abs(put.sum(axis=1) - expected.sum(axis=1)).max()
        rows.append([
            rule, _interval(put.sum(axis=1), 0), _interval(expected.sum(axis=1), 0), f"{off:.2g}",
            _interval((put * cheapest).sum(axis=1) / put.sum(axis=1), 3), _interval(record.payday.quality, 4, SHARE),
            _interval(record.payday.payoffs.sum(axis=1), 1),
        ])  # fmt: skip
    heads = ["`rewards.kind`", "samples", "at the paper's equilibrium", "largest difference", "of the cheapest type",
             "accuracy", "welfare"]  # fmt: skip
    return markdown(heads, rows)


def claims() -> str:
    """Accuracy shaping believes what it is told: gain per round of claiming another cost than one's own."""
    ensemble, record = played("catastrophe", {"rewards.kind": "shaping"})
    rows = []
    for dearer in (-0.2, 0.1, 0.25, 0.5, 1.0):
        lies = [Deviation(f"{dearer:+.0%}", (i,), dearer=dearer) for i in range(3)]
        futures = play_futures(ensemble.snapshot, lies, 20)
        rows.append([f"{1 + dearer:g} times its own", _interval(futures.gains.mean(axis=1), 2)])
    honest = _interval(record.payday.payoffs.mean(axis=1), 2)
    return f"{markdown(['a principal says that a sample costs', 'it gains'], rows)}\n\nHonest principals have {honest}."


def waiting() -> str:
    """Scenario wait-and-see: what joining late gains where all others join at once, over 60 rounds."""
    waits, who = (3, 6, 12), range(3)
    rows = []
    for name, changes in RULES.items():
        late = [Deviation(f"{wait} {i}", (i,), Action.DELEGATE, joins=wait) for wait in waits for i in who]
        futures = _futures({**AT_ONCE, **changes}, late)
        gains = (futures.gains * 60).reshape(len(SEEDS), len(waits), len(who)).mean(axis=2)
        rows.append([name, *(_interval(gains[:, k], 2) for k in range(len(waits)))])
    return markdown(["rule", *(f"waiting {wait} rounds" for wait in waits)], rows)


def joining() -> str:
    """Scenario wait-and-see as it is: when those join who wait until it pays, and what joining at once would gain."""
    rows = []
    for name in ("reward shared", "reward by credit alone", "reward time_cumulation", "reward time_valuation"):
        ensemble, record = played("wait-and-see", RULES[name])
        joined = ensemble.state.membership.joined
        at_once = [Deviation(f"{i}", (i,), Action.DELEGATE) for i in range(10)]
        gains = _futures(RULES[name], at_once).gains * 60
        waits = joined != 0
        came = np.where(joined > 0, joined, np.nan)
        mean = f"{np.nanmean(came):.1f}" if np.isfinite(came).any() else "–"
        share = f"{np.isfinite(came).sum() / waits.sum():.0%}"
        gain = _interval((gains * waits).sum(axis=1) / waits.sum(axis=1), 2)
        rows.append([name, share, mean, gain, _interval(record.payday.quality, 3, SHARE)])
    heads = ["rule", "of those who wait join", "in round", "joining at once would gain", "accuracy at the end"]
    return markdown(heads, rows)


def join_times() -> str:
    """Scenario wait-and-see where everybody chooses a round to join: best replies in turn, from two beginnings."""
    rows = []
    for name in ("reward shared", "reward by credit alone", "reward time_cumulation", "reward time_valuation"):
        for start in (0, JOIN_TIMES[-2]):
            times, settled = best_replies(RULES[name], start)
            counts = [f"{(times == when).sum()} in round {when}" for when in JOIN_TIMES[:-1] if when in times]
            out = [f"{out} never"] if (out := (times == JOIN_TIMES[-1]).sum()) else []
            money = played_out(RULES[name], times[None])[0].mean(axis=1)
            rows.append([name, str(start), ", ".join(counts + out), "yes" if settled else "no", _interval(money, 2)])
    heads = ["rule", "all begin with round", "in the end they join", "an equilibrium", "money of each in 60 rounds"]
    return markdown(heads, rows)


def best_replies(changes: Changes, start: int, sweeps: int = 8) -> tuple[Ints, bool]:
    """(N,) rounds of joining after best replies by mean payoff over seeds, and whether in the end nobody would change.

    Args:
        changes: of the scenario.
        start: the round that all begin with.
        sweeps: times that everybody is asked.
    """
    times = np.full(10, start)
    for _ in range(sweeps):
        before = times.copy()
        for who in range(len(times)):
            tried = np.tile(times, (len(JOIN_TIMES), 1))
            tried[:, who] = JOIN_TIMES
            times[who] = JOIN_TIMES[int(played_out(changes, tried)[:, :, who].mean(axis=1).argmax())]
        if (times == before).all():
            return times, True
    return times, False


def played_out(changes: Changes, times: Ints) -> Floats:
    """(G, S, N) money over 60 rounds of principals that join in rounds (G, N), whatever their policy says."""
    ensemble = Ensemble(revise(load("wait-and-see"), {**AT_ONCE, **changes}), [*SEEDS] * len(times))
    joined, total = np.repeat(times, len(SEEDS), axis=0), np.zeros(1)
    for now in range(60):
        actions = np.where(joined <= now, np.int64(Action.DELEGATE), np.int64(Action.ABSTAIN))
        record = ensemble.act(actions)
        total = total + record.payday.payoffs
    return total.reshape(len(times), len(SEEDS), -1)


def copies() -> str:
    """Copies in the commons (40 principals, all delegate, reward by credit, rho .3, tolerance .01), 60 rounds."""
    rows = []
    for kind in ("promise", "noise", "sparsify", "snapshot"):
        changes = {**AT_ONCE, "rewards.kind": "time_valuation", "rewards.rho": 0.3, "rewards.realise": kind,
                   "rewards.tolerance": 0.01, "market.model_value": 0.01}  # fmt: skip
        ensemble, kept, clock = Ensemble(revise(load("commons"), changes), SEEDS), [], time.process_time()
        for _ in range(60):
            record = ensemble.step()
            payday = record.payday
            kept.append(kept_promises(record).mean(axis=1))
        spent = (time.process_time() - clock) / 60 / len(SEEDS) * 1000
        low, high = np.quantile(payday.rewards / payday.quality[:, None], [0.05, 0.95])
        rows.append([kind, _interval(np.mean(kept, axis=0), 3, SHARE), f"{low:.2f} – {high:.2f}", f"{spent:.1f}"])
    heads = ["`rewards.realise`", "promises kept", "accuracy given, of the model's (5 – 95 %)", "ms per round and run"]
    return markdown(heads, rows)


def _futures(changes: Changes, deviations: Sequence[Deviation]) -> Futures:
    ensemble = Ensemble(revise(load("wait-and-see"), changes), SEEDS)
    return play_futures(ensemble.snapshot, deviations, 60)


def _interval(values: Floats, digits: int, within: Range = ANYWHERE) -> str:
    return mean_interval(values, within=within).text(digits)


TABLES: dict[str, Callable[[], str]] = {
    "shaping": shaping, "shaping-claims": claims, "waiting": waiting, "joining": joining,
    "join-times": join_times, "copies": copies,
}  # fmt: skip


if __name__ == "__main__":
    main(__doc__, TABLES)
