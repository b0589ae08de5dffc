"""Reads of a small genome as sequencers and libraries make them, in FASTQ, and the aligners that place them."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pysam

READ_BP = 60
TSS = {"+": 1_000, "-": 2_400}  # of contig one, 0-based: where the RNA of half of the molecules starts
SIZES = {"one": 4_000, "two": 1_500}
ADAPTER = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG"
_COMPLEMENT = str.maketrans("ACGT", "TGCA")

ALIGNERS = {  # what builds the index, and what aligns: {index}, {reads}
    "hisat2": ("hisat2-build -q {fasta} {index}", "hisat2 -x {index} {reads}"),
    "bowtie2": ("bowtie2-build -q {fasta} {index}", "bowtie2 -x {index} {reads}"),
    "bowtie2 --local": ("bowtie2-build -q {fasta} {index}", "bowtie2 --local -x {index} {reads}"),
    "bowtie2 --dovetail": ("bowtie2-build -q {fasta} {index}", "bowtie2 --local --dovetail -x {index} {reads}"),
    "bwa mem": ("bwa index -p {index} {fasta}", "bwa mem {index} {reads}"),
}


@dataclass(frozen=True)
class Molecule:
    """The letters of a fragment of RNA, 5' to 3', and of what was joined to its 5' end."""

    letters: str
    untemplated: str = ""

    @property
    def read_1(self) -> str:
        return (self.untemplated + self.letters + ADAPTER)[:READ_BP]

    @property
    def read_2(self) -> str:
        return (reverse_complement(self.untemplated + self.letters) + ADAPTER)[:READ_BP]


def reverse_complement(letters: str) -> str:
    return letters.translate(_COMPLEMENT)[::-1]


def make_genome(seed: int) -> dict[str, str]:
    """Return random sequences, with one stretch that occurs twice, as ribosomal RNA does."""
    rng = random.Random(seed)
    genome = {name: "".join(rng.choices("ACGT", k=size)) for name, size in SIZES.items()}
    genome["one"] = genome["one"][:3_300] + genome["one"][100:400] + genome["one"][3_600:]
    for place, letters in ((1_040, "GT"), (1_298, "AG"), (2_359, "AC"), (2_101, "CT")):  # as at the ends of introns
        genome["one"] = genome["one"][:place] + letters + genome["one"][place + 2 :]
    return genome


def make_molecules(genome: dict[str, str], n: int, seed: int) -> Iterator[tuple[Molecule, Molecule]]:
    """Yield for each cluster the molecule of read 1 and that of read 2: different ones where two were joined."""
    rng = random.Random(seed)

    def cut(start: int | None, strand: str, length: int) -> str:
        name = "one" if start is not None else rng.choice(list(genome))
        size = len(genome[name])
        if start is None:
            start = rng.randrange(length, size - length)
        if strand == "+":
            return genome[name][start : start + length]
        return reverse_complement(genome[name][start + 1 - length : start + 1])

    for number in range(n):
        strand = rng.choice("+-")
        length = rng.choice([rng.randint(70, 260), rng.randint(28, 62)])
        letters = cut(TSS[strand] if rng.random() < 0.5 else None, strand, length)
        kind = number % 9
        if kind == 1:
            letters = letters[:30] + letters[33:]  # a deletion
        elif kind == 2 and length > 70:
            letters = letters[:40] + cut(None, strand, 3) + letters[40:]  # an insertion
        untemplated = "".join(rng.choices("ACGT", k=rng.randint(1, 7))) if kind in (3, 4) else ""
        one = Molecule(letters, untemplated)
        if kind == 5:
            yield one, Molecule(cut(None, rng.choice("+-"), 120))
        elif kind == 6:
            yield one, Molecule("".join(rng.choices("ACGT", k=120)))  # read 2 of nothing known
        elif kind == 7:
            spliced = cut(TSS[strand], strand, 400)
            yield (Molecule(spliced[:40] + spliced[300:]),) * 2
        elif kind == 8:  # the reads reach past each other
            start = TSS[strand] + rng.randint(20, 200) * (1 if strand == "+" else -1)
            yield (
                Molecule(cut(start, strand, 120)),
                Molecule(cut(start - 10 * (1 if strand == "+" else -1), strand, 62)),
            )
        else:
            yield one, one


def write_fastq(folder: Path, genome: dict[str, str], n: int, seed: int) -> tuple[Path, Path, Path]:
    """Write genome, reads 1 and reads 2."""
    fasta, *fastqs = (folder / name for name in ("genome.fa", "1.fq", "2.fq"))
    fasta.write_text("".join(f">{name}\n{letters}\n" for name, letters in genome.items()))
    pairs = list(make_molecules(genome, n, seed))
    reads = [one.read_1 for one, _ in pairs], [other.read_2 for _, other in pairs]
    for path, letters in zip(fastqs, reads, strict=True):
        path.write_text("".join(f"@m{i}\n{read}\n+\n{'I' * len(read)}\n" for i, read in enumerate(letters)))
    return fasta, fastqs[0], fastqs[1]


def is_installed(aligner: str) -> bool:
    return shutil.which(aligner.split()[0]) is not None


def align(aligner: str, fasta: Path, fastqs: tuple[Path, ...], target: Path) -> Path:
    """Write a sorted BAM."""
    build, run = ALIGNERS[aligner]
    index = target.with_suffix(".index")
    reads = " ".join(map(str, fastqs))
    if not aligner.startswith("bwa"):
        reads = f"-1 {fastqs[0]} -2 {fastqs[1]}" if len(fastqs) == 2 else f"-U {fastqs[0]}"
    subprocess.run(build.format(fasta=fasta, index=index).split(), check=True, capture_output=True)
    sam = target.with_suffix(".sam")
    with sam.open("w") as file:
        command = run.format(index=index, reads=reads).split()
        subprocess.run(command, check=True, stdout=file, stderr=subprocess.DEVNULL)
    pysam.sort("-o", str(target), str(sam))  # type: ignore[attr-defined]
    return target
