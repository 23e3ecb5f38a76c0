"""A league of attackers against one rule: each newcomer is the best answer that training finds to those before it.

Double oracle (McMahan, Gordon and Blum 2003; Lanctot et al. 2017): in each stage a learner trains against the mix of
strategies at which the meta-game of those known so far stands still; if it earns more than they do, it joins. In the
end all are frozen and judged, each alone against the scenario's own population, on seeds that nothing was chosen on.
What is found is a lower bound of what can be gained: with more stages or longer training there may be more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats, apportioned
from commonweal.agents.errors import InputError
from commonweal.economy.arena.arena import Arena
from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Constant, Programme, Tactic
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.runs.intervals import Interval, mean_interval
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.menu import moves_of
from commonweal.scenarios.studies.attacks.registry import attacks_of
from commonweal.scenarios.studies.evolution.games import SymmetricGame, compositions
from commonweal.scenarios.studies.evolution.rest_points import replicator_rest_points
from commonweal.scenarios.studies.intervals import largest_interval
from commonweal.scenarios.studies.training.judging import gains_of
from commonweal.scenarios.studies.training.training import Training, constants, train_in


@dataclass(frozen=True)
class LeagueTerms:
    """How long a league goes on, and how it is judged."""

    training: Training = field(default_factory=Training)  # of each newcomer; ``member`` is who is judged
    stages: int = 2  # newcomers at most
    attackers: float = 0.1  # share of principals that play the mix beside the one who learns
    seeds: int = 8  # that the meta-game is played on, and that choose
    held_out: int = 16  # that judge in the end

    def __post_init__(self) -> None:
        if self.stages < 1 or self.seeds < 2 or self.held_out < 2 or not 0 <= self.attackers < 1:
            raise InputError("league: stages >= 1, seeds and held_out >= 2, and attackers in [0, 1)")
        if self.training.member != 0:
            raise InputError(f"league: training.member = {self.training.member}: must be 0, of whom the catalogue is")


@dataclass(frozen=True)
class Entrant:
    """A strategy of the league."""

    name: str
    origin: str  # honest, constant or learned
    tactic: Tactic


@dataclass(frozen=True)
class League:
    """What came out."""

    entrants: tuple[Entrant, ...]  # in the order in which they joined; the first goes by its policy
    mixes: tuple[Floats, ...]  # by stage: shares of those known then
    payoffs: Floats  # (E, E) reward in a round of each against a background of each, mean over seeds
    table: pd.DataFrame  # a row for each attack: its gain alone on fresh seeds, and how far it beats the catalogue
    exploitability: Interval  # () what the strongest gains in a round: without the bias of its having been chosen
    rounds: int  # of single runs that training took


def league(scenario: Scenario, terms: LeagueTerms, seed: int = 0) -> League:
    """Let attackers join one after another, and judge all of them on fresh seeds.

    Args:
        scenario: whose rule is attacked.
        terms: stages, training and seeds.
        seed: of everything that is drawn.

    Raises:
        InputError: if a part of the terms is not allowed.
    """
    playing = _Playing(scenario, terms, moves_of(scenario), seed)
    entrants, mixes, rounds = playing.first(), [], 0
    payoffs = playing.payoffs(entrants)
    for stage in range(terms.stages):
        mix = resting_mix(payoffs.mean(axis=0))
        mixes.append(mix)
        background = playing.background(entrants, mix)
        trained = train_in(playing.arena(terms.training.runs, background), scenario, terms.training, seed + 1 + stage)
        rounds += trained.rounds
        newcomer = Entrant(f"learned {stage + 1}", "learned", trained.tactic)
        known = [playing.rewards(each.tactic, background) for each in entrants]
        ahead = playing.rewards(newcomer.tactic, background) - np.max(np.stack(known).mean(axis=1))
        if ahead.mean() <= 0 or any(newcomer.tactic == each.tactic for each in entrants):
            break
        entrants = [*entrants, newcomer]
        payoffs = playing.payoffs(entrants)
    table, strongest = playing.judged(entrants)
    return League(tuple(entrants), tuple(mixes), payoffs.mean(axis=0), table, strongest, rounds)


def resting_mix(payoffs: Floats) -> Floats:
    """(E,) shares at which nobody in a population of pairs can earn more by another strategy.

    Args:
        payoffs: (E, E) of each strategy against each.

    Returns:
        Of the replicator's rest points the one at which least can be gained, 0 at a Nash equilibrium.
    """
    game = game_of_pairs(payoffs)
    points = [point.shares for point in replicator_rest_points(game)] or [np.full(len(payoffs), 1 / len(payoffs))]
    gained = [float((payoffs @ shares).max() - shares @ payoffs @ shares) for shares in points]
    return points[int(np.argmin(np.round(gained, 12)))]


def game_of_pairs(payoffs: Floats) -> SymmetricGame:
    """The symmetric game of two players with payoffs (E, E) of each strategy against each."""
    others = compositions(1, len(payoffs))
    names = tuple(map(str, range(len(payoffs))))
    return SymmetricGame(names, others, others.astype(np.float64) @ payoffs.T)


@dataclass(frozen=True)
class _Playing:
    """A rule under attack, and the seeds on which it is."""

    scenario: Scenario
    terms: LeagueTerms
    moves: Moves
    seed: int

    def seeds(self, purpose: int, count: int) -> list[int]:
        """Seeds for one purpose, different from those for others."""
        return [int(each) for each in np.random.default_rng([self.seed, purpose]).integers(2**31, size=count)]

    def arena(self, runs: int, background: dict[int, Tactic]) -> Arena:
        """The arena of a learner."""
        training = self.terms.training
        return Arena(
            self.scenario, range(runs), focal=(training.member,), moves=self.moves, horizon=training.horizon,
            warm_up=training.start, judge=training.judge, background=background,
        )  # fmt: skip

    def first(self) -> list[Entrant]:
        """Who goes by its policy, and the move that gains most if it is made in all rounds."""
        training = self.terms.training
        every = constants(self.moves, training.member)
        found = gains_of(self.scenario, training, every, self.seeds(1, self.terms.seeds)).mean(axis=0)
        usual = Constant(self.moves, (0,) * len(self.moves.sizes))
        best = every[int(found.argmax())]
        entrants = [Entrant("as before", "honest", usual)]
        if best.tactic is not None and best.tactic != usual:
            entrants.append(Entrant(best.name, "constant", best.tactic))
        return entrants

    def background(self, entrants: Sequence[Entrant], mix: Floats) -> dict[int, Tactic]:
        """Who of the others plays what: a share of them, spread evenly, by the mix."""
        member, count = self.terms.training.member, self.scenario.population.count
        others = [each for each in range(count) if each != member]
        size = round(self.terms.attackers * len(others))
        places = ((np.arange(size) + 0.5) * len(others) / max(size, 1)).astype(int)
        dealt = np.repeat(np.arange(len(entrants)), apportioned(mix[None] * size, size)[0])
        return {others[place]: entrants[int(k)].tactic for place, k in zip(places, dealt, strict=True)}

    def rewards(self, tactic: Tactic, background: dict[int, Tactic]) -> Floats:
        """(S,) reward in a round of who goes by a tactic among others."""
        seeds = self.seeds(2, self.terms.seeds)
        rewards: Floats = self.arena(len(seeds), background).play(tactic, seeds)[:, 0]
        return rewards

    def payoffs(self, entrants: Sequence[Entrant]) -> Floats:
        """(S, E, E) of each against a background of each."""
        pure = [self.background(entrants, row) for row in np.eye(len(entrants))]
        return np.stack(
            [np.stack([self.rewards(each.tactic, among) for among in pure], axis=1) for each in entrants], axis=1
        )

    def judged(self, entrants: Sequence[Entrant]) -> tuple[pd.DataFrame, Interval]:
        """A row for each attack, and for the strongest of the catalogue, which other seeds choose; the strongest."""
        training, member = self.terms.training, self.terms.training.member
        known = [attack.deviation for attack in attacks_of("catalogue", self.scenario, training.horizon)]
        if not known:
            raise InputError(f"league: no deviation of the catalogue makes sense in {self.scenario.name}")
        chosen = gains_of(self.scenario, training, known, self.seeds(1, self.terms.seeds)).mean(axis=0)
        strongest = known[int(chosen.argmax())]
        attacks = [each for each in entrants if each.origin != "honest"]
        tried = [strongest, *(Deviation(each.name, (member,), tactic=each.tactic) for each in attacks)]
        gains = gains_of(self.scenario, training, tried, self.seeds(3, self.terms.held_out))
        gained, ahead = mean_interval(gains), mean_interval(gains - gains[:, :1])
        origins = ["catalogue", *(each.origin for each in attacks)]
        does = [strongest.name, *(in_words(each.tactic) for each in attacks)]
        table = _table([each.name for each in tried], origins, does, gained, ahead)
        return table, largest_interval(gains)


def _table(names: list[str], origins: list[str], does: list[str], gained: Interval, ahead: Interval) -> pd.DataFrame:
    return pd.DataFrame({"attack": names, "origin": origins, **gained.columns("gain"),
                         **ahead.columns("over_catalogue"), "does": does})  # fmt: skip


def in_words(tactic: Tactic) -> str:
    """What a tactic does, in plain words."""
    if isinstance(tactic, Constant):
        return f"{tactic.moves.at(tactic.codes).name} in all rounds"
    if isinstance(tactic, Programme):
        steps = [f"{tactic.moves.at(codes).name} from round {start + 1}" for start, codes in tactic.steps]
        return ", then ".join(steps)
    return f"what a network makes of {len(tactic.sees)} things it sees"
