"""Run a function in a process of its own, so that an error or crash of one genome leaves the others alone.

The processes are forked from one that has imported the function's module, and with it torch, once. Each has its own
CPU time and peak of memory, which is what its ``provenance.json`` says.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tracktools.errors import CheckpointError, InputError, TracktoolsError

_OURS_TO_END = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # somebody ends the whole job
_ERRORS_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE)


@dataclass(frozen=True)
class Outcome:
    """What became of one genome.

    Parameters
    ----------
    facts : dict
        What the function returned; empty where it failed.
    reason : str
        Why it failed, one line; empty where it did not.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


def run_each(work: tuple[str, str], arguments: list[tuple[Any, ...]], *, workers: int) -> list[Outcome]:
    """Call a function with each tuple of arguments, `workers` at a time, each call in a process of its own.

    Parameters
    ----------
    work : tuple of str
        Module (of this folder) and name of the function, which returns a dict.
    arguments : list of tuple
        A call each.
    workers : int
        Calls at a time.

    Returns
    -------
    list of Outcome
        In the order of `arguments`. A wrong input fails its genome alone, and so does a
        crash.

    Raises
    ------
    SystemExit
        With tracktools' line, if the error is not of one genome: the disk, the model, the settings; after the other
        calls have ended.
    """
    own = str(Path(__file__).parent)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [own, os.environ.get("PYTHONPATH")]))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([work[0]])
    with ThreadPoolExecutor(workers) as pool:
        told = list(pool.map(lambda each: _run(context, work, each), arguments))
    for outcome in told:
        if isinstance(outcome, str):
            raise SystemExit(f"Error: {outcome}")
    return [outcome for outcome in told if isinstance(outcome, Outcome)]


def _run(
    context: multiprocessing.context.ForkServerContext, work: tuple[str, str], arguments: tuple[Any, ...]
) -> Outcome | str:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(sender, work, arguments))
    process.start()
    sender.close()
    try:
        outcome: Outcome | str = receiver.recv()
    except EOFError:
        process.join()
        code = process.exitcode or 0
        if -code in _OURS_TO_END:
            return "ended by a signal"
        memory = "; out of memory?" if -code == signal.SIGKILL else ""
        return Outcome(reason=f"its process died with status {code}{memory}")
    process.join()
    return outcome


def _tell(sender: Connection, work: tuple[str, str], arguments: tuple[Any, ...]) -> None:
    try:
        function = getattr(import_module(work[0]), work[1])
        sender.send(Outcome(facts=function(*arguments)))
    except TracktoolsError as error:
        of_one_genome = isinstance(error, InputError) and not isinstance(error, CheckpointError)
        sender.send(Outcome(reason=str(error)) if of_one_genome else str(error))
    except OSError as error:
        said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        sender.send(said if error.errno in _ERRORS_OF_THE_MACHINE else Outcome(reason=said))
    except MemoryError:
        sender.send(Outcome(reason="no memory (take fewer threads or smaller blocks)"))
    except Exception as error:
        traceback.print_exc()
        sender.send(Outcome(reason=f"a bug of tracktools: {type(error).__name__}: {error}"))
