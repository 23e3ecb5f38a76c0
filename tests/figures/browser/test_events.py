"""What is pointed out of a run, and that finding it as the run goes on costs and tells the same."""

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.events import COLLAPSE, SPAN, WAVE, Event, _first_of_spells, events
from commonweal.scenarios.schema.loading import load

SMALL = {"task.kind": "synthetic", "task.samples": 2400, "task.features": 6, "learning.hidden": [4], "task.drift": 0.0,
         "population.count": 12}
VALUED = {"values.dimensions": [{"sense": "protect", "limit": 1.2, "spread": 0.6, "label": 0}],
          "screening.mode": "project", "screening.scope": "own"}


@cache
def world_of(values: int = 0) -> World:
    """The world of the library's "leaky", small."""
    return Ensemble(load("leaky", SMALL | (VALUED if values else {})), [3]).world


def told_by(world: World, **courses: list[float]) -> list[Event]:
    """The events of a run with these courses and nothing else going on."""
    rounds = len(next(iter(courses.values())))
    quiet = {"share_defect": 0.0, "share_free_ride": 0.0, "share_delegate": 0.0, "accuracy": 0.5, "slashed": 0.0,
             "slashed_count": 0.0, "clawed": 0.0, "clawed_count": 0.0, "level_0": 0.0, "limit_0": 1.0}
    rows = [{"round": t + 1.0} | quiet | {name: course[t] for name, course in courses.items()} for t in range(rounds)]
    return events(Chronicle(world, rows))


def test_a_wave_is_told_when_the_share_has_risen_by_fifteen_points_within_ten_rounds() -> None:
    world = world_of()
    rising = [0.1, 0.2, 0.1 + WAVE, 0.6]
    wave = Event(3, "defection wave", "leaking rises from 10\u202f% to 25\u202f%", "defect")
    assert told_by(world, share_defect=rising) == [wave]
    assert told_by(world, share_free_ride=rising)[0].kind == "free-riding wave"
    creeping = np.arange(40) * (WAVE / (SPAN + 1)) / 2
    assert told_by(world, share_defect=creeping.tolist()) == []


def test_a_wave_that_goes_on_is_told_once_and_the_next_one_again() -> None:
    course = [0.0] + [0.5] * 5 + [0.0] * 2 * SPAN + [0.5] * 3
    found = told_by(world_of(), share_defect=course)
    assert [event.round for event in found] == [2, 7 + 2 * SPAN]


def test_a_collapse_is_a_fall_of_accuracy_by_ten_points_and_not_a_rise() -> None:
    world = world_of()
    assert told_by(world, accuracy=[0.9, 0.9 - COLLAPSE])[0].text == "right on test samples down from 0.90 to 0.80"
    assert told_by(world, accuracy=[0.5, 0.9, 0.85]) == []


def test_the_half_life_is_the_first_round_with_half_of_the_delegators_that_began() -> None:
    world = world_of()
    found = told_by(world, share_delegate=[0.8, 0.6, 0.4, 0.9, 0.1])
    assert [(event.round, event.kind) for event in found] == [(3, "half-life")]
    assert told_by(world, share_delegate=[0.0, 0.0]) == []


def test_the_half_life_is_not_claimed_of_a_run_whose_beginning_is_unknown() -> None:
    late = [{"round": 101.0 + t, "share_defect": 0.0, "share_free_ride": 0.0, "share_delegate": 1.0 - t,
             "accuracy": 0.5, "slashed": 0.0, "slashed_count": 0.0, "clawed": 0.0, "clawed_count": 0.0}
            for t in range(2)]
    assert events(Chronicle(world_of(), late)) == []


def test_a_slashing_tells_how_many_lost_how_much() -> None:
    found = told_by(world_of(), slashed_count=[0.0, 2.0, 1.0], slashed=[0.0, 0.2, 0.1])
    assert found == [Event(2, "slashing", "2 principals slashed, 0.2 money")]


def test_a_clawback_tells_how_many_gave_back_how_much() -> None:
    found = told_by(world_of(), clawed_count=[0.0, 1.0, 3.0], clawed=[0.0, 0.25, 0.1])
    assert found == [Event(2, "clawback", "1 principal made to give back, 0.25 money")]


def test_a_limit_is_broken_only_after_it_was_kept_and_by_more_than_the_safeguard_allows() -> None:
    world = world_of(1)  # protect: the level must not rise above the limit; safeguard 2 %
    assert told_by(world, level_0=[2.0, 2.0]) == []
    assert told_by(world, level_0=[0.5, 1.019]) == []
    assert [event.round for event in told_by(world, level_0=[2.0, 0.9, 1.03])] == [3]
    assert told_by(world, level_0=[0.5, 1e6], limit_0=[np.inf, np.inf]) == []


@given(st.integers(0, 10**6), st.lists(st.integers(1, 40), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_events_that_are_found_as_a_run_goes_on_are_those_found_at_its_end(seed: int, steps: list[int]) -> None:
    world, rng, rounds = world_of(1), np.random.default_rng(seed), sum(steps)
    names = ("share_defect", "share_free_ride", "share_delegate", "accuracy", "slashed_count", "clawed_count",
             "level_0")
    rows = [{"round": t + 1.0, "slashed": 1.0, "clawed": 1.0, "limit_0": 0.5}
            | {name: float(rng.random() * (rng.random() < 0.4)) for name in names} for t in range(rounds)]
    going = Chronicle(world, [])
    for step in steps:
        going.rows += rows[len(going.rows) : len(going.rows) + step]
        found = events(going)
    assert found == events(Chronicle(world, rows))
    assert [event.round for event in found] == sorted(event.round for event in found)


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_events_of_a_kind_never_crowd(happens: list[bool]) -> None:
    first = _first_of_spells(np.array(happens))
    assert all(happens[t] for t in first)
    assert (np.diff(first) > SPAN).all()
    assert bool(first) == any(happens)
