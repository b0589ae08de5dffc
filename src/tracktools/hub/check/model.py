"""A hub as UCSC understands it: genomes, and the tracks of each with parents and children."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tracktools.hub.check.ra import Stanza, split_words

_ON = re.compile(r"on\b")


@dataclass
class Track:
    """A track of a genome.

    Parameters
    ----------
    stanza : Stanza
        Its lines.
    base : str
        Address from which its files are found: the genome's first trackDb file, also for included lines.
    parent : Track, optional
        What holds it.
    children : list of Track
        What it holds.
    """

    stanza: Stanza
    base: str
    parent: Track | None = None
    children: list[Track] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The first word of its track line."""
        return self.stanza.track_name

    def __contains__(self, key: str) -> bool:
        return key in self.stanza

    def get(self, key: str) -> str:
        """Return a setting of its own."""
        return self.stanza.get(key)

    def find(self, key: str) -> str:
        """Return a setting of its own, or of the nearest parent that has it, as UCSC does."""
        return next((track.get(key) for track in self.line_of_parents() if key in track), "")

    def line_of_parents(self) -> Iterator[Track]:
        """Yield the track, its parent and so on; ends where a track says noInherit, or a line would be a circle."""
        seen: set[int] = set()
        track: Track | None = self
        while track is not None and id(track) not in seen:
            yield track
            seen.add(id(track))
            track = None if "noInherit" in track else track.parent

    @property
    def parent_words(self) -> list[str]:
        """Name of its parent and what follows: of parent, of the old superTrack and of the older subTrack."""
        for key in ("parent", "subTrack"):
            if key in self:
                return split_words(self.get(key))
        return [] if self.is_super else split_words(self.get("superTrack"))

    @property
    def parent_key(self) -> str:
        """The setting that names its parent."""
        return next((key for key in ("parent", "subTrack", "superTrack") if key in self), "parent")

    @property
    def is_super(self) -> bool:
        """Whether it is a folder of tracks."""
        return _ON.match(self.get("superTrack")) is not None

    @property
    def is_composite(self) -> bool:
        """Whether it is a composite; UCSC looks only whether the setting is there."""
        return "compositeTrack" in self

    @property
    def is_view(self) -> bool:
        """Whether it is a view of a composite."""
        return "view" in self and ("bigDataUrl" not in self or bool(self.children))

    @property
    def is_container(self) -> bool:
        """Whether it only contains other tracks."""
        return self.is_super or self.is_composite or "container" in self or self.is_view

    @property
    def type_words(self) -> list[str]:
        """The words of its type, which a parent may give."""
        return split_words(self.find("type"))

    @property
    def kind(self) -> str:
        """The first word of its type."""
        return next(iter(self.type_words), "")


@dataclass
class Genome:
    """A genome of a hub.

    Parameters
    ----------
    stanza : Stanza
        Its lines.
    base : str
        Address of the file that holds them, from which its own files are found.
    tracks : list of Track
        Its tracks, linked to each other.
    unread : bool
        Whether its tracks could not be read.
    sizes : mapping of str to int
        Length of each sequence [bp]; empty where the hub has no readable 2bit of it.
    aliases : mapping of str to str
        Other names of its sequences.
    """

    stanza: Stanza
    base: str
    tracks: list[Track] = field(default_factory=list)
    unread: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str:
        """Return a setting."""
        return self.stanza.get(key)

    @property
    def is_assembly(self) -> bool:
        """Whether the hub brings the sequences; otherwise UCSC knows the genome."""
        return "twoBitPath" in self.stanza


@dataclass
class Hub:
    """A hub: its first stanza, where that is, its genomes, and whether these could not be read."""

    stanza: Stanza
    base: str
    genomes: list[Genome]
    unread: bool = False

    @property
    def is_one_file(self) -> bool:
        """Whether all is in one file; UCSC looks only whether the setting is there."""
        return "useOneFile" in self.stanza


def link_tracks(tracks: list[Track]) -> None:
    """Give each track its parent and its children."""
    by_name: dict[str, Track] = {}
    for track in tracks:
        by_name.setdefault(track.name, track)
    for track in tracks:
        words = track.parent_words
        parent = by_name.get(words[0]) if words else None
        if parent is not None and parent is not track:
            track.parent = parent
            parent.children.append(track)
