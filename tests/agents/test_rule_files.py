"""Rules from files: imported once, by contents, whole or not at all, and refused in one line that says where."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from commonweal.agents import rule_files
from commonweal.agents.errors import InputError
from commonweal.agents.foreign_code import raised_in_foreign_code
from commonweal.agents.registry import REGISTRIES, plugin_modules, rules_from_elsewhere
from commonweal.agents.rule_files import import_again, import_modules, import_rules, imported_rules
from commonweal.economy.money.settlement import SETTLEMENTS
from tests.helpers.own_rules import POLICY, SETTLEMENT, forgotten


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with forgotten():
        yield


def written(folder: Path, text: str, name: str = "mine.py") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_rule_of_a_file_has_the_fingerprint_of_what_the_file_says_and_not_of_where_it_lies(tmp_path: Path) -> None:
    named = {"settlement": {"kind": "own_root"}}
    found = []
    for folder, text in (("a", SETTLEMENT), ("b", SETTLEMENT), ("a", SETTLEMENT + "# a remark\n")):
        with forgotten():
            import_rules(written(tmp_path / folder, text))
            found.append(rules_from_elsewhere(named))
    assert found[0] == found[1] and found[0]["settlement rule 'own_root'"] != found[2]["settlement rule 'own_root'"]


def test_what_rules_a_scenario_names_is_told_in_one_order_whatever_was_imported_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_rules(written(tmp_path, SETTLEMENT))
    import_rules(written(tmp_path, POLICY, "other.py"))
    named = {"settlement": {"kind": "own_root"}, "policy": {"mix": {"own_steady": 1.0}}}
    found = list(rules_from_elsewhere(named))
    monkeypatch.setattr("commonweal.agents.registry.REGISTRIES", REGISTRIES[::-1])
    assert list(rules_from_elsewhere(named)) == found
    assert len(found) == 2


def test_a_file_that_no_scenario_uses_a_rule_of_decides_on_nothing(tmp_path: Path) -> None:
    import_rules(written(tmp_path, SETTLEMENT))
    assert rules_from_elsewhere({"settlement": {"kind": "credit"}}) == {}


def test_a_file_that_is_imported_twice_is_one_import(tmp_path: Path) -> None:
    file = written(tmp_path, "import sys\nsys.counted = getattr(sys, 'counted', 0) + 1\n" + SETTLEMENT)
    try:
        import_rules(file)
        import_rules(str(tmp_path / "." / "mine.py"))
        assert sys.counted == 1  # type: ignore[attr-defined]
    finally:
        del sys.counted  # type: ignore[attr-defined]
    assert len([each for each in imported_rules() if each.name == "mine.py"]) == 1


def test_a_file_that_has_changed_takes_the_place_of_what_it_was(tmp_path: Path) -> None:
    import_rules(written(tmp_path, SETTLEMENT))
    before = SETTLEMENTS["own_root"]
    import_rules(written(tmp_path, SETTLEMENT.replace("np.sqrt", "np.cbrt")))
    assert SETTLEMENTS["own_root"] is not before
    import_rules(written(tmp_path, "'nothing now'"))
    assert "own_root" not in SETTLEMENTS


def test_a_worker_knows_a_file_by_what_it_says_wherever_that_lay(tmp_path: Path) -> None:
    file = written(tmp_path, SETTLEMENT)
    import_rules(file)
    sent = imported_rules()[-1]
    file.unlink()
    with forgotten():
        for registry in REGISTRIES:
            registry.forget(sent.module)
        rule_files._imported.clear()
        import_again([sent])
        import_modules([sent.module])
        assert sent.module in plugin_modules() and SETTLEMENTS.source("own_root")


def test_what_code_of_a_user_raises_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    module = import_rules(written(tmp_path, "def divide(x):\n    return 1 / x\n"))
    with pytest.raises(ZeroDivisionError) as raised:
        module.divide(0)
    assert raised_in_foreign_code(raised.value) == "mine.py, line 2: ZeroDivisionError: division by zero"
    with pytest.raises(ZeroDivisionError) as raised:
        1 / 0  # noqa: B018
    assert raised_in_foreign_code(raised.value) is None
    assert raised_in_foreign_code(InputError("told already")) is None


def test_what_fails_in_a_worker_is_told_who_needs_it(tmp_path: Path) -> None:
    file = rule_files.RuleFile(str(tmp_path / "far.py"), "import no_such_library\n")
    import_again([file])
    with pytest.raises(InputError, match=r"^in a worker process far\.py, line 1: ModuleNotFoundError: No module named"):
        import_modules([file.module])


TAKEN = SETTLEMENT.replace("own_root", "credit")
WRONG = {
    "raises": ("x = 1\n\nx / 0\n", r"^mine\.py, line 3: ZeroDivisionError: division by zero$"),
    "in a function": ("def f():\n    return {}[3]\n\nf()\n", r"^mine\.py, line 2: KeyError: 3$"),
    "syntax": ("x = 1\ndef f(:\n", r"^mine\.py, line 2: SyntaxError: "),
    "a name that is taken": (TAKEN, r"^mine\.py, line 7: settlement rule 'credit' is already registered$"),
    "twice": (SETTLEMENT + SETTLEMENT, r"^mine\.py, line 19: settlement rule 'own_root' is already registered$"),
    "absent library": ("\nimport nothing_of_this_name\n", r"^mine\.py, line 2: ModuleNotFoundError: No module named"),
    "ends": ("import sys\nsys.exit(3)\n", r"^mine\.py, line 2: SystemExit: it ends the program$"),
    "a fact that is none": (SETTLEMENT.replace('"own_root")', '"own_root", cheap=1)'), r"^mine\.py, line 7: TypeError"),
    "several lines": ("raise ValueError('one\\n two')\n", r"^mine\.py, line 1: ValueError: one two$"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_cannot_be_imported_is_refused_in_one_line_and_leaves_nothing(case: str, tmp_path: Path) -> None:
    text, said = WRONG[case]
    before = {registry: (list(registry), dict(registry._facts)) for registry in REGISTRIES}
    with pytest.raises(InputError, match=said) as refused:
        import_rules(written(tmp_path, text))
    assert "\n" not in str(refused.value)
    assert {registry: (list(registry), dict(registry._facts)) for registry in REGISTRIES} == before
    assert not [name for name in sys.modules if name.startswith("commonweal_import_mine")]


def test_a_file_beside_it_is_not_seen_and_the_refusal_says_so(tmp_path: Path) -> None:
    written(tmp_path, "", "beside_it.py")
    with pytest.raises(InputError, match="it sees installed packages, not the files beside it$"):
        import_rules(written(tmp_path, "import beside_it\n"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent.py", r"absent\.py cannot be imported: No such file or directory$"),
        ("folder.py", r"folder\.py cannot be imported: Is a directory$"),
        ("rules.txt", r"rules\.txt' cannot be imported: must be a Python file, NAME\.py$"),
        ("latin.py", r"latin\.py cannot be imported: it is not UTF-8 text$"),
    ],
)
def test_what_is_no_python_file_is_refused(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "latin.py").write_bytes("é = 1".encode("latin-1"))
    with pytest.raises(InputError, match=said):
        import_rules(tmp_path / name)
