"""A run: from the lock on an output to its publishing."""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tracktools.errors import (
    OutputError,
    OutputNotEmpty,
    TracktoolsError,
)
from tracktools.formats.atomic import DISK_ERRORS, sync_path, write_synced
from tracktools.formats.input_file import real_path
from tracktools.formats.json_file import json_bytes, read_json, sealed
from tracktools.run.checks import call_checks
from tracktools.run.identity import differs, identity_sha256, was_made
from tracktools.run.listing import FORMAT, PROVENANCE_FILE, check_ours, list_files, remove_listed
from tracktools.run.output import check_file, check_output, is_taken
from tracktools.run.workspace import RESULT, Workspace, partial_of
from tracktools.run.written import REPLACED

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Policy:
    """What a run may do with what it finds.

    Parameters
    ----------
    force : bool
        Replace an output that an earlier run of tracktools made.
    restart : bool
        Drop what an unfinished run left, instead of continuing it.
    keep : bool
        Take an output that is complete, and made from the same, as it is, instead of refusing it.
    """

    force: bool = False
    restart: bool = False
    keep: bool = False


class Run:
    """The making of one output folder: it is locked, continued or begun, and published whole or not at all.

    Work goes on in ``<output>.partial``, see `Workspace`. Leaving the ``with`` block without `publish` keeps what the
    run keeps, for the same run to be continued, and removes the rest.

    Parameters
    ----------
    output : Path
        Folder to make; the folders above it are made, too. A symbolic link is followed to make a new folder, never to
        replace one.
    identity : mapping, optional
        What the result depends on; JSON. A run that was killed is continued by one of the same identity. None: it is
        not continued.
    inputs : iterable of Path
        What the result is made from: a folder that contains any of them is never replaced.
    policy : Policy
        What may be replaced or dropped.
    keeps : iterable of str
        Names of the files in `folder` that a killed run leaves for the next one; ``*`` matches any text. With
        ``result/*`` the result is made step by step, and goes on where it was.

    Attributes
    ----------
    folder : Path
        ``<output>.partial``, for what is kept.
    result : Path
        The folder in it to write the result in.
    done : Path or None
        The output, if it is complete and was made from the same.

    Raises
    ------
    OutputLocked, OutputNotEmpty, OutputForeign, UnfinishedRunDiffers, OutputError
        When it is entered; nothing is changed then.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     with Run(Path(home, "set")) as run:
    ...         _ = run.result.joinpath("a.bed").write_text("")
    ...         made = run.publish({"parameters": {}})
    ...     sorted(file.name for file in made.iterdir())
    ['a.bed', 'provenance.json']
    """

    result: Path
    done: Path | None = None

    def __init__(
        self,
        output: Path,
        identity: Mapping[str, Any] | None = None,
        *,
        inputs: Iterable[Path] = (),
        policy: Policy | None = None,
        keeps: Iterable[str] = (),
    ) -> None:
        self._named, self._inputs, self._keeps = Path(output), tuple(inputs), tuple(keeps)
        self._policy = policy or Policy()
        self._identity = None if identity is None else json.loads(json.dumps(identity))
        self._published = False

    def __enter__(self) -> Self:
        policy = self._policy
        if self._identity is not None:
            call_checks()
        self.output = check_output(self._named, force=policy.force, inputs=self._inputs, keep=policy.keep)
        self.folder = partial_of(self.output)
        self._space = Workspace.enter(self.output)
        try:
            self._begin()
        except BaseException:
            self._end()
            raise
        return self

    def _begin(self) -> None:
        self._space.settle()
        marker = self._space.marker()
        found = marker["identity"] if marker else None
        if is_taken(self.output, force=self._policy.force):
            if self._identity is None or not was_made(self.output, self._identity):
                raise OutputNotEmpty("is not empty", path=self._named, hint="--force replaces it")
            log.info("%s is complete: taken as it is", self._named)
            self.done = self.output
            self._published = found in (None, self._identity)  # else: what another run left is not ours to drop
            return
        if self._policy.restart:
            self._space.drop()
        elif found is not None and found != self._identity:
            raise differs(self.folder, found, self._identity)
        if found is None or self._policy.restart:
            self._space.drop()
            found, marker = None, None
        keeps = [*dict.fromkeys([*(marker["keeps"] if marker else ()), *self._keeps])]
        if found is None or marker is None or keeps != marker["keeps"]:
            self._space.mark(self._identity, keeps)
        self.result = self._space.new_result()

    def publish(self, record: Mapping[str, Any] | None = None) -> Path:
        """Move the result to its place, and remove the rest; return the output.

        Its ``provenance.json`` gets the list of its files. An older output is moved into the workspace first, and
        deleted last; all files are on the disk before they are moved, so that a power loss leaves no empty ones.

        Parameters
        ----------
        record : mapping, optional
            For ``provenance.json``; by default the one that is in the result.

        Raises
        ------
        OutputForeign
            If somebody has put a file into the output meanwhile.
        OutputNotEmpty
            If somebody has made the output meanwhile.
        """
        call_checks()
        self._seal(record)
        sync_folder(self.result)
        if self.output.is_dir():
            self.result.chmod(stat.S_IMODE(self.output.stat().st_mode))
        replaced = self.folder / REPLACED
        files = None
        if is_taken(self.output, force=False):
            if not self._policy.force:
                raise OutputNotEmpty("is not empty", path=self._named, hint="another run has made it meanwhile")
            files = check_ours(self.output)
            self.output.rename(replaced)
        try:
            self.result.rename(self.output)
        except OSError as error:
            if files is not None:
                replaced.rename(self.output)
            raise OutputError(f"cannot be written: {error.strerror}", path=self._named) from None
        sync_path(self.output.parent)
        self._published = True
        if files is not None and not remove_listed(replaced, files):
            log.warning("warning: %s is kept: it contains what tracktools did not make", replaced)
        return self.output

    def _seal(self, record: Mapping[str, Any] | None) -> None:
        path = self.result / PROVENANCE_FILE
        if record is None:
            record = read_json(path) if path.exists() else {}
        files, others = list_files(self.result, lambda name: f"{RESULT}/{name}" in self._space.written)
        if others:
            log.warning("warning: %s contains %s, which tracktools did not make", self._named, ", ".join(others[:3]))
        record = {**record, "format": FORMAT, "files": files}
        if self._identity is not None:
            record["identity_sha256"] = identity_sha256(self._identity)
        write_synced(path, json_bytes(sealed(record)))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end()
        if kind is KeyboardInterrupt and self.folder.exists():
            log.warning("stopped: %s keeps what is done, and the same command continues there", self.folder)
        if isinstance(error, OSError) and error.errno in DISK_ERRORS and error.filename is None:
            problem = f"cannot be written: {error.strerror}"
            raise OutputError(problem, path=self._named, hint="make room, or write elsewhere") from None

    def _end(self) -> None:
        """Remove the workspace, unless it keeps something for the next run."""
        if self._published or not self._space.kept():
            self._space.remove()
        else:
            if not self._space.keeps_result():
                self._space.drop_result()
            self._space.leave()


@contextmanager
def output_folder(output: Path, *, force: bool = False, inputs: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield the folder to write a result in that is made in one go; publish it at the end, or remove it after an error.

    Parameters
    ----------
    output : Path
        Folder to make. It gets the list of its files into its ``provenance.json``.
    force, inputs
        See `Policy` and `Run`.

    Raises
    ------
    OutputError
        See `Run`.
    """
    with Run(output, inputs=inputs, policy=Policy(force=force)) as run:
        try:
            yield run.result
        except TracktoolsError as error:
            error.name_place(run.result, Path(output))
            raise
        run.publish()


@contextmanager
def output_file(output: Path, *, force: bool = False, inputs: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield the path to write a file at that a user named; move it to its place at the end.

    Parameters
    ----------
    output : Path
        File to make; the folders above it are made, too.
    force : bool
        Replace a file that is there. A symbolic link is never replaced, nor followed.
    inputs : iterable of Path
        Files, or folders of files, that are never replaced.

    Raises
    ------
    OutputNotEmpty
        If there is a file and `force` is not set.
    OutputLocked, OutputForeign, OutputError
        See `Run`.
    """
    output = Path(output)
    check_file(output, force=force, inputs=inputs)
    space = Workspace.enter(output)
    try:
        if (marker := space.marker()) is not None and marker["identity"] is not None:
            raise differs(space.folder, marker["identity"], None)
        space.drop()
        space.mark(None, ())
        partial = space.new_result() / output.name
        yield partial
        call_checks()
        check_file(output, force=force, inputs=inputs)
        sync_path(partial)
        if output.exists():
            partial.chmod(stat.S_IMODE(output.stat().st_mode))
        partial.replace(output)
        sync_path(output.parent)
    finally:
        if space.kept():
            space.leave()
        else:
            space.remove()


def drop_unfinished(output: Path) -> None:
    """Remove what a killed run left next to an output; if there is nothing, do nothing.

    Raises
    ------
    OutputLocked, OutputForeign
        If another run is working there, or it contains what is not ours.
    """
    target = real_path(output) if output.is_symlink() else output
    if partial_of(target).is_dir():
        space = Workspace.enter(target)
        try:
            space.settle()
        except BaseException:
            space.leave()
            raise
        space.remove()


def unfinished_identity(output: Path) -> Mapping[str, Any] | None:
    """Return the identity of the run that was left unfinished next to an output; None if there is none."""
    target = real_path(output) if output.is_symlink() else output
    marker = Workspace.peek(target)
    return None if marker is None else marker["identity"]


def sync_folder(folder: Path) -> None:
    """Wait until a folder, and all that it contains, is on the disk."""
    for where, _, names in os.walk(folder):
        for name in names:
            sync_path(Path(where, name))
        sync_path(Path(where))
