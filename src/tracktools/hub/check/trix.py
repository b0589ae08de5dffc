"""Name indexes (``.ix`` and ``.ixx``) as UCSC's reader uses them.

It takes exactly 5 bytes of a line of ``.ixx`` as a prefix and the 10 bytes after them as an offset in hexadecimal
digits, goes to the offset of the last line whose prefix is not after that of the word, and reads on until a word that
is after it. So a longer prefix, or two lines of one prefix, hide words.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from tracktools.hub.check.model import Track
from tracktools.hub.check.places import HubFiles, MissingFileError, UnknownFileError
from tracktools.hub.check.report import Findings, Level

_PREFIX = 5
_LINE = re.compile(rb"(.{5})([0-9A-F]{10})", re.DOTALL)


def check_trix(track: Track, names: set[str], places: HubFiles, findings: Findings) -> None:
    """Check the name index of a track.

    Parameters
    ----------
    track : Track
        A track with searchTrix.
    names : set of str
        What the index may find: the indexed values of the data.
    places : HubFiles
        The files of the hub.
    findings : Findings
        Where findings go.
    """
    value = track.get("searchTrix")
    address = places.address(track.base, value)
    try:
        index, bins = places.read(address), places.read(address + "x")
    except (MissingFileError, UnknownFileError):
        return  # the table of files has said so

    def add(file: str, problem: str, fix: str, line: int = 0) -> None:
        findings.add_file(Level.ERROR, file, "trix", problem, fix, line, track.name)

    name = places.name(address)
    lines = index.splitlines()
    if not any(line.strip() for line in lines):
        add(name, "finds nothing: it is empty", "make it again with ixIxx, or remove searchTrix")
        return
    found = {hit.partition(b",")[0].decode(errors="replace") for line in lines for hit in line.split()[1:]}
    unknown = found - names
    if names and found and len(unknown) == len(found):
        problem = f"finds {min(unknown)}, and no name of {track.find('bigDataUrl')}: it is of another track"
        add(name, problem, "make it again with ixIxx")
    elif names and unknown:
        problem = f"finds {min(unknown)}, which {track.find('bigDataUrl')} does not have ({len(unknown)} such names)"
        findings.add_file(Level.WARNING, name, "trix", problem, "make it again with ixIxx", 0, track.name)
    wrong = next((n for n, line in enumerate(lines, start=1) if not _is_entry(line)), 0)
    if wrong:
        add(name, "a line of an index is: WORD NAME,NUMBER …", "make it again with ixIxx", wrong)
        return
    if not bins.strip():
        problem = "is empty, so UCSC reads the whole index for each word"
        findings.add_file(Level.WARNING, name + "x", "trix", problem, "make it again with ixIxx", 0, track.name)
    line_number, problem = _check_bins(index, bins)
    if problem:
        add(name + "x", problem, "make it again with ixIxx: 5 letters, then the offset", line_number)
        return
    hidden = hidden_words(index, bins)
    if hidden:
        problem = f"UCSC cannot find {len(hidden)} of {len(lines)} words, {hidden[0]} for one"
        add(name + "x", problem, "make it again with ixIxx: sorted, a prefix once, 5 letters")


def _is_entry(line: bytes) -> bool:
    words = line.split()
    return not words or (len(words) > 1 and all(re.fullmatch(rb"[^,]+,\d+", word) for word in words[1:]))


def _check_bins(index: bytes, bins: bytes) -> tuple[int, str]:
    """Return the first wrong line of a ``.ixx``, and what is wrong with it; 0 and an empty text where all are right."""
    for number, line in enumerate(bins.splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            return number, f"{line.decode(errors='replace')!r} is not 5 letters and an offset of 10 hexadecimal digits"
        offset = int(match[2], 16)
        if offset > len(index) or (offset and index[offset - 1 : offset] != b"\n"):
            return number, f"the offset {offset} is no start of a line of the .ix"
    return 0, ""


def hidden_words(index: bytes, bins: bytes) -> list[str]:
    """Return the words of an index that UCSC's reader does not find.

    Parameters
    ----------
    index : bytes
        The ``.ix`` file.
    bins : bytes
        The ``.ixx`` file, each line of it 5 letters and 10 hexadecimal digits.

    Examples
    --------
    >>> hidden_words(b"abcdea x,1\\nabcdeb y,1\\n", b"abcde0000000000\\nabcde000000000B\\n")
    ['abcdea']
    """
    pairs = [(line[:_PREFIX], int(line[_PREFIX:], 16)) for line in bins.splitlines()]
    prefixes = list(accumulate((prefix for prefix, _ in pairs), max))  # it stops at the first one that is after
    hidden: list[str] = []
    offset, greatest = 0, b""
    for line in index.splitlines(keepends=True):
        word = line.split()[0] if line.split() else b""
        start = bisect_right(prefixes, word[:_PREFIX].ljust(_PREFIX)) - 1
        if word and (
            (start >= 0 and pairs[start][1] > offset)
            or word != word.lower()
            or word < greatest  # the reader stops at a word that is after the one it looks for
        ):
            hidden.append(word.decode(errors="replace"))
        greatest = max(greatest, word)
        offset += len(line)
    return hidden
