"""The page about data of one's own: its code runs, what it prints is what it says, and its scenario is played."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from commonweal.commands.cli import main

PAGE = (Path(__file__).parents[1] / "docs" / "own-data.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.usefixtures("pictures_unseen")
def test_the_page_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks("python"):
        exec(compile(block, "own-data.md", "exec"), names)
    printed = capsys.readouterr().out
    for said in re.findall(r"print\(.*\)  # (.+)", PAGE):
        assert said in printed
    (toml,) = blocks("toml")
    Path("wards.toml").write_text(toml, encoding="utf-8")
    run, *_ = blocks("bash")[0].splitlines()
    assert main([*shlex.split(run)[1:], "--set", "rounds=2"]) == 0
    assert "wards" in capsys.readouterr().out
