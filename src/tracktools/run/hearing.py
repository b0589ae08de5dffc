"""What this process does to files, as Python tells before it does it (an audit hook, see `sys.addaudithook`).

Whichever library asks: all that go through Python's own ``open`` and ``os`` are heard.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, Protocol

_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_lock = threading.RLock()
_listeners: tuple[Listener, ...] = ()  # replaced, never changed: another thread may be telling them something
_hooked: list[bool] = []


class Listener(Protocol):
    """Something that is told of each path before this process writes, moves or removes it."""

    def written(self, path: object) -> None:
        """Hear of a file that is opened for writing, or a folder that is made."""

    def moved(self, source: object, target: object) -> None:
        """Hear of a file or folder that gets another name, or one more."""

    def removed(self, path: object) -> None:
        """Hear of a file or folder that is removed with all that it contains."""


def listen(listener: Listener) -> None:
    """Tell a listener of everything from now on."""
    global _listeners
    with _lock:
        if not _hooked:
            _hooked.append(True)
            sys.addaudithook(_heard)
        _listeners = (*_listeners, listener)


def end_listening(listener: Listener) -> None:
    """Tell a listener nothing any more."""
    global _listeners
    with _lock:
        _listeners = tuple(one for one in _listeners if one is not listener)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    listeners = _listeners
    if not listeners:
        return
    if event == "open":
        if isinstance(arguments[2], int) and arguments[2] & _TO_WRITE:
            for one in listeners:
                one.written(arguments[0])
    elif event == "os.mkdir":
        for one in listeners:
            one.written(arguments[0])
    elif event in ("os.rename", "os.link"):
        for one in listeners:
            one.moved(arguments[0], arguments[1])
    elif event in ("os.remove", "shutil.rmtree"):
        for one in listeners:
            one.removed(arguments[0])
