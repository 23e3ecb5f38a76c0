"""What the page is sent of a sweep: every point at its place, numbers that are the table's, claims that hold."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.figures.browser.notes.decimals import aligned
from commonweal.figures.browser.swept.measure_names import measure_names
from commonweal.figures.browser.swept.paint import DARK, LIGHT, mixed, painted
from commonweal.figures.browser.swept.plots import rounded
from commonweal.figures.browser.swept.point_documents import point_document, thinned
from commonweal.figures.browser.swept.sweep_cells import Atlas, View, atlas_of, view_after
from commonweal.figures.browser.swept.sweep_documents import sweep_document
from commonweal.figures.browser.swept.sweep_sentences import sweep_context, sweep_sentence
from commonweal.figures.ink import contrast
from commonweal.scenarios.reading.survey import Survey
from commonweal.scenarios.runs.intervals import SHARE, mean_interval
from commonweal.scenarios.schema.words import words_for
from tests.helpers.swept import lacking, made

GRID = {"stakes.audit": [0.0, 0.1, 0.3], "stakes.stake": [0.0, 0.25]}
DEEP = GRID | {"settlement.kind": ["equal", "credit"]}


def audits_help(point: Any) -> float:
    """Audits help where there is a stake."""
    return 0.2 + (0.6 if point["stakes.audit"] and point["stakes.stake"] else 0.0)


def looked(survey: Survey, **view: Any) -> tuple[Atlas, dict[str, Any]]:
    atlas = atlas_of(survey, View(**view))
    document = sweep_document(atlas, "results/made")
    json.dumps([document, point_document(atlas)], allow_nan=False)
    return atlas, document


def cell(document: dict[str, Any], x: int, y: int) -> dict[str, Any]:
    found: dict[str, Any] = next(cell for cell in document["map"]["cells"] if (cell["x"], cell["y"]) == (x, y))
    return found


def test_every_cell_is_the_mean_and_interval_of_its_runs() -> None:
    survey = made(GRID, audits_help)
    _, document = looked(survey)
    assert document["map"]["across"]["texts"] == ["0", "0.1", "0.3"]
    assert document["map"]["up"]["texts"] == ["0", "0.25"]
    assert document["map"]["title"] == "delegate, share of principals, mean of rounds 151–200"
    for number, point in enumerate(survey.points):
        x, y = GRID["stakes.audit"].index(point["stakes.audit"]), GRID["stakes.stake"].index(point["stakes.stake"])
        shown, values = cell(document, x, y), survey.values("share_delegate")[:, number]
        found = mean_interval(values, within=SHARE)
        np.testing.assert_allclose([shown["value"], shown["low"], shown["high"]],
                                   [found.value, found.low, found.high], rtol=1e-4)  # fmt: skip
        np.testing.assert_allclose(shown["units"], values, rtol=1e-4)
        assert (shown["text"], shown["points"], shown["state"]) == (f"{found.value:.2f}", [number], "played")


def test_what_was_not_played_and_what_failed_is_told() -> None:
    _, document = looked(lacking(made(GRID, audits_help), lost=[5], failed=[2]))
    waiting, failed = cell(document, 2, 1), cell(document, 1, 0)
    assert (waiting["state"], waiting["value"], waiting["paint"]) == ("waiting", None, None)
    assert (failed["state"], failed["text"]) == ("failed", "–")
    assert failed["told"] == "audit 0.1, stake 0: 4 failed; failed at round 7: InputError: the network diverged"
    assert document["counted"] == "20 of 24 runs"
    assert document["sentence"].startswith("So far: ")
    assert "20 of 24 runs are stored; the same command plays the rest." in document["context"]
    assert "4 runs failed; --retry-failed plays them again." in document["context"]


def test_a_point_that_is_partly_played_shows_what_there_is() -> None:
    survey = made(GRID, audits_help)
    _, document = looked(replace(survey, runs=survey.runs.drop(index=survey.runs.index[-1])))
    partly = cell(document, 2, 1)
    assert (partly["state"], partly["part"], partly["units"][3]) == ("partly", "3 of 4", None)
    assert partly["value"] > 0.7


def test_points_that_the_design_leaves_out_are_nowhere() -> None:
    survey = made(GRID, audits_help)
    kept = [place for place, point in enumerate(survey.points) if point["stakes.stake"] or not point["stakes.audit"]]
    runs = survey.runs[survey.runs["point"].isin(kept)].copy()
    runs["point"] = runs["point"].map({point: place for place, point in enumerate(kept)})
    fewer = replace(survey, points=tuple(survey.points[place] for place in kept), runs=runs)
    _, document = looked(fewer)
    assert cell(document, 1, 0)["state"] == "none"
    assert cell(document, 1, 1)["state"] == "played"


def test_other_axes_are_averaged_or_held() -> None:
    def mean(point: Any) -> float:
        return audits_help(point) / (2 if point["settlement.kind"] == "equal" else 1)

    survey = made(DEEP, mean, noise=0.0)
    _, averaged = looked(survey, across=0, up=1)
    assert cell(averaged, 2, 1)["value"] == pytest.approx(0.6)
    assert len(cell(averaged, 2, 1)["points"]) == 2
    assert "Averaged over settlement rule." in averaged["context"]
    _, held = looked(survey, across=0, up=1, held={2: 1})
    assert cell(held, 2, 1)["value"] == pytest.approx(0.8)
    assert "Averaged" not in held["context"]


def test_the_axes_that_explain_most_are_shown_first() -> None:
    survey = made(DEEP, lambda point: 0.1 + point["stakes.audit"] + 0.4 * (point["settlement.kind"] == "credit"))
    atlas, _ = looked(survey)
    assert (atlas.view.across, atlas.view.up) == (0, 2)  # numbers to the right, names upwards


def test_a_level_or_a_point_can_be_taken_off() -> None:
    survey = made(GRID, audits_help)
    _, less = looked(survey, minus="across 0")
    apart = survey.values("share_delegate")[:, 3] - survey.values("share_delegate")[:, 1]
    assert cell(less, 1, 1)["value"] == pytest.approx(apart.mean(), rel=1e-4)
    assert cell(less, 1, 1)["text"].startswith("+0.6")
    assert cell(less, 0, 1)["value"] == 0
    assert tuple(less["map"]["legend"]["light"][::4]) == LIGHT["difference"]
    assert less["map"]["legend"]["low"].replace("−", "+") == less["map"]["legend"]["high"]
    assert less["map"]["title"].startswith("delegate, share of principals, minus audit 0, mean of")
    _, point = looked(survey, minus="point 3")
    assert cell(point, 1, 1)["value"] == 0
    assert point["map"]["title"].startswith("delegate, share of principals, minus audit 0.1, stake 0.25, mean of")


@pytest.mark.parametrize("minus", ["across 9", "point 99", "point x", "sideways 1", "up -1"])
def test_what_cannot_be_taken_off_is_not(minus: str) -> None:
    atlas, _ = looked(made(GRID, audits_help), minus=minus)
    assert atlas.view.minus == ""


def test_interval_width_and_spread_of_seeds_can_be_shown() -> None:
    survey = made(GRID, audits_help, noise=0.05)
    _, width = looked(survey, shows="interval")
    found = mean_interval(survey.values("share_delegate")[:, 1], within=SHARE)
    assert cell(width, 0, 1)["value"] == pytest.approx(float(found.high - found.low), rel=1e-4)
    _, spread = looked(survey, shows="spread")
    assert cell(spread, 0, 1)["value"] == pytest.approx(survey.values("share_delegate")[:, 1].std(ddof=1), rel=1e-4)
    assert spread["map"]["title"].startswith("spread of seeds of delegate")


def test_one_factor_is_a_row_and_none_is_a_point() -> None:
    _, line = looked(made({"stakes.audit": [0.0, 0.1, 0.3]}, lambda point: point["stakes.audit"]))
    assert (line["map"]["up"], len(line["map"]["cells"])) == (None, 3)
    _, alone = looked(made({}, lambda point: 0.5))
    assert (alone["map"]["across"], len(alone["map"]["cells"])) == (None, 1)
    assert alone["sentence"] == "50\u202f% delegate."


def test_a_sampled_design_has_bins_of_points() -> None:
    draw = np.random.default_rng(2)
    points = [{"stakes.audit": float(a), "market.leak": float(b)} for a, b in draw.uniform(0, 1, (60, 2))]
    grid = made({"stakes.audit": [p["stakes.audit"] for p in points]}, lambda point: point["stakes.audit"], seeds=2)
    survey = replace(grid, points=tuple(points), factors=("stakes.audit", "market.leak"))
    atlas, document = looked(survey, minus="across 0")
    assert atlas.sampled
    assert atlas.view.minus == ""
    assert sum(len(cell["points"]) for cell in document["map"]["cells"]) == 60
    full = next(cell for cell in document["map"]["cells"] if len(cell["points"]) > 1)
    means = survey.values("share_delegate").mean(axis=0)[full["points"]]
    assert full["value"] == pytest.approx(means.mean(), rel=1e-4)
    assert "cells of several points each" in document["sentence"]


def test_names_are_levels_in_their_order_and_factors_in_step_are_one_axis() -> None:
    points = [{"settlement.kind": kind, "population.cost_low": low, "population.cost_high": 3 * low}
              for kind in ("equal", "credit") for low in (0.001, 0.002)]  # fmt: skip
    grid = made({"settlement.kind": ["a", "b", "c", "d"]}, lambda point: 0.5)
    survey = replace(grid, points=tuple(points), factors=tuple(points[0]))
    atlas, document = looked(survey)
    assert [scale.title for scale in atlas.scales] == [
        "settlement rule", "cost low and cost high, money per sample"]  # fmt: skip
    assert document["map"]["up"]["named"]
    assert atlas.words(2) == "by credit, cost low 0.001"


# The sentence


def test_a_sentence_says_from_which_level_on_what_differs() -> None:
    atlas, _ = looked(made(GRID, audits_help))
    said = sweep_sentence(atlas)
    assert "50\u202f% delegate from audit 0.1 on, 20\u202f% with audit 0." in said.replace("51", "50")
    assert "delegate with stake 0.25, 20\u202f% with stake 0." in said


def test_a_sentence_says_where_something_changes_nothing() -> None:
    atlas, _ = looked(made(GRID, audits_help, noise=0.0))
    assert sweep_sentence(atlas).endswith("With stake 0, audit changes nothing.")


def test_a_sentence_claims_no_difference_that_intervals_do_not_allow() -> None:
    atlas, _ = looked(made(GRID, lambda point: 0.5, noise=0.2))
    assert sweep_sentence(atlas) == "Audit and stake make no sure difference."


def test_one_seed_is_no_ground_for_a_claim() -> None:
    atlas, _ = looked(made(GRID, audits_help, seeds=1))
    assert sweep_sentence(atlas).startswith("With one seed, ")
    assert sweep_sentence(atlas).endswith("luck may be all of the difference.")


def test_a_sweep_of_which_no_run_is_finished_is_shown() -> None:
    survey = lacking(made(GRID, audits_help), lost=range(6))
    empty = replace(survey, measures=())
    atlas, document = looked(empty)
    assert document["sentence"] == "No run of made is finished yet."
    assert document["map"] is not None
    assert {cell["state"] for cell in document["map"]["cells"]} == {"waiting"}
    assert sweep_context(atlas).startswith("6 points, 4 seeds each, 200 rounds.")


def test_a_public_good_has_its_own_words() -> None:
    survey = made(GRID, audits_help)
    _, document = looked(replace(survey, words=words_for(["public_goods"], ["poison"], [["delegate", "free_ride"]])))
    said = json.dumps(document)
    assert "contribute, share of principals" in said
    for word in ("accuracy, ", "delegate", "screened", "test samples"):
        assert word not in said.replace('"accuracy"', "").replace("share_delegate", "")


def test_measures_of_values_have_names_units_and_ranges() -> None:
    survey = made(GRID, audits_help)
    share = survey.runs["share_delegate"]
    runs = survey.runs.assign(violated=1 - share, value_cost=0.3 * share, violated_camp_1=0.5 * share)
    runs["net_welfare"] = runs["welfare"] - runs["value_cost"]
    names = (*survey.measures, "value_cost", "net_welfare", "violated", "violated_camp_1")
    minding = words_for(["model"], ["leak"], [["abstain", "delegate", "free_ride", "defect"]], ["member"])
    valued = replace(survey, runs=runs, measures=names, words=minding)
    told = {name.measure: (name.short, name.title, name.unitless) for name in measure_names(valued)}
    assert list(told) == ["share_delegate", "accuracy", "welfare", "violated", "net_welfare", "value_cost",
                          "violated_camp_1"]  # fmt: skip
    assert told["violated"][:2] == ("violated", "principals whose limits are broken, share")
    assert told["net_welfare"] == ("net welfare", "net welfare, money a round", "net welfare")
    assert told["value_cost"][1] == "value cost of all, money a round"
    assert told["violated_camp_1"][:2] == ("violated, camp 1", "violated in camp 1, share of its principals")
    _, document = looked(valued, measure="violated")
    assert document["map"]["title"].startswith("principals whose limits are broken, share")
    ends = [(cell["low"], cell["high"]) for cell in document["map"]["cells"]]
    assert all(0 <= low <= high <= 1 for low, high in ends)
    free = replace(valued, words=survey.words)
    assert {"value_cost", "net_welfare"}.isdisjoint(name.measure for name in measure_names(free))


# The point


def test_a_point_has_a_row_a_seed_and_what_became_of_it() -> None:
    survey = made(GRID, audits_help)
    survey.runs.loc[survey.runs.index[13], ["status", "stage", "message"]] = ["failed", "setup", "no data"]
    atlas, _ = looked(replace(survey, runs=survey.runs.drop(index=survey.runs.index[14])), point=3)
    document = point_document(atlas)
    assert document is not None
    assert (document["title"], document["before"], document["after"]) == ("Audit 0.1, stake 0.25", 2, 4)
    assert [seed["state"] for seed in document["seeds"]] == ["played", "failed", "waiting", "played"]
    assert document["seeds"][1]["why"] == "failed at setup: no data"
    assert [bool(seed["run"]) for seed in document["seeds"]] == [True, False, False, True]
    assert document["few"] == "2 seeds are few: intervals are about 10.7 times as wide as with 8."
    assert document["about"].startswith("4 seeds · delegate 0.79, ")


def test_two_points_are_compared_by_seed() -> None:
    atlas, _ = looked(made(GRID, audits_help), point=3, other=1)
    document = point_document(atlas)
    assert document is not None
    other = document["other"]
    assert other["title"] == "Audit 0, stake 0.25"
    assert other["sentence"].startswith("Delegate +0.6")
    assert other["rows"][0][0] == "delegate"
    assert other["rows"][0][3].endswith("] *")
    alike, _ = looked(made(GRID, lambda point: 0.5, noise=0.1), point=3, other=1)
    same = point_document(alike)
    assert same is not None
    assert same["other"]["sentence"] == "No difference in delegate seen with 4 seeds."


def test_peaks_of_long_courses_stay() -> None:
    values = np.zeros(5000)
    values[[1234, 4000]] = [9.0, -7.0]
    rounds, kept = thinned(np.arange(5000), values)
    assert len(rounds) <= 2 * 240 + 2
    assert (kept.max(), kept.min()) == (9.0, -7.0)
    assert rounds[kept.argmax()] == 1234


# What is looked at


def test_choosing_the_other_axis_turns_the_map() -> None:
    view = View(across=0, up=1)
    assert view_after(view, {"across": 1}) == View(across=1, up=0)
    assert view_after(view, {"up": 0}) == View(across=1, up=0)
    assert view_after(view, {"up": 2, "held": {"2": 1}}) == View(across=0, up=2, held={2: 1})
    assert view_after(View(held={2: 1}), {"held": {"2": -1}}) == View()


@pytest.mark.parametrize(
    "changes", [{"measure": 3}, {"across": "0"}, {"held": [1]}, {"held": {"a": 1}}, {"point": 1.5}, {"other": True}]
)
def test_a_view_of_the_wrong_kind_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        view_after(View(), changes)


def test_numbers_beside_each_other_have_the_same_decimals() -> None:
    assert [aligned(value, 2, "+") for value in (0.5, -0.004, -1.237)] == ["+0.50", "0.00", "−1.24"]


# Pictures


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_numbers_in_cells_can_be_read_on_every_colour(theme: dict[str, tuple[str, ...]]) -> None:
    for hue, stops in theme.items():
        for share in np.linspace(0, 1, 41):
            fill = mixed(share, stops)
            ink = painted(share, 0.0, 1.0, hue)[1 if theme is LIGHT else 3]
            assert contrast(ink, fill) >= 4.5, (hue, share)


def test_colours_begin_and_end_where_the_palette_does() -> None:
    assert painted(0.0, 0.0, 1.0, "blue")[::2] == [LIGHT["blue"][0], DARK["blue"][0]]
    assert painted(1.0, 0.0, 1.0, "blue")[::2] == [LIGHT["blue"][1], DARK["blue"][1]]
    assert painted(0.0, -1.0, 1.0, "difference")[0] == "#FFFFFF"


def test_lines_have_the_numbers_of_the_map_and_the_seeds_of_the_chosen_row() -> None:
    survey = made(GRID, audits_help)
    _, document = looked(survey, point=3)
    plot = document["lines"]
    assert [line["name"] for line in plot["series"]] == ["stake 0", "stake 0.25"]
    assert [line["kind"] for line in plot["series"]] == ["", "mine"]
    assert [value for _, value in plot["series"][1]["points"]] == [cell(document, x, 1)["value"] for x in range(3)]
    assert len(plot["dots"]) == 12
    assert (plot["low"], plot["high"], plot["marks"]) == (0, 1, False)
    places = [place for place, _ in plot["xs"]]
    assert (places[1] - places[0]) / (places[2] - places[0]) == pytest.approx(1 / 3, abs=1e-4)  # 0, 0.1, 0.3
    assert {number for _, _, number, _ in plot["targets"]} == set(range(6))


@pytest.mark.parametrize(
    ("values", "ends"), [([], (0, 1)), ([0.0], (0, 1)), ([3.0, 17.0], (0, 20)), ([-4.0, 3.0], (-5, 5)), ([7.0], (0, 7))]
)
def test_axes_end_at_round_numbers(values: list[float], ends: tuple[float, float]) -> None:
    assert rounded(np.array(values)) == ends
