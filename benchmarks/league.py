"""Ranks and agreement of halves where the truth is known: planted leagues of seven mechanisms.

    python benchmarks/league.py              both tables (ten seconds of a processor)
    python benchmarks/league.py ranks        one of them
    python benchmarks/league.py --write      both, into docs/results/commons.md

Mechanisms share a seed's luck and have their own, of a standard deviation between .5 and 1.5.
"""

from collections.abc import Callable

import numpy as np
from results_page import main, markdown

from commonweal.agents.arrays import Floats, Ints
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.studies.compare.halves import agreements_of_halves, tau_b
from commonweal.scenarios.studies.compare.ranking import Criterion, rank_sets, surely_more

MECHANISMS, LEAGUES, STUDIES, TRUTH = 7, 200, 60, 4000
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]
LUCK: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "log-normal": lambda rng, shape: (np.exp(rng.normal(size=shape)) - np.exp(0.5)) / 2.16,
    "Student's t, 3 degrees": lambda rng, shape: rng.standard_t(3, shape) / np.sqrt(3),
}
PLANTED = {
    "all equal": np.zeros(MECHANISMS),
    "five equal above two equal": np.array([3.0, 3, 3, 3, 3, 0, 0]),
    "a ladder, half a standard deviation a step": 0.5 * np.arange(MECHANISMS),
    "a ladder, one and a half": 1.5 * np.arange(MECHANISMS),
}
SEEDS = (8, 16)


def ranks() -> str:
    """Of a hundred leagues: some pair called different that is not, and true ranks that all ranges hold."""
    heads = ["luck", "seeds", "all equal: pairs one by one err", "all pairs together err",
             "five above two: all true ranks in their ranges", "ladder of one and a half: pairs seen"]  # fmt: skip
    rows = []
    for luck, draw in LUCK.items():
        for seeds in SEEDS:
            rng = np.random.default_rng(0)
            found = [_league(rng, draw, seeds, PLANTED["all equal"]) for _ in range(LEAGUES)]
            alone = np.mean([(mean_interval(v[:, :, None] - v[:, None]).low > 0).any() for v in found])
            together = np.mean([surely_more(values).any() for values in found])
            held, told = _held(rng, draw, seeds), _told(rng, draw, seeds)
            rows.append([luck, str(seeds), *(f"{100 * share:.0f}" for share in (alone, together, held)), f"{told:.0%}"])
    return markdown(heads, rows)


def _league(rng: np.random.Generator, draw: Draw, seeds: int, means: Floats) -> Floats:
    """(S, M) of one league."""
    own = draw(rng, (seeds, len(means))) * np.linspace(0.5, 1.5, len(means))
    return means + own + draw(rng, (seeds, 1))


def _held(rng: np.random.Generator, draw: Draw, seeds: int) -> float:
    """Share of leagues of five above two whose ranges hold every true rank."""
    means = PLANTED["five equal above two equal"]
    best, worst = 1 + (means[:, None] < means).sum(axis=1), len(means) - (means[:, None] > means).sum(axis=1)
    ends = [rank_sets(surely_more(_league(rng, draw, seeds, means))) for _ in range(LEAGUES)]
    return float(np.mean([(first <= best).all() and (last >= worst).all() for first, last in ends]))


def _told(rng: np.random.Generator, draw: Draw, seeds: int) -> float:
    """Share of the pairs of a ladder that are told apart."""
    means = PLANTED["a ladder, one and a half"]
    pairs = MECHANISMS * (MECHANISMS - 1) / 2
    return float(np.mean([surely_more(_league(rng, draw, seeds, means)).sum() / pairs for _ in range(LEAGUES)]))


def halves() -> str:
    """Agreement of halves: found by one study, true, and what the forecast of the whole is worth; normal luck."""
    heads = ["planted", "seeds", "τ of halves, true", "found, mean", "intervals that hold it", "τ of the whole, true",
             "forecast, mean"]  # fmt: skip
    rows = []
    for name, means in PLANTED.items():
        for seeds in SEEDS:
            rng = np.random.default_rng(0)
            half, whole = (_true(rng, means, count) for count in (seeds // 2, seeds))
            leagues = [_league(rng, LUCK["normal"], seeds, means) for _ in range(STUDIES)]
            each = [agreements_of_halves([_criterion(values)], 35, rng)[0] for values in leagues]
            held = np.mean([one.tau.low <= half <= one.tau.high for one in each])
            found, forecast = (np.mean(values) for values in zip(*((float(a.tau.value), a.whole) for a in each),
                                                                 strict=True))  # fmt: skip
            rows.append([name, str(seeds), *(f"{x:.2f}" for x in (half, found)), f"{held:.0%}",
                         *(f"{x:.2f}" for x in (whole, forecast))])  # fmt: skip
    return markdown(heads, rows)


def _criterion(values: Floats) -> Criterion:
    return Criterion.of("planted", "money per round", True, values)


def _true(rng: np.random.Generator, means: Floats, seeds: int) -> float:
    """Mean τ between two independent studies."""
    spread = np.linspace(0.5, 1.5, len(means)) / np.sqrt(seeds)
    return float(tau_b(*(_signs(means + spread * rng.normal(size=(TRUTH, len(means)))) for _ in range(2))).mean())


def _signs(values: Floats) -> Ints:
    first, second = np.triu_indices(values.shape[1], k=1)
    return np.sign(values[:, first] - values[:, second]).astype(np.int64)


if __name__ == "__main__":
    main(__doc__, {"ranks": ranks, "halves": halves}, "league-")
