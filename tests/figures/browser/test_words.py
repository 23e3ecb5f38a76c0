"""Every library scenario is told in the words of its market: no action that nobody can take, no measure it lacks."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from commonweal.economy.round.words import ACTIONS, ATTACKS, DEFECT, Verb
from commonweal.economy.runs.metrics import SHARES
from commonweal.figures.browser.documents.glances import Glances
from commonweal.figures.browser.documents.layout import lay_out
from commonweal.figures.browser.documents.ledger import ledger_document
from commonweal.figures.browser.documents.panels import measures, panels
from commonweal.figures.browser.documents.run_documents import setup_document
from commonweal.figures.browser.fields.fields import leading_labels
from commonweal.figures.browser.notes.events import events
from commonweal.figures.browser.notes.reasons import reason
from commonweal.figures.browser.notes.sentences import sentences
from commonweal.figures.browser.notes.shown import words_of
from commonweal.figures.browser.notes.tables import principal_card
from commonweal.figures.browser.tab.live import Live
from commonweal.figures.plots import draw_all
from commonweal.scenarios.runs.playing import run
from commonweal.scenarios.runs.store import save as keep
from commonweal.scenarios.runs.summary import headline, notes, summary_cells
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.sweep import sweep

LIBRARY = library_names()
GAMES = [name for name in LIBRARY if load(name).market.kind == "public_goods"]
NOT_OF_GAMES = ("accura", "screen", "model", "sample", "delegat", "free-rid", "free rid", "defect", "poison", "leak",
                "abstain")  # fmt: skip


def small(name: str) -> Scenario:
    base = load(name)
    few = {"population.count": 16} if base.market.kind == "public_goods" else {}
    return load(name, few | {"rounds": 3})


@cache
def lived(name: str) -> Live:
    """Three rounds."""
    live = Live(small(name), 0)
    for _ in range(3):
        live.step()
    return live


def strings(thing: Any) -> list[str]:
    """Every text in a document; keys are not shown to anybody."""
    if isinstance(thing, str):
        return [thing]
    parts = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list | tuple) else ()
    return [text for part in parts for text in strings(part)]


def eventful(live: Live) -> list[str]:
    """Events of a run in which everything happens."""
    row = live.chronicle.rows[-1]
    zero, one = (dict.fromkeys((*SHARES, "accuracy"), level) for level in (1.0, 0.0))
    live.chronicle.rows = [row | {"round": 1} | zero, row | {"round": 2} | one, row | {"round": 3} | zero]
    live.chronicle.memory.clear()
    told = [event.text for event in events(live.chronicle)]
    assert told
    return told + [text for each in sentences(live.chronicle, "").values() for text in each]


def page_of(name: str) -> list[str]:
    """What the page says of a run: documents, events, sentences, cards, reasons, tables, fields."""
    live = Live(small(name), 0)
    world, chronicle = live.chronicle.world, live.chronicle
    glances = Glances(world)
    document = setup_document(live.scenario, 0, world, glances, lay_out(world, 0))
    said = [text for key, part in document.items() if key not in ("kind", "question", "name", "measures")
            for text in strings([{k: v for k, v in each.items() if k not in ("ink", "measure", "id", "lines")}
                                 if isinstance(each, dict) else each for each in part]
                                if isinstance(part, list) else part)]  # fmt: skip
    said += [line.name for panel in panels(world) for line in panel.lines]
    for _ in range(4):
        said += [reason(chronicle, index) for index in range(world.shape[1])]
        said += strings([principal_card(chronicle, index) for index in range(world.shape[1])])
        said += [text for each in sentences(chronicle, "").values() for text in each]
        live.step()
    said += strings(ledger_document(chronicle))
    said += leading_labels(live.scenario).values()
    return [*said, *eventful(live)]


@pytest.mark.parametrize("name", GAMES)
def test_the_page_of_a_public_good_says_nothing_of_models(name: str) -> None:
    said = page_of(name)
    assert {"contribute", "keep"} <= set(said)
    for word in NOT_OF_GAMES:
        assert not [text for text in said if word in text.lower()], word


@pytest.mark.parametrize("name", GAMES)
def test_tables_sentences_and_figures_of_a_public_good_say_nothing_of_models(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def save(figure: Figure, file: Path, **_: object) -> None:
        drawn.extend(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))
        Path(file).write_bytes(b"a picture")

    monkeypatch.setattr(Figure, "savefig", save)
    scenario = small(name)
    varied = sweep(scenario, {"market.multiplication": [1.5, 3.0]}, seeds=2)
    played = run(scenario, seeds=2)
    (tmp_path / "runs").mkdir()
    keep(varied, tmp_path / "runs")
    draw_all(tmp_path / "runs")
    said = [*drawn, varied.summary(), varied._repr_html_(), played.summary(), played._repr_html_(), headline(varied),
            *summary_cells(varied)[1], *notes(varied)]  # fmt: skip
    assert any("contributing" in text for text in said)
    for word in NOT_OF_GAMES:
        assert not [text for text in said if word in text.lower().replace(scenario.description.lower(), "")], word


@pytest.mark.parametrize("name", LIBRARY)
def test_no_scenario_speaks_of_actions_that_cannot_be_taken_or_of_measures_it_lacks(name: str) -> None:
    live = lived(name)
    world, words = live.chronicle.world, words_of(live.chronicle.world)
    missing = set(ACTIONS) - set(words.available)
    assert set(words.available) == set(live.scenario.actions.available)
    document = setup_document(live.scenario, 0, world, Glances(world), lay_out(world, 0))
    assert [action["measure"] for action in document["actions"]] == [f"share_{action}" for action in words.available]
    assert all(words.has(measure) for measure in measures(world))
    assert not {f"share_{action}" for action in missing} & set(measures(world))
    told = " ".join(text for each in sentences(live.chronicle, "").values() for text in each)
    verbs: list[Verb] = [words.verb(action) for action in missing]
    assert not [verb.do for verb in verbs if f"% {verb.do}" in told]
    assert np.isin(list(words.actions), ACTIONS).all()


def test_defecting_is_called_what_the_attack_is_where_a_model_is_learned() -> None:
    assert words_of(lived("leaky").chronicle.world).defect == ATTACKS["leak"]
    assert words_of(lived("poisoners").chronicle.world).defect == ATTACKS["poison"]
    curve = load("catastrophe", {"actions.available": ["delegate", "defect"]})
    assert words_of(Live(curve, 0).chronicle.world).defect == DEFECT
    assert words_of(Live(curve, 0).chronicle.world).delegate.does == "puts samples in"
