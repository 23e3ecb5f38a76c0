"""What a tab holds, without a browser: orders come in, documents and bytes go out."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.figures.browser.documents.glances import STRUCK
from commonweal.figures.browser.documents.panels import measures
from commonweal.figures.browser.tab.live import Live, play_until
from commonweal.figures.browser.tab.playing import SPEEDS
from commonweal.scenarios.reading.replaying import agreement, find_stored
from commonweal.scenarios.runs.store import save, writing
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.sweeps.sweep import sweep
from tests.helpers.tabs import Tab, small, until


def stepped(tab: Tab, rounds: int) -> None:
    """Play some rounds one by one."""
    for _ in range(rounds):
        before = tab.round
        tab.say("step")
        until(lambda before=before: tab.round == before + 1)


def test_a_tab_steps_plays_and_pauses(opened: Callable[..., Tab]) -> None:
    tab = opened()
    stepped(tab, 3)
    tab.say("speed", speed=0)
    tab.say("play")
    until(lambda: tab.round > 10)
    tab.say("pause")
    tab.say("rows", **{"from": 1})  # answered when the round that was being played is over
    until(lambda: any(each["kind"] == "frame" and each["first"] == 1 and each["rounds"] > 3 for each, _ in tab.sent))
    until(lambda: tab.round == tab.session.stage.live.round)
    assert not tab.docs["state"]["playing"]
    stopped = tab.round
    stepped(tab, 1)
    assert tab.round == stopped + 1
    assert tab.error == ""


def test_a_browser_that_comes_is_shown_the_run_once(opened: Callable[..., Tab]) -> None:
    """The run was shown when it was set up, and again when the browser said hello: what was chosen between was gone."""
    for _ in range(5):  # hello comes before the run is set up, or after
        tab = opened()
        tab.say("rows", **{"from": 1})
        stepped(tab, 1)
        assert [each["run"] for each, _ in tab.sent if each["kind"] == "setup"] == [1]
        tab.say("hello")
        until(lambda tab=tab: tab.setup["run"] == 2)


def test_play_until_a_round_pauses_there(opened: Callable[..., Tab]) -> None:
    tab = opened()
    tab.say("speed", speed=0)
    tab.say("play", until=9)
    until(lambda: tab.round == 9 and not tab.docs["state"]["playing"])
    assert tab.session.stage.live.round == 9


def test_all_documents_are_json_without_what_browsers_cannot_read(opened: Callable[..., Tab]) -> None:
    tab = opened()
    stepped(tab, 2)
    for document, _ in tab.sent:
        json.dumps(document, allow_nan=False)


def test_frames_hold_the_run_to_the_last_bit_of_a_float32(opened: Callable[..., Tab]) -> None:
    tab = opened()
    tab.say("speed", speed=0)
    tab.say("play", until=12)
    until(lambda: tab.round == 12)
    alone, names = Cooperative(small(), rng=0), tab.setup["measures"]
    rows, actions, sizes = [], {}, {}
    for document, buffers in tab.sent:
        if document["kind"] == "frame":
            rows += np.frombuffer(buffers[0], dtype="<f4").reshape(-1, len(names)).tolist()
            for place, round in enumerate(document["marks"]):
                marks = buffers[1][place * 7 * 8 : (place + 1) * 7 * 8]
                actions[round] = np.frombuffer(marks[:8], dtype=np.uint8)
                sizes[round] = np.frombuffer(marks[8:40], dtype="<f4")
    assert len(rows) == 12
    for round in range(1, 13):
        alone.step()
        assert rows[round - 1] == [np.float32(alone.metrics[name]) for name in names]
        if round in actions:
            assert alone.record is not None and alone.record.lesson is not None
            np.testing.assert_array_equal(actions[round] % STRUCK, alone.people.action[0])
            np.testing.assert_array_equal(actions[round] // STRUCK, alone.record.lesson.gated[0])
            np.testing.assert_array_equal(sizes[round], (alone.state.ledger.owned[0] / 1e6).astype(np.float32))
    alone.release()
    tab.say("marks", rounds=list(range(20)))
    until(lambda: "marks" in tab.docs)
    assert tab.docs["marks"]["marks"] == list(range(13))


def test_rounds_that_the_browser_lacks_are_sent_again(opened: Callable[..., Tab]) -> None:
    tab = opened()
    stepped(tab, 5)
    tab.say("rows", **{"from": 2})
    until(lambda: tab.docs["frame"]["first"] == 2)
    assert (tab.docs["frame"]["rounds"], tab.docs["frame"]["round"]) == (4, 5)


def test_no_more_frames_fly_than_the_browser_paints(
    opened: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = opened()
    monkeypatch.setattr(tab, "say", lambda *_, **__: None)  # a browser that paints nothing
    before = tab.round
    tab.session.receive({"do": "speed", "speed": 0})
    tab.session.receive({"do": "play", "until": 60})
    until(lambda: tab.session.stage.live.round == 60)
    frames = [each for each, _ in tab.sent if each["kind"] == "frame" and each["round"] > before]
    assert len(frames) <= 4
    tab.session.receive({"do": "seen", "frames": 4})
    until(lambda: tab.round == 60)


def test_changed_fields_are_played_and_the_old_model_is_let_go(opened: Callable[..., Tab]) -> None:
    tab = opened()
    old = tab.session.stage.live.model
    assert old.agents
    tab.say("set", path="settlement.kind", value="equal")
    tab.say("set", path="population.count", value="9")
    tab.say("set", values={"seed": "5"})
    assert set(tab.session.topics[0].choice.settings) >= {"settlement.kind", "population.count"}
    tab.say("begin")
    until(lambda: tab.setup["seed"] == 5 and tab.round > 0)
    tab.say("pause")
    assert tab.session.stage.live.scenario.settlement.kind == "equal"
    assert tab.setup["principals"] == 9
    until(lambda: not old.agents)


def test_undo_takes_changes_back(opened: Callable[..., Tab]) -> None:
    tab = opened()
    tab.say("set", path="settlement.kind", value="equal")
    tab.say("undo")
    tab.say("begin")
    until(lambda: tab.round > 0)
    assert tab.session.stage.live.scenario.settlement.kind == "credit"


def test_another_scenario_is_set_up_at_once(opened: Callable[..., Tab]) -> None:
    tab = opened()
    stepped(tab, 1)
    tab.say("scenario", name="leaky")
    until(lambda: tab.setup["name"] == "leaky" and tab.round == 0)
    stepped(tab, 1)


def test_what_is_asked_the_moment_another_run_is_shown_follows_that_run(opened: Callable[..., Tab]) -> None:
    tab = opened()
    take, runs = tab._take, tab.setup["run"]

    def asking(document: Mapping[str, Any], *buffers: bytes) -> None:
        take(document, *buffers)
        if document["kind"] == "setup":
            tab.say("ledger", round=None, principal=None, stretch=None)  # as a view does that was waiting to ask

    tab.session.connect(asking)
    tab.say("scenario", name="value-conflict")
    until(lambda: tab.setup["run"] > runs and tab.round == 0)
    stepped(tab, 2)
    until(lambda: tab.docs["ledger"]["round"] == 2)


def test_a_field_set_the_moment_another_run_is_shown_is_a_field_of_that_run(opened: Callable[..., Tab]) -> None:
    tab = opened()
    take, runs = tab._take, tab.setup["run"]

    def setting(document: Mapping[str, Any], *buffers: bytes) -> None:
        take(document, *buffers)
        if document["kind"] == "setup" and document["run"] == runs + 1:  # what a browser says comes in another thread
            Thread(target=tab.say, args=("set",), kwargs={"path": "settlement.kind", "value": "data"}).start()
            until(lambda: tab.session.topics[0].choice.settings["settlement.kind"] == "data")

    tab.session.connect(setting)
    tab.say("scenario", name="leaky")
    until(lambda: tab.docs["frame"]["run"] > runs)
    tab.say("begin")
    until(lambda: tab.setup["run"] > runs + 1 and tab.round > 0)
    tab.say("pause")
    played = tab.session.stage.live.scenario
    assert (tab.setup["name"], played.settlement.kind) == ("leaky", "data")


def test_wrong_parameters_are_told_in_a_line_and_the_run_goes_on(opened: Callable[..., Tab]) -> None:
    tab = opened()
    wrong = {
        ("population.count", "5000"): "5600 exceed the 1797 samples of digits",
        ("population.count", "many"): "Principals = 'many': must be a whole number",
        ("population.count", "0"): "Principals = 0: must be a whole number between 1",
        ("population.cost_low", 0.004): "Lowest cost = 0.004 exceeds Highest cost",
        ("settlement.kind", "nobody"): "Settlement = 'nobody': must be one of",
    }
    for round, ((path, value), told) in enumerate(wrong.items(), start=1):
        tab.say("undo")
        tab.say("set", path=path, value=value)
        tab.say("begin")
        until(lambda told=told: told in tab.error)
        assert not tab.docs["state"]["playing"]
        assert tab.docs["state"]["busy"] == ""
        stepped(tab, 1)
        assert tab.round == round
        assert tab.error == ""


def test_exact_shapley_values_of_many_are_refused_in_a_line(opened: Callable[..., Tab]) -> None:
    tab = opened()
    tab.say("set", path="population.count", value="20")
    tab.say("set", path="credit.kind", value="shapley")
    tab.say("begin")
    until(lambda: "16" in tab.error and "shapley" in tab.error)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of credit that overflows on the way
def test_a_network_that_diverges_is_told_and_pauses(opened: Callable[..., Tab]) -> None:
    tab = opened(small(learning__rate=1000.0, learning__hidden=[16, 16, 16], screening__gate=False,
                       settlement__kind="equal"))
    tab.say("speed", speed=0)
    tab.say("play")
    until(lambda: "learning.rate" in tab.error and not tab.docs["state"]["playing"])


def test_two_tabs_share_nothing(opened: Callable[..., Tab]) -> None:
    one, other = opened(), opened()
    stepped(one, 1)
    assert other.round == 0
    one.session.close()
    assert one.session.ended()
    stepped(other, 1)


def test_closing_a_tab_while_it_plays_ends_its_thread_and_releases_its_model(opened: Callable[..., Tab]) -> None:
    tab = opened()
    model = tab.session.stage.live.model
    tab.say("speed", speed=0)
    tab.say("play")
    until(lambda: tab.round > 2)
    tab.session.close()
    assert tab.session.ended()
    assert not model.agents


@pytest.mark.parametrize("name", library_names())
def test_every_scenario_tells_what_it_has_and_nothing_else(name: str, opened: Callable[..., Tab]) -> None:
    fewer = {"population.count": 400} if name == "spatial-public-goods" else {}
    tab = opened(load(name, fewer))
    stepped(tab, 2)
    live = tab.session.stage.live
    assert tab.error == ""
    assert {each["code"] for each in tab.setup["actions"]} == {int(code) for code in live.model.world.terms.available}
    assert ("values" in [view["id"] for view in tab.setup["views"]]) == bool(len(live.model.world.senses))
    assert set(measures(live.model.world)) <= set(live.chronicle.rows[-1])
    told = tab.docs["told"]
    for view in tab.setup["views"]:
        assert told["sentences"][view["id"]]["sentence"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of ``commonweal run`` over two seeds."""
    place = tmp_path_factory.mktemp("results") / "small"
    with writing(place) as partial:
        save(sweep(small(), {}, (0, 4)), partial)
    return place


def test_a_stored_run_is_played_again_and_found_the_same(opened: Callable[..., Tab], folder: Path) -> None:
    stored = find_stored(folder / "1")
    assert (stored.seed, stored.rounds) == (4, 12)
    tab = opened(stored=stored)
    assert tab.round == 12
    assert tab.docs["state"]["stored"]["agreement"].startswith("Played again and the same")
    tab.say("step")
    until(lambda: "read-only" in tab.error)
    assert tab.round == 12


def test_going_on_from_a_round_plays_the_same_bits_as_if_the_run_had_never_stopped(
    opened: Callable[..., Tab], folder: Path
) -> None:
    tab = opened(stored=find_stored(folder / "1"))
    whole = list(tab.session.stage.live.chronicle.rows)
    tab.say("resume", round=7)
    until(lambda: tab.docs["state"]["stored"] is None and tab.round == 7)
    stepped(tab, 3)
    assert tab.session.stage.live.chronicle.rows == whole[:10]


def test_a_live_run_goes_on_from_an_earlier_round(opened: Callable[..., Tab]) -> None:
    tab = opened()
    stepped(tab, 6)
    whole = list(tab.session.stage.live.chronicle.rows)
    tab.say("resume", round=3)
    until(lambda: tab.round == 3)
    stepped(tab, 3)
    assert tab.session.stage.live.chronicle.rows == whole


def test_a_replay_that_differs_is_said_to_differ(folder: Path) -> None:
    stored = find_stored(folder / "0")
    live = Live(stored.scenario, stored.seed)
    play_until(live, stored.rounds, lambda round: True)
    course = live.chronicle.metrics()
    changed = stored.kept.assign(accuracy=stored.kept["accuracy"] + 0.01)
    assert "Differs from what was stored, most in accuracy" in agreement(course, changed)
    assert agreement(course, changed, ["version 0 played it"]).endswith(" of its range: version 0 played it.")
    later = stored.kept["accuracy"].where(stored.kept["round"] < 7, stored.kept["accuracy"] + 0.01)
    told = agreement(course, stored.kept.assign(accuracy=later), [])
    assert told.startswith("Played again and the same but for rounding until round 7; then rounding has grown")
    live.release()


def test_a_stored_run_that_is_not_there_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--run 7: no run of that number"):
        find_stored(folder / "7")
    with pytest.raises(InputError, match="no folder; write DIR/ID"):
        find_stored(tmp_path / "nowhere" / "1")


def test_a_fault_of_ours_is_told_and_the_worker_goes_on(
    opened: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = opened()
    with monkeypatch.context() as broken:
        broken.setattr(tab.session.stage, "step", lambda: 1 / 0)
        tab.say("step")
        until(lambda: "ZeroDivisionError" in tab.error)
    stepped(tab, 1)


def test_what_cannot_be_asked_is_not_done_and_leaves_the_tab_alone(opened: Callable[..., Tab]) -> None:
    tab = opened()
    for odd in ({"do": "nothing"}, {}, {"do": "speed", "speed": "fast"}, {"do": "marks"}):
        tab.session.receive(odd)
    stepped(tab, 1)


def test_speeds_name_what_they_are() -> None:
    assert [round(1 / pause) for pause in SPEEDS.values() if pause] == [speed for speed in SPEEDS if speed]
