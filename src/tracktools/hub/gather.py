"""What goes into a hub: the rows of ``tracks.tsv`` folders and single files, all checked before any work."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from tracktools.errors import GenomeMismatchError, InputError
from tracktools.genome import Genome
from tracktools.hub.model import Source
from tracktools.hub.text import track_name
from tracktools.tracks import TRACKS_FILE, Track, read_provenance, read_tracks


def gather_sources(folders: Sequence[Path], gff: Path | None, bams: Sequence[Path], genome: Genome) -> list[Source]:
    """Return every data file of the inputs.

    Parameters
    ----------
    folders : sequence of Path
        Folders with a ``tracks.tsv``, or such files.
    gff : Path, optional
        GFF3 with genes and pseudogenes.
    bams : sequence of Path
        Alignments, each with its ``.bai`` beside it.
    genome : Genome
        The genome of the hub.

    Raises
    ------
    GenomeMismatchError
        If the ``provenance.json`` of a folder names another genome.
    InputError
        If two tracks have one name, a name or colour is not what browsers accept, a signal has no view or an index is
        missing; and as `read_tracks`.
    """
    sources = []
    for folder in folders:
        file = folder / TRACKS_FILE if folder.is_dir() else folder
        provenance = read_provenance(file.parent)
        _check_genome(provenance.get("genome", {}), genome, file.parent)
        sources += [Source(row, file, provenance) for row in read_tracks(file)]
    if gff is not None:
        sources.append(Source(Track(name="genes", path=gff, format="gff3", group="annotation", source=gff.name), gff))
    sources += [Source(_bam_row(bam), bam) for bam in bams]
    first_use: dict[str, Source] = {}
    for source in sources:
        name = track_name(source.row.name, path=source.origin)
        if name in first_use:
            raise InputError(
                f"track name {source.row.name!r} is used twice, also in {first_use[name].origin}",
                path=source.origin,
                mend="rename one in its tracks.tsv",
            )
        first_use[name] = source
        _check_row(source)
    return sources


def _check_genome(recorded: object, genome: Genome, folder: Path) -> None:
    recorded_sha256 = recorded.get("sha256") if isinstance(recorded, dict) else None
    if recorded_sha256 and recorded_sha256 != genome.sha256:
        name = recorded.get("name", "another genome") if isinstance(recorded, dict) else ""
        raise GenomeMismatchError(
            f"was made on {name} (SHA-256 {str(recorded_sha256)[:12]}…), not on {genome.name} ({genome.sha256[:12]}…)",
            path=folder,
            mend="give --genome the file that it was made from",
        )


def _check_row(source: Source) -> None:
    row = source.row
    if row.group and not re.fullmatch(r"[A-Za-z]\w{0,63}", row.group, re.ASCII):
        raise InputError(
            f"track {row.name!r}: group {row.group[:40]!r}",
            path=source.origin,
            mend="use letters, digits and _, a letter first",
        )
    for name, limit in (("view_min", row.view_min), ("view_max", row.view_max)):
        if limit is not None and not math.isfinite(limit):
            raise InputError(f"track {row.name!r}: {name} is {limit}", path=source.origin, mend="write a number")
    if row.view_min is not None and row.view_max is not None and row.view_min >= row.view_max:
        raise InputError(
            f"track {row.name!r}: view_min {row.view_min:g} is not below view_max {row.view_max:g}", path=source.origin
        )


def _bam_row(path: Path) -> Track:
    if not path.is_file():
        raise InputError("no such file", path=path)
    name = path.name.removesuffix(".bam")
    return Track(name=name, path=path, format="bam", group="reads", short_label=name, visibility="dense")
