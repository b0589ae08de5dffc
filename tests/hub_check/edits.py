"""Changes to a hub, for tests: each is a function of the folder, and knows the line where the finding belongs."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pysam

from tracktools.formats.bed import BED6, BED9, BedField, BedSchema
from tracktools.formats.bigbed import read_bigbed, write_bigbed
from tracktools.formats.bigwig import BigWigReader, write_bigwig

SIZES = {"chrA": 6007, "plasmid": 2011}


@dataclass(frozen=True)
class Change:
    """What is done to a hub.

    Parameters
    ----------
    apply : callable
        Does it, to a folder.
    at : str
        How the line begins where it is found; empty where the whole file is meant.
    file : str
        The file where it is found.
    """

    apply: Callable[[Path], object]
    at: str = ""
    file: str = "hub.txt"

    def __call__(self, folder: Path) -> None:
        self.apply(folder)

    def found(self, at: str, file: str = "hub.txt") -> Change:
        """Return the same change, found elsewhere."""
        return Change(self.apply, at, file)


def edit(old: str, new: str, file: str = "hub.txt") -> Change:
    """Change the first place where a pattern is."""

    def change(folder: Path) -> None:
        path = folder / file
        text = path.read_text()
        assert re.search(old, text, re.MULTILINE), f"{old} is not in {file}"
        path.write_text(re.sub(old, new, text, count=1, flags=re.MULTILINE))

    return Change(change, _last_line(new), file)


def in_track(name: str, old: str, new: str) -> Change:
    """Change the first place in the lines of a track; found there, or at the track where a line is removed."""

    def change(folder: Path) -> None:
        path = folder / "hub.txt"
        stanzas = path.read_text().split("\n\n")
        (number,) = [i for i, stanza in enumerate(stanzas) if re.search(rf"^\s*track {name}$", stanza, re.MULTILINE)]
        assert re.search(old, stanzas[number], re.MULTILINE), f"{old} is not in {name}"
        stanzas[number] = re.sub(old, new, stanzas[number], count=1, flags=re.MULTILINE)
        path.write_text("\n\n".join(stanzas))

    return Change(change, _last_line(new) or f"track {name}")


def add_to(name: str, line: str) -> Change:
    """Add a line to a track."""
    return in_track(name, r"\Z", "\n" + line.replace("\\", r"\\"))


def add(text: str, at: str) -> Change:
    """Add a stanza at the end."""
    return Change(lambda folder: write(folder / "hub.txt", (folder / "hub.txt").read_text() + "\n\n" + text), at)


def remove(file: str, at: str) -> Change:
    return Change(lambda folder: (folder / file).unlink(), at)


def fill(file: str, data: bytes, at: str = "", where: str = "hub.txt") -> Change:
    """Give a file other bytes."""
    return Change(lambda folder: (folder / file).write_bytes(data), at, where)


def both(*changes: Change) -> Change:
    """Do several; found where the last is."""

    def change(folder: Path) -> None:
        for one in changes:
            one(folder)

    return Change(change, changes[-1].at, changes[-1].file)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def cut(file: str, at: str, n_bytes: int = 200) -> Change:
    """Take the end of a file away."""

    def change(folder: Path) -> None:
        path = folder / file
        path.write_bytes(path.read_bytes()[:-n_bytes])

    return Change(change, at)


def patch(file: str, offset: int, data: bytes, at: str) -> Change:
    """Overwrite some bytes of a file."""

    def change(folder: Path) -> None:
        path = folder / file
        old = path.read_bytes()
        path.write_bytes(old[:offset] + data + old[offset + len(data) :])

    return Change(change, at)


def noise(file: str, chrom: str = "chrA", size: int = 6007) -> Change:
    """Write a bigWig whose every value is another."""

    def change(folder: Path) -> None:
        values = np.random.default_rng(5).random(size, dtype=np.float32)
        write_bigwig(folder / file, {chrom: size}, {chrom: values})

    return Change(change, f"bigDataUrl {file}")


def signal(file: str, chrom: str = "chrA", size: int = 6007, value: float = 0.5) -> Change:
    """Write another bigWig."""

    def change(folder: Path) -> None:
        write_bigwig(folder / file, {chrom: size}, {chrom: np.full(size, value, dtype=np.float32)})

    return Change(change, f"bigDataUrl {file}")


def features(file: str, columns: int, at: str, index: tuple[str, ...] = ("name",)) -> Change:
    """Write a bigBed of the first columns of another."""

    def change(folder: Path) -> None:
        table, _ = read_bigbed(folder / file)
        write_bigbed(folder / file, SIZES, table, {6: BED6, 9: BED9}[columns], index_fields=index)

    return Change(change, at)


def write_items(path: Path, chrom: str = "chrA", size: int = 6007) -> None:
    """Write a bigBed of two items with a column of numbers and one of text."""
    fields = (*BED6.fields, BedField("depth", "uint", "a number"), BedField("source", "string", "a word"))
    schema = BedSchema("things", "Things", fields, 6)
    table = pd.DataFrame(
        {
            "chrom": chrom,
            "chromStart": [10, 300],
            "chromEnd": [60, 390],
            "name": ["one", "two"],
            "score": 0,
            "strand": ["+", "-"],
            "depth": [3, 8],
            "source": ["a", "b"],
        }
    )
    write_bigbed(path, {chrom: size}, table, schema)


def library_minus(folder: Path) -> None:
    """Write the minus strand as libBigWig does: the header's maximum is 2.2e-308."""
    with BigWigReader(folder / "small_minus.bw") as reader:
        values = {chrom: reader.values(chrom, 0, size) for chrom, size in SIZES.items()}
    with pyBigWig.open(str(folder / "small_minus.bw"), "w") as file:
        file.addHeader(list(SIZES.items()))
        for chrom, row in values.items():
            row = np.where(np.isnan(row) | (row == 0), -0.001, row)
            file.addEntries(chrom, 0, values=row.astype(np.float64), span=1, step=1)


def three_files(folder: Path, *, subfolder: str = "") -> None:
    """Take a hub of one file apart, with the trackDb in a subfolder if one is named."""
    stanzas = (folder / "hub.txt").read_text().replace("useOneFile on", "genomesFile genomes.txt").split("\n\n")
    tracks = "\n\n".join(stanzas[2:])
    if subfolder:
        tracks = re.sub(r"^(\s*(?:bigDataUrl|html|searchTrix)) ", r"\1 ../", tracks, flags=re.MULTILINE)
    write(folder / "hub.txt", stanzas[0])
    write(folder / "genomes.txt", f"{stanzas[1]}\ntrackDb {subfolder}trackDb.txt\n")
    write(folder / subfolder / "trackDb.txt", tracks)


def foreign_alias(folder: Path) -> None:
    table = pd.DataFrame({"chrom": ["chrZ"], "chromStart": [0], "chromEnd": [10], "name": ["z"]})
    write_bigbed(folder / "chromAlias.bb", {"chrZ": 10}, table, BedSchema("a", "b", BED6.fields[:4], 4))


def padded_bins(folder: Path) -> None:
    """Write the second part of a name index with longer prefixes than UCSC reads."""
    word = (folder / "genes.ix").read_bytes().split()[0]
    (folder / "genes.ixx").write_bytes(word.ljust(30) + b"0000000000\n")


VCF = """##fileformat=VCFv4.2
##contig=<ID=chrA>
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
chrA\t9\t.\tA\tC\t.\t.\t.
"""


def add_text(folder: Path, name: str, text: str, kind: str, preset: str = "", *, index: bool = False) -> None:
    """Add a track of lines of text: packed by bgzip where a preset of tabix is named, with or without its index."""
    write(folder / name, text)
    if preset:
        pysam.tabix_index(str(folder / name), preset=preset, force=True)
        name += ".gz"
        if not index:
            (folder / f"{name}.tbi").unlink()
    stanza = f"track {name[0]}\ntype {kind}\nbigDataUrl {name}\nshortLabel a\nlongLabel a\nhtml pages/genes.html\n"
    write(folder / "hub.txt", f"{(folder / 'hub.txt').read_text()}\n\n{stanza}")


def variants(folder: Path, *, index: bool = False) -> None:
    add_text(folder, "v.vcf", VCF, "vcfTabix", "vcf", index=index)


def plain_variants(folder: Path) -> None:
    add_text(folder, "v.vcf", VCF, "vcfTabix")


def interactions(folder: Path, *, index: bool = False) -> None:
    add_text(folder, "l.bed", "chrA\t1\t90\tchrA:200-290,3\t1\t.\n", "longTabix", "bed", index=index)


def zoom_offset(index: int) -> int:
    """Return where the offset of the data of a zoom level is."""
    return 64 + 24 * index + 8


NO_OFFSET = struct.pack("<QQ", 0, 0)
