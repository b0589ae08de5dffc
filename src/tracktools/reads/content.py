"""The kind of a file of reads, by its content; its name does not matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tracktools.errors import ConfigError, InputError
from tracktools.formats.bbi import BIGWIG_MAGIC
from tracktools.formats.input_file import open_maybe_gzip, real_path

_BIGWIG_STARTS = BIGWIG_MAGIC.to_bytes(4, "little"), BIGWIG_MAGIC.to_bytes(4, "big")
_VALUE_STARTS = b"variableStep", b"fixedStep", b"track", b"browser"
_SAM_STARTS = b"@HD\t", b"@SQ\t", b"@RG\t", b"@PG\t", b"@CO\t"


def _start(path: Path, n_bytes: int = 4) -> bytes:
    """Return the first bytes, decompressed; nothing of a file that is damaged."""
    with open_maybe_gzip(path) as file:
        try:
            return file.read(n_bytes)
        except InputError:
            return b""


def is_bigwig(path: Path) -> bool:
    """Return whether a file is a bigWig, of whatever byte order."""
    return _start(path) in _BIGWIG_STARTS


def refuse_alignments(path: Path) -> None:
    """Refuse BAM, SAM and CRAM where values are needed."""
    start = _start(path)
    if start in (b"BAM\1", b"CRAM") or start in _SAM_STARTS:
        raise InputError("contains aligned reads of both strands", path=path, hint="name it without --plus and --minus")


def refuse_values(path: Path) -> None:
    """Refuse bigWig, bedGraph and wiggle where aligned reads are needed; a missing file is for others to refuse."""
    start = _start(path, 2048) if path.exists() else b""
    kind = "a bigWig file" if start.startswith(_BIGWIG_STARTS) else "a file of values, not of reads"
    if start.startswith((*_BIGWIG_STARTS, *_VALUE_STARTS)) or _is_bedgraph(start):
        hint = "name the file of each strand: --plus FILE --minus FILE"
        raise InputError(f"is {kind}", path=path, hint=hint)


def _is_bedgraph(start: bytes) -> bool:
    """Return whether the first line that is no comment has a name and three numbers."""
    lines = [line.split() for line in start.splitlines() if line.strip() and not line.startswith(b"#")]
    try:
        return len(lines[0]) == 4 and bool([float(word) for word in lines[0][1:]])
    except (IndexError, ValueError):
        return False


def refuse_repeated(paths: Sequence[Path]) -> None:
    """Refuse a replicate that is named twice, which would count twice."""
    (path, count), *_ = Counter(real_path(path) for path in paths).most_common(1) or [(Path(), 0)]
    if count > 1:
        raise ConfigError(f"{path} is named {count} times, and would be counted as often (name each replicate once)")
