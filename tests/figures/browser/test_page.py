"""The browser page without a browser: what a tab holds, what its worker does, and what its components show."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("solara", reason="the extra 'browser' is not installed")

import ipyvuetify as v
import solara

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.figures.browser.page import page
from commonweal.figures.browser.page.elements import Table
from commonweal.figures.browser.pictures import png
from commonweal.figures.browser.tab import session as sessions
from commonweal.figures.browser.tab.live import Live, agreement, play_until
from commonweal.figures.browser.tab.opening import Opening, StoredRun, find_stored, open_with
from commonweal.figures.browser.tab.parameters import economy, mesa_parameter, other_value, parameters, settings_of
from commonweal.figures.browser.tab.scenes import TABS
from commonweal.figures.browser.tab.session import SPEEDS, Session
from commonweal.figures.browser.tab.stage import Variant
from commonweal.figures.browser.tab.what_if import Question, in_words, weigh
from commonweal.figures.browser.tab.worker import Worker
from commonweal.scenarios.runs.store import save, writing
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.sweep import sweep

FAST = "as fast as it goes"


def small(**changes: Any) -> Scenario:
    """An economy of eight that plays a round in a millisecond."""
    base = {"population.count": 8, "learning.hidden": [8], "learning.samples": 4, "rounds": 12}
    return load("commons", base | {path.replace("__", "."): value for path, value in changes.items()})


def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for something that a worker brings about."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def shown(session: Session) -> int:
    """The round that is drawn; −1 before anything is."""
    scene = session.scene.value
    return -1 if scene is None else scene.round


@pytest.fixture(autouse=True)
def _coarse_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures as sharp as the page, which are drawn in half of the time."""
    monkeypatch.setattr(png, "SHARPNESS", 1)


@pytest.fixture
def opened() -> Iterator[Callable[..., Session]]:
    """Opens tabs and closes them after the test."""
    tabs: list[Session] = []

    def open_tab(scenario: Scenario | None = None, stored: StoredRun | None = None) -> Session:
        tabs.append(Session(Opening("small.toml", scenario or small(), stored)))
        until(lambda: tabs[-1].shown.value and tabs[-1].scene.value)
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        tab.close()
    assert all(tab.ended() for tab in tabs)


def test_a_tab_steps_plays_and_pauses(opened: Callable[..., Session]) -> None:
    tab = opened()
    for round in (1, 2, 3):
        tab.step()
        until(lambda round=round: shown(tab) == round)
    tab.set_speed(FAST)
    tab.play()
    until(lambda: shown(tab) > 10)
    tab.pause()
    assert not tab.playing.value
    time.sleep(0.3)
    stopped = shown(tab)
    time.sleep(0.2)
    assert shown(tab) == stopped
    assert tab.error.value == ""


def test_a_reset_plays_what_the_controls_say_and_lets_go_of_the_old_model(opened: Callable[..., Session]) -> None:
    tab = opened()
    old = tab._stage.live.model
    assert old.agents
    tab.set_parameter("settlement.kind", "equal")
    tab.set_parameter("population.count", "9")
    tab.set_seed("5")
    assert tab.shown.value.choice != tab.choice.value
    tab.reset()
    until(lambda: tab.shown.value.seed == 5)
    assert tab.shown.value.scenario.settlement.kind == "equal"
    assert tab.shown.value.principals == 9
    assert not old.agents
    assert not old.agents


@pytest.mark.parametrize("press", ["play", "step"])
def test_a_chosen_scenario_is_what_play_and_step_begin(press: str, opened: Callable[..., Session]) -> None:
    tab = opened()
    tab.step()
    until(lambda: shown(tab) == 1)
    tab.choose_scenario("leaky")
    tab.set_parameter("population.count", "9")
    assert tab.other_scenario
    getattr(tab, press)()
    until(lambda: tab.shown.value.scenario.name == "leaky" and shown(tab) >= 1)
    assert tab.shown.value.principals == 9
    assert not tab.other_scenario
    if press == "play":
        until(lambda: shown(tab) > 2)
        tab.pause()
    tab.step()
    assert tab.shown.value.scenario.name == "leaky"


def test_play_does_not_play_the_old_scenario_where_the_chosen_one_is_refused(opened: Callable[..., Session]) -> None:
    tab = opened()
    tab.choose_scenario("leaky")
    tab.set_parameter("population.count", "many")
    tab.play()
    until(lambda: "population.count = 'many'" in tab.error.value and not tab.playing.value)
    assert (tab.shown.value.choice.scenario, shown(tab)) == ("small.toml", 0)


def test_wrong_parameters_are_told_in_a_line_and_the_run_goes_on(opened: Callable[..., Session]) -> None:
    tab = opened()
    wrong = {
        ("population.count", "5000"): "5600 exceed the 1797 samples of digits",
        ("population.count", "many"): "population.count = 'many': must be a whole number",
        ("population.count", "0"): "population.count = 0: must be a whole number between 1",
        ("population.cost_low", 0.004): "cost_low = 0.004 exceeds cost_high",
        ("settlement.kind", "nobody"): "settlement.kind = 'nobody': must be one of",
    }
    for round, ((path, value), told) in enumerate(wrong.items(), start=1):
        tab.choose_scenario("small.toml")
        tab.set_parameter(path, value)
        tab.reset()
        until(lambda told=told: told in tab.error.value)
        assert tab.busy.value == ""
        tab.step()
        until(lambda round=round: shown(tab) == round)
        assert tab.error.value == ""


def test_exact_shapley_values_of_many_are_refused_in_a_line(opened: Callable[..., Session]) -> None:
    tab = opened()
    tab.set_parameter("population.count", "20")
    tab.set_parameter("credit.kind", "shapley")
    tab.reset()
    tab.step()
    until(lambda: "16" in tab.error.value and "shapley" in tab.error.value)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of credit that overflows on the way
def test_a_network_that_diverges_is_told_and_pauses(opened: Callable[..., Session]) -> None:
    tab = opened(small(learning__rate=1000.0, learning__hidden=[16, 16, 16], screening__gate=False,
                       settlement__kind="equal"))
    tab.set_speed(FAST)
    tab.play()
    until(lambda: not tab.playing.value)
    assert "learning.rate" in tab.error.value


def test_two_tabs_share_nothing(opened: Callable[..., Session]) -> None:
    one, other = opened(), opened()
    one.step()
    one.look(selected=3)
    until(lambda: shown(one) == 1)
    assert (shown(other), other.looks.value.selected) == (0, None)
    one.close()
    assert one.ended()
    other.step()
    until(lambda: shown(other) == 1)


def test_closing_a_tab_while_it_plays_ends_its_thread_and_releases_its_model(opened: Callable[..., Session]) -> None:
    tab = opened()
    model = tab._stage.live.model
    tab.set_speed(FAST)
    tab.play()
    until(lambda: shown(tab) > 2)
    tab.close()
    assert tab.ended()
    assert not model.agents


def test_a_click_selects_a_principal_and_its_card_and_reason_are_shown(opened: Callable[..., Session]) -> None:
    tab = opened()
    tab.step()
    tab.step()
    tab.select("5")
    until(lambda: shown(tab) == 2 and tab.scene.value.tables)
    (title, _, rows), words = tab.scene.value.tables[0], tab.scene.value.words
    assert title == "Principal 5"
    assert "imitation" in dict(rows)["policy"]
    assert "imitation" in words[0]
    tab.select("8")
    assert tab.error.value == "principal = 8: must be below 8"
    tab.point([0.0, 0.0])
    until(lambda: tab.looks.value.selected is None)


def test_every_tab_draws_at_every_round_that_is_kept(opened: Callable[..., Session]) -> None:
    tab = opened(load("value-conflict", {"population.count": 6, "learning.hidden": [8], "rounds": 5}))
    for name in TABS:
        tab.look(tab=name)
        tab.step()  # shows the newest round, whichever was looked at
        until(lambda name=name: tab.scene.value.looks.tab == name and shown(tab) == tab.scene.value.last > 0)
        for round in (0, 1):
            tab.look(round=round)
            until(lambda round=round: shown(tab) == round)
        assert tab.error.value == ""


def test_a_what_if_leaves_the_run_as_it_was_and_knows_its_own_future() -> None:
    live, twin = Live(small(), 3), Live(small(), 3)
    play_until(live, 4, lambda round: True)
    play_until(twin, 4, lambda round: True)
    model = live.model
    verdict = weigh(model.snapshot, Question(2, Action.DEFECT))
    courses = []
    for _ in range(20):
        live.step()
        twin.step()
        assert live.chronicle.rows[-1] == twin.chronicle.rows[-1]
        courses.append(live.chronicle.newest.payoffs[2])
    # The first future keeps the run's own luck: without the deviation it is the run.
    np.testing.assert_allclose(verdict.follows[0], courses, rtol=1e-4, atol=1e-9)
    expected = (verdict.deviates - verdict.follows).mean()
    assert verdict.gain.value == pytest.approx(expected, abs=1e-12)
    live.release()
    twin.release()


def test_the_gain_of_an_idle_free_rider_under_equal_pay_is_the_cost_it_saves() -> None:
    # With frozen others and equal pay a single idle principal saves cost × samples and loses only its share of the
    # revenue of a slightly worse model; at a price of zero it loses nothing.
    scenario = small(settlement__kind="equal", market__price=0.0, policy__mix={"fixed": 1.0}, policy__mutation=0.0,
                     population__start_delegate=1.0, population__start_free_ride=0.0, population__start_defect=0.0)
    live = Live(scenario, 0)
    live.step()
    model = live.model
    verdict = weigh(model.snapshot, Question(1, Action.FREE_RIDE))
    assert verdict.gain.value == pytest.approx(4 * model.people.cost[0, 1], rel=1e-9)
    assert verdict.gain.reach == pytest.approx(np.zeros(2), abs=1e-12)
    live.release()


def test_what_if_it_took_another_line_of_the_menu() -> None:
    """Its own line was the best for its cost; which of the others is worse by how much the page tells."""
    live = Live(load("big-and-small"), 0)
    live.step()
    model = live.model
    own = int(model.state.mechanisms["menu"].line[0, 0])
    same, other = (weigh(model.snapshot, Question(0, None, line)) for line in (own, 0))
    assert own > 1
    assert same.gain.value == 0
    assert other.gain.value < 0
    assert "if it takes line 1 from round 2 on, loses by it" in in_words(other)
    live.release()


def test_an_answer_comes_while_the_page_goes_on(opened: Callable[..., Session]) -> None:
    tab = opened()
    tab.step()
    tab.ask(Question(1, Action.FREE_RIDE))
    assert tab.asking.value
    tab.step()
    until(lambda: shown(tab) == 2)
    until(lambda: not tab.asking.value)
    assert tab.answer.value.words.startswith("Principal 1, if it free-rides from round 2 on")
    assert tab.answer.value.picture.src.startswith("data:image/png;base64,")


def test_a_comparison_plays_the_same_seed_to_the_same_round_and_steps_along(opened: Callable[..., Session]) -> None:
    tab = opened()
    tab.step()
    tab.step()
    tab.compare(Variant("settlement.kind", "equal"))
    tab.step()
    tab.look(tab="Compare")
    until(lambda: tab.scene.value.looks.tab == "Compare" and tab.scene.value.pictures)
    stage = tab._stage
    assert stage.variant.round == stage.live.round == 3
    alone = Cooperative(small(settlement__kind="equal"), rng=0)
    for _ in range(3):
        alone.step()
    assert stage.variant.model.metrics == alone.metrics
    alone.release()
    tab.compare(Variant("settlement.kind", "nobody"))
    until(lambda: "settlement.kind" in tab.error.value)
    assert tab.shown.value.variant is None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of ``commonweal run`` over two seeds."""
    place = tmp_path_factory.mktemp("results") / "small"
    with writing(place) as partial:
        save(sweep(small(), {}, (0, 4)), partial)
    return place


def test_a_stored_run_is_played_again_and_found_the_same(opened: Callable[..., Session], folder: Path) -> None:
    stored = find_stored(folder / "1")
    assert (stored.seed, stored.rounds) == (4, 12)
    tab = opened(stored=stored)
    assert shown(tab) == 12
    assert tab.shown.value.agreement.startswith("Played again and the same")
    tab.step()
    until(lambda: "read-only" in tab.error.value)
    tab.look(round=5)
    until(lambda: shown(tab) == 5)


def test_going_on_from_a_round_plays_the_same_bits_as_if_the_run_had_never_stopped(
    opened: Callable[..., Session], folder: Path
) -> None:
    tab = opened(stored=find_stored(folder / "1"))
    whole = list(tab._stage.live.chronicle.rows)
    tab.resume(7)
    until(lambda: tab.shown.value.stored == "")
    for round in (8, 9, 10):
        tab.step()
        until(lambda round=round: shown(tab) == round)
    assert tab._stage.live.chronicle.rows == whole[:10]
    tab.reopen()
    until(lambda: tab.shown.value.stored and shown(tab) == 12)


def test_a_replay_that_differs_is_said_to_differ(folder: Path) -> None:
    stored = find_stored(folder / "0")
    live = Live(stored.scenario, stored.seed)
    play_until(live, stored.rounds, lambda round: True)
    changed = stored.kept.assign(accuracy=stored.kept["accuracy"] + 0.01)
    assert "Differs from what was stored, most in accuracy" in agreement(live.chronicle, changed)
    live.release()


def test_a_stored_run_that_is_not_there_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--run 7: no run of that number"):
        find_stored(folder / "7")
    with pytest.raises(InputError, match="no folder; write DIR/ID"):
        find_stored(tmp_path / "nowhere" / "1")


@pytest.mark.parametrize("name", library_names())
def test_the_controls_of_a_scenario_give_that_scenario_back(name: str) -> None:
    scenario = load(name)
    assert economy(scenario, settings_of(scenario)) == scenario


@pytest.mark.parametrize("name", library_names())
def test_a_slider_holds_the_scenarios_value_exactly(name: str) -> None:
    # Vuetify's slider rounds to its step and says so to the server, which would change the economy unasked.
    scenario = load(name, {"population.cost_low": 0.000125})
    for parameter in parameters(scenario):
        described = mesa_parameter(parameter, settings_of(scenario)[parameter.path])
        if described["type"] == "SliderFloat":
            value, step = described["value"], described["step"]
            assert round(value / step) * step == pytest.approx(value, rel=1e-12, abs=0)
            assert described["min"] <= value <= described["max"]
            assert 1e-6 <= step < described["max"] / 10


def test_every_parameter_has_help_and_numbers_have_units() -> None:
    scenario = load("value-conflict")
    for parameter in parameters(scenario):
        described = mesa_parameter(parameter, settings_of(scenario)[parameter.path])
        assert described["help"]
        assert described["unit"]


def test_another_value_to_compare_with_is_always_allowed_and_different() -> None:
    for name in library_names():
        scenario = load(name)
        for parameter in parameters(scenario):
            value = other_value(scenario, parameter)
            assert value != settings_of(scenario)[parameter.path]


def test_frames_that_are_not_drawn_in_time_are_left_out() -> None:
    rounds, frames = [], []

    def draw() -> None:
        frames.append(len(rounds))
        time.sleep(0.1)

    worker = Worker(lambda: rounds.append(time.sleep(0.001)), draw, pytest.fail, lambda: None)
    worker.start()
    worker.playing = True
    worker.order(lambda: None)
    began = time.monotonic()
    until(lambda: frames)
    time.sleep(1.0)
    worker.playing = False
    passed = time.monotonic() - began  # a busy machine sleeps longer
    seen = len(rounds)
    worker.close()
    assert worker.join(10)
    assert len(rounds) <= seen + 1
    assert len(frames) < 8 * passed  # drawing takes half of the time at most
    assert seen > len(frames)  # no round waits for its frame


def test_orders_that_pile_up_are_done_in_order_and_drawn_once() -> None:
    done: list[int] = []
    frames = []
    worker = Worker(lambda: None, lambda: frames.append(list(done)), pytest.fail, lambda: None)
    for number in range(5):
        worker.order(lambda number=number: done.append(number))
    worker.start()
    until(lambda: frames)
    assert frames == [[0, 1, 2, 3, 4]]
    worker.close()


def test_a_fault_of_ours_is_told_and_the_worker_goes_on(opened: Callable[..., Session],
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    tab = opened()
    with monkeypatch.context() as broken:
        broken.setattr(sessions, "scene", lambda *parts: 1 / 0)
        tab.look(ring="credit")
        until(lambda: "ZeroDivisionError" in tab.error.value)
    tab.step()
    until(lambda: shown(tab) == 1)


def test_the_page_is_made_of_buttons_inputs_and_tabs_and_its_step_button_plays_a_round() -> None:
    page.begin_with(Opening("small.toml", small()))
    _, context = solara.render(page.Page(), handle_error=False)
    try:
        def buttons() -> dict[str, v.Btn]:
            return {button.children[0]: button for button in context.find(v.Btn).widgets if button.children}

        until(lambda: "Step" in buttons() and not buttons()["Step"].disabled)
        assert {"Step", "Play", "Reset"} <= set(buttons())
        buttons()["Step"].click()
        until(lambda: any("1 of 1" in str(text.children) for text in context.find(v.Html).widgets))
        assert [tab.children[0] for tab in context.find(v.Tab).widgets][:3] == ["Society", "Dynamics", "Values"]
        assert len(context.find(v.Slider).widgets) >= 6
    finally:
        context.close()
        page.begin_with(open_with(None, None))


def test_what_a_table_shows_is_never_read_as_html() -> None:
    _, context = solara.render(Table("t", ("name", "amount"), (("<b>Ann</b>", "1"), ("Bo", "22"))), handle_error=False)
    (table,) = context.find(solara.widgets.HTML).widgets
    assert "&lt;b&gt;Ann" in table.unsafe_innerHTML
    assert '<td class="cw-right">22</td>' in table.unsafe_innerHTML
    context.close()


def test_speeds_name_what_they_are() -> None:
    assert [round(1 / pause) for pause in SPEEDS.values() if pause] == [1, 2, 5, 10, 20]
