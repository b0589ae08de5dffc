"""The compiled library: where it is, and what this processor can run of it."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tracktools.engine.interface import Precision

LIBRARY_PATH = Path(__file__).with_name("_native.so")

_FLOATS = np.ctypeslib.ndpointer(np.float32, flags="C_CONTIGUOUS")
_DOUBLES = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
_BYTES = np.ctypeslib.ndpointer(np.uint8, flags="C_CONTIGUOUS")
_LONGS = np.ctypeslib.ndpointer(np.int64, flags="C_CONTIGUOUS")


class Kernel(NamedTuple):
    """One of the library's variants, for one set of instructions; `observes`: it can give attention, too."""

    name: str
    precision: Precision
    observes: bool = False


KERNELS = (  # the fastest first
    Kernel("amx_bf16", "fast"),
    Kernel("amx_bf16x3", "exact"),
    Kernel("avx512_bf16", "fast"),
    Kernel("avx512", "exact", observes=True),
    Kernel("avx2", "exact", observes=True),
)


class Watch(ctypes.Structure):
    """What of a layer's attention is wanted: ``struct Watch`` of ``source/network.hpp``."""

    _fields_ = (
        ("needed", ctypes.c_void_p),
        ("n_rows", ctypes.c_int64),
        ("rows", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
        ("outputs", ctypes.c_void_p),
        ("centres", ctypes.c_void_p),
        ("ranks", ctypes.c_void_p),
        ("n_tracked", ctypes.c_int),
        ("tracked", ctypes.c_void_p),
        ("followed", ctypes.c_void_p),
        ("bin_shift", ctypes.c_int),
        ("first_bin", ctypes.c_int),
        ("n_bins", ctypes.c_int),
        ("rank_bits", ctypes.c_int),
    )


@cache
def load_library() -> ctypes.CDLL | None:
    """Return the library, or None if it was not compiled or does not load here."""
    if not LIBRARY_PATH.is_file():
        return None
    try:
        library = ctypes.CDLL(str(LIBRARY_PATH))
    except OSError:
        return None
    library.tracktools_usable.argtypes = [ctypes.c_char_p]
    library.tracktools_make.restype = ctypes.c_void_p
    library.tracktools_make.argtypes = [
        ctypes.c_char_p,
        *[ctypes.c_int] * 5,
        ctypes.POINTER(ctypes.c_void_p),
        *[_FLOATS] * 4,
    ]
    windows: list[Any] = [_LONGS, ctypes.c_int64]
    library.tracktools_run.argtypes = [ctypes.c_void_p, _BYTES, *windows, _FLOATS, ctypes.c_void_p, ctypes.c_int]
    sums: list[Any] = [ctypes.POINTER(Watch), _DOUBLES, _LONGS]
    library.tracktools_observe.argtypes = [ctypes.c_void_p, ctypes.c_int, *windows, _FLOATS, *sums, ctypes.c_int]
    library.tracktools_free.argtypes = [ctypes.c_void_p]
    library.tracktools_free.restype = None
    return library


def usable_kernels() -> list[Kernel]:
    """Return what this processor can run, the fastest first; nothing if there is no library."""
    return [kernel for kernel in KERNELS if not why_not(kernel)]


def why_not(kernel: Kernel) -> str:
    """Return why a kernel cannot run here; nothing if it can."""
    library = load_library()
    if library is None:
        return "not compiled when tracktools was installed (no C++ compiler)"
    reasons = ("the compiler at installation did not know it", "this processor lacks it", "")
    return reasons[library.tracktools_usable(kernel.name.encode())]
