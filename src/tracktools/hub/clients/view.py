"""``hub view``: one HTML file with genome, tracks and viewer, for a reader without network or server."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from tracktools.config import HubConfig
from tracktools.errors import InputError, MissingDependencyError
from tracktools.formats.bigwig import BigWigReader, BigWigWriter
from tracktools.formats.input_file import open_seekable, path_inside, read_text
from tracktools.formats.json_file import read_json
from tracktools.formats.numerals import is_whole
from tracktools.hub.clients.bookmarks import BOOKMARKS_FILE, read_bookmarks
from tracktools.hub.clients.igvjs import MISSING, find_igv_js
from tracktools.hub.clients.names import NAMES_FILE
from tracktools.hub.pages import alias_json, page_json
from tracktools.hub.render import Templates
from tracktools.hub.text import human_count
from tracktools.palette import BLUE, VERMILLION
from tracktools.run import output_file
from tracktools.tracks import read_provenance
from tracktools.versions import tracktools_version

_BLOCK_BP = 1 << 20
_ADDRESS_KEYS = ("url", "indexURL", "twoBitURL", "chromSizesURL", "aliasURL")


@dataclass(frozen=True)
class BuiltView:
    """What `build_view` made.

    Parameters
    ----------
    path : Path
        The file.
    size_bytes : int
        Its size.
    left_out : tuple of str
        Tracks that are not in it, and why.
    """

    path: Path
    size_bytes: int
    left_out: tuple[str, ...]


def build_view(
    folder: Path,
    output: Path,
    *,
    igv_js: Path | None = None,
    templates: Path | None = None,
    force: bool = False,
) -> BuiltView:
    """Write a hub as one HTML file that opens from disk and asks the network for nothing.

    Parameters
    ----------
    folder : Path
        A hub that `build_hub` wrote.
    output : Path
        File to write; it appears complete or not at all. Signals are thinned copies: values smaller than
        `HubConfig.view_least` are left out, the others rounded to `HubConfig.view_decimals`. Alignments are left out.
    igv_js : Path, optional
        ``igv.min.js``; by default an installed one.
    templates : Path, optional
        Folder whose files override packaged templates.
    force : bool
        Replace `output` if there is a file.

    Raises
    ------
    InputError
        If `folder` is no hub with a genome of its own, or a file of it is missing.
    MissingDependencyError
        If igv.js is not installed.
    OutputError
        If `output` exists and `force` is not set, or cannot be written; see `output_file`.
    """
    with output_file(output, force=force, inputs=[folder]) as partial:
        left_out = _write_page(folder, partial, igv_js, templates)
    return BuiltView(output, output.stat().st_size, left_out)


def _write_page(folder: Path, path: Path, igv_js: Path | None, templates: Path | None) -> tuple[str, ...]:
    """Write the page; return what is left out of it."""
    script = find_igv_js(igv_js)
    if script is None:
        raise MissingDependencyError(MISSING)
    session = _read_session(folder)
    kept = [track for track in session["tracks"] if track.get("type") != "alignment"]
    left_out = tuple(
        f"{track['name']}: alignments are not embedded" for track in session["tracks"] if track not in kept
    )
    session["tracks"] = kept
    for track in kept:
        track.pop("trixURL", None)  # igv.js makes a second address from it, which an embedded file has not
    sizes = _total_bp(_inside(folder, "chrom.sizes"))
    values = {
        "version": tracktools_version(),
        "title": session["reference"]["name"],
        "lead": f"{session['reference']['id']} · {human_count(sizes)} bp",
        "warnings": read_provenance(folder).get("warnings", []),
        "bookmarks": read_bookmarks(_inside(folder, f"igv/{BOOKMARKS_FILE}")),
        "plus_color": BLUE,
        "minus_color": VERMILLION,
        "sections": [{"label": "Tracks", "tracks": [_row(track) for track in _leaves(kept)]}],
        "files": [
            {"name": name, "base64": _embedded(_inside(folder, name))} for name in dict.fromkeys(_addresses(session))
        ],
        "session_json": page_json(session),
        # the user's own script, which the page is to run; "</script" in it may not end the element
        "igv_js_text": Markup(script.text.replace("</script", "<\\/script")),  # noqa: S704
        "aliases_json": alias_json(_read_aliases(_inside(folder, "chromAlias.txt"))),
        "names_text": _read_names(_inside(folder, f"igv/{NAMES_FILE}")),
        "draws_labels": script.draws_labels,
        "least_value": HubConfig.view_least,
        "decimals": HubConfig.view_decimals,
    }
    text = Templates(templates).render("view.html", **values)
    path.write_text(text, encoding="utf-8")
    return left_out


def _read_session(folder: Path) -> dict[str, Any]:
    path = _inside(folder, "igv/session.json")
    try:
        session = read_json(path, fields={"reference": dict, "tracks": list}, hint="build the hub again")
    except FileNotFoundError:
        hint = "name a folder that hub build wrote, with a genome of its own"
        raise InputError("no such file", path=path, hint=hint) from None
    reference, tracks = session.get("reference", {}), session.get("tracks", [])
    named = all(isinstance(reference.get(key), str) for key in ("id", "name"))
    if not (named and tracks and _are_tracks(tracks) and all(isinstance(one, str) for one in _addresses(session))):
        raise InputError("is no session of igv.js", path=path, hint="build the hub again")
    return session


def _are_tracks(tracks: object) -> bool:
    """Return whether a part of a session is a list of tracks, each with a name, or of groups of such."""
    return isinstance(tracks, list) and all(
        isinstance(one, dict) and isinstance(one.get("name"), str) and _are_tracks(one.get("tracks", []))
        for one in tracks
    )


def _inside(folder: Path, name: str) -> Path:
    """Return the path of a file of a hub; refuse one that is not in it, by its name or through a link."""
    try:
        return path_inside(folder, name)
    except InputError:
        hint = "a page contains files of its hub alone: build the hub again"
        problem = f"the hub names a file outside of itself: {name!r}"
        raise InputError(problem, path=folder, value=name, hint=hint) from None


def _total_bp(path: Path) -> int:
    rows = [line.split("\t") for line in read_text(path).splitlines()]
    if not all(len(row) > 1 and is_whole(row[1]) for row in rows):
        raise InputError("is not two columns, name and length", path=path, hint="build the hub again")
    return sum(int(row[1]) for row in rows)


def _read_aliases(path: Path) -> dict[str, list[str]]:
    rows = [line.split("\t") for line in read_text(path).splitlines() if not line.startswith("#")]
    return {row[0]: [name for name in row[1:] if name] for row in rows}


def _read_names(path: Path) -> Markup:
    """Return the names for a script element, which no text may end; a hub of an older tracktools has none."""
    text = read_text(path) if path.exists() else ""
    return Markup(text.replace("<", ""))  # noqa: S704 - names in a hub hold no "<", and here none can


def _leaves(tracks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for track in tracks:
        yield from _leaves(track["tracks"]) if "tracks" in track else [track]


def _row(track: Mapping[str, Any]) -> dict[str, Any]:
    color = str(track.get("color", "")).removeprefix("rgb(").removesuffix(")")
    colors = (color,) if color else (BLUE, VERMILLION)  # items have the colours of their strands
    return {"label": str(track.get("description") or track["name"]), "colors": colors, "page": "", "amount": ""}


def _addresses(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key in _ADDRESS_KEYS:
                yield part
            else:
                yield from _addresses(part)
    elif isinstance(value, list):
        for part in value:
            yield from _addresses(part)


def _embedded(path: Path) -> str:
    """Return a file as base64; a bigWig thinned."""
    if not path.is_file():
        raise InputError("no such file", path=path, hint="build the hub again")
    if path.suffix != ".bw":
        with open_seekable(path) as file:
            return base64.b64encode(file.read()).decode()
    with tempfile.TemporaryDirectory() as temporary:
        thin = Path(temporary, path.name)
        _write_thinned(path, thin)
        return base64.b64encode(thin.read_bytes()).decode()


def _write_thinned(source: Path, target: Path) -> None:
    with BigWigReader(source) as reader, BigWigWriter(target, reader.chrom_sizes) as writer:
        for chrom, length in reader.chrom_sizes.items():
            for start in range(0, length, _BLOCK_BP):
                values = reader.values(chrom, start, min(start + _BLOCK_BP, length))
                small = np.abs(values) < HubConfig.view_least
                writer.add(chrom, start, np.where(small, np.nan, np.round(values, HubConfig.view_decimals)))
