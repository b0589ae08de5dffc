"""The native engine: Python's side of the compiled library."""

from __future__ import annotations

from collections.abc import Sequence

from tracktools.arrays import Codes, Float32
from tracktools.engine.attention import Trace
from tracktools.engine.interface import Window
from tracktools.engine.native.library import Kernel, usable_kernels
from tracktools.engine.native.network import NativeNetwork
from tracktools.engine.native.trace import NativeTrace
from tracktools.engine.native.weights import CHANNELS, TILE, lay_out
from tracktools.engine.packing import pack_windows
from tracktools.model.transformer import Transformer

PACK_BP = 1 << 18  # short windows share a pack up to this size


class NativeEngine:
    """Run the network with the compiled library.

    Parameters
    ----------
    model : Transformer
        The network, of dimensions that the library takes (`weights.fits`); its weights are copied.
    kernel : Kernel
        One of `library.usable_kernels`.
    threads : int
        Threads that share the work; they change no bit of the answer.
    """

    name = "native"
    alignment_bp = TILE

    def __init__(self, model: Transformer, *, kernel: Kernel, threads: int) -> None:
        self.config = model.config
        self.precision, self.instruction_set = kernel.precision, kernel.name
        self.threads = threads
        self._weights = lay_out(model)
        self._network = NativeNetwork(model.config, self._weights, kernel)
        self._watched = self._network if kernel.observes else None

    def probabilities(self, codes: Codes, first: int, last: int) -> Float32:
        """Return the probability of a TSS at network positions first ... last - 1 of one window (see `Engine`)."""
        return self.probabilities_many([Window(codes, first, last)])[0]

    def probabilities_many(self, windows: Sequence[Window]) -> list[Float32]:
        """Return the probabilities of many windows, which see nothing of each other (see `Engine`)."""
        answers: list[Float32] = []
        for pack in pack_windows(windows, tile=TILE, gap=0, capacity=PACK_BP * self.threads):
            answers += self._network.run(pack.windows, threads=self.threads)
        return answers

    def trace(self, windows: Sequence[Window]) -> Trace:
        """Run windows and keep the hidden states that enter every layer (see `AttentiveEngine`)."""
        if self._watched is None:
            observing = next(kernel for kernel in usable_kernels() if kernel.observes)
            self._watched = NativeNetwork(self.config, self._weights, observing)
        return NativeTrace(self._network, self._watched, windows, threads=self.threads)

    def memory_bytes(self, windows_bp: int) -> int:
        """Return what a run over windows of this length together adds to the process at most [bytes] (see `Engine`)."""
        config = self.config
        n_blocks = -(-(config.attention_window_bp - 1) // TILE) + 1
        states = 2 * windows_bp * CHANNELS
        scratch = n_blocks * TILE * config.n_heads * 2 * CHANNELS
        codes_and_answers = 2 * windows_bp
        return 4 * (states + codes_and_answers + scratch * self.threads)
