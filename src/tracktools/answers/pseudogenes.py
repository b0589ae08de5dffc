"""``tracktools annotation --rank-pseudogenes``: which pseudogenes look as if they were transcribed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tracktools.annotation import GeneTracks, make_gene_tracks
from tracktools.answers.sets import read_sets
from tracktools.arrays import Bool, Float32, Int64
from tracktools.config import TssConfig
from tracktools.errors import InputError
from tracktools.figures.overview import draw_ranks
from tracktools.genome import Contig, Genome
from tracktools.profile.matrix import SignalSource, StrandPair, open_signal

UPSTREAM_BP = TssConfig.utr_bp  # a TSS at most so far upstream is one of the pseudogene, as for a gene
ANTISENSE_BP = TssConfig.antisense_bp
_LOCUS_BP = 500  # shown on each side

COLUMNS = (
    "rank", "gene", "locus_tag", "product", "contig", "start", "end", "strand", "upstream_output", "upstream_position",
    "predicted_tss", "measured_tss", "measured_sets", "inside_output", "antisense_output", "antisense_predicted",
    "antisense_measured", "locus", "hub_link",
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What is compared with pseudogenes.

    Parameters
    ----------
    signal : SignalSource
        The model output of both strands.
    called : Path
        BED of called TSS.
    measured : mapping of str to Path
        BED of single bases, by name of the set.
    """

    signal: SignalSource
    called: Path
    measured: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def of_folder(cls, folder: Path, measured: Mapping[str, Path] | None = None) -> Evidence:
        """Take the bigWigs and the called TSS of a folder of `tracktools predict`.

        Raises
        ------
        InputError
            If it is none.
        """
        called = sorted(folder.glob("*.called_tss.bed")) if folder.is_dir() else []
        if len(called) != 1:
            raise InputError(
                "is no folder of predictions", path=folder, hint="name a folder that tracktools predict wrote"
            )
        return cls(SignalSource.parse(f"model={folder}"), called[0], measured or {})

    @property
    def files(self) -> list[Path]:
        """Every file that is read."""
        return [self.signal.plus, self.signal.minus, self.called, *self.measured.values()]


@dataclass(frozen=True)
class _Marks:
    """TSS of one contig: by set and strand, which bases have one, shape (length,)."""

    of_set: Mapping[str, Mapping[str, Bool]]

    def at(self, name: str, strand: str, where: Int64) -> Int64:
        """Return those of some positions that have a TSS of a set."""
        return where[self.of_set[name][strand][where]]


def rank_pseudogenes(genes: pd.DataFrame, genome: Genome, evidence: Evidence) -> pd.DataFrame:
    """Rank pseudogenes by the highest model output upstream of them.

    Parameters
    ----------
    genes : DataFrame
        See `tracktools.regions`; the rows with `is_pseudo` are ranked.
    genome : Genome
        Its circular contigs go on across the origin.
    evidence : Evidence
        Signal and sets.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, the highest `upstream_output` first; pseudogenes without a scored base there come last.
        Positions are 1-based. Upstream is from `UPSTREAM_BP` before the first base of the pseudogene to that base, on
        its strand; inside is the rest of it; antisense is the other strand, `ANTISENSE_BP` past both ends. Of called
        TSS upstream that with the highest output is named, of measured ones the nearest to the first base. A pseudogene
        without a strand is left out.

    Raises
    ------
    InputError
        If a set is no TSS set; as `GenomeMismatchError`, if a file is of another genome.
    """
    sets = {f"measured {name}": path for name, path in evidence.measured.items()}
    tables = _read({"called": evidence.called, **sets}, genome)
    chosen = genes[genes["is_pseudo"].astype(bool) & genes["strand"].isin(["+", "-"])]
    rows = []
    with open_signal(evidence.signal, genome.chrom_sizes) as signal:
        for contig in genome:
            here = chosen[chosen["chrom"] == contig.name]
            if len(here):
                values = signal.read(contig.name, len(contig), "skip")
                marks = _marks(tables, contig)
                rows += [_row(gene, contig, values, marks) for gene in here.to_dict("records")]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table.sort_values(["upstream_output", "inside_output"], ascending=False, kind="stable", na_position="last")
    return table.assign(rank=np.arange(1, len(table) + 1)).reset_index(drop=True)


def _read(sets: Mapping[str, Path], genome: Genome) -> dict[str, pd.DataFrame]:
    """Read sets; one of called TSS may be empty."""
    empty = {name for name, path in sets.items() if name == "called" and _holds_nothing(path)}
    tables, _ = read_sets({name: path for name, path in sets.items() if name not in empty}, genome.chrom_sizes) \
        if len(empty) < len(sets) else ({}, {})  # fmt: skip
    return tables | {name: pd.DataFrame(columns=["chrom", "position", "strand"]) for name in empty}


def _holds_nothing(path: Path) -> bool:
    from tracktools.formats.bed import read_bed

    return not len(read_bed(path, any_score=True)[0])


def _marks(tables: Mapping[str, pd.DataFrame], contig: Contig) -> _Marks:
    marks = {}
    for name, table in tables.items():
        here = table[table["chrom"] == contig.name]
        marks[name] = {strand: np.zeros(len(contig), dtype=bool) for strand in "+-"}
        for strand in "+-":
            marks[name][strand][here.loc[here["strand"] == strand, "position"].to_numpy(dtype=np.int64)] = True
    return _Marks(marks)


def _span(start: int, end: int, contig: Contig) -> Int64:
    """Return positions [start, end) of a contig: across the origin of a circle, cut at the ends of others."""
    positions = np.arange(start, end, dtype=np.int64)
    if contig.circular:
        return positions[: len(contig)] % len(contig)
    return positions[(positions >= 0) & (positions < len(contig))]


def _row(gene: Mapping[Any, Any], contig: Contig, values: StrandPair, marks: _Marks) -> dict[str, object]:
    start, end, strand = int(gene["start"]), int(gene["end"]), str(gene["strand"])
    other = "-" if strand == "+" else "+"
    own, against = (values.plus, values.minus) if strand == "+" else (values.minus, values.plus)
    if strand == "+":
        upstream, inside = _span(start - UPSTREAM_BP, start + 1, contig)[::-1], _span(start + 1, end, contig)
    else:
        upstream, inside = _span(end - 1, end + UPSTREAM_BP, contig), _span(start, end - 1, contig)
    beyond = _span(start - ANTISENSE_BP, end + ANTISENSE_BP, contig)
    best, best_at = _highest(own, upstream)
    called = marks.at("called", strand, upstream)
    _, called_at = _highest(np.nan_to_num(own), called)
    measured = [name for name in marks.of_set if name != "called"]
    near = [(int(np.flatnonzero(upstream == found[0])[0]), name, found[0])
            for name in measured if len(found := marks.at(name, strand, upstream))]  # fmt: skip
    locus = f"{contig.name}:{max(1, start + 1 - _LOCUS_BP)}-{min(len(contig), end + _LOCUS_BP)}"
    return {
        "gene": gene["name"],
        "locus_tag": gene["locus_tag"],
        "product": gene["product"],
        "contig": contig.name,
        "start": start + 1,
        "end": end,
        "strand": strand,
        "upstream_output": best,
        "upstream_position": best_at,
        "predicted_tss": called_at,
        "measured_tss": int(min(near)[2]) + 1 if near else pd.NA,
        "measured_sets": ";".join(name.removeprefix("measured ") for _, name, _ in near),
        "inside_output": _highest(own, inside)[0],
        "antisense_output": _highest(against, beyond)[0],
        "antisense_predicted": len(marks.at("called", other, beyond)),
        "antisense_measured": len({int(at) for name in measured for at in marks.at(name, other, beyond)}),
        "locus": locus,
        "hub_link": f"index.html#{locus}",
    }


def _highest(values: Float32, where: Int64) -> tuple[float, object]:
    """Return the highest value at some positions, and the first position (1-based) that has it; NaN: none has any."""
    found = values[where]
    known = np.isfinite(found)
    if not known.any():
        return float("nan"), pd.NA
    best = int(np.nanargmax(np.where(known, found, -np.inf)))
    return float(found[best]), int(where[best]) + 1


def rank_folder(
    annotation: Path,
    output: Path,
    evidence: Evidence,
    *,
    genome: Genome,
    renames: Mapping[str, str] | None = None,
    circular: tuple[str, ...] = (),
    only_genome: bool = False,
    force: bool = False,
) -> tuple[GeneTracks, pd.DataFrame]:
    """Write the gene tracks of an annotation, and ``pseudogenes.tsv`` and ``pseudogenes.svg``, ``.png`` next to them.

    See `tracktools.annotation.make_gene_tracks` and `rank_pseudogenes`.
    """
    ranked: list[pd.DataFrame] = []

    def rank(folder: Path, genes: pd.DataFrame, circles: Mapping[str, int]) -> None:
        table = rank_pseudogenes(genes, genome.with_circular(circles), evidence)
        text = table.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")
        (folder / "pseudogenes.tsv").write_text(text, encoding="utf-8")
        outputs = table[["upstream_output", "antisense_output"]].to_numpy(dtype=float)
        draw_ranks({"upstream": outputs[:, 0], "antisense": outputs[:, 1]}, folder, "pseudogenes")
        ranked.append(table)

    made = make_gene_tracks(
        annotation, output, genome=genome, renames=renames, circular=circular, only_genome=only_genome, force=force,
        more=rank, inputs=evidence.files,
    )  # fmt: skip
    return made, ranked[0]
