"""The page about explanations: the code of its tour runs, and its command is one that there is."""

import re
import shlex
from pathlib import Path

import pytest

from commonweal.commands.cli import main

PAGE = (Path(__file__).parents[1] / "docs" / "explanations.md").read_text(encoding="utf-8")


def test_the_code_of_the_tour_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(block, "explanations.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "what principal 7 does in round 30" in printed and "mean of rounds 35 to 39 (accuracy)" in printed


def test_its_commands_are_told_of_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--help"]) == 0
    told = capsys.readouterr().out
    lines = re.findall(r"^    commonweal explain (.*?) +#", PAGE, re.MULTILINE)
    assert len(lines) > 1
    flags = {word for line in lines for word in shlex.split(line) if word.startswith("--")}
    flags |= set(re.findall(r"`(--[a-z]+)", PAGE.partition("## Decisions")[0]))
    assert {flag for flag in flags if flag not in told} == set()
