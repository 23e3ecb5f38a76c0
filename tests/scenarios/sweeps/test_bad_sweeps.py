# ruff: noqa: E501 (a mistake a line reads as the table it is)
"""Whatever is wrong with a sweep file is said in one line that names the file and the place, before anything runs."""

from pathlib import Path

import pytest

from commonweal.agents.errors import InputError
from commonweal.scenarios.sweeps.plan import read_plan

BASE = 'scenario = "commons"\n'
VARY = BASE + 'vary.settlement.kind = ["equal", "data", "credit"]\n'
LEAK = BASE + "range.market.leak = { low = 0.1, high = 0.9 }\n"
LIST = BASE + '[[point]]\nsettlement.kind = "equal"\n'

# What the file says, and what its one line must say.
MISTAKES = {
    "broken": ("vary = = 3", "not valid TOML"),
    "misspelt key": (BASE + "vray.rounds = [1, 2]", "vray is unknown in a sweep; did you mean vary?"),
    "no scenario": ("vary.rounds = [1, 2]", "scenario is missing"),
    "unknown scenario": ('scenario = "comons"', "unknown scenario 'comons'"),
    "no such scenario file": ('scenario = "nowhere.toml"', "nowhere.toml: no such scenario file"),
    "unknown factor": (BASE + 'vary.settlement.knid = ["equal"]', "settlement.knid is not a field; did you mean settlement.kind?"),
    "unknown section": (BASE + 'vary.setlement.kind = ["equal"]', "setlement is not a field; did you mean settlement?"),
    "unknown set": (BASE + "set.market.leek = 1", "market.leek is not a field; did you mean market.leak?"),
    "set out of range": (BASE + "set.market.leak = 2", "market.leak = 2: must be a number between 0 and 1"),
    "set and varied": (VARY + 'set.settlement.kind = "data"', "settlement.kind is both set and varied"),
    "no list": (BASE + 'vary.settlement.kind = "equal"', "settlement.kind = 'equal': must be a list of values"),
    "nothing listed": (BASE + "vary.settlement.kind = []", "settlement.kind has no values to vary over"),
    "value twice": (BASE + "vary.market.leak = [0.1, 0.2, 0.1]", "market.leak varies over 0.1 twice"),
    "equal values": (BASE + "vary.market.leak = [1, 1.0]", "vary: market.leak varies over 1 and 1.0, which are equal: list different values"),
    "level out of range": (BASE + "vary.market.leak = [0.5, 1.5]", "point 1 (market.leak = 1.5): market.leak = 1.5: must be"),
    "level inconsistent": (BASE + "vary.population.cost_low = [0.0001, 0.1]", "point 1 (population.cost_low = 0.1): population: cost_low"),
    "level of another kind": (BASE + 'vary.rounds = [10, "many"]', "point 1 (rounds = 'many'): rounds = 'many': must be a whole number"),
    "unregistered rule": (BASE + 'vary.settlement.kind = ["equal", "lotery"]', "point 1 (settlement.kind = 'lotery'): settlement.kind"),
    "no such item": (BASE + '[vary]\n"values.dimensions[0].limit" = [1]', "there is no item 0"),
    "star of numbers": (BASE + 'vary.market.leak = "*"', "market.leak = '*': its values have no names"),
    "written twice": (BASE + 'vary.market.leak = [0]\nvary."market.leak" = [1]', "vary: market.leak is given twice"),
    "factor inside factor": (BASE + 'vary.policy.mix = "*"\n[[zip]]\n"policy.mix.fixed" = [1.0]', "policy.mix.fixed varies inside policy.mix"),
    "factor twice": (VARY + '[[zip]]\nsettlement.kind = ["data"]', "settlement.kind varies twice"),
    "zip of unequal lengths": (BASE + "[[zip]]\nmarket.leak = [0, 1]\nmarket.rivalry = [0, 0.5, 1]", "zip[0]: lists in step need the same length, but market.leak has 2, market.rivalry has 3"),
    "zip no array": (BASE + "[zip]\nmarket.leak = [0, 1]", "write each as [[zip]]"),
    "empty zip": (BASE + "[[zip]]\n", "zip[0] is empty"),
    "exclude all": (VARY + "".join(f'[[exclude]]\nsettlement.kind = "{k}"\n' for k in ("equal", "data", "credit")), "the design is empty"),
    "exclude nothing": (VARY + "[[exclude]]\n", "exclude[0] is empty and would exclude every point"),
    "exclude no level": (VARY + '[[exclude]]\nsettlement.kind = "equl"', "settlement.kind = 'equl' is none of its values: 'equal', 'data', 'credit'"),
    "exclude no factor": (VARY + "[[exclude]]\nmarket.leak = 0.1", "market.leak is no listed factor; there are settlement.kind"),
    "exclude sampled": (LEAK + 'design = { kind = "latin", size = 2 }\n[[exclude]]\nmarket.leak = 0.1', "market.leak is no listed factor"),
    "range of names": (BASE + "range.settlement.kind = { low = 0, high = 1 }", "the field holds no number; give values"),
    "range without high": (BASE + "range.market.leak = { low = 0 }", "range market.leak: high is missing"),
    "range reversed": (BASE + "range.market.leak = { low = 1, high = 0 }", "low = 1 must be below high = 0"),
    "range without end": (BASE + "range.market.leak = { low = 0, high = inf }", "high = inf: must be a number"),
    "range of fractions": (BASE + "range.rounds = { low = 1.5, high = 3 }", "low = 1.5: must be a whole number"),
    "log from zero": (BASE + 'range.market.leak = { low = 0, high = 1, scale = "log" }', "low = 0: must be above 0 on a log scale"),
    "scale": (BASE + 'range.market.leak = { low = 0, high = 1, scale = "lin" }', "scale = 'lin': must be one of linear, log"),
    "levels": (BASE + "range.market.leak = { low = 0, high = 1, levels = 1 }", "levels = 1: must be a whole number of at least 2"),
    "grid without levels": (LEAK, "range market.leak: a grid needs levels"),
    "range key": (BASE + "range.market.leak = { low = 0, hihg = 1 }", "hihg is unknown; a range has high, levels"),
    "range no table": (BASE + "range.market.leak = [0, 1]", "must be a table of low and high"),
    "range out of bounds": (BASE + "range.market.leak = { low = 0, high = 2, levels = 3 }", "point 2 (market.leak = 2.0): market.leak = 2.0: must be"),
    "design kind": (LEAK + 'design.kind = "sobel"', "design.kind = 'sobel': must be one of grid, list, sobol, latin, morris; did you mean 'sobol'?"),
    "design no table": (LEAK + 'design = "sobol"', "design = 'sobol': must be a table with a kind"),
    "design key": (LEAK + 'design = { kind = "latin", sise = 4 }', "sise is unknown in the design latin; did you mean size?"),
    "size of a grid": (VARY + 'design = { kind = "grid", size = 4 }', "size is unknown in the design grid"),
    "no size": (LEAK + 'design.kind = "sobol"', "design.size is missing"),
    "size not a number": (LEAK + 'design = { kind = "latin", size = "big" }', "design.size = 'big': must be a whole number"),
    "size zero": (LEAK + 'design = { kind = "latin", size = 0 }', "design.size = 0: must be a whole number between 1"),
    "size no power of two": (LEAK + 'design = { kind = "sobol", size = 100 }', "design.size = 100: must be a power of two, like 64 or 128"),
    "odd levels": (LEAK + 'design = { kind = "morris", size = 4, levels = 5 }', "design.levels = 5: must be an even number"),
    "nothing to sample": (VARY + 'design = { kind = "latin", size = 4 }', "the design latin samples ranges: there is no [range]"),
    "empty list": (BASE + 'design.kind = "list"', "the design is empty: list its points"),
    "empty point": (BASE + "[[point]]\n", "point[0] is empty"),
    "uneven points": (LIST + "[[point]]\nmarket.leak = 0.1", "every point gives the same fields, but market.leak is not in all"),
    "same point twice": (LIST + LIST.removeprefix(BASE), "points 0 and 1 are the same economy: settlement.kind = 'equal'"),
    "point of a grid": ('design.kind = "grid"\n' + LIST, "[[point]] belongs to the design list, not to grid"),
    "list and vary": ("vary.rounds = [1, 2]\n" + LIST, "leave out vary, range, zip and exclude"),
    "no replications": (VARY + "replications = 0", "replications = 0: must be a whole number of at least 1"),
    "part of a replication": (VARY + "replications = 2.5", "replications = 2.5: must be a whole number"),
    "replications and seeds": (VARY + "replications = 2\nseeds = [1]", "replications and seeds are both given"),
    "same seed twice": (VARY + "seeds = [1, 1]", "must be a count of at least 1, or different whole numbers from 0"),
    "no seeds": (VARY + "seeds = []", "must be a count of at least 1"),
    "seeds no list": (VARY + "seeds = 3", "seeds = 3: must be a list of whole numbers"),
    "unknown metric": (VARY + 'metrics = ["acuracy"]', "metrics: 'acuracy' is no metric of this sweep"),
    "metric of a dimension": (VARY + 'metrics = ["level_0"]', "metrics: 'level_0' is no metric of this sweep"),
    "metric twice": (VARY + 'metrics = ["gini", "gini"]', "metrics: 'gini' is named twice"),
    "no metric": (VARY + "metrics = []", "name at least one"),
    "metrics no list": (VARY + 'metrics = "gini"', "metrics = 'gini': must be a list of names"),
    "never": (VARY + "every = 0", "every = 0: must be a whole number of at least 1 round"),
    "every so often": (VARY + 'every = "often"', "every = 'often': must be a whole number"),
    "bad stop": (VARY + 'stop = "converged(accuracy)"', "converged takes 3 arguments (metric, window, tolerance), not 1"),
    "stop of unknown metric": (VARY + 'stop = "converged(acuracy, 20, 0.1)"', "stop: 'acuracy' is no metric of this sweep"),
    "stop no text": (VARY + "stop = 20", "stop = 20: must be text"),
    "name": (VARY + 'name = "a/b"', "name = 'a/b': must be letters, digits"),
    "vary no table": (BASE + "vary = 3", "vary = 3: must be a table of fields"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_bad_sweep_file_gives_one_clear_line(mistake: str, tmp_path: Path) -> None:
    text, said = MISTAKES[mistake]
    file = tmp_path / "bad.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_plan(file)
    line = str(refusal.value)
    assert line.startswith("bad.toml: ") and said in line
    assert "\n" not in line and len(line) < 500


def test_there_are_enough_mistakes_to_be_sure_of() -> None:
    assert len(MISTAKES) > 60


@pytest.mark.parametrize(
    ("name", "said"), [("fre-riding", "did you mean 'free-riding'?"), ("no.toml", "no such sweep")]
)
def test_a_sweep_that_is_not_there_is_refused_with_the_nearest_name(name: str, said: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_plan(name)
    assert said in str(refusal.value)


def test_what_the_caller_varies_is_checked_like_a_file(tmp_path: Path) -> None:
    file = tmp_path / "fine.toml"
    file.write_text(VARY, encoding="utf-8")
    for source in (file, "commons"):
        for options, said in (
            ({"vary": {"market.leek": [1]}}, "market.leek is not a field; did you mean market.leak?"),
            ({"vary": {"market.leak": [2]}}, "market.leak = 2: must be a number"),
            ({"vary": {"market.leak": []}}, "market.leak has no values to vary over"),
            ({"vary": {"market.leak": [0, 1]}, "changes": ["market.leak=1"]}, "both set and varied"),
            ({"seeds": "0"}, "seeds = 0: must be a count of at least 1"),
        ):
            with pytest.raises(InputError) as refusal:
                read_plan(source, **options)
            assert said in str(refusal.value)
