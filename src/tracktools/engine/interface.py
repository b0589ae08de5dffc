"""What every engine offers, and how windows of DNA are laid side by side in one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from tracktools.arrays import Codes, Float32, Int64

if TYPE_CHECKING:
    from tracktools.engine.attention import Trace

Precision = Literal["exact", "fast"]

TOLERANCE: dict[Precision, float] = {"exact": 2e-5, "fast": 1e-2}  # largest error of a probability

MAX_CODE = 4  # A 0, C 1, G 2, T 3, any other letter 4


class Window(NamedTuple):
    """A stretch of one strand and the part of it that is asked for.

    Parameters
    ----------
    codes : ndarray of uint8, shape (length,)
        Letters 5' to 3': A 0, C 1, G 2, T 3, any other 4, with all context that exists
        (`ModelConfig.halo_upstream_bp` and `halo_downstream_bp` around what is asked for). The ends of the array are
        taken for ends of the molecule.
    first, last : int
        Half-open range of *network* positions, counted in `codes`; the label shift is the caller's business.
    """

    codes: Codes
    first: int
    last: int

    def check(self) -> None:
        """Refuse a range outside the codes, and codes that mean no letter."""
        if not 0 <= self.first <= self.last <= len(self.codes):
            raise ValueError(f"positions {self.first} to {self.last} are not within {len(self.codes)} codes")
        if self.codes.size and self.codes.max() > MAX_CODE:
            raise ValueError(f"code {self.codes.max()} means no letter; codes are 0 to {MAX_CODE}")


class Changes(NamedTuple):
    """Places of a window that are changed, one at a time, and the outputs that are asked for each.

    Parameters
    ----------
    codes : ndarray of uint8, shape (length,)
        As in a `Window`.
    offsets : ndarray of int64, shape (n_places,)
        Into `codes`, in any order.
    firsts, lasts : ndarray of int64, shape (n_places,)
        Half-open ranges of network positions, counted in `codes`.
    """

    codes: Codes
    offsets: Int64
    firsts: Int64
    lasts: Int64


class Engine(Protocol):
    """A way to run the network.

    An answer depends on the window alone: it is the same, bit for bit, for a window alone and among others, and for any
    number of threads. It is also the same for two windows over the same DNA, with full context both, whose first bases
    are a multiple of `alignment_bp` apart.
    """

    @property
    def name(self) -> str:
        """``torch`` or ``native``."""

    @property
    def precision(self) -> Precision:
        """How far an answer may be from float64 arithmetic: see `TOLERANCE`."""

    @property
    def instruction_set(self) -> str:
        """What the arithmetic runs on, such as ``avx512`` or ``cuda``."""

    @property
    def alignment_bp(self) -> int:
        """Windows that start a multiple of this apart agree in every bit."""

    def probabilities(self, codes: Codes, first: int, last: int) -> Float32:
        """Return the probability of a TSS at network positions first ... last - 1 of one window.

        Returns
        -------
        ndarray of float32, shape (last - first,)
        """

    def probabilities_many(self, windows: Sequence[Window]) -> list[Float32]:
        """Return the probabilities of many windows; short ones share the work, and see nothing of each other."""

    def memory_bytes(self, windows_bp: int) -> int:
        """Return what a run adds to the process at most [bytes].

        Parameters
        ----------
        windows_bp : int
            Length of all its windows together, each rounded up to a multiple of `alignment_bp`.
        """


class AttentiveEngine(Engine, Protocol):
    """An engine of a network with attention."""

    def trace(self, windows: Sequence[Window]) -> Trace:
        """Run windows and keep the hidden states that enter every layer, from which attention can be computed."""


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
