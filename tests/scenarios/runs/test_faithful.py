"""What the library pays by deserves its name, and who pays by something else is told."""

from pathlib import Path
from typing import Any

import pytest

import commonweal
from commonweal.commands.cli import main
from commonweal.scenarios.runs.faithful import WANTED, faithfulness, unfaithful
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.relevance import learns, settles_by_credit

PAYS = [name for name in library_names() if learns(load(name)) and settles_by_credit(load(name))]


def test_most_scenarios_that_learn_pay_by_credit() -> None:
    assert {"commons", "leaky", "poisoners", "robust", "small-and-large", "value-conflict"} <= set(PAYS)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name != "commons")) for name in PAYS]
)
def test_the_library_ranks_principals_as_shapley_values_do(name: str) -> None:
    found = commonweal.faithfulness(load(name))
    assert found is not None and found.rule == "aumann_shapley"
    assert found.correlation >= WANTED == 0.99


def test_first_order_at_the_rate_of_commons_is_told_of() -> None:
    # In-run credit at η = .5: Spearman .2 to .5 with Shapley values of the same rounds
    found = faithfulness(load("commons", {"credit.kind": "first_order"}))
    assert found is not None and not found.is_faithful
    assert -1 <= found.low < found.correlation < found.high < 0.8
    (warning,) = unfaithful([load("commons", {"credit.kind": "first_order"})] * 3)
    assert "'first_order' is not faithful at learning.rate = 0.5" in warning and "\n" not in warning


def test_it_is_told_though_the_first_that_is_compared_pays_nothing_by_credit() -> None:
    changes = [{"settlement.kind": kind, "credit.kind": "first_order"} for kind in ("equal", "data", "credit")]
    (warning,) = unfaithful([load("commons", each) for each in changes])
    assert "'first_order' is not faithful" in warning


def test_at_a_small_rate_first_order_is_faithful() -> None:
    found = faithfulness(load("wait-and-see", {"credit.kind": "first_order"}))
    assert found is not None and found.is_faithful


@pytest.mark.parametrize(
    "changes",
    [
        {"settlement.kind": "equal"},  # credit pays nobody
        {"credit.kind": "neighbours"},  # stands for itself
        {"population.count": 500},
        {"population.count": 3},
    ],
)
def test_where_there_is_nothing_to_be_faithful_to_nothing_is_said(changes: dict[str, object]) -> None:
    assert faithfulness(load("commons", changes), rounds=3) is None


def test_where_nothing_is_learned_nothing_is_said() -> None:
    assert faithfulness(load("public-goods"), rounds=3) is None


@pytest.mark.usefixtures("pictures_unseen")
def test_a_run_whose_rule_is_unfaithful_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "commons", "--rounds", "20", "--seeds", "2", "--out", str(tmp_path / "out")]
    assert main([*words, "--set", "credit.kind=first_order"]) == 0
    assert "is not faithful at learning.rate = 0.5" in capsys.readouterr().out
    assert main([*words, "--force"]) == 0
    assert "faithful" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "changes",
    [
        {"learning.wire": "cut", "learning.privacy.cut_noise": 0.5, "learning.privacy.nopeek": 1.0},
        {"learning.wire": "secure", "learning.privacy.clip": 1.0, "learning.privacy.update_noise": 0.1},
        {"learning.wire": "secure", "learning.audit": 0.1, "learning.halves": 1},
    ],
)
def test_a_rule_is_measured_without_what_is_set_for_a_wire(changes: dict[str, Any]) -> None:
    few = {"population.count": 6, "rounds": 3}
    found = faithfulness(load("commons", few | changes))
    assert found is not None and found == faithfulness(load("commons", few))
