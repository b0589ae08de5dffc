"""``tracktools fetch``: public data sets by name. The one door to pooch, and the only part that uses the network."""

from __future__ import annotations

import http.client
import logging
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from tracktools.cache import cache_folder
from tracktools.config import FetchConfig
from tracktools.errors import ConfigError, DownloadError, OutputError, OutputForeign
from tracktools.formats.atomic import atomic_file
from tracktools.run.lock import lock_file
from tracktools.tracks import file_sha256

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 16
_LOCK = "lock"
_TRIES = 50  # to lock, while other downloads end


@dataclass(frozen=True)
class RemoteFile:
    """A file of a public repository, at one commit for good.

    Parameters
    ----------
    repository, commit, path : str
        Where it is: ``owner/name``, the commit, the path in it.
    sha256 : str
        What it must be.
    """

    repository: str
    commit: str
    path: str
    sha256: str

    @property
    def name(self) -> str:
        """Name of the local copy."""
        return PurePosixPath(self.path).name

    def url(self, mirror: str) -> str:
        """Return where it is on a server that has the layout of GitHub's raw files."""
        return f"{mirror.rstrip('/')}/{self.repository}/{self.commit}/{self.path}"


@dataclass(frozen=True)
class DataSet:
    """A public data set.

    Parameters
    ----------
    files : tuple of RemoteFile
        All of it.
    what, licence, citation : str
        One line each.
    use : str
        The command that takes it; ``{files}`` is replaced by the paths.
    """

    files: tuple[RemoteFile, ...]
    what: str
    licence: str
    citation: str
    use: str


_FEATURES = ("rioualen/Feature_set", "a901bac88cffe07b22525a316d6f90ca32bcd92b")
_TERMSEQ = "NICHD-BSPC/termseq-peaks"
DATA_SETS: dict[str, DataSet] = {
    "cappable": DataSet(
        (
            RemoteFile(
                "Ettwiller/TSS",
                "5382267dc89460b2ec30e33508dff4479c71c3ef",
                "datasets/TSS_enriched_cluster_5.gtf",
                "c17fdf501add8e8ea5727ced3b5fd266bcf1c75a44736215c87bd701d985f786",
            ),
        ),
        "16,359 TSS of E. coli K-12 by Cappable-seq, on U00096.2",
        "CC BY 4.0, data CC0",
        "Ettwiller, Buswell, Yigit & Schildkraut 2016, BMC Genomics 17:199",
        "tracktools tss import {files} -o cappable --name cappable",
    ),
    "smrt": DataSet(
        (
            RemoteFile(
                *_FEATURES,
                "HT_data_source/Yan/M9_RegulonDB_TU_longestRead",
                "4dc7ab7d81254422f9fa1b3c237153bd172c31e005715ea28acf5cf28a903562",
            ),
            RemoteFile(
                *_FEATURES,
                "HT_data_source/Yan/Rich_RegulonDB_TU_longestRead",
                "c02fccb0081650815d952daa1da52928c3ffdeefab8a51eeb25da6a3b6e976c2",
            ),
        ),
        "2,569 TSS of E. coli K-12 by SMRT-Cappable-seq, in M9 and rich medium",
        "CC BY 4.0",
        "Yan, Boitano, Clark & Ettwiller 2018, Nature Communications 9:3676",
        "tracktools tss import {files} -o smrt --name smrt",
    ),
    "termseq": DataSet(
        tuple(
            RemoteFile(_TERMSEQ, commit, path, sha256)
            for commit, path, sha256 in (
                (
                    "082d1264666459e02779f7e3e45fe81401a7043a",
                    "test/forward_1.bedgraph.gz",
                    "30967abe23c538e775acd716a5000be1c6ae9e9d46c00355fa7ede3f7e82fba7",
                ),
                (
                    "082d1264666459e02779f7e3e45fe81401a7043a",
                    "test/forward_2.bedgraph.gz",
                    "6b3ea22d07d9d68941f5b7d84f635985978a5cb56031db80525478f6fbebb1b8",
                ),
                (
                    "ed9fc9b30d54f70947cbb0786a67d00cec29bc8d",
                    "peaklib/test/reverse_1.bedgraph.gz",
                    "cef6187aaf88117e290f374e138f31526a4d8061a24364ccde9345ae54ab24c7",
                ),
                (
                    "ed9fc9b30d54f70947cbb0786a67d00cec29bc8d",
                    "peaklib/test/reverse_2.bedgraph.gz",
                    "e4ead0203a89a952c3ee56085bbc077b0676b227e9e140d144b550f2c88a63aa",
                ),
            )
        ),
        "Term-seq (RNA 3' ends) of E. coli, both strands, two replicates",
        "MIT",
        "termseq-peaks, Bioinformatics and Scientific Programming Core, NICHD",
        "tracktools reads --help",
    ),
}


def fetch_data_set(
    name: str, *, folder: Path | str | None = None, mirror: str = FetchConfig.mirror, cache: Path | str | None = None
) -> list[Path]:
    """Return local copies of the files of a data set; download what is not there yet.

    Parameters
    ----------
    name : str
        One of `DATA_SETS`.
    folder : Path or str, optional
        Where to put copies; by default the files stay in the cache.
    mirror : str
        Server with the layout of GitHub's raw files.
    cache : Path or str, optional
        By default the folder ``tracktools`` of the user's cache, or ``$TRACKTOOLS_CACHE``. A download that was cut
        short goes on from where it stopped.

    Raises
    ------
    ConfigError
        If there is no such data set.
    DownloadError
        If the server cannot be reached, does not have a file, or sends another one.
    OutputError
        If the copies cannot be written, a folder has another file of the name of one, or another process is fetching
        the same.
    """
    if name not in DATA_SETS:
        raise ConfigError(f"no data set is called {name!r}: there are {', '.join(DATA_SETS)}")
    cache = Path(cache or default_cache()) / name
    with _alone(cache):
        paths = [_fetch_file(file, cache, mirror) for file in DATA_SETS[name].files]
    if folder is None:
        return paths
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            _copy(path, folder / path.name)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path=folder) from None
    return [folder / path.name for path in paths]


def _copy(path: Path, target: Path) -> None:
    """Copy a file to where no other is; one of the same content stays."""
    if target.is_symlink() or target.exists():
        if target.is_file() and file_sha256(target) == file_sha256(path):
            return
        hint = "move it away, or name another folder"
        raise OutputForeign("is not replaced: it is another file than the one fetched", path=target, hint=hint)
    with atomic_file(target) as partial:
        shutil.copyfile(path, partial)


def default_cache() -> Path:
    """Return the folder that keeps downloads."""
    return cache_folder()


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Keep other downloads of a data set out of its part of the cache."""
    with _locked(cache):
        try:
            yield
        finally:
            (cache / _LOCK).unlink(missing_ok=True)


def _locked(cache: Path) -> IO[str]:
    """Lock a part of the cache; try again where another download has just ended, and has removed its lock."""
    try:
        for _ in range(_TRIES):
            cache.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                return lock_file(cache / _LOCK)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror or error}", path=cache) from None
    raise OutputError("cannot be written: other downloads come and go", path=cache, hint="try again later")


def _fetch_file(file: RemoteFile, cache: Path, mirror: str) -> Path:
    import pooch

    target, part, url = cache / file.name, cache / f"{file.name}.part", file.url(mirror)
    if target.is_file() and file_sha256(target) == file.sha256:
        _log.info("%s: in the cache", target)
        return target
    pooch.get_logger().setLevel(logging.ERROR)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # damaged since it was fetched
        pooch.retrieve(
            url,
            known_hash=f"sha256:{file.sha256}",
            fname=file.name,
            path=cache,
            downloader=_resuming(part, file.sha256),
        )
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror or error}", path=cache) from None
    part.unlink(missing_ok=True)
    return target


def _resuming(part: Path, sha256: str) -> Callable[[str, str, object], None]:
    """Return what pooch calls to download: it keeps what came in `part`, and goes on there the next time."""

    def download(url: str, output_file: str, _pooch: object) -> None:
        try:
            _append(url, part)
        except urllib.error.HTTPError as error:
            if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise DownloadError(f"{url}: the server says {error.code} {error.reason}") from None
        except urllib.error.URLError as error:
            raise DownloadError(
                f"{url}: no answer ({error.reason}); offline? every command takes local paths too"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise DownloadError(f"{url}: broken off ({error}); run it again to go on from there") from None
        found = file_sha256(part)
        if found != sha256:
            part.unlink()
            raise DownloadError(f"{url}: is another file than it was (sha256 {found[:12]}…, not {sha256[:12]}…)")
        shutil.copyfile(part, output_file)

    return download


def _append(url: str, part: Path) -> None:
    """Download what `part` lacks; from the start where the server cannot do otherwise."""
    held = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={held}-"} if held else {})  # noqa: S310
    with urllib.request.urlopen(request, timeout=FetchConfig.timeout_s) as answer:  # noqa: S310
        goes_on = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        expected = int(answer.headers.get("Content-Length", -1))
        _log.info("%s: %s", url, f"from byte {held:,}" if goes_on else "downloading")
        received = 0
        with part.open("ab" if goes_on else "wb") as file:
            while chunk := answer.read(_CHUNK_BYTES):
                file.write(chunk)
                received += len(chunk)
    if received < expected:
        raise ConnectionError(f"{received:,} of {expected:,} bytes came")
