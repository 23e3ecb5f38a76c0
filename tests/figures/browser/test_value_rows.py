"""The view of values as a document: rows are the run's limits, and what is sold, broken, taken off and who is away."""

import json
from collections import deque
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.money.membership import NEVER
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.documents.value_map import axes_from, views_of
from commonweal.figures.browser.documents.values import BINS, FEW, LATELY, MOST, values_document
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.tables import level_after
from commonweal.scenarios.schema.loading import load
from tests.helpers.chronicles import VALUES, chronicle_of, leaky

CONFLICT = ("value-conflict", 6)
SOLD = ("tolerance-for-sale", 12)
MANY: dict[str, Any] = {"population.count": 64, "task.samples": 2400} | VALUES


def row(document: dict[str, Any], index: int) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["rows"] if each["index"] == index)
    return found


@pytest.mark.parametrize(("scenario", "rounds"), [CONFLICT, SOLD])
def test_every_row_is_the_limits_of_its_principal_and_what_it_sold_of_them(scenario: str, rounds: int) -> None:
    chronicle = chronicle_of(scenario, rounds)
    for round in (0, 1, rounds):
        document, sight = values_document(chronicle, round), chronicle.at(round)
        json.dumps(document, allow_nan=False)
        assert sorted(each["index"] for each in document["rows"]) == list(range(40))
        for i in range(40):
            limits = row(document, i)["limits"]
            assert [each["true"] for each in limits] == sight.limits[i].tolist()
            sold = sight.limits[i] * (1 - chronicle.world.senses * sight.loosened[i])
            told = [each["true"] if each["declared"] is None else each["declared"] for each in limits]
            assert told == sold.tolist()


def test_tolerance_is_sold_in_its_scenario_and_nowhere_else() -> None:
    sold = [values_document(chronicle_of(*SOLD), round) for round in range(1, 13)]
    assert any(["declared", "sold for this round"] in each["marks"] for each in sold)
    assert values_document(chronicle_of(*CONFLICT))["marks"] == [["true", "true limit"]]


def test_a_limit_is_broken_where_the_loss_stands_on_its_forbidden_side() -> None:
    chronicle = chronicle_of(*CONFLICT)
    document = values_document(chronicle)
    for k, dimension in enumerate(document["dimensions"]):
        level = level_after(chronicle, 6, k)
        assert dimension["now"] == level
        for each in document["rows"]:
            limit = each["limits"][k]
            inside = limit["true"] >= level if dimension["name"] == "protect" else limit["true"] <= level
            assert limit["broken"] == (not inside) == ("broken now" in limit["text"])
            assert dimension["low"] < limit["true"] < dimension["high"]
        assert dimension["broken"] == sum(each["limits"][k]["broken"] for each in document["rows"])
        assert dimension["broken_side"] == ("left" if dimension["name"] == "protect" else "right")


def test_losses_are_unknown_before_the_first_round() -> None:
    for dimension in values_document(chronicle_of(*CONFLICT), 0)["dimensions"]:
        assert (dimension["now"], dimension["now_text"], dimension["broken"]) == (None, "", 0)


def test_a_loss_far_away_stands_beyond_the_axis() -> None:
    protect, _ = values_document(chronicle_of(*CONFLICT))["dimensions"]
    assert protect["beyond"] == ("left" if protect["now"] < protect["low"] else "")
    first = chronicle_of(*CONFLICT)
    far = [{**first.rows[-1], "level_0": -50.0}]
    moved = Chronicle(first.world, [*first.rows[:-1], *far], first.sights, first.books)
    assert values_document(moved)["dimensions"][0]["beyond"] == "left"


def test_what_was_taken_off_is_the_mean_over_the_last_rounds_and_sorts_the_rows() -> None:
    chronicle = leaky(6, **VALUES, **{"screening.mode": "project", "screening.scope": "own"})
    document = values_document(chronicle)
    shares = np.stack([sight.screened for sight in list(chronicle.sights)[-LATELY:]])
    for i in range(12):
        known = shares[np.isfinite(shares[:, i]), i]
        assert row(document, i)["taken"] == (pytest.approx(known.mean()) if known.size else None)
    assert document["sort"] == "taken" and document["screens"]
    taken = [each["taken"] for each in document["rows"] if each["taken"] is not None]
    assert taken == sorted(taken, reverse=True) and taken[0] > 0


def test_rows_sort_by_number_and_by_every_limit_the_strictest_first() -> None:
    chronicle = chronicle_of(*CONFLICT)
    assert [each["index"] for each in values_document(chronicle, sort="number")["rows"]] == list(range(40))
    protect = [each["limits"][0]["true"] for each in values_document(chronicle, sort="limit-0")["rows"]]
    withhold = [each["limits"][1]["true"] for each in values_document(chronicle, sort="limit-1")["rows"]]
    assert protect == sorted(protect) and withhold == sorted(withhold, reverse=True)
    with pytest.raises(InputError, match="sort = 'price': must be one of"):
        values_document(chronicle, sort="price")


def test_of_many_the_first_have_a_row_with_the_chosen_one_and_all_are_in_the_density() -> None:
    chronicle = leaky(2, **MANY)
    document = values_document(chronicle, sort="number", principal=50)
    assert document["of"] == 64 > FEW
    assert [each["index"] for each in document["rows"]] == [*range(MOST), 50]
    for k, dimension in enumerate(document["dimensions"]):
        counted = np.histogram(chronicle.newest.limits[:, k], BINS, (dimension["low"], dimension["high"]))[0]
        assert dimension["density"] == counted.tolist() and sum(dimension["density"]) == 64
    assert values_document(chronicle_of(*CONFLICT))["dimensions"][0]["density"] is None


def test_who_is_away_is_told_since_when_or_that_it_never_joined() -> None:
    chronicle = leaky(6, **VALUES, **{"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0})
    sights = list(chronicle.sights)
    out = [replace(each, actions=np.where(np.arange(12) == 4, Action.ABSTAIN, each.actions),
                   joined=np.where(np.arange(12) == 7, NEVER, each.joined)) for each in sights]
    there = [replace(each, actions=np.where(np.arange(12) == 7, Action.ABSTAIN, each.actions)) for each in out]
    late = [replace(each, actions=before.actions) if each.round == 3 else each
            for each, before in zip(there, sights, strict=True)]
    gone = Chronicle(chronicle.world, chronicle.rows, deque(late), chronicle.books)
    document = values_document(gone)
    assert row(document, 4)["gone"] == "left in round 4"
    assert row(document, 7)["gone"] == "never joined"
    assert row(document, 0)["gone"] == ""
    always = Chronicle(chronicle.world, chronicle.rows, deque(late[4:]), chronicle.books)
    assert row(values_document(always), 4)["gone"] == "away since round 4 or before"


# The map.


@pytest.mark.parametrize("axes", ["0,1", "1,0", "pca"])
def test_the_map_holds_everybody_with_the_way_its_limits_came(axes: str) -> None:
    chronicle = chronicle_of(*CONFLICT)
    drawn = values_document(chronicle, axes=axes_from(axes))["map"]
    json.dumps(drawn, allow_nan=False)
    assert drawn["axes"] == axes and [each["index"] for each in drawn["points"]] == list(range(40))
    if axes != "pca":
        x, y = map(int, axes.split(","))
        for point in drawn["points"]:
            assert (point["x"][-1], point["y"][-1]) == pytest.approx(chronicle.newest.limits[point["index"], [x, y]],
                                                                     rel=1e-5)
            assert len(point["x"]) == len(point["y"]) == 2  # of rounds 2 and 6
    assert drawn["x"]["low"] < min(point["x"][-1] for point in drawn["points"])


def test_one_dimension_maps_principals_side_by_side() -> None:
    one = {"values.dimensions": VALUES["values.dimensions"][:1]}
    chronicle = leaky(2, **one)
    assert views_of(chronicle.world) == [["0,0", "class 0"]]
    drawn = values_document(chronicle, axes=(0, 0))["map"]
    assert [point["x"][-1] for point in drawn["points"]] == list(range(12))
    assert drawn["y"]["now"] == level_after(chronicle, 2, 0)


@pytest.mark.parametrize("axes", ["", "0", "a,b", "-1,0"])
def test_axes_that_are_none_are_refused(axes: str) -> None:
    with pytest.raises(InputError, match="must be two numbers of value dimensions"):
        axes_from(axes)


def test_dimensions_that_do_not_exist_are_refused() -> None:
    with pytest.raises(InputError, match="not two of the 2 value dimensions"):
        values_document(chronicle_of(*CONFLICT), axes=(0, 2))


def test_value_documents_of_a_run_do_not_change_it() -> None:
    ensemble = Ensemble(load("value-conflict"), [0])
    chronicle = Chronicle(ensemble.world)
    chronicle.begin(ensemble.state, ensemble.people, ensemble.opening)
    limits = chronicle.newest.limits.copy()
    values_document(chronicle, axes="pca")
    assert (chronicle.newest.limits == limits).all()
