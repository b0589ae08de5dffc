"""trix indexes: words in lower case, and the items they mean; for a search in UCSC, IGV and JBrowse that ignores case.

Format: https://genome.ucsc.edu/goldenPath/help/trix.html. ``.ix`` has a line per word, sorted by byte; ``.ixx``, for
some of its words, the first five bytes and the offset as ten hexadecimal digits. UCSC's reader takes five bytes,
whatever is there, and reads on from the last bin whose prefix is not past that of the word.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tracktools.formats.atomic import atomic_file

PREFIX_BYTES = 5
ADDRESS_DIGITS = 10
_BIN_BYTES = 1 << 12  # igv.js reads 64 KiB from the bin before, so that bins must be much smaller


def write_trix(path: Path, entries: Iterable[tuple[str, str]]) -> int:
    """Write ``NAME.ix`` and ``NAME.ixx``.

    Parameters
    ----------
    path : Path
        The ``.ix`` file; the other has an ``x`` more. Each appears complete or not at all.
    entries : iterable of (word, item)
        What is searched for and the name of an item it finds; words with spaces or commas are left out. A bin begins
        where the prefix changes, never within words of one prefix: a reader could not tell which of two is meant.

    Returns
    -------
    int
        How many words the index has; without any, no file is written.
    """
    found: dict[str, dict[str, None]] = {}
    for word, item in entries:
        if word and item and "," not in word + item and all(letter > " " for letter in word + item):
            found.setdefault(word.lower(), {})[item] = None
    if not found:
        return 0
    lines: list[bytes] = []
    bins: list[bytes] = []
    offset, next_bin, last_prefix = 0, 0, b""
    for word in sorted(found, key=str.encode):
        line = f"{word} {' '.join(f'{item},1' for item in found[word])}\n".encode()
        prefix = word.encode()[:PREFIX_BYTES].ljust(PREFIX_BYTES)
        if prefix != last_prefix and offset >= next_bin:
            bins.append(prefix + f"{offset:0{ADDRESS_DIGITS}X}\n".encode())
            next_bin = offset + _BIN_BYTES
        last_prefix = prefix
        lines.append(line)
        offset += len(line)
    for target, parts in ((path, lines), (path.with_name(path.name + "x"), bins)):
        with atomic_file(target) as partial:
            partial.write_bytes(b"".join(parts))
    return len(found)
