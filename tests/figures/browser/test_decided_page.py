"""What decided this run, and why a principal acted, in a real browser: asked, shown, told, by mouse and by keys."""

from collections.abc import Iterator
from typing import Any

import pytest
from shared.chromium import Server, Tab

pytest.importorskip("solara", reason="the extra 'browser' is not installed")

LUCK, CHANGES = "Which episodes decided it?", "What did my changes do?"


@pytest.fixture(scope="module")
def window(browser: Any, server: Server) -> Iterator[Tab]:
    """One tab for all tests; nothing may have gone wrong in the end."""
    opened = Tab(browser.new_page(), server.address)
    yield opened
    opened.page.close(run_before_unload=True)
    assert (opened.wrong, opened.outside) == ([], [])


@pytest.fixture
def tab(window: Tab) -> Tab:
    """The tab with a game of public goods of which no round is played yet."""
    run = window.of("commonweal.store.setup.run")
    window.page.set_viewport_size({"width": 1280, "height": 800})
    window.tell("scenario", name="public-goods")
    window.until(lambda: window.of("commonweal.store.setup.run") > run and window.round == 0)
    return window


def played(tab: Tab, rounds: int) -> None:
    tab.tell("speed", speed=0)
    tab.tell("play", until=rounds)
    tab.until(lambda: tab.round == rounds and not tab.of("commonweal.docs.state.playing"), 60)


def asked(tab: Tab, question: str) -> Any:
    """The rows of the answer."""
    tab.button(question).click()
    rows = tab.page.locator(".cw-reasons li")
    rows.first.wait_for(timeout=120_000)
    return rows


def documents(tab: Tab, measure: str) -> Any:
    return tab.of(f"commonweal.docs.decided.answers['{measure}']")


def test_episodes_are_asked_for_with_keys_shown_as_rows_and_shaded_in_all_courses(tab: Tab) -> None:
    played(tab, 12)
    tab.turn_to("dynamics")
    button = tab.button(LUCK)
    button.wait_for()
    assert tab.page.locator(".cw-shade").count() == 0
    button.focus()
    tab.page.keyboard.press("Enter")
    rows = tab.page.locator(".cw-reasons li")
    rows.first.wait_for(timeout=120_000)
    found = documents(tab, "share_delegate")["rows"]
    assert [row.inner_text().split("\n")[0] for row in rows.all()] == [row["letter"] for row in found]
    assert [text.strip() for text in tab.page.locator(".cw-reason-said").all_inner_texts()] == [
        row["said"] for row in found]  # fmt: skip
    panels = tab.page.locator(".cw-panel")
    for panel in panels.all():
        assert panel.locator(".cw-shade").count() == len(found)
        assert panel.locator(".cw-hatch").count() == sum(not row["sure"] for row in found)
        for shade, row in zip(panel.locator(".cw-shade").all(), found, strict=True):
            assert ("cw-less" in str(shade.get_attribute("class"))) == (row["value"] < 0)
    signs = {row["letter"]: f"{row['letter']} {'−' if row['value'] < 0 else '+'}" for row in found if row["sure"]}
    letters = panels.first.locator(".cw-letter").all_text_contents()
    assert letters == [signs.get(row["letter"], row["letter"]) for row in found]
    assert tab.page.locator(".cw-decided-said").get_attribute("aria-live") == "polite"
    names = tab.page.locator(".cw-reason-name")
    names.first.focus()
    tab.button("one round on").dispatch_event("click")
    tab.page.get_by_text("Of the first 12 rounds; the run has gone on.").wait_for()
    assert names.first.evaluate("each => each === document.activeElement")  # nothing was drawn anew


def test_another_outcome_is_told_at_once_without_asking_again(tab: Tab) -> None:
    played(tab, 8)
    tab.turn_to("dynamics")
    asked(tab, LUCK)
    first = tab.page.locator(".cw-decided-said").inner_text()
    assert first.startswith("Contribute (what principals do, share): ")
    before = list(tab.said)
    tab.page.locator(".cw-outcome").select_option("welfare_each")
    tab.until(lambda: tab.page.locator(".cw-decided-said").inner_text().startswith("Surplus (surplus, money a round"))
    assert tab.page.locator(".cw-reason-said").all_inner_texts() == [
        row["said"] for row in documents(tab, "welfare_each")["rows"]]  # fmt: skip
    assert [order for order in tab.said[len(before):] if order.startswith("decided")] == []
    tab.page.locator(".cw-outcome").select_option("share_delegate")


def test_the_rounds_of_an_episode_are_looked_at_and_let_go(tab: Tab) -> None:
    played(tab, 8)
    tab.turn_to("dynamics")
    asked(tab, LUCK)
    name = tab.page.locator(".cw-reason-name").nth(1)
    name.click()
    row = documents(tab, "share_delegate")["rows"][1]
    assert tab.of("commonweal.state.stretch") == {"from": row["from"], "to": row["to"]}
    name.click()
    assert tab.of("commonweal.state.stretch") is None


def test_changed_fields_are_reasons_and_another_run_forgets_them(tab: Tab) -> None:
    tab.tell("set", values={"market.multiplication": "3", "policy.revision": "0.5"})
    tab.tell("speed", speed=1)  # so that round 30 is not over before it is asked for
    tab.tell("begin")
    tab.until(lambda: tab.of("commonweal.docs.decided?.intro ?? ''").startswith("You changed 2 fields"))
    tab.tell("pause")
    played(tab, 30)
    tab.turn_to("dynamics")
    rows = asked(tab, CHANGES)
    texts = [row.inner_text() for row in rows.all()]
    assert "Multiplication: 3 instead of 1.6" in texts[0] and "instead of" in texts[1]
    assert tab.page.locator(".cw-shade").count() == 0  # changes have no rounds
    tab.button("one round on").click()
    tab.page.get_by_text("Of the first 30 rounds; the run has gone on.").wait_for()
    tab.tell("again")
    tab.until(lambda: tab.round == 0 and tab.page.locator(".cw-reasons li").count() == 0)
    assert tab.button(CHANGES).is_disabled()


def test_it_is_stopped_and_the_page_answers_meanwhile(tab: Tab) -> None:
    played(tab, 100)
    tab.turn_to("dynamics")
    tab.button(LUCK).click()
    tab.page.locator("progress").wait_for()
    tab.button("one round on").click()
    tab.until(lambda: tab.round == 101, 10)
    assert tab.page.locator("progress").is_visible()
    tab.button("Stop").click()
    tab.page.locator("progress").wait_for(state="hidden")
    assert tab.page.locator(".cw-reasons li").count() == 0
    assert tab.button(LUCK).is_enabled()


@pytest.mark.slow
def test_nothing_is_cut_off_in_either_theme_and_on_a_telephone(tab: Tab) -> None:
    played(tab, 6)
    tab.turn_to("dynamics")
    asked(tab, LUCK)
    for width in (1280, 390):
        tab.page.set_viewport_size({"width": width, "height": 844})
        for _ in ("light", "dark"):
            whole(tab, width)
            tab.page.keyboard.press("d")


def whole(tab: Tab, width: int) -> None:
    """Nothing is wider than its place, and every button is large enough to be hit."""
    tab.page.wait_for_timeout(200)
    assert tab.of("document.documentElement.scrollWidth") <= width
    overflows = "[...document.querySelectorAll('.cw-decided *')].filter((e) => e.scrollWidth > e.clientWidth + 1 && " \
                "getComputedStyle(e).display === 'block' && e.tagName !== 'I').map((e) => e.className)"  # fmt: skip
    assert tab.of(overflows) == []
    small = "[...document.querySelectorAll('.cw-decided button')].filter((e) => e.offsetParent && e.offsetHeight < 24)"
    assert tab.of(f"{small}.length") == 0


def test_the_card_says_why_with_the_largest_reasons_and_what_was_seen(tab: Tab) -> None:
    played(tab, 10)
    tab.turn_to("society")
    tab.page.keyboard.press("j")
    tab.page.wait_for_selector(".cw-waterfall")
    (why,) = tab.of("commonweal.docs.card.sections.filter(({ kind }) => kind === 'waterfall')")
    shown = tab.page.locator(".cw-waterfall > span:not(.cw-step)").all_inner_texts()
    assert shown == [row["text"] for row in why["rows"]]
    assert shown[0] == "anyone here, on average" and any(text.startswith("what it did last, ") for text in shown)
    said = tab.page.locator(".cw-section-waterfall .cw-quiet").inner_text()
    assert "likely, against" in said and "The largest reasons: " in said
    note = tab.page.locator(".cw-section-waterfall .cw-note").inner_text()
    assert note.startswith("exact: 9 things seen, among ")
    inside = "[...document.querySelectorAll('.cw-step-bar')].every((bar) => { const [a, b] = [bar, bar.parentElement]" \
             ".map((e) => e.getBoundingClientRect()); return a.left >= b.left - 1 && a.right <= b.right + 3; })"
    assert tab.of(inside)
