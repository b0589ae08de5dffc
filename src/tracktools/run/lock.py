"""A lock: one run at a time on an output."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import re
import socket
from pathlib import Path
from typing import IO

from tracktools.errors import OutputForeign, OutputLocked

_WITHOUT_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
_HOLDER = re.compile(r"([0-9]+)(?: ([\w.-]+))?\n?", re.ASCII)  # process number, and the machine it runs on
_HOLDER_BYTES = 300

log = logging.getLogger(__name__)


def lock_file(path: Path) -> IO[str]:
    """Open and lock a file, which keeps other runs out of its folder; write down who has it.

    The system lets go of the lock when the process ends, however that happens, or the file is closed.

    Raises
    ------
    OutputLocked
        If another run has it; names the process.
    OutputForeign
        If it is a symbolic link.
    FileNotFoundError
        If the run that had it has just removed it, or its folder is not there: try again.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise OutputForeign("is a symbolic link, and tracktools makes none", path=path, hint="remove it") from None
    file = os.fdopen(descriptor, "r+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = f"another run{_process(file)}"
        file.close()
        hint = "wait for it, or choose another output"
        raise OutputLocked(f"{who} is working here", path=path.parent, hint=hint) from None
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            file.close()
            raise
        log.warning("warning: %s: this file system has no locks; start no second run here", path.parent)
    try:
        if not os.path.samestat(os.fstat(descriptor), path.lstat()):
            raise FileNotFoundError(errno.ENOENT, "the run that had the lock has just removed it", str(path))
    except FileNotFoundError:
        file.close()
        raise
    file.truncate(0)
    file.write(f"{os.getpid()} {socket.gethostname()}\n")
    file.flush()
    return file


def is_holder(path: Path) -> bool:
    """Return whether a file contains what `lock_file` writes, or nothing yet."""
    with path.open(encoding="utf-8", errors="replace") as file:
        text = file.read(_HOLDER_BYTES)
    return not text or _HOLDER.fullmatch(text) is not None


def _process(file: IO[str]) -> str:
    match = _HOLDER.fullmatch(file.read(_HOLDER_BYTES))
    if match is None:
        return ""
    machine = "" if match[2] in (None, socket.gethostname()) else f" on {match[2]}"
    return f" (process {match[1]}{machine})"
