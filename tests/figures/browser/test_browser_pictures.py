"""The pictures of the browser page: what they show is there, told apart, and nothing overlaps."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import rc_context
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.events import COLLAPSE, SPAN, WAVE, Event, _first_of_spells, events
from commonweal.figures.browser.pictures.comparison import draw_comparison
from commonweal.figures.browser.pictures.dynamics import MARKS, _marked, draw_dynamics, metric_rows
from commonweal.figures.browser.pictures.layout import MOST, SIZE, Layout, lay_out, on_sheet, principal_at
from commonweal.figures.browser.pictures.most_screened import most_screened
from commonweal.figures.browser.pictures.png import drawn
from commonweal.figures.browser.pictures.screen import Panel, blank_sheet, panel, span_of
from commonweal.figures.browser.pictures.society import _diameters, draw_society
from commonweal.figures.browser.pictures.values import Views, draw_values
from commonweal.figures.browser.pictures.what_if_picture import draw_what_if
from commonweal.figures.ink import ACTIONS, PURPLE
from commonweal.scenarios.runs.intervals import Interval
from commonweal.scenarios.schema.loading import load
from tests.helpers.pictures import boxes, texts

ONE, SEVERAL, GAIN = (
    Interval(*np.array(ends)) for ends in ([1.0, np.nan, np.nan], [-0.25, -0.4, -0.125], [0.001, 0.0006, 0.0015])
)

SMALL = {"task.kind": "synthetic", "task.samples": 2400, "task.features": 6, "learning.hidden": [4], "task.drift": 0.0}

GRAPHS = ("complete", "ring", "lattice", "watts_strogatz", "barabasi_albert")


def dimensions(count: int) -> list[dict[str, Any]]:
    protect = {"sense": "protect", "limit": 1.2, "spread": 0.6}
    withhold = {"sense": "withhold", "limit": 0.5, "spread": 0.4}
    return [(withhold if k % 2 else protect) | {"label": k % 4} for k in range(count)]


@cache
def played(rounds: int, count: int = 12, values: int = 0, graph: str = "complete") -> Chronicle:
    """A small run of the library's "leaky", noted from its beginning."""
    people = {"population.count": count, "population.graph": graph, "population.degree": 4}
    screening = {"values.dimensions": dimensions(values), "screening.mode": "project", "screening.scope": "own"}
    ensemble = Ensemble(load("leaky", SMALL | people | (screening if values else {})), [3])
    chronicle = Chronicle(ensemble.world)
    chronicle.begin(ensemble.state, ensemble.people, ensemble.opening)
    for _ in range(rounds):
        before = ensemble.state
        chronicle.note(ensemble.step(), before, ensemble.state, ensemble.people)
    return chronicle


@cache
def placed(count: int, graph: str) -> Layout:
    return lay_out(played(0, count, graph=graph).world)


def marks_of(figure: Figure) -> list[Any]:
    return [marks for marks in figure.findobj(PathCollection) if isinstance(marks, PathCollection)]


def pixels(figure: Figure) -> np.ndarray[Any, np.dtype[np.uint8]]:
    file = BytesIO()
    figure.savefig(file, format="png", dpi=figure.dpi)
    return np.asarray(Image.open(file).convert("RGB"))


# Where principals stand.


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("count", [12, 40, 1000])
def test_at_most_200_principals_are_placed_within_the_square_and_a_sample_says_so(count: int, graph: str) -> None:
    layout = placed(count, graph)
    assert len(layout.members) == len(layout.positions) <= MOST
    assert np.abs(layout.positions).max() <= 1.01
    assert len(np.unique(layout.members)) == len(layout.members)
    assert (f"{len(layout.members)} of {count}" in layout.note) == (len(layout.members) < count)
    assert count > MOST or len(layout.members) == count
    inches = on_sheet(layout)
    assert (inches > 0.3).all() and (inches < np.array(SIZE) - 0.3).all()


@pytest.mark.parametrize("graph", GRAPHS)
def test_no_two_principals_cover_each_other(graph: str) -> None:
    assert placed(1000, graph).spacing * 2.6 * 72 > 8  # points between middles, nine in ten at least; marks take 5


@pytest.mark.parametrize("graph", ["ring", "watts_strogatz", "barabasi_albert"])
@pytest.mark.parametrize("count", [12, 1000])
def test_edges_are_those_of_the_graph_among_who_is_drawn(count: int, graph: str) -> None:
    layout = placed(count, graph)
    whole = played(0, count, graph=graph).world.graph.networkx(0).subgraph(layout.members.tolist())
    drawn = {frozenset(pair) for pair in layout.members[layout.edges].tolist()}
    assert drawn == {frozenset(pair) for pair in whole.edges}
    assert len(drawn) == len(layout.edges)


def test_a_lattice_is_drawn_without_the_edges_around_its_border() -> None:
    layout = placed(12, "lattice")  # 3 x 4: 24 edges of the torus less 3 + 4 around the border
    assert len(layout.edges) == 17


def test_a_complete_graph_is_drawn_without_edges() -> None:
    assert len(placed(40, "complete").edges) == 0


def test_the_same_seed_places_alike() -> None:
    world = played(0, 40, graph="watts_strogatz").world
    assert (lay_out(world, 5).positions == lay_out(world, 5).positions).all()
    assert not (lay_out(world, 5).positions == lay_out(world, 6).positions).all()


# The hit test.


@given(st.sampled_from(GRAPHS), st.sampled_from([12, 40, 1000]), st.integers(0, 10**6))
def test_a_click_on_a_principal_finds_it(graph: str, count: int, number: int) -> None:
    layout = placed(count, graph)
    place = number % len(layout.members)
    x, y = on_sheet(layout)[place] / SIZE
    assert principal_at(layout, float(x), float(1 - y)) == layout.members[place]


def test_a_click_beside_everybody_finds_nobody() -> None:
    assert principal_at(placed(40, "complete"), 0.01, 0.01) is None


def test_the_picture_shows_a_principals_colour_where_a_click_finds_it() -> None:
    chronicle, layout = played(3, 40), placed(40, "complete")
    image = pixels(draw_society(chronicle, layout))
    colours = {Action[name.upper()]: pen.colour for name, pen in ACTIONS.items()}
    for place, principal in enumerate(layout.members):
        x, y = on_sheet(layout)[place] / SIZE
        seen = image[int((1 - y) * image.shape[0]), int(x * image.shape[1])]
        wanted = colours[Action(chronicle.newest.actions[principal])]
        assert "#" + "".join(f"{part:02X}" for part in seen) == wanted


# The society.


def test_every_action_has_a_colour_and_a_shape_of_its_own() -> None:
    assert len({pen.colour for pen in ACTIONS.values()}) == len({pen.marker for pen in ACTIONS.values()}) == len(Action)


def test_marks_grow_with_wealth_in_area() -> None:
    layout = placed(40, "complete")
    wealth = np.linspace(0.0, 2.0, 40)
    diameter, top = _diameters(wealth, layout)
    assert top == 2.0
    assert np.allclose(np.diff(diameter**2), np.diff(diameter**2)[0])


def test_the_legend_counts_all_principals_though_not_all_are_drawn() -> None:
    chronicle, layout = played(1, 1000, graph="watts_strogatz"), placed(1000, "watts_strogatz")
    told = texts(draw_society(chronicle, layout))
    actions = {"delegate", "free-ride", "defect", "abstain"}
    counts = [int(text.split()[-1]) for text in told if text.split()[0] in actions]
    assert sum(counts) == 1000
    assert any("200 of 1000" in text for text in told)


def test_who_is_selected_but_not_drawn_is_said_to_be_missing() -> None:
    layout = placed(1000, "watts_strogatz")
    missing = int(np.setdiff1d(np.arange(1000), layout.members)[0])
    told = texts(draw_society(played(1, 1000, graph="watts_strogatz"), layout, selected=missing))
    assert any(f"principal {missing} is not among them" in text for text in told)


def test_rings_of_negative_credit_have_a_colour_of_their_own() -> None:
    chronicle, layout = played(3, 40), placed(40, "complete")
    harmed = replace(chronicle.newest, cumulated=np.where(np.arange(40) == 7, -1.0, 1.0))
    chronicle = Chronicle(chronicle.world, chronicle.rows, deque([harmed]), chronicle.books)
    figure = draw_society(chronicle, layout, ring="credit")
    purple = to_rgb(PURPLE)
    negative = sum(np.allclose(colour[:3], purple) for marks in marks_of(figure) for colour in marks.get_edgecolor())
    assert negative == 2  # principal 7, and the legend


# All pictures.


def pictures(rounds: int, count: int, values: int, graph: str) -> dict[str, Callable[[], Figure]]:
    chronicle, layout = played(rounds, count, values, graph), placed(count, graph)
    generator = np.random.default_rng(0)
    courses = generator.normal(0.004, 0.001, (2, 16, 20))
    views: list[Views] = [(0, 1), "pca"] if values > 1 else [(0, 1)]
    labels = ("settlement rule: credit", "settlement rule: equal")
    return {
        "society": partial(draw_society, chronicle, layout, selected=int(layout.members[0]), ring="credit"),
        "dynamics": partial(draw_dynamics, chronicle, round=rounds // 2),
        "large dynamics": partial(draw_dynamics, chronicle, size=(14.0, 8.0)),
        "comparison": partial(draw_comparison, chronicle, chronicle, labels),
        "what if": partial(draw_what_if, courses[0], courses[1], GAIN, ("defects", "follows its policy")),
        **{f"values {axes}": partial(draw_values, chronicle, axes=axes) for axes in views},
    }


@pytest.mark.parametrize(("rounds", "count", "values", "graph"), [
    (0, 12, 0, "complete"), (1, 12, 1, "ring"), (40, 40, 2, "watts_strogatz"), (4, 40, 8, "complete"),
    (2, 1000, 3, "lattice"),
])
def test_no_two_texts_overlap_and_none_leaves_the_picture(rounds: int, count: int, values: int, graph: str) -> None:
    for name, draw in pictures(rounds, count, values, graph).items():
        figure = draw()
        found = list(boxes(figure))
        width, height = figure.get_size_inches() * figure.dpi
        for place, (text, box) in enumerate(found):
            assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, (name, text)
            clash = [other for other, theirs in found[:place] if box.overlaps(theirs.padded(-1))]
            assert not clash, (name, text, clash)


def test_drawing_leaves_matplotlibs_settings_alone_and_opens_no_window() -> None:
    from matplotlib import _pylab_helpers, rcParams

    before = dict(rcParams)
    draw_dynamics(played(1))
    assert dict(rcParams) == before
    assert not _pylab_helpers.Gcf.get_all_fig_managers()


# Courses.


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.floats(0, 1))
def test_a_panel_puts_values_in_proportion_between_its_edges(low: float, width: float, share: float) -> None:
    place = Panel(blank_sheet((2, 2)), (0.5, 0.5, 1.0, 1.0), (0, 1), (low, low + width))
    if low + width > low:
        assert place.up(low + share * (place.y[1] - low)) == pytest.approx(0.5 + share, abs=1e-3)


def test_a_panel_of_one_value_has_room_above_and_below_it() -> None:
    low, high = span_of([np.array([3.0])])
    assert low < 3.0 < high


def test_a_panel_names_what_it_shows_and_its_rounds_are_whole() -> None:
    sheet = blank_sheet((4, 3))
    panel(sheet, (0.5, 0.5, 3.0, 1.5), "accuracy, share of test samples", (1, 3), (0, 1))
    told = [text.get_text() for text in sheet.texts]
    assert {"accuracy, share of test samples", "1", "2", "3"} <= set(told)
    assert "1.5" not in told


@pytest.mark.parametrize(("values", "title"), [
    (0, "probe losses"), (1, "protected: loss, nat"), (2, "withheld: loss, from 0 to 1")])
def test_dynamics_shows_probe_losses_by_their_unit_and_says_where_there_are_none(values: int, title: str) -> None:
    told = texts(draw_dynamics(played(2, values=values)))
    assert title in told
    assert ("The scenario has no value dimensions." in told) == (values == 0)


def test_the_table_of_metrics_tells_those_of_its_round() -> None:
    chronicle = played(3, values=2)
    rows = {row[0]: row[1] for row in metric_rows(chronicle, 2).rows}
    assert rows["accuracy, share of test samples"] == f"{chronicle.rows[1]['accuracy']:.4g}"
    assert rows["its limit: class 1, bounded by 1"] == f"{chronicle.rows[1]['limit_1']:.4g}"
    assert metric_rows(played(0)).rows == ()


# Events.


def told_by(world: World, **courses: list[float]) -> list[Event]:
    """The events of a run with these courses and nothing else going on."""
    rounds = len(next(iter(courses.values())))
    quiet = {"share_defect": 0.0, "share_free_ride": 0.0, "share_delegate": 0.0, "accuracy": 0.5, "slashed": 0.0,
             "slashed_count": 0.0, "clawed": 0.0, "clawed_count": 0.0, "level_0": 0.0, "limit_0": 1.0}
    rows = [{"round": t + 1.0} | quiet | {name: course[t] for name, course in courses.items()} for t in range(rounds)]
    return events(Chronicle(world, rows))


def test_a_wave_is_told_when_the_share_has_risen_by_fifteen_points_within_ten_rounds() -> None:
    world = played(0).world
    rising = [0.1, 0.2, 0.1 + WAVE, 0.6]
    assert told_by(world, share_defect=rising) == [Event(3, "defection wave", "defectors up from 10% to 25%")]
    assert told_by(world, share_free_ride=rising)[0].kind == "free-riding wave"
    creeping = np.arange(40) * (WAVE / (SPAN + 1)) / 2
    assert told_by(world, share_defect=creeping.tolist()) == []


def test_a_wave_that_goes_on_is_told_once_and_the_next_one_again() -> None:
    course = [0.0] + [0.5] * 5 + [0.0] * 2 * SPAN + [0.5] * 3
    found = told_by(played(0).world, share_defect=course)
    assert [event.round for event in found] == [2, 7 + 2 * SPAN]


def test_a_collapse_is_a_fall_of_accuracy_by_ten_points_and_not_a_rise() -> None:
    world = played(0).world
    assert told_by(world, accuracy=[0.9, 0.9 - COLLAPSE])[0].text == "accuracy down from 0.90 to 0.80"
    assert told_by(world, accuracy=[0.5, 0.9, 0.85]) == []


def test_the_half_life_is_the_first_round_with_half_of_the_delegators_that_began() -> None:
    world = played(0).world
    found = told_by(world, share_delegate=[0.8, 0.6, 0.4, 0.9, 0.1])
    assert [(event.round, event.kind) for event in found] == [(3, "half-life")]
    assert told_by(world, share_delegate=[0.0, 0.0]) == []


def test_the_half_life_is_not_claimed_of_a_run_whose_beginning_is_unknown() -> None:
    chronicle = played(0)
    late = [{"round": 101.0 + t, "share_defect": 0.0, "share_free_ride": 0.0, "share_delegate": 1.0 - t,
             "accuracy": 0.5, "slashed": 0.0, "slashed_count": 0.0, "clawed": 0.0, "clawed_count": 0.0}
            for t in range(2)]
    assert events(Chronicle(chronicle.world, late)) == []


def test_a_slashing_tells_how_many_lost_how_much() -> None:
    found = told_by(played(0).world, slashed_count=[0.0, 2.0, 1.0], slashed=[0.0, 0.2, 0.1])
    assert found == [Event(2, "slashing", "2 principals slashed, 0.2 money")]


def test_a_clawback_tells_how_many_gave_back_how_much() -> None:
    found = told_by(played(0).world, clawed_count=[0.0, 1.0, 3.0], clawed=[0.0, 0.25, 0.1])
    assert found == [Event(2, "clawback", "1 principal made to give back, 0.25 money")]


def test_a_limit_is_broken_only_after_it_was_kept_and_by_more_than_the_safeguard_allows() -> None:
    world = played(0, values=1).world  # protect: the level must not rise above the limit; safeguard 2 %
    assert told_by(world, level_0=[2.0, 2.0]) == []
    assert told_by(world, level_0=[0.5, 1.019]) == []
    assert [event.round for event in told_by(world, level_0=[2.0, 0.9, 1.03])] == [3]
    assert told_by(world, level_0=[0.5, 1e6], limit_0=[np.inf, np.inf]) == []


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_events_of_a_kind_never_crowd(happens: list[bool]) -> None:
    first = _first_of_spells(np.array(happens))
    assert all(happens[t] for t in first)
    assert (np.diff(first) > SPAN).all()
    assert bool(first) == any(happens)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=40))
def test_marks_of_events_stand_apart_and_the_half_life_is_always_among_them(rounds: list[int]) -> None:
    found = [Event(number, "slashing", "") for number in sorted(rounds)] + [Event(150, "half-life", "")]
    marks = _marked(found, {"round": np.arange(1.0, 301.0)})
    shown = [mark.event.round for mark in marks]
    assert 150 in shown and len(shown) <= MARKS
    assert (np.diff(shown) >= 0.04 * 299).all()
    assert [mark.number for mark in marks] == list(range(1, len(marks) + 1))


def test_marked_events_are_told_beneath() -> None:
    chronicle = played(40, 40)
    told = [text for text in texts(draw_dynamics(chronicle)) if ": " in text and "round" in text]
    known = {f"round {event.round}: {event.text}" for event in events(chronicle)}
    assert told and all(text.split(maxsplit=1)[1] in known for text in told)


# Values.


def test_without_value_dimensions_the_picture_says_so() -> None:
    assert any("no value dimensions" in text for text in texts(draw_values(played(1))))


def test_who_has_a_limit_broken_is_marked_otherwise() -> None:
    chronicle = played(2, 40, values=2)
    level = [chronicle.rows[-1][f"level_{k}"] + chronicle.rows[-1][f"true_change_{k}"] for k in (0, 1)]
    limits = chronicle.newest.limits
    broken = (limits[:, 0] < level[0]) | (limits[:, 1] > level[1])
    assert 0 < broken.sum() < 40
    drawn = [len(marks.get_offsets()) for marks in marks_of(draw_values(chronicle))]
    assert {int(broken.sum()), int((~broken).sum())} <= set(drawn)


def test_the_most_screened_stand_first_with_their_mean_share() -> None:
    chronicle = played(4, 40, values=2)
    shares = np.array([sight.screened for sight in chronicle.sights])
    mean = {i: shares[~np.isnan(shares[:, i]), i].mean() for i in range(40) if not np.isnan(shares[:, i]).all()}
    first = max(mean, key=lambda i: mean[i])
    assert most_screened(chronicle).rows[0][:2] == (f"principal {first}", f"{mean[first]:.1%}")
    assert most_screened(played(4, 40)).rows == ()


def test_a_gated_update_counts_as_dropped_and_not_as_screened() -> None:
    sights = [sight for sight in played(4, 40, values=2).sights if sight.gated.any()]
    assert sights and all(np.isnan(sight.screened[sight.gated]).all() for sight in sights)


# What if.


def test_one_future_has_no_interval_and_says_so() -> None:
    told = texts(draw_what_if(np.ones((1, 5)), np.zeros((1, 5)), ONE, ("defects", "does not")))
    assert "one future, no interval" in told and "+1" in told


def test_several_futures_tell_the_gain_with_its_interval() -> None:
    told = texts(draw_what_if(np.ones((3, 5)), np.zeros((3, 5)), SEVERAL, ("defects", "does not")))
    assert "-0.25\n-0.4\nto -0.12" in told and "3 futures, 95 % interval" in told


# What is refused.


def test_axes_that_are_no_value_dimensions_are_refused_by_number() -> None:
    with pytest.raises(InputError, match=r"axes: \(0, 2\) are not two of the 2 value dimensions"):
        draw_values(played(1, values=2), axes=(0, 2))


def test_one_principal_has_a_place_in_every_picture() -> None:
    chronicle = played(1, 12, values=2)
    sight = replace(chronicle.newest, limits=chronicle.newest.limits[:1])
    alone = Chronicle(chronicle.world, chronicle.rows, deque([sight]), chronicle.books)
    assert "limits" in " ".join(texts(draw_values(alone, axes="pca")))


def test_settings_of_a_reader_change_no_picture() -> None:
    chronicle = played(3)
    plain = drawn(lambda: draw_values(chronicle), "values")
    with rc_context({"text.color": "white", "lines.antialiased": False, "font.family": "serif"}):
        assert drawn(lambda: draw_values(chronicle), "values") == plain
