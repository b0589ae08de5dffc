"""The compiled library: where it is, and what this processor can run of it."""

from __future__ import annotations

import ctypes
import hashlib
import logging
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from tracktools.engine.interface import Precision

LIBRARY_PATH = Path(__file__).with_name("_native.so")
SOURCES = Path(__file__).with_name("source")

logger = logging.getLogger(__name__)

_FLOATS = np.ctypeslib.ndpointer(np.float32, flags="C_CONTIGUOUS")
_DOUBLES = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
_BYTES = np.ctypeslib.ndpointer(np.uint8, flags="C_CONTIGUOUS")
_LONGS = np.ctypeslib.ndpointer(np.int64, flags="C_CONTIGUOUS")
_INTS = np.ctypeslib.ndpointer(np.int32, flags="C_CONTIGUOUS")

Architecture = Literal["transformer", "dilated"]


class Kernel(NamedTuple):
    """One of the library's variants, for one set of instructions.

    `transformer`: it runs the transformer, too, not the convolutional network alone; `observes`: it can give attention.
    """

    name: str
    precision: Precision
    transformer: bool = True
    observes: bool = False


KERNELS = (  # the fastest first
    Kernel("amx_bf16", "fast"),
    Kernel("amx_bf16x3", "exact"),
    Kernel("avx512_bf16", "fast"),
    Kernel("avx512", "exact", observes=True),
    Kernel("avx2", "exact", observes=True),
    Kernel("neon", "exact", transformer=False),
    Kernel("generic", "exact", transformer=False),
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


class Loaded(NamedTuple):
    """The library, or why there is none."""

    library: ctypes.CDLL | None
    problem: str


@cache
def load() -> Loaded:
    """Load the library, if it was compiled, loads here, and is the one that this version of tracktools calls."""
    if not LIBRARY_PATH.is_file():
        return Loaded(None, "it was not compiled when tracktools was installed (no C++ compiler, or no CMake)")
    try:
        library = ctypes.CDLL(str(LIBRARY_PATH))
    except OSError as error:
        return Loaded(None, f"it does not load: {' '.join(str(error).split())}")
    problem = _misfit(library)
    if problem:
        logger.warning("warning: the native engine is not used: %s", problem)
        return Loaded(None, problem)
    _declare_transformer(library)
    _declare_dilated(library)
    return Loaded(library, "")


def load_library() -> ctypes.CDLL | None:
    """Return the library, or None; see `load`."""
    return load().library


def _misfit(library: ctypes.CDLL) -> str:
    """Return why a library would misread what Python gives it; nothing if it would not."""
    again = "install tracktools again; in a source tree: cmake -B build/native && cmake --build build/native"
    try:
        library.tracktools_sources.restype = ctypes.c_char_p
        found, watch_bytes = library.tracktools_sources().decode(), library.tracktools_watch_bytes()
    except AttributeError:
        return f"it was compiled from an earlier version ({again})"
    if watch_bytes != ctypes.sizeof(Watch):
        return f"its compiler lays a struct out in {watch_bytes} bytes, Python in {ctypes.sizeof(Watch)}"
    if SOURCES.is_dir() and found != sources_digest():
        return f"it was compiled from other sources than these ({again})"
    return ""


def library_digest() -> str:
    """Return the digest of the library itself: with the same one, a kernel gives the same bits."""
    return hashlib.sha256(LIBRARY_PATH.read_bytes()).hexdigest()


def sources_digest() -> str:
    """Return what the library says of the sources that it was compiled from: see ``CMakeLists.txt``."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.iterdir(), key=lambda path: path.name):
        if path.suffix in (".cpp", ".hpp"):
            digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _declare_transformer(library: ctypes.CDLL) -> None:
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


def _declare_dilated(library: ctypes.CDLL) -> None:
    library.tracktools_dilated_usable.argtypes = [ctypes.c_char_p]
    library.tracktools_dilated_make.restype = ctypes.c_void_p
    dimensions = [ctypes.c_int] * 5
    library.tracktools_dilated_make.argtypes = [ctypes.c_char_p, *dimensions, _INTS, *[_FLOATS] * 7, ctypes.c_float]
    windows: list[Any] = [_LONGS, _LONGS, _LONGS, ctypes.c_int64]
    library.tracktools_dilated_run.argtypes = [ctypes.c_void_p, _BYTES, *windows, _FLOATS, ctypes.c_int]
    places: list[Any] = [_LONGS, _LONGS, _LONGS]
    counted: list[Any] = [_LONGS, _LONGS, ctypes.c_int64]
    library.tracktools_dilated_change.argtypes = [ctypes.c_void_p, _BYTES, *counted, *places, _FLOATS, ctypes.c_int]
    for scratch in (library.tracktools_dilated_scratch, library.tracktools_dilated_change_scratch):
        scratch.argtypes = [ctypes.c_void_p]
        scratch.restype = ctypes.c_int64
    library.tracktools_dilated_free.argtypes = [ctypes.c_void_p]
    library.tracktools_dilated_free.restype = None


def usable_kernels(architecture: Architecture = "transformer") -> list[Kernel]:
    """Return what this processor can run of a network, the fastest first; nothing if there is no library."""
    return [kernel for kernel in KERNELS if not why_not(kernel, architecture)]


def why_not(kernel: Kernel, architecture: Architecture) -> str:
    """Return why a kernel cannot run a network here; nothing if it can."""
    library, problem = load()
    if library is None:
        return problem
    if architecture == "transformer" and not kernel.transformer:
        return "it runs convolutional networks alone"
    usable = library.tracktools_usable if architecture == "transformer" else library.tracktools_dilated_usable
    reasons = (
        "it is for other processors, or the compiler at installation did not know it",
        "this processor lacks it",
        "",
    )
    return reasons[usable(kernel.name.encode())]
