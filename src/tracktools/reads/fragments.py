"""Fragments of RNA with a strand, from single reads and from pairs whose two records are both in the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from tracktools.formats.alignments import MATE_UNKNOWN, Alignment, Blocks, read_alignments
from tracktools.interval import merge

Library = Literal["forward", "reverse", "unstranded"]
SignalKind = Literal["coverage", "5prime", "3prime"]
FARTHEST_BP = 1_000_000  # mates that start farther apart count each by itself, so that memory is bounded
SLACK_BP = 1_000  # how far from where its record says a mate is looked for: clipping after alignment moves starts
PAIRS, ALONE, WITHOUT_MATE = "pairs", "reads alone", "reads of a pair alone"
STOPS = "single reads that start at the other end"
_OTHER, _NUMBERS = {1: 2, 2: 1}, {1: "1", 2: "2"}
_BEFORE_NUMBER = ("/", ".", "_")  # what comes before the number of the read, in names that end in it
_BIN_BITS = 12  # reads that wait are kept by bins of 4,096 bases


class Fragment(NamedTuple):
    """What one fragment of RNA adds to a signal.

    Parameters
    ----------
    contig : int
        Number of the sequence in the header of the file.
    blocks : tuple of (start, end)
        Bases that are counted, 0-based and half-open, ascending.
    reverse : bool
        Whether the RNA is of the minus strand.
    floor : int
        No fragment of this contig that is still to come has a base before this one.
    """

    contig: int
    blocks: Blocks
    reverse: bool
    floor: int


def read_fragments(
    path: Path,
    *,
    library: Library,
    signal: SignalKind = "coverage",
    min_mapq: int,
    tally: Counter[str],
    contigs: Collection[int] | None = None,
) -> Iterator[Fragment]:
    """Yield the fragments of a coordinate-sorted BAM, SAM or CRAM file, contig by contig.

    For coverage, a proper pair is one fragment if both records are in the file and none of them is left out: the
    aligned bases of both mates, and the gap between them. Any other read is a fragment by itself. For an end of the
    RNA, only reads that start there count: of a pair, read 1 or read 2, whatever became of its mate; a single read
    also where it stops.

    Memory is that of the reads that wait for a mate (about 700 bytes each): no more than pairs lie over one base, and
    within `SLACK_BP` of it, however large the file is. Mates more than `FARTHEST_BP` apart do not wait.

    Parameters
    ----------
    path : Path
        The file.
    library : {"forward", "reverse", "unstranded"}
        ``forward``: read 1 (or the only read) has the sequence of the RNA. ``reverse``: it has the reverse complement,
        as after dUTP marking. ``unstranded``: nothing tells; every fragment counts as plus.
    signal : {"coverage", "5prime", "3prime"}
        What a fragment adds 1 to.
    min_mapq : int
        Reads below this mapping quality are left out.
    tally : Counter
        Gets the number of records, see `tracktools.formats.alignments.read_alignments`; of `PAIRS` and of reads
        `ALONE`, which are the fragments; of reads alone that are of a pair, `WITHOUT_MATE`; of single reads that only
        stop at the end that is asked for, `STOPS`; of reads left out since they do not know the end, or since the file
        does not say whether they are read 1 or 2.
    contigs : collection of int, optional
        Numbers of the sequences whose reads are wanted; by default all.

    Raises
    ------
    InputError
        If the file is no BAM, SAM or CRAM, is cut short or damaged, is not sorted, or a read lies past the end of its
        sequence.
    """
    alignments = _of_known_strand(
        read_alignments(path, min_mapq=min_mapq, tally=tally, contigs=contigs), library, tally
    )
    if signal == "coverage":
        return _covering(alignments, library, tally)
    return _ends(alignments, library, signal, tally)


def _of_known_strand(alignments: Iterable[Alignment], library: Library, tally: Counter[str]) -> Iterator[Alignment]:
    for read in alignments:
        if read.number == 3 and library != "unstranded":
            tally["of pairs, but neither first nor second read"] += 1
        else:
            yield read


def _is_reverse(read: Alignment, library: Library) -> bool:
    """Return whether the RNA is of the minus strand: the two reads of a pair face each other."""
    return library != "unstranded" and read.reverse ^ (read.number == 2) ^ (library == "reverse")


def _ends(
    alignments: Iterable[Alignment], library: Library, signal: SignalKind, tally: Counter[str]
) -> Iterator[Fragment]:
    first_is_5prime = library == "forward"
    knows = 1 if first_is_5prime == (signal == "5prime") else 2
    other = "second reads of pairs" if knows == 1 else "first reads of pairs"
    end = "5'" if signal == "5prime" else "3'"
    for read in alignments:
        if read.number not in (0, knows):
            tally[f"{other}, which do not start at the {end} end"] += 1
            continue
        tally[ALONE] += 1
        tally[STOPS] += read.number == 0 and knows == 2
        reverse = _is_reverse(read, library)
        base = read.blocks[-1][1] - 1 if reverse == (signal == "5prime") else read.blocks[0][0]
        yield Fragment(read.contig, ((base, base + 1),), reverse, read.start)


def _covering(alignments: Iterable[Alignment], library: Library, tally: Counter[str]) -> Iterator[Fragment]:
    waiting = _WaitingRoom()
    contig = here = 0

    def alone(read: Alignment) -> Fragment:
        tally[ALONE] += 1
        tally[WITHOUT_MATE] += read.number != 0
        return Fragment(read.contig, read.blocks, _is_reverse(read, library), waiting.floor(here))

    for read in alignments:
        before = read.start if read.contig == contig else None
        if before is None or waiting.is_overdue(before):
            yield from map(alone, waiting.leave(before=before))
        contig, here = read.contig, read.start
        mate = waiting.take_mate(read)
        if mate is not None:
            tally[PAIRS] += 1
            yield Fragment(contig, _joined(mate, read), _is_reverse(read, library), waiting.floor(here))
        elif not waiting.enter(read):
            yield alone(read)
    yield from map(alone, waiting.leave())


def _joined(left: Alignment, right: Alignment) -> Blocks:
    """Return the bases of a pair: those aligned in one mate or the other, and the gap between the two."""
    end, start = left.blocks[-1][1], right.blocks[0][0]
    if len(left.blocks) == len(right.blocks) == 1:  # most pairs
        return ((min(left.blocks[0][0], start), max(end, right.blocks[0][1])),)
    gap = ((end, start),) if end < start else ()
    return tuple(merge(left.blocks + gap + right.blocks))


class _WaitingRoom:
    """Reads of one sequence whose mates are still to come, found by name, until the place of the mate is passed."""

    def __init__(self) -> None:
        self._reads: dict[tuple[str, int], list[Alignment]] = {}  # by name and number; names may be used twice
        self._starts: Counter[int] = Counter()  # how many reads wait that start in a bin
        self._due: dict[int, set[tuple[str, int]]] = {}  # who has waited long enough at the end of a bin
        self._first_due = 0  # no bin before this one has anybody

    def enter(self, read: Alignment) -> bool:
        """Let a read wait, if the mate that its record names can still come."""
        start = read.start
        if read.mate_start == MATE_UNKNOWN or not -SLACK_BP <= read.mate_start - start <= FARTHEST_BP:
            return False
        key, due = (read.name, read.number), _due_bin(read)
        self._reads.setdefault(key, []).append(read)
        self._starts[start >> _BIN_BITS] += 1
        self._due.setdefault(due, set()).add(key)
        self._first_due = min(self._first_due, due)
        return True

    def take_mate(self, read: Alignment) -> Alignment | None:
        """Return the mate of a read, which no longer waits; None if it does not."""
        if read.mate_start == MATE_UNKNOWN:
            return None
        mate = self._take((read.name, _OTHER.get(read.number, read.number)), read, SLACK_BP)
        if mate is None and read.name[-2:-1] in _BEFORE_NUMBER and read.name.endswith(_NUMBERS.get(read.number, "?")):
            # "x/1" and "x/2", or "SRR1.7.1" and "SRR1.7.2" of fastq-dump; the mate of "SRR1.1" may also be "SRR1.1"
            other = _OTHER[read.number]
            mate = self._take((f"{read.name[:-1]}{other}", other), read, 0)
        return mate

    def _take(self, key: tuple[str, int], read: Alignment, slack: int) -> Alignment | None:
        """Take the read of this name and number that lies, within `slack`, where the records of the two say."""
        same_name = self._reads.get(key)
        if same_name is None:
            return None
        candidates = {
            abs(other.start - read.mate_start) + abs(other.mate_start - read.start): other
            for other in same_name
            if other.reverse != read.reverse
        }
        if not candidates or min(candidates) > slack:
            return None
        mate = candidates[min(candidates)]  # if several pairs have one name, the nearest
        self._remove(key, mate)
        return mate

    def is_overdue(self, before: int) -> bool:
        """Return whether there may be reads whose mates would have come before a base."""
        return self._first_due < before >> _BIN_BITS

    def leave(self, *, before: int | None = None) -> Iterator[Alignment]:
        """Yield, and forget, the reads whose mates would have come before a base; without it, all."""
        now = None if before is None else before >> _BIN_BITS
        for due in sorted(bin_ for bin_ in self._due if now is None or bin_ < now):
            for key in sorted(self._due[due]):
                for read in [read for read in self._reads[key] if _due_bin(read) == due]:
                    self._remove(key, read)
                    yield read
        self._first_due = min(self._due, default=now or 0)

    def floor(self, here: int) -> int:
        """Return a base that nothing lies before that is still to come, where reading has come to `here`."""
        return min(min(self._starts, default=here >> _BIN_BITS) << _BIN_BITS, here)

    def _remove(self, key: tuple[str, int], read: Alignment) -> None:
        same_name = self._reads[key]
        same_name.remove(read)
        due, start = _due_bin(read), read.start >> _BIN_BITS
        if not any(_due_bin(other) == due for other in same_name):
            self._due[due].remove(key)
            if not self._due[due]:
                del self._due[due]
        if not same_name:
            del self._reads[key]
        self._starts[start] -= 1
        if not self._starts[start]:
            del self._starts[start]


def _due_bin(read: Alignment) -> int:
    return (max(read.mate_start, read.start) + SLACK_BP) >> _BIN_BITS
