"""From data files of any kind to the few kinds that every browser reads: bigWig, bigBed, BAM."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tracktools.counting import count_line
from tracktools.errors import InputError
from tracktools.formats.alignments import alignment_format, read_contig_sizes, write_bai
from tracktools.formats.bed import read_bed, read_bed_head
from tracktools.formats.bed_schemas import FOUND_COLUMNS, GENES, BedSchema
from tracktools.formats.bigbed import read_bigbed, read_bigbed_columns
from tracktools.hub.arrange import OTHER_GROUP, track_color
from tracktools.hub.convert.chroms import check_lengths
from tracktools.hub.convert.drawing import MeasuredSet, is_called, is_tss
from tracktools.hub.convert.features import write_features
from tracktools.hub.convert.genes import gene_tables
from tracktools.hub.convert.signals import write_display_signal
from tracktools.hub.model import Contents, HubTrack, Kind, Source
from tracktools.hub.text import LONG_LABEL_CHARACTERS, SHORT_LABEL_CHARACTERS, label, track_name
from tracktools.names import join_names
from tracktools.tracks import file_sha256, is_drawn_as_letters

_KINDS: dict[str, tuple[Kind, str]] = {  # format: kind, visibility
    "bigWig": ("signal", "full"),
    "bedGraph": ("signal", "full"),
    "bed": ("features", "pack"),
    "bigBed": ("features", "pack"),
    "bam": ("alignments", "dense"),
}
_MEASURED_GROUPS = ("tss", "curated")
_GROUP_OF_COLUMN = {  # a column that only such sets have; the first that fits
    "class": "classes",
    "support": "curated",
    "modelOutput": "predictions",
    "sourceScore": "tss",
    "head": "motifs",
    "biotype": "annotation",
}
_SUFFIXES: dict[Kind, str] = {"signal": ".bw", "features": ".bb", "alignments": ".bam"}


@dataclass(frozen=True)
class Converted:
    """A track of the hub, its features as a table where it has features, and the counts of an annotation."""

    track: HubTrack
    table: pd.DataFrame | None = None
    count_line: str = ""


def convert_source(
    source: Source,
    folder: Path,
    chrom_sizes: Mapping[str, int],
    *,
    renames: Mapping[str, str] | None = None,
    measured: Sequence[MeasuredSet] = (),
    circular: Collection[str] = (),
    only_genome: bool = False,
) -> list[Converted]:
    """Write the hub's copy of one data file.

    Parameters
    ----------
    source : Source
        The file and its row.
    folder : Path
        The hub, under construction.
    chrom_sizes : mapping of str to int
        Length of each sequence of the genome [bp].
    renames : mapping of str to str, optional
        Name of a sequence in the file to its name in the genome, as the user says it.
    measured : sequence of MeasuredSet
        What called TSS are held against.
    circular, only_genome
        Of annotations, see `tracktools.regions.place_annotation`; `only_genome` of every file; a BAM is copied whole.

    Returns
    -------
    list of Converted
        One track; of an annotation, genes and pseudogenes.

    Raises
    ------
    InputError
        If the file is not what its format says, is empty, or does not lie on the genome.
    """
    row = source.row
    if row.format == "gff3":
        tables, placed = gene_tables(
            source.annotation or row.path, chrom_sizes, renames=renames, circular=circular, only_genome=only_genome
        )
        return _genes(source, folder, chrom_sizes, tables, placed.count_line)
    kind, visibility = _KINDS[row.format]
    name = track_name(row.name, path=source.origin)
    target = folder / (name + _SUFFIXES[kind])
    written, counted = None, ""
    if kind == "signal":
        is_text = row.format == "bedGraph"
        strand = "." if is_drawn_as_letters(row) else row.strand  # letters keep their sign
        contents = write_display_signal(
            row.path, target, chrom_sizes, strand, is_text=is_text, renames=renames, only_genome=only_genome
        )
        contents = _with_view(contents, source)
    elif kind == "features":
        table, schema = read_features(source)
        source = replace(source, row=replace(row, group=row.group or _group_of(table, schema)))
        contents, written = write_features(
            table,
            schema,
            target,
            chrom_sizes,
            path=row.path,
            color=row.color,
            renames=renames,
            measured=measured,
            only_genome=only_genome,
        )
        if only_genome:
            left_out = {"on sequences that the genome does not have": len(table) - len(written)}
            counted = count_line(len(written), left_out, f"items of {row.path.name}")
    else:
        contents = _copy_alignments(row.path, target, chrom_sizes, renames, only_genome)
    if only_genome and kind != "features":
        counted = _sequences_line(row.path, contents)
    return [Converted(_track(source, name, kind, contents, visibility), written, counted)]


def read_features(source: Source) -> tuple[pd.DataFrame, BedSchema]:
    """Return the items of a BED or bigBed file, and its columns."""
    return read_bigbed(source.row.path) if source.row.format == "bigBed" else read_bed(source.row.path)


def holds_called_tss(source: Source) -> bool:
    """Return whether a data file contains called TSS, which are held against measured ones; no item of it is read."""
    return is_called(_columns(source))


def _columns(source: Source) -> tuple[str, ...]:
    """Return the columns that a BED or bigBed file names; no item of it is read."""
    if source.row.format == "bed":
        return read_bed_head(source.row.path)[0]
    return tuple(read_bigbed_columns(source.row.path)) if source.row.format == "bigBed" else ()


def hide_found_genes(sources: Sequence[Source]) -> list[Source]:
    """Return the sources; genes that Prodigal found are hidden where there are those of an annotation, or the same.

    A `visibility` in the row of such a track holds.
    """
    columns = [_columns(source) for source in sources]
    found = [number for number, names in enumerate(columns) if set(FOUND_COLUMNS) <= set(names)]
    annotated = any(
        source.row.group == "annotation" or _group_of_columns(columns[number]) == "annotation"
        for number, source in enumerate(sources)
        if number not in found
    )
    shown = list(sources)
    for number in found if annotated else found[1:]:
        row = shown[number].row
        shown[number] = replace(shown[number], row=replace(row, visibility=row.visibility or "hide"))
    return shown


def measured_sets(converted: Sequence[Converted]) -> list[MeasuredSet]:
    """Return the measured TSS among converted tracks."""
    return [
        MeasuredSet(item.track.short_label.replace(",", " "), item.table)
        for item in converted
        if item.table is not None
        and item.track.contents.schema is not None
        and item.track.group in _MEASURED_GROUPS
        and is_tss(item.table, item.track.contents.schema)
        and not is_called(item.track.contents.schema.columns)
    ]


def _group_of(table: pd.DataFrame, schema: BedSchema) -> str:
    """Return the group of features whose row names none, by their columns."""
    return _group_of_columns(schema.columns) or ("tss" if is_tss(table, schema) else OTHER_GROUP)


def _group_of_columns(columns: Collection[str]) -> str | None:
    return next((group for column, group in _GROUP_OF_COLUMN.items() if column in columns), None)


def _track(source: Source, name: str, kind: Kind, contents: Contents, visibility: str) -> HubTrack:
    row = source.row
    return HubTrack(
        name=name,
        kind=kind,
        file=name + _SUFFIXES[kind],
        strand="." if is_drawn_as_letters(row) else row.strand,
        group=row.group or OTHER_GROUP,
        short_label=label(row.short_label or row.name, SHORT_LABEL_CHARACTERS),
        long_label=label(row.long_label or row.short_label or row.name, LONG_LABEL_CHARACTERS),
        color=track_color(row.color, row.strand),
        visibility=row.visibility or visibility,
        priority=0.0,
        contents=contents,
        source=replace(source, row=replace(row, sha256=file_sha256(row.path))),
    )


def _genes(
    source: Source, folder: Path, chrom_sizes: Mapping[str, int], tables: Mapping[str, pd.DataFrame], count_line: str
) -> list[Converted]:
    """Write genes and pseudogenes as two tracks."""
    converted: list[Converted] = []
    stem = track_name(source.row.name, path=source.origin)
    for kind, table in tables.items():
        name = kind if stem == "genes" else f"{stem}_{kind}"
        contents, written = write_features(table, GENES, folder / f"{name}.bb", chrom_sizes, path=source.row.path)
        title = kind.capitalize()
        whose = source.row.long_label or "the annotation"
        row = replace(source.row, name=name, short_label=title, long_label=f"{title} of {whose}")
        track = _track(replace(source, row=row), name, "features", contents, "pack")
        converted.append(Converted(track, written, "" if converted else count_line))
    return converted


def _with_view(contents: Contents, source: Source) -> Contents:
    """Take the range that the row asks for; on the minus strand it is mirrored with the values."""
    row = source.row
    assert contents.view is not None
    low, high = contents.view
    asked_low, asked_high = row.view_min, row.view_max
    if row.strand == "-" and (asked_high or 0.0) > 0 and not is_drawn_as_letters(row):
        asked_low, asked_high = (
            -asked_high if asked_high is not None else None,
            -asked_low if asked_low is not None else None,
        )
    view = (low if asked_low is None else asked_low + 0.0, high if asked_high is None else asked_high + 0.0)
    return replace(contents, view=view)


def _copy_alignments(
    source: Path, target: Path, chrom_sizes: Mapping[str, int], renames: Mapping[str, str] | None, only_genome: bool
) -> Contents:
    kind = alignment_format(source)
    if kind != "BAM":
        hint = "make BAM of it: samtools view -b -o reads.bam FILE, then samtools index reads.bam"
        raise InputError(f"is {kind}, and browsers read BAM with its index", path=source, hint=hint)
    lengths = read_contig_sizes(source)
    names = join_names(lengths, chrom_sizes, renames=renames, only_genome=only_genome, path=source)
    check_lengths(lengths, names, chrom_sizes, path=source)
    bai, csi = (
        next((path for path in (source.with_suffix(f".bam{end}"), source.with_suffix(end)) if path.is_file()), None)
        for end in (".bai", ".csi")
    )
    if bai is None and csi is None:
        raise InputError("has no index", path=source, hint=f"make one: samtools index {source.name}")
    shutil.copyfile(source, target)
    own = target.with_name(target.name + ".bai")
    if bai is not None:
        shutil.copyfile(bai, own)
    else:  # not every browser reads .csi
        write_bai(target, own, path=source)
    return Contents(size_bytes=target.stat().st_size, n_chroms=len(names), n_foreign=len(lengths) - len(names))


def _sequences_line(path: Path, contents: Contents) -> str:
    """Return the line that counts the sequences of a file whose values or reads are not counted one by one."""
    if not contents.n_chroms:
        hint = "leave it out, or name its sequences with --rename"
        raise InputError("has no sequence of the genome", path=path, hint=hint)
    left_out = {"that the genome does not have": contents.n_foreign}
    return count_line(contents.n_chroms, left_out, f"sequences of {path.name}")
