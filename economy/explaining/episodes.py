"""Which episodes decided a run: each keeps its luck, or has that of a stranger, and the run is played again.

v(S) is the outcome when the episodes in S keep the random numbers of the run and the others have those of a run with
another seed, averaged over K such strangers. Every round takes as many numbers whatever happens in it, so that an
episode's numbers fit any run. v(all) is the run itself, and v(∅) what becomes of the same start under other luck.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.tree import Outcome, counted, replay, stretches, taken
from commonweal.economy.explaining.values import Effort, Values, value_games
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.ensemble import next_actions
from commonweal.economy.world.replicas import reseeded, share_streams


@dataclass(frozen=True)
class LuckGame:
    """How the luck of a run is taken apart.

    Raises:
        InputError: if there are fewer than two strangers.
    """

    episodes: int = 10  # E, of equal length
    strangers: int = 16  # K
    seed: int = 0  # of the strangers
    outcome: Outcome = field(default_factory=Outcome)
    effort: Effort = field(default_factory=Effort)

    def __post_init__(self) -> None:
        if self.strangers < 2:
            raise InputError(f"strangers = {self.strangers}: must be at least 2, for a standard error")


def explain_luck(
    economy: Economy, rounds: int, game: LuckGame | None = None, on_round: Callable[[int], None] | None = None
) -> Explanation:
    """What the luck of each episode adds to the outcome of a run.

    Args:
        economy: R runs between two rounds; unchanged. What is drawn before is no luck of any episode.
        rounds: T, played on from there.
        game: episodes, strangers and outcome.
        on_round: told after every round how many runs have played it.

    Returns:
        Values with standard errors over strangers (and over coalitions, where not all are evaluated).

    Raises:
        InputError: if there are fewer rounds than episodes, or a metric is unknown.
    """
    game = game or LuckGame()
    episodes = stretches(rounds, game.episodes)
    seeds = np.random.SeedSequence(game.seed).generate_state(len(economy.state.quality))
    found = [
        _one_run(taken(economy, np.array([run])), int(seed), episodes, game, on_round) for run, seed in enumerate(seeds)
    ]
    bases, wholes, values, errors = (np.stack(parts) for parts in zip(*(each[:4] for each in found), strict=True))
    return Explanation(
        kind="luck",
        target=game.outcome.words(rounds),
        baseline="other luck",
        names=tuple(f"rounds {part.start} to {part[-1]}" for part in episodes),
        base=bases,
        value=wholes,
        values=values,
        standard_error=errors,
        evaluations=max(each[4] for each in found),
        exact=False,
        answers=game.outcome.metrics,
        provenance=_provenance(rounds, game),
    )


def _provenance(rounds: int, game: LuckGame) -> dict[str, str]:
    exact = game.effort.is_exact(game.episodes)
    coalitions = "every coalition" if exact else f"{game.effort.budget} coalitions, {game.effort.estimator}"
    return {"strangers": f"{game.strangers}, seed {game.seed}", "rounds": str(rounds), "coalitions": coalitions}


def _one_run(
    own: Economy, seed: int, episodes: Sequence[range], game: LuckGame, on_round: Callable[[int], None] | None
) -> tuple[Floats, Floats, Floats, Floats, int]:
    """Base (A,), value (A,), values (E, A), standard errors (E, A) and coalitions of one run."""
    luck = luck_of(own, game.strangers, seed, episodes)
    answers = len(game.outcome.metrics)

    def play(coalitions: Bools) -> Floats:
        outcomes = luck_outcomes(own, coalitions, luck, episodes, game, on_round)
        return np.concatenate([outcomes, outcomes.mean(axis=1, keepdims=True)], axis=1).reshape(len(coalitions), -1)

    found = value_games(len(episodes), play, game.effort)
    return *_over_strangers(found, game.strangers, answers), found.evaluations


def _over_strangers(found: Values, strangers: int, answers: int) -> tuple[Floats, Floats, Floats, Floats]:
    """What is known of each stranger's game and of their mean, which is the last."""
    shape = (strangers + 1, answers)
    base, whole = found.base.reshape(shape)[-1], found.whole.reshape(shape)[-1]
    by_stranger = np.moveaxis(found.values.reshape(*shape, -1), 1, 2)  # (K + 1, E, A)
    drawn = np.moveaxis(found.standard_error.reshape(*shape, -1), 1, 2)[-1]
    spread = by_stranger[:-1].std(axis=0, ddof=1) / np.sqrt(strangers)
    return base, whole, by_stranger[-1], np.hypot(spread, drawn)


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
    runs = taken(own, np.zeros(1 + strangers, dtype=np.int64))
    economy = Economy(runs.world, runs.state, runs.people, reseeded(runs.streams, seed))
    every, luck = np.arange(1 + strangers), []
    for episode in episodes:
        luck.append(share_streams(economy.streams, every))
        for _ in episode:
            economy = _next_round(economy)
    return luck


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
    strangers = 1 + np.arange(game.strangers)
    count = counted(game.outcome, episodes[-1].stop)

    def play(economy: Economy, stage: int, nodes: Bools) -> tuple[Economy, Floats]:
        whose = np.where(nodes[:, stage, None], 0, strangers).ravel()
        economy = Economy(economy.world, economy.state, economy.people, share_streams(luck[stage], whose))
        added = np.zeros((len(whose), len(game.outcome.metrics)))
        for t in episodes[stage]:
            economy, round_adds = _measured_round(economy, game.outcome if count[t] else None)
            added += round_adds
            if on_round is not None:
                on_round(len(whose))
        return economy, added

    begun = np.tri(len(episodes), dtype=bool)
    starts = taken(own, np.zeros(game.strangers, dtype=np.int64))
    return replay(starts, coalitions, begun, play, game.effort.together) / sum(count)


def _next_round(economy: Economy) -> Economy:
    return _measured_round(economy, None)[0]


def _measured_round(economy: Economy, outcome: Outcome | None) -> tuple[Economy, Floats | float]:
    """The economy after a round in which all follow their policies, and what the round adds to the outcome."""
    before, world, streams = economy.state, economy.world, economy.streams
    actions = next_actions(before, economy.people, world, streams)
    state, people, record = play_round(before, economy.people, actions, world, streams)
    added = 0.0 if outcome is None else outcome.of(record, before, state, people, world)
    return Economy(world, state, people, streams), added
