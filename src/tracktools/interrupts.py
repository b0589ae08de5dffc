"""Ctrl-C and SIGTERM: one line and an exit status at any moment, also while modules are loaded.

While modules are loaded there is nothing to clean up, and an exception would come out of the middle of other libraries:
the process ends at once (`end_at_once`). Afterwards a signal is an exception, so that unfinished outputs are removed
(`unwind`).
"""

from __future__ import annotations

import _thread  # not threading, whose locks the handler could find held by the code that it interrupts
import os
import signal
import sys
import time

TYPE_CHECKING = False  # this module is the first one: it imports no more than it must
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import NoReturn, TypeVar

    Made = TypeVar("Made")

INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it: 128 + SIGINT
TERMINATED = 143  # 128 + SIGTERM
SAID = "Interrupted."
_AGAIN_S = 0.01  # after which an interrupt that was swallowed comes again

_seen = {"signal": 0}  # the last one
_again = {"due": False}  # whether one is about to be sent again
_others: dict[str, Callable[[sys.UnraisableHookArgs], object]] = {"hook": sys.__unraisablehook__}


def end_at_once() -> None:
    """From now on, a signal ends the process at once."""
    _install(_end)


def unwind() -> None:
    """From now on, a signal is an exception in the main thread: KeyboardInterrupt or SystemExit."""
    _seen["signal"] = 0
    if sys.unraisablehook is not _unraisable:
        _others["hook"] = sys.unraisablehook
        sys.unraisablehook = _unraisable
    _install(_raise)


def ignore() -> None:
    """From now on, a signal does nothing: the work is over, and its exit status holds."""
    _install(signal.SIG_IGN)


def signalled_status() -> int:
    """Return the exit status after a signal, 0 if none came; libraries may have made another exception of it."""
    return 128 + _seen["signal"] if _seen["signal"] else 0


def at_once(load: Callable[[], Made]) -> Made:
    """Call a function that has nothing to clean up: a signal ends the process, where it would be an exception."""
    if signal.getsignal(signal.SIGINT) is not _raise:
        return load()
    _install(_end)
    try:
        return load()
    finally:
        _install(_raise)


def _install(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, handler)
    except ValueError:  # only the main thread may
        return


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    if number == signal.SIGINT:
        os.write(2, f"{SAID}\n".encode())
    os._exit(128 + number)


def _raise(number: int, frame: FrameType | None) -> None:
    _seen["signal"] = number
    while frame is not None:
        if frame.f_code is _unraisable.__code__:  # there it would be swallowed for good
            _send_again(number)
            return
        frame = frame.f_back
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(TERMINATED)


def _unraisable(unraisable: sys.UnraisableHookArgs, /) -> None:
    """Send a signal again that came where exceptions are swallowed, such as while an object is deleted.

    Objects that a signal left half made complain when they are deleted; that is not told.
    """
    if issubclass(unraisable.exc_type, KeyboardInterrupt | SystemExit):
        _send_again(signal.SIGINT if unraisable.exc_type is KeyboardInterrupt else signal.SIGTERM)
    elif not _seen["signal"]:
        _others["hook"](unraisable)


def _send_again(number: int) -> None:
    """Send a signal to this process a moment later, once."""
    if not _again["due"]:
        _again["due"] = True
        _thread.start_new_thread(_send_later, (number,))


def _send_later(number: int) -> None:
    time.sleep(_AGAIN_S)
    _again["due"] = False
    os.kill(os.getpid(), number)
