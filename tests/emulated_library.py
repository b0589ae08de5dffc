"""The library with every kernel for x86-64, those that this processor lacks as plain code."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tracktools.engine.native.library import SOURCES, sources_digest

EMULATED = Path(__file__).with_name("emulated")
_AVX2 = ("-mavx2", "-mfma")
_AVX512 = ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma")
_KERNELS = {
    "kernel_generic.cpp": (),
    "kernel_avx2.cpp": _AVX2,
    "kernel_avx512.cpp": _AVX512,
    "kernel_avx512_bf16.cpp": (*_AVX512, "-mavx512bf16"),
    "kernel_amx.cpp": _AVX512,  # tiles are always emulated
}
_NAMES = ("GENERIC", "AVX2", "AVX512", "AVX512_BF16", "AMX")


def compile_emulating(library: Path, *, vectors: bool) -> Path:
    """Compile into `library` and return it; `vectors`: AVX-512 is plain code, too (SIMDe), not tiles alone."""
    flags = [
        "-std=c++17",
        "-O2",
        "-fPIC",
        "-fvisibility=hidden",
        "-fno-strict-aliasing",
        "-ffp-contract=off",
        "-Wno-psabi",
    ]
    flags += [f"-I{EMULATED}", f"-I{SOURCES}", "-DEMULATE_TILES", f'-DTRACKTOOLS_SOURCES="{sources_digest()}"']
    flags += [f"-DTRACKTOOLS_{name}" for name in _NAMES] + (["-DEMULATE_VECTORS"] if vectors else [])
    sources = {SOURCES / name: (_AVX2 if vectors and own else own) for name, own in _KERNELS.items()}
    sources |= dict.fromkeys([SOURCES / "library.cpp", SOURCES / "dilated_library.cpp", EMULATED / "processor.cpp"], ())

    def compile_one(source: Path) -> Path:
        target = library.with_name(f"{source.stem}.o")
        subprocess.run(["c++", *flags, *sources[source], "-c", source, "-o", target], check=True)
        return target

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compile_one, sources))
    subprocess.run(["c++", "-shared", "-pthread", "-o", library, *objects], check=True)
    return library
