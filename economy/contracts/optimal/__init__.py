"""Optimal contracts paid with models: a menu of lines (samples put in, accuracy given), from which parties choose."""

from economy.contracts.optimal.problem import READINGS, Menu, MenuProblem, Residuals
from economy.contracts.optimal.selection import solve

__all__ = ["READINGS", "Menu", "MenuProblem", "Residuals", "solve"]
