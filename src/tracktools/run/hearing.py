"""What this process does to files, as Python tells before it does it (an audit hook, see `sys.addaudithook`).

Whichever library asks: all that go through Python's own ``open`` and ``os`` are heard.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, Protocol

_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_listeners: list[Listener] = []
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
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_heard)
    _listeners.append(listener)


def end_listening(listener: Listener) -> None:
    """Tell a listener nothing any more."""
    with suppress(ValueError):
        _listeners.remove(listener)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if not _listeners:
        return
    if event == "open":
        if isinstance(arguments[2], int) and arguments[2] & _TO_WRITE:
            for one in _listeners:
                one.written(arguments[0])
    elif event == "os.mkdir":
        for one in _listeners:
            one.written(arguments[0])
    elif event in ("os.rename", "os.link"):
        for one in _listeners:
            one.moved(arguments[0], arguments[1])
    elif event in ("os.remove", "shutil.rmtree"):
        for one in _listeners:
            one.removed(arguments[0])
