"""The folders of a report: the files in it tell which command wrote it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tracktools.errors import InputError
from tracktools.formats.input_file import read_text, real_path
from tracktools.tracks import TRACKS_FILE, read_provenance, read_tracks

DEEPEST = 3  # folders of folders, such as that of a demo, are looked through so far

# kind: every one of these files, * for any text; the first that fits is the kind
_FILES: dict[str, tuple[str, ...]] = {
    "hub": ("hub.txt",),
    "predict": ("*.called_tss.bed", "*.plus.bw", "*.minus.bw"),
    "confirm": ("bins.tsv", "candidates.tsv", "missed.tsv"),
    "ranking": ("pseudogenes.tsv",),
    "promoters": ("promoters.tsv", "model.json"),
    "table": ("tss.tsv", "columns.tsv"),
    "profile": ("profile.tsv", "baseline.tsv"),
    "evaluate": ("scores.tsv", "peaks.tsv"),
    "mutated": ("effects.tsv", "sites.tsv", "effects.npz"),
    "variants": ("*.mutate.vcf", "*.mutate.tsv"),
    "motifs": ("motifs.tsv", "matches.tsv"),
    "attention": ("profiles.tsv", "groups.tsv"),
    "compare": ("shares.tsv", "distances.tsv"),
    "curate": ("sources.tsv", "support.tsv"),
    "classify": ("genes.tsv", "tracks.tsv"),
    "import": ("refused.tsv", "tracks.tsv"),
    "lift": ("unlifted.tsv", "tracks.tsv"),
    "annotation": ("genes.bed", "tracks.tsv"),
}
_NO_RUN = {"hub"}  # kinds that are known without a provenance, too


@dataclass(frozen=True)
class Folder:
    """A folder of a command.

    Parameters
    ----------
    path : Path
        The folder.
    kind : str
        A key of `_FILES`, or ``reads`` or ``call``.
    name : str
        What the page calls it: its path as the user gave it.
    provenance : mapping
        Of `tracktools.tracks.read_provenance`; may be empty.
    """

    path: Path
    kind: str
    name: str
    provenance: Mapping[str, Any]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The settings of the run."""
        found: Mapping[str, Any] = self.provenance.get("parameters") or {}
        return found

    def of(self, part: str, name: str) -> str:
        """Return a value of ``genome`` or ``model`` as text; empty if there is none."""
        return str((self.provenance.get(part) or {}).get(name) or "")

    def warnings(self) -> list[str]:
        """Return what its provenance warns of; also that of commands which keep warnings among their settings."""
        settings = self.parameters.get("warnings")
        said = [*(self.provenance.get("warnings") or []), *(settings if isinstance(settings, list) else [])]
        return [str(sentence) for sentence in said]

    def file(self, pattern: str) -> Path | None:
        """Return the first file of a name, ``*`` standing for any text."""
        return next((path for path in sorted(self.path.glob(pattern)) if path.is_file()), None)

    def table(self, name: str, needed: Iterable[str] = ()) -> pd.DataFrame:
        """Read a table of the folder, all values as text, empty where nothing is.

        Raises
        ------
        InputError
            If it is no table, or lacks a column.
        """
        path = self.path / name
        hint = "write the folder again, or leave it out"
        try:
            table = pd.read_csv(io.StringIO(read_text(path)), sep="\t", dtype=str, keep_default_na=False, quoting=3)
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise InputError(f"is no table: {' '.join(str(error).split())}", path=path, hint=hint) from None
        missing = [column for column in needed if column not in table]
        if missing:
            raise InputError(f"lacks the column {missing[0]!r}", path=path, line=1, hint=hint)
        return table


def find_folders(paths: Iterable[Path]) -> tuple[list[Folder], list[Path]]:
    """Return the folders of commands, and the paths that are none.

    A folder that no command wrote is looked through for folders that one did, such as those of ``tracktools demo``.

    Raises
    ------
    InputError
        If a path is no folder, or a provenance is damaged.
    """
    found: dict[Path, Folder] = {}
    unknown = []
    for path in paths:
        if not path.is_dir():
            raise InputError("is no folder", path=path, hint="name folders that tracktools commands wrote")
        inside = _inside(path, DEEPEST)
        if not inside:
            unknown.append(path)
        found |= {real_path(folder.path): folder for folder in inside if real_path(folder.path) not in found}
    return list(found.values()), unknown


def _inside(path: Path, deepest: int) -> list[Folder]:
    one = _recognise(path)
    if one is not None:
        return [one]
    below = sorted(child for child in path.iterdir() if child.is_dir() and not child.is_symlink())
    return [folder for child in below for folder in _inside(child, deepest - 1)] if deepest else []


def _recognise(path: Path) -> Folder | None:
    provenance = read_provenance(path)
    for kind, patterns in _FILES.items():
        if all(any(path.glob(pattern)) for pattern in patterns) and (provenance or kind in _NO_RUN):
            return Folder(path, kind, str(path), provenance)
    if not provenance or not (path / TRACKS_FILE).is_file():
        return None
    if "threshold" in provenance.get("parameters", {}):
        return Folder(path, "call", str(path), provenance)
    formats = {track.format for track in read_tracks(path)}
    return Folder(path, "reads", str(path), provenance) if formats == {"bigWig"} else None
