"""The colours of maps, from a value to what fills its cell and what is written on it, in both themes."""

from collections.abc import Mapping, Sequence

from commonweal.figures.ink import THEMES, Theme, upon

Stops = tuple[str, ...]  # colours from low to high as #RRGGBB, evenly apart


def _hues(theme: Theme, others: Mapping[str, Stops]) -> Mapping[str, Stops]:
    less, more = theme.differences
    return {"blue": theme.map, "difference": (less, theme.paper, more), **others}


LIGHT = _hues(THEMES["light"], {
    "grey": ("#F1F2F4", "#383F48"), "green": ("#EAF4EF", "#0B6244"), "purple": ("#F5ECF3", "#6B2A5C"),
    "amber": ("#FBF3E3", "#7A5200"), "red": ("#FAEEEA", "#8A2C08"),
})  # fmt: skip
DARK = _hues(THEMES["dark"], {
    "grey": ("#23282E", "#C4CCD4"), "green": ("#17291F", "#6FD6A8"), "purple": ("#2C1F2A", "#DE95CC"),
    "amber": ("#2E2614", "#FFD37A"), "red": ("#30201A", "#FF9470"),
})  # fmt: skip


def painted(value: float, low: float, high: float, hue: str) -> list[str]:
    """What fills a cell and what is written on it, in the light theme and then in the dark one."""
    fills = [mixed((value - low) / (high - low), hues[hue]) for hues in (LIGHT, DARK)]
    return [colour for fill in fills for colour in (fill, upon(fill))]


def mixed(share: float, stops: Sequence[str]) -> str:
    """The colour at a share of the way from the first stop to the last."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    first = min(int(place), len(stops) - 2)
    pairs = zip(_channels(stops[first]), _channels(stops[first + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (place - first)):02X}" for a, b in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
