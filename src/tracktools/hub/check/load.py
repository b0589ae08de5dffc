"""Loading of a hub: its files in turn, as UCSC opens them; what keeps it from being opened is found here."""

from __future__ import annotations

from collections.abc import Iterator

from tracktools.errors import InputError
from tracktools.hub.check.model import Genome, Hub, Track, link_tracks
from tracktools.hub.check.places import HubFiles, MissingFileError, UnknownFileError
from tracktools.hub.check.ra import Include, Stanza, read_text, split_words
from tracktools.hub.check.report import Findings, Level
from tracktools.hub.check.settings import unknown_setting

_DEEPEST = 50  # files that include each other
_MOST_INCLUDES = 1000  # in all; two that include two, and so on, would be read without end


class Loader:
    """Reads the text files of a hub, each once."""

    def __init__(self, places: HubFiles, findings: Findings) -> None:
        self.places = places
        self.findings = findings
        self._n_includes = 0
        self._read: dict[str, tuple[Stanza | Include, ...]] = {}

    def load(self) -> Hub | None:
        """Return the hub; None where its first file describes none.

        Raises
        ------
        InputError
            If the first file cannot be read.
        """
        home = self.places.home
        try:
            parts = self.parts(home)
        except (MissingFileError, UnknownFileError) as error:
            raise InputError(str(error), path=home, hint="name a hub's folder, its hub.txt or its address") from None
        file = self.places.name(home)
        stanzas = [part for part in parts if isinstance(part, Stanza)]
        hubs = [stanza for stanza in stanzas if "hub" in stanza]
        if not hubs and (stanzas or not self.findings.found):
            self.findings.add_file(Level.ERROR, file, "no-hub", "has no hub stanza", "start with: hub NAME", 1)
        elif hubs and stanzas[0] is not hubs[0]:
            problem = "the hub stanza is not the first one, so UCSC finds no hub"
            self.findings.error(hubs[0], "hub", "first-line", problem, "put it first")
        if not stanzas:
            return None
        hub = Hub(hubs[0] if hubs else stanzas[0], home, [])
        for extra in hubs[1:]:
            problem = "a second hub stanza, which UCSC skips"
            self.findings.error(extra, "hub", "second-hub", problem, "remove it, or make a hub of its own")
        hub.genomes = list(self._genomes(hub))
        for genome in hub.genomes:
            link_tracks(genome.tracks)
        return hub

    def _genomes(self, hub: Hub) -> Iterator[Genome]:
        if hub.is_one_file or not hub.stanza.get("genomesFile"):
            yield from self._genomes_of_one_file(hub)
            return
        genomes_file = hub.stanza.get("genomesFile")
        address = self.places.address(hub.base, genomes_file)
        parts = self._parts_of(address, hub.stanza, "genomesFile")
        hub.unread = parts is None
        for part in parts or ():
            if isinstance(part, Include):
                continue
            if "genome" in part:
                tracks = self._tracks(part, address)
                yield Genome(part, address, tracks or [], unread=tracks is None)
            elif "track" in part:
                break
            elif "hub" not in part:
                self._add_unknown(part)

    def _genomes_of_one_file(self, hub: Hub) -> Iterator[Genome]:
        parts = self.parts(hub.base)
        genomes = [part for part in parts if isinstance(part, Stanza) and part.kind == "genome"]
        tracks = list(self._expand(parts, hub.base, (hub.base,)))
        first_track = next((n for n, part in enumerate(parts) if isinstance(part, Stanza) and "track" in part), None)
        for number, part in enumerate(parts):
            if isinstance(part, Include) and (first_track is None or number < first_track) and hub.is_one_file:
                problem = "include before the first track: UCSC looks for a genome there"
                fix = "put a track before it, or use genomesFile and trackDb"
                self.findings.add_file(Level.WARNING, part.file, "include", problem, fix, part.line)
        for number, genome in enumerate(genomes):
            late = first_track is not None and parts.index(genome) > first_track
            if late and hub.is_one_file:
                problem = f"genome {genome.get('genome')} comes after tracks, and UCSC does not see it"
                code = "second-genome" if number else "late-genome"
                self.findings.error(genome, "genome", code, problem, "put it before the first track; one hub a genome")
            elif number and hub.is_one_file:
                problem = f"a second genome, {genome.get('genome')}, in a one-file hub: both get the same tracks"
                self.findings.warning(genome, "genome", "second-genome", problem, "make one hub a genome")
            if not number or not late:
                yield Genome(genome, hub.base, [Track(stanza, hub.base) for stanza in tracks])

    def _tracks(self, genome: Stanza, base: str) -> list[Track] | None:
        value = genome.get("trackDb")
        if not value:
            problem = "the genome has no trackDb, and UCSC stops there"
            self.findings.error(genome, "trackDb", "missing-trackDb", problem, "add a line: trackDb FILE")
            return None
        address = self.places.address(base, value)
        parts = self._parts_of(address, genome, "trackDb")
        return (
            None if parts is None else [Track(stanza, address) for stanza in self._expand(parts, address, (address,))]
        )

    def _parts_of(self, address: str, by: Stanza, key: str) -> tuple[Stanza | Include, ...] | None:
        try:
            return self.parts(address)
        except MissingFileError as error:
            fix = "write the file or correct the path"
            self.findings.error(by, key, f"missing-{key}", f"{key} {by.get(key)} {error}", fix)
        except UnknownFileError as error:
            fix = "check again where it can be reached"
            self.findings.warning(by, key, "not-checked", f"{key} {by.get(key)} {error}", fix)
        return None

    def _expand(self, parts: tuple[Stanza | Include, ...], address: str, outer: tuple[str, ...]) -> Iterator[Stanza]:
        """Yield the track stanzas, those of included files in their place."""
        for part in parts:
            if isinstance(part, Include):
                yield from self._included(part, address, outer)
            elif "track" in part:
                first = part.settings[0]
                if first.key != "track":
                    problem = f"UCSC skips the lines above track {part.track_name}"
                    fix, where = "write the track line first", (first.line, part.track_name)
                    self.findings.add_file(Level.ERROR, first.file, "track-not-first", problem, fix, *where)
                yield part
            elif part.kind not in ("hub", "genome") and "email" not in part:  # of a hub without its first line
                self._add_unknown(part)

    def _included(self, include: Include, address: str, outer: tuple[str, ...]) -> Iterator[Stanza]:
        def add(level: Level, problem: str, fix: str, code: str = "include") -> None:
            self.findings.add_file(level, include.file, code, problem, fix, include.line)

        name = split_words(include.value)[0].strip("\"'")
        if include.inside:
            problem = f"include {name} is among the lines of a track, so UCSC takes it for a setting"
            add(Level.ERROR, problem, "put an empty line before it")
        target = self.places.address(address, name)
        self._n_includes += 1
        if len(outer) > _DEEPEST or self._n_includes > _MOST_INCLUDES:
            problem = f"include {name} is nested more than {_DEEPEST} deep, or one of more than {_MOST_INCLUDES}"
            add(Level.ERROR, problem, "include fewer files, directly")
            return
        if target in outer:
            add(Level.ERROR, f"{name} includes itself", "remove the line")
            return
        try:
            parts = self.parts(target)
        except MissingFileError as error:
            add(Level.ERROR, f"include {name} {error}", "write the file or correct the path", "missing-include")
        except UnknownFileError as error:
            add(Level.WARNING, f"include {name} {error}", "check again where it can be reached", "not-checked")
        else:
            yield from self._expand(parts, target, (*outer, target))

    def _add_unknown(self, stanza: Stanza) -> None:
        key = stanza.settings[0].key
        is_lost = any(unknown_setting(setting.key, "track") is None for setting in stanza.settings)
        problem = f"lines that start with {key!r}, of no hub, genome or track: no browser reads them"
        fix = "is an empty line above them too much? Else start with hub, genome or track"
        self.findings.add(Level.ERROR if is_lost else Level.WARNING, stanza, key, "unknown-block", problem, fix)

    def parts(self, address: str) -> tuple[Stanza | Include, ...]:
        """Return the stanzas and includes of a file; what is wrong with its text is added to the findings."""
        if address not in self._read:
            name = self.places.name(address)
            text = read_text(self.places.read(address), name)
            for problem in text.problems:
                level = Level.ERROR if problem.severe else Level.WARNING
                self.findings.add_file(level, name, problem.code, problem.problem, problem.fix, problem.line)
            self._read[address] = text.parts
        return self._read[address]
