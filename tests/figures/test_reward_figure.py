"""The figure of rewards: it shows what was given for what, by type, and is drawn where rewards may differ."""

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.results import Results
from commonweal.figures.plots import draw_all
from commonweal.figures.rewards import draw_rewards
from commonweal.scenarios.schema.loading import load


@pytest.fixture(scope="module")
def menu() -> Results:
    """Two runs of a menu's economy."""
    return Ensemble(load("big-and-small", {"rounds": 3}), [0, 1]).run()


def words(figure: Figure) -> str:
    return " ".join(text.get_text().replace("\n", " ") for text in figure.texts)


def test_each_principal_is_at_its_samples_and_its_reward_by_its_type(menu: Results) -> None:
    figure = draw_rewards(menu.rounds, menu.principals)
    right = figure.axes[2]
    clouds = [line for line in right.get_lines() if line.get_linestyle() == "None"]
    assert len(clouds) == menu.principals["cost"].nunique()
    for line, (_, own) in zip(clouds, menu.principals.groupby("cost"), strict=True):
        np.testing.assert_allclose(np.asarray(line.get_xydata(), dtype=np.float64), own[["contributed", "reward"]])
    entries = {text.get_text() for text in figure.legends[0].get_texts()}
    assert {f"cost {cost:g}" for cost in menu.principals["cost"].unique()} <= entries
    low, high = right.get_xlim()
    assert low < menu.principals["contributed"].min() < menu.principals["contributed"].max() < high


def test_courses_are_means_of_the_shared_and_the_given_accuracy(menu: Results) -> None:
    left, middle, _ = draw_rewards(menu.rounds, menu.principals).axes
    for line, column in zip(left.get_lines(), ("accuracy", "own_accuracy"), strict=True):
        drawn = np.asarray(line.get_ydata(), dtype=np.float64)
        np.testing.assert_allclose(drawn, menu.rounds.groupby("round")[column].mean())
    samples = np.asarray(middle.get_lines()[0].get_ydata(), dtype=np.float64)
    np.testing.assert_allclose(samples, menu.rounds.groupby("round")["samples"].mean())


def test_costs_of_their_own_are_no_types(menu: Results) -> None:
    apart = menu.principals.assign(cost=menu.principals["cost"] + np.arange(20) / 1e6)
    figure = draw_rewards(menu.rounds, apart)
    assert len([line for line in figure.axes[2].get_lines() if line.get_linestyle() == "None"]) == 1
    assert "by what a sample costs it" not in words(figure)
    assert "by what a sample costs it" in words(draw_rewards(menu.rounds, menu.principals))


def test_who_puts_in_nothing_has_a_place_beside_who_puts_in_much(menu: Results) -> None:
    idle = menu.principals.assign(contributed=np.where(menu.principals["principal"] == 0, 0.0, 1e5))
    idle.loc[idle["principal"] == 1, "contributed"] = 10.0
    axis = draw_rewards(menu.rounds, idle).axes[2]
    assert axis.get_xlim()[0] == 0.0
    assert axis.get_xscale() == "symlog"


def test_a_missing_column_is_named_in_one_line(menu: Results) -> None:
    with pytest.raises(InputError, match="no column 'own_accuracy'"):
        draw_rewards(menu.rounds.drop(columns="own_accuracy"), menu.principals)
    with pytest.raises(InputError, match="no column 'reward'"):
        draw_rewards(menu.rounds, menu.principals.drop(columns="reward"))


@pytest.mark.parametrize(("sections", "drawn"), [
    ('[rewards]\nkind = "menu"\n[menu]\noffer = "menu"\n', True), ('[menu]\noffer = "amounts"\n', True), ("", False)])
def test_rewards_are_drawn_where_they_may_differ_and_money_where_there_is_any(
    menu: Results, tmp_path: Path, sections: str, drawn: bool
) -> None:
    for name in ("rounds", "principals", "profiles"):
        getattr(menu, name).to_parquet(tmp_path / f"{name}.parquet")
    (tmp_path / "about.json").write_text(json.dumps({"varied": [], "commonweal": "1.2.3", "command": "commonweal x"}))
    (tmp_path / "scenario.toml").write_text(f'{sections}[market]\nkind = "curve"\n')
    told: list[str] = []
    names = {path.stem for path in draw_all(tmp_path, told.append)}
    assert ("rewards" in names) == drawn
    assert not {"wealth", "credit_quality"} & names
    assert "wealth: skipped, there is no money" in told


def test_the_mean_of_own_models_is_over_who_takes_part_and_a_form_with_a_scale_of_its_own_is_drawn_whole() -> None:
    """Who stays away had been counted in the sum and not in the number: a mean of 1.16 with accuracies of at most 1."""
    shared = Ensemble(load("model-sharing", {"rounds": 20}), [0]).run()
    last = shared.rounds.iloc[-1]
    assert last["share_abstain"] == pytest.approx(1 / 3) and last["own_accuracy"] == pytest.approx(last["accuracy"])
    assert draw_rewards(shared.rounds, shared.principals).axes[0].get_ylim() == (-0.02, 1.02)
    theirs = {"rewards.accuracy.options": {"noise": 10.0, "spread": 1.0}}
    below = Ensemble(load("model-sharing", {"rounds": 20, **theirs}), [0]).run()
    low, high = draw_rewards(below.rounds, below.principals).axes[0].get_ylim()
    assert low < below.rounds[["accuracy", "own_accuracy"]].to_numpy().min() < 0 < high
