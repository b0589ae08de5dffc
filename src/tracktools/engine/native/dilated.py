"""The native engine of the convolutional network: Python's side of ``source/dilated_library.cpp``. Needs no torch."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np

from tracktools.arrays import Codes, Float32
from tracktools.config import DilatedConfig
from tracktools.engine.interface import Changes, Window
from tracktools.engine.native.library import Kernel, load_library
from tracktools.model.parameters import Parameters

N_LETTERS = 4
MOST_REACH_BP = 1 << 16  # of a layer, to each side: as many rows of states are kept


def fits_dilated(config: DilatedConfig) -> bool:
    """Whether the library can run a network of these dimensions."""
    widths = (config.stem_width_bp, config.conv_width_bp)
    reach = max((dilation * (config.conv_width_bp // 2) for dilation in config.dilations_bp), default=0)
    return all(width % 2 == 1 for width in widths) and reach <= MOST_REACH_BP


class NativeDilatedEngine:
    """Run the convolutional network with the compiled library.

    Parameters
    ----------
    parameters : Parameters
        The network, of dimensions that the library takes (`fits_dilated`).
    kernel : Kernel
        One of `library.usable_kernels`.
    threads : int
        Threads that share the work; they change no bit of the answer.
    """

    name = "native"
    alignment_bp = 1  # every position is summed in the same order, wherever a window begins

    def __init__(self, parameters: Parameters, *, kernel: Kernel, threads: int) -> None:
        library = load_library()
        assert library is not None
        assert isinstance(parameters.config, DilatedConfig)
        self.library = library
        self.config = parameters.config
        self.precision, self.instruction_set = kernel.precision, kernel.name
        self.threads = threads
        self.network = self._make(kernel, parameters)

    def _make(self, kernel: Kernel, parameters: Parameters) -> int:
        config, dilations = self.config, np.array(self.config.dilations_bp, dtype=np.int32)
        dimensions = (config.n_members, config.n_channels, config.stem_width_bp, config.conv_width_bp, len(dilations))
        *weights, bias = lay_out_dilated(parameters)
        network: int | None = self.library.tracktools_dilated_make(
            kernel.name.encode(), *dimensions, dilations, *weights, float(bias[0])
        )
        if not network:
            raise MemoryError(f"no memory for the network, or no {kernel.name} on this processor")
        weakref.finalize(self, self.library.tracktools_dilated_free, network)
        return network

    def probabilities(self, codes: Codes, first: int, last: int) -> Float32:
        """Return the probability of a TSS at network positions first ... last - 1 of one window (see `Engine`)."""
        return self.probabilities_many([Window(codes, first, last)])[0]

    def probabilities_many(self, windows: Sequence[Window]) -> list[Float32]:
        """Return the probabilities of many windows, which see nothing of each other (see `Engine`)."""
        if not windows:
            return []
        for window in windows:
            window.check()
        codes = np.concatenate([np.asarray(window.codes, dtype=np.uint8) for window in windows])
        lengths, firsts, lasts = (
            np.array(column, dtype=np.int64)
            for column in zip(*((len(w.codes), w.first, w.last) for w in windows), strict=True)
        )
        answers = np.empty(int((lasts - firsts).sum()), dtype=np.float32)
        run = self.library.tracktools_dilated_run
        if run(self.network, codes, lengths, firsts, lasts, len(windows), answers, self.threads):
            raise MemoryError(f"no memory for {self.threads} threads")
        return [part.copy() for part in np.split(answers, np.cumsum(lasts - firsts)[:-1])]

    def changed(self, changes: Sequence[Changes]) -> list[Float32]:
        """Return what the network says with each letter in places of windows, one place at a time.

        Only what a change reaches, and what its outputs need, is computed; the bits are those of a run over the changed
        window.

        Parameters
        ----------
        changes : sequence of Changes
            Each place contains a known letter and is within reach of its outputs (`halo_upstream_bp` and
            `halo_downstream_bp` of the network).

        Returns
        -------
        list of ndarray of float32, shape (4 * (lasts - firsts).sum(),)
            Of each item, place after place: with A, C, G and T there, the probabilities at firsts ... lasts - 1.
        """
        if not changes:
            return []
        codes = np.concatenate([np.asarray(each.codes, dtype=np.uint8) for each in changes])
        lengths, counts = (
            np.array(column, dtype=np.int64)
            for column in zip(*((len(each.codes), len(each.offsets)) for each in changes), strict=True)
        )
        places, firsts, lasts = (
            np.concatenate(column, dtype=np.int64)
            for column in zip(*((each.offsets, each.firsts, each.lasts) for each in changes), strict=True)
        )
        sizes = np.array([N_LETTERS * int((each.lasts - each.firsts).sum()) for each in changes])
        answers = np.empty(int(sizes.sum()), dtype=np.float32)
        arrays = (codes, lengths, counts, len(changes), places, firsts, lasts, answers)
        if self.library.tracktools_dilated_change(self.network, *arrays, self.threads):
            raise MemoryError(f"no memory for {self.threads} threads")
        return np.split(answers, np.cumsum(sizes)[:-1])

    def memory_bytes(self, windows_bp: int) -> int:
        """Return what a run over windows of this length together adds to the process at most [bytes] (see `Engine`)."""
        scratch: int = self.library.tracktools_dilated_scratch(self.network)
        codes_and_answers = 2 * windows_bp * (1 + 4)  # the windows', and those that the library reads and writes
        return self.threads * scratch + codes_and_answers


def lay_out_dilated(parameters: Parameters) -> list[Float32]:
    """Return the arrays of ``tracktools_dilated_make``, member after member; the last is the bias, shape (1,)."""
    config, arrays = parameters.config, parameters.arrays
    assert isinstance(config, DilatedConfig)
    M, D, layers = config.n_members, config.n_channels, range(len(config.dilations_bp))

    def of_layers(name: str, *shape: int) -> Float32:
        by_layer = [arrays[f"layers.{n}.{name}"].reshape(M, *shape) for n in layers]
        return np.stack(by_layer, axis=1) if by_layer else np.empty((M, 0, *shape), dtype=np.float32)

    weight, bias = (arrays[f"output.{name}"].astype(np.float64) for name in ("weight", "bias"))
    laid_out = [
        arrays["stem.weight"].reshape(M, D, N_LETTERS, config.stem_width_bp),
        arrays["stem.bias"],
        of_layers("conv.weight", D, D, config.conv_width_bp),
        of_layers("conv.bias", D),
        of_layers("mix.weight", D, D),
        of_layers("mix.bias", D),
        weight[1] - weight[0],
        (bias[1] - bias[0]).reshape(1),
    ]
    return [np.ascontiguousarray(array, dtype=np.float32).reshape(-1) for array in laid_out]
