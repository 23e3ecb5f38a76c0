"""In a notebook: tables as plain, escaped HTML, and a bar while something is played."""

import builtins
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from commonweal import Answer, Ensemble, Scenario, ask, load, revise, run, sweep

SMALL = {"rounds": 4, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 5}
NASTY = '<script>alert("x")</script> & <b>'


class Page(HTMLParser):
    """The tags of a page, all of which are closed, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        assert not self.open, page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def page_of(thing: Any) -> Page:
    page = Page(thing._repr_html_())
    assert set(page.tags) <= {
        "p", "b", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "details", "summary", "progress", "div", "br"
    }  # fmt: skip
    return page


@pytest.fixture(scope="module")
def tiny() -> Scenario:
    return load("commons", SMALL)


def test_a_scenario_shows_what_differs_from_the_defaults() -> None:
    text = page_of(load("value-conflict", {"settlement.alpha": 2.0, "policy.mix": {"fixed": 1.0}})).text
    assert "value-conflict" in text
    assert "settlement.alpha 2.0 1.0" in text
    assert "policy.mix" in text
    assert "learning.rate" not in text
    page = page_of(load("commons", {"description": NASTY}))
    assert NASTY in page.text
    assert "script" not in page.tags


def test_results_of_runs_are_a_sentence_and_a_table(tiny: Scenario) -> None:
    played = run(tiny, seeds=3)
    page = page_of(played)
    assert "In the end " in page.text
    assert page.tags.count("tr") == 1 + 3
    assert "share_delegate" in page_of(Ensemble(tiny, [0, 1]).run()).text
    assert "No round was played" in page_of(Ensemble(tiny, [0]).run(0)).text


def test_results_of_a_comparison_have_a_row_a_point(tiny: Scenario) -> None:
    compared = sweep(tiny, {"settlement.kind": ["equal", "credit"], "market.leak": [0.1, 0.9]}, seeds=2)
    page = page_of(compared)
    assert page.tags.count("tr") == 1 + 4
    assert "test accuracy" in page.text
    assert compared.summary() in " ".join(page.text.split())
    assert page_of(sweep(tiny, seeds=1)).tags.count("tr") == 1 + 1
    nasty = replace(compared, runs=compared.runs.assign(**{"settlement.kind": NASTY}))
    assert NASTY in page_of(nasty).text


def test_answers_show_headline_tables_and_notes() -> None:
    table = pd.DataFrame({"who": [NASTY] * 20, "gain": 0.5, "gain_low": 0.25, "gain_high": np.nan})
    page = page_of(Answer("incentives", NASTY, {"by_type": table}, (NASTY,)))
    assert page.text.count(NASTY) == 2 + 12
    assert "script" not in page.tags
    assert "… and 8 more rows" in page.text
    assert "by type" in page.text


class Handle:
    """What IPython gives for something that is shown and can change."""

    def __init__(self, shown: list[str]) -> None:
        self.shown = shown

    def update(self, page: Any) -> None:
        self.shown.append(page.data)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a notebook shows, one picture after another."""
    display = pytest.importorskip("IPython.display")
    pages: list[str] = []

    class ZMQInteractiveShell:
        pass

    def first(page: Any, display_id: bool) -> Handle:
        assert display_id
        pages.append(page.data)
        return Handle(pages)

    monkeypatch.setattr(builtins, "get_ipython", ZMQInteractiveShell, raising=False)
    monkeypatch.setattr(display, "display", first)
    return pages


def test_a_notebook_shows_a_bar_that_fills_and_goes(tiny: Scenario, shown: list[str]) -> None:
    run(tiny, seeds=2)
    assert 'value="1" max="4"' in shown[0]
    assert 'value="4" max="4"' in shown[-2]
    assert shown[-1] == ""
    assert all(set(Page(page).tags) <= {"div", "progress", "br"} for page in shown)
    shown.clear()
    sweep(tiny, {"settlement.kind": ["equal", "credit"]}, seeds=2)
    assert "rounds of commons" in shown[0]
    assert shown[-1] == ""
    shown.clear()
    ask("incentives", tiny, seeds=2, horizon=2)
    assert any("<progress" in page for page in shown)
    assert shown[-1] == ""


def test_a_bar_goes_where_something_fails(tiny: Scenario, shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = Ensemble.step, iter(range(3))

    def failing(ensemble: Ensemble) -> Any:
        if next(left, None) is None:
            raise RuntimeError("enough")
        return real(ensemble)

    monkeypatch.setattr(Ensemble, "step", failing)
    with pytest.raises(RuntimeError, match="enough"):
        run(revise(tiny, {"name": "odd"}), seeds=1)
    assert "rounds of odd" in shown[0]
    assert shown[-1] == ""


def test_a_notebook_tells_who_asks_and_nobody_else(
    tiny: Scenario, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[int] = []
    run(tiny, seeds=1, tell=lambda what, done, of, *more: told.append(done))
    assert told == [1, 2, 3, 4]
    assert not shown
    assert capsys.readouterr() == ("", "")


def test_elsewhere_nothing_is_shown(tiny: Scenario, capsys: pytest.CaptureFixture[str]) -> None:
    run(tiny, seeds=1)
    assert capsys.readouterr() == ("", "")
