"""The content of data files, against the genome and the settings of their track: sequences, values, strands."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

from tracktools.aliases import resolve_chrom
from tracktools.errors import InputError
from tracktools.formats.alignments import read_contig_sizes
from tracktools.formats.bbi import BIGWIG_MAGIC
from tracktools.formats.bbi_read import read_header
from tracktools.formats.bigwig import BigWigReader
from tracktools.hub.check.families import BIG_BEDS
from tracktools.hub.check.features import check_features
from tracktools.hub.check.files import find_data, is_big_endian
from tracktools.hub.check.items import DAMAGE
from tracktools.hub.check.model import Genome, Track
from tracktools.hub.check.places import HubFiles
from tracktools.hub.check.report import Findings
from tracktools.hub.check.values import as_limits
from tracktools.hub.check.zooms import check_zooms

_BLOCK_BP = 1 << 20
_MOST_BP = 4_000_000_000  # of longer genomes the header is believed
_MINUS = re.compile(r"(?i)(^|[_\W])(minus|rev|reverse|neg|negative)([_\W]|$)|\(-\)")


def check_contents(genome: Genome, track: Track, places: HubFiles, findings: Findings) -> None:
    """Open the data file of a track and hold it against the genome and the settings of the track.

    Parameters
    ----------
    genome : Genome
        The genome, with its sizes and aliases where the hub brings it.
    track : Track
        A track that contains no others.
    places : HubFiles
        The files of the hub.
    findings : Findings
        Where findings go.
    """
    data = find_data(track, places, findings)
    if data is None or places.is_large(data):
        return
    value = track.find("bigDataUrl")
    if is_big_endian(data.path):
        problem = f"{value} is big-endian: its contents are not checked, and igv.js may not read it"
        findings.warning(track.stanza, "bigDataUrl", "big-endian", problem, "write it again on a current machine")
        return
    try:
        if track.kind == "bigWig":
            _check_signal(data.path, genome, track, findings)
        elif track.kind in BIG_BEDS:
            chroms = check_features(data.path, track, places, findings)
            check_chroms(chroms, genome, track, findings)
        elif track.kind == "bam":
            check_chroms(read_contig_sizes(data.path), genome, track, findings)
    except InputError as error:
        fix = error.hint or "make it again"
        findings.error(track.stanza, "bigDataUrl", "data", f"{value} {error.problem}", fix)
    except DAMAGE as error:
        problem = f"{value} is damaged: {error or type(error).__name__}"
        findings.error(track.stanza, "bigDataUrl", "data", problem, "copy or make it again")


def check_chroms(found: Mapping[str, int], genome: Genome, track: Track, findings: Findings) -> None:
    """Hold the sequences of a data file against those of the genome, under any name that the hub gives them."""
    sizes = genome.sizes
    if not sizes:
        return
    value = track.find("bigDataUrl")
    names = {chrom: resolve_chrom(genome.aliases.get(chrom, chrom), sizes) for chrom in found}
    foreign = [chrom for chrom, known in names.items() if known is None]
    if foreign:
        add = findings.error if len(foreign) == len(found) else findings.warning
        problem = f"{value} contains {foreign[0]}, which is not in the genome"
        fix = f"it has {next(iter(sizes))}: rename and write again"
        add(track.stanza, "bigDataUrl", "foreign-chrom", problem, fix)
    for chrom, length in found.items():
        known = names[chrom]
        if known is None:
            continue
        if known != chrom and chrom not in genome.aliases and track.kind != "bam":
            problem = f"{value} says {chrom}, the genome {known}, and the hub has no alias of it"
            findings.error(track.stanza, "bigDataUrl", "foreign-chrom", problem, "add it to chromAliasBb, or rename")
        elif length != sizes[known]:
            problem = f"{value} gives {chrom} {length} bp, the genome has {sizes[known]}"
            findings.error(track.stanza, "bigDataUrl", "chrom-length", problem, "was it made on another assembly?")


def _check_signal(path: Path, genome: Genome, track: Track, findings: Findings) -> None:
    check_zooms(path, read_header(path, BIGWIG_MAGIC), track, findings)
    name = track.find("bigDataUrl")
    with BigWigReader(path) as reader:
        check_chroms(reader.chrom_sizes, genome, track, findings)
        summary = reader.summary
        is_long = sum(reader.chrom_sizes.values()) > _MOST_BP
        low, high = (summary.minimum, summary.maximum) if is_long and summary is not None else _range(reader)
    _check_type_range(track, findings)
    if low > high:
        findings.warning(track.stanza, "bigDataUrl", "empty", f"{name} contains no value", "remove the track")
        return
    if low == high == 0:
        fix = "remove the track, or correct its making"
        findings.warning(track.stanza, "bigDataUrl", "empty", f"{name} is 0 everywhere", fix)
        return
    if summary is not None and not (_near(summary.minimum, low) and _near(summary.maximum, high)):
        problem = (
            f"the header of {name} says {summary.minimum:g} to {summary.maximum:g}, its values are {low:g} to {high:g}"
        )
        findings.warning(track.stanza, "bigDataUrl", "header-range", problem, "write it again: hub build does")
    _check_view(track, low, high, findings)
    in_family = track.parent is not None  # alone, a track may be named as it likes
    is_minus = "strand=minus" in track.get("subGroups") or (in_family and _MINUS.search(track.name) is not None)
    signed = track.find("logo").lower() == "on"  # letters of contributions keep their sign
    if is_minus and high > 0 and not signed and track.find("negateValues").lower() != "on":
        problem = f"is a minus strand, and {name} has values up to {high:g}, which are drawn upward"
        findings.warning(track.stanza, "bigDataUrl", "strand-sign", problem, "store the minus strand negative")


def _check_type_range(track: Track, findings: Findings) -> None:
    words = track.type_words
    limits = as_limits(":".join(words[1:3])) if len(words) >= 3 else None
    if len(words) >= 3 and limits is None:
        findings.error(track.stanza, "type", "type", f"type is {' '.join(words)!r}", "write: bigWig LEAST GREATEST")
    elif limits is not None and limits[0] >= limits[1] and limits != (0, 0):
        problem = f"type {' '.join(words)!r} is upside down"
        findings.error(track.stanza, "type", "type", problem, "write: bigWig LEAST GREATEST")


def _check_view(track: Track, low: float, high: float, findings: Findings) -> None:
    """Say where the limits of the view show nothing of the values."""
    limits = as_limits(track.find("viewLimits"))
    if limits is None or limits[0] >= limits[1] or track.find("autoScale").lower() in ("on", "group"):
        return
    if track.find("negateValues").lower() == "on":
        low, high = -high, -low
    if track.find("transformFunc").upper() == "LOG":
        return
    # bars reach from 0 to the value: some part of them must lie between the limits
    if max(min(low, 0.0), limits[0]) >= min(max(high, 0.0), limits[1]):
        text = track.find("viewLimits")
        problem = f"viewLimits {text} shows nothing of {track.find('bigDataUrl')}, whose values are {low:g} to {high:g}"
        findings.error(track.stanza, "viewLimits", "limits-miss-data", problem, "widen them")


def _range(reader: BigWigReader) -> tuple[float, float]:
    """Return the least and greatest value, from the values themselves."""
    low, high = math.inf, -math.inf
    for chrom, length in reader.chrom_sizes.items():
        for start in range(0, length, _BLOCK_BP):
            values = reader.values(chrom, start, min(start + _BLOCK_BP, length))
            values = values[values == values]
            if values.size:
                low, high = min(low, float(values.min())), max(high, float(values.max()))
    return low, high


def _near(left: float, right: float) -> bool:
    return math.isclose(left, right, rel_tol=1e-5, abs_tol=1e-7)
