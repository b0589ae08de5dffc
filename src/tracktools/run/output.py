"""Where a result will be, checked before the long work begins: no file of the user is lost."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tracktools.errors import OutputError, OutputForeign, OutputNotEmpty
from tracktools.formats.input_file import real_path
from tracktools.run.listing import check_ours
from tracktools.run.workspace import check_marked, partial_of

_FORCE = "--force replaces it"


def check_output(output: Path, *, force: bool = False, inputs: Iterable[Path] = (), keep: bool = False) -> Path:
    """Refuse an output folder whose making would lose something.

    Parameters
    ----------
    output : Path
        The folder of results.
    force : bool
        Replace a folder that contains results of tracktools, and nothing else.
    inputs : iterable of Path
        What the results are made from: a folder that contains any of them is never replaced.
    keep : bool
        A folder that is complete passes: `Run` decides later whether it is what it would make. So does one next to
        which a killed run left its work.

    Returns
    -------
    Path
        `output`, or where it leads if it is a symbolic link.

    Raises
    ------
    OutputNotEmpty
        If it contains files, and `force` is not set.
    OutputForeign
        If it, or its ``.partial``, contains what tracktools did not make, or what was changed since; names the file.
    OutputError
        If it is a file, the current folder or above it, contains an input, or cannot be written.
    """
    output = Path(output)
    target = real_path(output) if output.is_symlink() else output
    whole = real_path(target)
    if real_path(Path.cwd()).is_relative_to(whole):
        raise OutputError("is, or contains, the current folder", path=output, hint="name a new folder")
    if target.exists() and not target.is_dir():
        raise OutputError("is a file, and a folder is to be written there", path=output, hint="name another folder")
    check_marked(partial_of(target))
    _check_writable(output, target)
    if not is_taken(target, force=False):
        return target
    if not force:
        if keep or partial_of(target).is_dir():
            return target
        raise OutputNotEmpty("is not empty", path=output, hint=_FORCE)
    _check_inputs(output, whole, inputs)
    if output.is_symlink():
        problem = f"is not replaced: it is a symbolic link to {target}"
        raise OutputForeign(problem, path=output, value=str(target), hint="name the folder itself")
    check_ours(target)
    return target


def check_file(output: Path, *, force: bool, inputs: Iterable[Path] = ()) -> None:
    """Refuse an output file whose making would lose something; see `output_file`."""
    if output.is_symlink():
        hint = "name the file itself"
        raise OutputForeign(f"is not replaced: it is a symbolic link to {output.readlink()}", path=output, hint=hint)
    if output.is_dir():
        raise OutputError("cannot be written: a folder has that name", path=output, hint="name a file")
    if output.exists() and not force:
        raise OutputNotEmpty("exists", path=output, hint=_FORCE)
    if output.exists() and not output.is_file():
        raise OutputForeign("is not replaced: it is not a file", path=output, hint="name another file")
    for item in map(Path, inputs) if output.exists() else ():
        if real_path(output).is_relative_to(real_path(item)):
            raise OutputForeign(f"is not replaced: it is in the input {item}", path=output, hint="name another file")
    check_marked(partial_of(output))
    _check_writable(output, output)


def check_disjoint(first: Path, second: Path) -> None:
    """Refuse two output folders that are one, or of which one contains the other.

    Raises
    ------
    OutputError
        Naming both.
    """
    one, two = real_path(first), real_path(second)
    if one.is_relative_to(two) or two.is_relative_to(one):
        raise OutputError(
            f"cannot be, contain or be inside the other output {second}", path=first, hint="name two folders"
        )


def is_taken(output: Path, *, force: bool) -> bool:
    """Return whether an output folder contains files that the user did not give away."""
    return not force and output.is_dir() and any(output.iterdir())


def _check_inputs(output: Path, whole: Path, inputs: Iterable[Path]) -> None:
    for item in inputs:
        if real_path(item).is_relative_to(whole):
            hint = "name another output folder"
            raise OutputForeign(f"is not replaced: it contains the input {item}", path=output, hint=hint)


def _check_writable(output: Path, target: Path) -> None:
    parent = next(parent for parent in target.absolute().parents if parent.exists())
    if not parent.is_dir():
        raise OutputError(f"cannot be written: {parent} is a file", path=output, hint="name another folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError("cannot be written: Permission denied", path=output, hint="choose another folder")
