"""How well a model finds TSS in a phylum that it never saw: trained without each phylum of a sheet, judged on it.

    python benchmarks/leave_one_phylum_out.py species.toml -o runs [--phylum Firmicutes ...] [--steps 1000]

Whole genomes are judged at every base of both strands, and species known by windows alone on their windows, half of
them around a TSS, apart: the two are not on one scale. A line per species, seed and way to tell the network of the
genome: its GC content alone, or all eleven numbers of its descriptor. The phylum of the main genome is never left out.
Finished trainings are kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from tracktools import load_model
from tracktools.config import RECIPES
from tracktools.genome import load_genome
from tracktools.metrics import score_positions
from tracktools.model.checkpoint import Checkpoint, reference_of, set_to_genome
from tracktools.model.conditioned import Conditioned
from tracktools.splits import Region, Split
from tracktools.train import read_sheet, train_species
from tracktools.train.labels import read_labels
from tracktools.train.sheet import GenomeRow, SpeciesSheet
from tracktools.train.species_windows import SpeciesWindows, read_species_windows
from tracktools.train.threshold import position_scores, score_part
from tracktools.train.unpadded import unpadded_states

ALL, NONE = 1e9, -1.0  # distances up to which all eleven numbers are told


def phyla_of(sheet: SpeciesSheet) -> list[str]:
    """Return the phyla that can be left out."""
    of_windows = {one.phylum for row in sheet.windows for one in read_species_windows(row)}
    of_genomes = {row.lineage[0] for row in sheet.genomes if row.lineage and row.role == "train"}
    return sorted((of_windows | of_genomes) - sheet.main.names)


def whole(model: Checkpoint, row: GenomeRow, threads: int) -> tuple[int, float, float]:
    """Score a genome; return its number of TSS, ROC AUC and AP."""
    genome = load_genome(row.fasta, circular=row.circular)
    split = Split(tuple(Region(contig.sequence_sha256, 0, len(contig), "test") for contig in genome))
    network = set_to_genome(model, genome.descriptor).model
    scores = position_scores(score_part(network, genome, read_labels(row.tss, genome), split, "test", threads))
    return scores.positives, scores.roc_auc, scores.average_precision


@torch.no_grad()
def windows(model: Checkpoint, one: SpeciesWindows) -> tuple[int, float, float]:
    """Score windows; return the number of TSS, ROC AUC and AP."""
    network = model.model
    assert isinstance(network, Conditioned)
    told = torch.from_numpy(reference_of(model).features(one.descriptor))[None]
    reach = network.config.halo_upstream_bp
    signal = []
    for part in torch.from_numpy(one.codes.astype(np.int64)).split(256):
        states, shift = unpadded_states(network, part, told.expand(len(part), -1))
        signal.append((network.log_odds(states) + shift[:, None]).numpy())
    inside = np.arange(one.codes.shape[1])[None] < one.lengths[:, None] - reach
    known = inside[:, reach : one.codes.shape[1] - reach]
    is_tss = one.is_tss[:, reach : one.codes.shape[1] - reach]
    scores = score_positions(np.concatenate(signal)[known], is_tss[known])
    return scores.positives, scores.roc_auc, scores.average_precision


def judged(
    sheet: SpeciesSheet, phylum: str, model: Checkpoint, threads: int
) -> Iterator[tuple[str, str, int, float, float]]:
    """Yield species, kind, number of TSS, ROC AUC and AP of all that a phylum has."""
    for row in sheet.genomes:
        if row.role != "main" and phylum in row.names:
            yield (row.species, "genome", *whole(model, row, threads))
    for table in sheet.windows:
        for one in read_species_windows(table):
            if one.phylum == phylum:
                yield (one.species, "windows", *windows(model, one))


def main() -> None:
    """Train, judge and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--phylum", action="append")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2222])
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    sheet, start = read_sheet(given.sheet), load_model("ecoli-tss-dilated")
    given.output.mkdir(parents=True, exist_ok=True)
    print("phylum\tseed\tspecies\tjudged_on\ttold\ttss\troc_auc\tap", flush=True)
    for phylum in given.phylum or phyla_of(sheet):
        for number, seed in enumerate(given.seeds):
            config = replace(RECIPES["conditioned"], steps=given.steps, validate_every=given.steps, seed=seed,
                             threads=given.threads)  # fmt: skip
            folder = given.output / f"{phylum}-{seed}-{given.steps}"
            if not folder.exists():
                train_species(sheet, folder, name=folder.name, config=config, leave_out=[phylum], init=start,
                              init_member=1 + number % 2)  # fmt: skip
            made = load_model(folder / "model.safetensors")
            for told, far in (("GC", NONE), ("all", ALL)):
                reference = replace(reference_of(made), far=far).to_record()
                model = replace(made, metadata=replace(made.metadata, reference=reference))
                for species, kind, tss, roc, ap in judged(sheet, phylum, model, given.threads):
                    print(f"{phylum}\t{seed}\t{species}\t{kind}\t{told}\t{tss}\t{roc:.4f}\t{ap:.4f}", flush=True)


if __name__ == "__main__":
    main()
