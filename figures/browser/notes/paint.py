"""The colours of maps, from a value to what fills its cell and what is written on it, in both themes."""

from collections.abc import Mapping, Sequence

Stops = tuple[str, ...]  # colours from low to high as #RRGGBB, evenly apart

INK, WHITE = "#1B1F24", "#FFFFFF"
LIGHT: Mapping[str, Stops] = {
    "blue": ("#EDF3F7", "#00456E"), "grey": ("#F1F2F4", "#383F48"), "green": ("#EAF4EF", "#0B6244"),
    "purple": ("#F5ECF3", "#6B2A5C"), "amber": ("#FBF3E3", "#7A5200"), "red": ("#FAEEEA", "#8A2C08"),
    "difference": ("#A5478F", "#FFFFFF", "#00875F"),
}  # fmt: skip
DARK: Mapping[str, Stops] = {
    "blue": ("#1D2B36", "#8CCBF0"), "grey": ("#23282E", "#C4CCD4"), "green": ("#17291F", "#6FD6A8"),
    "purple": ("#2C1F2A", "#DE95CC"), "amber": ("#2E2614", "#FFD37A"), "red": ("#30201A", "#FF9470"),
    "difference": ("#D073B8", "#191E25", "#2FC08F"),
}  # fmt: skip


def painted(value: float, low: float, high: float, hue: str) -> list[str]:
    """What fills a cell and what is written on it, in the light theme and then in the dark one."""
    fills = [mixed((value - low) / (high - low), theme[hue]) for theme in (LIGHT, DARK)]
    return [colour for fill in fills for colour in (fill, ink_on(fill))]


def mixed(share: float, stops: Sequence[str]) -> str:
    """The colour at a share of the way from the first stop to the last."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    first = min(int(place), len(stops) - 2)
    pairs = zip(_channels(stops[first]), _channels(stops[first + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (place - first)):02X}" for a, b in pairs)


def ink_on(fill: str) -> str:
    """White or ink, whichever contrasts more."""
    return max((WHITE, INK), key=lambda ink: contrast(ink, fill))


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21 (WCAG 2.2)."""
    dim, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    shares = (channel / 255 for channel in _channels(colour))
    r, g, b = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
