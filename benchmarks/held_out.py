"""What species of phyla that a model never saw teach for other genomes: the gene context and the expected precision.

    python benchmarks/held_out.py hp:Campylobacterota:hp.fa.gz:hp.bed:without-hp.safetensors ... -o taught

Each row is NAME:PHYLUM:FASTA:TSS.bed:MODEL[+MODEL], models that were trained without the phylum, and their mean counts.
It scores the genome by the network alone, told of the composition as much as a trial shows to be best
(`tracktools.engine.told`, with the table of the shipped model). Then the table of `tracktools.gene_context` is fitted:
logistic regression with the log-odds of the network as an offset, an intercept per genome, and each genome of equal
weight. From calls with a table fitted without their own phylum, the expected precision is learnt
(`tracktools.predict.call_rates`); also from those of --nearer ROW, of models that have seen the phylum, but not the
genus. Writes OUTPUT/gene_context.json and OUTPUT/expected.json, for `tracktools models average`; OUTPUT/PHYLUM.json,
the table without a phylum, for `leave_one_phylum_out.py`; and OUTPUT/scores.tsv: for each row, what it scores without
and with a table of the other phyla, and its calls at a cut learnt from the other species.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

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
from tracktools.genome import Genome, load_genome
from tracktools.interval import STRANDS
from tracktools.metrics import match_calls, score_positions
from tracktools.model.registry import as_model
from tracktools.predict.call_rates import FLOOR, CallRates, HeldOut, learn_call_rates
from tracktools.train.labels import read_labels

WITHIN_BP = 5  # of a TSS: a call that is right
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

    @classmethod
    def parse(cls, row: str, threads: int) -> Species:
        """Read NAME:PHYLUM:FASTA:TSS:MODEL."""
        name, phylum, fasta, tss, models = row.split(":")
        return cls(name.replace("_", " "), phylum, Path(fasta), Path(tss), tuple(map(Path, models.split("+"))), threads)

    @cached_property
    def genome(self) -> Genome:
        """The genome, all contigs circular."""
        return load_genome(self.fasta, circular=["all"])

    @cached_property
    def _strands(self) -> tuple[list[Floats], list[npt.NDArray[np.int64]], list[Floats]]:
        """Return output, class and truth along each strand of each contig, 5' to 3'."""
        genome = self.genome
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

    @property
    def n_tss(self) -> int:
        """How many TSS it has."""
        return int(sum(truth.sum() for truth in self._strands[2]))

    def calls(self, table: Floats) -> HeldOut:
        """Return the calls after the addition of a table."""
        heights, right = [], []
        for output, place, truth in zip(*self._strands, strict=True):
            values = shift_probabilities(output, table[place])
            at = np.flatnonzero(values >= FLOOR)
            called = at[call_positions(at, values[at], "+", length=len(values))]
            heights.append(values[called])
            right.append(match_calls(called, values[called], np.flatnonzero(truth), WITHIN_BP).astype(bool))
        gc = self.genome.descriptor.gc
        return HeldOut(self.name, np.concatenate(heights), np.concatenate(right), len(self.genome) / 1000, gc)


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


class Judged(NamedTuple):
    """A species by models that never saw its phylum, or its genus, and a table without its phylum."""

    species: Species
    unseen: str
    with_genes: HeldOut
    without_genes: HeldOut
    ap: float
    ap_with_genes: float


def judge(species: list[Species], nearer: list[Species], output: Path) -> list[Judged]:
    """Score each row with a table of the species of other phyla, and write these tables."""
    nothing = np.zeros(len(PLACES) * len(FROM_BP), dtype=np.float32)
    judged = []
    for unseen, rows in (("phylum", species), ("genus", nearer)):
        for one in rows:
            table = fit_table([other for other in species if other.phylum != one.phylum])
            (output / f"{one.phylum}.json").write_text(json.dumps(record_of(table), indent=1) + "\n")
            scores = one.average_precision(nothing), one.average_precision(table)
            judged.append(Judged(one, unseen, one.calls(table), one.calls(nothing), *scores))
            print(one.name, unseen, *scores, flush=True)
    return judged


def cut_by_others(one: Judged, judged: list[Judged], target: float) -> list[object]:
    """Return the cut that the other species teach, calls at and above it, expected and measured precision, recall."""
    others = [other for other in judged if other.species.name != one.species.name]
    record = learn_call_rates([row.with_genes for row in others], [row.without_genes for row in others], target=target)
    own = one.with_genes
    heights = np.sort(own.outputs)[::-1]
    expected = CallRates.from_record(record).on(heights, own.kb, own.gc, genes=True)
    above = own.outputs >= (cut := expected.cut(heights))
    told = [float(np.mean(values)) for values in expected.of(own.outputs[above])]
    return [cut, int(above.sum()), *told, own.right[above].mean(), own.right[above].sum() / one.species.n_tss]


def main() -> None:
    """Fit, judge and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="+", metavar="NAME:PHYLUM:FASTA:TSS:MODEL")
    parser.add_argument("--nearer", nargs="+", default=[], metavar="ROW", help="by models that know the phylum")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--target", type=float, default=0.55, help="expected precision of the calls of a genome")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    species, nearer = ([Species.parse(row, given.threads) for row in rows] for rows in (given.rows, given.nearer))
    judged = judge(species, nearer, given.output)
    with (given.output / "scores.tsv").open("w") as out:
        print("species\tunseen\tbases\ttss\tap\tap_with_genes\tcut\tcalls\texpected\tlow\thigh\tprecision\trecall",
              file=out)  # fmt: skip
        for one in judged:
            about = [one.species.name, one.unseen, len(one.species.bases[0]), one.species.n_tss]
            row = [*about, one.ap, one.ap_with_genes, *cut_by_others(one, judged, given.target)]
            print(*(f"{value:.4f}" if isinstance(value, float) else value for value in row), sep="\t", file=out)
    context = record_of(fit_table(species))
    source = {"species": [one.name for one in species], "finder": finder_name()}
    (given.output / "gene_context.json").write_text(json.dumps(context | source, indent=1) + "\n")
    record = learn_call_rates(
        [one.with_genes for one in judged], [one.without_genes for one in judged], target=given.target
    )
    record |= {"species": source["species"], "learnt": "calls of models that had not seen the phylum, or the genus, of "
               f"the species; right within {WITHIN_BP} bp"}  # fmt: skip
    (given.output / "expected.json").write_text(json.dumps(record, indent=1) + "\n")
    print((given.output / "scores.tsv").read_text())


if __name__ == "__main__":
    main()
