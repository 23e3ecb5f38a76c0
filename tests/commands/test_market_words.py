"""Words follow the market: where nothing is learned, nothing is called accurate, tested or a model."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from commonweal.commands.cli import main
from commonweal.economy.round.market import MARKETS, market
from commonweal.economy.round.markets.public_goods import PublicGoods
from commonweal.economy.round.words import MarketFacts, Words
from commonweal.figures.browser.notes.events import events
from commonweal.figures.browser.tab.live import Live
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.words import words_for
from tests.helpers.tabs import Tab, until

LEARNED = ("accuracy", "Accuracy", "model", "Model")
GAME = ["--set", "rounds=4", "--set", "population.count=8"]
PLAYED = ["--seeds", "1", *GAME, "--out", "here"]
COMPARED = ["--seeds", "2", *GAME, "--out", "here", "--vary", "market.multiplication=1.5,2,2.5"]
COMMANDS = {
    "run": ["run", "public-goods", *PLAYED],
    "comparison": ["sweep", "public-goods", *COMPARED],
    "sweep": ["sweep", "public-goods", *COMPARED, "--engine", "serial", "--vary", "market.group_size=4,8"],
}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every word of every figure that is saved."""
    words: list[str] = []

    def save(figure: Figure, file: Path, **_: object) -> None:
        words.extend(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))
        Path(file).write_bytes(b"a picture")

    monkeypatch.setattr(Figure, "savefig", save)
    return words


@pytest.mark.parametrize("command", COMMANDS)
def test_a_public_good_is_not_called_a_model_in_tables_and_figures(
    command: str, drawn: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(COMMANDS[command]) == 0
    for words in (COMMANDS[command], ["results", "here"]):
        if words[0] == "results":
            assert main(words) == 0
        printed = "\n".join(line for line in capsys.readouterr().out.splitlines() if ".png" not in line)
        assert "contributions" in printed
        assert not [word for word in LEARNED if word in printed]
    told = " ".join(" ".join(drawn).split())  # labels are broken where they are long
    assert "contributed (share of what could be)" in told
    assert not [word for word in LEARNED if word in told]


def test_a_learned_model_keeps_its_words(
    drawn: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--set", "task.kind=wine", "--set", "task.validation=30", "--set", "task.test=30"]
    assert main(["run", "commons", *small, *PLAYED]) == 0
    assert "test accuracy" in capsys.readouterr().out
    assert {"Model quality", "Accuracy of the shared model", "right on test samples (share)"} <= set(drawn)


def test_the_page_speaks_of_contributions() -> None:
    tab = Tab(load("public-goods", {"population.count": 8}))
    for round in (1, 2, 3):
        tab.say("step")
        until(lambda round=round: tab.round == round)
    words = str([tab.docs[kind] for kind in ("setup", "told")])
    tab.close()
    assert "contributed, share of what could be" in words
    assert not [word for word in LEARNED if f" {word}" in words]


def test_a_fall_of_contributions_is_told_as_one() -> None:
    live = Live(load("public-goods", {"population.count": 8}), 0)
    live.step()
    [row] = live.chronicle.rows
    live.chronicle.rows = [row | {"round": t + 1, "accuracy": level} for t, level in enumerate((0.5, 0.39))]
    [fall] = [event for event in events(live.chronicle) if event.kind == "collapse"]
    assert fall.text == "contributions down from 0.50 to 0.39"


def test_words_are_said_once_at_the_registration_of_a_market(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MARKETS, "_plugs", dict(MARKETS._plugs))
    monkeypatch.setattr(MARKETS, "_facts", dict(MARKETS._facts))
    market("fishery", quality="stock", column="stock of fish")(type("Fishery", (PublicGoods,), {}))
    said = words_for(["fishery"], ["poison"], [["delegate", "defect"]])
    assert said == Words(quality="stock", column="stock of fish", available=("delegate", "defect"))
    assert said.actions["defect"].do == "defect"
    assert words_for(["fishery", "model"], ["leak"], [["delegate"]]).quality == "quality"
    assert words_for(["no longer installed"], ["leak"], [["delegate"]]).quality == MarketFacts().quality
