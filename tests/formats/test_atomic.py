from __future__ import annotations

import errno
from pathlib import Path

import pytest

from tracktools.errors import OutputError
from tracktools.formats.atomic import atomic_file, is_partial_name


def write(path: Path, text: str, problem: BaseException | None = None) -> None:
    with atomic_file(path) as partial:
        partial.write_text(text)
        assert partial.parent == path.parent
        assert is_partial_name(partial.name)
        if problem is not None:
            raise problem


def test_a_finished_file_takes_the_place_of_the_older_one(tmp_path: Path):
    for text in ("older", "newer"):
        write(tmp_path / "a.txt", text)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.txt", "newer")]


@pytest.mark.parametrize("problem", [ValueError("x"), KeyboardInterrupt(), FileNotFoundError(errno.ENOENT, "an input")])
def test_any_error_leaves_the_older_file_alone(tmp_path: Path, problem: BaseException):
    write(tmp_path / "a.txt", "older")
    with pytest.raises(type(problem)):
        write(tmp_path / "a.txt", "newer", problem)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.txt", "older")]


def test_a_full_disk_is_an_error_of_one_line(tmp_path: Path):
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written: No space left .*\(make room"):
        write(tmp_path / "a.txt", "text", OSError(errno.ENOSPC, "No space left on device"))
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path: Path):
    with pytest.raises(OutputError, match=r"its folder does not exist \(create .*none\)"):
        write(tmp_path / "none" / "a.txt", "text")
    with pytest.raises(OutputError, match="a folder has that name"):
        write(tmp_path, "text")
    with pytest.raises(OutputError, match="File name too long"):
        write(tmp_path / ("a" * 300), "text")


def test_no_file_of_that_name_is_overwritten_or_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "thesis.tex").write_text("years of work")
    (tmp_path / "a.txt.partial").symlink_to("thesis.tex")
    write(tmp_path / "a.txt", "text")
    monkeypatch.setattr("secrets.token_hex", lambda _: "0" * 16)
    (tmp_path / f".{'0' * 16}.partial").symlink_to("thesis.tex")
    with pytest.raises(OutputError, match="File exists"):
        write(tmp_path / "b.txt", "text")
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
    assert (tmp_path / "a.txt.partial").is_symlink()
