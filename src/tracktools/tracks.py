"""Tracks: the rows of ``tracks.tsv`` and the ``provenance.json`` next to it, by which commands exchange results.

Every command that makes tracks writes a folder of data files with one ``tracks.tsv`` (a row per track) and one
``provenance.json`` (what made them); ``hub build`` gathers such folders. A ``tracks.tsv`` can be written by hand: only
`name`, `path` and `format` are required, and unknown columns are kept.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, cast

from tracktools.errors import InputError
from tracktools.formats.atomic import atomic_file, final_path
from tracktools.formats.input_file import open_bytes, read_text, real_path
from tracktools.formats.json_file import read_json
from tracktools.versions import package_versions

TRACKS_FILE = "tracks.tsv"
PROVENANCE_FILE = "provenance.json"
FORMATS = ("bigWig", "bigBed", "bed", "bam", "gff3", "bedGraph")
_FORMAT_OF_WORD = {name.lower(): name for name in FORMATS} | {
    "bw": "bigWig", "bb": "bigBed", "gff": "gff3", "bdg": "bedGraph", "bg": "bedGraph"
}  # fmt: skip
DRAWN_AS_LETTERS = (
    "letters"  # in the column `draw`: a signal with a sign of its own, whose bases are as high as its values
)
VISIBILITIES = ("hide", "dense", "squish", "pack", "full")
_LINE_BREAKS = re.compile(r"[\t\r\n]+")
_NAME_CHARACTERS, _NAME_HEAD = 100, 60  # of a longer name the middle is left out
_COLOR = re.compile(r"\d{1,3}(,\d{1,3}){2}")
_SECRET_OPTION = re.compile(r"(?i)-[^=]*(token|password|passwd|secret|api[-_]?key)[^=]*")
_SECRET_VALUE = re.compile(r"(?is)((?:token|password|passwd|secret|signature|api[-_]?key)[^=\s]*=)(.+)")
_SECRET_IN_URL = re.compile(r"(://(?:[^/\s:@]+:)?)([^/\s]+)(?=@)")


class HasFolder(Protocol):
    """What a function made that wrote a folder: `Prediction`, `AttentionRun`, `BuiltHub` and their like."""

    @property
    def folder(self) -> Path:
        """The folder."""


def folder_of(place: Path | str | HasFolder) -> Path:
    """Return a folder, named or of what wrote it."""
    return Path(place) if isinstance(place, str | Path) else place.folder


@dataclass(frozen=True)
class Track:
    """One row of ``tracks.tsv``.

    Parameters
    ----------
    name : str
        Unique name within a hub; letters, digits, ``_`` and ``-``.
    path : Path
        Data file; absolute in memory, relative to ``tracks.tsv`` in the file.
    format : str
        One of `FORMATS`.
    strand : {"+", "-", "."}
        Strand of everything in the file; ``.`` for files with features on both.
    group : str
        Tracks of one group are shown together; a ``+`` and a ``-`` bigWig of one group are a mirrored pair.
    short_label, long_label : str
        Up to 17 and 76 characters, as UCSC prints them.
    color : str
        ``R,G,B``.
    view_min, view_max : float, optional
        Vertical range of a signal.
    visibility : str
        One of `VISIBILITIES`.
    method, source, licence : str
        How the track was made, from what, under which terms; shown on its description page.
    sha256 : str
        Of the data file.
    extra : mapping
        Columns that this version does not know; kept.
    """

    name: str
    path: Path
    format: str
    strand: str = "."
    group: str = ""
    short_label: str = ""
    long_label: str = ""
    color: str = ""
    view_min: float | None = None
    view_max: float | None = None
    visibility: str = ""
    method: str = ""
    source: str = ""
    licence: str = ""
    sha256: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


def is_drawn_as_letters(track: Track) -> bool:
    """Return whether a signal says what the letter of each base does: its sign means something, also on one strand."""
    return track.extra.get("draw") == DRAWN_AS_LETTERS and track.format in ("bigWig", "bedGraph")


COLUMNS = tuple(f.name for f in fields(Track) if f.name != "extra")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits, read in blocks."""
    with open_bytes(path) as file:
        return hashlib.file_digest(cast(io.BufferedReader, file), "sha256").hexdigest()


def write_tracks(folder: Path, tracks: Sequence[Track]) -> Path:
    """Write ``tracks.tsv`` in a folder, with paths relative to it and the checksum of each file."""
    extra = list(dict.fromkeys(name for track in tracks for name in track.extra))
    lines = [[*COLUMNS, *extra]]
    for track in tracks:
        row = {name: getattr(track, name) for name in COLUMNS} | {name: track.extra.get(name, "") for name in extra}
        row["path"] = os.path.relpath(track.path, folder)
        row["sha256"] = file_sha256(track.path)
        lines.append(["" if value is None else _LINE_BREAKS.sub(" ", str(value)) for value in row.values()])
    path = folder / TRACKS_FILE
    with atomic_file(path) as partial:
        partial.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


def as_track_name(text: str) -> str:
    """Return a name that every browser takes for a track, from any text, such as the name of a file.

    Examples
    --------
    >>> as_track_name("NC_000913.3_plus"), as_track_name("My genome (ü)_plus"), as_track_name("-x")
    ('NC_000913_3_plus', 'My_genome_plus', 'x')
    >>> len(as_track_name("x" * 300 + "_plus")), as_track_name("x" * 300 + "_plus")[-6:]
    (100, 'x_plus')
    """
    name = re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9_-]+", "_", text)).lstrip("-_") or "track"
    return name if len(name) <= _NAME_CHARACTERS else name[:_NAME_HEAD] + name[_NAME_HEAD - _NAME_CHARACTERS :]


def is_color(text: str) -> bool:
    """Return whether a text is ``R,G,B``, each 0 to 255.

    Examples
    --------
    >>> is_color("0,114,178"), is_color("0,114,256"), is_color("red")
    (True, False, False)
    """
    return bool(_COLOR.fullmatch(text)) and max(map(int, text.split(","))) <= 255


def read_tracks(path: Path) -> list[Track]:
    """Read ``tracks.tsv`` (or the one in a folder).

    Raises
    ------
    InputError
        If a required column or value is missing, a value is not allowed, a name is used twice, or a file is missing.
    """
    path = path / TRACKS_FILE if path.is_dir() else path
    if not os.path.lexists(path):
        raise InputError("no such file", path=path, hint="name a folder that a tracktools command wrote")
    lines = read_text(path).split("\n")
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, start=1) if _is_row(line)]
    if not rows:
        raise InputError("is empty", path=path, hint="the first line names the columns: name, path, format, …")
    header_line, header = rows[0][0], [name.strip() for name in rows[0][1]]
    missing = [name for name in ("name", "path", "format") if name not in header]
    if missing:
        hint = f"the columns are {' '.join(COLUMNS)}"
        raise InputError(f"lacks the column {missing[0]!r}", path=path, line=header_line, hint=hint)
    tracks: dict[str, Track] = {}
    for number, row in rows[1:]:
        if len(row) > len(header):
            raise InputError(f"has {len(row)} columns, and the first line names {len(header)}", path=path, line=number)
        track = _track(dict(zip(header, (value.strip() for value in row), strict=False)), path, number)
        if track.name in tracks:
            raise InputError(f"track name {track.name!r} is used twice", path=path, line=number, hint="rename one")
        tracks[track.name] = track
    return list(tracks.values())


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _format(word: str, path: Path, line: int) -> str:
    """Return the format that a word means: in any case, with or without a point, also as file names end."""
    known = _FORMAT_OF_WORD.get(word.lower().lstrip("."))
    if known is None:
        raise InputError(f"format is {word!r}", path=path, line=line, hint=f"one of {', '.join(FORMATS)}")
    return known


def _track(row: Mapping[str, str], path: Path, line: int) -> Track:
    def allowed(name: str, values: Sequence[str], default: str) -> str:
        value = row.get(name, "") or default
        if value not in values:
            raise InputError(
                f"{name} is {value!r}", path=path, line=line, hint=f"one of {', '.join(filter(None, values))}"
            )
        return value

    def number(name: str) -> float | None:
        value = row.get(name, "")
        try:
            limit = float(value) if value else None
        except ValueError:
            limit = math.nan
        if limit is not None and not math.isfinite(limit):
            raise InputError(f"{name} is {value!r}", path=path, line=line, hint="write a number")
        return limit

    for name in ("name", "path"):
        if not row.get(name):
            raise InputError(f"has no {name}", path=path, line=line)
    color = row.get("color", "")
    if color and not is_color(color):
        raise InputError(f"color is {color!r}", path=path, line=line, hint="write R,G,B, each 0 to 255")
    if "\0" in row["path"]:
        raise InputError(f"track {row['name']!r}: its path contains a NUL character", path=path, line=line)
    file = real_path(path.parent / row["path"])
    if not file.is_file():
        raise InputError(f"track {row['name']!r}: no such file: {row['path']}", path=path, line=line)
    text = {
        name: row.get(name, "")
        for name in ("group", "short_label", "long_label", "color", "method", "source", "licence", "sha256")
    }
    return Track(
        name=row["name"],
        path=file,
        format=_format(row.get("format", ""), path, line),
        strand=allowed("strand", ("+", "-", "."), "."),
        visibility=allowed("visibility", ("", *VISIBILITIES), ""),
        view_min=number("view_min"),
        view_max=number("view_max"),
        extra={name: value for name, value in row.items() if name not in COLUMNS},
        **text,
    )


def redact_command(arguments: Sequence[str]) -> str:
    """Join a command line into one string with tokens and passwords replaced by ``***``.

    Examples
    --------
    >>> redact_command(["hub", "--token=abc", "https://me:pw@host/x"])
    'hub --token=*** https://me:***@host/x'
    """
    words: list[str] = []
    for number, argument in enumerate(arguments):
        if number and _SECRET_OPTION.fullmatch(arguments[number - 1]) and not argument.startswith("--"):
            words.append("***")
        else:
            words.append(_SECRET_VALUE.sub(r"\1***", _SECRET_IN_URL.sub(r"\1***", argument)))
    return " ".join(words)


def write_provenance(
    folder: Path,
    *,
    started: float,
    genome: Mapping[str, Any] | None = None,
    model: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
) -> Path:
    """Write ``provenance.json``: what made the files of a folder.

    Parameters
    ----------
    folder : Path
        Where the files are.
    started : float
        ``time.time()`` at the start of the work.
    genome, model : mapping, optional
        What identifies them: `name` and `sha256` at least.
    parameters : mapping, optional
        The resolved settings.
    warnings : sequence of str
        What a user of the files should know, a sentence each.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak_unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts in bytes on macOS, in KiB elsewhere
    record = {
        "command": redact_command([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "versions": {"python": sys.version.split()[0]}
        | package_versions(("tracktools", "numpy", "torch", "pyBigWig", "pysam")),
        "genome": dict(genome or {}),
        "model": dict(model or {}),
        "parameters": dict(parameters or {}),
        "warnings": list(warnings),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "wall_s": round(time.time() - started, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_memory_bytes": usage.ru_maxrss * peak_unit,
    }
    path = folder / PROVENANCE_FILE
    with atomic_file(path) as partial:
        partial.write_text(final_path(json.dumps(record, indent=2, sort_keys=True, default=str)) + "\n")
    return path


def read_provenance(folder: Path) -> dict[str, Any]:
    """Read the ``provenance.json`` of a folder; an empty dictionary where there is none.

    Raises
    ------
    InputError
        If it is damaged, or a part of it is of another kind than `write_provenance` writes.
    """
    kinds = dict.fromkeys(("genome", "model", "parameters", "versions", "files"), dict) | {
        "command": str,
        "warnings": list,
    }
    try:
        return read_json(folder / PROVENANCE_FILE, fields=kinds)
    except FileNotFoundError:
        return {}
