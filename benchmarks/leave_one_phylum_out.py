"""How well a model finds TSS in a lineage that it never saw: trained without each lineage of a sheet, judged on it.

    python benchmarks/leave_one_phylum_out.py species.toml -o runs [--leave-out Firmicutes ...] [--steps 1100]

A lineage is a phylum, by default each of the sheet, or with --leave-out any name of it: a class, a genus, or several
names with commas between, which are left out together. The main genome is never left out. Several --seeds are several
trainings, which start from the members of `ecoli-tss-dilated` in turn, and ``mean`` is their mean in log-odds.

Whole genomes are judged at every base of both strands (`judged.scores_of`), and species known by windows alone on their
windows, half of them around a TSS, apart: the two are not on one scale. A line per species, seed and judge: the trained
network told of the GC content of the genome alone (``gc``) or of all that its descriptor holds (``all``); where
--gene-context names a table of `held_out.py` that was fitted without the lineage, all seeds together are also told as
much as a trial shows to be best (``trial``), and with the log-odds of the genes (``genes``), as `tracktools predict`
does both; the model of
*E. coli* alone; -10/-35 matrices placed as in *E. coli*; and, on whole genomes, the distance to the next gene start
downstream, of the genes that Prodigal finds. Lines go to OUTPUT/scores.tsv; what is there already is not judged again,
and finished trainings are kept, so that the same command continues.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from judged import PlacedMatrix, Signals, learn_matrix, mean_model, scan_placed, scan_windows, scores_of
from tracktools.config import RECIPES, ConditionedConfig, PredictConfig
from tracktools.evaluate.model_signal import ModelSignal
from tracktools.evaluate.stretches import part_stretches, whole_stretches
from tracktools.evaluate.tss_sets import read_tss
from tracktools.gene_finder import FoundGenes, find_genes
from tracktools.genome import Genome, load_genome
from tracktools.interval import STRANDS
from tracktools.metrics import score_positions
from tracktools.model.checkpoint import Checkpoint, reference_of, set_to_genome
from tracktools.model.conditioned import Conditioned
from tracktools.model.registry import as_model
from tracktools.train import read_sheet, train_species
from tracktools.train.sheet import GenomeRow, SpeciesSheet
from tracktools.train.species_task import SpeciesTask
from tracktools.train.species_windows import SpeciesWindows, read_species_windows

TOLD = {"gc": 0.0, "all": 1.0}  # of the dinucleotides
ALONE = "ecoli-tss-dilated"  # the model of E. coli alone
SCORES = ("roc_auc", "ap", "ap_5", "recall")
COLUMNS = (
    "left_out", "seed", "steps", "species", "judged_on", "judge", "tss",
    *(f"{name}{end}" for name in SCORES for end in ("", "_low", "_high")), "enrichment",
)  # fmt: skip
Scores = Callable[[], dict[str, Any]]


class Judges:
    """What is needed to judge besides the trained networks, and the lines that were judged already."""

    def __init__(self, sheet: SpeciesSheet, given: argparse.Namespace) -> None:
        self.threads, self.alone = given.threads, as_model(ALONE)
        self.contexts: dict[str, dict[str, Any]] = {}
        for pair in given.gene_context:
            names, _, path = pair.partition("=")
            self.contexts[names] = json.loads(Path(path).read_text())
        task = SpeciesTask(sheet, RECIPES["conditioned"], ConditionedConfig(), sheet.batch)
        tss, _ = read_tss(sheet.main.tss, task.main_genome.chrom_sizes)
        training = part_stretches(task.main_genome, task.split, "train")
        self.matrix: PlacedMatrix = learn_matrix(task.main_genome, tss, training)
        self.table = given.output / "scores.tsv"
        self.done = set()
        if self.table.exists():
            with self.table.open() as file:
                self.done = {tuple(row[name] for name in COLUMNS[:6]) for row in csv.DictReader(file, delimiter="\t")}
        else:
            self.table.write_text("\t".join(COLUMNS) + "\n")

    def judge(self, key: tuple[str, ...], scores: Scores) -> None:
        """Write a line, unless it is there."""
        if key in self.done:
            return
        found = scores()
        numbers = [f"{found[name]:.4f}" if name in found else "" for name in COLUMNS[7:]]
        line = "\t".join([*key, str(found["tss"]), *numbers])
        with self.table.open("a") as file:
            file.write(line + "\n")
        self.done.add(key)
        print(line, flush=True)


def phyla_of(sheet: SpeciesSheet) -> list[str]:
    """Return the phyla that can be left out."""
    of_windows = {one.phylum for row in sheet.windows for one in read_species_windows(row)}
    of_genomes = {row.lineage[0] for row in sheet.genomes if row.lineage and row.role == "train"}
    return sorted((of_windows | of_genomes) - sheet.main.names)


class GenomeJudge:
    """The judges of one genome; what several lines need is computed once."""

    def __init__(self, judges: Judges, row: GenomeRow, left_out: str) -> None:
        self.judges, self.row, self.left_out = judges, row, left_out
        self.genome: Genome = load_genome(row.fasta, circular=row.circular)
        self.tss, _ = read_tss(row.tss, self.genome.chrom_sizes)

    @cached_property
    def genes(self) -> tuple[FoundGenes, ...]:
        """The genes of the genome; none in one that is too short to learn them from."""
        return find_genes(self.genome) or ()

    def line(self, judge: str, signals: Callable[[], Signals], seed: str = "", steps: str = "") -> None:
        """Judge by a signal, unless its line is there."""
        key = (self.left_out, seed, steps, self.row.species, "genome", judge)
        stretches = whole_stretches(self.genome.chrom_sizes)
        self.judges.judge(key, lambda: scores_of(signals(), self.tss, stretches))

    def signal(self, model: Checkpoint | str, *, genes: bool = False) -> Signals:
        """Return the output of a model, with or without the genes."""
        config = PredictConfig(threads=self.judges.threads, gene_context=genes)
        signal = ModelSignal(model, self.genome, config, lambda _positions: None)
        return {one.name: signal.values(one.name, 0, len(one)) for one in self.genome}

    def trained(self, seed: str, steps: str, paths: Sequence[Path], *, together: bool) -> None:
        """Judge by trained networks: their mean, if there are several; together, also as `predict` sets them."""
        table = self.judges.contexts.get(self.left_out) if together and self.genes else None
        model = mean_model(paths, table)
        for judge, share in TOLD.items():
            ready = set_to_genome(model, replace(self.genome.descriptor, told=share))
            self.line(judge, lambda ready=ready: self.signal(ready), seed, steps)
        if table is not None:
            self.line("trial", lambda: self.signal(model), seed, steps)
            self.line("genes", lambda: self.signal(model, genes=True), seed, steps)

    def others(self) -> None:
        """Judge by what was not trained here."""
        self.line(ALONE, lambda: self.signal(ALONE))
        matrix = self.judges.matrix
        self.line("matrices", lambda: {one.name: scan_placed(one, 0, len(one), matrix) for one in self.genome})
        if self.genes:
            self.line("gene start", self.gene_starts)

    def gene_starts(self) -> Signals:
        """Return minus the distance to the next start of a gene downstream on the strand."""
        signals = {}
        for contig, genes in zip(self.genome, self.genes, strict=True):
            length, own = len(contig), {}
            for strand in STRANDS:
                forward = strand == "+"
                first = genes.starts[genes.forward] if forward else length - genes.ends[~genes.forward]
                starts, at = np.unique(first % length), np.arange(length)
                following = np.append(starts, starts[0] + length)[np.searchsorted(starts, at)]
                values = -(following - at).astype(np.float32)
                own[strand] = values if forward else values[::-1]
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


class WindowsJudge:
    """The judges of the windows of one species; the chance of a TSS is far higher there than in a genome."""

    def __init__(self, judges: Judges, one: SpeciesWindows, left_out: str) -> None:
        self.judges, self.one, self.left_out = judges, one, left_out
        self.reach = judges.alone.config.halo_upstream_bp

    def line(self, judge: str, by: Callable[[torch.Tensor], torch.Tensor], seed: str = "", steps: str = "") -> None:
        """Judge by log-odds of windows, unless its line is there."""
        key = (self.left_out, seed, steps, self.one.species, "windows", judge)
        self.judges.judge(key, lambda: window_scores(self.one, self.reach, by))

    def trained(self, seed: str, steps: str, paths: Sequence[Path], *, together: bool) -> None:
        """Judge by trained networks: their mean, if there are several; there is no genome to set them to."""
        model = mean_model(paths)
        assert isinstance(model.model, Conditioned)
        for judge, share in TOLD.items():
            network = model.model.condition(reference_of(model).features(self.one.descriptor, told=share))
            self.line(judge, lambda part, network=network: network.log_odds(network.states(part)), seed, steps)

    def others(self) -> None:
        """Judge by what was not trained here."""
        alone, matrix = self.judges.alone.model, self.judges.matrix
        self.line(ALONE, lambda part: alone.log_odds(alone.states(part)))
        self.line("matrices", lambda part: torch.from_numpy(scan_windows(part.numpy().astype(np.uint8), matrix)))


def trainings(sheet: SpeciesSheet, given: argparse.Namespace, left_out: str) -> Iterator[tuple[str, Path]]:
    """Yield seed and file of each training without a lineage, made now unless it is there."""
    start = as_model(ALONE)
    for number, seed in enumerate(given.seeds):
        folder = given.output / f"{left_out.replace(',', '+')}-{seed}-{given.steps}"
        if not (folder / "model.safetensors").exists():
            config = replace(RECIPES["conditioned"], steps=given.steps, validate_every=given.steps, seed=seed,
                             precision="bf16", threads=given.threads)  # fmt: skip
            train_species(sheet, folder, name=folder.name, config=config, leave_out=left_out.split(","), init=start,
                          init_member=1 + number % start.config.n_members)  # fmt: skip
        yield str(seed), folder / "model.safetensors"


def main() -> None:
    """Train, judge and write a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--leave-out", action="append", metavar="NAME[,NAME]", help="instead of each phylum")
    parser.add_argument("--steps", type=int, default=1100)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2222])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--gene-context", action="append", default=[], metavar="NAME[,NAME]=FILE",
                        help="the table for the genomes of a lineage")  # fmt: skip
    given = parser.parse_args()
    sheet = read_sheet(given.sheet)
    given.output.mkdir(parents=True, exist_ok=True)
    judges = Judges(sheet, given)
    for left_out in given.leave_out or phyla_of(sheet):
        paths, names = dict(trainings(sheet, given, left_out)), set(left_out.split(","))
        genomes = [row for row in sheet.genomes if row.role != "main" and names & row.names]
        windows = [one for table in sheet.windows for one in read_species_windows(table) if names & one.names]
        for judge in [
            *(GenomeJudge(judges, row, left_out) for row in genomes),
            *(WindowsJudge(judges, one, left_out) for one in windows),
        ]:
            for seed, path in paths.items():
                judge.trained(seed, str(given.steps), [path], together=len(paths) == 1)
            if len(paths) > 1:
                judge.trained("mean", str(given.steps), list(paths.values()), together=True)
            judge.others()


if __name__ == "__main__":
    main()
