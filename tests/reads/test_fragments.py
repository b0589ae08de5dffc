"""Which records are one fragment of RNA, and which bases it counts."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bam_files import pair, record, write_bam
from tracktools.config import ReadsConfig
from tracktools.errors import InputError
from tracktools.reads import AlignmentSignal, alignment_signal, fragments
from tracktools.reads.fragments import ALONE, PAIRS, WITHOUT_MATE, read_fragments

SIZE = 400
Records = list[dict[str, Any]]


def found(path: Path, **settings: Any) -> tuple[list[tuple[Any, ...]], Counter[str]]:
    tally: Counter[str] = Counter()
    options = {"library": "forward", "min_mapq": 0} | settings
    return [tuple(f)[:3] for f in read_fragments(path, tally=tally, **options)], tally


@pytest.mark.parametrize("read1_reverse", [False, True])
def test_a_pair_is_one_fragment_with_the_strand_of_read_1(tmp_path: Path, read1_reverse: bool) -> None:
    path = write_bam(tmp_path / "a.bam", pair(1, 100, 190, read1_reverse=read1_reverse))
    assert found(path)[0] == [(1, ((100, 190),), read1_reverse)]
    assert found(path)[1][PAIRS] == 1
    assert found(path, library="reverse")[0] == [(1, ((100, 190),), not read1_reverse)]
    assert found(path, library="unstranded")[0] == [(1, ((100, 190),), False)]


def test_a_mate_alone_still_tells_the_strand(tmp_path: Path) -> None:
    paired, read1, read2, reverse, mate_unmapped = 0x1, 0x40, 0x80, 0x10, 0x8
    flags = [paired | read1 | mate_unmapped, paired | read2 | mate_unmapped, paired | read2 | mate_unmapped | reverse]
    path = write_bam(tmp_path / "a.bam", [record(0, 10 * i, flag=flag) for i, flag in enumerate(flags)])
    assert [fragment[2] for fragment in found(path)[0]] == [False, True, False]


@pytest.mark.parametrize(("quality", "n"), [(29, 0), (30, 1), (31, 1)])
def test_a_read_of_the_least_quality_counts(tmp_path: Path, quality: int, n: int) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10, mapq=quality)])
    assert len(found(path, min_mapq=30)[0]) == n


# --- against a count that knows both mates, and against the mirror image ---------------------------------------------

CIGARS = ["20M", "3S17M", "17M3S", "4S12M5S", "5M4D6M", "6M2I8M", "8M30N8M2S", "2H10M", "1M", "5M3N5M"]


def steps(cigar: str) -> list[tuple[int, str]]:
    return [(int(length), kind) for length, kind in re.findall(r"(\d+)([A-Z])", cigar)]


def span(cigar: str) -> int:
    return sum(length for length, kind in steps(cigar) if kind in "MDN")


@st.composite
def templates(draw: st.DrawFn) -> list[Records]:
    """Return molecules, each with its records: one of a single read, two of a pair, one of which may be missing."""
    drawn = []
    for number in range(draw(st.integers(1, 10))):
        reads: Records = []
        cigar_1, cigar_2 = draw(st.sampled_from(CIGARS)), draw(st.sampled_from(CIGARS))
        start_1 = draw(st.integers(0, SIZE - 120))
        start_2 = start_1 + draw(st.integers(-min(60, start_1), 60))  # left of it, the pair dovetails or turns away
        reverse_1 = draw(st.booleans())
        reverse_2 = draw(st.sampled_from([not reverse_1] * 5 + [reverse_1]))
        filtered = st.sampled_from([0] * 6 + [0x400, 0x200, 0x100, 0x800])
        quality = st.sampled_from([60] * 4 + [3])
        fields = {"name": f"t{number}", "tlen": draw(st.integers(-300, 300))}
        one = record(0, start_1, cigar_1, 0x10 * reverse_1 | draw(filtered), mapq=draw(quality), **fields)
        reads = [one]
        if draw(st.booleans()):
            proper = draw(st.sampled_from([0x3, 0x3, 0x3, 0x1]))
            two = record(0, start_2, cigar_2, 0x10 * reverse_2 | draw(filtered), mapq=draw(quality), **fields)
            reads = [
                one | {"flag": one["flag"] | proper | 0x40 | 0x20 * reverse_2, "mate": start_2},
                two | {"flag": two["flag"] | proper | 0x80 | 0x20 * reverse_1, "mate": start_1},
            ]
            missing = draw(st.sampled_from([None, None, None, 0, 1]))
            reads = [read for n, read in enumerate(reads) if n != missing]
        drawn.append(reads)
    return drawn


def written(folder: Path, molecules: list[Records]) -> Path:
    records = sorted((r for reads in molecules for r in reads), key=lambda r: r["start"])
    records = [r | {"length": r["tlen"]} for r in records]
    return write_bam(folder / "a.bam", records, sizes={"c": SIZE})


def mirrored(molecules: list[Records]) -> list[Records]:
    """Return the same reads of the reverse complement of the genome."""

    def turn(read: dict[str, Any], others: Records) -> dict[str, Any]:
        flag = read["flag"] ^ 0x10 ^ (0x20 if "mate" in read else 0)
        cigar = "".join(f"{length}{kind}" for length, kind in reversed(steps(read["cigar"])))
        turned = read | {"start": SIZE - read["start"] - span(read["cigar"]), "cigar": cigar, "flag": flag}
        if "mate" in read:
            mates = [other for other in others if other is not read]
            width = span(mates[0]["cigar"]) if mates else 10  # of a mate that is missing, any place will do
            turned |= {"mate": SIZE - read["mate"] - width, "tlen": -read["tlen"]}
        return turned

    return [[turn(read, reads) for read in reads] for reads in molecules]


def aligned(read: dict[str, Any]) -> list[int]:
    bases, position = [], read["start"]
    for length, kind in steps(read["cigar"]):
        if kind == "M":
            bases += range(position, position + length)
        position += length if kind in "MDN" else 0
    return bases


def counted(molecules: list[Records], library: str, signal: str, min_mapq: int) -> dict[str, np.ndarray[Any, Any]]:
    """Count molecule by molecule, with both mates at hand."""
    counts = {"+": np.zeros(SIZE), "-": np.zeros(SIZE)}

    def strand(read: dict[str, Any]) -> str:
        rna_is_minus = [bool(read["flag"] & 0x10), bool(read["flag"] & 0x80), library == "reverse"].count(True) % 2
        return "-" if rna_is_minus else "+"

    for reads in molecules:
        used = [r for r in reads if not r["flag"] & 0xF00 and r["mapq"] >= min_mapq]
        if signal != "coverage":
            rna_starts_at_read = 1 if (library == "forward") == (signal == "5prime") else 2
            for read in used:
                number = 2 if read["flag"] & 0x80 else 1 if read["flag"] & 0x40 else None
                if number in (None, rna_starts_at_read):
                    leftmost = (strand(read) == "+") == (signal == "5prime")
                    counts[strand(read)][aligned(read)[0 if leftmost else -1]] += 1
            continue
        covered = [set(aligned(read)) for read in used]
        if len(used) == 2 and used[0]["flag"] & 0x2 and (used[0]["flag"] ^ used[1]["flag"]) & 0x10:
            left, right = sorted(covered, key=min)
            covered = [left | right | set(range(max(left) + 1, min(right)))]
        for read, bases in zip(used, covered, strict=False):
            counts[strand(read)][sorted(bases)] += 1
    return counts


def measured(folder: Path, molecules: list[Records], library: Any, config: ReadsConfig) -> dict[str, Any]:
    source = AlignmentSignal([written(folder, molecules)], library=library, config=config)
    pieces: dict[str, list[Any]] = {strand: [np.zeros(0)] for strand in "+-"}
    with suppress(InputError):  # all were left out
        for _, start, values in source.windows():
            assert start == sum(map(len, pieces["+"]))
            for strand, part in zip("+-", values, strict=True):
                pieces[strand].append(part)
    return {strand: np.concatenate(parts) for strand, parts in pieces.items()}


@settings(max_examples=150)
@given(
    templates(),
    st.sampled_from(["forward", "reverse"]),
    st.sampled_from(["coverage", "coverage", "5prime", "3prime"]),
    st.sampled_from([0, 10]),
    st.sampled_from([(1 << 16, 12, 1000), (7, 2, 0), (11, 3, 5)]),
)
def test_every_base_is_counted_as_by_molecule_and_as_in_the_mirror(
    molecules: list[Records], library: Any, signal: Any, min_mapq: int, sizes: tuple[int, int, int]
) -> None:
    config = ReadsConfig(signal=signal, min_mapq=min_mapq)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment_signal, "WINDOW_BP", sizes[0])
        patch.setattr(fragments, "_BIN_BITS", sizes[1])
        patch.setattr(fragments, "SLACK_BP", sizes[2])
        values = measured(Path(folder), molecules, library, config)
        turned = measured(Path(folder), mirrored(molecules), library, config)
    expected = counted(molecules, library, signal, min_mapq)
    for strand, other in (("+", "-"), ("-", "+")):
        np.testing.assert_array_equal(values[strand], expected[strand])
        np.testing.assert_array_equal(values[strand], turned[other][::-1])


# --- what records say of each other, and what is true -----------------------------------------------------------------


def two(start: int, mate: int, **fields: Any) -> Records:
    """Return two records of a proper pair, read 1 on plus."""
    width = fields.pop("width", 20)
    common = {"name": "p", "length": mate + width - start} | fields
    left = record(0, start, f"{width}M", 0x63, mate=mate, **common)
    return [left, record(0, mate, f"{width}M", 0x93, **common | {"mate": start, "length": -common["length"]})]


def test_a_mate_that_was_clipped_after_alignment_is_still_found(tmp_path: Path) -> None:
    left, right = two(100, 160)  # as after primers were clipped: the starts moved, and the records of the mates did not
    path = write_bam(tmp_path / "a.bam", [left | {"start": 107}, right | {"start": 166}])
    assert found(path)[0] == [(0, ((107, 186),), False)]


def test_pairs_of_one_name_are_told_apart_by_their_places(tmp_path: Path) -> None:
    records = two(100, 160) + two(105, 180) + two(300, 350)  # as in merged runs that number their reads from 1
    path = write_bam(tmp_path / "a.bam", sorted(records, key=lambda r: r["start"]))
    assert sorted(found(path)[0]) == [
        (0, ((start, end),), False) for start, end in ((100, 180), (105, 200), (300, 370))
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("x/1", "x/2"), ("SRR1.7.1", "SRR1.7.2"), ("x_1", "x_2"), ("SRR1.1", "SRR1.1"), ("SRR1.2", "SRR1.2")],
)
def test_mates_whose_names_end_in_the_number_of_the_read_are_a_pair(tmp_path: Path, one: str, other: str) -> None:
    left, right = two(100, 160)
    path = write_bam(tmp_path / "a.bam", [left | {"name": one}, right | {"name": other}])
    assert found(path)[0] == [(0, ((100, 180),), False)]


def test_mates_without_names_are_known_by_their_places(tmp_path: Path) -> None:
    records = [*two(100, 160, name="*"), *two(105, 200, name="*"), two(300, 350, name="*")[0]]
    path = write_bam(tmp_path / "a.bam", sorted(records, key=lambda r: r["start"]))
    expected = [((100, 180),), ((105, 220),), ((300, 320),)]
    assert sorted(f[1] for f in found(path)[0]) == expected


def test_neighbours_whose_names_differ_in_a_number_are_no_pair(tmp_path: Path) -> None:
    left, right = two(100, 160, name="SRR1.1")[0], two(104, 160, name="SRR1.2")[1]
    path = write_bam(tmp_path / "a.bam", [left, right])  # samtools view -s may leave such two
    assert [f[1] for f in found(path)[0]] == [((100, 120),), ((160, 180),)]


def test_mates_of_one_name_that_are_no_pair_stay_apart(tmp_path: Path) -> None:
    left, right = two(10, 60, name="p")[0], two(3000, 5000, name="p")[1]
    path = write_bam(tmp_path / "a.bam", [left, right], sizes={"c": 9000})
    found_alone, tally = found(path)
    assert [f[1] for f in found_alone] == [((10, 30),), ((5000, 5020),)]
    assert (tally[PAIRS], tally[ALONE], tally[WITHOUT_MATE]) == (0, 2, 2)


@pytest.mark.parametrize("distance", [fragments.FARTHEST_BP, fragments.FARTHEST_BP + 1])
def test_mates_far_apart_count_each_by_itself(tmp_path: Path, distance: int) -> None:
    path = write_bam(tmp_path / "a.bam", two(10, 10 + distance), sizes={"c": 2_000_000})
    blocks = [f[1] for f in found(path)[0]]
    whole, apart = [((10, 30 + distance),)], [((10, 30),), ((10 + distance, 30 + distance),)]
    assert blocks == (whole if distance == fragments.FARTHEST_BP else apart)


def test_few_reads_wait_whatever_the_mates_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    enter = fragments._WaitingRoom.enter

    def watched(self: Any, read: Any) -> bool:
        nonlocal most
        entered = enter(self, read)
        most = max(most, sum(map(len, self._reads.values())))
        return entered

    monkeypatch.setattr(fragments._WaitingRoom, "enter", watched)
    size, records = 400_000, []
    for n in range(4000):  # a read every 50 bases, of each kind of mate that never comes
        start, kind = 50 * n, n % 4
        mate = {0: start + 200, 1: max(start - 200, 0), 2: min(start + 3_000_000, 10**9), 3: start + 200}[kind]
        one = record(0, start, flag=0x63 if kind != 3 else 0x61, name=f"r{n}", mate=mate, length=220)
        records.append(one | ({"mate_contig": 1} if kind == 2 else {}))
    path = write_bam(tmp_path / "a.bam", records, sizes={"c": size, "d": 10**9 + 1})
    assert found(path)[1][WITHOUT_MATE] == 4000
    reach = 200 + fragments.SLACK_BP + 2 * (1 << fragments._BIN_BITS)
    assert 10 < most <= reach / 50


def test_an_end_is_told_by_the_read_that_starts_there(tmp_path: Path) -> None:
    # read 1 on plus, aligned [100, 120); its mate ends before it does: the fragment was shorter than the reads
    path = write_bam(tmp_path / "a.bam", sorted(two(100, 95), key=lambda r: r["start"]))
    for library, signal, expected in (
        ("forward", "5prime", [(0, ((100, 101),), False)]),
        ("forward", "3prime", [(0, ((114, 115),), False)]),
        ("reverse", "5prime", [(0, ((114, 115),), True)]),
        ("reverse", "3prime", [(0, ((100, 101),), True)]),
        ("forward", "coverage", [(0, ((95, 120),), False)]),
    ):
        assert found(path, library=library, signal=signal)[0] == expected


def test_paired_records_without_a_number_have_no_strand(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10, flag=0x1), record(0, 50, flag=0x1 | 0x40 | 0x80)])
    assert found(path)[0] == []
    assert found(path)[1]["of pairs, but neither first nor second read"] == 2
    assert len(found(path, library="unstranded")[0]) == 2


def test_a_record_that_begins_with_a_deletion_does_not_hide_its_neighbour(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "a.bam", [record(0, 10, "30D20M"), record(0, 11, "5M"), record(0, 12, "5M")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment_signal, "WINDOW_BP", 8)
        source = AlignmentSignal([path], library="forward")
        plus = np.concatenate([values[0] for chrom, _, values in source.windows() if chrom == "c1"])
    assert np.flatnonzero(plus).tolist() == [*range(11, 17), *range(40, 60)]
