"""An input that is changed while a command runs: nothing is published, and one line names the file."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pysam
import pytest
from click.testing import CliRunner

from dilated_networks import random_dilated
from tracktools.cli import tracktools
from tracktools.errors import InputError
from tracktools.formats import input_file
from tracktools.formats.bigwig import write_bigwig
from tracktools.formats.input_file import open_maybe_gzip
from tracktools.model.checkpoint import Metadata, save_checkpoint
from tracktools.run import inputs, inputs_unchanged, output_file, output_folder
from tracktools.run import run as runs

SIZES = {"one": 2400, "two": 700}
GFF = (
    "one\tx\tgene\t101\t400\t.\t+\t.\tID=g1;Name=abcA;locus_tag=b1\none\tx\tgene\t900\t1500\t.\t-\t.\tID=g2;Name=abcB\n"
)
CHAIN = "chain 1 one 2400 + 0 2400 new 2500 + 100 2500 1\n2400\n\n"
SHEET = "Rep\tPos\tStrand\n" + "".join(f"one\t{at}\t{'+-'[at % 2]}\n" for at in range(30, 2000, 97))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    rng = np.random.default_rng(8)
    letters = {name: "".join(rng.choice(list("ACGT"), size)) for name, size in SIZES.items()}
    (folder / "g.fa").write_text("".join(f">{name}\n{text}\n" for name, text in letters.items()))
    (folder / "big.fa").write_text(">big\n" + "".join(rng.choice(list("ACGT"), 30_000)) + "\n")
    (folder / "big.bed").write_text("".join(f"big\t{at}\t{at + 1}\tx\t0\t+\n" for at in range(50, 30_000, 300)))
    (folder / "g.gff3").write_text(GFF)
    (folder / "g.chain").write_text(CHAIN)
    (folder / "t.tsv").write_text(SHEET)
    (folder / "v.vcf").write_text(
        f"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n{_variant(letters['one'])}"
    )
    (folder / "js").write_text("createBrowser")
    for name, step in (("a.bed", 61), ("b.bed", 67)):
        rows = (f"one\t{at}\t{at + 1}\tx\t{at % 9}\t{'+-'[at % 2]}\n" for at in range(100, 2300, step))
        (folder / name).write_text("".join(rows))
    for word in ("plus", "minus"):
        write_bigwig(folder / f"{word}.bw", SIZES, {n: rng.random(s).astype(np.float32) for n, s in SIZES.items()})
    _write_reads(folder / "r.bam")
    save_checkpoint(folder / "m.safetensors", random_dilated(), Metadata("random", call_threshold=0.6))
    for words, name in (
        ("predict g.fa -m m.safetensors -t 1", "predicted"),
        ("predict g.fa -m m.safetensors -t 1 --shard 1/2", "shard1"),
        ("predict g.fa -m m.safetensors -t 1 --shard 2/2", "shard2"),
        ("hub build predicted --genome g.fa", "hub"),
        ("tss confirm a.bed b.bed --genome g.fa", "confirmed"),
    ):
        invoke(folder, words, folder / name)
    return folder


def _variant(letters: str) -> str:
    return f"one\t500\t.\t{letters[499]}\t{'A' if letters[499] != 'A' else 'C'}\t.\t.\t.\n"


def _write_reads(path: Path) -> None:
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": n, "LN": s} for n, s in SIZES.items()]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for at in range(100, 2000, 90):
            read = pysam.AlignedSegment(file.header)
            read.query_name, read.reference_id, read.reference_start = str(at), 0, at
            read.query_sequence, read.cigartuples, read.mapping_quality = "A" * 20, [(0, 20)], 60
            read.flag = 16 * (at % 20 == 0)
            file.write(read)
    pysam.index(str(path))


def invoke(home: Path, words: str, output: Path) -> None:
    """Run a command in the folder of its inputs."""
    before = Path.cwd()
    os.chdir(home)
    try:
        CliRunner().invoke(tracktools, ["-q", *words.split(), "-o", str(output)], catch_exceptions=False)
    finally:
        os.chdir(before)


TRAIN = "--fractions 0.6,0.2,0.2 --steps 2 --validate-every 1 --window-bp 64 --positions-per-step 128 --lead-bp 8"
COMMANDS = {  # and the files that it reads
    "predict g.fa -m m.safetensors -t 1": "g.fa m.safetensors",
    "predict g.fa -m m.safetensors -t 1 --shard 1/2": "g.fa m.safetensors",
    "merge shard1 shard2": "shard1/provenance.json shard2/provenance.json",
    "train g.fa a.bed --also b=b.bed --init m.safetensors " + TRAIN: "g.fa a.bed b.bed m.safetensors",
    "adapt big.fa big.bed -m m.safetensors --steps 1": "big.fa big.bed m.safetensors",
    "mutate g.fa --at a.bed -m m.safetensors -t 1 --upstream 9 --draw 0": "g.fa a.bed m.safetensors",
    "mutate g.fa --vcf v.vcf -m m.safetensors -t 1": "g.fa v.vcf m.safetensors",
    "mutate g.fa --all -m m.safetensors -t 1": "g.fa m.safetensors",
    "contribute g.fa --at a.bed -m m.safetensors -t 1 --upstream 9": "g.fa a.bed m.safetensors",
    "evaluate plus.bw minus.bw --tss x=a.bed --genome g.fa --region all --resamples 3": "plus.bw minus.bw a.bed g.fa",
    "profile --signal s=plus.bw,minus.bw --sites x=a.bed --flank 9": "plus.bw minus.bw a.bed",
    "reads r.bam --library forward --name x": "r.bam",
    "reads --plus plus.bw --minus minus.bw --name x": "plus.bw minus.bw",
    "annotation g.gff3 --genome g.fa": "g.gff3 g.fa",
    "tss import t.tsv --format table --name x --position-column Pos --strand-column Strand --base 1"
    " --chrom-column Rep --genome g.fa": "t.tsv g.fa",
    "tss lift a.bed --chain g.chain": "a.bed g.chain",
    "tss curate --source x=a.bed --source y=b.bed": "a.bed b.bed",
    "tss classify a.bed --annotation g.gff3": "a.bed g.gff3",
    "tss compare --source x=a.bed --source y=b.bed": "a.bed b.bed",
    "tss call plus.bw minus.bw --threshold 0.5": "plus.bw minus.bw",
    "tss table a.bed b=b.bed --genome g.fa --annotation g.gff3 --reads s=plus.bw,minus.bw": (
        "a.bed b.bed g.fa g.gff3 plus.bw minus.bw"
    ),
    "tss confirm a.bed b.bed --genome g.fa": "a.bed b.bed g.fa",
    "tss promoters a.bed --genome g.fa": "a.bed g.fa",
    "hub build predicted --genome g.fa --annotation g.gff3": "g.fa g.gff3 predicted/g.plus.bw predicted/tracks.tsv",
    "hub view hub --igv-js js": "js hub/igv/session.json hub/g.2bit",
    "report confirmed": "confirmed/provenance.json",
}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words.split()[:2]))
def test_no_command_publishes_what_it_made_of_an_input_that_changed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    files, caught = COMMANDS[words].split(), set()
    plain = runs.call_checks

    class EnoughError(Exception):
        """All that was to be seen has been seen; what is left of the command costs time."""

    def change_each() -> None:
        """Add a byte to each input and take it away again, as others may do; the first makes the check fail."""
        for name in files:
            size = (home / name).stat().st_size
            os.truncate(home / name, size + 1)
            try:
                plain()
            except InputError as error:
                caught.add((str(error.file), error.problem))
            os.truncate(home / name, size)
        plain()  # each is as it was, but for its time
        if len(caught) == len(files):
            raise EnoughError

    monkeypatch.setattr(runs, "call_checks", change_each)
    output = tmp_path / ("out.html" if words.startswith(("report", "hub view")) else "out")
    with suppress(EnoughError):
        invoke(home, words, output)
    assert caught == {(name, "was changed while this command ran") for name in files}
    assert not output.exists()


Change = Callable[[Path], object]
BEFORE, AFTER = "one\t1\t2\n", "one\t1\t3\n"
BY_OTHERS: dict[str, Change] = {  # by another process, since what a command itself does is its own
    "longer": lambda path: os.truncate(path, 20),
    "cut": lambda path: os.truncate(path, 3),
    "same size, at once": lambda path: _shell(f"printf '{AFTER}' > x", path),
    "same size, old time": lambda path: _shell(f"touch -r x y; printf '{AFTER}' > x; touch -r y x", path),
    "replaced": lambda path: _shell(f"printf '{AFTER}' > y; mv y x", path),
    "link to another": lambda path: _shell(f"printf '{AFTER}' > y; ln -sf y x", path),
}


def _shell(command: str, path: Path) -> None:
    subprocess.run(["sh", "-c", command], cwd=path.parent, check=True)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Path]:
    """A file that a command has read."""
    path = tmp_path / "x"
    path.write_text(BEFORE)
    with inputs_unchanged():
        with open_maybe_gzip(path) as file:
            file.read()
        yield path


@pytest.mark.parametrize("change", BY_OTHERS.values(), ids=BY_OTHERS)
def test_a_change_is_one_line_that_names_the_file(watched: Path, tmp_path: Path, change: Change) -> None:
    told = r"x: was changed while this command ran \(give the command again"
    with pytest.raises(InputError, match=told), output_folder(tmp_path / "out"):
        change(watched)
    assert not list(tmp_path.glob("out*"))
    with pytest.raises(InputError, match="was changed"), output_file(tmp_path / "out.txt") as partial:
        partial.write_text("x")
    assert not list(tmp_path.glob("out*"))


def test_a_file_that_is_gone_is_named(watched: Path, tmp_path: Path) -> None:
    _shell("rm x", watched)
    with (
        pytest.raises(InputError, match="x: was there when it was read, and is not now"),
        output_folder(tmp_path / "out"),
    ):
        pass


@pytest.mark.parametrize("command", ["touch -d 2001-01-01 x", "cp x y; mv y x", "mv x y; ln -s y x", "chmod 600 x"])
def test_a_file_with_the_same_content_is_unchanged(watched: Path, tmp_path: Path, command: str) -> None:
    with output_folder(tmp_path / "out"):
        _shell(command, watched)
    assert (tmp_path / "out").is_dir()


def test_a_large_file_is_known_by_its_time_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_MOST_HASHED_BYTES", 3)
    path = tmp_path / "x"
    path.write_text(BEFORE)
    with inputs_unchanged():
        with open_maybe_gzip(path):
            pass
        with output_folder(tmp_path / "out"):
            pass
        os.utime(path, (9, 9))
        with pytest.raises(InputError, match="was changed"), output_folder(tmp_path / "out2"):
            pass


def test_what_a_command_writes_itself_is_no_input(watched: Path, tmp_path: Path) -> None:
    with output_folder(tmp_path / "out") as folder:
        watched.write_text(AFTER)
        for name in ("moved", "removed", "tree/removed"):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(name)
            with open_maybe_gzip(path) as file:
                file.read()
        (folder / "moved").rename(folder / "kept")
        (folder / "removed").unlink()
        shutil.rmtree(folder / "tree")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"kept", "provenance.json"}


def test_a_pipe_is_read_once_and_not_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_file, "_WRITER_WAIT_S", float("inf"))  # the writer comes, however busy the machine is
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["sh", "-c", "printf abc > pipe"], cwd=tmp_path), inputs_unchanged():
        with open_maybe_gzip(tmp_path / "pipe") as file:
            assert file.read() == b"abc"
        (tmp_path / "pipe").unlink()
        with output_folder(tmp_path / "out"):
            pass
    assert (tmp_path / "out").is_dir()
