"""The workflow over many genomes: each fails alone, nothing is done twice, and a kill changes no byte."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bam_files import record, write_bam
from networks import SMALL, random_network
from tracktools.model.checkpoint import Metadata, save_checkpoint

pytest.importorskip("snakemake")
ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / "workflow"
sys.path.insert(0, str(WORKFLOW / "scripts"))

from sample_sheet import SheetError, check_settings, plan_batches, read_samples  # noqa: E402
from summarise import page, summary_rows  # noqa: E402

TIMES = ("wall_s", "cpu_s", "peak_mb")
SETTINGS = {
    "model": "m",
    "engine": "auto",
    "precision": "exact",
    "batch_mb": 0.003,
    "large_mb": 0.01,
    "shard_mb": 0.004,
}


def snakemake(folder: Path, *arguments: str) -> list[str]:
    """The command that runs the workflow in a folder."""
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(WORKFLOW / "Snakefile"),
        "--directory",
        str(folder),
    ]
    return [*command, "--workflow-profile", str(WORKFLOW / "profiles" / "local"), "--cores", "2", *arguments]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(snakemake(folder, *arguments), cwd=folder, capture_output=True, text=True, check=False)


def write_sheet(folder: Path, *rows: str, header: str = "name\tfasta") -> Path:
    path = folder / "samples.tsv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def write_genome(path: Path, length: int, seed: int, name: str = "c1") -> Path:
    letters = "".join(np.random.default_rng(seed).choice(list("ACGT"), length))
    path.write_text(f">{name}\n{letters}\n")
    return path


def test_the_linter_has_nothing_to_say() -> None:
    command = [sys.executable, "-m", "snakemake", "--lint"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "good condition" in done.stdout + done.stderr


def test_the_example_sheet_and_settings_are_good() -> None:
    import yaml

    settings = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    check_settings(settings)
    rows = read_samples(ROOT / settings["samples"])
    assert [(ROOT / row["fasta"]).is_file() for row in rows] == [True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"is empty \(its first line names columns"),
        ("name\tfasta\n", r"contains no genome"),
        ("name\tgenome\na\ta.fa\n", r":1: there is no column 'fasta'"),
        ("name,fasta\na,a.fa\n", r":1: there is no column 'name' .*with tabs"),
        ("name\tfasta\tgff\na\ta.fa\tb\n", r":1: column 'gff' is unknown"),
        ("name\tfasta\tfasta\na\ta.fa\tb\n", r":1: column 'fasta' is there twice"),
        ("name\tfasta\na\ta.fa\n\na\tb.fa\n", r":4: the name 'a' is in line 2, too"),
        ("name\tfasta\na\ta.fa\nA\tb.fa\n", r":3: the name 'A' is in line 2, too"),
        ("name\tfasta\na\ta.fa\nb c\tb.fa\n", r":3: name: 'b c' does not match .* \(wanted: up to 100 letters"),
        ("name\tfasta\n../up\ta.fa\n", r":2: name: '../up' does not match"),
        ("name\tfasta\na\t{x}.fa\n", r":2: fasta: '{x}.fa' does not match"),
        ("name\tfasta\n-rf\ta.fa\n", r":2: name: '-rf' does not match"),
        ("name\tfasta\na\n", r":2: 'fasta' is a required property"),
        ("name\tfasta\na\ta.fa\tmore\n", r":2: has 3 cells, and the header 2 columns"),
        ("name\tfasta\tbam\na\ta.fa\tr.bam\n", r":2: 'library' is a dependency of 'bam'"),
        ("name\tfasta\tlibrary\na\ta.fa\tsideways\n", r":2: library: 'sideways' is not one of"),
    ],
)
def test_a_hostile_sheet_is_one_line_that_names_its_own(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "samples.tsv"
    path.write_text(text)
    with pytest.raises(SheetError, match=said) as raised:
        read_samples(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


def test_a_sheet_that_is_no_text_or_is_missing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sheet.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(SheetError, match="is not UTF-8"):
        read_samples(tmp_path / "sheet.xlsx")
    with pytest.raises(SheetError, match="No such file"):
        read_samples(tmp_path / "absent.tsv")


def test_a_sheet_from_windows_reads_as_one_from_here(tmp_path: Path) -> None:
    (tmp_path / "windows.tsv").write_bytes(
        b'\xef\xbb\xbfname\tfasta\tcircular\r\na\tdir a/a.fa\t"c1,c2"\r\n\t\t\r\nb\tb.fa\r\n'
    )
    rows = read_samples(tmp_path / "windows.tsv")
    assert rows == [{"name": "a", "fasta": "dir a/a.fa", "circular": "c1,c2"}, {"name": "b", "fasta": "b.fa"}]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"precision": "rough"}, "precision: 'rough' is not one of"),
        ({"batch_mb": 0}, "batch_mb: 0 is less than or equal to the minimum"),
        ({"sampels": "a.tsv"}, r"'sampels' was unexpected"),
        ({"shard_mb": "ten"}, "shard_mb: 'ten' is not of type 'number'"),
    ],
)
def test_settings_that_the_schema_does_not_know_are_one_line(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SheetError, match=said) as raised:
        check_settings(settings)
    assert "\n" not in str(raised.value)


def test_settings_that_are_absent_have_defaults() -> None:
    settings: dict[str, object] = {}
    check_settings(settings)
    assert (settings["output"], settings["precision"], settings["samples"]) == (
        "results",
        "exact",
        "config/samples.tsv",
    )


def test_the_command_says_one_line_of_a_bad_sheet(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("samples: samples.tsv\n")
    write_sheet(tmp_path, "a\ta.fa", "a\tb.fa")
    done = run(tmp_path, "--configfile", str(tmp_path / "config.yaml"), "--quiet")
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Using workflow specific profile")]
    assert lines == ["Error: samples.tsv:3: the name 'a' is in line 2, too (rename one)"]


def test_small_genomes_share_a_batch_and_a_large_one_has_its_shards(tmp_path: Path) -> None:
    sizes = {"a": 1_000, "b": 1_500, "big": 15_000, "c": 1_000, "d": 9_000}
    rows = [{"name": name, "fasta": str(tmp_path / f"{name}.fa")} for name in [*sizes, "absent"]]
    for name, size in sizes.items():
        (tmp_path / f"{name}.fa").write_bytes(b"A" * size)
    batches = plan_batches(rows, SETTINGS)
    assert [[row["name"] for row in batch.rows] for batch in batches] == [["big"], ["a", "b"], ["c"], ["d"], ["absent"]]
    assert [batch.shards for batch in batches] == [4, 0, 0, 0, 0]
    keys = ["large-big", "small-a-and-1-more", "small-c", "small-d", "small-absent"]
    assert [batch.key.rpartition("-")[0] for batch in batches] == keys
    other = plan_batches([{**row, "circular": "all"} if row["name"] == "b" else row for row in rows], SETTINGS)
    assert [one.key == two.key for one, two in zip(batches, other, strict=True)] == [True, False, True, True, True]


def test_the_rows_of_a_batch_fit_a_command(tmp_path: Path) -> None:
    """Linux refuses an argument of 128 KiB."""
    rows = [{"name": f"g{number}", "fasta": f"{tmp_path}/{'x' * 200}/{number}.fa"} for number in range(2_000)]
    batches = plan_batches(rows, SETTINGS)
    assert [row for batch in batches for row in batch.rows] == rows
    assert max(len(json.dumps(batch.rows)) for batch in batches) < 100_000


JOBS = """
import os, signal
from pathlib import Path
from tracktools.errors import InputError, OutputError
def work(what):
    if what == "input":
        raise InputError("is odd", path="a.fa", line=3)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "bug":
        raise ZeroDivisionError("oh")
    if what == "unreadable":
        open("absent.bam")
    if what == "disk":
        raise OutputError("cannot be written: No space left on device", path="out")
    Path(what).touch()
    return {"pid": os.getpid()}
"""
MAIN = """
import sys
sys.path[:0] = [{scripts!r}, {here!r}]
if __name__ == "__main__":
    from isolated import run_each
    for outcome in run_each(("jobs", "work"), [(word,) for word in sys.argv[1:]], workers=2):
        print(bool(outcome.facts), outcome.reason, sep="\\t")
"""


def isolated(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "jobs.py").write_text(JOBS)
    (folder / "main.py").write_text(MAIN.format(scripts=str(WORKFLOW / "scripts"), here=str(folder)))
    command = [sys.executable, "main.py", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_error_and_a_crash_are_those_of_one_genome(tmp_path: Path) -> None:
    done = isolated(tmp_path, "one", "input", "kill", "bug", "unreadable", "two")
    assert done.returncode == 0, done.stderr
    assert [line.split("\t") for line in done.stdout.splitlines()] == [
        ["True", ""],
        ["False", "a.fa:3: is odd"],
        ["False", "its process died with status -9; out of memory?"],
        ["False", "a bug of tracktools: ZeroDivisionError: oh"],
        ["False", "absent.bam: No such file or directory"],
        ["True", ""],
    ]
    assert "ZeroDivisionError" in done.stderr  # the log has the traceback


def test_an_error_of_the_disk_ends_the_job_after_the_others(tmp_path: Path) -> None:
    done = isolated(tmp_path, "disk", "one")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: out: cannot be written: No space left on device\n"
    assert (tmp_path / "one").exists()


def test_the_summary_joins_steps_and_escapes_what_it_shows() -> None:
    predicted = {"status": "done", "reason": "", "bp": "2000000", "called_tss": "3000", "gc": "0.5000"}
    records = [
        {"name": "a", **predicted},
        {"name": "b", **predicted},
        {"name": "c", "status": "failed", "reason": "c.fa: <b>odd</b> & more"},
        {"name": "a", "status": "done", "reason": "", "measured_tss": "8", "found_tss": "6"},
        {"name": "b", "status": "failed", "reason": "b.gff: is odd"},
    ]
    rows = summary_rows(records)
    assert [(row["name"], row["status"]) for row in rows] == [("a", "done"), ("b", "failed"), ("c", "failed")]
    assert (rows[0]["called_tss_per_mb"], rows[0]["recall"]) == ("1500.0", "0.750")
    assert rows[1]["reason"] == "b.gff: is odd"
    html = page(rows)
    assert "c.fa: &lt;b&gt;odd&lt;/b&gt; &amp; more" in html
    assert "3 genomes: 1 done, 2 failed" in html
    assert '<a href="hubs/a/index.html">a</a>' in html
    assert "hubs/b" not in html


SIZES = {"g1": 900, "g2": 3_001, "g3": 2_500, "big": 60_007}
BROKEN = {
    "prose": "is not FASTA",
    "empty": "is empty",
    "cut": "is damaged",
    "missing": "no such file",
    "gff": "genes.gff3",
    "nobam": "absent.bam: ",
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four good genomes, one of them large and one with everything the sheet can name, and six broken ones."""
    folder = tmp_path_factory.mktemp("inputs") / "it's here"
    folder.mkdir()
    for number, (name, size) in enumerate(SIZES.items()):
        write_genome(folder / f"{name}.fa", size, number)
    (folder / "prose.fa").write_text("Dear Sir or Madam\n")
    (folder / "empty.fa").touch()
    (folder / "cut.fa.gz").write_bytes(gzip.compress((folder / "g2.fa").read_bytes())[:-100])
    (folder / "genes.gff3").write_text("this is no GFF3\n")
    (folder / "tss.bed").write_text("".join(f"c1\t{at}\t{at + 1}\tt{at}\t0\t+\n" for at in range(50, 2_000, 40)))
    write_bam(folder / "reads.bam", [record(0, at) for at in range(0, 2_000, 50)], sizes={"c1": SIZES["g3"]})
    save_checkpoint(folder / "tiny.safetensors", random_network(SMALL, seed=3), Metadata("tiny", call_threshold=0.5))
    return folder


def prepare(folder: Path, inputs: Path) -> Path:
    """A folder with a sheet and settings, where the workflow can run."""
    rows = [f"{name}\t{inputs}/{name}.fa\t\t\t\t\tc1" for name in ("g1", "big", "g2")]
    rows.append(f"g3\t{inputs}/g3.fa\t\t{inputs}/tss.bed\t{inputs}/reads.bam\treverse\t")
    rows += [f"{name}\t{inputs}/{name}.fa" for name in ("prose", "empty", "missing")]
    rows += [f"cut\t{inputs}/cut.fa.gz", f"gff\t{inputs}/g1.fa\t{inputs}/genes.gff3"]
    rows.append(f"nobam\t{inputs}/g1.fa\t\t\t{inputs}/absent.bam\treverse")
    (folder / "config").mkdir(parents=True)
    write_sheet(folder / "config", *rows, header="name\tfasta\tgff3\ttss\tbam\tlibrary\tcircular")
    settings = {"model": str(inputs / "tiny.safetensors"), "batch_mb": 0.007, "large_mb": 0.05, "shard_mb": 0.04}
    (folder / "config" / "config.yaml").write_text(json.dumps(settings))
    return folder


def contents(folder: Path) -> dict[str, bytes | list[list[str]]]:
    """Every result but what tells the time: provenance, and the columns of the tables that come from it."""
    found: dict[str, bytes | list[list[str]]] = {}
    for path in sorted((folder / "results").rglob("*")):
        if path.is_file() and path.name not in ("provenance.json", "summary.html"):
            found[str(path.relative_to(folder))] = (
                timeless(path) if path.parent.name in ("batches", "results") else path.read_bytes()
            )
    return found


def timeless(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return [
            [value for column, value in row.items() if column not in TIMES]
            for row in csv.DictReader(file, dialect="excel-tab")
        ]


def summary(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "results" / "summary.tsv").open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file, dialect="excel-tab")}


@pytest.fixture(scope="module")
def finished(
    inputs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, subprocess.CompletedProcess[str]]]:
    """One unbroken run, with its result."""
    folder = prepare(tmp_path_factory.mktemp("finished") / "run", inputs)
    yield folder, run(folder)
    shutil.rmtree(folder)


Finished = tuple[Path, "subprocess.CompletedProcess[str]"]


@pytest.mark.slow
def test_broken_genomes_fail_alone_and_are_named(finished: Finished) -> None:
    folder, done = finished
    rows = summary(folder)
    assert done.returncode == 1
    assert {name: row["status"] for name, row in rows.items()} == dict.fromkeys(SIZES, "done") | dict.fromkeys(
        BROKEN, "failed"
    )
    for name, said in BROKEN.items():
        assert said in rows[name]["reason"]
        assert f"Failed: {name}: {rows[name]['reason']}" in done.stderr
    assert "6 of 10 genomes failed" in done.stderr
    assert not (folder / "results" / "checked.txt").exists()


@pytest.mark.slow
def test_the_figures_of_the_summary_are_those_of_the_files(finished: Finished) -> None:
    folder, _ = finished
    rows = summary(folder)
    assert {name: int(rows[name]["bp"]) for name in SIZES} == SIZES
    assert [int(rows[name]["scored_positions"]) for name in ("g1", "big")] == [2 * 900, 2 * 60_007]  # circular
    assert int(rows["g3"]["scored_positions"]) == 2 * (2_500 - SMALL.label_shift_bp)
    called = (folder / "results" / "predictions" / "g2" / "g2.called_tss.bed").read_text().splitlines()
    assert int(rows["g2"]["called_tss"]) == sum(not line.startswith("#") for line in called) > 0
    assert int(rows["g3"]["measured_tss"]) == len(range(50, 2_000, 40))
    assert 0 < float(rows["g3"]["recall"]) <= 1
    assert not list((folder / "results").rglob("*.partial"))
    hub = folder / "results" / "hubs" / "g3"
    tracks = {path.stem for path in hub.glob("*.b[wb]")}
    assert {"g3_plus", "g3_minus", "g3_called_tss", "tss_measured", "reads_plus", "reads_minus"} <= tracks


@pytest.mark.slow
def test_predictions_are_those_of_the_command(finished: Finished, inputs: Path, tmp_path: Path) -> None:
    """One that shared its job with others, and one that was computed in shards."""
    folder, _ = finished
    for name in ("g2", "big"):
        command = ["predict", f"{inputs}/{name}.fa", "-o", f"{tmp_path}/{name}", "--circular", "c1"]
        command += ["--model", f"{inputs}/tiny.safetensors"]
        subprocess.run([sys.executable, "-m", "tracktools", *command], check=True, capture_output=True)
        for path in (tmp_path / name).iterdir():
            if path.name != "provenance.json":
                assert path.read_bytes() == (folder / "results" / "predictions" / name / path.name).read_bytes()


@pytest.mark.slow
def test_a_second_call_does_nothing_but_say_again_what_failed(finished: Finished) -> None:
    folder, _ = finished
    before = {path: path.stat().st_mtime_ns for path in (folder / "results").rglob("*")}
    again = run(folder)
    assert again.returncode == 1
    assert "6 of 10 genomes failed" in again.stderr
    assert "rule check" in again.stderr or "Rule: check" in again.stderr or "\ncheck " in again.stderr
    assert not any(f"Rule: {rule})" in again.stderr for rule in ("predict", "shard", "merge", "hub", "summary"))
    assert {path: path.stat().st_mtime_ns for path in (folder / "results").rglob("*")} == before


@pytest.mark.slow
def test_fixed_genomes_are_done_alone(inputs: Path, tmp_path: Path) -> None:
    """Neighbours in the batch are left as they are; when nothing is left to hint, the exit status is 0."""
    folder = tmp_path / "run"
    (folder / "config").mkdir(parents=True)
    small, large = tmp_path / "small.fa", tmp_path / "large.fa"
    small.write_text("no FASTA\n")
    large.write_text(">protein\n" + "MKVLAAGIV" * 4_000 + "\n")
    write_sheet(folder / "config", f"g2\t{inputs}/g2.fa", f"small\t{small}", f"large\t{large}")
    settings = {"model": str(inputs / "tiny.safetensors"), "large_mb": 0.02, "shard_mb": 0.02}
    (folder / "config" / "config.yaml").write_text(json.dumps(settings))
    done = run(folder)
    assert done.returncode == 1
    assert f"Failed: large: {large}:2: 'L' is no nucleotide letter" in done.stderr
    kept = {path: path.stat().st_mtime_ns for path in (folder / "results").rglob("*") if "g2" in path.parts}
    assert kept
    write_genome(small, 1_200, 9)
    write_genome(large, 36_000, 10)
    done = run(folder)
    assert done.returncode == 0, done.stderr
    assert {name: row["bp"] for name, row in summary(folder).items()} == {
        "g2": "3001",
        "small": "1200",
        "large": "36000",
    }
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert "Nothing to be done" in run(folder).stderr


KILLER = """
import glob, os, signal, sys
def heard(event, arguments, sign={sign!r}):
    writes = event in ("os.mkdir", "os.rename") or (
        event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    )
    if writes and glob.glob(sign):
        os.killpg(os.getsid(0), signal.SIGKILL)
sys.addaudithook(heard)
"""


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["results/predictions/*.partial", "results/shards/*/1-of-2", "results/hubs/g2"])
def test_a_killed_run_ends_with_the_same_bytes(finished: Finished, inputs: Path, tmp_path: Path, sign: str) -> None:
    """Everything is killed when one of its processes writes after a file is there that is made on the way."""
    folder = prepare(tmp_path / "run", inputs)
    (tmp_path / "sitecustomize.py").write_text(KILLER.format(sign=str(folder / sign)))
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    killed = subprocess.run(
        snakemake(folder),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert list(folder.glob(sign))
    assert not (folder / "results" / "summary.tsv").exists()
    assert run(folder, "--unlock").returncode == 0
    assert run(folder).returncode == 1
    assert contents(folder) == contents(finished[0])
