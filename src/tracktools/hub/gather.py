"""What goes into a hub: the rows of ``tracks.tsv`` folders and single files, all checked before any work."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracktools.errors import GenomeMismatchError, InputError, TracktoolsError
from tracktools.formats.bed import read_bed_head
from tracktools.formats.input_file import real_path
from tracktools.formats.recognise import recognise_format
from tracktools.genome import Genome
from tracktools.hub.arrange import named_strand
from tracktools.hub.model import Source
from tracktools.hub.text import label, track_name
from tracktools.regions import Annotation, PlacedAnnotation
from tracktools.tracks import FORMATS, TRACKS_FILE, Track, as_track_name, read_provenance, read_tracks

_KINDS_OF_HUBS = "a folder or tracks.tsv of tracktools, BED, bigBed, bigWig, bedGraph, GFF3, BAM"
_OTHER_KINDS = {  # what else people have: what it is called, and what to do with it
    "fasta": ("FASTA", "give the genome with --genome"),
    "2bit": ("2bit", "give the genome with --genome"),
    "sam": ("SAM", "sort and index it: samtools sort -o reads.bam, then samtools index reads.bam"),
    "cram": ("CRAM", "convert it: samtools view -b -T genome.fa, then samtools index"),
    "wiggle": ("wiggle", "make bigWigs of it: tracktools reads"),
    "unknown": ("of no kind that is known", f"give {_KINDS_OF_HUBS}"),
}


def gather_sources(
    paths: Sequence[Path],
    genes: Annotation | PlacedAnnotation | Path | None,
    bams: Sequence[Path],
    genome: Genome,
    *,
    allow_outside: bool = False,
) -> list[Source]:
    """Return every data file of the inputs.

    Parameters
    ----------
    paths : sequence of Path
        Folders with a ``tracks.tsv``, such files, or data files, whose kind is seen in their content. A data file that
        the ``tracks.tsv`` next to it names is taken as this describes it.
    genes : Annotation, PlacedAnnotation or Path, optional
        Genes and pseudogenes.
    bams : sequence of Path
        Alignments, each with its ``.bai`` next to it.
    genome : Genome
        The genome of the hub.
    allow_outside : bool
        Whether a ``tracks.tsv`` may name files outside its folder, also through symbolic links: what goes into a hub is
        published, and a ``tracks.tsv`` of somebody else may name any file that the user can read.

    Raises
    ------
    GenomeMismatchError
        If the ``provenance.json`` of a folder names another genome.
    InputError
        If two tracks have one name, a name or colour is not what browsers accept, a signal has no view or an index is
        missing, a file is of a kind that no hub shows; and as `read_tracks`.
    """
    sources = []
    for path in paths:
        described = _described(Path(path))
        if described is None:
            row = _plain_row(Path(path), genome)
            sources.append(Source(row, Path(path), warnings=_warnings(row, {})))
            continue
        file, rows = described
        if not allow_outside:
            _check_inside(file, [row for row in rows if row.path != real_path(path)])
        provenance = read_provenance(file.parent)
        _check_genome(provenance.get("genome", {}), genome, file.parent)
        sources += [Source(row, file, provenance, _warnings(row, provenance)) for row in rows]
    if genes is not None:
        sources.append(genes_source(genes))
    sources += [Source(_bam_row(bam), bam) for bam in bams]
    first_use: dict[str, Source] = {}
    for source in sources:
        name = track_name(source.row.name, path=source.origin)
        if name in first_use:
            raise InputError(
                f"track name {source.row.name!r} is used twice, also in {first_use[name].origin}",
                path=source.origin,
                hint="rename one: in its tracks.tsv, or the file",
            )
        first_use[name] = source
        _check_row(source)
    return sources


def _described(path: Path) -> tuple[Path, list[Track]] | None:
    """Return the ``tracks.tsv`` that describes a path, and its rows of it; None for a file that none describes."""
    if path.is_dir() or not path.is_file() or recognise_format(path) == "tracks":
        file = path / TRACKS_FILE if path.is_dir() else path
        return file, read_tracks(file)
    try:
        rows = read_tracks(path.parent / TRACKS_FILE)
    except TracktoolsError:
        return None
    own = [row for row in rows if row.path == real_path(path)]
    return (path.parent / TRACKS_FILE, own) if own else None


def _check_inside(file: Path, rows: Sequence[Track]) -> None:
    home = real_path(file.parent)
    for row in rows:
        if not row.path.is_relative_to(home):
            problem = f"track {row.name!r} lies outside this folder: {row.path}"
            raise InputError(problem, path=file, hint="if it may go into the hub, say --allow-outside")


def _plain_row(path: Path, genome: Genome) -> Track:
    """Return the row of a data file that no ``tracks.tsv`` describes."""
    kind = recognise_format(path)
    if kind not in (*FORMATS, "genbank"):
        what, hint = _OTHER_KINDS[kind]
        raise InputError(f"is {what}, which is no track", path=path, hint=hint)
    if kind == "bam":
        return _bam_row(path)
    if kind in ("gff3", "genbank"):
        return _genes_row(path)
    stem = Path(path.name.removesuffix(".gz")).stem
    shown = stem.removeprefix(genome.name).lstrip("._- ") or stem  # short labels have no room for the genome's name
    row = Track(name=as_track_name(stem), path=path, format=kind, short_label=shown, long_label=stem, source=path.name)
    return replace(row, strand=named_strand(stem), group="signals") if kind in ("bigWig", "bedGraph") else row


def _check_genome(recorded: object, genome: Genome, folder: Path) -> None:
    recorded_sha256 = recorded.get("sha256") if isinstance(recorded, dict) else None
    if recorded_sha256 and recorded_sha256 != genome.sha256:
        name = recorded.get("name", "another genome") if isinstance(recorded, dict) else ""
        raise GenomeMismatchError(
            f"was made on {name} (SHA-256 {str(recorded_sha256)[:12]}…), not on {genome.name} ({genome.sha256[:12]}…)",
            path=folder,
            hint="give --genome the file that it was made from",
        )


def _check_row(source: Source) -> None:
    row = source.row
    if row.group and not re.fullmatch(r"[A-Za-z]\w{0,63}", row.group, re.ASCII):
        raise InputError(
            f"track {row.name!r}: group {row.group[:40]!r}",
            path=source.origin,
            hint="use letters, digits and _, a letter first",
        )
    for name, limit in (("view_min", row.view_min), ("view_max", row.view_max)):
        if limit is not None and not math.isfinite(limit):
            raise InputError(f"track {row.name!r}: {name} is {limit}", path=source.origin, hint="write a number")
    if row.view_min is not None and row.view_max is not None and row.view_min >= row.view_max:
        raise InputError(
            f"track {row.name!r}: view_min {row.view_min:g} is not below view_max {row.view_max:g}", path=source.origin
        )


def _warnings(row: Track, provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the folder of a file, or else the file, warns of; the text is made safe for labels and pages."""
    found = provenance.get("warnings") or (read_bed_head(row.path)[1] if row.format == "bed" else ())
    return tuple(label(str(warning)) for warning in found)


def genes_source(genes: Annotation | PlacedAnnotation | Path) -> Source:
    """Return an annotation as an input: its genes and pseudogenes."""
    if isinstance(genes, Path):
        return Source(_genes_row(genes), genes)
    return Source(_genes_row(genes.path), genes.path, annotation=genes)


def _genes_row(path: Path) -> Track:
    return Track(name="genes", path=path, format="gff3", group="annotation", source=path.name)


def _bam_row(path: Path) -> Track:
    if not path.is_file():
        raise InputError("no such file", path=path)
    name = path.name.removesuffix(".bam")
    return Track(name=as_track_name(name), path=path, format="bam", group="reads", short_label=name, visibility="dense")
