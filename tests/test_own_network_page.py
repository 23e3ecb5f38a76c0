"""The page on networks of one's own: its code runs, from the first block to the last."""

import re
from pathlib import Path

import pytest

from commonweal.scenarios.sweeps.sweep_files import read_sheet

PAGE = (Path(__file__).parents[1] / "docs" / "own-network.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_code_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(block, "own-network.md", "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    assert "forward (wrong.py, line 11) looks at single values of samples" in printed[-1]
    assert float(printed[-3]) > 0.2 and float(printed[-2]) > 0.3  # chance is .1 and .25
    assert len(read_sheet(tmp_path / "compare.toml").listed[0].levels) == 3
