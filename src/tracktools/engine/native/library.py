"""The compiled library: where it is, and what this processor can run of it."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tracktools.engine.interface import Precision

FILE_NAME = "_native.so"

_FLOATS = np.ctypeslib.ndpointer(np.float32, flags="C_CONTIGUOUS")
_BYTES = np.ctypeslib.ndpointer(np.uint8, flags="C_CONTIGUOUS")
_LONGS = np.ctypeslib.ndpointer(np.int64, flags="C_CONTIGUOUS")


class Kernel(NamedTuple):
    """One of the library's variants, for one set of instructions."""

    name: str
    precision: Precision


KERNELS = (  # the fastest first
    Kernel("avx512_bf16", "fast"),
    Kernel("avx512", "exact"),
    Kernel("avx2", "exact"),
)


@cache
def load_library() -> ctypes.CDLL | None:
    """Return the library, or None if it was not compiled or does not load here."""
    path = Path(__file__).with_name(FILE_NAME)
    if not path.is_file():
        return None
    try:
        library = ctypes.CDLL(str(path))
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
    library.tracktools_run.argtypes = [ctypes.c_void_p, _BYTES, _LONGS, ctypes.c_int64, _FLOATS, ctypes.c_int]
    library.tracktools_free.argtypes = [ctypes.c_void_p]
    library.tracktools_free.restype = None
    return library


def usable_kernels() -> list[Kernel]:
    """Return what this processor can run, the fastest first; nothing if there is no library."""
    library = load_library()
    return [k for k in KERNELS if library is not None and library.tracktools_usable(k.name.encode())]
