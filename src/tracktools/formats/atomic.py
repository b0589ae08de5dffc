"""Outputs appear complete or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracktools.errors import OutputError


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield the path ``<name>.partial`` to write to; rename it to `path` at the end, or remove it after a fault.

    Parameters
    ----------
    path : Path
        Where the finished file shall be; an older file there stays until it is replaced.

    Raises
    ------
    OutputError
        If the folder of `path` does not exist or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_file(Path(folder, "a.txt")) as partial:
    ...         _ = partial.write_text("whole")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.txt']
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    if not path.parent.is_dir():
        raise OutputError("cannot be written: its folder does not exist", path=path, mend=f"create {path.parent}")
    try:
        partial.touch()
        yield partial
        partial.replace(path)
    except PermissionError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path=path) from None
    finally:
        partial.unlink(missing_ok=True)
