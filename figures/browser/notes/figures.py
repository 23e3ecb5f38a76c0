"""How the page writes numbers: three figures, spaces between thousands, a true minus, a dash for what is not known."""

from collections.abc import Iterable
from math import floor, isfinite, log10

MINUS, GAP = "\N{MINUS SIGN}", "\N{NARROW NO-BREAK SPACE}"


def three_figures(value: float, sign: str = "") -> str:
    """A number in three figures: "0.787", "41 900", "−0.0017"; "–" where it is not known.

    Args:
        value: the number.
        sign: "+" to write the plus of a positive one.
    """
    if not isfinite(value):
        return "–"
    size = abs(value)
    if size < 5e-10:  # what rounding makes of nothing
        return "0"
    decimals = 2 - floor(log10(size))
    rounded = round(size, decimals)
    text = f"{rounded:,.{max(decimals, 0)}f}".replace(",", GAP)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return (MINUS if value < 0 else sign) + text


def percent(share: float, sign: str = "") -> str:
    """A share as "73 %"; "–" where it is not known."""
    return "–" if not isfinite(share) else signed_whole(round(100 * share), sign) + "\N{NO-BREAK SPACE}%"


def signed_whole(number: int, sign: str = "") -> str:
    """A whole number with a true minus."""
    return (MINUS if number < 0 else sign if number > 0 else "") + f"{abs(number):,}".replace(",", GAP)


def known(values: Iterable[float]) -> list[float | None]:
    """Numbers for JSON, to six figures: None where one is not known."""
    return [float(f"{value:.6g}") if isfinite(value) else None for value in map(float, values)]


def known_or_none(value: float) -> float | None:
    """One number for JSON, in full."""
    return float(value) if isfinite(value) else None
