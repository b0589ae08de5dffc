"""CPU time and memory of commands on large inputs, at each doubling: what grows faster than its input is seen.

    python benchmarks/scale.py [--only NAME ...] [--steps 3]

Each case is made from a seed at a quarter, a half and the whole of its size, and given to the real command, in a
process of its own. Prints a row for each: size, CPU-seconds, peak memory, and how both grew since the row above (2.0 is
linear).
Exits with 1 if the last doubling took more than `MOST_GROWTH` times the CPU time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MOST_GROWTH = 3.0  # of CPU time; twice is linear, four times quadratic
_LETTERS = np.frombuffer(b"ACGT", dtype=np.uint8)
_GENOME_BP = 5_000_000

Words = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """An input of one size after another, and the command that reads it."""

    unit: str
    size: int
    words: Callable[[Path, int], Words]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--steps", type=int, default=3, help="sizes of each case; each is twice the one before")
    options = parser.parse_args()
    print("| case | size | CPU-s | growth | peak MB | growth |\n|---|---|---|---|---|---|", flush=True)
    steep = [name for name in options.only if _measure(name, CASES[name], options.steps) > MOST_GROWTH]
    for name in steep:
        print(f"{name} grows faster than its input", file=sys.stderr)
    sys.exit(bool(steep))


def _measure(name: str, case: Case, steps: int) -> float:
    """Print the rows of a case; return how the CPU time grew at the last doubling."""
    before: tuple[float, float] | None = None
    growth = 0.0
    for step in range(steps):
        size = case.size >> (steps - 1 - step)
        with tempfile.TemporaryDirectory() as folder:
            words = case.words(Path(folder), size)
            cpu_s, peak_mb = _run((*words, "-o", str(Path(folder, "out"))))
        growth = cpu_s / before[0] if before else 0.0
        grew = (f"{growth:.1f}", f"{peak_mb / before[1]:.1f}") if before else ("", "")
        print(f"| {name} | {size:,} {case.unit} | {cpu_s:.1f} | {grew[0]} | {peak_mb:,.0f} | {grew[1]} |", flush=True)
        before = cpu_s, peak_mb
    return growth


def _run(words: Words) -> tuple[float, float]:
    """Run a command; return its CPU-seconds and the most memory that it held, in MB."""
    process = subprocess.Popen([sys.executable, "-m", "tracktools", "-q", *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"tracktools {' '.join(words)} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def _fasta(folder: Path, contigs: int, bases: int) -> Path:
    rng = np.random.default_rng(contigs)
    path = folder / "genome.fa"
    with path.open("wb") as file:
        for number in range(contigs):
            file.write(f">contig{number}\n".encode() + rng.choice(_LETTERS, bases).tobytes() + b"\n")
    return path


def _positions(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.sort(rng.choice(_GENOME_BP - 1, count, replace=False))


def _predict(folder: Path, contigs: int) -> Words:
    return "predict", str(_fasta(folder, contigs, 400)), "-t", "1"


def _hub_of_contigs(folder: Path, contigs: int) -> Words:
    fasta = _fasta(folder, contigs, 400)
    rows = (f"contig{number}\t100\t101\tt{number}\t5\t+\n" for number in range(contigs))
    (folder / "tss.bed").write_text("".join(rows))
    return "hub", "build", str(folder / "tss.bed"), "--genome", str(fasta)


def _hub_of_tracks(folder: Path, tracks: int) -> Words:
    fasta, rng = _fasta(folder, 1, 100_000), np.random.default_rng(tracks)
    paths = [folder / f"set{number}.bed" for number in range(tracks)]
    for path in paths:
        starts = np.sort(rng.choice(100_000 - 1, 500, replace=False))
        path.write_text("".join(f"contig0\t{at}\t{at + 1}\tt{at}\t5\t{'+-'[at % 2]}\n" for at in starts))
    return "hub", "build", *map(str, paths), "--genome", str(fasta)


def _bed(folder: Path, count: int, name: str = "tss.bed", seed: int = 1) -> Path:
    starts = _positions(np.random.default_rng(seed), count)
    path = folder / name
    with path.open("w") as file:
        file.writelines(f"contig0\t{at}\t{at + 1}\tt{at}\t{at % 1000}\t{'+-'[at % 2]}\n" for at in starts.tolist())
    return path


def _import(folder: Path, count: int) -> Words:
    fasta, path = _fasta(folder, 1, _GENOME_BP), folder / "table.tsv"
    with path.open("w") as file:
        file.write("Rep\tPos\tStrand\tScore\n")
        for at in _positions(np.random.default_rng(1), count).tolist():
            file.write(f"contig0\t{at + 1}\t{'+-'[at % 2]}\t{at % 1000}\n")
    columns = ("--position-column", "Pos", "--strand-column", "Strand", "--chrom-column", "Rep", "--base", "1")
    return "tss", "import", str(path), "--format", "table", *columns, "--name", "x", "--genome", str(fasta)


def _curate(folder: Path, count: int) -> Words:
    one, other = (_bed(folder, count // 2, f"{name}.bed", seed) for seed, name in enumerate("ab"))
    return "tss", "curate", "--source", f"a={one}", "--source", f"b={other}"


def _table(folder: Path, count: int) -> Words:
    return "tss", "table", str(_bed(folder, count)), "--genome", str(_fasta(folder, 1, _GENOME_BP))


def _annotation(folder: Path, count: int) -> Words:
    fasta, path = _fasta(folder, 1, _GENOME_BP), folder / "genes.gff3"
    with path.open("w") as file:
        file.write("##gff-version 3\n")
        for number, at in enumerate(_positions(np.random.default_rng(1), count // 2).tolist()):
            end, strand = min(at + 900, _GENOME_BP), "+-"[number % 2]
            where = f"{at + 1}\t{end}\t.\t{strand}"
            file.write(f"contig0\tx\tgene\t{where}\t.\tID=g{number};Name=n{number};locus_tag=b{number}\n")
            file.write(f"contig0\tx\tCDS\t{where}\t0\tID=c{number};Parent=g{number};product=protein {number}\n")
    return "annotation", str(path), "--genome", str(fasta)


def _bedgraph(folder: Path, megabytes: int) -> Words:
    fasta = _fasta(folder, 1, _GENOME_BP)
    paths = [folder / f"{strand}.bedgraph" for strand in ("plus", "minus")]
    for number, path in enumerate(paths):
        with path.open("w") as file:
            written, at = 0, number
            while written < megabytes * 500_000 and at < _GENOME_BP - 1:
                written += file.write(f"contig0\t{at}\t{at + 1}\t{at % 97 + 1}.{at % 89}\n")
                at += 1
            if written < megabytes * 500_000:
                sys.exit("the genome is too small for this file")
    return "reads", "--plus", str(paths[0]), "--minus", str(paths[1]), "--genome", str(fasta), "--name", "x"


CASES: dict[str, Case] = {
    "predict": Case("contigs of 400 bases", 5_000, _predict),
    "hub build, contigs": Case("contigs", 5_000, _hub_of_contigs),
    "hub build, tracks": Case("tracks of 500 TSS", 100, _hub_of_tracks),
    "tss import": Case("TSS", 1_000_000, _import),
    "tss curate": Case("TSS in two sets", 1_000_000, _curate),
    "tss table": Case("TSS", 1_000_000, _table),
    "annotation": Case("features of GFF3", 500_000, _annotation),
    "reads": Case("MB of bedGraph", 100, _bedgraph),
}


if __name__ == "__main__":
    main()
