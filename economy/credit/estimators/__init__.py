"""Estimators of probabilistic values from a budget of coalitions, all over the same counting game."""

from functools import partial

from commonweal.economy.credit.estimators.adjusted import adjusted
from commonweal.economy.credit.estimators.game import CoalitionGame, Estimate, Estimator
from commonweal.economy.credit.estimators.least_squares import kernel_shap, leverage_shap
from commonweal.economy.credit.estimators.monte_carlo import msr, permutation, stratified

ESTIMATORS: dict[str, Estimator] = {
    "adjusted": adjusted,
    "permutation": permutation,
    "antithetic": partial(permutation, antithetic=True),
    "stratified": stratified,
    "msr": msr,
    "kernel_shap": kernel_shap,
    "unpaired_kernel_shap": partial(kernel_shap, paired=False),
    "leverage_shap": leverage_shap,
}

__all__ = [
    "ESTIMATORS",
    "CoalitionGame",
    "Estimate",
    "Estimator",
    "adjusted",
    "kernel_shap",
    "leverage_shap",
    "msr",
    "permutation",
    "stratified",
]
