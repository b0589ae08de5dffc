"""Folders as ``tracktools attention`` writes them, of heads whose motif is known: words planted where they attend."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.genome import Genome, load_genome

LENGTHS = {"ring": 50_021, "line": 30_011}
WINDOW_BP = 100
N_LAYERS, N_HEADS = 2, 3
SHIFT_BP = 20
HEADS = [f"L{layer}H{head}" for layer in range(1, N_LAYERS + 1) for head in range(1, N_HEADS + 1)]


@dataclass
class Planted:
    """A head that attends `offset` from the TSS, on letter `letter` of a word that is there.

    A TSS without word (`word` empty) has what is there by chance.
    """

    head: str
    offset: int
    word: str
    letter: int = 2
    n: int = 160
    attention: float = 0.8
    sites: list[tuple[str, int, str]] = field(default_factory=list)  # positions, the best first


class FolderMaker:
    """Plants words in a random genome and writes the tables."""

    def __init__(self, seed: int = 1, window_bp: int = WINDOW_BP, shape: tuple[int, int] = (N_LAYERS, N_HEADS)) -> None:
        self.generator = np.random.default_rng(seed)
        self.letters = {name: self.generator.choice(list("ACGT"), size) for name, size in LENGTHS.items()}
        self.window_bp, self.shape = window_bp, shape
        self.free = self._places()
        self.planted: list[Planted] = []

    def _places(self) -> list[tuple[str, int, str]]:
        """GenomeKeys far from each other; the first two of the ring lie so that words cross the origin."""
        places = [("ring", 10, "+"), ("ring", LENGTHS["ring"] - 12, "-")]
        others = [
            (name, at, "+-"[number % 2])
            for name, size in LENGTHS.items()
            for number, at in enumerate(range(200, size - 200, 97))
        ]
        self.generator.shuffle(others)
        return places + [(str(name), int(at), str(strand)) for name, at, strand in others]

    def plant(
        self, head: str, offset: int, word: str, *, letter: int = 2, n: int = 160, attention: float = 0.8
    ) -> Planted:
        """Let a head attend to a word at an offset from `n` places."""
        one = Planted(head, offset, word, letter, n, attention)
        one.sites, self.free = self.free[:n], self.free[n:]
        for chrom, position, strand in one.sites:
            for index, base in enumerate(word):
                self.write(chrom, position, strand, offset + index - letter, base)
        self.planted.append(one)
        return one

    def write(self, chrom: str, position: int, strand: str, offset: int, base: str) -> None:
        """Write a letter at an offset from a TSS, along its strand."""
        at = (position + offset if strand == "+" else position - offset) % LENGTHS[chrom]
        self.letters[chrom][at] = base if strand == "+" else {"A": "T", "C": "G", "G": "C", "T": "A"}[base]

    def save(self, folder: Path, *, tss: str | None = "cappable", ablation: bool = False) -> tuple[Path, Genome]:
        """Write ``genome.fa`` and the folder ``attention``; return the folder and the genome."""
        fasta = folder / "genome.fa"
        fasta.write_text("".join(f">{name}\n{''.join(letters)}\n" for name, letters in self.letters.items()))
        genome = load_genome(fasta, circular=["ring"])
        out = folder / "attention"
        out.mkdir()
        tables = {"samples": self.samples(), "top": self.top(), "profiles": self.profiles()}
        if tss is not None:
            tables["sites"] = self.site_table(tss)
        if ablation:
            tables |= self.judgements()
        for name, table in tables.items():
            table.to_csv(out / f"{name}.tsv", sep="\t", index=False)
        n_layers, n_heads = self.shape
        parameters = {"circular": ["ring"], "label_shift_bp": SHIFT_BP, "attention_window_bp": self.window_bp}
        parameters |= {"n_layers": n_layers, "n_heads": n_heads, "engine": "torch", "groups": {}}
        record: dict[str, Any] = {"genome": {"name": genome.name, "sha256": genome.sha256}, "parameters": parameters}
        record |= {"model": {"name": "<b>planted</b>", "sha256": "ab" * 32}, "command": "tracktools attention"}
        (out / "provenance.json").write_text(json.dumps(record))
        return out, genome

    def samples(self, n: int = 700) -> pd.DataFrame:
        """Random places of all outputs, and the lowest."""
        rows = []
        for group in ("random", "bottom"):
            for _ in range(n):
                chrom = str(self.generator.choice(list(LENGTHS)))
                at = int(self.generator.integers(100, LENGTHS[chrom] - 100))
                output = self.generator.random() * (1 if group == "random" else 1e-3)
                rows.append((group, chrom, at, str(self.generator.choice(["+", "-"])), ".", output))
        return pd.DataFrame(rows, columns=["group", "chrom", "position", "strand", "name", "output"])

    def top(self) -> pd.DataFrame:
        """Positions with the highest weight, at the planted offset and at one that is worse."""
        rows = []
        for one in self.planted:
            for number, (chrom, position, strand) in enumerate(one.sites):
                weight = one.attention * (1 - 1e-4 * number)
                rows.append((one.head, one.offset, number + 1, chrom, position, strand, weight, 0.9))
                rows.append((one.head, one.offset - 1, number + 1, chrom, position, strand, weight / 9, 0.9))
        columns = ["head", "tssOffset", "rank", "chrom", "position", "strand", "attention", "output"]
        table = pd.DataFrame(rows, columns=columns)
        return table.sort_values(["head", "attention"], ascending=[True, False], kind="stable")

    def profiles(self) -> pd.DataFrame:
        """A mean of an even share everywhere, and more at the planted offset."""
        rows = []
        planted = {one.head: one for one in self.planted}
        for group in ("random", "top"):
            for head, one in planted.items():
                for offset in range(SHIFT_BP - self.window_bp + 1, SHIFT_BP + 1):
                    mean = one.attention / 2 if offset == one.offset else 0.4 / self.window_bp
                    rows.append((group, head, offset, mean, min(2 * mean, 1), 0.1, ""))
        return pd.DataFrame(rows, columns=["group", "head", "tssOffset", "mean", "max", "pearson", "spearman"])

    def site_table(self, group: str) -> pd.DataFrame:
        """The offset most attended to from every planted place, of every head: its own place, else a faint one."""
        rows = []
        for place_owner in self.planted:
            for number, (chrom, position, strand) in enumerate(place_owner.sites):
                for one in self.planted:
                    own = one is place_owner
                    weight, offset = (one.attention, one.offset) if own else (1.5 / self.window_bp, -33)
                    name = f"{place_owner.head}<i>{number}"
                    rows.append((group, one.head, name, chrom, position, strand, offset, weight, 0.9))
        columns = ["group", "head", "name", "chrom", "position", "strand", "tssOffset", "attention", "output"]
        return pd.DataFrame(rows, columns=columns)

    def judgements(self) -> dict[str, pd.DataFrame]:
        """Ablation and attribution of every planted head."""
        heads = [one.head for one in self.planted]
        ablation = pd.DataFrame({"head": heads, "n": 1000, "positives": 17, "ap": 0.2, "apAblated": 0.15})
        ablation = ablation.assign(
            deltaAp=-0.05, deltaApLow=-0.07, deltaApHigh=-0.02, meanAbsDeltaOutput=0.01, meanDeltaOutputAtTss=-0.2
        )
        attribution = pd.DataFrame({"head": heads, "n": 500, "pearson": 0.3, "spearman": 0.42, "description": "at TSS"})
        return {"ablation": ablation, "attribution": attribution}


def planted_folder(folder: Path, **options: Any) -> tuple[FolderMaker, Path, Genome]:
    """A folder with two heads that have motifs, and three that have none: flat, blind to letters, too few sites."""
    maker = FolderMaker()
    maker.plant("L1H1", -12, "TATAAT")
    maker.plant("L1H2", -35, "GGCTTGACGC", letter=6)
    maker.plant("L1H3", -40, "", attention=1.5 / WINDOW_BP)
    maker.plant("L2H1", 3, "")
    maker.plant("L2H2", -20, "GATTACA", n=25)
    return maker, *maker.save(folder, **options)
