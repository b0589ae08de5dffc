"""What every engine offers, and what it is given: windows of DNA, and changes of them."""

from __future__ import annotations

from collections.abc import Sequence
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
