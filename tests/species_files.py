"""A sheet of made-up species, small enough to train on in a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

LETTERS = "ACGT"
MOTIF = "TATAAT"
BEFORE = 12  # from the first letter of the motif to the TSS


def sequence(length: int, gc: float, seed: int, every: int = 0) -> tuple[str, list[int]]:
    """Return random letters with a motif planted every so many bases, and the TSS behind each."""
    rng = np.random.default_rng(seed)
    shares = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    drawn = list("".join(LETTERS[code] for code in rng.choice(4, length, p=shares)))
    tss = []
    for at in range(every // 2, length - 60, every) if every else ():
        drawn[at : at + len(MOTIF)] = MOTIF
        tss.append(at + BEFORE)
    return "".join(drawn), tss


def write_genome(folder: Path, name: str, gc: float, seed: int, length: int = 24_000) -> tuple[Path, Path]:
    """Write a genome with TSS on its plus strand."""
    letters, tss = sequence(length, gc, seed, every=400)
    fasta, bed = folder / f"{name}.fa", folder / f"{name}.bed"
    fasta.write_text(f">{name}\n{letters}\n", encoding="utf-8")
    bed.write_text("".join(f"{name}\t{at}\t{at + 1}\tt{at}\t0\t+\n" for at in tss), encoding="utf-8")
    return fasta, bed


def write_windows(folder: Path, species: dict[str, tuple[str, float]], around_bp: int, count: int = 40) -> None:
    """Write the three tables of windows: species by name, with lineage and GC content."""
    length = 2 * around_bp - 10
    around, elsewhere, table = ["species\tposition\tstrand\ttss_index\tsequence"], [], ["species\tlineage\tgc"]
    elsewhere.append("species\tposition\tstrand\tsequence")
    for seed, (name, (lineage, gc)) in enumerate(species.items()):
        table.append(f"{name}\t{lineage}\t{gc}")
        for number in range(count):
            letters, _ = sequence(length, gc, 1000 * seed + number)
            letters = letters[: around_bp - BEFORE] + MOTIF + letters[around_bp - BEFORE + len(MOTIF) :]
            around.append(f"{name}\t{1000 * number + 1}\t+\t{around_bp}\t{letters}")
            other, _ = sequence(length, gc, 500_000 + 1000 * seed + number)
            elsewhere.append(f"{name}\t{1000 * number + 500}\t-\t{other}")
    for file, rows in (("tss", around), ("random", elsewhere), ("species", table)):
        (folder / f"{file}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_sheet(folder: Path, around_bp: int = 50) -> Path:
    """Write everything, and the sheet that names it; windows have so many bases on each side of a TSS."""
    write_genome(folder, "main", 0.5, 1)
    write_genome(folder, "rich", 0.65, 2)
    write_windows(
        folder, {"Aus bus 1": ("Alphas", 0.4), "Cus dus 2": ("Betas", 0.6), "Bad one 3": ("Betas", 0.6)}, around_bp
    )
    sheet = folder / "sheet.toml"
    sheet.write_text(
        """
[[genome]]
species = "Main species"
lineage = ["Mainota", "Main"]
fasta = "main.fa"
tss = "main.bed"
role = "main"
split = "fractions 0.6,0.2,0.2"
source = "made up"
licence = "CC0"

[[genome]]
species = "Rich species"
lineage = ["Richota", "Rich"]
fasta = "rich.fa"
tss = "rich.bed"

[[windows]]
tss = "tss.tsv"
random = "random.tsv"
species = "species.tsv"
phyla = { Betas = "Betota" }
leave_out = ["Bad one 3"]
licence = "none stated"
""",
        encoding="utf-8",
    )
    return sheet
