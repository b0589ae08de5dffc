"""``hub check``: everything that would keep a hub from being drawn, or drawn right, in any browser."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from tracktools.config import HubCheckConfig
from tracktools.errors import InputError
from tracktools.hub.check.contents import check_contents
from tracktools.hub.check.families import check_families
from tracktools.hub.check.files import TRACK_FILES, check_named_files
from tracktools.hub.check.genome import check_genome, check_groups
from tracktools.hub.check.labels import check_hub_stanza, check_labels, check_settings
from tracktools.hub.check.load import Loader
from tracktools.hub.check.model import Genome, Hub
from tracktools.hub.check.pages import check_track_page
from tracktools.hub.check.places import HubFiles, is_url
from tracktools.hub.check.report import Finding, Findings, Level
from tracktools.hub.check.server import check_server
from tracktools.hub.check.values import check_values
from tracktools.tracks import HasFolder

HUB_FILE = "hub.txt"


def check_hub(place: str | Path | HasFolder, config: HubCheckConfig | None = None) -> list[Finding]:
    """Return what is found in a hub, in the order of its files.

    Parameters
    ----------
    place : str, Path or BuiltHub
        Folder of a hub, its ``hub.txt``, or the web address of that; or what `build_hub` made. What the hub names on
        the web is fetched; of a hub on the web the server's answers are checked too.
    config : HubCheckConfig, optional
        How much is fetched, and how long that may take.

    Raises
    ------
    InputError
        If there is no hub to read.
    """
    config = config or HubCheckConfig()
    findings = Findings()
    with tempfile.TemporaryDirectory() as cache:
        places = HubFiles(_home(place if isinstance(place, str | Path) else place.folder), Path(cache), config)
        hub = Loader(places, findings).load()
        if hub is not None:
            _check(hub, places, config, findings)
        if places.left_out:
            problem = (
                f"{len(places.left_out)} files were not fetched, or not to the end: the limits are "
                f"{config.max_total_mb} MB and {config.max_s:g} s; the first is {places.left_out[0]}"
            )
            name = places.name(places.home)
            findings.add_file(Level.WARNING, name, "limit", problem, "raise --max-mb or --max-seconds")
    return findings.in_order()


def _home(place: str | Path) -> str:
    """Return the address of the first file of a hub."""
    if is_url(str(place)):
        try:
            address = urlsplit(str(place))
        except ValueError:
            raise InputError("is no web address", path=place, hint="name a folder or an http address") from None
        if address.scheme not in ("http", "https", "ftp"):
            problem = f"{address.scheme}:// addresses cannot be read"
            raise InputError(problem, path=place, hint="name a folder or an http address")
        is_file = address.path.endswith((".txt", ".txt.gz"))
        return str(place) if is_file else str(place).rstrip("/") + "/" + HUB_FILE
    path = Path(place)
    if path.is_file():
        return str(path)
    if not path.is_dir():
        raise InputError("no such folder", path=path, hint="name a hub's folder or its hub.txt")
    if (path / HUB_FILE).is_file():
        return str(path / HUB_FILE)
    found = sorted(other.name for other in path.glob("*hub.txt"))
    if len(found) != 1:
        held = f"it contains {', '.join(found)}: name one" if found else "hub build writes one"
        raise InputError("contains no hub.txt", path=path, hint=held)
    return str(path / found[0])


def _check(hub: Hub, places: HubFiles, config: HubCheckConfig, findings: Findings) -> None:
    check_hub_stanza(hub, places, findings)
    file = places.name(places.home)
    if not hub.genomes and not hub.unread:
        fix = "add one: genome NAME, after an empty line"
        findings.add_file(Level.ERROR, file, "no-genome", "has no genome stanza", fix)
    names: set[str] = set()
    for genome in hub.genomes:
        name = genome.get("genome")
        if name in names:
            problem = f"genome {name} is described twice"
            findings.error(genome.stanza, "genome", "duplicate-genome", problem, "keep one of them")
        names.add(name)
        check_settings(genome.stanza, findings)
        check_genome(genome, places, findings)
        check_groups(genome, places, findings)
        _check_tracks(genome, places, findings)
        if not genome.tracks and not genome.unread:
            place = genome.stanza.place_of("trackDb")
            problem = f"genome {name} has no track"
            findings.add_file(Level.WARNING, place.file, "no-track", problem, "add one", place.line)
    data = _data_address(hub, places)
    if data and is_url(places.home):
        check_server(data, places.name(data), config, findings)


def _check_tracks(genome: Genome, places: HubFiles, findings: Findings) -> None:
    check_families(genome, findings)
    for track in genome.tracks:
        check_settings(track.stanza, findings)
        check_labels(track, findings)
        check_values(track, findings)
        check_named_files(track.stanza, track.base, TRACK_FILES, places, findings)
        check_track_page(track, places, findings)
        if not track.is_container:
            check_contents(genome, track, places, findings)


def _data_address(hub: Hub, places: HubFiles) -> str:
    """Return the web address of a data file of the hub that is there; empty if there is none."""
    for genome in hub.genomes:
        for track in genome.tracks:
            address = places.address(track.base, track.get("bigDataUrl")) if track.get("bigDataUrl") else ""
            if address.startswith(("http://", "https://")) and places.has(address):
                return address
    return ""
