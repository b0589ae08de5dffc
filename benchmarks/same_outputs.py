"""Whether two checkouts of tracktools write the same: predict, merge, out-of-fold, hub, attention, motifs.

    python benchmarks/same_outputs.py OLD NEW [--home FOLDER]

OLD and NEW are folders that hold ``src/tracktools``. Each command runs with both, on 60 kb of the embedded genome, its
plus-strand neighbour and a small circle, with the shipped models, on the plain torch engine. bigWig, bigBed, 2bit and
blocks are compared byte by byte, rows of BED files without their headers, tables with numbers to within 1e-9 of each
other. Pages, sessions and provenance may differ, and are counted as such. Prints a line per command and kind of file;
exits with 1 if anything differs that must not. With --home, what is there already is not made again.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tracktools.bundle import load_bundle

BYTES = (".bw", ".bb", ".2bit", ".f32", ".fa")
ROWS = (".bed",)
TABLES = (".tsv",)
FREE_TABLES = ("tracks.tsv",)  # words and checksums of other files
TOLERANCE = 1e-9
GENE = "part\tx\tgene\t{}\t{}\t.\t{}\t.\tID={};Name=abc{}\n"
GFF = "##gff-version 3\n" + GENE.format(1001, 2200, "+", "a", "A") + GENE.format(9001, 9900, "-", "b", "B")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = options.home or Path(scratch)
        home.mkdir(exist_ok=True)
        write_inputs(home)
        run(options.old, home, home / "folds", folds(home))  # one set of models for both
        for name in ("old", "new"):
            (home / name).mkdir(exist_ok=True)
            for step, words in commands(home, home / name).items():
                run(getattr(options, name).resolve(), home, home / name / step, words)
        sys.exit(not compare(home / "old", home / "new"))


def write_inputs(home: Path) -> None:
    genome = load_bundle().load_genome().contigs[0].letters.tobytes().decode()
    contigs = {"part": genome[100_000:160_000], "circle": genome[700_000:705_000]}
    (home / "genome.fa").write_text("".join(f">{name}\n{letters}\n" for name, letters in contigs.items()))
    (home / "genes.gff3").write_text(GFF)
    rows = [f"part\t{at}\t{at + 1}\tt{at}\t0\t{'+-'[at // 450 % 2]}\n" for at in range(4_000, 58_000, 450)]
    (home / "tss.bed").write_text("".join(rows))
    (home / "regions.bed").write_text(
        "part\t5000\t9000\npart\t20000\t20700\tx\t0\t-\ncircle\t0\t800\n".replace("\tx\t0\t-", "")
    )


def folds(home: Path) -> list[str]:
    return [
        *("train", f"{home}/genome.fa", f"{home}/tss.bed", "--circular", "circle", "--folds", "3", "--steps", "40"),
        *("--architecture", "dilated", "--validate-every", "20", "--precision", "fp32", "--threads", "2"),
    ]


def commands(home: Path, own: Path) -> dict[str, list[str]]:
    genome = [f"{home}/genome.fa", "--circular", "circle"]
    fast = ["--engine", "torch", "-t", "2"]
    dilated = [*fast, "-m", "ecoli-tss-dilated"]
    return {
        "predict": ["predict", *genome, *dilated],
        "transformer": ["predict", *genome, *fast, "-m", "ecoli-tss", "--regions", f"{home}/regions.bed"],
        "shard1": ["predict", *genome, *dilated, "--shard", "1/2"],
        "shard2": ["predict", *genome, *dilated, "--shard", "2/2"],
        "merge": ["merge", f"{own}/shard1", f"{own}/shard2"],
        "out_of_fold": ["predict", *genome, *fast, "--out-of-fold", f"{home}/folds"],
        "hub": [
            "hub",
            "build",
            f"{own}/predict",
            "--genome",
            f"{home}/genome.fa",
            "--gff",  # as older versions call --annotation
            f"{home}/genes.gff3",
        ],
        "attention": [
            "attention",
            *genome,
            *fast,
            "-m",
            "ecoli-tss",
            "--at",
            f"tss={home}/tss.bed",
            "--sample",
            "0.02",
        ],
        "motifs": ["motifs", f"{own}/attention", "--genome", f"{home}/genome.fa"],
    }


def run(checkout: Path, home: Path, output: Path, words: list[str]) -> None:
    if output.exists():
        return
    print(f"{checkout.name}: {' '.join(words[:2])} -o {output.name}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "tracktools", "-q", *words, "-o", str(output)]
    environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
    done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{checkout}: {' '.join(words)} failed: {done.stderr.strip()}")


def compare(old: Path, new: Path) -> bool:
    right = True
    print("command\tkind\tfiles\tequal\tdiffer")
    for step in sorted(path.name for path in old.iterdir() if path.is_dir()):
        kinds: dict[str, list[list[str]]] = defaultdict(lambda: [[], []])
        names = {
            path.relative_to(side / step).as_posix()
            for side in (old, new)
            for path in (side / step).rglob("*")
            if path.is_file()
        }
        for name in sorted(names):
            kind = kind_of(name)
            same = equal(old / step / name, new / step / name, kind)
            kinds[kind][not same].append(name)
            right &= same or kind == "free"
        for kind, (alike, unlike) in sorted(kinds.items()):
            print(f"{step}\t{kind}\t{len(alike) + len(unlike)}\t{len(alike)}\t{', '.join(unlike)}")
    return right


def kind_of(name: str) -> str:
    path = Path(name)
    if path.suffix in BYTES:
        return f"bytes {path.suffix}"
    if path.suffix in ROWS:
        return "rows .bed"
    return "table .tsv" if path.suffix in TABLES and path.name not in FREE_TABLES else "free"


def equal(old: Path, new: Path, kind: str) -> bool:
    if not (old.is_file() and new.is_file()):
        return False
    if kind == "rows .bed":
        return rows_of(old) == rows_of(new)
    if kind == "table .tsv":
        return tables_equal(rows_of(old), rows_of(new))
    return old.read_bytes() == new.read_bytes()


def rows_of(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if not line.startswith("#")]


def tables_equal(old: list[str], new: list[str]) -> bool:
    pairs = [(one.split("\t"), other.split("\t")) for one, other in zip(old, new, strict=False)]
    return len(old) == len(new) and all(
        len(one) == len(other) and all(map(values_equal, one, other)) for one, other in pairs
    )


def values_equal(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return math.isclose(float(one), float(other), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    except ValueError:
        return False


if __name__ == "__main__":
    main()
