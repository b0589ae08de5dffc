"""How well a model finds TSS in a phylum that it never saw: trained without each phylum of a sheet, judged on it.

    python benchmarks/leave_one_phylum_out.py species.toml -o runs [--phylum Firmicutes ...] [--steps 1000]

Whole genomes are judged at every base of both strands (`judged.scores_of`), and species known by windows alone on their
windows, half of them around a TSS, apart: the two are not on one scale. A line per species, seed and judge: the trained
network told of the GC content of the genome alone (``gc``) or of all that its descriptor holds (``all``); the model of
*E. coli* alone; -10/-35 matrices placed as in *E. coli*; and, on whole genomes, the distance to the next gene start
downstream, where --genes names an annotation. The phylum of the main genome is never left out. Lines go to
OUTPUT/scores.tsv; what stands there is not judged again, and finished trainings are kept, so that the same command
continues. --trained takes a model that was trained without some phyla, instead of training one.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from judged import PlacedMatrix, Signals, learn_matrix, scan_placed, scan_windows, scores_of
from tracktools.config import RECIPES, PredictConfig
from tracktools.evaluate.model_signal import ModelSignal
from tracktools.evaluate.stretches import part_stretches, whole_stretches
from tracktools.evaluate.tss_sets import read_tss
from tracktools.genome import Genome, load_genome
from tracktools.interval import STRANDS, Strand
from tracktools.metrics import score_positions
from tracktools.model.checkpoint import Checkpoint, reference_of, save_checkpoint
from tracktools.model.conditioned import Conditioned
from tracktools.model.networks import Network
from tracktools.model.registry import as_model
from tracktools.regions import read_genes
from tracktools.splits import paper_split
from tracktools.train import read_sheet, train_species
from tracktools.train.sheet import GenomeRow, SpeciesSheet
from tracktools.train.species_windows import SpeciesWindows, read_species_windows

FAR = {"gc": -1.0, "all": 1e9}  # distance up to which a network is told of all numbers
ALONE = "ecoli-tss-dilated"  # the model of E. coli alone
SCORES = ("roc_auc", "ap", "ap_5", "recall")
COLUMNS = (
    "phylum", "seed", "steps", "species", "judged_on", "judge", "tss",
    *(f"{name}{end}" for name in SCORES for end in ("", "_low", "_high")), "enrichment",
)  # fmt: skip


class Judges:
    """What is needed to judge besides the trained networks, and the lines that were judged already."""

    def __init__(self, sheet: SpeciesSheet, given: argparse.Namespace) -> None:
        self.sheet, self.threads, self.alone = sheet, given.threads, as_model(ALONE)
        self.genes = dict(pair.split("=", 1) for pair in given.genes)
        main = next(row for row in sheet.genomes if row.role == "main")
        genome = load_genome(main.fasta, circular=main.circular)
        tss, _ = read_tss(main.tss, genome.chrom_sizes)
        training = part_stretches(genome, paper_split(genome.contigs[0]), "train")
        self.matrix: PlacedMatrix = learn_matrix(genome, tss, training)
        self.table, self.folder = given.output / "scores.tsv", given.output
        self.done = set()
        if self.table.exists():
            with self.table.open() as file:
                self.done = {tuple(row[name] for name in COLUMNS[:6]) for row in csv.DictReader(file, delimiter="\t")}
        else:
            self.table.write_text("\t".join(COLUMNS) + "\n")

    def judge(self, key: tuple[str, ...], scores: Callable[[], dict[str, Any]]) -> None:
        """Write a line, unless it is there."""
        if key in self.done:
            return
        found = scores()
        numbers = [f"{found[name]:.4f}" if name in found else "" for name in COLUMNS[7:]]
        with self.table.open("a") as file:
            file.write("\t".join([*key, str(found["tss"]), *numbers]) + "\n")
        self.done.add(key)
        print("\t".join([*key, str(found["tss"]), *numbers]), flush=True)


def phyla_of(sheet: SpeciesSheet) -> list[str]:
    """Return the phyla that can be left out."""
    of_windows = {one.phylum for row in sheet.windows for one in read_species_windows(row)}
    of_genomes = {row.lineage[0] for row in sheet.genomes if row.lineage and row.role == "train"}
    return sorted((of_windows | of_genomes) - sheet.main.names)


def told(model: Checkpoint, far: float) -> Checkpoint:
    """Return a model that is told of all numbers up to a distance."""
    reference = replace(reference_of(model), far=far).to_record()
    return replace(model, metadata=replace(model.metadata, reference=reference))


def judge_genome(judges: Judges, row: GenomeRow, phylum: str, seed: str, steps: str, models: dict[str, Path]) -> None:
    """Judge every base of a genome by each judge."""
    genome = load_genome(row.fasta, circular=row.circular)
    tss, _ = read_tss(row.tss, genome.chrom_sizes)

    def by_model(name: str | Path) -> Signals:
        signal = ModelSignal(name, genome, PredictConfig(threads=judges.threads), lambda _positions: None)
        return {one.name: signal.values(one.name, 0, len(one)) for one in genome}

    def line(judge: str, signals: Callable[[], Signals], seed: str = "", steps: str = "") -> None:
        key = (phylum, seed, steps, row.species, "genome", judge)
        judges.judge(key, lambda: scores_of(signals(), tss, whole_stretches(genome.chrom_sizes)))

    for name, path in models.items():
        line(name, lambda path=path: by_model(path), seed, steps)
    line(ALONE, lambda: by_model(ALONE))
    line("matrices", lambda: {one.name: scan_placed(one, 0, len(one), judges.matrix) for one in genome})
    if row.species in judges.genes:
        line("gene start", lambda: gene_starts(genome, Path(judges.genes[row.species])))


def gene_starts(genome: Genome, annotation: Path) -> Signals:
    """Return minus the distance to the next start of a gene downstream on the strand."""
    genes, signals = read_genes(annotation), {}
    for contig in genome:
        own: dict[Strand, np.ndarray] = {}
        for strand in STRANDS:
            rows = genes[(genes["strand"] == strand) & ((genes["chrom"] == contig.name) | (len(genome.contigs) == 1))]
            length = len(contig)
            first = rows["start"] if strand == "+" else length - rows["end"]
            starts = np.unique(np.asarray(first, dtype=np.int64) % length)
            at = np.arange(length)
            following = np.append(starts, starts[0] + length)[np.searchsorted(starts, at)]
            values = -(following - at).astype(np.float32)
            own[strand] = values if strand == "+" else values[::-1]
        signals[contig.name] = own
    return signals


@torch.no_grad()
def window_scores(one: SpeciesWindows, reach: int, signal: Callable[[torch.Tensor], torch.Tensor]) -> dict[str, Any]:
    """Judge the bases of windows that have a context of `reach` on both sides."""
    parts = [signal(part).numpy() for part in torch.from_numpy(one.codes.astype(np.int64)).split(256)]
    values = np.concatenate(parts)[:, reach : one.codes.shape[1] - reach]
    inside = np.arange(one.codes.shape[1])[None] < one.lengths[:, None] - reach
    known = inside[:, reach : one.codes.shape[1] - reach]
    found = score_positions(values[known], one.is_tss[:, reach : one.codes.shape[1] - reach][known])
    prevalence = found.positives / found.positions
    return {"tss": found.positives, "roc_auc": found.roc_auc, "ap": found.average_precision,
            "enrichment": found.average_precision / prevalence}  # fmt: skip


def judge_windows(
    judges: Judges, one: SpeciesWindows, phylum: str, seed: str, steps: str, models: dict[str, Path]
) -> None:
    """Judge the windows of a species by each judge; the chance of a TSS is far higher there than in a genome."""
    reach = judges.alone.config.halo_upstream_bp

    def by_network(network: Network) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda part: network.log_odds(network.states(part))

    for name, path in models.items():
        model = as_model(path)
        assert isinstance(model.model, Conditioned)
        features = reference_of(model).features(one.descriptor)
        network = model.model.condition(features)
        key = (phylum, seed, steps, one.species, "windows", name)
        judges.judge(key, lambda network=network: window_scores(one, reach, by_network(network)))
    key = (phylum, "", "", one.species, "windows", ALONE)
    judges.judge(key, lambda: window_scores(one, reach, by_network(judges.alone.model)))

    def by_matrix(part: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(scan_windows(part.numpy().astype(np.uint8), judges.matrix))

    judges.judge((phylum, "", "", one.species, "windows", "matrices"), lambda: window_scores(one, reach, by_matrix))


def trained(sheet: SpeciesSheet, given: argparse.Namespace, phyla: list[str]) -> Iterator[tuple[str, str, str, Path]]:
    """Yield phylum, seed, steps and file of each training, made now unless it is there."""
    ready = {}
    for pair in given.trained:
        names, _, path = pair.partition("=")
        ready |= dict.fromkeys(names.split(","), Path(path))
    start = as_model(ALONE)
    for phylum in phyla:
        if phylum in ready:
            yield phylum, "", str(given.trained_steps or ""), ready[phylum]
            continue
        for number, seed in enumerate(given.seeds):
            config = replace(RECIPES["conditioned"], steps=given.steps, validate_every=given.steps, seed=seed,
                             threads=given.threads)  # fmt: skip
            folder = given.output / f"{phylum}-{seed}-{given.steps}"
            if not (folder / "model.safetensors").exists():
                train_species(sheet, folder, name=folder.name, config=config, leave_out=[phylum], init=start,
                              init_member=1 + number % start.config.n_members)  # fmt: skip
            yield phylum, str(seed), str(given.steps), folder / "model.safetensors"


def main() -> None:
    """Train, judge and write a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--phylum", action="append")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2222])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--genes", action="append", default=[], metavar="SPECIES=FILE", help="annotation of a genome")
    parser.add_argument("--trained", action="append", default=[], metavar="PHYLUM[,PHYLUM]=FILE",
                        help="a model that was trained without these phyla")  # fmt: skip
    parser.add_argument("--trained-steps", type=int, help="its number of steps, for the table")
    given = parser.parse_args()
    sheet = read_sheet(given.sheet)
    given.output.mkdir(parents=True, exist_ok=True)
    judges = Judges(sheet, given)
    for phylum, seed, steps, path in trained(sheet, given, given.phylum or phyla_of(sheet)):
        made, models = as_model(path), {}
        for name, far in FAR.items():
            models[name] = given.output / f"{path.parent.name}-{path.stem}-{name}.safetensors"
            one = told(made, far)
            save_checkpoint(models[name], one.model, one.metadata)
        for row in sheet.genomes:
            if row.role != "main" and phylum in row.names:
                judge_genome(judges, row, phylum, seed, steps, models)
        for table in sheet.windows:
            for species in read_species_windows(table):
                if species.phylum == phylum:
                    judge_windows(judges, species, phylum, seed, steps, models)


if __name__ == "__main__":
    main()
