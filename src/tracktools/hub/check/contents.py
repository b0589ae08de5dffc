"""Checks of the data files of a hub against its genome and against what ``hub.txt`` says of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tracktools.aliases import resolve_chrom
from tracktools.errors import InputError
from tracktools.formats.alignments import read_contig_sizes
from tracktools.formats.bbi_read import BbiHeader, read_chroms, read_header, read_indexed_columns
from tracktools.formats.bigbed import read_bigbed
from tracktools.formats.bigwig import BigWigReader
from tracktools.hub.check.faults import Findings
from tracktools.hub.check.hubtxt import Block
from tracktools.hub.check.tracks import is_parent, track_type

_BIGBED_MAGIC = 0x8789F2EB
_BLOCK_BP = 1 << 20
_MINUS = re.compile(r"(?i)(^|[_\W])(minus|rev|reverse|neg|negative)([_\W]|$)|\(-\)")
_VARIABLE = re.compile(r"\$\{?(\w+)")


def check_contents(root: Path, tracks: Sequence[Block], sizes: Mapping[str, int], findings: Findings) -> None:
    """Open every data file and hold it against the genome and the settings of its track.

    Parameters
    ----------
    root : Path
        Folder of the hub.
    tracks : sequence of Block
        The track blocks.
    sizes : mapping of str to int
        Length of each sequence of the genome [bp]; empty where the hub has no genome of its own.
    findings : Findings
        Where faults go.
    """
    for track in tracks:
        path = root / track.get("bigDataUrl")
        if is_parent(track) or not track.get("bigDataUrl") or not path.is_file():
            continue
        kind = (track_type(track) or [""])[0]
        try:
            if kind == "bigWig":
                _check_signal(path, track, sizes, findings)
            elif kind == "bigBed":
                _check_features(path, track, sizes, findings)
            elif kind == "bam":
                lengths = read_contig_sizes(path)
                named = {resolve_chrom(name, sizes) or name: length for name, length in lengths.items()}
                _check_chroms(named, track, sizes, findings)
        except InputError as error:
            mend = error.hint or "make it again"
            findings.add(track, "bigDataUrl", "data", f"{track.get('bigDataUrl')} {error.problem}", mend)


def _check_chroms(found: Mapping[str, int], track: Block, sizes: Mapping[str, int], findings: Findings) -> None:
    if not sizes:
        return
    foreign = [chrom for chrom in found if chrom not in sizes]
    if foreign:
        problem = f"{track.get('bigDataUrl')} speaks of {foreign[0]}, which the genome does not have"
        findings.add(
            track, "bigDataUrl", "foreign-chrom", problem, f"it has {next(iter(sizes))}: rename and write again"
        )
    for chrom, length in found.items():
        if chrom in sizes and length != sizes[chrom]:
            problem = f"{track.get('bigDataUrl')} gives {chrom} {length} bp, the genome has {sizes[chrom]}"
            findings.add(track, "bigDataUrl", "chrom-length", problem, "was it made on another assembly?")


def _check_signal(path: Path, track: Block, sizes: Mapping[str, int], findings: Findings) -> None:
    name = track.get("bigDataUrl")
    with BigWigReader(path) as reader:
        _check_chroms(reader.chrom_sizes, track, sizes, findings)
        low, high = _range(reader)
        summary = reader.summary
    if low > high:
        findings.add(track, "bigDataUrl", "empty", f"{name} holds no value", "remove the track")
        return
    if low == high == 0:
        findings.add(track, "bigDataUrl", "empty", f"{name} is 0 everywhere", "remove the track, or mend its making")
        return
    if summary is not None and not (_near(summary.minimum, low) and _near(summary.maximum, high)):
        problem = (
            f"the header of {name} says {summary.minimum:g} to {summary.maximum:g}, its values are {low:g} to {high:g}"
        )
        findings.add(track, "bigDataUrl", "header-range", problem, "write it again: hub build does")
    limits = re.fullmatch(r"(-?[\d.]+):(-?[\d.]+)", track.get("viewLimits"))
    # bars reach from 0 to the value: some part of them must lie between the limits
    if limits and max(min(low, 0.0), float(limits[1])) >= min(max(high, 0.0), float(limits[2])):
        problem = f"viewLimits {track.get('viewLimits')} shows nothing of {name}, whose values are {low:g} to {high:g}"
        findings.add(track, "viewLimits", "limits-miss-data", problem, "widen them")
    words = track_type(track)
    if (
        len(words) == 3
        and all(re.fullmatch(r"-?[\d.]+", word) for word in words[1:])
        and float(words[1]) >= float(words[2])
    ):
        findings.add(
            track, "type", "type", f"type {track.get('type')!r} is upside down", "write: bigWig LEAST GREATEST"
        )
    in_family = bool(track.get("parent"))  # alone, a track may be named as it likes
    is_minus = "strand=minus" in track.get("subGroups") or (in_family and _MINUS.search(track.get("track")) is not None)
    if is_minus and high > 0:
        problem = f"is a minus strand, and {name} has values up to {high:g}, which are drawn upward"
        findings.add(track, "bigDataUrl", "strand-sign", problem, "store the minus strand negative")


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


def _check_features(path: Path, track: Block, sizes: Mapping[str, int], findings: Findings) -> None:
    header = read_header(path, _BIGBED_MAGIC)
    with path.open("rb") as file:
        chroms = {name: size for name, (_, size) in read_chroms(file, header).items()}
        indexed = read_indexed_columns(file, header)
    _check_chroms(chroms, track, sizes, findings)
    table, schema = read_bigbed(path)
    if table.empty:
        findings.add(track, "bigDataUrl", "empty", f"{track.get('bigDataUrl')} holds no item", "remove the track")
    _check_type(track, header, findings)
    columns = schema.columns
    for key, used in _columns_used(track):
        missing = [name for name in used if name not in columns]
        if missing:
            problem = f"{key} names the column {missing[0]}, which {track.get('bigDataUrl')} does not have"
            findings.add(track, key, "unknown-column", problem, f"it has {', '.join(columns)}")
    for name in track.get("searchIndex").replace(",", " ").split():
        if name in columns and columns.index(name) not in indexed:
            problem = f"searchIndex {name}, but {track.get('bigDataUrl')} has no index of it"
            findings.add(track, "searchIndex", "no-index", problem, "make the bigBed with an index, or remove the line")
    if track.get("itemRgb") == "on" and header.defined_fields < 9:
        problem = f"itemRgb needs 9 standard columns, {track.get('bigDataUrl')} has {header.defined_fields}"
        findings.add(track, "itemRgb", "item-rgb", problem, "write BED9, or remove the line")
    if "mouseOver" in track and header.defined_fields < 8:
        problem = (
            f"mouseOver needs more than 8 columns, {track.get('bigDataUrl')} has {header.defined_fields} standard ones"
        )
        findings.add(track, "mouseOver", "mouse-over", problem, "write BED9, or remove the line")


def _check_type(track: Block, header: BbiHeader, findings: Findings) -> None:
    """Hold the type against the file: how many columns are standard, and whether there are more."""
    right = f"bigBed {header.defined_fields}" + (" +" if header.fields > header.defined_fields else "")
    words = track_type(track)
    if len(words) > 2 and words[2] == "." and header.fields == header.defined_fields:
        words = words[:2]
    if " ".join(words) != right:
        problem = (
            f"type {track.get('type')!r} for a file of {header.defined_fields} standard columns "
            f"and {header.fields - header.defined_fields} more"
        )
        findings.add(track, "type", "type-columns", problem, f"write: type {right}")


def _columns_used(track: Block) -> Iterable[tuple[str, list[str]]]:
    """Yield each setting that names columns, and the names."""
    for setting in track.settings:
        key, _, column = setting.key.partition(".")
        if column and (key.startswith(("filter", "highlight"))) and key != "highlightColor":
            yield setting.key, [column]
        elif key in ("labelFields", "defaultLabelFields", "searchIndex", "skipFields", "sepFields"):
            yield key, [name for name in setting.value.replace(",", " ").split() if name != "none"]
        elif key == "mouseOverField":
            yield key, setting.value.split()[:1]
        elif key == "mouseOver":
            yield key, _VARIABLE.findall(setting.value)
        elif key == "urls":
            yield key, re.findall(r'(\w+)="', setting.value)
