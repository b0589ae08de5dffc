"""An annotation on a genome: one way for every command, with the line that tells what was left out."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pandas as pd

from tracktools.counting import count_line
from tracktools.errors import InputError
from tracktools.names import join_names, listed
from tracktools.regions.annotation_file import Annotation, read_annotation
from tracktools.regions.genes import ordered_parts
from tracktools.regions.placement import check_on_genome

_NAMED_TYPES = 4


@dataclass(frozen=True)
class PlacedAnnotation:
    """The genes of a file, on the sequences of a genome.

    Parameters
    ----------
    path : Path
        The file.
    genes : DataFrame
        See `tracktools.regions`; names of the genome.
    circles : mapping of str to int
        Lengths of the circular sequences [bp], by the names of the genome: what the file or the user calls so.
    taken : int
        Rows of the file that make or describe genes of the genome.
    left_out : dict of str to int
        How many rows were left out, by reason.
    """

    path: Path
    genes: pd.DataFrame
    circles: Mapping[str, int]
    taken: int
    left_out: dict[str, int]

    @property
    def count_line(self) -> str:
        """What was read, taken and left out, in one line."""
        noun = "row" if self.taken + sum(self.left_out.values()) == 1 else "rows"
        return count_line(self.taken, self.left_out, f"{noun} of {self.path.name}")


def place_annotation(
    annotation: Annotation | Path | str,
    chrom_sizes: Mapping[str, int],
    *,
    renames: Mapping[str, str] | None = None,
    circular: Collection[str] = (),
    only_genome: bool = False,
) -> PlacedAnnotation:
    """Bring the genes of a file to the sequences of a genome.

    Parameters
    ----------
    annotation : Annotation, Path or str
        From `read_annotation`, or the file.
    chrom_sizes : mapping of str to int
        Lengths of the genome's sequences [bp].
    renames : mapping of str to str, optional
        Name in the file to name in the genome, see `tracktools.names`.
    circular : collection of str
        Names of circular sequences, in the genome or in the file, or ``all``; also those that the file calls circular.
    only_genome : bool
        Leave out what is on sequences that the genome does not have.

    Raises
    ------
    InputError
        If the file is no annotation, `circular` names a sequence that there is not, or no gene is left.
    GenomeMismatchError
        If it is the annotation of another genome.
    """
    if not isinstance(annotation, Annotation):
        annotation = read_annotation(annotation)
    path = annotation.path
    said = cast("dict[str, str]", renames or {})  # looked up, not copied: it notices which of its names there are
    renames = ChainMap(said, _by_other_names(annotation, chrom_sizes))
    chroms = dict.fromkeys([*annotation.genes["chrom"], *annotation.taken])
    names = join_names(chroms, chrom_sizes, renames=renames, only_genome=only_genome, path=path)
    rings = _circles(circular, annotation, names, chrom_sizes)
    genes = check_on_genome(
        annotation.genes, chrom_sizes, renames=renames, circular=rings, only_genome=only_genome, path=path
    )
    if genes.empty:
        problem, hint = f"has no gene on {listed(chrom_sizes)}", "take the annotation of this genome"
        raise InputError(problem, path=path, hint=hint)
    circles = {name: chrom_sizes[name] for name in chrom_sizes if name in rings}
    genes = _close_circles(genes, circles)
    return PlacedAnnotation(
        path=path,
        genes=genes,
        circles=circles,
        taken=sum(n for chrom, n in annotation.taken.items() if chrom in names),
        left_out=_left_out(annotation, names),
    )


def place_without_genome(
    annotation: Path | str, *, renames: Mapping[str, str] | None = None, circular: Collection[str] = ()
) -> PlacedAnnotation:
    """Take the genes of a file on the sequences that the file itself describes.

    Parameters
    ----------
    annotation : Path or str
        The file.
    renames : mapping of str to str, optional
        Name in the file to the new name of the sequence.
    circular : collection of str
        Names of circular sequences, or ``all``; besides those that the file calls circular.

    Raises
    ------
    InputError
        If the file is no annotation, or does not say how long a circular sequence is.
    GenomeMismatchError
        If a gene lies past the end of its sequence.
    """
    read = read_annotation(annotation)
    ends = read.genes.groupby("chrom")["end"].max()
    names = {str(name): (renames or {}).get(str(name), str(name)) for name in ends.index}
    sizes = {target: read.sizes.get(name, int(ends[name])) for name, target in names.items()}
    for name, target in names.items():
        if name not in read.sizes and {name, target, "all"} & set(circular):
            problem, hint = f"does not say how long {name} is, which --circular names", "name the genome with --genome"
            raise InputError(problem, path=read.path, hint=hint)
    return place_annotation(read, sizes, renames=renames, circular=circular)


def _by_other_names(annotation: Annotation, chrom_sizes: Mapping[str, int]) -> dict[str, str]:
    """Return the sequences that the genome has under another name that the file itself gives, at the same length."""
    return {
        name: other
        for name, others in annotation.other_names.items()
        for other in others[::-1]
        if name not in chrom_sizes and chrom_sizes.get(other) == annotation.sizes.get(name)
    }


def _circles(
    wanted: Collection[str], annotation: Annotation, names: Mapping[str, str], chrom_sizes: Mapping[str, int]
) -> set[str]:
    declared = {names[name] for name in annotation.circular if name in names}
    if "all" in wanted:
        return set(chrom_sizes)
    unknown = [name for name in wanted if name not in chrom_sizes and name not in names]
    if unknown:
        raise InputError(f"--circular names {unknown[0]!r}, and the genome has {listed(chrom_sizes)}")
    return declared | {name if name in chrom_sizes else names[name] for name in wanted}


def _close_circles(genes: pd.DataFrame, circles: Mapping[str, int]) -> pd.DataFrame:
    """Join the parts of genes that meet at an origin, on circles that the file does not call so."""
    rows = genes.to_dict("records")
    for gene in rows:
        if gene["chrom"] in circles and len(gene["parts"]) > 1:
            gene["parts"] = ordered_parts(gene["parts"], circles[gene["chrom"]])
            gene["start"], gene["end"] = gene["parts"][0][0], gene["parts"][-1][1]
    return pd.DataFrame(rows, columns=list(genes.columns))


def _left_out(annotation: Annotation, names: Collection[str]) -> dict[str, int]:
    """Return how many rows were left out, by reason."""
    elsewhere = sum(n for chrom, n in annotation.taken.items() if chrom not in names)
    types: Counter[str] = Counter()
    for (chrom, kind), n in annotation.left_out.items():
        if chrom in names:
            types[kind] += n
        else:
            elsewhere += n
    most = types.most_common(_NAMED_TYPES)
    reasons = {"on sequences that the genome does not have": elsewhere, **dict(most)}
    return {**reasons, "of other types": sum(types.values()) - sum(n for _, n in most)}
