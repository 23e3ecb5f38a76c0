"""What each tab of the page shows of a run at a round: pictures and tables, made by the tab's worker."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Literal

from commonweal.figures.browser.notes.bargain import why_so_many
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.reasons import reason
from commonweal.figures.browser.notes.shown import pays_money, rewards_differ, words_of
from commonweal.figures.browser.notes.tables import account_rows, conservation, principal_card, transfer_rows
from commonweal.figures.browser.pictures.comparison import draw_comparison
from commonweal.figures.browser.pictures.dynamics import draw_dynamics, metric_rows
from commonweal.figures.browser.pictures.most_screened import most_screened
from commonweal.figures.browser.pictures.png import Picture, drawn
from commonweal.figures.browser.pictures.society import Ring, draw_society
from commonweal.figures.browser.pictures.values import draw_values
from commonweal.figures.browser.tab.live import Live
from commonweal.figures.browser.tab.parameters import dimension_name, label_of
from commonweal.figures.browser.tab.stage import Shown
from commonweal.scenarios.schema.notation import value_at
from commonweal.scenarios.schema.scenario import Scenario

TABS = ("Society", "Dynamics", "Values", "Ledger", "What if", "Compare")
Axes = tuple[int, int] | Literal["pca"]
Compared = Literal["courses", "principals"]
TableParts = tuple[str, Sequence[str], Sequence[Sequence[str]]]  # title, headers, rows of text


@dataclass(frozen=True)
class Looks:
    """What a person wants to see; scalars only."""

    tab: str = "Society"
    round: int | None = None  # the newest if None
    selected: int | None = None  # a principal
    ring: Ring = "reputation"
    axes: Axes = (0, 1)
    compared: Compared = "courses"


@dataclass(frozen=True, eq=False)
class Scene:
    """What is drawn."""

    looks: Looks
    first: int  # earliest round that can be looked at
    round: int  # that is shown
    last: int  # rounds played
    numbers: tuple[tuple[str, str], ...]  # name with unit, value
    pictures: tuple[Picture, ...] = ()
    tables: tuple[TableParts, ...] = ()
    words: tuple[str, ...] = ()


def scene(live: Live, shown: Shown, other: Live | None, looks: Looks) -> Scene:
    """Draw what is to be seen.

    Args:
        live: the run.
        shown: what is known of it.
        other: its variant, if it is compared with one.
        looks: what a person wants to see.
    """
    chronicle = live.chronicle
    sight = chronicle.newest if looks.round is None else chronicle.at(looks.round)
    first, last = chronicle.sights[0].round, chronicle.newest.round
    empty = Scene(looks, first, sight.round, last, _numbers(chronicle, sight.round))
    if looks.tab == "Compare":
        return empty if other is None else _compare(live, other, shown, empty)
    return _DRAWN[looks.tab](live, empty)


def _numbers(chronicle: Chronicle, round: int) -> tuple[tuple[str, str], ...]:
    """The numbers in the head of the page."""
    row = chronicle.row(round)
    named = [("delegate", "share_delegate", "{:.0%}"), (words_of(chronicle.world).quality, "accuracy", "{:.3f}"),
             ("welfare, money", "welfare", "{:.3g}")]
    if rewards_differ(chronicle.world):
        named.insert(2, ("own accuracy", "own_accuracy", "{:.3f}"))
    if pays_money(chronicle.world):
        named.append(("Gini of wealth", "gini", "{:.2f}"))
    told = tuple((name, form.format(row[metric]) if row else "–") for name, metric, form in named)
    return (("round", str(round)), *told)


def _society(live: Live, empty: Scene) -> Scene:
    chosen, round, ring = empty.looks.selected, empty.round, empty.looks.ring
    picture = drawn(
        lambda: draw_society(live.chronicle, live.layout, round=round, selected=chosen, ring=ring),
        f"The principals after round {round}: shape and colour by action, ring by {ring}",
    )
    if chosen is None:
        return replace(empty, pictures=(picture,), words=("Click a principal to see what it has, does and why.",))
    card = (f"Principal {chosen}", ("", ""), principal_card(live.chronicle, chosen, round).rows)
    return replace(empty, pictures=(picture,), tables=(card,), words=(_why(live.chronicle, chosen, round),))


def _why(chronicle: Chronicle, index: int, round: int) -> str:
    sight = chronicle.at(round)
    return f"{reason(chronicle, index, round)} {why_so_many(sight, index, chronicle.world)}".strip()


def _dynamics(live: Live, empty: Scene) -> Scene:
    picture = drawn(lambda: draw_dynamics(live.chronicle, round=empty.looks.round),
                    f"How the run went until round {empty.last}")
    table = (f"Round {empty.round}", *metric_rows(live.chronicle, empty.round))
    return replace(empty, pictures=(picture,), tables=(table,))


def _values(live: Live, empty: Scene) -> Scene:
    views = axes_of(live.scenario).values()
    axes = empty.looks.axes if empty.looks.axes in views else (0, 1)
    picture = drawn(lambda: draw_values(live.chronicle, axes=axes, round=empty.round),
                    f"Principals in the space of values after round {empty.round}")
    return replace(empty, pictures=(picture,), tables=(("Screened most", *most_screened(live.chronicle, empty.round)),))


def axes_of(scenario: Scenario) -> Mapping[str, Axes]:
    """The views of the value space that a scenario has, by name."""
    names = [dimension_name(dimension) for dimension in scenario.values.dimensions]
    pairs: dict[str, Axes] = {f"{a}, {b}": (i, j) for (i, a), (j, b) in combinations(enumerate(names), 2)}
    return pairs | ({"principal components": "pca"} if len(names) > 2 else {})


def _ledger(live: Live, empty: Scene) -> Scene:
    return replace(
        empty,
        words=(conservation(live.chronicle, empty.round),),
        tables=(("Accounts", *account_rows(live.chronicle, empty.round)),
                ("Last transfers", *transfer_rows(live.chronicle, round=empty.round))),
    )


def _what_if(live: Live, empty: Scene) -> Scene:
    return empty


def _compare(live: Live, other: Live, shown: Shown, empty: Scene) -> Scene:
    assert shown.variant is not None
    path = shown.variant.path
    runs = {f"{label_of(live.scenario, path)}: {value_at(run.scenario, path)}": run for run in (live, other)}
    if empty.looks.compared == "courses":
        both = live.chronicle, other.chronicle
        pictures = [drawn(lambda: draw_comparison(*both, tuple(runs), round=empty.looks.round), "The courses of both")]
    else:
        pictures = [drawn(partial(draw_society, run.chronicle, run.layout, round=empty.round), name)
                    for name, run in runs.items()]
    return replace(empty, pictures=tuple(pictures), words=tuple(runs))


_DRAWN: Mapping[str, Callable[[Live, Scene], Scene]] = {
    "Society": _society, "Dynamics": _dynamics, "Values": _values, "Ledger": _ledger, "What if": _what_if,
}
