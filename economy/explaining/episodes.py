"""Which episodes decided a run: each keeps its luck, or has that of a stranger, and the run is played again.

v(S) is the outcome when the episodes in S keep the random numbers of the run and the others have those of a run with
another seed, averaged over K such strangers. Every round takes as many numbers whatever happens in it, so that an
episode's numbers fit any run. v(all) is the run itself, and v(∅) what becomes of the same start under other luck.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal, get_args

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.luck import Purpose, begin_round, mixed, moved_streams, purposes_of
from commonweal.economy.explaining.tree import Outcome, counted, replay, stretches, taken
from commonweal.economy.explaining.values import Effort, Values, value_games
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.ensemble import next_actions
from commonweal.economy.world.replicas import reseeded, share_streams

By = Literal["episodes", "purposes", "both"]


@dataclass(frozen=True)
class LuckGame:
    """How the luck of a run is taken apart.

    Raises:
        InputError: if there are fewer than two strangers, or the players are unknown.
    """

    episodes: int = 10  # E, of equal length
    strangers: int = 16  # K
    seed: int = 0  # of the strangers
    outcome: Outcome = field(default_factory=Outcome)
    effort: Effort = field(default_factory=Effort)
    by: By = "episodes"  # who the players are; by purposes the run is one episode, by both there are Q E players

    def __post_init__(self) -> None:
        if self.strangers < 2:
            raise InputError(f"strangers = {self.strangers}: must be at least 2, for a standard error")
        if self.by not in get_args(By):
            raise InputError(f"by = {self.by!r}: must be one of {', '.join(get_args(By))}")


@dataclass(frozen=True)
class Luck:
    """The random numbers of a run and of K strangers, and who the P players are."""

    episodes: tuple[range, ...]  # E of them
    streams: tuple[Streams, ...]  # (E) of 1 + K runs at the start of each episode, the run's own first
    purposes: tuple[Purpose, ...] = ()  # Q that are apart; none: the luck of an episode is one
    by: By = "episodes"

    @property
    def names(self) -> tuple[str, ...]:
        """(P,) of the players."""
        when = tuple(f"rounds {part.start} to {part[-1]}" for part in self.episodes)
        what = tuple(each.name for each in self.purposes)
        return {"episodes": when, "purposes": what, "both": tuple(map(", ".join, product(what, when)))}[self.by]

    @property
    def begun(self) -> Bools:
        """(E, P) which players can matter until the end of each episode."""
        begun = np.tri(len(self.episodes), dtype=bool)
        return begun if not self.purposes else np.tile(begun, len(self.purposes))

    def streams_of(self, coalitions: Bools, stage: int, strangers: Ints) -> Streams:
        """Streams for an episode of n K runs, coalition (n, P) by coalition, which keep the luck of its players."""
        if not self.purposes:
            whose = np.where(coalitions[:, stage, None], 0, strangers).ravel()
            return share_streams(self.streams[stage], whose)
        kept = coalitions[:, stage :: len(self.episodes)]
        return mixed(self.streams[stage], kept, strangers, self.purposes)


def explain_luck(
    economy: Economy, rounds: int, game: LuckGame | None = None, on_round: Callable[[int], None] | None = None
) -> Explanation:
    """What the luck of each episode, or of each purpose of random numbers, adds to the outcome of a run.

    Args:
        economy: R runs between two rounds; unchanged. What is drawn before is no luck of any episode.
        rounds: T, played on from there.
        game: players, strangers and outcome.
        on_round: told after every round how many runs have played it.

    Returns:
        Values with standard errors over strangers (and over coalitions, where not all are evaluated). Where all are,
        interactions are the dividends of pairs in the mean game.

    Raises:
        InputError: if there are fewer rounds than episodes, or a metric is unknown.
    """
    game = game or LuckGame()
    episodes = stretches(rounds, 1 if game.by == "purposes" else game.episodes)
    seeds = np.random.SeedSequence(game.seed).generate_state(len(economy.state.quality))
    found = [
        _one_run(taken(economy, np.array([run])), int(seed), episodes, game, on_round) for run, seed in enumerate(seeds)
    ]
    names = {each.names for each in found}
    if len(names) > 1:
        raise InputError("luck by purpose: some runs take random numbers for what others do not; explain them apart")
    pairs = [each.pairs for each in found if each.pairs is not None]
    return Explanation(
        kind="luck",
        target=game.outcome.words(rounds),
        baseline="other luck",
        names=names.pop(),
        base=np.stack([each.base for each in found]),
        value=np.stack([each.whole for each in found]),
        values=np.stack([each.values for each in found]),
        standard_error=np.stack([each.errors for each in found]),
        interactions=np.stack(pairs) if pairs else None,
        evaluations=max(each.evaluations for each in found),
        exact=False,
        answers=game.outcome.metrics,
        provenance=_provenance(rounds, len(found[0].names), game),
    )


def _provenance(rounds: int, players: int, game: LuckGame) -> dict[str, str]:
    said = {"strangers": f"{game.strangers}, seed {game.seed}", "rounds": str(rounds)}
    return {**said, "coalitions": game.effort.words(players)}


@dataclass(frozen=True)
class _Found:
    """What is known of one run and its P players."""

    names: tuple[str, ...]
    base: Floats  # (A,)
    whole: Floats  # (A,)
    values: Floats  # (P, A)
    errors: Floats  # (P, A)
    pairs: Floats | None  # (P, P, A)
    evaluations: int


def _one_run(
    own: Economy, seed: int, episodes: Sequence[range], game: LuckGame, on_round: Callable[[int], None] | None
) -> _Found:
    luck = find_luck(own, game.strangers, seed, episodes, game.by)
    answers = len(game.outcome.metrics)

    def play(coalitions: Bools) -> Floats:
        outcomes = outcomes_of(own, coalitions, luck, game, on_round)
        return np.concatenate([outcomes, outcomes.mean(axis=1, keepdims=True)], axis=1).reshape(len(coalitions), -1)

    return _over_strangers(luck.names, value_games(len(luck.names), play, game.effort), game.strangers, answers)


def _over_strangers(names: tuple[str, ...], found: Values, strangers: int, answers: int) -> _Found:
    """What is known of each stranger's game and of their mean, which is the last."""
    shape = (strangers + 1, answers)
    base, whole = found.base.reshape(shape)[-1], found.whole.reshape(shape)[-1]
    by_stranger = np.moveaxis(found.values.reshape(*shape, -1), 1, 2)  # (K + 1, P, A)
    drawn = np.moveaxis(found.standard_error.reshape(*shape, -1), 1, 2)[-1]
    spread = by_stranger[:-1].std(axis=0, ddof=1) / np.sqrt(strangers)
    players = len(names)
    pairs = None if found.pairs is None else found.pairs.reshape(*shape, players, players)[-1].transpose(1, 2, 0)
    return _Found(names, base, whole, by_stranger[-1], np.hypot(spread, drawn), pairs, found.evaluations)


def find_luck(own: Economy, strangers: int, seed: int, episodes: Sequence[range], by: By = "episodes") -> Luck:
    """The random numbers of a run and of K strangers, and what they are for.

    Args:
        own: one run between two rounds; unchanged.
        strangers: K.
        seed: of the strangers.
        episodes: E of them.
        by: who the players are.

    Raises:
        InputError: if there is no luck, and purposes are the players.
    """
    runs = taken(own, np.zeros(1 + strangers, dtype=np.int64))
    economy = Economy(runs.world, runs.state, runs.people, reseeded(runs.streams, seed))
    every, luck = np.arange(1 + strangers), []
    for episode in episodes:
        luck.append(share_streams(economy.streams, every))
        for _ in episode:
            economy = _next_round(economy)
    if by == "episodes":
        return Luck(tuple(episodes), tuple(luck))
    purposes = purposes_of(own.world, moved_streams(luck[0], economy.streams))
    if not purposes:
        raise InputError("luck by purpose: these rounds take no random numbers")
    return Luck(tuple(episodes), tuple(luck), purposes, by)


def luck_of(own: Economy, strangers: int, seed: int, episodes: Sequence[range]) -> list[Streams]:
    """The random streams of a run and of K strangers at the start of each episode.

    Args:
        own: one run between two rounds; unchanged.
        strangers: K.
        seed: of the strangers.
        episodes: E of them.

    Returns:
        E times the streams of 1 + K runs, the run's own first.
    """
    return list(find_luck(own, strangers, seed, episodes).streams)


def luck_outcomes(
    own: Economy,
    coalitions: Bools,
    luck: Sequence[Streams],
    episodes: Sequence[range],
    game: LuckGame,
    on_round: Callable[[int], None] | None = None,
) -> Floats:
    """Outcomes of a run in which some episodes keep their luck and the others have that of a stranger.

    Args:
        own: one run between two rounds; unchanged.
        coalitions: (C, E) which episodes keep it.
        luck: as ``luck_of`` says, of 1 + K runs.
        episodes: E of them.
        game: outcome, strangers, and how many runs are computed at once.
        on_round: told after every round how many runs have played it.

    Returns:
        (C, K, A).
    """
    return outcomes_of(own, coalitions, Luck(tuple(episodes), tuple(luck)), game, on_round)


def outcomes_of(
    own: Economy, coalitions: Bools, luck: Luck, game: LuckGame, on_round: Callable[[int], None] | None = None
) -> Floats:
    """Outcomes of a run in which some players keep their luck and the others have that of a stranger.

    Args:
        own: one run between two rounds; unchanged.
        coalitions: (C, P) which players keep it.
        luck: of the run and K strangers.
        game: outcome, strangers, and how many runs are computed at once.
        on_round: told after every round how many runs have played it.

    Returns:
        (C, K, A).
    """
    strangers = 1 + np.arange(game.strangers)
    count = counted(game.outcome, luck.episodes[-1].stop)

    def play(economy: Economy, stage: int, nodes: Bools) -> tuple[Economy, Floats]:
        streams = luck.streams_of(nodes, stage, strangers)
        economy = Economy(economy.world, economy.state, economy.people, streams)
        added = np.zeros((len(economy.state.quality), len(game.outcome.metrics)))
        for t in luck.episodes[stage]:
            begin_round(streams)
            economy, round_adds = _measured_round(economy, game.outcome if count[t] else None)
            added += round_adds
            if on_round is not None:
                on_round(len(added))
        moved = share_streams(luck.streams[stage], np.zeros(len(added), dtype=np.int64))  # the next stage has its own
        return Economy(economy.world, economy.state, economy.people, moved), added

    starts = taken(own, np.zeros(game.strangers, dtype=np.int64))
    return replay(starts, coalitions, luck.begun, play, game.effort.together) / sum(count)


def _next_round(economy: Economy) -> Economy:
    return _measured_round(economy, None)[0]


def _measured_round(economy: Economy, outcome: Outcome | None) -> tuple[Economy, Floats | float]:
    """The economy after a round in which all follow their policies, and what the round adds to the outcome."""
    before, world, streams = economy.state, economy.world, economy.streams
    actions = next_actions(before, economy.people, world, streams)
    state, people, record = play_round(before, economy.people, actions, world, streams)
    added = 0.0 if outcome is None else outcome.of(record, before, state, people, world)
    return Economy(world, state, people, streams), added
