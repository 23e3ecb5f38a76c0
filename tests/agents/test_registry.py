"""Plug points: one list of all, facts at the registration, and rules that worker processes know."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import commonweal.scenarios.studies  # noqa: F401 - registers
from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES
from commonweal.agents.registry import REGISTRIES, Registry, plugin_modules, rules_from_elsewhere
from commonweal.economy.credit import CREDITS
from commonweal.scenarios.schema.describe import registries
from commonweal.scenarios.sweeps.executors import engine_named

PLUG_POINTS = [*registries().values(), *(registry for registry in REGISTRIES if not registry.field)]
ROOT = Path(__file__).parents[2]
SCRIPT = """
from commonweal.economy.negotiation import ShapleyNegotiator, negotiator
from commonweal.economy.rewards.rules import REWARDS, reward_rule
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.sweeps.sweep import sweep
from commonweal.scenarios.sweeps.plan import plan_of

SMALL = {"rounds": 2, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 4}

@reward_rule("of_the_script")
def of_the_script(*arguments):
    return REWARDS["shared"](*arguments)

@negotiator("of_the_script")
class OfTheScript(ShapleyNegotiator):
    pass

if __name__ == "__main__":
    import imported_rules
    base = load("commons", SMALL | {"negotiation.kind": "shapley_coop"})
    vary = {"rewards.kind": ["of_the_script", "imported"], "negotiation.negotiator": ["of_the_script", "imported"]}
    runs = sweep(plan_of(base, vary, 1), engine="processes", workers=1).runs
    print(set(runs["status"]), set(runs["message"].fillna("")))
"""
IMPORTED = """
from commonweal.economy.negotiation import ShapleyNegotiator, negotiator
from commonweal.economy.rewards.rules import REWARDS, reward_rule

@reward_rule("imported")
def imported(*arguments):
    return REWARDS["shared"](*arguments)

@negotiator("imported")
class Imported(ShapleyNegotiator):
    pass
"""


@pytest.fixture(scope="module")
def known() -> Iterator[set[str]]:
    """Groups whose rule of ``tests.helpers.plugged`` a worker process knows."""
    plugs = {registry: dict(registry._plugs) for registry in REGISTRIES}
    plugged = import_module("tests.helpers.plugged")
    listed = "__import__('commonweal.agents.registry').agents.registry.REGISTRIES"
    ask = f"{{each.group for each in {listed} if {plugged.NAME!r} in each}}"
    try:
        engine = engine_named("processes", 1, None)
        with engine.pool(1) as pool:
            pool.submit(exec, "import commonweal.scenarios.studies").result()
            assert not pool.submit(eval, ask).result()
            for module in plugin_modules():
                pool.submit(exec, f"import {module}").result()
            yield pool.submit(eval, ask).result()
    finally:
        for registry, before in plugs.items():
            registry._plugs = before
        del sys.modules[plugged.__name__]


@pytest.mark.parametrize("registry", PLUG_POINTS, ids=lambda registry: registry.noun)
def test_a_worker_process_knows_rules_that_were_registered_elsewhere(
    registry: Registry[Any, Any], known: set[str]
) -> None:
    assert registry.group in known


def test_rules_of_a_script_and_of_what_it_imports_when_it_is_run_reach_its_workers(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "imported_rules.py").write_text(IMPORTED)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "{'ok'} {''}", done.stderr


def test_every_plug_point_is_in_the_list_once_and_is_named_where_packages_are_described() -> None:
    groups = [registry.group for registry in REGISTRIES]
    assert len(set(groups)) == len(groups)
    comment = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(group in comment for group in groups)


def test_facts_stand_at_the_registration_and_are_as_usual_where_nothing_is_said() -> None:
    assert CREDITS.facts("fedsv").needs_updates and not CREDITS.facts("first_order").needs_updates
    assert {name for name in POLICIES if POLICIES.facts(name).compares} == {"best_response", "wait_and_see"}
    with pytest.raises(InputError, match="unknown policy 'nobody'"):
        POLICIES.facts("nobody")
    with pytest.raises(TypeError, match="cheap"):
        CREDITS.register("too-cheap", cheap=True)(CREDITS["first_order"])
    assert "too-cheap" not in CREDITS


def test_the_source_of_a_rule_is_its_code_and_that_of_this_library_is_its_version() -> None:
    registry = Registry[Any, None]("toy rule", "commonweal.of_another_test", "toy.kind", None)
    try:
        for name, number in (("half", 0.5), ("again", 0.5), ("more", 0.6)):
            typed: dict[str, Any] = {"__name__": "__main__"}  # into an interpreter, which keeps no text
            exec(f"def rule(x):\n    return [y * {number} for y in x]", typed)
            registry.register(name)(typed["rule"])
        registry.register("own")(CREDITS["first_order"])
        registry.register("here")(test_facts_stand_at_the_registration_and_are_as_usual_where_nothing_is_said)
        assert registry.source("half") == registry.source("again") != registry.source("more")
        assert registry.source("own") == "" != registry.source("here")
        found = rules_from_elsewhere({"toy": {"kind": "more"}})
        assert found == {"toy rule 'more'": registry.source("more")}
        assert rules_from_elsewhere({"toy": {"kind": "own"}}) == rules_from_elsewhere({}) == {}
    finally:
        REGISTRIES.remove(registry)


class TestFaultyPackages:
    """A package whose rule cannot be used costs only who asks for that rule, who is told every time."""

    @pytest.fixture
    def registry(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[Any, None]]:
        (tmp_path / "faulty_rules.py").write_text("number = 3\ndef rule(): ...\n")
        folder = tmp_path / "faulty-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Name: faulty\nVersion: 1.0\n")
        lines = ("absent = no_such_module:rule", "nameless = faulty_rules:ruel", "numeric = faulty_rules:number")
        more = ("built_in = faulty_rules:rule", "good = faulty_rules:rule")
        (folder / "entry_points.txt").write_text("\n".join(["[commonweal.of_a_test]", *lines, *more]) + "\n")
        monkeypatch.syspath_prepend(tmp_path)
        registry = Registry[Any, None]("toy rule", "commonweal.of_a_test", "", None)
        registry.register("built_in")(len)
        yield registry
        REGISTRIES.remove(registry)

    @pytest.mark.parametrize(
        ("name", "cause"),
        [
            ("absent", "(no_such_module:rule) cannot be used: ModuleNotFoundError: No module named 'no_such_module'"),
            ("nameless", "(faulty_rules:ruel) cannot be used: AttributeError"),
            ("numeric", "(faulty_rules:number) cannot be used: it is no function, but of type int"),
            ("built_in", "(faulty_rules:rule) cannot be used: the name is taken already"),
        ],
    )
    def test_who_asks_is_told_the_package_and_the_cause_every_time(
        self, registry: Registry[Any, None], name: str, cause: str
    ) -> None:
        for _ in range(2):
            with pytest.raises(InputError) as refusal:
                registry[name]
            assert f"toy rule {name!r} of the package faulty {cause}" in str(refusal.value)
            with pytest.raises(InputError):
                _ = name in registry

    def test_others_are_found_and_a_typo_is_told_as_one(self, registry: Registry[Any, None]) -> None:
        assert list(registry) == ["good"]
        assert registry["good"]() is None
        with pytest.raises(InputError, match="unknown toy rule 'god': there are good; did you mean 'good'"):
            registry["god"]
