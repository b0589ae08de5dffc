"""The genomes of a hub: their names, files, default positions, aliases and groups of tracks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.numerals import is_whole
from tracktools.formats.twobit import read_twobit_sizes
from tracktools.hub.check.files import GENOME_FILES, check_named_files
from tracktools.hub.check.items import read_items
from tracktools.hub.check.model import Genome
from tracktools.hub.check.pages import check_page
from tracktools.hub.check.places import Fetched, HubFiles, MissingFileError, UnknownFileError
from tracktools.hub.check.ra import Stanza, read_text
from tracktools.hub.check.report import Findings, Level
from tracktools.hub.check.settings import unknown_setting
from tracktools.interval import Interval

_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def check_genome(genome: Genome, places: HubFiles, findings: Findings) -> None:
    """Check the stanza of a genome and its files; sets the sizes and aliases of the genome.

    Parameters
    ----------
    genome : Genome
        The genome.
    places : HubFiles
        The files of the hub.
    findings : Findings
        Where findings go.
    """
    stanza = genome.stanza
    name = stanza.get("genome")
    if not name:
        findings.error(stanza, "genome", "genome-name", "the genome has no name", "write: genome NAME")
    elif not _NAME.fullmatch(name):
        problem = f"genome {name!r} is not one word of letters, digits and _"
        add = findings.error if len(name.split()) > 1 else findings.warning
        add(stanza, "genome", "genome-name", problem, f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', name)} is one")
    there = check_named_files(stanza, genome.base, GENOME_FILES, places, findings)
    if not genome.is_assembly:
        return  # UCSC knows the genome: the rest is the browser's
    for key in ("organism", "defaultPos"):
        if key not in stanza:
            problem = f"the genome has no {key}, and UCSC stops there"
            findings.error(stanza, key, f"missing-{key}", problem, f"add a line: {key} …")
    if not stanza.get("htmlPath"):
        problem = "the genome has no htmlPath"
        findings.warning(stanza, "htmlPath", "missing-htmlPath", problem, "describe it on a page")
    elif "htmlPath" in there:
        address = places.address(genome.base, stanza.get("htmlPath"))
        check_page(stanza, "htmlPath", address, there["htmlPath"].path.read_bytes(), places, findings)
    if stanza.get("chromAlias") and not stanza.get("chromAliasBb"):
        problem = "chromAlias is looked for in the wrong place by igv.js, which then shows an error over the page"
        findings.note(stanza, "chromAlias", "plain-alias", problem, "use chromAliasBb")
    if stanza.get("orderKey") and not is_whole(stanza.get("orderKey")):
        problem = f"orderKey is {stanza.get('orderKey')!r}"
        findings.error(stanza, "orderKey", "value", problem, "write a whole number")
    genome.sizes = _sizes(genome, there, findings)
    genome.aliases = _aliases(genome, there, findings)
    if genome.sizes:
        _check_position(genome, findings)
        _check_sizes_file(genome, there, places, findings)


def _sizes(genome: Genome, there: Mapping[str, Fetched], findings: Findings) -> dict[str, int]:
    """Return the lengths of the sequences; nothing if there is no readable 2bit."""
    twobit = there.get("twoBitPath")
    if twobit is None or not twobit.complete:
        return {}
    try:
        return read_twobit_sizes(twobit.path)
    except InputError as error:
        fix = error.hint or "write the file or correct the path"
        problem = f"twoBitPath {genome.get('twoBitPath')} {error.problem}"
        findings.error(genome.stanza, "twoBitPath", "twobit", problem, fix)
        return {}


def _aliases(genome: Genome, there: Mapping[str, Fetched], findings: Findings) -> dict[str, str]:
    """Return the other names of the sequences, from the bigBed or the text of aliases."""
    if "chromAliasBb" in there:
        return _aliases_of_bigbed(genome, there["chromAliasBb"].path, findings)
    if "chromAlias" not in there:
        return {}
    aliases: dict[str, str] = {}
    for line in there["chromAlias"].path.read_text(errors="replace").splitlines():
        words = line.split("\t")
        if line.startswith("#") or not genome.sizes:
            continue
        known = next((word for word in words if word in genome.sizes), None)
        aliases.update({word: known for word in words if known and word})
    return aliases


def _aliases_of_bigbed(genome: Genome, path: Path, findings: Findings) -> dict[str, str]:
    key, value = "chromAliasBb", genome.get("chromAliasBb")
    try:
        items = read_items(path)
    except InputError as error:
        findings.error(genome.stanza, key, "alias", f"{value} {error.problem}", "make it again")
        return {}
    foreign = [chrom for chrom in sorted(items.values(0)) if chrom not in genome.sizes]
    if foreign and genome.sizes:
        problem = f"{value} names {foreign[0]}, which the genome does not have"
        findings.error(genome.stanza, key, "alias", problem, f"it has {next(iter(genome.sizes))}")
    if not items.header.extension_offset:
        problem = f"{value} has no name index"
        findings.error(genome.stanza, key, "alias", problem, "make it with an index of each column")
    return {name: row[0] for row in items.rows for name in row[3:] if name}


def _check_position(genome: Genome, findings: Findings) -> None:
    text = genome.get("defaultPos")
    if not text:
        return

    def add(problem: str, fix: str) -> None:
        findings.error(genome.stanza, "defaultPos", "default-position", f"defaultPos {text} {problem}", fix)

    chrom = genome.aliases.get(text, text)
    if chrom in genome.sizes:
        return  # a whole sequence
    try:
        place = Interval.from_ucsc(text)
    except ValueError:
        add("is no position", "write chrom:1-999")
        return
    chrom = genome.aliases.get(place.chrom, place.chrom)
    if chrom not in genome.sizes:
        add("is on a sequence that the genome does not have", f"it has {next(iter(genome.sizes))}")
    elif place.end > genome.sizes[chrom]:
        add("ends past the sequence", f"it has {genome.sizes[chrom]} bp")


def _check_sizes_file(genome: Genome, there: Mapping[str, Fetched], places: HubFiles, findings: Findings) -> None:
    if "chromSizes" not in there:
        return
    name = places.name(places.address(genome.base, genome.get("chromSizes")))
    written: dict[str, int] = {}
    for number, line in enumerate(there["chromSizes"].path.read_text(errors="replace").splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        if len(words) < 2 or not is_whole(words[1]):
            problem = "is not two columns, name and length"
            findings.add_file(Level.ERROR, name, "chrom-sizes", problem, "write it again, with a tab between", number)
            return
        if "\t" not in line:
            problem = "has a blank between name and length, not a tab"
            findings.add_file(Level.NOTE, name, "chrom-sizes", problem, "write it again, with a tab between", number)
            return
        written[words[0]] = int(words[1])
        if written[words[0]] != genome.sizes.get(words[0]):
            known = genome.sizes.get(words[0])
            theirs = f"the 2bit has {known}" if known is not None else "the 2bit does not have it"
            problem = f"says {words[0]} has {words[1]} bp, {theirs}"
            findings.add_file(Level.ERROR, name, "chrom-sizes", problem, "write it from the 2bit", number)
            return
    absent = [chrom for chrom in genome.sizes if chrom not in written]
    if absent:
        problem = f"lacks {absent[0]} of the 2bit"
        findings.add_file(Level.ERROR, name, "chrom-sizes", problem, "write it from the 2bit")


def check_groups(genome: Genome, places: HubFiles, findings: Findings) -> None:
    """Check the file of the groups of tracks, and that each track is in one of them."""
    value = genome.get("groups")
    if not value:
        return
    address = places.address(genome.base, value)
    try:
        data = places.read(address)
    except (MissingFileError, UnknownFileError):
        return  # the table of files has said so
    file = places.name(address)
    text = read_text(data, file)
    for problem in text.problems:
        level = Level.ERROR if problem.severe else Level.WARNING
        findings.add_file(level, file, problem.code, problem.problem, problem.fix, problem.line)
    names: set[str] = set()
    for stanza in (part for part in text.parts if isinstance(part, Stanza)):
        _check_group(stanza, names, Level.ERROR if genome.is_assembly else Level.WARNING, findings)
        names.add(stanza.get("name"))
    if not names:
        findings.add_file(Level.ERROR, file, "group", "has no group", "write: name NAME, then label and priority")
        return
    if not genome.is_assembly:
        return  # the groups of a genome that UCSC knows count too
    for track in genome.tracks:
        group = track.get("group")
        if group and group not in names:
            fix = f"{value} has {', '.join(sorted(names))}"
            findings.error(track.stanza, "group", "unknown-group", f"group {group} is not in {value}", fix)


def _check_group(stanza: Stanza, names: set[str], level: Level, findings: Findings) -> None:
    """Check a group of tracks; at a genome that UCSC knows, what the group lacks is no more than a warning."""
    for key in ("name", "label"):
        if not stanza.get(key):
            findings.add(level, stanza, key, "group", f"a group has no {key}", f"add a line: {key} …")
    if not stanza.get("priority"):
        findings.note(stanza, "priority", "group", "a group has no priority, so it comes last", "add: priority NUMBER")
    elif re.match(r"[-+]?\.?\d", stanza.get("priority")) is None:
        problem = f"priority is {stanza.get('priority')!r}"
        findings.error(stanza, "priority", "group", problem, "write a number")
    if stanza.get("name") in names:
        findings.error(stanza, "name", "group", f"group {stanza.get('name')} is given twice", "keep one of them")
    for setting in stanza.settings:
        meant = unknown_setting(setting.key, "name")
        if meant is not None:
            fix = f"did you mean {meant}?" if meant else "remove it"
            problem = f"no browser knows the setting {setting.key} of a group"
            findings.warning(stanza, setting.key, "unknown-setting", problem, fix)
