"""What a meta-game says about evolution, as tables: estimates from means over seeds, intervals from resampled seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np
import pandas as pd
from scipy.special import ndtr, stdtrit

from commonweal.agents.arrays import Floats
from commonweal.scenarios.runs.intervals import mean_interval, standard_error
from commonweal.scenarios.studies.evolution.chains import mean_shares, rare_mutation_shares, symmetric_alpha_rank
from commonweal.scenarios.studies.evolution.fixation import leads, log_invasion_matrix, stable_in_finite_population
from commonweal.scenarios.studies.evolution.flows import logit, replicator
from commonweal.scenarios.studies.evolution.games import SymmetricGame, compositions
from commonweal.scenarios.studies.evolution.meta_game import MetaGame
from commonweal.scenarios.studies.evolution.rest_points import (
    RestPoint,
    basins,
    is_ess,
    logit_rest_points,
    replicator_rest_points,
    tracked,
)

MOST_STATES = 1000  # compositions of a population whose chain is solved
_GRID = {2: 60, 3: 14}  # cuts of the simplex at which flows are drawn, by number of strategies


@dataclass(frozen=True)
class Selection:
    """How strategies spread in a finite population, and how often they mutate."""

    process: str  # fermi or moran
    intensity: float  # β, per money
    mutation: float  # chance that a step ends in another strategy
    population: int  # Z


@dataclass(frozen=True)
class Evidence:
    """The tables of a meta-game: from all seeds, and from seeds drawn again and again."""

    played: MetaGame
    selection: Selection
    game: SymmetricGame  # payoffs (Q, M)
    again: SymmetricGame  # payoffs (B, Q, M)

    @cached_property
    def leads(self) -> tuple[Floats, Floats]:
        """What mutants earn more than residents: (M, M, Z − 1), and resampled (B, M, M, Z − 1)."""
        return leads(self.game, self.selection.population), leads(self.again, self.selection.population)

    @cached_property
    def log_invasion(self) -> tuple[Floats, Floats]:
        """Logarithms of fixation probabilities by resident and mutant: (M, M), and resampled (B, M, M)."""
        once, again = (log_invasion_matrix(lead, self.selection.intensity) for lead in self.leads)
        return once, again

    @cached_property
    def rest_points(self) -> list[RestPoint]:
        """Of the replicator flow, from all seeds."""
        return replicator_rest_points(self.game)

    def resamples(self) -> list[SymmetricGame]:
        """B games with payoffs (Q, M)."""
        return [SymmetricGame(self.game.strategies, self.game.others, payoffs) for payoffs in self.again.payoffs]

    def bounded(self, name: str, estimate: Floats, again: Floats) -> dict[str, Floats]:
        """Columns of an estimate and the interval of its resamples (B, ...), flattened."""
        low, high = expanded_percentiles(again, len(self.played.payoffs))
        return {name: np.ravel(estimate), f"{name}_low": np.ravel(low), f"{name}_high": np.ravel(high)}


def expanded_percentiles(again: Floats, seeds: int) -> tuple[Floats, Floats]:
    """95 % bootstrap interval, its percentiles moved out as far as a t-interval over few seeds needs (Hesterberg 2015).

    Args:
        again: (B, ...) resampled estimates.
        seeds: how many were resampled, at least 2.

    Returns:
        (...) lower and upper ends.
    """
    tail = 100 * float(ndtr(-np.sqrt(seeds / (seeds - 1)) * stdtrit(seeds - 1, 0.975)))
    low, high = np.percentile(again, [tail, 100 - tail], axis=0)
    return low, high


def weigh(played: MetaGame, selection: Selection, resamples: int, generator: np.random.Generator) -> Evidence:
    """Interpolate a meta-game, once and for every resample of its seeds."""
    means = played.resampled(resamples, generator)
    return Evidence(played, selection, played.table(played.payoffs.mean(axis=0)), played.table(means))


def analyse(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """All tables of the study, the most important first."""
    tables = {
        "ess": ess_table(evidence),
        "rest_points": rest_point_table(evidence),
        "stationary": stationary_table(evidence),
        "alpha_rank": alpha_rank_table(evidence),
        "invasion": invasion_table(evidence),
        "payoffs": payoff_table(evidence.played),
    }
    return tables | ({"flow": flow_table(evidence)} if len(evidence.game.strategies) in _GRID else {})


def payoff_table(played: MetaGame) -> pd.DataFrame:
    """One row per composition of the others and strategy; intervals over seeds."""
    found = mean_interval(played.payoffs).columns("payoff")
    _, L, M = played.payoffs.shape
    columns = {
        "composition": np.repeat(np.arange(L), M),
        "strategy": np.tile(played.strategies, L),
        **{name: ends.ravel() for name, ends in found.items()},
        "standard_error": standard_error(played.payoffs).ravel(),
        **{f"others_{name}": np.repeat(played.others[:, i], M) for i, name in enumerate(played.strategies)},
    }
    return pd.DataFrame(columns)


def flow_table(evidence: Evidence) -> pd.DataFrame:
    """One row per point of a grid of the simplex and strategy: expected payoffs and velocities of the flows."""
    names, M = evidence.game.strategies, len(evidence.game.strategies)
    shares = compositions(_GRID[M], M) / _GRID[M]
    payoffs, noise = evidence.game.expected, _noise(evidence)
    columns = {
        "point": np.repeat(np.arange(len(shares)), M),
        "strategy": np.tile(names, len(shares)),
        "share": shares.ravel(),
        **evidence.bounded("payoff", payoffs(shares), evidence.again.expected(shares)),
        "replicator": replicator(payoffs)(shares).ravel(),
        "logit": logit(payoffs, noise)(shares).ravel(),
    }
    return pd.DataFrame(columns)


def _noise(evidence: Evidence) -> float:
    """Of the logit choice that corresponds to the intensity of selection, money."""
    least = 1e-6 * float(np.ptp(evidence.game.payoffs))
    return max(1 / evidence.selection.intensity if evidence.selection.intensity else np.inf, least)


def rest_point_table(evidence: Evidence) -> pd.DataFrame:
    """One row per flow, rest point and strategy.

    Resampled tables are searched near the replicator's rest points: how often one is there, where, and whether an ESS.
    """
    points, games = evidence.rest_points, evidence.resamples()
    basin, frames = basins(evidence.game, points), []
    for number, point in enumerate(points):
        found = [(game, tracked(game, point.shares)) for game in games]
        there = [(game, shares) for game, shares in found if shares is not None]
        places = np.array([shares for _, shares in there]) if there else np.full((1, len(point.shares)), np.nan)
        chance = sum(is_ess(game, shares) for game, shares in there) / len(games)
        extra = {"ess": point.ess, "ess_probability": chance, "found": len(there) / len(games), "basin": basin[number]}
        frames.append(_rest_point(evidence, "replicator", number, point, places, extra))
    unknown = {"ess": None, "ess_probability": np.nan, "found": np.nan, "basin": np.nan}
    if np.isfinite(_noise(evidence)):
        for number, point in enumerate(logit_rest_points(evidence.game, _noise(evidence))):
            places = np.full((1, len(point.shares)), np.nan)
            frames.append(_rest_point(evidence, "logit", number, point, places, unknown))
    return pd.concat(frames, ignore_index=True)


def _rest_point(
    evidence: Evidence, flow: str, number: int, point: RestPoint, places: Floats, extra: Mapping[str, object]
) -> pd.DataFrame:
    low, high = expanded_percentiles(places, len(evidence.played.payoffs))
    columns = {"flow": flow, "point": number, "strategy": evidence.game.strategies, "share": point.shares,
               "share_low": low, "share_high": high, "stability": point.stability, **extra,
               "largest_eigenvalue": point.eigenvalues.real.max()}  # fmt: skip
    return pd.DataFrame(columns)


def ess_table(evidence: Evidence) -> pd.DataFrame:
    """One row per strategy: whether a population of nothing else resists every other, and by how much.

    ``margin`` is what a resident earns more than the best-paid single mutant among residents.
    """
    names, population = evidence.game.strategies, evidence.selection.population
    margins, again = (_margins(game).min(axis=-1) for game in (evidence.game, evidence.again))  # (M,), (B, M)
    best = [names[i] for i in _margins(evidence.game).argmin(axis=-1)]
    least = 1e-9 * float(np.ptp(evidence.game.payoffs))  # rounding is no margin
    finite, finite_again = (
        stable_in_finite_population(lead, np.exp(rho))
        for lead, rho in zip(evidence.leads, evidence.log_invasion, strict=True)
    )
    columns = {
        "strategy": names,
        "ess": margins > least,
        "ess_probability": (again > least).mean(axis=0),
        **evidence.bounded("margin", margins, again),
        "best_mutant": best,
        "ess_finite": finite > 0,
        "ess_finite_probability": finite_again.mean(axis=0),
        "population": population,
    }
    return pd.DataFrame(columns)


def _margins(game: SymmetricGame) -> Floats:
    """(..., M, M) resident's less mutant's payoff when all others are residents; infinite on the diagonal."""
    M = len(game.strategies)
    corners = [int((game.others[:, i] == game.players - 1).argmax()) for i in range(M)]
    earned = game.payoffs[..., corners, :]  # (..., M residents, M)
    resident = np.diagonal(earned, axis1=-2, axis2=-1)[..., None]
    margins: Floats = np.where(np.eye(M, dtype=bool), np.inf, resident - earned)
    return margins


def invasion_table(evidence: Evidence) -> pd.DataFrame:
    """One row per resident and mutant: the chance that one mutant takes over, against the neutral 1/Z."""
    names, neutral = evidence.game.strategies, 1 / evidence.selection.population
    rho, again = map(np.exp, evidence.log_invasion)
    table = pd.DataFrame({
        "resident": np.repeat(names, len(names)),
        "mutant": np.tile(names, len(names)),
        **evidence.bounded("fixation", rho, again),
        "times_neutral": rho.ravel() / neutral,
        "favoured_probability": (again > neutral).mean(axis=0).ravel(),
    })
    return table[table["resident"] != table["mutant"]].reset_index(drop=True)


def stationary_table(evidence: Evidence) -> pd.DataFrame:
    """One row per model of mutation and strategy: the long-run share of each strategy in a finite population."""
    names, selection = evidence.game.strategies, evidence.selection
    once, again = map(rare_mutation_shares, evidence.log_invasion)
    rare = pd.DataFrame({"mutations": "rare", "strategy": names, **evidence.bounded("share", once, again)})
    if not chain_is_solved(selection, len(names)):
        return rare
    chain = mean_shares(
        evidence.game, selection.population, selection.intensity, selection.mutation, selection.process
    )
    rate = f"{selection.mutation:g} per step"
    often = pd.DataFrame({"mutations": rate, "strategy": names, "share": chain}).assign(
        share_low=np.nan, share_high=np.nan)  # fmt: skip
    return pd.concat([rare, often], ignore_index=True)


def chain_is_solved(selection: Selection, strategies: int) -> bool:
    """Whether the chain over all compositions of the population is small enough, and does not end in a corner."""
    return selection.mutation > 0 and comb(selection.population + strategies - 1, strategies - 1) <= MOST_STATES


def alpha_rank_table(evidence: Evidence) -> pd.DataFrame:
    """One row per strategy, the highest α-rank first, with the share of resamples in which it is the first."""
    names = evidence.game.strategies
    once, again = (symmetric_alpha_rank(lead) for lead in evidence.leads)
    first = (again.argmax(axis=1)[:, None] == np.arange(len(names))).mean(axis=0)
    table = pd.DataFrame({"strategy": names, **evidence.bounded("alpha_rank", once, again), "first_probability": first})
    table = table.sort_values("alpha_rank", ascending=False, kind="stable", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(names) + 1))
    return table
