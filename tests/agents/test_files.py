"""Files are there whole or not at all."""

import os
from pathlib import Path

import pytest

from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing, sweep_up


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), replacing(tmp_path / "a.txt") as partial:
        partial.write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with replacing(tmp_path / "a.txt") as partial:
        partial.write_text("whole")
    assert (tmp_path / "a.txt").read_text() == "whole"


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    file = tmp_path / "a.txt"
    refused = pytest.raises(InputError, match=r"a\.txt: cannot be written: No space left on device$")
    with refused, refusals(file), replacing(file) as partial:
        partial.write_text("half")
        raise OSError(28, os.strerror(28))
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_what_killed_writers_left_of_one_file_or_of_all_is_removed(tmp_path: Path) -> None:
    for name in (".a.txt.17.tmp", ".b[1].txt.18.tmp", "a.txt", ".hidden"):
        (tmp_path / name).touch()
    sweep_up(tmp_path, "b[1].txt")
    assert sorted(file.name for file in tmp_path.iterdir()) == [".a.txt.17.tmp", ".hidden", "a.txt"]
    sweep_up(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".hidden", "a.txt"]


def test_a_link_is_kept_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "a.txt"
    link.symlink_to("disk/b.txt")
    for text in ("new", "newer"):
        with replacing(link) as partial:
            partial.write_text(text)
        assert link.is_symlink()
        assert (tmp_path / "disk" / "b.txt").read_text() == text
    assert {file.name for file in tmp_path.rglob("*")} == {"a.txt", "disk", "b.txt"}
