"""Runs of several threads or processes at once: each hears all that it writes, and none ends for another's comings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tracktools.errors import OutputError
from tracktools.run import output_folder
from tracktools.run import workspace as workspaces
from tracktools.run.hearing import end_listening, listen
from tracktools.run.listing import read_list


class Ear:
    """Hears of what is written below a folder, and then does something once."""

    def __init__(self, home: Path, then: Callable[[], None] = lambda: None) -> None:
        self.home, self.then, self.heard = str(home), then, 0

    def written(self, path: object) -> None:
        if isinstance(path, str | Path) and str(path).startswith(self.home):
            self.heard += 1
            self.then()

    def moved(self, source: object, target: object) -> None: ...

    def removed(self, path: object) -> None: ...


def test_all_hear_what_is_written_while_one_of_them_ends(tmp_path: Path) -> None:
    """As when another thread ends its run in the middle of it."""
    first = Ear(tmp_path, then=lambda: end_listening(first))
    second = Ear(tmp_path)
    listen(first)
    listen(second)
    (tmp_path / "a").touch()
    end_listening(second)
    (tmp_path / "b").touch()
    assert (first.heard, second.heard) == (1, 1)


def test_a_folder_above_that_another_run_has_just_removed_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "runs" / "today" / "out"
    make, removed = workspaces._make_parents, []

    def make_and_lose(folder: Path) -> tuple[Path, ...]:
        made = make(folder)
        if len(removed) < 3:
            removed.append(folder.parent)
            folder.parent.rmdir()  # the other run had made it, and leaves nothing in it
        return made

    monkeypatch.setattr(workspaces, "_make_parents", make_and_lose)
    with output_folder(output) as folder:
        (folder / "a.bed").write_text("row")
    assert len(removed) == 3
    assert read_list(output).keys() == {"a.bed"}
    assert [path.name for path in output.parent.iterdir()] == ["out"]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a place where no folder can be made")
def test_a_place_where_no_folder_can_be_made_is_one_line() -> None:
    with (
        pytest.raises(OutputError, match=r"cannot be written: (No such file|Permission denied)"),
        output_folder(Path("/proc/tracktools/out")),
    ):
        pass
