"""Numbers as the page writes them: three figures, no exponents, a true minus, and a dash for what is not known."""

import math
from collections.abc import Iterable

UNKNOWN = "–"
_MINUS, _SPACE = "\N{MINUS SIGN}", "\N{NARROW NO-BREAK SPACE}"
_GROUPED = 10_000  # from here on thousands are set apart
_FINEST = 6  # decimals: those of money


def figure(value: float | None, digits: int = 3) -> str:
    """A number for a text of the page: "0.0052", "−1.2", "41 900"; "–" if it is not known.

    Args:
        value: the number; None and nan are not known.
        digits: significant figures; zeros that end a fraction are left out.
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return f"{_MINUS if value < 0 else ''}∞"
    return _signed(value, _plain(abs(float(value)), digits))


def percent(share: float | None, decimals: int = 0) -> str:
    """A share in percent: "73 %", "−4 %"; what is small, but not nothing, is "< 1 %", and "> 99 %" what is not all."""
    if share is None or math.isnan(share):
        return UNKNOWN
    least, size = 10.0**-decimals, abs(100 * float(share))
    if 0 < size <= least / 2:
        return f"<{_SPACE}{least:.{decimals}f}{_SPACE}%"
    if 100 - least / 2 <= size < 100:
        return f">{_SPACE}{100 - least:.{decimals}f}{_SPACE}%"
    return f"{_signed(share, f'{size:.{decimals}f}')}{_SPACE}%"


def change(value: float | None, digits: int = 3) -> str:
    """A difference, with its sign: "+0.18", "−0.21", "0"."""
    told = figure(value, digits)
    return f"+{told}" if value is not None and value > 0 and told != "0" else told


def fixed(value: float, decimals: int, sign: str = "") -> str:
    """A number with so many decimals, as estimates and their intervals have them alike; "+" as sign shows all signs."""
    if math.isnan(value):
        return UNKNOWN
    told = _signed(value, _grouped(f"{abs(value):.{decimals}f}"))
    return f"{sign}{told}" if value > 0 and told.strip("0.") else told


def count(number: float) -> str:
    """A whole number in full: "1932", "41 900"."""
    return _signed(number, _grouped(f"{abs(number):.0f}"))


def known(values: Iterable[float]) -> list[float | None]:
    """Numbers for a document, to six figures; None for what is not known."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in map(float, values)]


def known_or_none(value: float) -> float | None:
    """One number for a document, in full; None where it is not known."""
    return float(value) if math.isfinite(value) else None


def _plain(size: float, digits: int) -> str:
    """A size that is at least 0, rounded to figures, without an exponent."""
    if size == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(size))
    rounded = round(size, decimals)  # may reach the next power of ten
    if rounded and math.floor(math.log10(rounded)) > math.floor(math.log10(size)):
        decimals -= 1
    text = f"{rounded:.{min(max(0, decimals), _FINEST)}f}"
    return _grouped(text.rstrip("0").rstrip(".") if "." in text else text)


def _grouped(text: str) -> str:
    whole, point, rest = text.partition(".")
    if int(whole) >= _GROUPED:
        whole = f"{int(whole):,}".replace(",", _SPACE)
    return whole + point + rest


def _signed(value: float, text: str) -> str:
    return f"{_MINUS}{text}" if value < 0 and text.strip("0.") else text
