"""Scenario files, overrides, and the lines a person reads when something in them is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.scenarios.schema.describe import fields, find_spec, markdown
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.moved import MOVED, moved
from commonweal.scenarios.schema.notation import parse_path, parse_value, parse_variation, split_path, write_value
from commonweal.scenarios.schema.relevance import matters
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.factors import check_field, flatten

REFERENCE = Path(__file__).parents[3] / "docs" / "scenario-reference.md"


def economy(folder: Path, text: str) -> Path:
    """A scenario file with the given text."""
    file = folder / "mine.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("name", library_names())
def test_every_library_scenario_loads_under_its_own_name_and_describes_itself(name: str) -> None:
    scenario = load(name)
    assert scenario.name == name
    assert scenario.description


def test_a_file_says_only_what_is_different(tmp_path: Path) -> None:
    scenario = load(economy(tmp_path, "rounds = 7\n[settlement]\nkind = 'data'"))
    assert scenario == Scenario(name="mine", rounds=7, settlement={"kind": "data"})  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["rounds = 7\n", "# seven\r\nrounds = 7\r\n"])
def test_a_byte_order_mark_of_a_windows_editor_is_no_part_of_a_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load(file) == load(economy(tmp_path, "rounds = 7")).model_copy(update={"name": "mine"})


def test_a_folder_stands_for_the_scenario_in_it_unless_the_library_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("clinics", "commons"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "scenario.toml").write_text("rounds = 7")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load("clinics").rounds == load(tmp_path / "clinics").rounds == load(tmp_path / "commons").rounds == 7
    assert load("commons").rounds != 7
    with pytest.raises(InputError, match=r"unknown scenario 'empty'.*or the path of a \.toml file or folder"):
        load("empty")
    with pytest.raises(InputError, match="no such scenario file"):
        load(tmp_path / "empty")


def test_overrides_are_the_same_as_texts_and_as_values() -> None:
    texts = ["settlement.kind=data", "settlement.alpha = 2", "policy.mix={fixed = 1.0}", "learning.hidden=[16, 8]"]
    values = {"settlement": {"kind": "data", "alpha": 2}, "policy.mix": {"fixed": 1.0}, "learning.hidden": [16, 8]}
    assert load("commons", texts) == load("commons", values)
    assert load("commons", values).learning.hidden == (16, 8)


def test_an_override_leaves_everything_else_as_it_was() -> None:
    base = load("commons")
    assert revise(revise(base, {"market.leak": 0.9}), {"market.leak": base.market.leak}) == base


def test_list_items_are_reached_by_their_number(tmp_path: Path) -> None:
    file = economy(tmp_path, "[[values.dimensions]]\nsense = 'protect'\nlabel = 1")
    for path in ("values.dimensions[0].limit", "values.dimensions.0.limit"):
        assert load(file, {path: 0.25}).values.dimensions[0].limit == 0.25
    with pytest.raises(InputError, match=r"^values.dimensions\[0\].limit: .* no item 0, since the list is empty$"):
        load("commons", ["values.dimensions[0].limit=2"])
    with pytest.raises(InputError, match=r"^learning.hidden\[2\]: there is no item 2; items are 0 to 1$"):
        load("commons", {"learning.hidden": [8, 8], "learning.hidden[2]": 4})
    with pytest.raises(InputError, match=r"values.dimensions\[1\].limit: there is no item 1; only item 0"):
        load(file, ["values.dimensions[1].limit=0.3"])


def test_an_edge_file_is_looked_for_beside_the_scenario_that_names_it(tmp_path: Path) -> None:
    scenario = load(economy(tmp_path, "[population]\ngraph = 'file'\nedges = 'friends.txt'"))
    assert scenario.population.edges == tmp_path / "friends.txt"


def test_a_registered_rule_is_allowed_in_any_scenario() -> None:
    with pytest.raises(InputError, match=r"settlement\.kind = 'lottery': must be one of"):
        load("commons", ["settlement.kind=lottery"])
    SETTLEMENTS.register("lottery")(SETTLEMENTS["equal"])
    try:
        assert load("commons", ["settlement.kind=lottery"]).settlement.kind == "lottery"
    finally:
        del SETTLEMENTS._plugs["lottery"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("settlement.alpha = -1", "mine.toml: settlement.alpha = -1: must be a number between 0 and 100"),
        ("rounds = 'many'", "mine.toml: rounds = 'many': must be a whole number between 1 and 10_000_000"),
        ("rounds = true", "mine.toml: rounds = true: must be a whole number between 1 and 10_000_000"),
        ("settlement.alfa = 2", "mine.toml: settlement.alfa is not a field; did you mean settlement.alpha?"),
        ("alpha = 2", "mine.toml: alpha is not a field; did you mean settlement.alpha?"),
        ("settlement.kind = 'equl'", "mine.toml: settlement.kind = 'equl': must be one of credit, data, equal, quota, "
                                     "robust, synthesised, time_cumulation, time_valuation, worth; did you "
                                     "mean 'equal'?"),
        ("learning.hidden = [9, 0]", "mine.toml: learning.hidden[1] = 0: must be a whole number between 1 and 100_000"),
        ("market.price = nan", "mine.toml: market.price = nan: must be a number between 0 and 1_000_000"),
        ("policy.mix = {fixed = 0.5}", "mine.toml: policy: the shares of mix sum to 0.5; they must sum to 1"),
        ("rounds = 0\nmarket.leak = 2", "mine.toml: rounds = 0: must be a whole number between 1 and 10_000_000"
                                        " (and 1 more)"),
        ("policy.mix = {fixed = 0.9999999}",
         "mine.toml: policy: the shares of mix sum to 0.9999999; they must sum to 1"),
        ("population.start_defect = 0.2000001", "mine.toml: population: start_delegate + start_free_ride + "
                                                "start_defect + start_abstain = 1.0000001; the shares must sum to 1"),
        ("population.cost_types = [2, 1]\npopulation.type_shares = [0.5, 0.50000001]",
         "mine.toml: population: type_shares sum to 1.00000001; they must sum to 1"),
        ("policy.conditional.cooperators = 0.65000001",
         "mine.toml: policy.conditional: cooperators + free_riders + hump_shaped = 1.00000001 exceeds 1"),
        ("population.cost_low = 0.12345671\npopulation.cost_high = 0.1234567",
         "mine.toml: population: cost_low = 0.12345671 exceeds cost_high = 0.1234567"),
        ("identity.cost = 1.0000001\npopulation.endowment = 1",
         "mine.toml: identity.cost = 1.0000001 exceeds population.endowment = 1: nobody could take part"),
        ("[[values.dimensions]]\nsense = 'withhold'\nlabel = 0\nlimit = 0.5\nspread = 0.5000001",
         "mine.toml: values.dimensions[0]: limit + spread = 1.0000001 exceeds 1, the largest bounded loss"),
        ("rounds =", "mine.toml: not valid TOML: Invalid value (at end of document)"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_said_in_one_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(InputError) as caught:
        load(economy(tmp_path, text))
    assert str(caught.value) == line


@pytest.mark.parametrize("action", ["abstain", "delegate", "free_ride", "defect"])
def test_nobody_can_start_with_an_action_that_is_not_available(action: str) -> None:
    others = [other for other in ("abstain", "delegate", "free_ride", "defect") if other != action]
    starts = {f"population.start_{other}": 0.3 for other in others} | {f"population.start_{action}": 0.1}
    assert load("commons", {"actions.available": [*others, action], **starts})
    with pytest.raises(InputError) as caught:
        load("commons", {"actions.available": others, **starts})
    line = f"population.start_{action} must be 0, since actions.available does not hold {action}"
    assert str(caught.value) == line


def test_the_actions_of_a_file_are_held_against_how_its_principals_start(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(economy(tmp_path, "population.start_abstain = 0.1\npopulation.start_delegate = 0.5"))
    assert str(caught.value) == (
        "mine.toml: population.start_abstain must be 0, since actions.available does not hold abstain"
    )


def test_a_wrong_override_is_not_blamed_on_the_file() -> None:
    with pytest.raises(InputError) as caught:
        load("commons", ["market.leak=2"])
    assert str(caught.value) == "market.leak = 2: must be a number between 0 and 1"


@given(st.recursive(
    st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
))  # fmt: skip
def test_a_written_value_reads_back_as_itself(value: object) -> None:
    assert parse_value(write_value(value)) == value


@given(st.lists(st.integers() | st.text() | st.lists(st.integers(), max_size=3), min_size=1))
def test_commas_inside_values_do_not_separate_varied_values(values: list[object]) -> None:
    assert parse_variation("a.b=" + ",".join(map(write_value, values))) == ("a.b", values)


def test_bare_words_stand_for_strings() -> None:
    kinds = ["digits", "openml:mnist_784", "wine"]
    assert parse_variation("task.kind=digits,openml:mnist_784, wine") == ("task.kind", kinds)
    assert parse_value("true") is True
    assert parse_value("/tmp/friends.txt") == "/tmp/friends.txt"


def test_numbers_may_lack_the_zero_before_the_point() -> None:
    assert parse_variation("values.voice=.05,-.5, +.25") == ("values.voice", [0.05, -0.5, 0.25])
    assert parse_value('".05"') == ".05"


def test_every_listed_field_exists_has_a_meaning_and_leads_back_to_itself() -> None:
    for entry in fields():
        assert find_spec(split_path(entry.path)) is not None
        assert parse_path(entry.path) == entry.path
        assert entry.description, entry.path
        assert entry.unit or entry.allowed == "true or false", entry.path


def test_every_default_is_within_its_bounds_when_written_out() -> None:
    written = {e.path: parse_value(e.default) for e in fields() if e.default and "[" not in e.path and e.path != "name"}
    assert revise(Scenario(), written) == Scenario()


def test_the_scenario_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == markdown(), "run: make docs"


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_every_field_that_has_moved_is_named_with_its_new_place(tmp_path: Path, old: str, new: str) -> None:
    line = f"{old} is now {new} (scenario files changed in version 0.2)"
    assert find_spec(split_path(new)) is not None and find_spec(split_path(old)) is None
    for refused in (
        lambda: load(economy(tmp_path, f"{old} = 1")),
        lambda: load("commons", {old: 1}),
        lambda: check_field(old, "vary"),
        lambda: flatten({"contract": {old.removeprefix("contract."): [1, 2]}}, "vary"),
    ):
        with pytest.raises(InputError) as caught:
            refused()
        assert str(caught.value).removeprefix("mine.toml: ").removeprefix("vary: ") == line


def test_a_field_of_a_moved_section_is_named_as_a_whole() -> None:
    assert moved(["contract", "accuracy", "kind"]) == (
        "contract.accuracy.kind is now rewards.accuracy.kind (scenario files changed in version 0.2)"
    )
    with pytest.raises(InputError, match=r"^contract is not a field; \[contract\] is now \[stakes\], \[population\]"):
        load("commons", {"contract.fee": 1})


def test_a_field_matters_only_where_it_and_its_sections_do() -> None:
    commons, public = load("commons"), load("public-goods")
    assert matters(commons, "learning.rate") and not matters(public, "learning.rate")
    assert not matters(commons, "stakes.audit") and matters(load("leaky"), "stakes.audit")
    assert matters(public, "market.punishment.fine") and not matters(commons, "market.punishment.fine")
    assert matters(commons, "policy.mix.imitation") and not matters(commons, "policy.conditional.slope")


@pytest.mark.parametrize("name", library_names())
def test_every_field_can_be_asked_whether_it_matters(name: str) -> None:
    scenario = load(name)
    for entry in fields():
        if "[" not in entry.path or scenario.values.dimensions:
            assert matters(scenario, entry.path) in (True, False)
