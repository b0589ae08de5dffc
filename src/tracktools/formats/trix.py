"""trix indexes: words in lower case, and the items they stand for; search in UCSC, IGV and JBrowse whatever the case.

Format: https://genome.ucsc.edu/goldenPath/help/trix.html. ``.ix`` has a line a word, sorted by byte; ``.ixx`` has, for
about every 32 KiB of it, the first letters of a word and its offset as ten hexadecimal digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tracktools.formats.atomic import atomic_file

_BIN_BYTES = 1 << 15
_LEAST_PREFIX = 5  # letters, as UCSC's own indexes have


def write_trix(path: Path, entries: Iterable[tuple[str, str]]) -> None:
    """Write ``NAME.ix`` and ``NAME.ixx``.

    Parameters
    ----------
    path : Path
        The ``.ix`` file; the other has an ``x`` more. Each appears complete or not at all.
    entries : iterable of (word, item)
        What is searched for and the name of an item it finds; words with spaces or commas are left out. Prefixes are as
        long as the longest word: readers take the last bin whose prefix is before the word, which among equal prefixes
        would be the wrong one.
    """
    found: dict[str, dict[str, None]] = {}
    for word, item in entries:
        if word and item and not (set(word + item) & set(" ,\t\n")):
            found.setdefault(word.lower(), {})[item] = None
    prefix = max([_LEAST_PREFIX, *(len(word.encode()) for word in found)])
    lines, offset, next_bin = [], 0, 0
    bins: list[bytes] = []
    for word in sorted(found, key=str.encode):
        line = f"{word} {' '.join(f'{item},1' for item in found[word])}\n".encode()
        if offset >= next_bin:
            bins.append(word.encode().ljust(prefix) + f"{offset:010X}\n".encode())
            next_bin = offset + _BIN_BYTES
        lines.append(line)
        offset += len(line)
    for target, parts in ((path, lines), (path.with_name(path.name + "x"), bins)):
        with atomic_file(target) as partial:
            partial.write_bytes(b"".join(parts))
