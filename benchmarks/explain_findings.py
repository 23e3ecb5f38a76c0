"""Four questions about our own results, answered by explanations: docs/findings.md with its tables and pictures.

    python benchmarks/explain_findings.py               all tables (about seven minutes on one core)
    python benchmarks/explain_findings.py stale-parts   one of them
    python benchmarks/explain_findings.py --write       all tables and pictures, into docs/findings.md and docs/images

Hypotheses were written into the page before the experiments, verdicts after. Intervals are of 95 % over seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from PIL import Image
from results_page import main, markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.explaining.decisions import explain_decision
from commonweal.economy.explaining.episodes import LuckGame, explain_luck
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.interventions import Intervention, explain_interventions
from commonweal.economy.explaining.profiles import play_profiles
from commonweal.economy.explaining.sights import watched
from commonweal.economy.explaining.sketch import Played, explain, instead_of, of_cells, sketch, uniform
from commonweal.economy.explaining.tree import Outcome, stretches
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.round.set_up import Economy, set_up
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.tasks.supply import first_supply
from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.explained import dividend_graph, shaded_course
from commonweal.figures.ink import BLACK, GREEN, GREY, PURPLE, printed
from commonweal.figures.printing import save
from commonweal.scenarios.runs.intervals import ANYWHERE, Interval, Range, mean_interval
from commonweal.scenarios.schema.loading import load, revise

PAGE = Path(__file__).parents[1] / "docs" / "findings.md"
IMAGES = PAGE.parent / "images"
SEEDS = tuple(range(8))
SHARE = Range(0.0, 1.0)


def text(samples: Sequence[float] | Floats, digits: int = 3, within: Range = ANYWHERE) -> str:
    """A mean over seeds with its 95 % interval."""
    return mean_interval(np.asarray(samples), within=within).text(digits)


# Why do stale data pay under credit?

COMMONS = load("commons")
DEVIATORS = (0, 10, 20, 30)
STALE_ROUNDS, RULE_ROUNDS = 100, 60
MONEY = 1e4  # table and picture in ten-thousandths of money a round


def parts_of_stale(member: int) -> tuple[Intervention, ...]:
    """What the most profitable deviation is made of, each part a real switch of one principal."""
    always = Deviation("always", (member,), Action.DELEGATE)
    stale = Deviation("stale", (member,), form="stale")
    names = Deviation("names", (member,), identities=4)
    said = ("takes part in every round", "two samples over and over", "four names")
    return tuple(Intervention(what, deviation=each) for what, each in zip(said, (always, stale, names), strict=True))


@cache
def stale_game() -> tuple[Floats, Floats, Floats, Floats]:
    """Values (S, P, A), bases (S, A), wholes (S, A) and dividends (S, P, P, A), means over deviators.

    Outcomes: payoff, payment, what is left of it beside payment (cost saved), and accuracy.
    """
    economy, found = Ensemble(COMMONS, SEEDS).snapshot, []
    for member in DEVIATORS:
        outcome = Outcome((f"payoff of {member}", f"payment of {member}", "accuracy"), STALE_ROUNDS)
        found.append(explain_interventions(economy, parts_of_stale(member), STALE_ROUNDS, outcome))
    arrays = [np.mean([getattr(each, name) for each in found], axis=0)
              for name in ("values", "base", "value", "interactions")]  # fmt: skip
    return tuple(np.insert(each, 2, each[..., 0] - each[..., 1], axis=-1) for each in arrays)  # type: ignore[return-value]


KEPT = ("payoff", "payment", "kept beside it (cost saved)")


def stale_parts() -> str:
    """What each part of the deviation adds to a deviator's payoff, payment and the difference; ten-thousandths."""
    values, base, whole, pairs = stale_game()
    names = [each.name for each in parts_of_stale(0)]
    scale = np.array([MONEY, MONEY, MONEY, 1.0])

    def row(name: str, samples: Floats) -> list[str]:
        cells = samples * scale
        return [name, *(text(cells[:, k], 1) for k in range(3)), text(cells[:, 3], 4)]

    rows = [row("nothing of it (the run as it is)", base)]
    rows += [row(name, values[:, place]) for place, name in enumerate(names)]
    rows += [row("all of it", whole)]
    rows += [row(f"dividend: {names[i]} × {names[j]}", pairs[:, i, j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    return markdown(["", *KEPT, "accuracy"], rows)


RULES = {"drift": ("task.drift", (0.0, 0.02)), "no memory of novelty": ("credit.novelty.memory", (2, 0)),
         "horizon of 50 rounds": ("settlement.horizon", (1, 50))}  # fmt: skip


@cache
def stale_cells() -> tuple[pd.DataFrame, Floats]:
    """Cells of rules, and (C, S, 3): payoff of always stale less always honest, and what both are paid."""
    cells, found = list(product((0, 1), repeat=len(RULES))), []
    for cell in cells:
        changes = {path: levels[at] for (path, levels), at in zip(RULES.values(), cell, strict=True)}
        tried = [Deviation(f"{form} {i}", (i,), Action.DELEGATE, form) for i in DEVIATORS for form in ("own", "stale")]
        economy = Ensemble(revise(COMMONS, changes), SEEDS).snapshot
        futures = play_futures(economy, tried, RULE_ROUNDS)
        own = np.repeat(DEVIATORS, 2)
        payoffs = futures.payoffs[:, 1 + np.arange(len(tried)), :, own].mean(axis=2).T  # (S, D)
        cost = futures_cost(economy, futures.actions[:, 1 + np.arange(len(tried)), :, own], own)
        honest, stale = payoffs[:, ::2], payoffs[:, 1::2]
        paid = honest + cost[:, ::2]
        found.append(np.stack([(stale - honest).mean(axis=1), paid.mean(axis=1), stale.mean(axis=1)], axis=1))
    return pd.DataFrame(cells, columns=list(RULES)), np.array(found)


def futures_cost(economy: Economy, actions: Ints, own: Ints) -> Floats:
    """(S, D) what honest delegating of each deviator costs a round."""
    each = economy.people.cost[:, own] * economy.world.terms.learning.samples
    return each * (actions == Action.DELEGATE).mean(axis=-1).reshape(len(own), -1).T


def stale_rules() -> str:
    """What each part of the rules adds to the gain of always stale over always honest data; ten-thousandths."""
    cells, found = stale_cells()
    chosen, gains = played(cells, found[..., 0]), found[..., 0]
    why = against_none(chosen)
    pairs = why.interactions
    assert pairs is not None
    rows = [["none of them", text(gains[0] * MONEY, 1)]]
    rows += [[name, text(why.values[0, place] * MONEY, 1)] for place, name in enumerate(RULES)]
    rows += [["all of them (`commons`)", text(gains[-1] * MONEY, 1)]]
    rows += [[f"dividend: {list(RULES)[i]} × {list(RULES)[j]}", text(pairs[0, i, j] * MONEY, 1)]
             for i, j in ((0, 1), (0, 2), (1, 2))]  # fmt: skip
    return markdown(["part of the rules", "gain of stale data over honest ones"], rows)


def stale_paid() -> str:
    """What always stale data are paid, as a share of what always honest ones are, in each cell of rules."""
    cells, found = stale_cells()
    rows = [[*("yes" if at else "no" for at in cell), text(paid[:, 2] / paid[:, 1], 2), text(paid[:, 0] * MONEY, 1)]
            for cell, paid in zip(cells.to_numpy(), found, strict=True)]  # fmt: skip
    return markdown([*RULES, "stale, share of honest payment", "gain"], rows)


def played(cells: pd.DataFrame, outcomes: Floats) -> Played:
    """Cells as profiles, with a seed's outcome (C, S) as an answer each."""
    return of_cells(cells, pd.DataFrame(outcomes, columns=[f"seed {seed}" for seed in range(outcomes.shape[1])]))


@cache
def stale_counts() -> dict[tuple[int, int], Floats]:
    """By names and samples that each repeats: (S,) gain of always stale over always honest data."""
    found = {}
    for samples in (1, 2, 8):
        economy = Ensemble(revise(COMMONS, {"actions.stale_samples": samples}), SEEDS).snapshot
        ways = (("own", 1), ("own", 4), ("stale", 1), ("stale", 4))
        tried = [Deviation(f"{form} {names} {i}", (i,), Action.DELEGATE, form, identities=names)
                 for form, names in ways for i in DEVIATORS]  # fmt: skip
        futures = play_futures(economy, tried, RULE_ROUNDS)
        earned = futures.gains.reshape(len(SEEDS), 4, -1).mean(axis=2)  # over the run as it is
        found |= {(1, samples): earned[:, 2] - earned[:, 0], (4, samples): earned[:, 3] - earned[:, 0]}
        found[4, 0] = earned[:, 1] - earned[:, 0]
    return found


def stale_different() -> str:
    """Gain over always honest data under one name, by names and by how many samples each name repeats."""
    found = stale_counts()
    rows = []
    for names, samples in sorted(found):
        different = str(names * min(samples, COMMONS.learning.samples // names)) if samples else "always new"
        gain = text(found[names, samples] * MONEY, 1)
        rows.append([str(names), str(samples) if samples else "none, honest", different, gain])
    rows.append(["4 × 2 less 1 × 8", "", "", text((found[4, 2] - found[1, 8]) * MONEY, 1)])
    return markdown(["names", "samples that each repeats", "different ones", "gain"], rows)


def against_none(chosen: Played) -> Explanation:
    """All three factors there, against none of them; exact, since every cell was played."""
    none = instead_of(chosen, np.zeros(3, dtype=np.int64), "none of them")
    return explain(sketch(chosen), np.ones((1, 3), dtype=np.int64), none)


# Why do best responders defect at horizon 50?

RESPONDERS = revise(COMMONS, {"policy.mix": {"best_response": 1.0}})
FREE = {"population.cost_low": 0.0, "population.cost_high": 0.0}
REASONS: dict[str, dict[str, Any]] = {
    "horizon of 50 rounds instead of 1": {"settlement.horizon": 1},
    "gain from defecting": {"actions.defect_gain": 0.0},
    "cost of samples": FREE,
}  # what is changed where a reason is absent
RESPONDING = 60


@cache
def response_cells() -> tuple[pd.DataFrame, Floats]:
    """Cells of reasons, and (C, S) delegating share in the last 15 rounds of best responders."""
    cells, found = list(product((0, 1), repeat=len(REASONS))), []
    for cell in cells:
        changes: dict[str, Any] = {}
        for there, absent in zip(cell, REASONS.values(), strict=True):
            changes |= {} if there else absent
        ensemble = Ensemble(revise(RESPONDERS, changes), SEEDS)
        shares = [(ensemble.step().actions == Action.DELEGATE).mean(axis=1) for _ in range(RESPONDING)]
        found.append(np.mean(shares[-15:], axis=0))
    return pd.DataFrame(cells, columns=list(REASONS)), np.array(found)


@cache
def response_game() -> Explanation:
    """What each reason adds to the delegating share, a seed an answer."""
    return against_none(played(*response_cells()))


def responders_reasons() -> str:
    """What each reason adds to the delegating share of best responders, mean of rounds 45 to 59."""
    why = response_game()
    pairs = why.interactions
    assert pairs is not None
    names = list(REASONS)
    rows = [["none of them", text(why.base[0])]]
    rows += [[name, text(why.values[0, place])] for place, name in enumerate(names)]
    rows += [["all of them (best responders in `commons`)", text(why.value[0])]]
    rows += [[f"dividend: {names[i]} × {names[j]}", text(pairs[0, i, j])] for i, j in ((0, 1), (0, 2), (1, 2))]
    return markdown(["reason", "share that delegates"], rows)


ASKED = 40  # decisions of each seed


def responders_features() -> str:
    """Share of Σ|φ| of the action taken by what was seen, decisions of rounds 2 to 39; means over 4 seeds."""
    shares: dict[str, dict[str, list[float]]] = {}
    for horizon in (50, 1):
        decisions = watched(Ensemble(revise(RESPONDERS, {"settlement.horizon": horizon}), SEEDS[:4]), 40)
        for seed in range(4):
            rng, parts = np.random.default_rng(seed), []
            for _ in range(ASKED):
                why = explain_decision(decisions, int(rng.integers(40)), int(rng.integers(2, 40)), seed)
                parts.append(np.abs(why.values[0, :, why.answers.index(why.provenance["taken"])]))
            of_all = np.sum(parts, axis=0) / np.sum(parts)
            for name, share in zip(why.names, of_all, strict=True):
                shares.setdefault(name, {}).setdefault(str(horizon), []).append(float(share))
    order = sorted(shares, key=lambda name: -np.mean(shares[name]["50"]))
    rows = [[name, *(text(shares[name][h], 2) for h in ("50", "1"))] for name in order]
    return markdown(["what was seen", "horizon 50", "horizon 1"], rows)


ASKERS, AHEAD, AFTER = (0, 13, 26, 39), 60, 2
FURTHER = tuple(range(8, 24))  # seeds that were played after the first eight had left the sum open


@cache
def sight(seeds: Sequence[int] = SEEDS, horizons: Sequence[int] = (50, 1)) -> Mapping[int, Floats]:
    """By horizon (S, 60): what delegating once brings more than defecting once, cumulated, mean of askers."""
    both = (Action.DELEGATE, Action.DEFECT)
    tried = [Deviation(f"{action.name} {i}", (i,), action, until=1) for i in ASKERS for action in both]
    found = {}
    for horizon in horizons:
        ensemble = Ensemble(revise(RESPONDERS, {"settlement.horizon": horizon}), seeds)
        for _ in range(AFTER):
            ensemble.step()
        futures = play_futures(ensemble.snapshot, tried, AHEAD, others="freeze")
        own = futures.payoffs[:, 1 + np.arange(len(tried)), :, np.repeat(ASKERS, 2)]  # (D, S, T)
        found[horizon] = np.cumsum(own[::2] - own[1::2], axis=2).mean(axis=0)
    return found


def responders_sight() -> str:
    """Delegating once instead of defecting once in round 2, everybody else's actions given; ten-thousandths."""
    tried = [(f"horizon {horizon}", more) for horizon, more in sight().items()]
    tried.append(("horizon 50, seeds 8 to 23", sight(FURTHER, (50,))[50]))
    rows = [[name, *(text(more[:, ahead - 1] * MONEY, 1) for ahead in (1, 10, AHEAD))] for name, more in tried]
    return markdown(["", "in its own round", "over 10 rounds", f"over {AHEAD} rounds"], rows)


# Which episodes decide whether the commons collapses?

CURVE = revise(
    COMMONS,
    {"market.kind": "curve", "population.count": 24, "market.price": 0.05, "policy.imitation.intensity": 1000.0,
     "policy.revision": 0.2, "policy.mutation": 0.01, "population.start_delegate": 0.5,
     "population.start_free_ride": 0.3, "population.start_defect": 0.2},
)  # fmt: skip
COLLAPSED, RUNS, COURSE = 0.1, range(32), 100
EPISODES = LuckGame(episodes=10, strangers=8, outcome=Outcome(("share_delegate",), 10))


@cache
def decided() -> tuple[Floats, Floats, list[Explanation]]:
    """(R, E) values, (R,) share at the end, and the explanations of runs on the curve."""
    found = [explain_luck(Ensemble(CURVE, [seed]).snapshot, COURSE, EPISODES) for seed in RUNS]
    return np.concatenate([each.values[..., 0] for each in found]), np.array([e.value[0, 0] for e in found]), found


def collapse_episodes() -> str:
    """Mean value and mean size of each tenth of a run, by how the run ended."""
    values, ended, _ = decided()
    lost = ended < COLLAPSED
    rows = [[f"{part.start} to {part[-1]}", text(values[lost, e]), text(values[~lost, e]), text(np.abs(values[:, e]))]
            for e, part in enumerate(stretches(COURSE, 10))]  # fmt: skip
    return markdown(["rounds", f"collapsed ({lost.sum()} runs)", f"held ({(~lost).sum()} runs)", "size, all"], rows)


def collapse_when() -> str:
    """Where the luck lay: share of a run's Σ|φ| by stretches of rounds, and the middle of it."""
    values, ended, _ = decided()
    size = np.abs(values)
    share = size / size.sum(axis=1, keepdims=True)
    middle = (share * (np.arange(10) * 10 + 4.5)).sum(axis=1)
    lost, rows = ended < COLLAPSED, []
    for name, chosen in (("collapsed", lost), ("held", ~lost)):
        parts = [share[chosen, at:to].sum(axis=1) for at, to in ((0, 3), (3, 7), (7, 8), (8, 10))]
        rows.append([name, *(text(part, 2, SHARE) for part in parts), text(middle[chosen], 1)])
    return markdown(["runs", "rounds 0–29", "30–69", "70–79", "80–99", "mean round of it"], rows)


PURPOSES = replace(EPISODES, by="purposes", strangers=16)
LEARNED = revise(
    COMMONS,
    {"population.count": 24, "market.price": 0.005, "policy.imitation.intensity": 1000.0, "policy.revision": 0.2},
)
LEARNED_RUNS, LEARNED_ROUNDS = range(6), 80


@cache
def by_purpose(learned: bool) -> tuple[tuple[str, ...], Floats]:
    """Names and (R, Q) sizes of what each purpose of random numbers adds, as shares of a run's Σ|φ|."""
    scenario, runs, rounds = (LEARNED, LEARNED_RUNS, LEARNED_ROUNDS) if learned else (CURVE, RUNS, COURSE)
    game = replace(PURPOSES, strangers=6) if learned else PURPOSES
    found = [explain_luck(Ensemble(scenario, [seed]).snapshot, rounds, game) for seed in runs]
    size = np.abs(np.concatenate([each.values[..., 0] for each in found]))
    return found[0].names, size / np.maximum(size.sum(axis=1, keepdims=True), 1e-300)


def collapse_purposes() -> str:
    """Share of a run's Σ|φ| by what its random numbers were for."""
    cells = {learned: by_purpose(learned) for learned in (False, True)}
    rows = [[name, *(text(shares[:, names.index(name)], 2, SHARE) for names, shares in cells.values())]
            for name in cells[False][0]]  # fmt: skip
    heads = [f"known learning curve, {len(RUNS)} runs", f"a network learns, {len(LEARNED_RUNS)} runs"]
    return markdown(["random numbers for", *heads], rows)


# Who duplicates whom?

WORLDS, PRINCIPALS, TWIN_ROUNDS = 10, 8, 15
WAYS = ("dividend", "dividend over what the weaker one brings alone")
EVERYBODY = np.ones((1, PRINCIPALS), dtype=np.int64)


def twinned(economy: Economy, pair: tuple[int, int]) -> Economy:
    """The runs in which the second of a pair holds the samples of the first."""
    holdings = economy.world.holdings
    start, count = holdings.start.copy(), holdings.count.copy()
    for each in (start, count):
        each[:, pair[1]] = each[:, pair[0]]
    holdings = replace(holdings, start=start, count=count)
    world = replace(economy.world, holdings=holdings)
    return replace(economy, world=world, state=replace(economy.state, supply=first_supply(holdings)))


@cache
def worlds() -> list[tuple[tuple[int, int], list[tuple[Explanation, Floats]]]]:
    """A random pair; with the pair planted and without: values where all delegate, and what each brings alone (8,)."""
    cube = np.array(list(product((0, 1), repeat=PRINCIPALS)))
    scenario, found = load("leaky", {"population.count": PRINCIPALS}), []
    for seed in range(WORLDS):
        one, other = np.sort(np.random.default_rng(seed).choice(PRINCIPALS, 2, replace=False)).tolist()
        plain, both = set_up([scenario], seeds=[seed]), []
        for economy in (twinned(plain, (one, other)), plain):
            series = play_profiles(economy, cube, ("accuracy",), TWIN_ROUNDS)[0, :, -5:].mean(axis=1)
            names = tuple(f"{i}" for i in range(PRINCIPALS))
            known = Played(cube, series, names, ("accuracy",), (("abstain", "delegate"),) * PRINCIPALS)
            why = explain(sketch(known), EVERYBODY, uniform(known), f"accuracy of world {seed}, all delegating")
            both.append((why, np.array([series[column == 1].mean() for column in cube.T]) - series.mean()))
        found.append(((one, other), both))
    return found


def scores(why: Explanation, alone: Floats, way: str) -> Floats:
    """(28,) of every pair: the larger, the more two bring the same."""
    pairs, rows = why.interactions, np.triu_indices(PRINCIPALS, 1)
    assert pairs is not None
    dividends = pairs[0, :, :, 0][rows]
    if way == WAYS[0]:
        return -dividends
    own = np.maximum(alone, 1e-3)
    return -dividends / np.minimum(own[rows[0]], own[rows[1]])


def place_of(pair: tuple[int, int]) -> int:
    """Which of the 28 pairs it is."""
    rows = np.triu_indices(PRINCIPALS, 1)
    return int(np.flatnonzero((rows[0] == pair[0]) & (rows[1] == pair[1]))[0])


def duplicates_found() -> str:
    """How often the planted pair is found, how many false ones; threshold: the largest of other worlds unplanted."""
    rows = []
    for way in WAYS:
        tried = [(place_of(pair), *(scores(*each, way) for each in both)) for pair, both in worlds()]
        largest = np.array([null.max() for _, _, null in tried])
        thresholds = [np.delete(largest, seed).max() for seed in range(WORLDS)]
        ranks = np.array([1 + (score > score[place]).sum() for place, score, _ in tried])
        named, false, idle = [], [], []
        for (place, score, null), threshold in zip(tried, thresholds, strict=True):
            named.append(float(score[place] > threshold))
            false.append(float((np.delete(score, place) > threshold).sum()))
            idle.append(float((null > threshold).sum()))
        counts = [f"{(ranks <= most).sum()} of {WORLDS}" for most in (1, 3)]
        rows.append([way, *counts, f"{sum(named):.0f} of {WORLDS}", f"{sum(false):.0f}", f"{sum(idle):.0f}"])
    heads = ["score", "first of 28", "among the first three", "named at the threshold", "false pairs named beside them",
             "pairs named where none is planted"]  # fmt: skip
    return markdown(heads, rows)


# Pictures


def bars(ax: Any, names: Sequence[str], samples: Sequence[Floats], colours: Sequence[str]) -> None:
    """Means with their intervals, one below the other."""
    for place, (sample, colour) in enumerate(zip(samples, colours, strict=True)):
        found: Interval = mean_interval(np.asarray(sample))
        ax.barh(place, found.value, color=colour, height=0.62, alpha=0.85)
        ax.plot([found.low, found.high], [place, place], color=BLACK, linewidth=1.2)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.axvline(0, color=BLACK, linewidth=0.6)


@printed
def stale_picture() -> Figure:
    """Parts of the deviation, and parts of the rules."""
    values, base, whole, _ = stale_game()
    figure, ((left, right),) = blank(1, 2, TWO_COLUMNS, 2.0)
    parts = [each.name for each in parts_of_stale(0)]
    names = ["the run as it is", *parts, "all of it"]
    columns = [base, *(values[:, place] for place in range(len(parts))), whole]
    for shift, (k, colour) in enumerate(((1, GREEN), (2, PURPLE))):
        for place, column in enumerate(columns):
            found = mean_interval(column[:, k] * MONEY)
            at = place + 0.36 * shift - 0.18
            left.barh(at, found.value, color=colour, height=0.34, alpha=0.85,
                      label=("payment", "kept beside it")[shift] if not place else None)  # fmt: skip
            left.plot([found.low, found.high], [at, at], color=BLACK, linewidth=1.0)
    left.set_yticks(range(len(names)), names)
    left.invert_yaxis()
    left.axvline(0, color=BLACK, linewidth=0.6)
    left.set_xlabel("money of the deviator")
    counts = stale_counts()
    ways = {"1 name × 1 sample": (1, 1), "1 × 2": (1, 2), "4 × 1": (4, 1), "1 × 8": (1, 8), "4 × 2": (4, 2),
            "4, honest": (4, 0)}  # fmt: skip
    bars(right, list(ways), [counts[way] * MONEY for way in ways.values()], [*[PURPLE] * 5, GREY])
    right.set_xlabel("gain over honest data")
    caption = (
        f"0.0001 money a round, mean of {len(DEVIATORS)} deviators. Left: what each part of the deviation adds in "
        f"{STALE_ROUNDS} rounds; payoff is the sum of both bars. Right: payoff of always stale less always honest, "
        f"{RULE_ROUNDS} rounds, by names and samples that each repeats. Bars: Shapley values, or outcomes in the first "
        f"and last row and on the right; lines: 95 % intervals over {len(SEEDS)} seeds."
    )
    handles = left.get_legend_handles_labels()[0]
    return finish(figure, "Stale data under credit: what the deviation is made of", caption, handles)


@printed
def responders_picture() -> Figure:
    """Reasons of the fall, and what delegating once brings round by round."""
    why = response_game()
    figure, ((left, right),) = blank(1, 2, TWO_COLUMNS, 2.0)
    bars(left, ["none of them", *REASONS, "all of them"], [why.base[0], *why.values[0], why.value[0]],
         [GREY, *[PURPLE] * 3, GREY])  # fmt: skip
    left.set_xlabel("share that delegates")
    for colour, (horizon, more) in zip((PURPLE, GREEN), sight().items(), strict=True):
        found, ahead = mean_interval(more * MONEY), np.arange(1, AHEAD + 1)
        right.plot(ahead, found.value, color=colour, label=f"horizon {horizon}")
        right.fill_between(ahead, found.low, found.high, color=colour, alpha=0.2, linewidth=0)
    right.axhline(0, color=BLACK, linewidth=0.6)
    right.set_xlabel("rounds that are counted")
    right.set_ylabel("0.0001 money, cumulated")
    caption = (
        f"Left: what each reason adds to the share of best responders that delegate, rounds 45 to 59. Right: what "
        f"delegating once in round {AFTER} brings more than defecting once, everybody else's actions given, mean of "
        f"{len(ASKERS)} principals. Lines and bands: 95 % intervals over {len(SEEDS)} seeds."
    )
    handles = right.get_legend_handles_labels()[0]
    return finish(figure, "Best responders: why fewer delegate, and what delegating once brings", caption, handles)


def collapse_picture() -> Figure:
    """The course of a run that collapses, its episodes shaded."""
    values, ended, found = decided()
    lost = np.flatnonzero(ended < COLLAPSED)
    return shaded(found, int(lost[np.abs(values[lost]).max(axis=1).argmax()]))


def holding_picture() -> Figure:
    """The course of a run that holds, its episodes shaded."""
    values, ended, found = decided()
    held = np.flatnonzero(ended >= COLLAPSED)
    return shaded(found, int(held[np.abs(values[held]).max(axis=1).argmax()]))


def shaded(found: Sequence[Explanation], run: int) -> Figure:
    """The run whose largest episode was largest among its kind."""
    ensemble = Ensemble(CURVE, [RUNS[run]])
    series = np.array([(ensemble.step().actions == Action.DELEGATE).mean() for _ in range(COURSE)])
    return shaded_course(series, stretches(COURSE, 10), found[run])


@printed
def episodes_picture() -> Figure:
    """Where decisive episodes lie, and what their luck was for."""
    values, ended, _ = decided()
    lost = ended < COLLAPSED
    figure, ((left, right),) = blank(1, 2, TWO_COLUMNS, 2.0)
    middles = np.arange(10) * 10 + 4.5
    for colour, chosen, name in ((PURPLE, lost, "collapsed"), (GREEN, ~lost, "held")):
        found = mean_interval(values[chosen])
        left.plot(middles, found.value, color=colour, marker="o", markersize=3, label=f"{name} ({chosen.sum()} runs)")
        left.fill_between(middles, found.low, found.high, color=colour, alpha=0.2, linewidth=0)
    left.axhline(0, color=BLACK, linewidth=0.6)
    left.set_xlabel("round")
    left.set_ylabel("added by ten rounds of luck")
    names, shares = by_purpose(False)
    bars(right, names, list(shares.T), [GREY] * len(names))
    right.set_xlabel("share of a run's luck, Σ|φ|")
    caption = (
        "24 imitators on a known learning curve. Left: mean value of the luck of ten rounds for the share that "
        "delegates in rounds 90 to 99. Right: what the random numbers that mattered were for. Bands and lines: 95 % "
        "intervals over runs."
    )
    return finish(figure, "When a run is decided, and by what luck", caption, left.get_legend_handles_labels()[0])


def duplicates_picture() -> Figure:
    """Dividends of the first world with a planted pair."""
    return dividend_graph(worlds()[0][1][0][0])


PICTURES = {
    "stale-parts": {"findings-stale": stale_picture},
    "responders-sight": {"findings-responders": responders_picture},
    "collapse-purposes": {"findings-episodes": episodes_picture, "findings-collapse": collapse_picture,
                          "findings-holding": holding_picture},
    "duplicates": {"findings-duplicates": duplicates_picture},
}  # fmt: skip


def smaller(path: Path) -> None:
    """The same picture in 256 colours."""
    with Image.open(path) as picture:
        reduced = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)


def drawn(name: str, table: Any) -> Any:
    """A table that also draws the pictures that belong to it."""

    def made() -> str:
        written = table()
        for picture, draw in PICTURES.get(name, {}).items():
            smaller(save(draw(), IMAGES / f"{picture}.png"))
        return str(written)

    made.__doc__ = table.__doc__
    return made


TABLES = {
    "stale-rules": stale_rules, "stale-paid": stale_paid, "stale-different": stale_different,
    "stale-parts": stale_parts,
    "responders-reasons": responders_reasons, "responders-features": responders_features,
    "responders-sight": responders_sight,
    "collapse-episodes": collapse_episodes, "collapse-when": collapse_when, "collapse-purposes": collapse_purposes,
    "duplicates": duplicates_found,
}  # fmt: skip

if __name__ == "__main__":
    torch.set_num_threads(1)
    main(__doc__, {name: drawn(name, table) for name, table in TABLES.items()}, "findings-", PAGE)
