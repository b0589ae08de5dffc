"""A hub as a tree of frozen values: made once by `build`, then only read by the templates and the session writers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tracktools.formats.bed_schemas import FOUND_COLUMNS, BedSchema
from tracktools.input_sign import InputSign
from tracktools.regions import Annotation, PlacedAnnotation
from tracktools.tracks import Track, is_drawn_as_letters

Kind = Literal["signal", "features", "alignments"]
FOUND_GENES = "found_genes"
_TOPICS = {"curated": "support", FOUND_GENES: FOUND_COLUMNS[0]}  # topics of their own, and a column that tells them


@dataclass(frozen=True)
class Source:
    """One data file as it came in.

    Parameters
    ----------
    row : Track
        Its row of ``tracks.tsv``, or one made for it.
    origin : Path
        The file that named it, for messages.
    provenance : mapping
        ``provenance.json`` of its folder; empty if there is none.
    warnings : tuple of str
        What a user of the data should know, a sentence each: from `provenance`, or from the file itself.
    annotation : Annotation or PlacedAnnotation, optional
        What the file contains, where it is an annotation that was read already.
    """

    row: Track
    origin: Path
    provenance: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    annotation: Annotation | PlacedAnnotation | None = None


@dataclass(frozen=True)
class Contents:
    """What a data file contains, found while its display copy was written.

    Parameters
    ----------
    count : int
        Bases with a value, or items.
    count_by_strand : mapping of str to int
        Items on each strand; empty for a signal.
    minimum, maximum, mean : float, optional
        Of a signal, over the bases with a value, with the sign they are drawn with.
    view : tuple of float, optional
        Range of values that is drawn.
    schema : BedSchema, optional
        Columns of features.
    ranges : mapping of str to tuple of float
        Least and greatest value of each numeric column beyond the standard ones.
    incomplete : tuple of str
        Those of them in which some items have no number; a filter would hide these items.
    choices : mapping of str to tuple of str
        The values of each text column that has few.
    colors : tuple of str
        Colours of the items.
    shaded : bool
        Whether they are the stronger, the higher the score.
    n_words : int
        Of features: by how many words they are found.
    size_bytes : int
        Of the file in the hub.
    sign : InputSign, optional
        Of a signal: how the file that came in stores it.
    n_chroms, n_foreign : int
        Of a signal or BAM: sequences of the genome that it has, and others.
    """

    count: int = 0
    count_by_strand: Mapping[str, int] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    view: tuple[float, float] | None = None
    schema: BedSchema | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    incomplete: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    colors: tuple[str, ...] = ()
    shaded: bool = False
    n_words: int = 0
    size_bytes: int = 0
    sign: InputSign | None = None
    n_chroms: int = 0
    n_foreign: int = 0


@dataclass(frozen=True)
class HubTrack:
    """One data file as every browser shows it.

    Parameters
    ----------
    name : str
        UCSC track name: letters, digits, ``_``.
    kind : {"signal", "features", "alignments"}
        How it is drawn.
    file : str
        Path in the hub.
    strand : {"+", "-", "."}
        Strand of the whole file; a minus signal is stored negative, so that every client draws it downward.
    group : str
        Name of its group.
    short_label, long_label : str
        As browsers print them.
    color : str
        ``R,G,B``.
    visibility : str
        UCSC's word: hide, dense, squish, pack or full.
    priority : float
        Place among all tracks, the smallest first.
    contents : Contents
        What the file holds.
    source : Source
        Where it came from.
    """

    name: str
    kind: Kind
    file: str
    strand: str
    group: str
    short_label: str
    long_label: str
    color: str
    visibility: str
    priority: float
    contents: Contents
    source: Source

    @property
    def topic(self) -> str:
        """Name of the text that says how such tracks are made: its group, or a topic that its columns tell."""
        columns = () if self.contents.schema is None else self.contents.schema.columns
        return next((topic for topic, column in _TOPICS.items() if column in columns), self.group)

    @property
    def label_field(self) -> str:
        """Column that browsers print next to an item: a short one where there is one; ``name`` is the searched one."""
        schema = self.contents.schema
        return "label" if schema is not None and "label" in schema.columns else "name"

    @property
    def letters(self) -> bool:
        """Whether it is a signal that is drawn as letters of the plus strand, with a sign; `strand` is ``.`` then."""
        return self.kind == "signal" and is_drawn_as_letters(self.source.row)

    @property
    def page(self) -> str:
        """Path of its description page in the hub."""
        return f"pages/{self.name}.html"

    @property
    def search_file(self) -> str:
        """Path of the trix index of its names in the hub."""
        return self.file.removesuffix(".bb") + ".ix"


@dataclass(frozen=True)
class Mirror:
    """A plus and a minus signal of one sample, drawn up and down from one line."""

    name: str
    short_label: str
    long_label: str
    plus: HubTrack
    minus: HubTrack


@dataclass(frozen=True)
class HubGroup:
    """Tracks that are shown together.

    Parameters
    ----------
    name, label : str
        Of the group.
    priority : int
        Place among the groups.
    mirrors : tuple of Mirror
        Its stranded signals; they become one composite, and an overlay each.
    tracks : tuple of HubTrack
        The others; those of attention heads become a second composite.
    """

    name: str
    label: str
    priority: int
    mirrors: tuple[Mirror, ...]
    tracks: tuple[HubTrack, ...]

    @property
    def composite(self) -> str:
        """Track name of the composite of its mirrors."""
        return f"{self.name}_strands"

    @property
    def letters(self) -> tuple[HubTrack, ...]:
        """Signals that are drawn as letters, where there are several: they become one composite."""
        found = tuple(track for track in self.tracks if track.letters)
        return found if len(found) > 1 else ()

    @property
    def letters_composite(self) -> str:
        """Track name of the composite of its signals that are drawn as letters."""
        return f"{self.name}_letters"

    @property
    def heads(self) -> tuple[HubTrack, ...]:
        """Features of attention heads, where there are several: many and alike, so that they become one composite."""
        schemas = [(track, track.contents.schema) for track in self.tracks]
        found = [track for track, schema in schemas if schema is not None and "head" in schema.columns]
        return tuple(found) if len(found) > 1 else ()

    @property
    def heads_composite(self) -> str:
        """Track name of the composite of its heads."""
        return f"{self.name}_heads"


@dataclass(frozen=True)
class Assembly:
    """The genome of the tracks, as browsers need it described.

    Parameters
    ----------
    genome : str
        Its name in the browser: an accession, or a UCSC database.
    attached : bool
        Whether the browser knows that genome already and shows its own sequence and genes.
    twobit : str
        Sequence file in the hub; empty when attached.
    organism, scientific_name, description : str
        For people.
    tax_id : int
        NCBI taxonomy; 0 where unknown.
    codon_table : int
        NCBI genetic code.
    chrom_sizes : mapping of str to int
        Length of each sequence [bp].
    aliases : mapping of str to tuple of str
        Other names of each sequence.
    links : mapping of str to str
        Column name to the address an item's value leads to; ``$$`` is the value.
    default_position : str
        Where a browser opens: 1-based and closed.
    """

    genome: str
    attached: bool
    twobit: str
    organism: str
    scientific_name: str
    description: str
    tax_id: int
    codon_table: int
    chrom_sizes: Mapping[str, int]
    aliases: Mapping[str, tuple[str, ...]]
    links: Mapping[str, str]
    default_position: str = ""


@dataclass(frozen=True)
class Bookmark:
    """A position worth opening, 1-based and closed, and why."""

    label: str
    position: str


@dataclass(frozen=True)
class Hub:
    """The whole of a hub."""

    name: str
    short_label: str
    long_label: str
    email: str
    assembly: Assembly
    groups: tuple[HubGroup, ...]
    bookmarks: tuple[Bookmark, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user of its tracks should know, each sentence once."""
        return tuple(dict.fromkeys(warning for track in self for warning in track.source.warnings))

    def __iter__(self) -> Iterator[HubTrack]:
        """Yield every track, in the order in which they are drawn."""
        for group in self.groups:
            for mirror in group.mirrors:
                yield mirror.plus
                yield mirror.minus
            yield from group.tracks
