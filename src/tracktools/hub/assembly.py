"""What browsers need to know about a genome: names, organism, other names of its sequences, where to open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tracktools.config import HubConfig
from tracktools.errors import InputError
from tracktools.formats.toml_file import parse_toml
from tracktools.genome import Genome
from tracktools.hub.convert.chroms import chrom_aliases
from tracktools.hub.model import Assembly
from tracktools.hub.text import label
from tracktools.interval import STRANDS, Interval


def describe_assembly(
    genome: Genome,
    facts_toml: str,
    *,
    path: str,
    attach: str | None = None,
    renames: Mapping[str, str] | None = None,
) -> Assembly:
    """Return the assembly of a hub, without its default position.

    Parameters
    ----------
    genome : Genome
        The sequences.
    facts_toml : str
        Text of ``assemblies.toml``: what is known about genomes by the name and length of their first sequence.
    path : str
        Where that text is, for messages.
    attach : str, optional
        Name of a genome that UCSC knows already: UCSC shows its own sequence and genes next to the tracks.
    renames : mapping of str to str, optional
        Further names of its sequences, each to the genome's own.

    Raises
    ------
    InputError
        If the text is no TOML, or a fact is missing or of the wrong kind, or `attach` is no name.
    """
    aliases = chrom_aliases(genome.chrom_sizes, renames)
    facts = _facts_of(genome, aliases, facts_toml, path)
    name = attach or str(facts.get("genome", _plain_name(genome.name)))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.]*", name):
        raise InputError(f"genome name {name!r}", hint="UCSC wants letters, digits, _ and .")
    organism = label(str(facts.get("organism", _plain_organism(genome.name))))
    try:
        return Assembly(
            genome=name,
            attached=attach is not None,
            twobit="" if attach else f"{name}.2bit",
            organism=organism,
            scientific_name=label(str(facts.get("scientific_name", organism))),
            description=label(str(facts.get("description", genome.name))),
            tax_id=int(facts.get("tax_id", 0)),
            codon_table=int(facts.get("codon_table", 11)),
            chrom_sizes=genome.chrom_sizes,
            aliases=aliases,
            links={str(field): str(link) for field, link in dict(facts.get("links", {})).items()},
        )
    except (TypeError, ValueError) as error:
        raise InputError(f"a fact about {organism} is of the wrong kind: {error}", path=path) from None


def _plain_organism(name: str) -> str:
    """Return what a genome's file is named after: a species with underscores is written with spaces.

    Examples
    --------
    >>> _plain_organism("Streptococcus_pneumoniae_D39V"), _plain_organism("NC_000913.3")
    ('Streptococcus pneumoniae D39V', 'NC_000913.3')
    """
    return name.replace("_", " ") if re.match(r"[A-Z][a-z]+_[a-z]{3,}", name) else name


def _plain_name(name: str) -> str:
    """Return the name of a genome as UCSC takes it.

    Examples
    --------
    >>> _plain_name("ASM584v2 (1)"), _plain_name("über"), _plain_name("(?)")
    ('ASM584v2__1_', 'ber', 'genome')
    """
    return re.sub(r"[^A-Za-z0-9_.]", "_", name).lstrip("_.") or "genome"


def _facts_of(genome: Genome, aliases: Mapping[str, Sequence[str]], facts_toml: str, path: str) -> dict[str, Any]:
    records = parse_toml(facts_toml, path).get("assembly", [])
    first = genome.contigs[0]
    names = {first.name, *aliases[first.name]}
    for record in records:
        if not isinstance(record, dict) or not {"sequence", "length_bp"} <= record.keys():
            raise InputError("an [[assembly]] lacks sequence or length_bp", path=path)
        if record["sequence"] in names and record["length_bp"] == len(first):
            return record
    return {}


def busiest_position(tables: Sequence[pd.DataFrame], chrom_sizes: Mapping[str, int]) -> str:
    """Return where a browser opens: around the stretch with the most TSS of both strands.

    Parameters
    ----------
    tables : sequence of DataFrame
        TSS sets, the best first (curated, measured, called); columns of BED6, and `support` where there is one. The
        first one that is not empty decides.
    chrom_sizes : mapping of str to int
        Length of each sequence [bp].

    Returns
    -------
    str
        ``chrom:first-last``, 1-based and closed, at most `HubConfig.default_view_bp` wide, inside the sequence; the
        start of the first sequence where there is no TSS.
    """
    width = HubConfig.default_view_bp
    for table in tables:
        best: tuple[float, str, int] | None = None
        for chrom, rows in table.groupby("chrom", sort=False):
            rank, centre = _busiest_centre(rows, width // 2)
            if best is None or rank > best[0]:
                best = (rank, str(chrom), centre)
        if best is not None:
            _, chrom, centre = best
            end = min(max(centre + width // 2, width), chrom_sizes[chrom])
            return Interval(chrom, max(end - width, 0), end).to_ucsc()
    chrom, length = next(iter(chrom_sizes.items()))
    return Interval(chrom, 0, min(length, width)).to_ucsc()


def _busiest_centre(rows: pd.DataFrame, window_bp: int) -> tuple[float, int]:
    """Return the weight of the heaviest window, the product of its strands, and the middle of the TSS in it."""
    rows = rows.sort_values("chromStart", kind="stable")
    starts = rows["chromStart"].to_numpy()
    weights = rows["support"].to_numpy(dtype=float) if "support" in rows else np.ones(len(rows))
    ends = np.searchsorted(starts, starts + window_bp)
    sums = []
    for strand in STRANDS:
        cumulative = np.concatenate(([0.0], np.cumsum(weights * (rows["strand"] == strand).to_numpy())))
        sums.append(cumulative[ends] - cumulative[: len(starts)])
    heavy = int(np.argmax((sums[0] + 1) * (sums[1] + 1)))
    return float((sums[0][heavy] + 1) * (sums[1][heavy] + 1)), int(starts[heavy] + starts[ends[heavy] - 1]) // 2
