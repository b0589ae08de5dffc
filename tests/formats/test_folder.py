"""Output folders: nothing is lost, whatever is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracktools.errors import OutputError
from tracktools.formats.folder import atomic_folder, check_disjoint, check_output_folder


def write_results(output: Path, *, force: bool = False, inputs: tuple[Path, ...] = ()) -> None:
    with atomic_folder(output, force=force, inputs=inputs) as partial:
        (partial / "provenance.json").write_text("{}")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_results_are_replaced_only_by_force(tmp_path: Path) -> None:
    output = tmp_path / "out"
    write_results(output)
    (output / "older").write_text("x")
    with pytest.raises(OutputError, match=r"is not empty \(--force replaces it\)"):
        write_results(output)
    assert names(output) == {"provenance.json", "older"}
    write_results(output, force=True)
    assert names(output) == {"provenance.json"}
    assert names(tmp_path) == {"out"}


def test_force_spares_a_folder_that_tracktools_did_not_make(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="not made by tracktools"):
        write_results(home, force=True)
    assert (home / "thesis.tex").read_text() == "years of work"
    assert names(tmp_path) == {"home"}


def test_force_spares_a_folder_that_holds_an_input(tmp_path: Path) -> None:
    output = tmp_path / "out"
    write_results(output)
    genome = output / "data" / "genome.fa"
    genome.parent.mkdir()
    genome.write_text(">c\nACGT\n")
    link = tmp_path / "link.fa"
    link.symlink_to(genome)
    for given in (genome, output / ".." / "out" / "data" / "genome.fa", link):
        with pytest.raises(OutputError, match="holds the input"):
            write_results(output, force=True, inputs=(given,))
    assert genome.read_text() == ">c\nACGT\n"


@pytest.mark.parametrize("given", [".", "", "..", "../..", "/", "../here/"])
def test_the_current_folder_and_those_above_it_are_never_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(OutputError, match="current folder"):
        check_output_folder(Path(given), force=True)
    assert here.is_dir()


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_is_followed(tmp_path: Path, exists: bool) -> None:
    scratch, link = tmp_path / "scratch", tmp_path / "link"
    if exists:
        scratch.mkdir()
    link.symlink_to("scratch")
    write_results(link)
    write_results(link, force=True)
    assert link.is_symlink()
    assert names(scratch) == {"provenance.json"}
    assert names(tmp_path) == {"scratch", "link"}


def test_a_fault_keeps_the_older_results(tmp_path: Path) -> None:
    output = tmp_path / "out"
    write_results(output)
    with pytest.raises(RuntimeError), atomic_folder(output, force=True):
        raise RuntimeError
    assert names(output) == {"provenance.json"}
    assert names(tmp_path) == {"out"}


@pytest.mark.parametrize(("first", "second"), [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a", "x/../a/")])
def test_two_outputs_do_not_share_a_folder(tmp_path: Path, first: str, second: str) -> None:
    with pytest.raises(OutputError, match="name two folders"):
        check_disjoint(tmp_path / first, tmp_path / second)
    check_disjoint(tmp_path / "a", tmp_path / "ab")
