"""What a terminal cannot show is written in other signs, and what it refuses is said in one line."""

import errno
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from commonweal.commands.cli import main
from commonweal.commands.output import write_readably
from commonweal.economy.learning.mlp import MLP

ROOT = Path(__file__).parents[2]
TINY = ["run", "commons", "--rounds", "2", "--set", "task.kind=wine", "--set", "population.count=4",
        "--set", "task.validation=30", "--set", "task.test=30"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("0.5 ± 0.1", "0.5 +/- 0.1"),
        ("η = 0.5 → Σ ≥ −1 …", "eta = 0.5 -> Sigma >= -1 ..."),
        ("Gächter, ½, R²", "Gachter, 1/2, R2"),
        ("名 \udcff", "? ?"),
    ],
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_signs_that_a_terminal_lacks_are_spelt(
    text: str, plain: str, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.BytesIO()
    terminal = io.TextIOWrapper(shown, encoding="ascii")
    monkeypatch.setattr(sys, stream, terminal)
    write_readably()
    print(text, file=terminal, flush=True)
    assert shown.getvalue().decode("ascii") == plain + "\n"


@pytest.mark.usefixtures("pictures_unseen")
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_run_is_shown_and_kept_on_a_terminal_that_is_not_utf_8(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding=encoding))
    assert main([*TINY, "--seeds", "2", "--out", str(tmp_path / "mine")]) == 0
    sys.stdout.flush()
    assert "mean and 95 % interval over 2 seeds" in shown.getvalue().decode(encoding)
    assert (tmp_path / "mine" / "runs.parquet").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("words", [["list"], ["describe"], ["study"], ["run", "--help"]])
def test_a_real_process_writes_to_an_ascii_terminal(words: list[str]) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "commonweal.commands.cli", *words]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


def test_a_full_disk_behind_standard_output_is_said_in_one_line() -> None:
    command = [sys.executable, "-m", "commonweal.commands.cli", "describe"]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "commonweal: standard output: No space left on device\n")


@pytest.mark.slow  # compiles every library anew
def test_studies_are_listed_without_docstrings() -> None:
    command = [sys.executable, "-OO", "-m", "commonweal.commands.cli", "study"]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "incentives" in done.stdout


@pytest.mark.slow
def test_a_study_is_explained_and_an_economy_played_without_docstrings(tmp_path: Path) -> None:
    for words in (["study", "incentives"], ["describe", "credit"], [*TINY, "--out", str(tmp_path / "mine")]):
        command = [sys.executable, "-OO", "-m", "commonweal.commands.cli", *words]
        done = subprocess.run(
            command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 and "Traceback" not in done.stderr and done.stdout


NO_MEMORY = (  # as torch says it
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate"
    " 41600000000 bytes. Error code 12 (Cannot allocate memory)"
)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RuntimeError(NO_MEMORY), "memory is short: Unable to allocate 38.7 GiB"),
        (OSError(errno.ENOSPC, "No space left on device"), "standard output: No space left on device"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "nnn"), "nnn: File name too long"),
        (PermissionError(errno.EACCES, "Permission denied", "mine"), "mine: Permission denied"),
    ],
)
def test_what_the_machine_refuses_is_said_in_one_line(
    error: Exception, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise error

    monkeypatch.setattr("commonweal.commands.play.list_games", refuse)
    assert main(["play"]) == 2
    assert capsys.readouterr().err == f"commonweal: {line}\n"


@pytest.mark.parametrize("part", ["initial", "traverse"])
def test_a_network_that_is_too_large_is_said_in_one_line(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(MLP, part, lambda *_: torch.empty(2**52))  # more than any address space
    assert main(TINY) == 2
    assert re.fullmatch(r"(.*\r)?commonweal: memory is short: Unable to allocate .*\n", capsys.readouterr().err)
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory", "part.parquet"),  # looked for and not made
        NotADirectoryError(errno.ENOTDIR, "Not a directory", "part"),
        OSError("no table of this library"),
        RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"),
        TypeError("unsupported operand"),
    ],
)
def test_a_fault_of_the_program_shows_where_it_happened(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("commonweal.commands.play.list_games", fail)
    with pytest.raises(type(error), match=re.escape(str(error))):
        main(["play"])


def test_memory_that_is_refused_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError("Unable to allocate 74.5 GiB")

    monkeypatch.setattr("commonweal.commands.play.list_games", refuse)
    assert main(["play"]) == 2
    assert capsys.readouterr().err == "commonweal: memory is short: Unable to allocate 74.5 GiB\n"
