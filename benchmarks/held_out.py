"""What species of phyla that a model never saw teach for other genomes: the gene context and the expected precision.

    python benchmarks/held_out.py hp:Campylobacterota:hp.fa.gz:hp.bed:without-hp.safetensors ... -o taught

Each row is NAME:PHYLUM:FASTA:TSS.bed:MODEL[+MODEL], models that were trained without the phylum, and their mean counts.
It scores the genome by the network alone, told of the composition as much as a trial shows to be best
(`tracktools.engine.told`, with the table of the shipped model). Then the table of `tracktools.gene_context` is fitted:
logistic regression with the log-odds of the network as an offset, an intercept per genome, and each genome of equal
weight. From calls with a table fitted without their own phylum, the expected precision is learnt
(`tracktools.predict.expected`). Writes OUTPUT/gene_context.json and OUTPUT/expected.json, for `tracktools models
average`; OUTPUT/PHYLUM.json, the table without a phylum, for `leave_one_phylum_out.py`; and OUTPUT/scores.tsv: for each
species, what it scores without and with a table of the other phyla, and its calls at a cut learnt from the other
species.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own usage

from judged import mean_model
from tracktools.calls import call_positions
from tracktools.config import PredictConfig
from tracktools.evaluate.model_signal import ModelSignal
from tracktools.gene_context import FROM_BP, PLACES, GeneContext, classes_along, shift_probabilities
from tracktools.gene_finder import find_genes, finder_name
from tracktools.genome import load_genome
from tracktools.interval import STRANDS
from tracktools.metrics import match_calls, score_positions
from tracktools.model.registry import as_model
from tracktools.predict.expected import Expected, expected_precision
from tracktools.train.labels import read_labels

WITHIN_BP = 5  # of a TSS: a call that is right
LOWEST = 0.02  # output of a call from which precision is learnt
KEPT_SHARE = 0.02  # of the bases of low output, which weigh more in turn
HIGH_SHARE = 0.01  # of bases, all of which are kept
RIDGE = 1.0  # of the table, where a genome counts as `WEIGHT` TSS
WEIGHT = 800.0

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Species:
    """A genome, its TSS and models that never saw its phylum."""

    name: str
    phylum: str
    fasta: Path
    tss: Path
    models: tuple[Path, ...]
    threads: int

    @cached_property
    def _strands(self) -> tuple[list[Floats], list[npt.NDArray[np.int64]], list[Floats]]:
        """Return output, class and truth along each strand of each contig, 5' to 3'."""
        genome = load_genome(self.fasta, circular=["all"])
        labels, genes = read_labels(self.tss, genome), find_genes(genome)
        model = mean_model(self.models, as_model(None).metadata.gene_context)
        signal = ModelSignal(model, genome, PredictConfig(threads=self.threads, gene_context=False), lambda _n: None)
        print(self.name, "is told", signal.checkpoint.descriptor, flush=True)
        outputs, classes, truths = [], [], []
        assert genes is not None
        for number, (contig, own) in enumerate(zip(genome, genes, strict=True)):
            values = signal.values(contig.name, 0, len(contig))
            for strand in STRANDS:
                step = 1 if strand == "+" else -1
                starts, place, distance = classes_along(own, len(contig), strand, circular=True)
                outputs.append(values[strand][::step])
                classes.append(np.repeat(place * len(FROM_BP) + distance, np.diff(np.append(starts, len(contig)))))
                truths.append(labels[number, strand][::step].astype(np.float32))
        return outputs, classes, truths

    @property
    def bases(self) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
        """Output, class and truth of every scored base."""
        output, place, truth = (np.concatenate(parts) for parts in self._strands)
        known = ~np.isnan(output)
        return output[known], place[known], truth[known]

    def average_precision(self, table: Floats) -> float:
        """Return the AP at the exact base of both strands, after the addition of a table."""
        output, place, truth = self.bases
        return score_positions(shift_probabilities(output, table[place]), truth > 0).average_precision

    def calls(self, table: Floats) -> tuple[Floats, npt.NDArray[np.bool_], int]:
        """Return the output of each call, whether it is right, and the number of TSS."""
        heights, right, n_tss = [], [], 0
        for output, place, truth in zip(*self._strands, strict=True):
            values = shift_probabilities(output, table[place])
            at = np.flatnonzero(values >= LOWEST)
            called = at[call_positions(at, values[at], "+", length=len(values))]
            tss = np.flatnonzero(truth)
            heights.append(values[called])
            right.append(match_calls(called, values[called], tss, WITHIN_BP).astype(bool))
            n_tss += len(tss)
        return np.concatenate(heights), np.concatenate(right), n_tss


def fit_table(species: list[Species]) -> Floats:
    """Return the log-odds of every class, shape (42,)."""
    rng, columns = np.random.default_rng(0), []
    for number, one in enumerate(species):
        output, place, truth = one.bases
        odds = np.log(np.maximum(output, 1e-30)) - np.log1p(-np.minimum(output, 1 - 1e-7))
        high = (truth > 0) | (output >= np.quantile(output, 1 - HIGH_SHARE))
        kept = high | (rng.random(len(truth)) < KEPT_SHARE)
        weight = np.where(high, 1, 1 / KEPT_SHARE)[kept] * WEIGHT / truth.sum()
        columns.append((odds[kept], place[kept], truth[kept], weight, np.full(kept.sum(), number)))
    odds, place, truth, weight, number = (torch.from_numpy(np.concatenate(part)) for part in zip(*columns, strict=True))
    table = torch.zeros(len(PLACES) * len(FROM_BP), requires_grad=True)
    intercepts = torch.zeros(len(species), requires_grad=True)
    optimizer = torch.optim.LBFGS([table, intercepts], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        each = F.binary_cross_entropy_with_logits(odds + table[place] + intercepts[number], truth, reduction="none")
        total = (each * weight).sum() + RIDGE * table.square().sum()
        total.backward()  # type: ignore[no-untyped-call]  # torch does not type it
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return table.detach().numpy().round(2)


def record_of(table: Floats) -> dict[str, Any]:
    """Return the form of a table for a checkpoint."""
    rows = table.reshape(len(PLACES), -1)
    return GeneContext(tuple(tuple(round(float(value), 2) for value in row) for row in rows)).to_record()


def main() -> None:
    """Fit, judge and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="+", metavar="NAME:PHYLUM:FASTA:TSS:MODEL")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--target", type=float, default=0.55, help="expected precision of the calls of a genome")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    species = []
    for row in given.rows:
        name, phylum, fasta, tss, models = row.split(":")
        paths = tuple(map(Path, models.split("+")))
        species.append(Species(name.replace("_", " "), phylum, Path(fasta), Path(tss), paths, given.threads))
    nothing = np.zeros(len(PLACES) * len(FROM_BP), dtype=np.float32)
    lines, calls = [], {}
    for one in species:
        table = fit_table([other for other in species if other.phylum != one.phylum])
        (given.output / f"{one.phylum}.json").write_text(json.dumps(record_of(table), indent=1) + "\n")
        calls[one.name] = one.calls(table)
        lines.append([one.name, len(one.bases[0]), calls[one.name][2], one.average_precision(nothing),
                      one.average_precision(table)])  # fmt: skip
        print(*lines[-1], flush=True)
    print("species\tbases\ttss\tap\tap_with_genes\tcut\tcalls\texpected\tlow\thigh\tprecision\trecall",
          file=(out := (given.output / "scores.tsv").open("w")))  # fmt: skip
    for line in lines:
        heights, right, n_tss = calls[line[0]]
        others = [calls[name][:2] for name in calls if name != line[0]]
        expected = Expected.from_record(expected_precision(others, target=given.target))
        above = heights >= (cut := expected.cut(heights))
        told = [float(np.mean(values)) for values in expected.of(heights[above])]
        row = [*line, cut, int(above.sum()), *told, right[above].mean(), right[above].sum() / n_tss]
        print(*(f"{value:.4f}" if isinstance(value, float) else value for value in row), sep="\t", file=out)
    out.close()
    context = record_of(fit_table(species))
    source = {"species": [one.name for one in species], "finder": finder_name()}
    (given.output / "gene_context.json").write_text(json.dumps(context | source, indent=1) + "\n")
    record = expected_precision([one[:2] for one in calls.values()], target=given.target)
    record |= {"species": source["species"], "learnt": "calls of models that had not seen the phylum of the species, "
               f"right within {WITHIN_BP} bp"}  # fmt: skip
    (given.output / "expected.json").write_text(json.dumps(record, indent=1) + "\n")
    print((given.output / "scores.tsv").read_text())


if __name__ == "__main__":
    main()
