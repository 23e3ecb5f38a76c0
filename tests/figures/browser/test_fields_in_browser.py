"""Fields, the menu of scenarios, keys and states of the page, in a real browser."""

import signal
from collections.abc import Callable, Iterator
from time import monotonic, sleep
from typing import Any

import pytest
from shared.chromium import Server, served

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

SMALL = """
name = "small"
description = "Eight who learn: who pays?"
[population]
count = 8
[learning]
hidden = [8]
samples = 4
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    file = tmp_path_factory.mktemp("own") / "small.toml"
    file.write_text(SMALL, encoding="utf-8")
    with served(str(file)) as running:
        yield running
        assert running.complaints() == []


Opens = Callable[..., Any]

# A page that plays by itself plays a round a second: on a busy machine it would be over before one looks.
SLOWLY = """const slowly = setInterval(() => {
  if (!window.commonweal?.docs?.state) return;
  clearInterval(slowly);
  commonweal.send({ do: "speed", speed: 1 });
}, 5);"""


@pytest.fixture
def opens(browser: Any, server: Server) -> Iterator[Opens]:
    """Opens pages of people who were here before; in the end nothing may have gone wrong in any."""
    wrong: list[str] = []
    pages = []

    def opening(first_visit: bool = False) -> Any:
        page = browser.new_page()
        pages.append(page)
        page.add_init_script(SLOWLY if first_visit else "localStorage.setItem('commonweal visited', 'yes')")
        page.on("console", lambda message: wrong.extend([message.text] * (message.type == "error")))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(server.address)
        page.wait_for_function("window.commonweal?.store.newest >= 0 && commonweal.docs.fields", timeout=60_000)
        page.wait_for_selector(".cw-field")
        return page

    yield opening
    for page in pages:
        page.evaluate("localStorage.removeItem('commonweal visited')")
        page.close()
    assert wrong == []


def asked(page: Any, what: str) -> Any:
    return page.evaluate(what)


def until(page: Any, what: str) -> None:
    page.wait_for_function(what, timeout=20_000)


def fill(page: Any, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Enter")


def play_to(page: Any, rounds: int) -> None:
    """Play some rounds, as fast as it goes."""
    asked(page, f"commonweal.send({{do: 'speed', speed: 0}}); commonweal.send({{do: 'play', until: {rounds}}})")
    until(page, f"commonweal.store.newest === {rounds} && !commonweal.docs.state.playing")


@pytest.mark.slow
def test_a_changed_field_is_marked_and_played_as_a_new_run(opens: Opens) -> None:
    page = opens()
    play_to(page, 5)
    page.get_by_label("Settlement", exact=True).select_option("equal")
    page.wait_for_selector("text=1 change, not played yet")
    fill(page, "Principals", "9")
    page.wait_for_selector("text=2 changes, not played yet")
    assert page.locator(".cw-changed:visible").count() == 2
    assert asked(page, "[commonweal.store.newest, commonweal.store.setup.principals]") == [5, 8]  # the old run is there
    asked(page, "commonweal.send({do: 'speed', speed: 20})")
    page.get_by_role("button", name="Play with it").click()
    until(page, "commonweal.store.setup.principals === 9 && commonweal.store.newest > 1")
    page.wait_for_selector("text=not played yet", state="hidden")
    assert page.locator('.cw-changed[data-played="true"]:visible').count() == 2  # not the scenario's own
    page.keyboard.press("Space")
    until(page, "!commonweal.docs.state.playing")


def test_play_in_the_strip_plays_changes_and_undo_takes_them_back(opens: Opens) -> None:
    page = opens()
    play_to(page, 3)
    fill(page, "Seed", "7")
    page.wait_for_selector("text=1 change, not played yet")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector("text=not played yet", state="hidden")
    assert page.get_by_label("Seed", exact=True).input_value() == "0"
    fill(page, "Seed", "8")
    page.wait_for_selector("text=1 change, not played yet")
    page.locator(".cw-play").click()
    until(page, "commonweal.store.setup.seed === 8 && commonweal.store.newest > 0")


def test_wrong_input_is_said_at_the_field_and_in_a_bar_and_the_run_stays(opens: Opens) -> None:
    page = opens()
    play_to(page, 4)
    run = asked(page, "commonweal.store.setup.run")
    fill(page, "Principals", "many")
    page.wait_for_selector("[role=alert]:visible:has-text('must be a whole number')")
    row = page.locator("[data-path='population.count']")
    row.locator(".cw-field-error:has-text('must be a whole number')").wait_for()  # the bar may say it a moment before
    field = page.get_by_label("Principals", exact=True)
    assert field.input_value() == "many" and field.get_attribute("aria-invalid") == "true"
    page.get_by_role("button", name="Play with it").click()
    sleep(0.3)
    assert asked(page, "[commonweal.store.setup.run, commonweal.store.newest]") == [run, 4]
    fill(page, "Principals", "5000")  # allowed by the schema; the data are too few
    until(page, "!commonweal.docs.state.error")
    page.get_by_role("button", name="Play with it").click()
    page.wait_for_selector("[role=alert]:visible:has-text('exceed the 1797 samples')")
    assert asked(page, "[commonweal.store.setup.run, commonweal.store.newest]") == [run, 4]
    assert field.input_value() == "5000"
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector("[role=alert]", state="hidden")


def test_a_slider_moves_by_keys_and_says_its_value(opens: Opens) -> None:
    page = opens()
    slider = page.get_by_label("Horizon, slider")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_selector("text=1 change, not played yet")
    assert page.get_by_label("Horizon", exact=True).input_value() == "51"
    assert slider.get_attribute("aria-valuetext") == "51"
    low = page.get_by_label("Lowest cost", exact=True)
    high = page.get_by_label("Highest cost", exact=True)
    assert (low.input_value(), high.input_value()) == ("0.00025", "0.00075")


def test_any_field_is_found_and_pinned_into_its_group(opens: Opens) -> None:
    page = opens()
    assert page.locator("[data-path='policy.imitation.intensity']").count() == 0
    page.keyboard.press("/")
    page.keyboard.type("imitation strength")
    assert page.locator(".cw-found .cw-item").count() == 1
    page.keyboard.press("Enter")
    row = page.locator("fieldset:has(legend:text-is('People')) [data-path='policy.imitation.intensity']")
    row.wait_for()
    assert asked(page, "document.activeElement.id") == "cw-field-policy-imitation-intensity"
    page.get_by_role("button", name="Find a field").click()
    assert page.get_by_label("find a field", exact=True).input_value() == ""
    assert page.locator(".cw-found .cw-item").count() > 80
    page.keyboard.press("Escape")
    row.wait_for()


def test_the_menu_says_what_scenarios_ask_and_sets_one_up(opens: Opens) -> None:
    page = opens()
    page.locator(".cw-menu").click()
    page.wait_for_selector("#cw-scenarios:popover-open")
    until(page, "document.activeElement.getAttribute('aria-selected') === 'true'")
    assert "small.toml" in page.locator("#cw-scenarios .cw-item").first.inner_text()
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("p")  # the first that begins with it
    page.keyboard.press("Home")
    page.keyboard.press("l")
    assert "good name" in asked(page, "document.activeElement.innerText")
    page.keyboard.press("l")  # the next one
    assert "sell the model outside" in asked(page, "document.activeElement.innerText")
    page.keyboard.press("Enter")
    until(page, "commonweal.store.setup.name === 'leaky'")
    until(page, "document.querySelector('.cw-menu').innerText.startsWith('Leaky')")
    page.wait_for_selector("text=Speed of leaks")


def test_every_key_does_what_the_dialog_of_keys_says(opens: Opens) -> None:
    page = opens()
    play_to(page, 30)
    asked(page, "document.activeElement.blur()")

    def after(key: str, what: str = "commonweal.round") -> Any:
        page.keyboard.press(key)
        return asked(page, what)

    arrows = ("ArrowLeft", "Shift+ArrowLeft", "ArrowRight", "Shift+ArrowRight")
    assert [after(key) for key in arrows] == [29, 19, 20, 30]
    assert [after(key) for key in ("Home", "End")] == [0, 30]
    events = asked(page, "commonweal.docs.told.events.map((event) => event.round)")
    page.keyboard.press("Home")
    if events:
        assert after("e") == min(events)
        page.keyboard.press("End")
        assert after("Shift+E") == max(each for each in events if each < 30)
    assert [after(key, "commonweal.state.view") for key in ("2", "1")] == ["dynamics", "society"]
    assert [after(key, "commonweal.state.principal") for key in ("j", "j", "k", "k", "Escape")] == [0, 1, 0, 7, None]
    theme = asked(page, "commonweal.root.dataset.theme")
    assert after("d", "commonweal.root.dataset.theme") != theme
    page.keyboard.press("d")
    page.keyboard.press("[")
    assert not page.locator(".cw-fields").is_visible()
    page.keyboard.press("[")
    assert page.locator(".cw-fields").is_visible()
    for name, key in (("guess", "g"), ("turnTalk", "t"), ("share", "s")):
        asked(page, f"commonweal.{name} = () => (commonweal.pressed = '{name}')")
        assert after(key, "commonweal.pressed") == name
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="all keys")
    for words in ("play or pause", "ten rounds back", "next event", "find a field", "let go"):
        assert words in dialog.inner_text()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    asked(page, "commonweal.send({do: 'speed', speed: 10})")
    asked(page, "document.activeElement.blur()")  # where the dialog left it: space presses a button that has the focus
    page.keyboard.press("Space")
    until(page, "commonweal.docs.state.playing && commonweal.store.newest > 30")
    page.keyboard.press("Space")
    until(page, "!commonweal.docs.state.playing")


def test_no_key_acts_while_one_types_or_presses_a_button(opens: Opens) -> None:
    page = opens()
    play_to(page, 5)
    look = "JSON.stringify([commonweal.state, commonweal.root.dataset.theme, commonweal.docs.state.playing])"
    before = asked(page, look)
    page.get_by_label("Principals", exact=True).focus()
    for key in ("d", "1", "2", "e", "j", "[", "/", "?", "Home", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    page.get_by_label("Settlement", exact=True).focus()
    page.keyboard.press("d")
    page.keyboard.press("Home")
    assert asked(page, look) == before
    page.locator(".cw-tab[data-view='dynamics']").focus()
    page.keyboard.press("Space")  # presses the button, and plays nothing
    until(page, "commonweal.state.view === 'dynamics'")
    assert not asked(page, "commonweal.docs.state.playing")
    page.get_by_role("button", name="Undo").click()


def test_every_control_has_a_name(opens: Opens) -> None:
    page = opens()
    page.keyboard.press("/")
    nameless = asked(page, """[...document.querySelectorAll('.cw input, .cw select, .cw button')].filter((each) =>
      !(each.labels?.length || each.getAttribute('aria-label') || each.textContent.trim() || each.title))
      .map((each) => each.outerHTML)""")
    assert nameless == []
    small = asked(page, """[...document.querySelectorAll('.cw-fields button, .cw-value input, .cw-value select')]
      .filter((each) => each.offsetParent && each.offsetHeight < 24).map((each) => each.outerHTML)""")
    assert small == []
    page.keyboard.press("Escape")
    clipped = asked(page, """[...document.querySelectorAll('.cw-field')].filter((each) => {
      const [label, value] = ['label', '.cw-value'].map((part) => each.querySelector(part).getBoundingClientRect());
      return each.offsetParent && (label.right > value.left + 1 || each.scrollWidth > each.clientWidth + 1);
    }).map((each) => each.innerText)""")
    assert clipped == []


def test_scrubbed_back_it_says_so_and_goes_on_as_a_new_run(opens: Opens) -> None:
    page = opens()
    play_to(page, 12)
    asked(page, "commonweal.look(4)")
    page.wait_for_selector("text=round 4 of 12")
    page.get_by_role("button", name="newest").click()
    page.wait_for_selector("text=round 4 of 12", state="hidden")
    asked(page, "commonweal.look(4)")
    page.get_by_role("button", name="Continue from here").click()
    until(page, "commonweal.store.newest === 4")
    page.wait_for_selector("text=live · round 4")


def test_from_the_start_is_a_new_run_of_the_same(opens: Opens) -> None:
    page = opens()
    fill(page, "Principals", "9")
    page.wait_for_selector("text=1 change, not played yet")
    page.get_by_role("button", name="Play with it").click()
    until(page, "commonweal.store.newest > 2")
    page.get_by_label("from the start").click()
    until(page, "commonweal.store.newest === 0 && !commonweal.docs.state.playing")
    assert asked(page, "commonweal.store.setup.principals") == 9
    assert page.get_by_label("Principals", exact=True).input_value() == "9"


def test_only_the_first_visit_plays_by_itself(opens: Opens) -> None:
    page = opens(first_visit=True)
    until(page, "commonweal.store.newest > 0")
    assert page.locator(".cw-play").evaluate("(each) => each === document.activeElement")
    page.keyboard.press("Space")  # on the focused button, which says Pause
    until(page, "!commonweal.docs.state.playing")
    assert asked(page, "commonweal.store.newest") < 60  # it would have played so many
    page.reload()
    until(page, "window.commonweal?.store.newest >= 0")
    page.wait_for_selector(".cw-field")
    sleep(0.5)
    assert asked(page, "[commonweal.store.newest, commonweal.docs.state.playing]") == [0, False]
    assert page.locator(".cw-play").evaluate("(each) => each === document.activeElement")


@pytest.mark.slow
def test_what_takes_long_says_how_far_it_is_and_can_be_stopped(opens: Opens) -> None:
    page = opens()
    fill(page, "Principals", "400")
    page.get_by_role("button", name="Play with it").click()
    until(page, "commonweal.store.setup.principals === 400 && commonweal.store.newest > 0")
    play_to(page, 190)
    asked(page, "commonweal.look(189)")
    asked(page, "window.began = performance.now()")
    page.get_by_role("button", name="Continue from here").click()
    notice = page.locator("[role=status]:visible:has-text('Going back: round')")
    notice.wait_for()
    assert asked(page, "performance.now() - window.began") > 290  # what is done at once says nothing
    page.get_by_role("button", name="Stop").click()
    notice.wait_for(state="hidden")
    until(page, "!commonweal.docs.state.busy")
    assert asked(page, "commonweal.store.newest") == 190  # the old picture


@pytest.mark.slow
def test_a_lost_connection_leaves_the_picture_and_goes_on(opens: Opens, server: Server) -> None:
    page = opens()
    play_to(page, 20)
    bar = page.locator(".cw-lost")
    until(page, "!document.querySelector('.cw-lost').offsetParent")
    sleep(2.5)  # it has answered once
    server.process.send_signal(signal.SIGSTOP)
    try:
        bar.wait_for(timeout=15_000)
        assert "connection is lost" in bar.inner_text()
        page.keyboard.press("Home")
        assert asked(page, "commonweal.round") == 0
        page.keyboard.press("End")
    finally:
        server.process.send_signal(signal.SIGCONT)
    bar.wait_for(state="hidden", timeout=15_000)
    began = monotonic()
    page.get_by_label("one round on").click()
    until(page, "commonweal.store.newest === 21")
    assert monotonic() - began < 10
