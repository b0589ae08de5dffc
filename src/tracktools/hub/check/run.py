"""``hub check``: everything that would keep a hub from being drawn, or drawn right, in any browser."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.twobit import read_twobit_sizes
from tracktools.hub.check.contents import check_contents
from tracktools.hub.check.faults import Fault, Findings
from tracktools.hub.check.genome import check_genome, check_groups
from tracktools.hub.check.hubtxt import Block, read_blocks
from tracktools.hub.check.known_settings import unknown_setting
from tracktools.hub.check.server import check_server, download_hub
from tracktools.hub.check.tracks import check_tracks

HUB_FILE = "hub.txt"


@dataclass(frozen=True)
class HubFiles:
    """A hub as it was read.

    Parameters
    ----------
    root : Path
        Its folder.
    file : str
        Its first file.
    blocks : tuple of Block
        Every block, of every file that defines tracks.
    """

    root: Path
    file: str
    blocks: tuple[Block, ...]

    def of_kind(self, kind: str) -> list[Block]:
        """Return the blocks that start with a key."""
        return [block for block in self.blocks if block.kind == kind]


def check_hub(place: str | Path) -> list[Fault]:
    """Return every fault of a hub, in the order of its files.

    Parameters
    ----------
    place : str or Path
        Folder of a hub, its ``hub.txt``, or the web address of that; from the web, every file that the hub names is
        fetched, and the server's answers are checked too.

    Raises
    ------
    InputError
        If there is no hub to read.
    """
    findings = Findings()
    if str(place).startswith(("http://", "https://")):
        with tempfile.TemporaryDirectory() as folder:
            file = download_hub(str(place), Path(folder), findings)
            _check(Path(folder), file, findings)
            check_server(str(place), Path(folder), findings)
    else:
        root, file = _local(Path(place))
        _check(root, file, findings)
    return findings.faults


def _local(place: Path) -> tuple[Path, str]:
    if place.is_file():
        return place.parent, place.name
    if not place.is_dir():
        raise InputError("no such folder", path=place, mend="name a hub's folder or its hub.txt")
    if (place / HUB_FILE).is_file():
        return place, HUB_FILE
    found = sorted(path.name for path in place.glob("*hub.txt"))
    if len(found) != 1:
        held = f"it holds {', '.join(found)}: name one" if found else "hub build writes one"
        raise InputError("holds no hub.txt", path=place, mend=held)
    return place, found[0]


def _check(root: Path, file: str, findings: Findings) -> None:
    hub = _read(root, file, findings)
    _check_hub_block(hub, findings)
    for block in hub.blocks:
        _check_keys(block, findings)
    genomes = hub.of_kind("genome")
    sizes: dict[str, int] = {}
    groups: set[str] | None = None
    if not genomes:
        findings.add_file(hub.file, "no-genome", "has no genome block", "add one: genome NAME, on its own lines")
    for extra in genomes[1:] if hub.of_kind("hub") and "useOneFile" in hub.of_kind("hub")[0] else []:
        problem = f"a second genome, {extra.get('genome')}, in a one-file hub is ignored by UCSC"
        findings.add(extra, "genome", "second-genome", problem, "make one hub a genome")
    if genomes:
        sizes = _genome_sizes(root, genomes[0], findings)
        check_genome(root, genomes[0], sizes, findings)
        groups = check_groups(root, genomes[0], findings)
    tracks = hub.of_kind("track")
    if not tracks:
        findings.add_file(hub.file, "no-track", "has no track", "add one")
    check_tracks(root, tracks, groups, findings)
    check_contents(root, tracks, sizes, findings)


def _read(root: Path, file: str, findings: Findings) -> HubFiles:
    """Read a hub of one file, or of three."""
    blocks: list[Block] = []

    def add(name: str, by: Block | None, key: str) -> list[Block]:
        try:
            found = read_blocks(root, name)
        except (OSError, UnicodeDecodeError) as error:
            if by is None:
                raise InputError(f"cannot be read: {error}", path=root / name) from None
            findings.add(by, key, f"missing-{key}", f"{key} {name} cannot be read", "write the file or mend its path")
            return []
        blocks.extend(found)
        return found

    for block in add(file, None, ""):
        if block.kind == "hub" and block.get("genomesFile") and block.get("useOneFile") != "on":
            problem = "is a hub of three files, which igv.js cannot open"
            findings.add(block, "genomesFile", "three-files", problem, "put all in one file and write: useOneFile on")
            for genome in add(block.get("genomesFile"), block, "genomesFile"):
                if genome.kind == "genome" and genome.get("trackDb"):
                    add(str(Path(block.get("genomesFile")).parent / genome.get("trackDb")), genome, "trackDb")
    return HubFiles(root, file, tuple(blocks))


def _check_hub_block(hub: HubFiles, findings: Findings) -> None:
    found = hub.of_kind("hub")
    if not hub.file.endswith(HUB_FILE):
        findings.add_file(hub.file, "file-name", "is not named …hub.txt", "rename it: igv.js knows a hub by that")
    if not found:
        findings.add_file(hub.file, "no-hub", "does not start with a hub block", "write: hub NAME", 1)
        return
    block = found[0]
    if block.line != 1 or hub.blocks[0] is not block:
        findings.add(
            block, "hub", "first-line", "the hub block is not the first thing in the file", "JBrowse wants it so"
        )
    for key in ("hub", "shortLabel", "longLabel", "email", "descriptionUrl"):
        if not block.get(key):
            findings.add(block, key, f"missing-{key}", f"the hub has no {key}", f"add a line: {key} …")
    if block.get("useOneFile") != "on" and not block.get("genomesFile"):
        findings.add(block, "hub", "use-one-file", "says neither useOneFile nor genomesFile", "write: useOneFile on")
    page = block.get("descriptionUrl")
    if page and not page.startswith(("http://", "https://")) and not (hub.root / page).is_file():
        problem = f"descriptionUrl {page} does not exist"
        findings.add(block, "descriptionUrl", "missing-descriptionUrl", problem, "write the page or mend its path")


def _check_keys(block: Block, findings: Findings) -> None:
    if block.kind not in ("hub", "genome", "track"):
        problem = f"starts with {block.kind!r}, so no browser knows what it is"
        findings.add(block, block.kind, "unknown-block", problem, "start it with hub, genome or track")
        return
    seen: set[str] = set()
    for setting in block.settings:
        if setting.key in seen:
            problem = f"{setting.key} is given twice"
            track = block.get("track").split()[0] if block.get("track") else ""
            findings.faults.append(Fault("twice", problem, "keep one of them", block.file, setting.line, track))
        seen.add(setting.key)
        meant = unknown_setting(setting.key, block.kind)
        if meant is not None:
            mend = f"did you mean {meant}?" if meant else "remove it"
            findings.add(block, setting.key, "unknown-setting", f"no browser knows the setting {setting.key}", mend)
        if not setting.value:
            findings.add(block, setting.key, "no-value", f"{setting.key} has no value", "write one or remove the line")


def _genome_sizes(root: Path, genome: Block, findings: Findings) -> dict[str, int]:
    """Return the lengths of the sequences; nothing where the hub has no readable genome of its own."""
    path = genome.get("twoBitPath")
    if not path or path.startswith(("http://", "https://")):
        return {}
    try:
        return read_twobit_sizes(root / path)
    except InputError as error:
        mend = error.hint or "write the file or mend its path"
        findings.add(genome, "twoBitPath", "twobit", f"twoBitPath {path}: {error.problem}", mend)
        return {}


def summary(faults: Sequence[Fault]) -> str:
    """Return one line: how many faults, in how many tracks.

    Examples
    --------
    >>> summary([])
    'no fault found'
    """
    if not faults:
        return "no fault found"
    tracks = len({fault.track for fault in faults if fault.track})
    return f"{len(faults)} fault{'s' if len(faults) > 1 else ''}" + (f" in {tracks} tracks" if tracks > 1 else "")
