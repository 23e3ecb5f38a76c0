"""The meta-game of a live economy: what a principal earns with each strategy against each composition of the others.

Empirical game-theoretic analysis (Wellman 2006): payoffs are means over simulated rounds and seeds, played on a grid of
compositions and interpolated linearly between them. Players count as alike: who plays what is dealt out by the seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import LinearNDInterpolator, make_interp_spline

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints, apportioned
from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES
from commonweal.economy.round.worth import Judge, worth
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.evolution.games import SymmetricGame, compositions
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick
from commonweal.scenarios.sweeps.chunks import form_chunks
from commonweal.scenarios.sweeps.plan import Plan

if TYPE_CHECKING:
    from commonweal.economy.runs.ensemble import Ensemble

MOST_STRATEGIES = 6
_ROWS = 3000  # of an interpolated table, at most
_PLAYERS = 200  # of an interpolated table, at most
_ACTIONS = tuple(action.name.lower() for action in Action)


@dataclass(frozen=True)
class MetaGame:
    """What was played: M strategies against L compositions of the N − 1 others, with S seeds."""

    strategies: tuple[str, ...]  # M names
    others: Ints  # (L, M) compositions; the whole simplex is spanned by them
    payoffs: Floats  # (S, L, M) mean payoff per round of those who play each strategy, money or utility

    @property
    def principals(self) -> int:
        """N."""
        return int(self.others[0].sum()) + 1

    def table(self, payoffs: Floats) -> SymmetricGame:
        """The game of N players, or of as many as a table has room for, by interpolation between what was played.

        A table of fewer players pays what the whole economy pays at equal shares of co-players (player reduction:
        Wiedenbeck and Wellman 2012).

        Args:
            payoffs: (..., L, M) means over seeds.
        """
        others = compositions(table_players(self.principals, len(self.strategies)) - 1, len(self.strategies))
        return SymmetricGame(self.strategies, others, _weights(_shares(self.others), _shares(others)) @ payoffs)

    def interpolation_error(self) -> float | None:
        """By how much payoffs would be missed if only every second cut of the grid had been played; money.

        None where the grid is not one of an even number of cuts, or where all there is was played.
        """
        M = len(self.strategies)
        if len(self.others) == comb(self.principals + M - 2, M - 1):
            return None
        cuts = next(cut for cut in count(1) if comb(cut + M - 1, M - 1) >= len(self.others))
        coarse = others_grid(self.principals, M, max(1, cuts // 2))
        kept = (self.others[:, None] == coarse).all(axis=2).any(axis=1)
        if cuts % 2 or kept.sum() < len(coarse):
            return None
        means = self.payoffs.mean(axis=0)
        guess = _weights(_shares(self.others[kept]), _shares(self.others)) @ means[kept]
        return float(np.abs(guess - means).max())

    def resampled(self, resamples: int, generator: np.random.Generator) -> Floats:
        """(B, L, M) bootstrap means over seeds (Efron and Tibshirani 1993); the same seeds for all of a table."""
        seeds = len(self.payoffs)
        drawn = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds
        means: Floats = np.tensordot(drawn, self.payoffs, axes=1)
        return means


def table_players(principals: int, strategies: int) -> int:
    """Players of the interpolated table: as many as there are principals, or as fit into it."""
    players = min(principals, _PLAYERS)
    while comb(players + strategies - 2, strategies - 1) > _ROWS:
        players -= 1
    return players


def _shares(others: Ints) -> Floats:
    shares: Floats = others / others.sum(axis=1, keepdims=True)
    return shares


def _weights(known: Floats, wanted: Floats) -> Floats:
    """(Q, L) weight of each known point (L, M) in the linear interpolation at each wanted point (Q, M) of a simplex."""
    unit, M = np.eye(len(known)), known.shape[1]
    if M == 2:
        order = np.argsort(known[:, 0])
        return np.asarray(make_interp_spline(known[order, 0], unit[order], k=1)(wanted[:, 0]), dtype=np.float64)
    inside = wanted + 1e-12 * (1 / M - wanted)  # rounding must not push a point of the rim out
    return np.asarray(LinearNDInterpolator(known[:, :-1], unit)(inside[:, :-1]), dtype=np.float64)


def others_grid(principals: int, strategies: int, divisions: int) -> Ints:
    """(L, M) compositions of N − 1 co-players on a regular grid of the simplex, all of them where N is small."""
    grid = compositions(min(divisions, principals - 1), strategies)
    return np.unique(apportioned(_shares(grid) * (principals - 1), principals - 1), axis=0)


def demand_strategies(scenario: Scenario, names: Sequence[str]) -> tuple[str, ...]:
    """The strategies to compare; the available actions if none is named.

    Raises:
        InputError: if they are not at least two different actions that are available, or policies.
    """
    named = tuple(names) or scenario.actions.available
    text = f"strategies = {', '.join(named)}"
    if not 2 <= len(set(named)) == len(named) <= MOST_STRATEGIES:
        raise InputError(f"{text}: must be 2 to {MOST_STRATEGIES} different actions or policies to compare")
    if scenario.population.count < 2:
        raise InputError(f"population.count = {scenario.population.count}: a meta-game needs at least 2 principals")
    if unknown := [name for name in named if name not in _ACTIONS and name not in POLICIES]:
        raise InputError(f"{text}: {unknown[0]!r} must be an action ({', '.join(_ACTIONS)}) or a policy "
                         f"({', '.join(POLICIES)})")  # fmt: skip
    if not are_actions(named) and set(named) & set(_ACTIONS):
        raise InputError(f"{text}: must be all actions, or all policies")
    if are_actions(named) and (missing := [name for name in named if name not in scenario.actions.available]):
        raise InputError(f"{text}: {missing[0]!r} must be among actions.available = "
                         f"{', '.join(scenario.actions.available)}")  # fmt: skip
    return named


def are_actions(strategies: Sequence[str]) -> bool:
    """Whether the strategies are actions, rather than policies."""
    return set(strategies) <= set(_ACTIONS)


def play_meta_game(
    scenario: Scenario,
    strategies: tuple[str, ...],
    others: Ints,
    seeds: Sequence[int],
    last: int,
    pieces: Pieces | None = None,
    judge: Judge = "utility",
) -> MetaGame:
    """Play every strategy against every composition of the others.

    Args:
        scenario: the economy; its rounds are played.
        strategies: M actions, or M policies.
        others: (L, M) compositions of the N − 1 others.
        seeds: S seeds, the same for every profile (common random numbers).
        last: rounds at the end whose payoffs count.
        pieces: plays and keeps it.
        judge: what payoffs are counted in.
    """
    L, M = others.shape
    profiles = (others[:, None] + np.eye(M, dtype=np.int64)).reshape(-1, M)
    distinct, place = np.unique(profiles, axis=0, return_inverse=True)
    plan = _plan(scenario, strategies, distinct, tuple(seeds))
    runs = [(point, seed) for point in range(len(distinct)) for seed in seeds]
    earned = np.zeros((len(seeds), len(distinct), M))
    chunks = list(form_chunks(plan, runs))
    asked = [Meeting(tuple(map(plan.scenario, chunk.points)), chunk.seeds, strategies, last, judge) for chunk in chunks]
    pieces = pieces or Pieces()
    pieces.expect(scenario.rounds * len(runs))
    for chunk, found in zip(chunks, pieces.play("meta-game", [each.piece for each in asked]), strict=True):
        earned[[plan.seeds.index(seed) for seed in chunk.seeds], list(chunk.points)] = found
    against = earned[:, place.reshape(L, M)]  # (S, L, M, M) by the strategy that is tried, payoffs of all
    return MetaGame(strategies, others, np.diagonal(against, axis1=2, axis2=3))


def _plan(scenario: Scenario, strategies: tuple[str, ...], profiles: Ints, seeds: tuple[int, ...]) -> Plan:
    """The profiles (P, M) as points of a sweep."""
    shares = (profiles / profiles[0].sum()).tolist()
    if not are_actions(strategies):
        mixes = [{name: share for name, share in zip(strategies, row, strict=True) if share} for row in shares]
        return Plan(scenario.name, scenario, ("policy.mix",), tuple({"policy.mix": mix} for mix in mixes), seeds)
    fields = [f"population.start_{name}" for name in strategies]
    base = revise(scenario, {
        "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0,
        **{f"population.start_{name}": float(name == strategies[0]) for name in _ACTIONS},
    })  # fmt: skip
    return Plan(scenario.name, base, tuple(fields), tuple(dict(zip(fields, row, strict=True)) for row in shares), seeds)


@dataclass(frozen=True)
class Meeting:
    """R runs of the meta-game that are played together."""

    scenarios: tuple[Scenario, ...]  # (R,)
    seeds: tuple[int, ...]  # (R,)
    strategies: tuple[str, ...]  # M
    last: int  # rounds at the end whose payoffs count
    judge: Judge = "utility"  # what payoffs are counted in

    @property
    def piece(self) -> Piece:
        """To play."""
        return Piece(_play, self, self.scenarios[0].rounds * len(self.seeds))


def _play(asked: Meeting, tick: Tick) -> Floats:
    """(R, M) mean payoff per round of those who play each strategy; nan where nobody does."""
    from commonweal.economy.runs.ensemble import Ensemble  # imports torch

    scenarios, strategies, last = asked.scenarios, asked.strategies, asked.last
    ensemble = Ensemble(scenarios, asked.seeds)
    who = _played(ensemble, strategies)
    earned = np.zeros(who.shape[:2])
    for number in range(scenarios[0].rounds):
        payoffs = worth(ensemble.step(), asked.judge)
        earned += payoffs if number >= scenarios[0].rounds - last else 0.0
        tick(len(scenarios))
    with np.errstate(invalid="ignore"):
        means: Floats = (earned[:, :, None] * who).sum(axis=1) / who.sum(axis=1) / last
    return means


def _played(ensemble: "Ensemble", strategies: tuple[str, ...]) -> Ints:
    """(R, N, M) one where a principal plays a strategy."""
    population, names = ensemble.people, ensemble.world.terms.policy.names
    if are_actions(strategies):
        codes, kept = [int(Action[name.upper()]) for name in strategies], population.action
    else:
        codes, kept = [names.index(name) if name in names else -1 for name in strategies], population.policy
    plays: Ints = (kept[:, :, None] == np.array(codes)).astype(np.int64)
    return plays
