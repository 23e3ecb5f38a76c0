"""Norms of indirect reciprocity: where each is stable and how much it brings, under public and private images.

    python benchmarks/norms.py                       all tables (some two minutes, nearly all for private images)
    python benchmarks/norms.py thresholds scan       two of them
    python benchmarks/norms.py --write               into docs/reciprocity.md, and docs/images/norms.png

Public images: closed forms. Private images: 40 runs, 95 % intervals over runs.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from papers.private_images import RULES, Case, courses, payoffs
from results_page import main, markdown

from commonweal.agents.arrays import Floats
from commonweal.agents.reciprocity.norms import Errors, norm_of
from commonweal.agents.reciprocity.public import (
    ACTS,
    ASSESSMENTS,
    EssInterval,
    Residents,
    cooperation,
    ess_interval,
    lone,
    populations,
    residents,
    scan,
    share_good,
    slandered,
)
from commonweal.figures.norms import draw_norms
from commonweal.figures.printing import save
from commonweal.scenarios.runs.intervals import ANYWHERE, SHARE, mean_interval

PAGE = Path(__file__).parents[1] / "docs" / "reciprocity.md"
FIGURE = PAGE.parent / "images" / "norms.png"
TEN = (*(f"L{k}" for k in range(1, 9)), "image-scoring", "shunning")
TRIPLES = (0.05, 0.0, 0.0), (0.02, 0.02, 0.02), (0.1, 0.1, 0.1)  # assignment, perception, execution
RATIOS = 1.05, 1.5, 2.0, 3.0, 5.0
SHARES = 0.0, 0.25, 0.5
SETTINGS = (0.05, 0.9), (0.02, 1.0)  # mistaken, observed
INVADED = "L1", "L3", "L6"
RUNS = 40


def follow(assignment: float, perception: float, execution: float) -> Residents:
    """Ten populations, one for each norm."""
    return residents([norm_of(name) for name in TEN], errors(assignment, perception, execution))


def errors(assignment: float, perception: float, execution: float) -> Errors:
    return Errors(np.array(execution), np.array(perception), np.array(assignment))


def ends(interval: EssInterval, digits: int) -> list[str]:
    """From which ratio on each norm is stable; an upper end where there is one."""
    return [_between(low, high, digits) for low, high in zip(interval.low, interval.high, strict=True)]


def _between(low: float, high: float, digits: int) -> str:
    if np.isnan(low):
        return "never"
    return f"{low:.{digits}f}" + (f" to {high:.{digits}f}" if np.isfinite(high) else "")


def thresholds() -> str:
    """The ratios of benefit to cost above which norms are stable."""
    columns = [ends(ess_interval(follow(*triple)), 6) for triple in TRIPLES]
    return _by_norm([f"assignment {a:g}, perception {p:g}, execution {e:g}" for a, p, e in TRIPLES], columns)


def names() -> str:
    """Shares of good names, and cooperation."""
    heads, columns = [], []
    for size in (0.02, 0.1):
        among = follow(size, size, size)
        heads += [f"errors {size:g}: good names", "cooperation"]
        columns += [_digits(share_good(among), 5), _digits(cooperation(among), 5)]
    return _by_norm(heads, columns)


def all_norms() -> str:
    """How many deterministic norms are stable, and cooperate."""
    by = errors(0.02, 0.0, 0.0)
    stable = ess_interval(populations(ACTS, ASSESSMENTS[:, None], by))
    rows = [[f"{ratio:g}", f"{stable.contains(ratio).sum()}", f"{scan(by, ratio).sum()}"] for ratio in RATIOS]
    return markdown(["benefit per cost", "stable", "stable, and cooperate above .95"], rows)


def mutants() -> str:
    """Payoffs of single mutants."""
    among = follow(0.02, 0.02, 0.02)
    payoff = lone(among, ACTS).payoff(3.0, 1.0)
    own = [int(np.flatnonzero((norm_of(name).act == ACTS).all(axis=(1, 2)))[0]) for name in TEN]
    best = [f"{np.delete(row, place).max():.5f}" for row, place in zip(payoff, own, strict=True)]
    each = [_digits(payoff[np.arange(len(TEN)), own], 5), _digits(payoff[:, 0], 5), _digits(payoff[:, 15], 5), best]
    return _by_norm(["residents", "AllD", "AllC", "best of the 15 other rules"], each)


def slander() -> str:
    """What judges do that call everybody bad."""
    heads, columns = [], []
    for share in SHARES:
        among = slandered(follow(0.02, 0.02, 0.02), share)
        heads += [f"share {share:g}: stable above", "cooperation"]
        columns += [ends(ess_interval(among), 6), _digits(cooperation(among), 4)]
    return _by_norm(heads, columns)


def private() -> str:
    """Cooperation under private images."""
    cases = [Case(name, mistaken, observed, RUNS) for mistaken, observed in SETTINGS for name in TEN]
    texts = [mean_interval(found.cooperation, within=SHARE).text(3) for found in courses(cases)]
    return _by_norm([f"mistaken {m:g}, observed {o:g}" for m, o in SETTINGS], [texts[: len(TEN)], texts[len(TEN) :]])


def private_mutants() -> str:
    """Payoffs of a member that acts otherwise under private images."""
    cases = [Case(name, *SETTINGS[0], RUNS, mutant) for name in INVADED for mutant in RULES]
    rows = []
    for case, found in zip(cases, courses(cases), strict=True):
        own, other = payoffs(found)
        each = [mean_interval(values, within=ANYWHERE).text(2) for values in (own, other)]
        rows.append([case.norm, case.mutant, *each, mean_interval(other - own).text(2, "+")])
    return markdown(["residents", "mutant", "payoff of residents", "of the mutant", "the mutant gains"], rows)


def _by_norm(heads: list[str], columns: list[list[str]]) -> str:
    return markdown(["norm", *heads], [[name, *cells] for name, *cells in zip(TEN, *columns, strict=True)])


def _digits(values: Floats, digits: int) -> list[str]:
    return [f"{value:.{digits}f}" for value in values]


def draw() -> None:
    """The figure of the page: public images, each error .02."""
    among = follow(0.02, 0.02, 0.02)
    interval = ess_interval(among)
    columns = {"norm": TEN, "low": interval.low, "high": interval.high, "cooperation": cooperation(among)}
    note = "Execution, perception and assignment err in .02 of cases each."
    save(draw_norms(pd.DataFrame(columns), note), FIGURE)


TABLES: dict[str, Callable[[], str]] = {
    "thresholds": thresholds, "names": names, "scan": all_norms, "mutants": mutants, "slander": slander,
    "private": private, "private-mutants": private_mutants,
}  # fmt: skip


if __name__ == "__main__":
    main(__doc__, TABLES, "norms-", PAGE)
    if "--write" in sys.argv[1:]:
        draw()
