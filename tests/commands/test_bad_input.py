"""Whatever a person gets wrong is said in one line, with exit status 2, and nothing is left behind."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from commonweal.commands.cli import main
from commonweal.economy.tasks import TASKS, Dataset

ROOT = Path(__file__).parents[2]
ANY_NUMBER = "must be a number between 0 and"

LONG = 300 * "n"  # a file system takes 255 bytes

FILES = {
    "negative.toml": "settlement.alpha = -1",
    "words.toml": "rounds = 'many'",
    "fraction.toml": "rounds = 2.5",
    "switch.toml": "screening.gate = 'perhaps'",
    "infinite.toml": "market.price = inf",
    "misspelt.toml": "[settlement]\nknid = 'data'",
    "section.toml": "[setlement]\nkind = 'data'",
    "flat.toml": "settlement = 'data'",
    "rule.toml": "settlement.kind = 'lottery'",
    "policy.toml": "policy.mix = {imitate = 1.0}",
    "mix.toml": "policy.mix = {fixed = 0.7, imitation = 0.7}",
    "starts.toml": "population.start_delegate = 0.9",
    "costs.toml": "population = {cost_low = 2.0, cost_high = 1.0}",
    "edgeless.toml": "population.graph = 'file'",
    "no_edges.toml": "population = {graph = 'file', edges = 'nowhere.txt', count = 3}",
    "bad_edges.toml": "population = {graph = 'file', edges = 'edges.txt', count = 3}",
    "far_edges.toml": "population = {graph = 'file', edges = 'far.txt', count = 3}",
    "class.toml": "[[values.dimensions]]\nsense = 'protect'\nlabel = 10",
    "senseless.toml": "[[values.dimensions]]\nlabel = 1",
    "probe.toml": "[[values.dimensions]]\nsense = 'protect'",
    "crowd.toml": "population.count = 1500",
    "validation.toml": "task.validation = 5000",
    "nan.toml": "task.kind = 'holes'",
    "broken.toml": "rounds = = 3",
    "twice.toml": "rounds = 3\nrounds = 4",
    "edges.txt": "0 1\n1 two\n",
    "far.txt": "0 1\n1 7\n",
}

# Command line, and what its one line must say.
MISTAKES = [
    ("run negative.toml", "negative.toml: settlement.alpha = -1: must be a number between 0 and 100"),
    ("run words.toml", "words.toml: rounds = 'many': must be a whole number between 1 and 10_000_000"),
    ("run fraction.toml", "fraction.toml: rounds = 2.5: must be a whole number"),
    ("run switch.toml", "switch.toml: screening.gate = 'perhaps': must be true or false"),
    ("run infinite.toml", f"infinite.toml: market.price = inf: {ANY_NUMBER} 1_000_000"),
    ("run misspelt.toml", "misspelt.toml: settlement.knid is not a field; did you mean settlement.kind?"),
    ("run section.toml", "section.toml: setlement is not a field; did you mean settlement?"),
    ("run flat.toml", "flat.toml: settlement = 'data': must be a table of kind, horizon"),
    ("run rule.toml", "rule.toml: settlement.kind = 'lottery': must be one of credit, data, equal"),
    ("run policy.toml", "policy.toml: policy.mix = 'imitate': must be one of"),
    ("run mix.toml", "mix.toml: policy: the shares of mix sum to 1.4; they must sum to 1"),
    ("run starts.toml", "the shares must sum to 1"),
    ("run costs.toml", "costs.toml: population: cost_low = 2 exceeds cost_high = 1"),
    ("run edgeless.toml", "graph = 'file' needs edges"),
    ("run no_edges.toml", "nowhere.txt"),
    ("run bad_edges.toml", "edges.txt"),
    ("run far_edges.toml", "there is no principal 7; they are 0 to 2"),
    ("run class.toml", "values.dimensions[0].label = 10: classes of digits are 0 to 9"),
    ("run senseless.toml", "values.dimensions[0].sense is missing: must be one of protect, withhold"),
    ("run probe.toml", "values.dimensions[0]: give exactly one of label, feature and probe"),
    ("run crowd.toml", "population.count = 1500"),
    ("run validation.toml", "task.validation = 5000"),
    ("run nan.toml", "nan"),
    ("run broken.toml", "broken.toml: not valid TOML"),
    ("run twice.toml", "twice.toml: not valid TOML"),
    ("run missing.toml", "missing.toml: no such scenario file"),
    ("run comons", "unknown scenario 'comons': must be one of big-and-small"),
    ("run negative.toml/inside.toml", "negative.toml/inside.toml: no such scenario file"),
    ("run", "Missing argument 'SCENARIO'"),
    ("run commons --set rounds", "'rounds' is not an assignment: write path=value"),
    ("run commons --set rounds=", "'rounds=' is not an assignment"),
    ("run commons --set =3", "is not the path of a field"),
    ("run commons --set settlement..kind=data", "'settlement..kind' is not the path of a field"),
    ("run commons --set learning.hidden=[32", "'[32' is not a value"),
    ("run commons --set market.leak=2", f"commonweal: market.leak = 2: {ANY_NUMBER} 1"),
    ("run commons --set market.lek=0.2", "market.lek is not a field; did you mean market.leak?"),
    ("run commons --set rounds.first=2", "rounds.first is not a field; rounds has no fields"),
    ("run commons --set task.kind=digts", "task.kind = 'digts': must be one of"),
    ("run commons --set learning.network=transformer", "learning.network = 'transformer': must be one of"),
    ("run commons --set credit.kind=karma", "credit.kind = 'karma': must be one of"),
    ("run commons --set device=gpu", "device = 'gpu': must be cpu, cuda or cuda:N"),
    ("run commons --set device=cuda:99", "device = 'cuda:99'"),
    ("run commons --set name=../escape", "name = '../escape': must be letters, digits"),
    ("run commons --rounds 0", "rounds = 0: must be a whole number between 1 and 10_000_000"),
    ("run commons --rounds few", "--rounds = 'few': must be a whole number"),
    ("run commons --seeds 0", "seeds = 0: must be a count of at least 1"),
    ("run commons --seeds 99999999999", "seeds = 99999999999: must be a count of at least 1, or"),
    ("run commons --seeds 99999999999999999999,", "(at most 10_000_000 of them, below 2**63)"),
    (f"run {LONG}", "unknown scenario 'nnn"),
    (f"run {LONG}.toml", "no such scenario file"),
    (f"run commons --out {LONG}", "File name too long"),
    (f"sweep free-riding --out {LONG}", "File name too long"),
    (f"serve {LONG}", "unknown scenario"),
    (f"serve --run {LONG}/3f2a", "File name too long"),
    (f"figures {LONG}", "File name too long"),
    (f"results {LONG}", "File name too long"),
    (f"contract solve {LONG}", "unknown contract"),
    (f"contract solve big-firms --out {LONG}", "File name too long"),
    (f"study calibrate public-goods -o data={LONG}", "option data = 'nnn"),
    ("run commons --seeds many", "seeds = many: must be a count"),
    ("run commons --seeds 1,1", "seeds = 1,1: must be a count"),
    ("run commons --sedes 3", "No such option"),
    ("run commons --out negative.toml", "negative.toml: is a file; results need a folder"),
    ("run commons --out negative.toml/inside", "inside: cannot be written: Not a directory"),
    ("run commons --out .", "is not empty and holds no results of commonweal"),
    ("walk commons", "No such command 'walk'"),
    ("sweep commons", "Missing option '--vary'"),
    ("sweep commons --vary market.leak", "'market.leak' varies nothing: write path=a,b,c"),
    ("sweep commons --vary market.leak=0.1,,0.2", "is not a value"),
    ("sweep commons --vary market.leak=0.1,", "is not a value"),
    ("sweep commons --vary market.leak=0.1,0.1", "market.leak varies over 0.1 twice"),
    ("sweep commons --vary market.leak=0.1,7", f"market.leak = 7: {ANY_NUMBER} 1"),
    ("sweep commons --vary rounds=2 --vary rounds=3", "--vary rounds is given twice"),
    ("sweep commons --vary market.leak=0.1,0.2 --set market.leak=0.3", "market.leak is both set and varied"),
    ("sweep commons --vary leak=0.1,0.2", "leak is not a field; did you mean market.leak?"),
    ("describe market.lek", "market.lek is not a field; did you mean market.leak?"),
    ("figures .", "holds no results of commonweal"),
    ("figures nowhere", "nowhere: holds no results of commonweal"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with every malformed file, where data with holes are registered as a task."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text + "\n")
    monkeypatch.chdir(tmp_path)
    digits = TASKS["digits"]

    def holes(terms: object, generator: np.random.Generator) -> Dataset:
        complete = digits(terms, generator)  # type: ignore[arg-type]
        features = np.where(np.arange(complete.features.shape[1]) == 5, np.nan, complete.features)
        return Dataset(**{**vars(complete), "features": features})

    monkeypatch.setitem(TASKS._plugs, "holes", holes)
    return tmp_path


@pytest.mark.parametrize(("command", "line"), MISTAKES, ids=[command for command, _ in MISTAKES])
def test_a_mistake_is_answered_in_one_line(
    command: str, line: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("commonweal: ")
    assert printed.err.count("\n") == 1
    assert line in printed.err
    assert printed.out == ""
    assert {path.name for path in folder.iterdir()} == set(FILES)


@pytest.mark.slow
def test_a_real_process_ends_with_status_2_and_no_traceback(folder: Path) -> None:
    words = [sys.executable, "-m", "commonweal.commands.cli", "run", "negative.toml"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "must be" in done.stderr
    assert {path.name for path in folder.iterdir()} == set(FILES)
