"""Plug points: one list of all, facts at the registration, and rules that worker processes know."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import commonweal.scenarios.atlas
import commonweal.scenarios.studies  # noqa: F401 - registers
from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES, PolicyFacts
from commonweal.agents.reciprocity.norms import NORMS
from commonweal.agents.registry import REGISTRIES, Registry, plugin_modules, rules_from_elsewhere
from commonweal.economy.credit import CREDITS
from commonweal.scenarios.schema.describe import registries
from commonweal.scenarios.sweeps.executors import engine_named

PLUG_POINTS = [*registries().values(), *(registry for registry in REGISTRIES if not registry.field)]
ROOT = Path(__file__).parents[2]
SCRIPT = """
from commonweal import Norm, norm
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

@norm("of_the_script")
def mild():
    return Norm([[1, 1], [1, 1]], [[[1, 1], [1, 1]], [[1, 1], [1, 1]]])

if __name__ == "__main__":
    import imported_rules
    names = {"reciprocity.kind": "requests", "settlement.horizon": 1, "policy.mix": {"norm:of_the_script": 1.0}}
    base = load("commons", SMALL | names | {"negotiation.kind": "shapley_coop", "reciprocity.norm": "imported"})
    vary = {"rewards.kind": ["of_the_script", "imported"], "negotiation.negotiator": ["of_the_script", "imported"]}
    runs = sweep(plan_of(base, vary, 1), engine="processes", workers=1).runs
    print(set(runs["status"]), set(runs["message"].fillna("")))
"""
IMPORTED = """
from commonweal.agents.reciprocity.norms import NORMS, norm
from commonweal.economy.negotiation import ShapleyNegotiator, negotiator
from commonweal.economy.rewards.rules import REWARDS, reward_rule

@reward_rule("imported")
def imported(*arguments):
    return REWARDS["shared"](*arguments)

@negotiator("imported")
class Imported(ShapleyNegotiator):
    pass

@norm("imported")
def milder():
    return NORMS["L3"]()
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
            pool.submit(exec, "import commonweal.scenarios.atlas, commonweal.scenarios.studies").result()
            assert not pool.submit(eval, ask).result()
            for module in plugin_modules():
                pool.submit(exec, f"import {module}").result()
            yield pool.submit(eval, ask).result()
    finally:
        for registry, before in plugs.items():
            registry._plugs = before
        del sys.modules[plugged.__name__]


@pytest.mark.slow
@pytest.mark.parametrize("registry", PLUG_POINTS, ids=lambda registry: registry.noun)
def test_a_worker_process_knows_rules_that_were_registered_elsewhere(
    registry: Registry[Any, Any], known: set[str]
) -> None:
    assert registry.group in known


@pytest.mark.slow
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


class TestDerivedNames:
    """A registry may have a function for every name of another one, such as a policy for every norm."""

    @pytest.fixture
    def pair(self) -> Iterator[tuple[Registry[Any, None], Registry[Any, PolicyFacts]]]:
        source = Registry[Any, None]("toy source", "commonweal.of_a_toy_source", "", None)
        family = Registry[Any, PolicyFacts]("toy rule", "commonweal.of_a_toy_family", "toy.kind", PolicyFacts())
        source.register("one")(lambda: 1)
        family.register("plain")(lambda: 0)
        family.derive("from", source, lambda name: lambda: source[name]() + 1, starts=True, remembers=False)
        yield source, family
        REGISTRIES.remove(source)
        REGISTRIES.remove(family)

    def test_they_are_found_counted_and_have_the_facts_of_their_family(self, pair: Any) -> None:
        _, family = pair
        assert "from:one" in family and family["from:one"]() == 2
        assert list(family) == ["from:one", "plain"]
        assert family.facts("from:one") == PolicyFacts(starts=True, remembers=False)
        assert family.facts("plain") == PolicyFacts()

    def test_a_name_that_comes_later_is_found_too_and_is_the_same_function_each_time(self, pair: Any) -> None:
        source, family = pair
        assert "from:two" not in family
        source.register("two")(lambda: 2)
        assert family["from:two"]() == 3 and family["from:two"] is family["from:two"]
        assert "from:two" in list(family)

    @pytest.mark.parametrize("name", ["from:", "from", "from:three", "of:one", "one", "from:one:", ":one"])
    def test_what_is_no_name_of_the_other_registry_is_refused_with_what_there_is(self, pair: Any, name: str) -> None:
        _, family = pair
        assert name not in family
        with pytest.raises(InputError, match=f"^unknown toy rule '{name}': there are from:one, plain"):
            family[name]

    def test_every_norm_has_its_policy_which_goes_by_names_from_the_first_round_on(self) -> None:
        derived = {name for name in POLICIES if ":" in name}
        assert derived == {f"norm:{name}" for name in NORMS}
        assert all(POLICIES.facts(name).starts and POLICIES.facts(name).names for name in derived)
        assert not any(POLICIES.facts(name).remembers or POLICIES.facts(name).compares for name in derived)

    def test_the_source_of_a_policy_is_the_code_of_its_norm(self) -> None:
        typed: dict[str, Any] = {"__name__": "__main__"}
        exec("def mine():\n    return 3", typed)
        NORMS.register("typed")(typed["mine"])
        try:
            mix = {"policy": {"mix": {"norm:typed": 0.5, "norm:L6": 0.5}}, "reciprocity": {"norm": "typed"}}
            found = rules_from_elsewhere(mix)
            assert found == {"policy 'norm:typed'": NORMS.source("typed"), "norm 'typed'": NORMS.source("typed")}
            assert NORMS.source("typed") and POLICIES.source("norm:L6") == ""
        finally:
            NORMS._plugs.pop("typed")
            POLICIES._plugs.pop("norm:typed")


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
