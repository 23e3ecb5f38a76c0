"""How far each episode committed a run: E[outcome | luck until its end] − E[outcome | luck until its start].

The luck game added up in the order in which the luck came: the Doob martingale of the outcome. Its parts sum to the
outcome less its expectation, and over runs they are uncorrelated, so that their variances sum to that of the outcome.
"""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.explaining.episodes import LuckGame, luck_of, luck_outcomes
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.tree import stretches, taken
from commonweal.economy.round.set_up import Economy


def explain_commitment(economy: Economy, rounds: int, game: LuckGame | None = None) -> Explanation:
    """What each episode's luck did to the outcome that was to be expected.

    Args:
        economy: R runs between two rounds; unchanged.
        rounds: T, played on from there.
        game: episodes, strangers and outcome. It takes E + 1 expectations, each a mean over strangers.

    Returns:
        Values with standard errors over strangers.

    Raises:
        InputError: if there are fewer rounds than episodes, or a metric is unknown.
    """
    game = game or LuckGame(strangers=64)
    seeds = np.random.SeedSequence(game.seed).generate_state(len(economy.state.quality))
    expected = np.stack(
        [_expectations(taken(economy, np.array([run])), rounds, int(seed), game) for run, seed in enumerate(seeds)]
    )  # (R, E + 1, K, A)
    changes = np.diff(expected, axis=1)
    return Explanation(
        kind="commitment",
        target=game.outcome.words(rounds),
        baseline="other luck",
        names=tuple(f"rounds {part.start} to {part[-1]}" for part in stretches(rounds, game.episodes)),
        base=expected[:, 0].mean(axis=1),
        value=expected[:, -1].mean(axis=1),
        values=changes.mean(axis=2),
        standard_error=changes.std(axis=2, ddof=1) / np.sqrt(game.strangers),
        evaluations=game.episodes + 1,
        exact=False,
        answers=game.outcome.metrics,
        provenance={"strangers": f"{game.strangers}, seed {game.seed}", "rounds": str(rounds)},
    )


def _expectations(own: Economy, rounds: int, seed: int, game: LuckGame) -> Floats:
    """(E + 1, K, A) outcomes of one run that has a stranger's luck from the start of each episode, and from its end."""
    episodes = stretches(rounds, game.episodes)
    prefixes = np.tri(len(episodes) + 1, len(episodes), -1, dtype=bool)
    return luck_outcomes(own, prefixes, luck_of(own, game.strangers, seed, episodes), episodes, game)
