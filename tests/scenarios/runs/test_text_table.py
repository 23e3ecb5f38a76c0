"""Tables as text: whatever the width, values are whole, lines fit, and what has no room is named."""

from dataclasses import replace
from itertools import takewhile

from hypothesis import given
from hypothesis import strategies as st

from commonweal.scenarios.runs.text_table import Column, fits, heads, labels, lines, wrapped

NUMBERS = st.floats(-1e4, 1e4).map(lambda value: f"{value:.3f} ± {abs(value) / 7:.3f}")
NAMES = st.sampled_from(["settlement.kind", "market.kind", "population.count", "welfare (money per round)", "Gini"])
WORDS = st.lists(st.sampled_from(["failed", "at", "round", "watts_strogatz", "é", "日本"]), max_size=12).map(" ".join)


@st.composite
def tables(draw: st.DrawFn) -> list[Column]:
    rows = draw(st.integers(0, 6))
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    cells = {True: NUMBERS, False: WORDS}
    kinds = [draw(st.booleans()) for _ in names]
    return [
        Column(name, draw(st.lists(cells[kind], min_size=rows, max_size=rows)), kind, draw(st.integers(0, 3)))
        for name, kind in zip(names, kinds, strict=True)
    ]


@given(table=tables(), width=st.integers(1, 200) | st.none())
def test_no_value_is_cut_or_broken_and_what_is_not_shown_is_named(table: list[Column], width: int | None) -> None:
    printed = lines(table, width)
    text = " ".join(" ".join(printed).split())
    named = text.partition("no room for ")[2]
    rule = next(line for line in printed if line and set(line) <= {"─", " "})
    assert len(rule.split()) + (len(named.split(": widen")[0].split("; ")) if named else 0) == len(table)
    for column in table:
        if column.name in named:
            continue
        for cell in column.cells:
            if column.number:
                assert cell in text
            else:
                assert all(word in text for word in cell.split())


@given(table=tables(), width=st.integers(1, 200))
def test_columns_without_room_stand_below_each_once(table: list[Column], width: int) -> None:
    printed = lines(table, width, below=True)
    heads = " ".join(" ".join(printed).split())
    for column in table:
        for cell in column.cells if column.number else ():
            assert cell in heads or column.name in heads.partition("no room for ")[2]
    if width >= 60:
        assert "no room for" not in heads
        rules = [line for line in printed if line and set(line) <= {"─", " "}]
        first = len(list(takewhile(lambda column: not column.number, table))) or 1
        assert 0 <= sum(len(rule.split()) for rule in rules) - len(table) <= first * (len(rules) - 1)


def test_a_table_goes_on_below_beside_what_tells_rows_apart() -> None:
    table = [
        Column("rule", ["equal", "credit"], number=False),
        Column("staying", ["1.8 [0.7, 5.0]", "9.2 [4.1, 11.3]"]),
        Column("quality", ["0.54 [0.49, 0.57]", "0.59 [0.53, 0.65]"]),
    ]
    assert lines(table, 30, below=True) == [
        "rule            staying",
        "──────  ───────────────",
        "equal    1.8 [0.7, 5.0]",
        "credit  9.2 [4.1, 11.3]",
        "",
        "rule              quality",
        "──────  ─────────────────",
        "equal   0.54 [0.49, 0.57]",
        "credit  0.59 [0.53, 0.65]",
    ]
    long = [replace(column, cells=list(column.cells) * 3) for column in table]
    left = ["… and 3 more rows", "no room for quality: widen the", "terminal, or set COLUMNS"]
    assert lines(long, 30, 7, below=True)[-3:] == left


def test_of_what_tells_rows_apart_as_much_stands_beside_the_rest_as_has_room() -> None:
    table = [Column(name, [name[:2]], number=False) for name in ("settlement", "credit", "market", "population")]
    assert lines(table, 26, below=True) == [
        "settlement  credit  market",
        "──────────  ──────  ──────",
        "se          cr      ma",
        "",
        "settlement  population",
        "──────────  ──────────",
        "se          po",
    ]


@given(table=tables(), width=st.integers(60, 200))
def test_no_line_is_longer_than_the_screen_is_wide(table: list[Column], width: int) -> None:
    assert all(len(line) <= width for line in lines(table, width))  # a wide sign is one character and two places


@given(table=tables(), high=st.integers(5, 20))
def test_no_table_is_longer_than_it_may_be(table: list[Column], high: int) -> None:
    numbers = [column for column in table if column.number] or [Column("Gini", ["0.1"] * 6)]
    printed = lines(numbers, None, high)
    assert len(printed) <= max(high, 2 + 3 + 1)  # three rows are always shown


def test_columns_of_the_lowest_rank_stay_and_the_others_are_named_in_full() -> None:
    table = [
        Column("point", ["0", "1"]),
        Column("settlement.kind", ["equal", "credit"], number=False, rank=1),
        Column("delegating", ["0.032 ± 0.013", "0.744 ± 0.069"]),
        Column("test accuracy", ["0.140 ± 0.037", "0.908 ± 0.019"], rank=2),
    ]
    assert lines(table, 40) == [
        "point  kind       delegating",
        "─────  ──────  ─────────────",
        "    0  equal   0.032 ± 0.013",
        "    1  credit  0.744 ± 0.069",
        "no room for test accuracy: widen the",
        "terminal, or set COLUMNS",
    ]
    assert lines(table, 25)[0] == "point     delegating"
    assert not fits(table, 40)
    assert fits(table, 43)
    assert lines(table)[0] == "point  kind       delegating  test accuracy"


def test_a_path_is_headed_by_its_last_part_unless_two_would_be_alike() -> None:
    names = ["market.kind", "settlement.kind", "population.count", "Gini, last quarter", "max(r.gini)"]
    table = [Column(name, []) for name in names]
    assert heads(table) == ["market.kind", "settlement.kind", "count", "Gini, last quarter", "max(r.gini)"]
    assert heads([Column("kind", []), Column("market.kind", [])]) == ["kind", "market.kind"]


def test_a_field_that_follows_from_another_gives_way_first() -> None:
    ranks = {
        column.name: column.rank
        for column in labels({"low": ["1", "1", "2", "2"], "kind": ["a", "b", "a", "b"], "high": ["3", "3", "6", "6"]})
    }
    assert ranks["high"] > ranks["low"] == ranks["kind"]


def test_rows_beyond_the_height_are_counted_and_their_place_is_said() -> None:
    table = [Column("point", [str(number) for number in range(24)])]
    printed = lines(table, 80, 10, "--all shows them")
    assert len(printed) == 10
    assert printed[-1] == "… and 17 more rows: --all shows them"
    assert lines(table, 80, 10, part=True)[-1] == "… and at least 17 more rows"
    assert len(lines(table, 80, 26)) == 26


def test_prose_breaks_between_words_alone() -> None:
    assert wrapped("residuals  participation 0, incentive", 25, 11) == [
        "residuals  participation",
        "           0, incentive",
    ]
    assert wrapped("a-long-name-with-hyphens stays", 5) == ["a-long-name-with-hyphens", "stays"]
    assert wrapped("as it is", None) == ["as it is"]
