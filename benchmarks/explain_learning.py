"""What principals with a network learn, and how close explanations of a policy that goes on learning are.

    python benchmarks/explain_learning.py            print the tables (two minutes on one core)
    python benchmarks/explain_learning.py --write    put them into docs/explanations.md

``learned``: mean utility a round of the followers of a policy, 16 seeds. ``followed-digits`` and ``followed-curve``:
``commons`` with 20 principals on a ring, ``policy.revision = 0.5``, all with a network, 8 seeds, asked after 30, 60 and
100 rounds.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from results_page import DOCS, main, markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies import Observation, action_law
from commonweal.agents.terms import PerRun, term
from commonweal.economy.explaining.conditional import explain_rows
from commonweal.economy.explaining.following import Replay, replayed
from commonweal.economy.explaining.rows import Bins, Rows
from commonweal.economy.explaining.sights import DecisionLog, Decisions
from commonweal.economy.explaining.valued import Question
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.observe import observe
from commonweal.economy.round.record import Effects
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

PAGE = DOCS / "explanations.md"
SEEDS, STUDENT = 16, 2.131  # of a mean; 95 % point of t with 15 degrees of freedom
ASKED = 600  # decisions that are drawn by how often they are seen
MOMENTS = (30, 60, 100)  # rounds after which is asked
TRUTHS = (Replay(10, 40, seed=99), Replay(90, 10, seed=98))
BACK = 20  # rounds for which an explanation is kept


# --- what is learned -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class BonusTerms:
    """Section of the planted mechanism."""

    size: PerRun = term(0.0, "money for who does what its neighbours do not", ge=0)


@mechanism("benchmark_bonus", BonusTerms)
class Bonus(Mechanism):
    """Free-riding is worth a bonus to whom at least half of the neighbours delegated, delegating to the others."""

    def before(self, own: None, moment: Any, world: Any, streams: Any) -> tuple[None, Effects]:
        """Pay the bonus."""
        share = world.graph.neighbour_mean((moment.people.action == Action.DELEGATE).astype(np.float64))
        wanted = np.where(share >= 0.5, int(Action.FREE_RIDE), int(Action.DELEGATE))
        return own, Effects(private=world.terms.mechanisms["benchmark_bonus"].size * (moment.actions == wanted))


def earned(scenario: Scenario, name: str, rounds: int = 200, last: int = 50) -> Floats:
    """(R,) mean utility of the followers of a policy in the last rounds."""
    ensemble = Ensemble(scenario, range(SEEDS))
    follows = ensemble.people.policy == ensemble.world.terms.policy.names.index(name)
    utility = np.stack([ensemble.step().payday.utility for _ in range(rounds)])[-last:].mean(axis=0)
    mean: Floats = (utility * follows).sum(axis=1) / follows.sum(axis=1)
    return mean


def interval(values: Floats, unit: float = 1.0) -> str:
    """A mean with its 95 % interval."""
    mean, margin = values.mean() / unit, STUDENT * values.std(ddof=1) / np.sqrt(len(values)) / unit
    return f"{mean:.3f} [{mean - margin:.3f}, {mean + margin:.3f}]"


def planted(name: str) -> Scenario:
    """Half follow the policy, half act at random; nothing is worth anything but the bonus, which is 1."""
    aimless = {"cooperators": 0.0, "free_riders": 0.0, "hump_shaped": 0.0}
    return revise(load("commons"), {
        "market.kind": "curve", "market.price": 0.0, "population.count": 24, "population.graph": "ring",
        "policy.revision": 1.0, "policy.mutation": 0.0, "policy.mix": {name: 0.5, "conditional": 0.5},
        "policy.conditional": aimless, "mechanisms.benchmark_bonus.size": 1.0, "actions.defect_gain": 0.0,
        "population.cost_low": 0.0, "population.cost_high": 0.0})  # fmt: skip


def among_givers(name: str) -> Scenario:
    """Half follow the policy, half the norm L6."""
    return revise(load("leading-eight"), {"policy.mix": {name: 0.5, "norm:L6": 0.5}})


def known_curve(name: str) -> Scenario:
    """All follow the policy, on a known learning curve."""
    changes = {"market.kind": "curve", "population.count": 24, "policy.mix": {name: 1.0}, "policy.revision": 0.6}
    return revise(load("commons"), changes)


def learned() -> str:
    """Mean utility a round in the last 50 of 200 rounds, with 95 % intervals over 16 seeds."""
    givers = {name: earned(among_givers(name), name) for name in ("q_network", "learning", "reciprocity")}
    bonus = {name: earned(planted(name), name) for name in ("q_network", "learning")}
    curve = {name: earned(known_curve(name), name) for name in ("q_network", "learning")}
    rows = [
        ["a bonus of 1 for what neighbours do not do", *map(interval, bonus.values()), "1: the best"],
        [
            "gifts of 3 at a cost of 1, half follow L6",
            *map(interval, (givers["q_network"], givers["learning"])),
            f"{interval(givers['reciprocity'])}: `reciprocity`",
        ],
        [
            "`commons` on a known curve, thousandths",
            *(interval(each, 1e-3) for each in curve.values()),
            f"{interval(curve['q_network'] - curve['learning'], 1e-3)}: the difference, seed by seed",
        ],
    ]
    return markdown(["what is paid", "`q_network`", "`learning`", "beside them"], rows)


# --- how close -------------------------------------------------------------------------------------------------------
Data = tuple[Floats, Floats]  # (M, F) what was seen, (M, A) the law


def chosen(decisions: Decisions, rounds: slice = slice(None)) -> Data:
    """The decisions that were made by a policy, in some of the rounds noted."""
    who = decisions.chose[:, rounds]
    return decisions.features[:, rounds][who], decisions.law[:, rounds][who][:, decisions.available]


class Truth:
    """Exact values of decisions over the rounds to come, if nothing more were learned."""

    def __init__(self, economy: Economy, replay: Replay) -> None:
        decisions = replayed(economy, replay)
        features, law = chosen(decisions)
        self.bins = Bins.of(features)
        self.question = Question("behaviour", "it", "all", decisions.names, tuple(map(str, decisions.available)))
        rows = Rows.of(self.bins.codes(features), law)
        drawn = np.random.default_rng(0).choice(len(rows.codes), ASKED, p=rows.weights / rows.weights.sum())
        self.asked: Ints = rows.codes[drawn]
        self.values = explain_rows(rows, self.asked, self.question).values

    def missed(self, data: Data) -> tuple[float, float, float]:
        """Mean square error over features and actions, share of decisions among the data, processor ms a decision."""
        rows = Rows.of(self.bins.codes(data[0]), data[1])
        known = {tuple(each) for each in rows.codes.tolist()}
        there = np.array([tuple(each) in known for each in self.asked.tolist()])
        start = time.process_time()
        values = explain_rows(rows, self.asked[there], self.question).values
        taken = 1000 * (time.process_time() - start) / there.sum()
        return float(((values - self.values[there]) ** 2).mean()), float(there.mean()), taken


def relabelled(decisions: Decisions, seen: Sequence[Observation], ensemble: Ensemble) -> Decisions:
    """Old decisions with the law that the network of now has where they were made."""
    now = observe(ensemble.state, ensemble.people, ensemble.world)
    as_now = [replace(each, shown=now.shown, round=now.round) for each in seen]
    law = np.stack([action_law(each, ensemble.world.terms.policy) for each in as_now], axis=1)
    return replace(decisions, law=law)


def sources(moment: int, market: str) -> tuple[Economy, dict[str, Callable[[], Data]]]:
    """A run that learns, and what an explanation can be made from."""
    changes = {"market.kind": market, "population.count": 20, "population.graph": "ring", "policy.revision": 0.5,
               "policy.mix": {"q_network": 1.0}}  # fmt: skip
    ensemble = Ensemble(revise(load("commons"), changes), range(8))
    log, seen = DecisionLog(ensemble.world), []
    for _ in range(moment):
        log.see(ensemble.state, ensemble.people)
        seen.append(observe(ensemble.state, ensemble.people, ensemble.world))
        log.note(ensemble.step())
    old, economy = log.decisions(), ensemble.snapshot
    now = relabelled(old, seen, ensemble)

    def replay(rounds: int, copies: int = 1) -> Callable[[], Data]:
        return lambda: chosen(replayed(economy, Replay(rounds, copies)))

    return economy, {
        f"kept for {BACK} rounds": lambda: chosen(old, slice(0, moment - BACK)),
        "all rounds so far, laws as they were": lambda: chosen(old),
        "all rounds so far, law of now": lambda: chosen(now),
        "the last 10, laws as they were": lambda: chosen(old, slice(-10, None)),
        "the last 10, law of now": lambda: chosen(now, slice(-10, None)),
        "1 round replayed": replay(1),
        "10 rounds replayed": replay(10),
        "10 rounds replayed 4 times": replay(10, 4),
        "10 rounds replayed 16 times": replay(10, 16),
        "90 rounds replayed": replay(90),
    }


def followed(market: str) -> str:
    """Errors against 10 rounds to come, and against 90; means over three moments, the largest in brackets."""
    noted: dict[str, list[list[float]]] = {}
    for moment in MOMENTS:
        economy, data = sources(moment, market)
        truths = [Truth(economy, replay) for replay in TRUTHS]
        nothing = [each for truth in truths for each in (float((truth.values**2).mean()), 1.0)]
        noted.setdefault("nothing: all values 0", []).append([*nothing, 0.0])
        for name, make in data.items():
            start = time.process_time()
            made = make()
            spent = 1000 * (time.process_time() - start)
            near, far = (truth.missed(made) for truth in truths)
            noted.setdefault(name, []).append([*near[:2], *far[:2], spent + near[2]])
    rows: list[Sequence[str]] = []
    for name, found in noted.items():
        mean, most = np.mean(found, axis=0), np.max(found, axis=0)
        near, far = (f"{mean[place]:.1e} ({most[place]:.1e})" for place in (0, 2))
        rows.append([name, near, f"{mean[1]:.2f}", far, f"{mean[3]:.2f}", f"{mean[4]:.1f}"])
    heads = ["explained from", "error, 10 rounds ahead", "covered", "error, 90 rounds ahead", "covered", "ms"]
    return markdown(heads, rows)


def followed_digits() -> str:
    """Where a model of digits is trained."""
    return followed("model")


def followed_curve() -> str:
    """On a known learning curve."""
    return followed("curve")


if __name__ == "__main__":
    tables = {"learned": learned, "followed-digits": followed_digits, "followed-curve": followed_curve}
    main(__doc__, tables, "learning ", PAGE)
