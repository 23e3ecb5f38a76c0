"""The drawing module: how large its parts are, and that a tab loads no part before what it draws is looked at."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shared.chromium import Server, Tab, served

from commonweal.figures.browser.documents.run_documents import VIEWS
from commonweal.figures.browser.drawing import bundle
from commonweal.figures.browser.drawing.bundle import FIRST_ADDRESS, LATER, later, module, styles, whole

pytest.importorskip("solara", reason="the extra 'browser' is not installed")

from commonweal.figures.browser.page.drawing import part_document

FOLDER = Path(bundle.__file__).parent

# Bytes of plain text. Files that several later parts need are in each of them.
FIRST_MOST, ALONE_MOST, FILES_MOST = 80_000, 124_800, 173_300
MOST = {"lattice": 6_700, "names": 4_400, "card": 14_200, "decided": 7_100, "values": 14_000, "compare": 16_600,
        "sweeps": 15_600, "ledger": 5_200, "menus": 2_100, "share": 12_100}  # fmt: skip


def size(text: str) -> int:
    return len(text.encode())


def text_of(file: str) -> str:
    return (FOLDER / f"{file}.js").read_text(encoding="utf-8")


def test_the_part_that_a_tab_loads_at_once_is_under_80_kb_of_readable_text() -> None:
    assert size(module()) <= FIRST_MOST
    lines = module().splitlines()
    assert sum(map(len, lines)) / len(lines) < 60  # nobody has joined its lines
    assert max(map(len, lines)) <= 170


def test_each_later_part_is_as_small_as_is_said() -> None:
    assert set(MOST) == set(LATER)
    assert {part: size(later(part)) for part in LATER if size(later(part)) > MOST[part]} == {}


def test_all_files_together_and_a_run_as_one_file_are_as_small_as_is_said() -> None:
    assert sum(size(text_of(file)) for file in bundle.FILES) <= FILES_MOST
    assert size(whole()) <= ALONE_MOST


def test_every_file_is_in_the_module_and_says_names_that_no_other_says() -> None:
    assert sorted(bundle.FILES) == sorted(file.stem for file in FOLDER.glob("*.js"))
    assert len(bundle.FILES) == len(set(bundle.FILES))
    names = [name for file in bundle.FILES
             for name in re.findall(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", text_of(file),
                                    flags=re.MULTILINE)]  # fmt: skip
    assert len(names) > 200
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})
    assert styles().count("{") == styles().count("}")


@pytest.mark.parametrize("part", LATER)
def test_a_later_part_takes_from_the_first_what_that_exports_and_puts_its_own_in_its_place(part: str) -> None:
    text = later(part)
    (taken,) = re.findall(r"^import \{ (.*) \} from (.*);$", text, flags=re.MULTILINE)
    exported = set(re.findall(r"^export (?:async )?(?:function|const) (\w+)", module(), flags=re.MULTILINE))
    assert set(taken[0].split(", ")) <= exported
    assert taken[1] == FIRST_ADDRESS
    assert text.count(FIRST_ADDRESS) == 1
    assert re.search(rf"^later\.{part} = ", text, flags=re.MULTILINE)
    assert not re.search(r"^export ", text, flags=re.MULTILINE)
    assert part_document(part) == {"kind": "part", "part": part, "text": text, "first": FIRST_ADDRESS}


def test_every_view_is_in_the_first_part_or_is_one_of_its_own() -> None:
    at_once = set(re.findall(r"const VIEWS = \{ (.*) \};", text_of("page"))[0].replace(":", " ").split()) & set(VIEWS)
    assert at_once == {"society", "dynamics"}
    assert set(VIEWS) - at_once <= set(LATER)


def test_a_run_as_one_file_has_all_that_it_shows_and_asks_for_no_part() -> None:
    text = whole()
    assert not re.search(r"^(?:import|export) ", text, flags=re.MULTILINE)
    for part in bundle.ALONE:
        assert text.count(f"\nlater.{part} = ") == 1
    assert {part for part in LATER if f"later.{part} = " in text} == set(bundle.ALONE)
    assert FIRST_ADDRESS not in text
    assert set(bundle.ALONE) == set(LATER) - set(VIEWS)
    assert set(bundle.FIRST) < set(bundle.FILES)


@pytest.fixture(scope="module")
def server(browser: Any) -> Iterator[Server]:
    with served("value-conflict") as running:
        yield running
        assert running.complaints() == []


@pytest.fixture
def tab(browser: Any, server: Server) -> Iterator[Tab]:
    opened = Tab(browser.new_page(), server.address)
    yield opened
    opened.page.close(run_before_unload=True)
    assert (opened.wrong, opened.outside) == ([], [])


def test_a_part_is_sent_once_and_not_before_what_it_draws_is_looked_at(tab: Tab) -> None:
    def parts() -> list[str]:
        tab.page.wait_for_timeout(200)
        return [kind for kind, _ in tab.got if kind == "part"]

    tab.button("one round on").click()
    tab.until(lambda: tab.round == 1)
    assert (parts(), tab.said.count("part")) == ([], 0)
    tab.turn_to("dynamics")
    tab.page.locator(".cw-decided").wait_for()
    for known, view in enumerate(("values", "ledger", "compare", "sweeps"), 2):
        for _ in range(2):
            tab.turn_to(view)
            tab.turn_to("dynamics")
        assert (len(parts()), tab.said.count("part")) == (known, known)
    tab.turn_to("society")
    tab.page.keyboard.press("j")
    tab.page.wait_for_selector(".cw-card .cw-number-text")
    tab.page.keyboard.press("s")
    tab.page.locator(".cw-share-entry").first.wait_for()
    tab.page.keyboard.press("Escape")
    tab.page.locator(".cw-menu").click()
    tab.page.locator("#cw-scenarios .cw-item").first.wait_for()
    assert len(parts()) == tab.said.count("part") == len(LATER) - 2  # all but lattice and names
