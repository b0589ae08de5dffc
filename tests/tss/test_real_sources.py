"""The four published sets against readings of their own, which share no code with the package."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tracktools.genome import Genome, load_genome
from tracktools.tss.assemblies import load_chain
from tracktools.tss.check import check_positions
from tracktools.tss.importing import ImportedSet, ImportRequest, import_tss
from tracktools.tss.lift import lift_tss

Bases = set[tuple[int, str]]
SHIFTS = ((257907, 776), (547835, 1), (1298721, 1199), (2171386, 2))  # inserted before this 0-based base of .2
LOST = 3558477


@pytest.fixture(scope="session")
def ecoli(data_dir: Path) -> Genome:
    return load_genome(data_dir / "genome" / "NC_000913.3.fa.gz")


def files(data_dir: Path, pattern: str) -> list[Path]:
    return sorted((data_dir / "tss_sources").glob(pattern))


def read_cappable(data_dir: Path) -> Bases:
    bases = set()
    with gzip.open(files(data_dir, "cappable*/*.gtf.gz")[0], "rt") as file:
        for line in file:
            words = line.split("\t")
            old = int(words[3]) - 1
            assert old != LOST
            new = old + sum(inserted for at, inserted in SHIFTS if old >= at) - (old > LOST)
            bases.add((new, words[6]))
    return bases


def read_sendseq(data_dir: Path) -> Bases:
    bases = set()
    for line in files(data_dir, "send*/*.tsv")[0].read_text().splitlines():
        words = line.split("\t")
        if words[0].isdigit() and int(words[0]) < 4641652:
            bases.add((int(words[0]) - (words[1] == "-"), words[1]))
    return bases


def read_smrt(data_dir: Path) -> Bases:
    bases = set()
    for path in files(data_dir, "smrt*/*longestRead"):
        for line in path.read_text().splitlines()[1:]:
            left, right, strand = line.split("\t")[:3]
            bases.add((int(left), "+") if strand == "+" else (int(right) - 1, "-"))
    return bases


def read_regulondb(data_dir: Path) -> Bases:
    with files(data_dir, "regulondb*/PromoterSet.tsv")[0].open() as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["posTSS"]]
    return {(int(float(row["posTSS"])) - 1, "+" if row["strand"] == "forward" else "-") for row in rows}


SOURCES: dict[str, tuple[str, Callable[[Path], Bases], int, float]] = {
    "cappable": ("cappable*/*.gtf.gz", read_cappable, 16359, 0.81),
    "sendseq": ("send*/*.tsv", read_sendseq, 5502, 0.77),
    "sendseq-xlsx": ("send*/*.xlsx", read_sendseq, 5502, 0.77),
    "smrt": ("smrt*/*longestRead", read_smrt, 2569, 0.78),
    "regulondb": ("regulondb*/PromoterSet.tsv", read_regulondb, 3834, 0.78),
}


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_is_right_to_the_base(source: str, data_dir: Path, ecoli: Genome) -> None:
    pattern, read, count, purine_share = SOURCES[source]
    imported: ImportedSet = import_tss(files(data_dir, pattern), ImportRequest(source), ecoli)
    table = imported.table
    if imported.other_assembly:
        lifted = lift_tss(table, load_chain("NC_000913.2_to_3"))
        table = lifted.table
        assert len(lifted.left_out) == 0
    assert list(table["chrom"].unique()) == ["NC_000913.3"]
    assert (table["chromEnd"] - table["chromStart"] == 1).all()
    found = set(zip(table["chromStart"].tolist(), table["strand"], strict=True))
    assert len(table) == len(found) == count
    assert found == read(data_dir)
    report = check_positions(table, ecoli)
    assert report.problem == ""
    assert report.as_it_is.purine == pytest.approx(purine_share, abs=0.01)


def test_conditions_stay_apart_and_can_be_joined(data_dir: Path, ecoli: Genome) -> None:
    paths = files(data_dir, "smrt*/*longestRead")
    both = import_tss(paths, ImportRequest("smrt"), ecoli).table
    for path, condition in zip(paths, ("M9", "Rich"), strict=True):
        alone = import_tss([path], ImportRequest("smrt"), ecoli).table
        held = both[[condition in value.split(",") for value in both["condition"]]]
        assert set(held["name"]) == set(alone["name"])
        assert len(alone) == {"M9": 2077, "Rich": 1797}[condition]
