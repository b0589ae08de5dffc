"""Outputs: nothing of the user's is lost, whatever is asked for; two runs never meet; what is killed is continued."""

from __future__ import annotations

import fcntl
import json
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tracktools.errors import OutputError, OutputForeign, OutputLocked, OutputNotEmpty, UnfinishedRunDiffers
from tracktools.formats.json_file import json_bytes, sealed
from tracktools.run import Policy, Run, check_disjoint, check_output, output_file, output_folder, remove_output
from tracktools.run.listing import read_list, remove_listed
from tracktools.run.lock import lock_file

THESIS = "years of work"
IDENTITY = {"verb": "count", "genome": "abc", "block_bp": 7}


def write_results(output: Path, *, force: bool = False, inputs: tuple[Path, ...] = (), text: str = "row") -> None:
    with output_folder(output, force=force, inputs=inputs) as folder:
        (folder / "provenance.json").write_text("{}")
        (folder / "a.bed").write_text(text)
        (folder / "deep").mkdir()
        (folder / "deep" / "b.bed").write_text(text)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


RESULT = {"provenance.json", "a.bed", "deep", "deep/b.bed"}


@contextmanager
def untouched(*folders: Path) -> Iterator[None]:
    """What some folders hold is the same afterwards, to the byte."""

    def state() -> list[tuple[str, bytes | None]]:
        return [
            (str(path), path.read_bytes() if path.is_file() else None)
            for folder in folders
            for path in sorted(folder.rglob("*"))
        ]

    before = state()
    yield
    assert state() == before


def fail_halfway(output: Path, error: type[BaseException], *, force: bool = False) -> None:
    with output_folder(output, force=force) as folder:
        (folder / "half").write_text("x")
        raise error


def test_results_are_replaced_only_by_force(tmp_path: Path) -> None:
    output = tmp_path / "out"
    write_results(output, text="older")
    with pytest.raises(OutputNotEmpty, match=r"is not empty \(--force replaces it\)"), untouched(tmp_path):
        write_results(output)
    write_results(output, force=True, text="newer")
    assert (output / "deep" / "b.bed").read_text() == "newer"
    assert names(tmp_path) == {"out", *(f"out/{name}" for name in RESULT)}


def test_provenance_lists_every_file_and_is_sealed(tmp_path: Path) -> None:
    write_results(tmp_path / "out", text="abc")
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of FIPS 180
    assert record["files"] == {"a.bed": abc, "deep/b.bed": abc}
    assert record == sealed({name: value for name, value in record.items() if name != "record_sha256"})


@pytest.mark.parametrize("kind", ["empty provenance", "tracks.tsv", "hub.txt", "nothing", "older version"])
def test_force_spares_a_folder_that_tracktools_did_not_make(tmp_path: Path, kind: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.tex").write_text(THESIS)
    if kind == "empty provenance":
        (home / "provenance.json").write_text("{}")
    elif kind == "older version":
        (home / "provenance.json").write_text(json.dumps({"command": "tracktools predict", "genome": {}}))
    elif kind != "nothing":
        (home / kind).write_text("x")
    named = r"(thesis\.tex|hub\.txt)"
    with pytest.raises(OutputForeign, match=rf"home: is not replaced.*{named}"), untouched(tmp_path):
        write_results(home, force=True)


@pytest.mark.parametrize("where", ["notes.txt", "deep/notes.txt", "mine/notes.txt", "mine/"])
def test_force_spares_results_with_a_file_of_the_users(tmp_path: Path, where: str) -> None:
    output = tmp_path / "out"
    write_results(output)
    path = output / where
    path.parent.mkdir(exist_ok=True)
    path.mkdir() if where.endswith("/") else path.write_text(THESIS)
    with pytest.raises(OutputForeign, match=rf"it contains {where.split('/')[0]}") as caught, untouched(tmp_path):
        write_results(output, force=True)
    assert "\n" not in str(caught.value)
    assert caught.value.file == output


@pytest.mark.parametrize("what", ["a.bed", "deep/b.bed", "provenance.json", "list"])
def test_force_spares_results_that_were_changed(tmp_path: Path, what: str) -> None:
    output = tmp_path / "out"
    write_results(output)
    record = json.loads((output / "provenance.json").read_text())
    if what == "list":  # somebody makes a file of theirs look like ours
        (output / "thesis.tex").write_text(THESIS)
        record["files"]["thesis.tex"] = record["files"]["a.bed"]
    if what in ("list", "provenance.json"):
        (output / "provenance.json").write_text(json.dumps({**record, "note": "mine"}))
    else:
        (output / what).write_text("edited")
    name = "provenance.json" if what == "list" else what
    with pytest.raises(OutputForeign, match=rf"{name} was changed since tracktools wrote it"), untouched(tmp_path):
        write_results(output, force=True)


def test_a_list_that_leads_out_of_its_folder_removes_nothing(tmp_path: Path) -> None:
    write_results(tmp_path / "out")
    (tmp_path / "thesis.tex").write_text("row")
    path = tmp_path / "out" / "provenance.json"
    record = json.loads(path.read_text())
    record["files"] = {"../thesis.tex": record["files"]["a.bed"], **record["files"]}
    path.write_bytes(json_bytes(sealed(record)))
    with pytest.raises(OutputForeign), untouched(tmp_path):
        remove_output(tmp_path / "out")


def test_force_spares_a_folder_that_holds_an_input(tmp_path: Path) -> None:
    output = tmp_path / "out"
    write_results(output)
    link = tmp_path / "link.bed"
    link.symlink_to(output / "a.bed")
    for given in (output / "a.bed", output / ".." / "out" / "a.bed", link, output):
        with pytest.raises(OutputForeign, match="contains the input"), untouched(tmp_path):
            write_results(output, force=True, inputs=(given,))


@pytest.mark.parametrize("given", [".", "", "..", "../..", "/", "../here/"])
def test_the_current_folder_and_those_above_it_are_never_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(OutputError, match="current folder"):
        check_output(Path(given), force=True)
    assert here.is_dir()


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_is_followed_to_make_and_never_to_replace(tmp_path: Path, exists: bool) -> None:
    scratch, link = tmp_path / "scratch", tmp_path / "link"
    if exists:
        scratch.mkdir()
    link.symlink_to("scratch")
    write_results(link)
    assert link.is_symlink()
    assert names(scratch) == RESULT
    with pytest.raises(OutputForeign, match="symbolic link"), untouched(tmp_path):
        write_results(link, force=True)


@pytest.mark.parametrize("suffix", [".partial", ".partial/link"])
def test_links_in_the_place_of_unfinished_work_are_refused(tmp_path: Path, suffix: str) -> None:
    mine = tmp_path / "mine"
    (mine / "blocks").mkdir(parents=True)
    (mine / "blocks" / "000000.f32").write_text(THESIS)
    link = tmp_path / f"out{suffix}"
    if suffix != ".partial":
        leave(tmp_path / "out", keep="blocks/000000.f32")
        (tmp_path / "out.partial" / "blocks" / "000000.f32").unlink()
        (tmp_path / "out.partial" / "blocks").rmdir()
        link = tmp_path / "out.partial" / "blocks"
    link.symlink_to(mine / "blocks" if suffix != ".partial" else mine)
    for policy in (Policy(), Policy(force=True), Policy(restart=True)):
        with pytest.raises(OutputForeign, match="symbolic link"), untouched(tmp_path), make(tmp_path / "out", policy):
            pass


@pytest.mark.parametrize("suffix", [".partial", ".replaced"])
@pytest.mark.parametrize("kind", ["folder", "file", "one called lock", "old"])
def test_users_partial_and_replaced_are_never_touched(tmp_path: Path, suffix: str, kind: str) -> None:
    mine = tmp_path / f"out{suffix}"
    if kind == "file":
        mine.write_text(THESIS)
    else:
        mine.mkdir()
        (mine / {"one called lock": "lock", "old": "manifest.json"}.get(kind, "thesis.tex")).write_text(THESIS)
    write_results(tmp_path / "older")  # so that there is something to replace
    if suffix == ".replaced":
        write_results(tmp_path / "out")
        with untouched(mine) if mine.is_dir() else untouched():
            write_results(tmp_path / "out", force=True)
        assert mine.is_dir() or mine.read_text() == THESIS
        return
    for force in (False, True):
        with pytest.raises(OutputForeign, match=r"out\.partial: is .*(move it away|file)"), untouched(tmp_path):
            write_results(tmp_path / "out", force=force)


def test_an_error_keeps_the_older_results(tmp_path: Path) -> None:
    output = tmp_path / "out"
    write_results(output)
    with pytest.raises(RuntimeError), untouched(tmp_path):
        fail_halfway(output, RuntimeError, force=True)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_what_is_interrupted_at_once_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        fail_halfway(tmp_path / "runs" / "today" / "out", error)
    assert list(tmp_path.iterdir()) == []


def test_missing_folders_above_are_made(tmp_path: Path) -> None:
    write_results(tmp_path / "runs" / "today")
    assert names(tmp_path) == {"runs", "runs/today", *(f"runs/today/{name}" for name in RESULT)}


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o2770])
def test_permissions_of_a_folder_stay(tmp_path: Path, mode: int) -> None:
    output = tmp_path / "out"
    output.mkdir()
    output.chmod(mode)
    for force in (False, True):
        with output_folder(output, force=force) as folder:
            assert stat.S_IMODE(folder.parent.stat().st_mode) & 0o007 == 0, "nor are they open to others meanwhile"
            (folder / "provenance.json").write_text("{}")
        assert stat.S_IMODE(output.stat().st_mode) == mode


@pytest.mark.parametrize(("first", "second"), [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a", "x/../a/")])
def test_two_outputs_do_not_share_a_folder(tmp_path: Path, first: str, second: str) -> None:
    with pytest.raises(OutputError, match="name two folders"):
        check_disjoint(tmp_path / first, tmp_path / second)
    check_disjoint(tmp_path / "a", tmp_path / "ab")


def test_what_appears_in_the_output_meanwhile_is_not_lost(tmp_path: Path) -> None:
    output = tmp_path / "out"

    def write_while_thesis_comes(output: Path, *, force: bool) -> None:
        with output_folder(output, force=force):
            output.mkdir(exist_ok=True)
            (output / "thesis.tex").write_text(THESIS)

    with pytest.raises(OutputNotEmpty):
        write_while_thesis_comes(output, force=False)
    write_results(tmp_path / "second")
    with pytest.raises(OutputForeign, match=r"thesis\.tex"):
        write_while_thesis_comes(tmp_path / "second", force=True)
    assert names(tmp_path) == {
        *("out", "out/thesis.tex", "second", "second/thesis.tex"),
        *(f"second/{name}" for name in RESULT),
    }


# -- two runs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("force", [False, True])
def test_a_second_run_is_refused_with_the_number_of_the_first(tmp_path: Path, force: bool) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", "import sys\nfrom tracktools.run import output_folder\n"
         "with output_folder(sys.argv[1]) as folder:\n    print(flush=True)\n    sys.stdin.read()", tmp_path / "out"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(OutputLocked, match=rf"another run \(process {other.pid}\) is working here"):
            write_results(tmp_path / "out", force=force)
        other.communicate()
    assert other.returncode == 0
    assert names(tmp_path) == {"out", "out/provenance.json"}


def test_of_many_runs_at_once_one_makes_the_output(tmp_path: Path) -> None:
    ends: list[str] = []
    start = threading.Barrier(8)

    def run(number: int) -> None:
        start.wait()
        try:
            write_results(tmp_path / "out", text=str(number))
            ends.append(str(number))
        except (OutputLocked, OutputNotEmpty) as error:
            ends.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [end for end in ends if end.isdecimal()]
    assert len(ends) == 8
    assert names(tmp_path) == {"out", *(f"out/{name}" for name in RESULT)}
    assert {(tmp_path / "out" / name).read_text() for name in ("a.bed", "deep/b.bed")} == {winner}


def test_a_lock_that_was_removed_while_it_was_opened_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that has it removes it, with its folder's work, between our opening and our locking."""
    path, flock = tmp_path / "lock", fcntl.flock

    def other_run_leaves(descriptor: int, how: int) -> None:
        path.unlink()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", other_run_leaves)
    with pytest.raises(FileNotFoundError):
        lock_file(path)
    monkeypatch.setattr(fcntl, "flock", lambda descriptor, how: (path.unlink(), path.touch(), flock(descriptor, how)))
    with pytest.raises(FileNotFoundError):
        lock_file(path)


# -- runs that are continued ------------------------------------------------------------------------------------------


def make(output: Path, policy: Policy | None = None, identity: dict[str, object] | None = None) -> Run:
    return Run(output, IDENTITY if identity is None else identity, policy=policy, keeps=["blocks/*.f32"])


def leave(output: Path, keep: str = "blocks/000000.f32") -> None:
    """Leave what a killed run leaves."""
    with suppress(RuntimeError), make(output) as run:
        (run.folder / keep).parent.mkdir(exist_ok=True)
        (run.folder / keep).write_text("kept")
        raise RuntimeError


def test_an_unfinished_run_is_continued_and_its_result_begun_anew(tmp_path: Path) -> None:
    leave(tmp_path / "out")
    assert names(tmp_path / "out.partial") == {"lock", "run.json", "written.jsonl", "blocks", "blocks/000000.f32"}
    with make(tmp_path / "out") as run:
        assert (run.folder / "blocks" / "000000.f32").read_text() == "kept"
        assert list(run.result.iterdir()) == []
        assert run.publish({}) == tmp_path / "out"
    assert names(tmp_path) == {"out", "out/provenance.json"}


def test_an_unfinished_run_with_other_inputs_is_refused_and_restart_drops_it(tmp_path: Path) -> None:
    leave(tmp_path / "out")
    other = {**IDENTITY, "block_bp": 8}
    with (
        pytest.raises(UnfinishedRunDiffers, match=r"block_bp was 7 and is now 8 \(--restart") as caught,
        untouched(tmp_path),
        make(tmp_path / "out", Policy(force=True), other),
    ):
        pass
    assert caught.value.value == "block_bp"
    with make(tmp_path / "out", Policy(restart=True), other) as run:
        assert not (run.folder / "blocks").exists()


@pytest.mark.parametrize("force", [False, True])
def test_another_command_does_not_drop_unfinished_work(tmp_path: Path, force: bool) -> None:
    leave(tmp_path / "out")
    with pytest.raises(UnfinishedRunDiffers, match="contains an unfinished run of count"), untouched(tmp_path):
        write_results(tmp_path / "out", force=force)
    with pytest.raises(UnfinishedRunDiffers), untouched(tmp_path), output_file(tmp_path / "out", force=force):
        pass


@pytest.mark.parametrize("policy", [Policy(), Policy(force=True), Policy(restart=True)])
@pytest.mark.parametrize(
    "where",
    ["notes.txt", "blocks/notes.txt", "mine/notes.txt", "blocks/000009.f32", "result/notes.txt", "result/a/b.txt"],
)
def test_a_users_file_in_unfinished_work_is_named_and_kept(tmp_path: Path, policy: Policy, where: str) -> None:
    leave(tmp_path / "out")
    path = tmp_path / "out.partial" / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(THESIS)
    with (
        pytest.raises(OutputForeign, match=rf"contains {where.split('/')[0]}"),
        untouched(tmp_path),
        make(tmp_path / "out", policy),
    ):
        pass


def put(path: Path) -> None:
    """Write a file as a user does: from another process."""
    path.parent.mkdir(exist_ok=True)
    subprocess.run(["sh", "-c", 'printf %s "$1" > "$2"', "sh", THESIS, str(path)], check=True)


def test_a_users_file_that_comes_into_the_work_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with output_folder(tmp_path / "out") as folder:
        put(folder.parent / "thesis.tex")
    assert (tmp_path / "out.partial" / "thesis.tex").read_text() == THESIS
    assert "is kept" in caplog.text


def test_a_users_file_that_comes_into_a_result_is_published_but_never_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with output_folder(tmp_path / "out") as folder:
        (folder / "a.bed").write_text("row")
        put(folder / "thesis.tex")
    assert "out contains thesis.tex, which tracktools did not make" in caplog.text
    assert read_list(tmp_path / "out").keys() == {"a.bed"}
    with pytest.raises(OutputForeign, match=r"thesis\.tex"), untouched(tmp_path):
        write_results(tmp_path / "out", force=True)


@pytest.mark.parametrize("where", ["result", "result/deep", "blocks"])
def test_a_users_file_in_a_run_that_fails_is_kept(tmp_path: Path, where: str) -> None:
    with suppress(RuntimeError), make(tmp_path / "out") as run:
        (run.folder / where).mkdir(exist_ok=True)
        (run.folder / where / "ours.f32").write_text("x")
        put(run.folder / where / "thesis.tex")
        put(run.folder / where / "000001.f32")
        raise RuntimeError
    left = tmp_path / "out.partial" / where
    assert {path.name for path in left.iterdir()} == {"thesis.tex", "000001.f32"} | (
        {"ours.f32"} if where == "blocks" else set()
    )
    for policy in (Policy(), Policy(restart=True)):
        with pytest.raises(OutputForeign), untouched(tmp_path), make(tmp_path / "out", policy):
            pass


KINDS_OF_WRITING = """
import json, os, shutil, sys
from pathlib import Path
import numpy as np
import pandas as pd
from tracktools.run import Run
with Run(Path(sys.argv[1])) as run:
    folder = run.result
    Path(folder, "text").write_text("x")
    open(os.fspath(folder) + "/opened", "ab").close()
    os.close(os.open(folder / "system", os.O_CREAT | os.O_WRONLY))
    shutil.copytree(sys.argv[2], folder / "tree")
    (folder / "text").rename(folder / "renamed")
    Path(sys.argv[2]).rename(folder / "moved")
    (folder / "moved").rename(folder / "moved again")
    np.save(folder / "array.npy", np.arange(3))
    os.link(folder / "renamed", folder / "linked")
    os.chdir(folder)
    Path("relative").write_text("x")
    os.chdir("/")
    run.publish({})
"""


def test_whatever_way_a_file_is_written_it_is_listed(tmp_path: Path) -> None:
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "a.txt").write_text("x")
    subprocess.run([sys.executable, "-c", KINDS_OF_WRITING, tmp_path / "out", tmp_path / "tree"], check=True)
    wanted = {
        "opened",
        "system",
        "tree/deep/a.txt",
        "renamed",
        "moved again/deep/a.txt",
        "array.npy",
        "linked",
        "relative",
    }
    assert read_list(tmp_path / "out").keys() == wanted


def test_a_complete_output_of_the_same_is_taken_as_it_is(tmp_path: Path) -> None:
    with make(tmp_path / "out") as run:
        (run.result / "a.bed").write_text("row")
        run.publish({})
    with pytest.raises(OutputNotEmpty), make(tmp_path / "out"):
        pass
    with make(tmp_path / "out", Policy(keep=True)) as run:
        assert run.done == tmp_path / "out"
    with pytest.raises(OutputNotEmpty), make(tmp_path / "out", Policy(keep=True), {**IDENTITY, "genome": "other"}):
        pass
    (tmp_path / "out" / "a.bed").write_text("edited")
    with pytest.raises(OutputNotEmpty), make(tmp_path / "out", Policy(keep=True)):
        pass
    assert names(tmp_path) == {"out", "out/a.bed", "out/provenance.json"}


KILLED = """
import os, sys
from pathlib import Path
from tracktools.run import output_folder, run, workspace

def killed(*_):
    os._exit(9)

output, moment = Path(sys.argv[1]), sys.argv[2]
if moment == "before the marker":
    workspace.Workspace.mark = killed
elif moment == "while writing":
    workspace.Workspace.new_result = killed
elif moment == "before it moves":
    run.sync_folder = killed
elif moment == "old one aside":
    rename = Path.rename
    Path.rename = lambda path, to: killed() if path.name == "result" else rename(path, to)
elif moment == "new one in place":
    run.remove_listed = killed
elif moment == "half removed":
    rmdir = Path.rmdir
    Path.rmdir = lambda path: killed() if path.name == "replaced" else rmdir(path)
elif moment == "its lock is left":
    drop = workspace.Workspace.drop
    workspace.Workspace.remove = lambda space: (drop(space), killed())
with output_folder(output, force=True) as folder:
    (folder / "a.bed").write_text("newer")
"""
NEWER_IN_PLACE = ("new one in place", "half removed", "its lock is left")


@pytest.mark.parametrize(
    "moment", ["before the marker", "while writing", "before it moves", "old one aside", *NEWER_IN_PLACE]
)
def test_a_killed_run_is_finished_by_the_next(tmp_path: Path, moment: str) -> None:
    output = tmp_path / "out"
    write_results(output, text="older")
    done = subprocess.run([sys.executable, "-c", KILLED, output, moment], check=False)
    assert done.returncode == 9
    assert (tmp_path / "out.partial").is_dir(), "as a kill leaves it"
    with pytest.raises(RuntimeError), output_folder(output, force=True):
        raise RuntimeError
    assert (output / "a.bed").read_text() == ("newer" if moment in NEWER_IN_PLACE else "older")
    write_results(output, force=True, text="newest")
    assert (output / "a.bed").read_text() == "newest"
    assert names(tmp_path) == {"out", *(f"out/{name}" for name in RESULT)}


# -- single files -----------------------------------------------------------------------------------------------------


def write_file(path: Path, text: str, *, force: bool = False, inputs: tuple[Path, ...] = ()) -> None:
    with output_file(path, force=force, inputs=inputs) as partial:
        partial.write_text(text)


def test_a_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "views" / "view.html"
    write_file(path, "older")
    path.chmod(0o600)
    with pytest.raises(OutputNotEmpty, match=r"view\.html: exists \(--force"), untouched(tmp_path):
        write_file(path, "newer")
    write_file(path, "newer", force=True)
    assert path.read_text() == "newer"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == {"views", "views/view.html"}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("place", ["view.html", "view.html.partial"])
def test_a_link_is_never_written_through(tmp_path: Path, force: bool, place: str) -> None:
    (tmp_path / "notes.txt").write_text(THESIS)
    (tmp_path / place).symlink_to("notes.txt")
    with pytest.raises(OutputForeign, match="symbolic link"), untouched(tmp_path):
        write_file(tmp_path / "view.html", "page", force=force)


def test_a_file_of_the_input_is_not_replaced(tmp_path: Path) -> None:
    write_results(tmp_path / "hub")
    with pytest.raises(OutputForeign, match="is in the input"), untouched(tmp_path):
        write_file(tmp_path / "hub" / "a.bed", "page", force=True, inputs=(tmp_path / "hub",))


# -- removing ---------------------------------------------------------------------------------------------------------


def test_removing_takes_what_was_made_and_nothing_else(tmp_path: Path) -> None:
    write_results(tmp_path / "out")
    remove_output(tmp_path / "nowhere")
    (tmp_path / "link").symlink_to("out")
    with pytest.raises(OutputForeign, match="symbolic link"), untouched(tmp_path):
        remove_output(tmp_path / "link")
    (tmp_path / "out" / "thesis.tex").write_text(THESIS)
    with pytest.raises(OutputForeign, match=r"thesis\.tex"), untouched(tmp_path):
        remove_output(tmp_path / "out")
    (tmp_path / "out" / "thesis.tex").unlink()
    remove_output(tmp_path / "out")
    assert names(tmp_path) == {"link"}


def test_a_file_that_changes_while_an_output_is_removed_stays(tmp_path: Path) -> None:
    with output_folder(tmp_path / "out") as folder:
        (folder / "a.bed").write_text("ours")
        (folder / "b.bed").write_text("ours")
    files = read_list(tmp_path / "out")
    (tmp_path / "out" / "a.bed").write_text("the user's")  # after the check, before the removal
    assert not remove_listed(tmp_path / "out", files)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.bed", "provenance.json"}


def test_a_full_disk_names_the_output(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"out: cannot be written: No space left.*make room"):  # noqa: SIM117
        with output_folder(tmp_path / "out"), open("/dev/full", "w") as file:  # noqa: PTH123
            file.write("x" * 100_000)
    assert not list(tmp_path.iterdir())
