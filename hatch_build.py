"""Compile the native engine when the package is installed, if there is a C++ compiler; the package works without.

``python hatch_build.py`` compiles it in place, for work on the source tree.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand
    BuildHookInterface = object

NATIVE = Path(__file__).parent / "src" / "tracktools" / "engine" / "native"
LIBRARY = NATIVE / "_native.so"

FLAGS = ["-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden", "-fno-strict-aliasing", "-ffp-contract=off"]
AVX512 = ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"]
MAIN = ("library.cpp", "dilated_library.cpp", "processor.cpp")
KERNELS = {  # file -> instructions that it may use; the library asks the processor before it calls any of them
    "kernel_avx2.cpp": ["-mavx2", "-mfma"],
    "kernel_avx512.cpp": AVX512,
    "kernel_avx512_bf16.cpp": [*AVX512, "-mavx512bf16"],
    "kernel_amx.cpp": [*AVX512, "-mamx-tile", "-mamx-bf16"],
    "kernel_generic.cpp": [],
}


class CompileError(Exception):
    """Why there is no native engine."""


def compile_library(library: Path = LIBRARY, extra_flags: tuple[str, ...] = ()) -> Path:
    """Compile the library and return its path; a CompileError says why that cannot be done.

    A kernel that the compiler does not know the instructions of is left out, as long as there is one.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        raise CompileError(f"the native engine is for x86-64 processors, not {platform.machine()}")
    compiler = shlex.split(os.environ.get("CXX", "c++"))
    if shutil.which(compiler[0]) is None:
        raise CompileError(f"there is no C++ compiler {compiler[0]!r}")
    compile_ = [*compiler, *FLAGS, f'-DTRACKTOOLS_SOURCES="{sources_digest()}"', *extra_flags]
    with tempfile.TemporaryDirectory() as folder:
        objects = [_compile(compile_, source, folder) for source in MAIN]
        faults = []
        for source, instructions in KERNELS.items():
            try:
                objects.append(_compile([*compile_, *instructions], source, folder))
            except CompileError as error:
                faults.append(str(error))
        if len(faults) == len(KERNELS):
            raise CompileError(faults[0])
        built = str(Path(folder, LIBRARY.name))
        _run([*compiler, "-shared", "-pthread", "-o", built, *objects])
        partial = library.with_suffix(".partial")
        shutil.copyfile(built, partial)
        partial.replace(library)  # a running process keeps the old one
    return library


def sources_digest() -> str:
    """Return the digest by which Python knows the library as its own (`tracktools.engine.native.library`)."""
    digest = hashlib.sha256()
    for path in sorted((NATIVE / "source").iterdir(), key=lambda path: path.name):
        if path.suffix in (".cpp", ".hpp"):
            digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _compile(command: list[str], source: str, folder: str) -> str:
    target = str(Path(folder, source).with_suffix(".o"))
    _run([*command, "-c", str(NATIVE / "source" / source), "-o", target])
    return target


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a compiler, by CXX
    if done.returncode != 0:
        raise CompileError(f"{shlex.join(command)} failed: {done.stderr.strip()[-500:]}")


class NativeBuildHook(BuildHookInterface):  # type: ignore[misc, valid-type]
    """What hatchling calls before it builds a wheel or makes an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and mark the wheel as one for this platform; on failure say why, and go on without."""
        try:
            library = compile_library()
        except CompileError as error:
            LIBRARY.unlink(missing_ok=True)
            self.app.display_warning(f"No native engine: {error}. tracktools will use torch, which is slower.")
            return
        build_data["artifacts"].append(str(library.relative_to(self.root)))
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"compiled {compile_library()}\n")
    except CompileError as error:
        sys.exit(f"No native engine: {error}")
