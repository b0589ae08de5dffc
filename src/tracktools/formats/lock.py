"""One run at a time in a working folder."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tracktools.errors import OutputError

_LOCK = "lock"  # of a working folder
_WITHOUT_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)

log = logging.getLogger(__name__)


def lock_file(path: Path) -> IO[str]:
    """Open and lock a file, which keeps other runs out of its folder.

    The system lets go of the lock when the process ends, however that happens, or the file is closed.

    Raises
    ------
    OutputError
        If another run has it; names the process.
    """
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise BlockingIOError  # the run that had it has just removed it
    except (BlockingIOError, FileNotFoundError):
        file.seek(0)
        process = file.read(20).strip()
        file.close()
        who = f"another run (process {process})" if process.isdecimal() else "another run"
        mend = "wait for it, or choose another output"
        raise OutputError(f"{who} is working here", path=path.parent, mend=mend) from None
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            file.close()
            raise
        log.warning("warning: %s: this file system has no locks; start no second run here", path.parent)
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


@contextmanager
def working_folder(folder: Path, *, restart: bool) -> Iterator[None]:
    """Make a folder, or go on in it, and keep other runs out; with `restart`, drop what it holds.

    Raises
    ------
    OutputError
        If another run works there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with lock_file(folder / _LOCK):
        for path in folder.iterdir() if restart else ():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()
        yield
