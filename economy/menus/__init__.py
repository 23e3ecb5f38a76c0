"""Optimal contracts paid with models: a menu of lines (samples put in, accuracy given), from which parties choose."""

from commonweal.economy.menus.problem import READINGS, Menu, MenuProblem, Residuals
from commonweal.economy.menus.selection import solve

__all__ = ["READINGS", "Menu", "MenuProblem", "Residuals", "solve"]
