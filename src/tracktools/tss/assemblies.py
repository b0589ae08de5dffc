"""From one assembly to another by UCSC chain files: the one door to the package liftover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from tracktools.arrays import Int64
from tracktools.concise import concise
from tracktools.errors import InputError
from tracktools.formats.input_file import local_path, open_maybe_gzip

BUNDLED_CHAINS = ("NC_000913.2_to_3", "NC_000913.3_to_2")
_HEADER_WORDS = (12, 13)  # the id at the end may be left out


@concise
@dataclass(frozen=True)
class Chain:
    """A chain file, read and checked.

    Parameters
    ----------
    name : str
        Bundled name, or the file's.
    sources, targets : dict of str to int
        Length of each sequence that positions come from, and go to [bp].
    """

    name: str
    sources: dict[str, int]
    targets: dict[str, int]
    _lookup: Any

    def lift(self, chrom: str, positions: Int64) -> list[list[tuple[str, int, str]]]:
        """Return, for each 0-based base of a sequence, where it is: (sequence, base, ``+`` or ``-``)."""
        query = self._lookup.query
        return [[(str(c), int(p), str(s)) for c, p, s in query(chrom, int(position))] for position in positions]


def load_chain(chain: str | Path) -> Chain:
    """Read a UCSC chain file, plain or gzip, or one of `BUNDLED_CHAINS` by name.

    Format: https://genome.ucsc.edu/goldenPath/help/chain.html

    Raises
    ------
    InputError
        If there is no such file or it is no chain file.
    """
    name = str(chain).removesuffix(".chain")
    if name in BUNDLED_CHAINS:
        with as_file(files("tracktools") / "data" / f"{name}.chain") as path:
            return _read_chain(path, name)
    path = Path(chain)
    if not path.exists():
        hint = f"a chain file, or the name of a bundled one: {', '.join(BUNDLED_CHAINS)}"
        raise InputError("no such chain file", path=path, hint=hint)
    return _read_chain(path, path.name)


def _read_chain(path: Path, name: str) -> Chain:
    sources, targets = _check_chain(path)
    from liftover import ChainFile

    try:
        lookup = ChainFile(str(local_path(path)))
    except (ValueError, OverflowError, RuntimeError, IndexError, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"is damaged: {reason}", path=path, hint="a whole UCSC chain file is needed") from None
    return Chain(name, sources, targets, lookup)


def _check_chain(path: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Check every line: the library takes a damaged file for one that maps nothing."""
    sources: dict[str, int] = {}
    targets: dict[str, int] = {}
    open_since = 0
    try:
        with open_maybe_gzip(path) as file:
            lines = file.read().decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"is no chain file: {error}", path=path, hint="a UCSC chain file is needed") from None
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if words[0] == "chain":
            sizes = _header(words, path, number)
            sources[words[2]], targets[words[7]] = sizes
            open_since = number
        elif not open_since or len(words) not in (1, 3) or not all(word.isdigit() and len(word) < 16 for word in words):
            raise InputError(f"is no chain file: {line[:40]!r}", path=path, line=number, hint="size dt dq is expected")
        elif len(words) == 1:
            open_since = 0
    if not sources or open_since:
        problem = "contains no chain" if not sources else "ends within a chain"
        raise InputError(problem, path=path, line=open_since or None, hint="a whole UCSC chain file is needed")
    return sources, targets


def _header(words: Sequence[str], path: Path, line: int) -> tuple[int, int]:
    try:
        if len(words) not in _HEADER_WORDS or words[4] != "+" or words[9] not in "+-":
            raise ValueError
        numbers = [words[at] for at in (3, 5, 6, 8, 10, 11)]
        if not all(word.isdigit() and len(word) < 16 for word in numbers):
            raise ValueError
        return int(words[3]), int(words[8])
    except (ValueError, IndexError):
        raise InputError(
            f"is no chain header: {' '.join(words)[:60]!r}",
            path=path,
            line=line,
            hint="chain score tName tSize tStrand tStart tEnd qName qSize qStrand qStart qEnd id",
        ) from None
