"""Where a run writes, settled before the long work begins."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tracktools.errors import OutputError
from tracktools.formats.folder import check_output_folder
from tracktools.predict.store import LOCK, BlockStore, partial_of


def check_output(output: Path, *, force: bool, inputs: Iterable[Path] = (), keep: bool = False) -> Path:
    """Return where the output folder shall be, before the long work begins.

    A folder beside which a killed run left its work may be whole already, and passes: who knows what should be in it
    decides later (`is_taken`).

    Raises
    ------
    OutputError
        As `check_output_folder`, and if the parent folder is missing or cannot be written.
    """
    target = output.resolve() if output.is_symlink() else output
    perhaps_whole = keep or partial_of(target).is_dir() or (target / LOCK).is_file()
    target = check_output_folder(output, force=force or perhaps_whole, inputs=inputs)
    if not target.parent.is_dir():
        raise OutputError("its folder does not exist", path=output, mend=f"create {target.parent}")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OutputError("cannot be written: Permission denied", path=output, mend="choose another folder")
    return target


def is_taken(output: Path, *, force: bool) -> bool:
    """Return whether files stand in the output folder that the user did not give away."""
    return not force and output.is_dir() and any(output.iterdir())


def refuse(output: Path, store: BlockStore) -> OutputError:
    """Return the fault of an output folder that is taken; an unfinished run beside it stays."""
    store.abandon()
    return OutputError("is not empty", path=output, mend="--force replaces it")
