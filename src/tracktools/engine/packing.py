"""Windows of DNA laid side by side, so that short ones are computed together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tracktools.arrays import Float32
from tracktools.engine.interface import Window


class Pack(NamedTuple):
    """Windows laid side by side on one axis of positions, with room between them.

    `starts[n]` is where window n begins, a multiple of the tile; `length` is the whole axis.
    """

    windows: list[Window]
    starts: list[int]
    length: int

    def answers(self, whole: Float32) -> list[Float32]:
        """Return what each window asked for, of the values at all positions, shape (at least length,)."""
        asked = [(start + w.first, start + w.last) for w, start in zip(self.windows, self.starts, strict=True)]
        return [whole[first:last].copy() for first, last in asked]


def pack_windows(windows: Sequence[Window], *, tile: int, gap: int, capacity: int) -> Iterator[Pack]:
    """Lay windows side by side, in their order, until `capacity` positions are taken; then begin anew.

    Parameters
    ----------
    windows : sequence of Window
    tile : int
        Every window begins at a multiple of this, so that its arithmetic does not depend on its neighbours.
    gap : int
        Least number of free positions after each window.
    capacity : int
        Positions in a pack; a single longer window has a pack of its own.

    Yields
    ------
    Pack
    """
    chosen: list[Window] = []
    starts: list[int] = []
    length = 0
    for window in windows:
        window.check()
        room = -(-(len(window.codes) + gap) // tile) * tile
        if chosen and length + room > capacity:
            yield Pack(chosen, starts, length)
            chosen, starts, length = [], [], 0
        chosen.append(window)
        starts.append(length)
        length += room
    if chosen:
        yield Pack(chosen, starts, length)
