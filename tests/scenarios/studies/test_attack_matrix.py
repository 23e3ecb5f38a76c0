"""The study ``attacks``: settlements against attacks, own rules and own attacks, intervals, and the headline."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from commonweal import Deviation, Ensemble, ask, attack, import_rules, load, play_futures, revise
from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.figures.studies import draw
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.studies.attack_matrix import playing
from commonweal.scenarios.studies.attack_matrix.playing import spread
from commonweal.scenarios.studies.attack_matrix.study import headline
from commonweal.scenarios.studies.base import STUDIES, Answer
from commonweal.scenarios.studies.honest import HONEST
from commonweal.scenarios.studies.options import read_options
from tests.helpers.own_rules import OWN, SMALL, forgotten

FEW = {"horizon": 3, "attackers": 2, "workers": 1}


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with forgotten():
        yield


def asked(scenario: str = "commons", changes: dict[str, Any] | None = None, seeds: int = 2, **options: Any) -> Answer:
    return ask("attacks", scenario, seeds, SMALL | (changes or {}), **(FEW | options))


def test_every_settlement_that_makes_sense_is_tried_against_every_known_attack() -> None:
    answer = asked(horizon=2, attackers=1)
    rows, cells = answer.tables["settlements"], answer.tables["attacks"]
    assert {"credit", "data", "equal", "robust"} <= set(rows["settlement"])
    assert {"free_ride", "junk", "sybil", "copies, 3 names", "pair, one copies"} <= set(cells["attack"])
    assert (rows["surely_pay"] + rows["surely_lose"] + rows["open"] == rows["attacks"]).all()
    assert (rows["ledger_off_by"] == 0).all() and (rows["lowest_account"] >= 0).all()
    assert rows["largest_gain"].is_monotonic_increasing
    assert set(draw(answer)) == {"attacks"}


def test_a_cell_is_the_mean_over_those_who_try_of_what_the_futures_say() -> None:
    answer = asked(settlements=("equal",), attacks=("free_ride",))
    base = revise(load("commons", SMALL), {**HONEST, "settlement.kind": "equal"})
    gains, losses = [], []
    for seed in (0, 1):
        tried = [Deviation("free_ride", (first,), Action.FREE_RIDE) for first in spread(2, 4)]
        futures = play_futures(Ensemble(base, [seed]).snapshot, tried, 3, others="freeze")
        gains.append(futures.gains[0].mean())
        losses.append(futures.losses[0].mean() / 3)
    (row,) = answer.tables["attacks"].to_dict("records")
    for name, values in (("gain", gains), ("honest_loss", losses)):
        found = mean_interval(np.array(values))
        np.testing.assert_allclose([row[name], row[f"{name}_low"], row[f"{name}_high"]], found.at(()), rtol=1e-9)


def test_who_would_stay_away_at_first_is_honest_too() -> None:
    starts = {"delegate": 0.5, "free_ride": 0.0, "defect": 0.0, "abstain": 0.5}
    away: dict[str, Any] = {f"population.start_{action}": share for action, share in starts.items()}
    away["actions.available"] = list(starts)
    told = {"settlements": ("equal",), "attacks": ("free_ride",)}
    pd.testing.assert_frame_equal(
        asked(changes=away, **told).tables["attacks"],
        asked(changes={"actions.available": list(starts)}, **told).tables["attacks"],
    )


def test_rules_and_attacks_of_files_are_rows_and_columns(tmp_path: Path) -> None:
    for name in ("settlement", "attack"):
        (tmp_path / f"{name}.py").write_text(OWN[name])
        import_rules(tmp_path / f"{name}.py")
    cells = asked(settlements=("own_root", "equal")).tables["attacks"]
    assert set(cells["settlement"]) == {"own_root", "equal"}
    assert "free-rides half of the time" in set(cells["attack"]) and "own_lazy" in set(cells["family"])
    alone = asked(settlements=("own_root",), attacks=("own_lazy", "sybil")).tables["attacks"]
    assert list(alone["attack"]) == ["free-rides half of the time", "free-rides", "sybil"]


def test_an_attack_that_makes_no_sense_under_a_settlement_is_left_empty() -> None:
    answer = asked(settlements=("credit", "time_cumulation"), changes={"rewards.joining": "claimed"})
    cells = answer.tables["attacks"]
    assert set(cells[cells["attack"] == "backdated"]["settlement"]) == {"time_cumulation"}
    assert draw(answer)


def test_an_attack_that_ends_is_followed_by_honesty() -> None:
    @attack("own_short")
    def own_short(scenario: Any, horizon: int) -> list[Deviation]:
        return [Deviation("short", (0,), Action.FREE_RIDE, until=1), Deviation("long", (0,), Action.FREE_RIDE)]

    cells = asked(settlements=("equal",), attacks=("own_short",), horizon=4).tables["attacks"].set_index("attack")
    assert 0 < cells.loc["short", "gain"] < cells.loc["long", "gain"]


def test_who_is_not_honest_by_order_follows_its_policy() -> None:
    by_order, free = (asked(settlements=("equal", "credit"), honest=honest) for honest in (True, False))
    assert "everybody else delegates" in " ".join(by_order.notes)
    assert "the others follow their policies" in " ".join(free.notes)
    assert not by_order.tables["attacks"]["gain"].equals(free.tables["attacks"]["gain"])


def test_what_was_played_is_not_played_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask("attacks", "commons", 2, SMALL, folder=tmp_path, settlements=("equal", "credit"), **FEW)
    monkeypatch.setattr(playing, "Ensemble", None)
    again = ask("attacks", "commons", 2, SMALL, folder=tmp_path, settlements=("equal", "credit"), **FEW)
    pd.testing.assert_frame_equal(first.tables["attacks"], again.tables["attacks"])


def row(settlement: str, gain: float, low: float, high: float) -> dict[str, Any]:
    ends = {"largest_gain": gain, "largest_gain_low": low, "largest_gain_high": high}
    return {"settlement": settlement, **ends, "strongest": f"x of {settlement}"}


def test_the_headline_says_no_more_than_the_intervals() -> None:
    open_, sure = row("mild", 0.001, -0.001, 0.003), row("harsh", 0.02, 0.01, 0.03)
    assert headline(pd.DataFrame([open_, sure]), "money per round") == (
        "Under harsh an attack surely pays, the most +.020 [+.010, +.030] money per round (x of harsh under harsh)."
        " Under mild none surely does: the largest gain found is +.001 [-.001, +.003] money per round (x of mild under"
        " mild)."
    )
    assert headline(pd.DataFrame([open_]), "money per round").startswith(
        "Under mild no attack that was tried surely pays: the largest gain found is +.001 [-.001, +.003]"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seeds": 1}, "seeds: attacks needs at least 2"),
        ({"settlements": ("equl",)}, "settlement.kind = 'equl': must be one of "),
        ({"settlements": ("equal", "equal")}, "option settlements = equal, equal: name each once"),
        ({"attacks": ("sibyl",)}, "option attacks: 'sibyl' is no attack that makes sense here; there are the families"),
        ({"scenario": "public-goods", "changes": {"rounds": 3}}, "settlement.kind decides nothing in public-goods"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(options: dict[str, Any], said: str) -> None:
    if "scenario" in options:
        with pytest.raises(InputError, match=said):
            ask("attacks", options["scenario"], 2)
        return
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        asked(**options)


def test_a_family_that_cannot_be_played_is_refused_by_name() -> None:
    attack("odd")(lambda scenario, horizon: [Deviation("a pair", (0, 1))])
    with pytest.raises(InputError, match="attack family 'odd': a pair must be of principal 0 alone"):
        asked(settlements=("equal",))


def test_lists_of_options_are_written_with_commas() -> None:
    found = read_options(STUDIES["attacks"], ["settlements=equal,credit", "attacks=sybil"])
    assert found.model_dump()["settlements"] == ("equal", "credit") and found.model_dump()["attacks"] == ("sybil",)
