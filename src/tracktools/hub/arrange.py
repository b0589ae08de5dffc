"""From converted files to the tree of a hub: groups, mirrored pairs, colours, order, common scales."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tracktools.hub.model import HubGroup, HubTrack, Mirror
from tracktools.hub.text import LONG_LABEL_CHARACTERS, SHORT_LABEL_CHARACTERS, label
from tracktools.interval import STRANDS
from tracktools.palette import GREY, STRAND_COLORS

# group in tracks.tsv: label in browsers; in the order in which browsers show them
GROUPS = {
    "predictions": "TSS predictions",
    "curated": "Curated TSS",
    "tss": "Measured TSS",
    "classes": "TSS classes",
    "motifs": "Attended motifs",
    "attention": "Attention profiles",
    "contributions": "Contributions",
    "mutations": "Mutations",
    "reads": "Reads",
    "signals": "Signals",
    "annotation": "Genes and pseudogenes",
}
OTHER_GROUP = "other"
_PLUS_WORDS = ("plus", "fwd", "forward", "pos", "positive")
_STRAND_WORD = re.compile(r"(?i)(?:^|[._-])(plus|minus|fwd|rev|forward|reverse|pos|neg|positive|negative)(?=[._-]|$)")


def group_names(names: Sequence[str]) -> list[str]:
    """Return the groups that occur, known ones in their order, the user's own after them.

    Examples
    --------
    >>> group_names(["mine", "reads", "predictions", "mine"])
    ['predictions', 'reads', 'mine']
    """
    present = list(dict.fromkeys(names))
    return [name for name in GROUPS if name in present] + [name for name in present if name not in GROUPS]


def group_label(name: str) -> str:
    """Return the label of a group.

    Examples
    --------
    >>> group_label("tss"), group_label("my_own")
    ('Measured TSS', 'My own')
    """
    return GROUPS.get(name) or label(name.replace("_", " ").capitalize(), SHORT_LABEL_CHARACTERS)


def named_strand(name: str) -> str:
    """Return the strand that the name of a file says, ``.`` where it says none or both.

    Examples
    --------
    >>> named_strand("D39V.5prime.minus"), named_strand("rich_fwd"), named_strand("surplus"), named_strand("pos_neg")
    ('-', '+', '.', '.')
    """
    words = {word.lower() for word in _STRAND_WORD.findall(name)}
    strands = {"+" if word in _PLUS_WORDS else "-" for word in words}
    return strands.pop() if len(strands) == 1 else "."


def track_color(color: str, strand: str) -> str:
    """Return the colour of a track: its own, else that of its strand."""
    return color or STRAND_COLORS.get(strand, GREY)


def arrange_groups(tracks: Sequence[HubTrack]) -> tuple[HubGroup, ...]:
    """Sort tracks into groups and pair stranded signals.

    Parameters
    ----------
    tracks : sequence of HubTrack
        In the order of the inputs; that order is kept within a group.

    Returns
    -------
    tuple of HubGroup
        Signals of one group whose names differ in the word for the strand alone (``x.plus`` and ``x.minus``), or that
        are its only plus and minus signal, become a `Mirror` with one scale for both.
    """
    groups = []
    for number, name in enumerate(group_names([track.group for track in tracks]), start=1):
        members = [track for track in tracks if track.group == name]
        mirrors = _mirrors(members)
        paired = {track.name for mirror in mirrors for track in (mirror.plus, mirror.minus)}
        order = [track for mirror in mirrors for track in (mirror.plus, mirror.minus)]
        order += [track for track in members if track.name not in paired]
        place = {track.name: number * 1000.0 + rank for rank, track in enumerate(order, start=1)}
        groups.append(
            HubGroup(
                name=name,
                label=group_label(name),
                priority=number,
                mirrors=tuple(
                    replace(
                        mirror,
                        plus=replace(mirror.plus, priority=place[mirror.plus.name]),
                        minus=replace(mirror.minus, priority=place[mirror.minus.name]),
                    )
                    for mirror in mirrors
                ),
                tracks=tuple(
                    replace(track, priority=place[track.name]) for track in members if track.name not in paired
                ),
            )
        )
    return tuple(groups)


def _stem(name: str) -> str:
    return _STRAND_WORD.sub("", name).strip("._-")


def _mirrors(tracks: Sequence[HubTrack]) -> list[Mirror]:
    signals = [track for track in tracks if track.kind == "signal" and track.strand in STRANDS]
    plus, minus = ([track for track in signals if track.strand == strand] for strand in STRANDS)
    mirrors = []
    for upper in plus:
        stem = _stem(upper.source.row.name)
        alike = [lower for lower in minus if _stem(lower.source.row.name) == stem]
        if len(plus) == len(minus) == 1:
            alike = minus
        if len(alike) == 1:
            mirrors.append(_mirror(upper, alike[0]))
    return mirrors


def _mirror(plus: HubTrack, minus: HubTrack) -> Mirror:
    """Pair two signals on one scale, that of the stronger strand."""
    assert plus.contents.view is not None
    assert minus.contents.view is not None
    top = max(plus.contents.view[1], -minus.contents.view[0])
    stem = re.sub(r"[^A-Za-z0-9_]", "_", _stem(plus.source.row.name)) or plus.group
    name = f"{plus.group}_{stem}_mirror" if not stem.startswith(plus.group) else f"{stem}_mirror"
    name = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return Mirror(
        name=name if name[0].isalpha() else f"t{name}",
        short_label=label(
            _common(plus.short_label, minus.short_label) or _stem(plus.short_label) or stem, SHORT_LABEL_CHARACTERS
        ),
        long_label=label(
            (_common(plus.long_label, minus.long_label) or stem) + ", plus strand up, minus strand down",
            LONG_LABEL_CHARACTERS,
        ),
        plus=replace(plus, contents=replace(plus.contents, view=(0.0, top))),
        minus=replace(minus, contents=replace(minus.contents, view=(-top, 0.0))),
    )


def _common(left: str, right: str) -> str:
    """Return the words that two labels share, without what is left of a strand in brackets.

    Examples
    --------
    >>> _common("Predicted TSS (+)", "Predicted TSS (-)")
    'Predicted TSS'
    """
    others = right.split()
    words = [word for word in left.split() if word in others]
    while words and words[-1].lower() in ("strand", "the", "on", "of", ","):
        words.pop()
    return " ".join(words).rstrip(" ,;:")
