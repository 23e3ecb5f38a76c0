"""Intervals of means over seeds: how often they hold the true mean, and how wide they are.

    python benchmarks/intervals.py              both tables (some seconds)
    python benchmarks/intervals.py --write      put them into docs/results/intervals.md

Every game is played 20,000 times at 95 %; the standard error of a coverage of 93 % is .2 %.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from results_page import main, markdown
from scipy.special import fdtri, stdtrit
from scipy.stats import norm

from commonweal.agents.arrays import Floats
from commonweal.scenarios.runs.intervals import (
    ANYWHERE,
    CORRELATION,
    POSITIVE,
    SHARE,
    Interval,
    Range,
    mean_interval,
    standard_error,
)

SEEDS = (2, 4, 8, 16, 32)
PLAYED = 20_000
RESAMPLES = 1000
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]
Rule = Callable[[Floats], Interval]


@dataclass(frozen=True)
class Game:
    """Numbers over seeds whose mean is known."""

    draw: Draw
    mean: float
    within: Range = ANYWHERE


def _mixture(generator: np.random.Generator, shape: tuple[int, int]) -> Floats:
    often: Floats = np.where(generator.random(shape) < 0.1, 10.0, 1.0) + 0.3 * generator.standard_normal(shape)
    return often


def _normal(generator: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return generator.standard_normal(shape)


GAMES: Mapping[str, Game] = {
    "Gaussian": Game(_normal, 0.0),
    "log-normal, σ = 1": Game(lambda generator, shape: np.exp(_normal(generator, shape)), float(np.exp(0.5))),
    "difference of two log-normals": Game(
        lambda generator, shape: np.exp(_normal(generator, shape)) - np.exp(_normal(generator, shape)), 0.0
    ),
    "one seed in ten pays ten times": Game(_mixture, 1.9),
    "share, Beta(8, 2)": Game(lambda generator, shape: generator.beta(8, 2, shape), 0.8, SHARE),
    "share, Beta(2, .3)": Game(lambda generator, shape: generator.beta(2, 0.3, shape), 2 / 2.3, SHARE),
    "correlation, tanh N(1, .4)": Game(
        lambda generator, shape: np.tanh(1 + 0.4 * _normal(generator, shape)),
        float(norm.expect(np.tanh, loc=1, scale=0.4)), CORRELATION,
    ),
    "duration, exponential": Game(lambda generator, shape: generator.exponential(size=shape), 1.0, POSITIVE),
}  # fmt: skip


def coverage() -> str:
    """The interval of all tables against Student's, on numbers whose mean is known: coverage and mean width."""
    heads = ["game", "seeds", "Student's covers", "ours covers", "Student's leaves the range", "width over Student's"]
    rows = []
    for name, game in GAMES.items():
        for seeds in SEEDS:
            values = game.draw(np.random.default_rng(seeds), (seeds, PLAYED))
            student, ours = students(values), mean_interval(values, within=game.within)
            out = np.mean((student.low < game.within.low) | (student.high > game.within.high))
            left = f"{out:.0%}" if game.within != ANYWHERE else "–"
            width = np.mean(ours.high - ours.low) / np.mean(student.high - student.low)
            rows.append([name, f"{seeds}", _share(student, game), _share(ours, game), left, f"{width:.2f}"])
    return markdown(heads, rows)


def candidates() -> str:
    """Other intervals at 8 seeds: coverage, and mean width over Student's in parentheses."""
    seeds, games = 8, list(GAMES)[:4]
    drawn = {name: GAMES[name].draw(np.random.default_rng(seeds), (seeds, PLAYED // 5)) for name in games}
    rows = []
    for rule, interval in RULES.items():
        cells = []
        for name, values in drawn.items():
            found, student = interval(values), students(values)
            width = np.mean(found.high - found.low) / np.mean(student.high - student.low)
            cells.append(f"{_share(found, GAMES[name])} ({width:.2f})")
        rows.append([rule, *cells])
    return markdown(["interval", *games], rows)


def _share(found: Interval, game: Game) -> str:
    return f"{np.mean((found.low <= game.mean) & (game.mean <= found.high)):.1%}"


def students(values: Floats, confidence: float = 0.95) -> Interval:
    """Student's t-interval."""
    mean = values.mean(axis=0)
    reach = stdtrit(len(values) - 1, (1 + confidence) / 2) * standard_error(values)
    return Interval(mean, mean - reach, mean + reach)


def bootstrap(values: Floats) -> Interval:
    """The studentised bootstrap (Efron and Tibshirani 1993, section 12.5), which the studies had from 12 seeds on."""
    seeds, mean, error = len(values), values.mean(axis=0), standard_error(values)
    flat = (values - mean) / error
    shares = np.random.default_rng(0).multinomial(seeds, np.full(seeds, 1 / seeds), size=RESAMPLES) / seeds
    means = shares @ flat
    squares = (shares @ flat**2 - means**2) / (seeds - 1)
    low, high = np.quantile(means / np.sqrt(np.maximum(squares, 0.1)), [0.025, 0.975], axis=0)
    return Interval(mean, mean - high * error, mean - low * error)


def hall(values: Floats) -> Interval:
    """Student's t corrected for skewness by a monotone cubic (Hall 1992)."""
    seeds, mean, error = len(values), values.mean(axis=0), standard_error(values)
    standard = (values - mean) / error / np.sqrt(seeds)
    skewness = seeds / ((seeds - 1) * (seeds - 2)) * (standard**3).sum(axis=0)
    slope = skewness / 3 / np.sqrt(seeds)
    reach = stdtrit(seeds - 1, 0.975)
    ends = [(np.cbrt(1 + 3 * slope * (far - skewness / 6 / np.sqrt(seeds))) - 1) / slope for far in (reach, -reach)]
    return Interval(mean, mean - ends[0] * error, mean - ends[1] * error)


def likelihood(values: Floats) -> Interval:
    """Empirical likelihood (Owen 1988), its ratio judged by Fisher's F."""
    seeds, mean = len(values), values.mean(axis=0)
    critical = fdtri(1, seeds - 1, 0.95)
    ends = []
    for edge in (values.min(axis=0), values.max(axis=0)):
        inside, outside = mean.copy(), edge + (mean - edge) * 1e-9
        for _ in range(30):
            middle = (inside + outside) / 2
            within = _ratio(values - middle) < critical
            inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
        ends.append(inside)
    return Interval(mean, *ends)


def _ratio(apart: Floats) -> Floats:
    """(repetitions,) −2 log of the likelihood ratio of mean 0, by bisection of its multiplier."""
    seeds = len(apart)
    low, high = (1 / seeds - 1) / apart.max(axis=0), (1 / seeds - 1) / apart.min(axis=0)
    for _ in range(35):
        middle = (low + high) / 2
        below = (apart / (1 + middle * apart)).sum(axis=0) > 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    ratio: Floats = 2 * np.log1p(low * apart).sum(axis=0)
    return ratio


RULES: Mapping[str, Rule] = {
    "Student's t": students,
    "Student's t at 98 %": lambda values: students(values, 0.98),
    "Student's t at 99 %": lambda values: students(values, 0.99),
    "studentised bootstrap": bootstrap,
    "Hall's transformation": hall,
    "empirical likelihood, F": likelihood,
    "ours": mean_interval,
}


if __name__ == "__main__":
    main(__doc__, {"coverage": coverage, "candidates": candidates}, "intervals-")
