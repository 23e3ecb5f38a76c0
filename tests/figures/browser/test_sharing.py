"""What can be taken away from the page: links, commands and files that give the same run."""

import json
import re
import shlex
from base64 import b64decode

import numpy as np

from commonweal.figures.browser.fields.parameters import economy
from commonweal.figures.browser.tab.opening import Opening
from commonweal.figures.browser.tab.sharing import changes, command, link_parts
from commonweal.scenarios.schema.loading import load, read_overrides
from tests.helpers.tabs import Tab, small, until


def stepped(tab: Tab, rounds: int) -> None:
    for round in range(1, rounds + 1):
        tab.say("step")
        until(lambda round=round: tab.round == round)


def test_a_link_plays_the_same_run() -> None:
    tab, other = Tab(), Tab()
    tab.say("set", path="settlement.kind", value="equal")
    tab.say("set", values={"seed": "3"})
    tab.say("begin")
    until(lambda: tab.setup["seed"] == 3 and tab.round > 2)
    tab.say("pause")
    tab.say("share")
    until(lambda: "share" in tab.docs)
    link = tab.docs["share"]["link"]
    assert link == {"scenario": "small.toml", "seed": "3", "set.settlement.kind": '"equal"'}
    settings = {name[4:]: json.loads(value) for name, value in link.items() if name.startswith("set.")}
    until(lambda: not tab.docs["state"]["playing"])
    played = tab.session.stage.live.round
    other.say("link", scenario=link["scenario"], seed=link["seed"], settings=settings, round=played)
    until(lambda: other.round == played and other.setup["seed"] == 3)
    assert other.session.stage.live.chronicle.rows == tab.session.stage.live.chronicle.rows
    tab.close()
    other.close()


def test_the_command_plays_the_same_scenario() -> None:
    opening = Opening("commons")
    choice = opening.choose("commons", "7")
    choice = type(choice)("commons", {**choice.settings, "population.count": "5", "settlement.kind": "equal"}, "7")
    words = shlex.split(command(opening, choice, 1))
    assert words[:7] == ["commonweal", "run", "commons", "--seeds", "7,", "--rounds", "1"]
    assert set(words[8::2]) == {"population.count=5", "settlement.kind=equal"}
    assert link_parts(opening, choice)["set.population.count"] == "5"
    assert changes(opening, opening.choose("commons")) == {}
    played = load("commons", read_overrides(words[8::2]))
    assert played == economy(load("commons"), choice.settings)


def test_the_run_as_a_file_holds_all_of_it_and_asks_nobody() -> None:
    tab = Tab(small(description="</script><b>Who pays?"))
    stepped(tab, 5)
    tab.say("file")
    until(lambda: "file" in tab.docs)
    text = tab.docs["file"]["text"]
    assert text.count("</script>") == 1
    assert "<b>" not in text.split("<script")[0]
    assert not re.search(r"(https?:)?//[a-z]", text.replace("http://www.w3.org/2000/svg", "").replace("// ", ""))
    data = json.loads(re.search(r'alone\(document.getElementById\("page"\), (.*)\);\n', text)[1])
    rows = np.frombuffer(b64decode(data["rows"]), dtype="<f4").reshape(5, -1)
    names = tab.setup["measures"]
    kept = tab.session.stage.live.chronicle.rows
    assert rows.tolist() == [[np.float32(row[name]) for name in names] for row in kept]
    assert len(b64decode(data["marks"])) == 6 * 8 * 7
    assert [view["id"] for view in data["documents"][0]["views"]] == ["society", "dynamics"]
    tab.close()


def test_the_ledger_can_be_had_as_csv() -> None:
    tab = Tab()
    stepped(tab, 2)
    tab.say("transfers")
    until(lambda: "file" in tab.docs)
    assert tab.docs["file"]["text"].startswith("round,source,target,amount,reason\n")
    tab.close()
