"""Credit rules that estimate a probabilistic value of the round from a budget of coalitions.

Only those who contributed are players (FedSV: Wang et al. 2020, arXiv 2009.06192): who put nothing in, or whose update
was screened away, adds nothing to any coalition and is credited nothing. Runs differ in who plays, so each run's round
is a game of its own, drawn from the run's own stream.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from commonweal.agents.arrays import Ints
from commonweal.economy.credit import probabilistic
from commonweal.economy.credit.estimators import ESTIMATORS, CoalitionGame, Estimate, Estimator, adjusted, permutation
from commonweal.economy.credit.exact import seated
from commonweal.economy.credit.game import Credit, ValueGame, credit_rule
from commonweal.economy.credit.probabilistic import ProbabilisticValue
from commonweal.economy.credit.terms import CreditTerms

ValueOf: TypeAlias = Callable[[int, int], ProbabilisticValue]  # run, players → the value that is estimated there


@credit_rule("estimated_shapley", by_values=True, needs_updates=True, stands_for="shapley")
def estimated_shapley(game: ValueGame) -> Credit:
    """The round's Shapley value, exact where the budget allows, else by ``credit.estimator``."""
    return estimate_round(game, "estimated_shapley", lambda _, players: probabilistic.shapley(players))


@credit_rule("banzhaf", by_values=True, needs_updates=True)
def banzhaf(game: ValueGame) -> Credit:
    """The round's Banzhaf value: robust to noise in v (Wang and Jia 2023, arXiv 2205.15466)."""
    return estimate_round(game, "banzhaf", lambda _, players: probabilistic.banzhaf(players))


@credit_rule("weighted_banzhaf", by_values=True, needs_updates=True)
def weighted_banzhaf(game: ValueGame) -> Credit:
    """The round's Banzhaf value where every other is there with ``credit.weighted_banzhaf.weight``."""
    weight = game.terms.weighted_banzhaf.weight[:, 0]
    return estimate_round(
        game, "weighted_banzhaf", lambda run, players: probabilistic.weighted_banzhaf(players, weight[run])
    )


@credit_rule("beta_shapley", by_values=True, needs_updates=True)
def beta_shapley(game: ValueGame) -> Credit:
    """The round's Beta(α, β) value (Kwon and Zou 2022, arXiv 2110.14049)."""
    alpha, beta = game.terms.beta_shapley.alpha[:, 0], game.terms.beta_shapley.beta[:, 0]
    return estimate_round(
        game, "beta_shapley", lambda run, players: probabilistic.beta(players, alpha[run], beta[run])
    )


@credit_rule("fedsv", by_values=True, needs_updates=True, stands_for="shapley")
def fedsv(game: ValueGame) -> Credit:
    """FedSV (arXiv 2009.06192): the round's Shapley value among its contributors; cumulated, it is theirs over rounds.

    Exact where the budget allows every coalition, else by random orders (the paper's algorithm 1).
    """
    return estimate_round(game, "fedsv", lambda _, players: probabilistic.shapley(players), exact_or(permutation))


def estimate_round(game: ValueGame, rule: str, value_of: ValueOf, estimator: Estimator | None = None) -> Credit:
    """Estimate a value of every run's round.

    Args:
        game: the round.
        rule: name of the credit rule.
        value_of: what is estimated, by run and number of players.
        estimator: how; by default what ``scenario.credit`` says.

    Returns:
        (R, N) credit with standard errors, unless every run's was exact.
    """
    chosen = estimator or estimator_of(game.terms)
    found = [
        chosen(run_game(game, run, players), value_of(run, len(players)), game.stream.generators[run])
        if len(players)
        else None
        for run, players in enumerate(game.contributors())
    ]
    return gather(game, rule, found)


def run_game(game: ValueGame, run: int, players: Ints) -> CoalitionGame:
    """One run's round as a game of its contributors (n,)."""
    principals = game.shape[1]
    return CoalitionGame(
        len(players), lambda chosen: game.run_values(run, seated(chosen, players, principals)), game.terms.budget
    )


def gather(game: ValueGame, rule: str, found: list[Estimate | None]) -> Credit:
    """Credit of all principals from the estimates of each run's contributors, None where nobody contributed."""
    credit, error = np.zeros((2, *game.shape))
    residual = np.zeros(game.shape[0])
    for run, (players, estimate) in enumerate(zip(game.contributors(), found, strict=True)):
        if estimate is not None:
            credit[run, players], error[run, players] = estimate.values, estimate.standard_error
            residual[run] = estimate.residual
    made = [estimate for estimate in found if estimate is not None]
    estimated = any(not estimate.exact for estimate in made)
    return Credit(
        credit,
        rule,
        evaluations=max((estimate.evaluations for estimate in made), default=0),
        estimated=estimated,
        standard_error=error if estimated else None,
        budget=game.terms.budget,
        residual=residual,
    )


def estimator_of(terms: CreditTerms) -> Estimator:
    """What ``scenario.credit`` asks for."""
    if terms.estimator == "adjusted":
        return partial(adjusted, mode=terms.mode, regressor=terms.regressor)
    return exact_or(ESTIMATORS[terms.estimator])


def exact_or(estimator: Estimator) -> Estimator:
    """The exact value where the budget allows every coalition, else what the estimator says."""

    def chosen(own: CoalitionGame, value: ProbabilisticValue, generator: np.random.Generator) -> Estimate:
        return (adjusted if 2.0**own.players <= own.budget else estimator)(own, value, generator)

    return chosen
