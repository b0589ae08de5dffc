from __future__ import annotations

import math
import shutil
import struct
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pybigtools
import pyBigWig
import pytest
from bbi_walk import Walk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tracktools.errors import GenomeMismatchError, InputError, OutputError
from tracktools.formats.bbi import BbiWriter
from tracktools.formats.bigwig import WINDOW_BP, BigWigReader, BigWigWriter, write_bigwig

Values = npt.NDArray[np.float32]
Signal = tuple[dict[str, int], dict[str, Values]]
VALUES = st.one_of(st.just(np.nan), st.sampled_from([0.0, -0.0, 1.0]), st.floats(width=32, allow_infinity=False))


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    """A genome, and values of some of its sequences: dense, sparse, in runs, with gaps."""
    names = st.sampled_from(["b", "a10", "a2", "contig.with-a.long|name"])
    sizes = draw(st.dictionaries(names, st.integers(1, 300), min_size=1))
    arrays = {}
    for name, size in sizes.items():
        if draw(st.booleans()):
            lengths = draw(hnp.arrays(np.int64, size, elements=st.integers(1, 9)))
            values = draw(hnp.arrays(np.float32, size, elements=VALUES, fill=st.just(np.nan)))
            arrays[name] = np.repeat(values, lengths)[:size]
    return sizes, arrays


def some_signals() -> dict[str, Signal]:
    """Signals of every shape, each long enough for many blocks."""
    rng = np.random.default_rng(20)
    size = 3 * WINDOW_BP + 4321
    dense = rng.normal(size=size).astype(np.float32)
    sparse = np.full(size, np.nan, dtype=np.float32)
    where = rng.choice(size, 2500, replace=False)
    sparse[where] = rng.exponential(size=2500)
    runs = np.repeat(rng.poisson(3, 4000), rng.integers(1, 120, 4000)).astype(np.float32)[:size]
    gaps = dense.copy()
    gaps[100:WINDOW_BP] = np.nan
    gaps[WINDOW_BP + 7 : 2 * WINDOW_BP + 33] = np.nan
    small = rng.integers(1, 130, 5000)
    contigs = {f"NODE_{number}_length": rng.normal(size=n).astype(np.float32) for number, n in enumerate(small)}
    return {
        "dense": ({"chr": size}, {"chr": dense}),
        "sparse": ({"chr": size, "other": 40}, {"chr": sparse}),
        "runs": ({"other": 40, "chr": size}, {"chr": runs}),
        "all negative": ({"chr": size}, {"chr": -np.abs(dense) - 1}),
        "all zero": ({"chr": size}, {"chr": np.zeros(size, dtype=np.float32)}),
        "one base": ({"chr": size}, {"chr": np.where(np.arange(size) == 70_007, np.float32(-3), np.float32(np.nan))}),
        "the last base": ({"a": 1, "b": 33}, {"b": np.where(np.arange(33) == 32, np.float32(0.1), np.float32(np.nan))}),
        "gaps": ({"chr": size}, {"chr": gaps}),
        "5,000 contigs": ({name: len(values) for name, values in contigs.items()}, contigs),
        "nothing": ({"chr": size}, {}),
    }


SIGNALS = some_signals()
every_signal = pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)


def check_values(path: Path, signal: Signal) -> None:
    sizes, arrays = signal
    other = pybigtools.open(str(path))
    theirs = pyBigWig.open(str(path))
    assert other.chroms() == theirs.chroms() == sizes
    with BigWigReader(path) as reader:
        assert list(reader.chrom_sizes.items()) == list(sizes.items())
        for name, size in sizes.items():
            expected = np.full(size, np.nan, dtype=np.float32)
            expected[: len(arrays.get(name, ()))] = arrays.get(name, ())
            ours = reader.values(name, 0, size)
            assert ours.dtype == np.float32
            np.testing.assert_array_equal(ours, expected)
            np.testing.assert_array_equal(theirs.values(name, 0, size, numpy=True), expected)
            np.testing.assert_array_equal(other.values(name, 0, size, fillna=None), expected)
    theirs.close()


@settings(max_examples=50)
@given(signals())
def test_any_values_are_read_back_by_three_readers(tmp_path_factory: pytest.TempPathFactory, signal: Signal):
    path = tmp_path_factory.mktemp("bw") / "a.bw"
    write_bigwig(path, *signal)
    check_values(path, signal)


@every_signal
def test_large_files_are_read_back_by_three_readers(tmp_path: Path, signal: Signal):
    write_bigwig(tmp_path / "a.bw", *signal)
    check_values(tmp_path / "a.bw", signal)
    assert [file.name for file in tmp_path.iterdir()] == ["a.bw"]


def brute_force(signal: Signal, reduction: int) -> list[tuple[int, int, int, Values]]:
    """Sequence, start, end and values of each window that contains a value."""
    windows = []
    for number, (name, size) in enumerate(signal[0].items()):
        values = signal[1].get(name, np.zeros(0, dtype=np.float32))
        for start in range(0, len(values), reduction):
            known = values[start : start + reduction]
            known = known[~np.isnan(known)]
            if len(known):
                windows.append((number, start, min(start + reduction, size), known))
    return windows


def rounded_sum(terms: npt.NDArray[np.float64]) -> object:
    """What a float32 of a sum may be: the nearest, allowing for the rounding of the sum in float64."""
    exact = math.fsum(terms)
    slack = float(np.spacing(np.float32(abs(exact)))) / 2 + 1e-13 * math.fsum(np.abs(terms))
    return pytest.approx(exact, rel=0, abs=slack)


@every_signal
def test_every_zoom_record_is_exact(tmp_path: Path, signal: Signal):
    write_bigwig(tmp_path / "a.bw", *signal)
    walk = Walk(tmp_path / "a.bw")
    for level, (reduction, *_) in enumerate(walk.zooms):
        records, windows = walk.zoom_records(level), brute_force(signal, reduction)
        assert [record[:3] for record in records] == [window[:3] for window in windows]
        for record, (*_, known) in zip(records, windows, strict=True):
            assert record[3:6] == (len(known), known.min(), known.max())
            assert record[6] == rounded_sum(known.astype(float))
            assert record[7] == rounded_sum(known.astype(float) ** 2)


@pytest.mark.parametrize("name", ["dense", "all negative", "gaps"])
def test_dense_signals_have_all_zoom_levels_below_their_length(tmp_path: Path, name: str):
    write_bigwig(tmp_path / "a.bw", *SIGNALS[name])
    walk = Walk(tmp_path / "a.bw")
    assert [zoom[0] for zoom in walk.zooms] == [32, 128, 512, 2048, 8192, 32768, 131072]
    reader = pybigtools.open(str(tmp_path / "a.bw"))
    for level, (reduction, *_) in enumerate(walk.zooms):
        theirs = [(start, end, summary["max_val"]) for start, end, summary in reader.zoom_records(reduction, "chr")]
        assert theirs == [(record[1], record[2], record[5]) for record in walk.zoom_records(level)]


def test_zoom_levels_that_save_nothing_are_left_out(tmp_path: Path):
    write_bigwig(tmp_path / "a.bw", *SIGNALS["one base"])
    assert Walk(tmp_path / "a.bw").zooms == []


@every_signal
def test_the_header_summary_is_exact(tmp_path: Path, signal: Signal):
    write_bigwig(tmp_path / "a.bw", *signal)
    values = np.concatenate([np.zeros(0), *signal[1].values()]).astype(float)
    known = values[~np.isnan(values)]
    with BigWigReader(tmp_path / "a.bw") as reader:
        summary = reader.summary
    assert summary is not None
    assert summary.bases_covered == len(known)
    extremes = (known.min(), known.max()) if len(known) else (0, 0)
    assert (summary.minimum, summary.maximum) == extremes
    slack = 1e-13 * math.fsum(np.abs(known))
    assert summary.total == pytest.approx(math.fsum(known), rel=0, abs=slack)
    assert summary.sum_of_squares == pytest.approx(math.fsum(known**2), rel=1e-13)
    assert Walk(tmp_path / "a.bw").summary[1:3] == extremes


@pytest.mark.parametrize(("name", "kind"), [("dense", 3), ("sparse", 2), ("runs", 1)])
def test_sections_are_of_the_smallest_kind(tmp_path: Path, name: str, kind: int):
    write_bigwig(tmp_path / "a.bw", *SIGNALS[name])
    walk = Walk(tmp_path / "a.bw")
    sections = [struct.unpack_from("<IIIIIBxH", block) for _, block in walk.blocks(walk.index)]
    assert {section[5] for section in sections} == {kind}
    assert len(sections) == walk.item_count
    assert max(section[6] for section in sections) <= 1024


@settings(max_examples=30)
@given(cuts=st.sets(st.integers(1, 2 * WINDOW_BP + 98)), name=st.sampled_from(["dense", "gaps", "runs"]))
def test_the_bytes_do_not_depend_on_the_pieces(tmp_path_factory: pytest.TempPathFactory, cuts: set[int], name: str):
    folder = tmp_path_factory.mktemp("bw")
    values = SIGNALS[name][1]["chr"][: 2 * WINDOW_BP + 99]
    write_bigwig(folder / "whole.bw", {"chr": 200_000}, {"chr": values})
    with BigWigWriter(folder / "pieces.bw", {"chr": 200_000}) as writer:
        for start, end in pairwise([0, *sorted(cuts), len(values)]):
            writer.add("chr", start, values[start:end])
    assert (folder / "pieces.bw").read_bytes() == (folder / "whole.bw").read_bytes()


def test_sequences_are_found_whatever_their_order(tmp_path: Path):
    sizes = {f"c{number}": 10 + number for number in np.random.default_rng(3).permutation(700).tolist()}
    write_bigwig(tmp_path / "a.bw", sizes, {"c17": np.ones(3, dtype=np.float32)})
    walk = Walk(tmp_path / "a.bw")
    assert [walk.chrom(name) for name in sizes] == list(enumerate(sizes.values()))


def test_memory_does_not_grow_with_the_values(tmp_path: Path):
    def peak_bytes(size: int) -> int:
        rng = np.random.default_rng(1)
        tracemalloc.start()
        with BigWigWriter(tmp_path / "a.bw", {"chr": size}) as writer:
            for start in range(0, size, 250_000):
                writer.add("chr", start, rng.random(250_000, dtype=np.float32))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    small, large = peak_bytes(2_000_000), peak_bytes(7_000_000)
    assert large - small < 0.1 * 5_000_000 * 4  # for 20 million bytes more of values
    assert large < 14 * 2**20


NAN = np.float32(np.nan)


@pytest.mark.parametrize(
    ("pieces", "error", "problem"),
    [
        ([("b", 0, [1.0, np.inf])], InputError, r"value of b at 1 \(0-based\) is infinite"),
        ([("b", 0, [1e300])], InputError, "infinite"),
        ([("a", 8, [1.0, 2.0, 3.0])], GenomeMismatchError, r"a \[8, 11\) lie outside its 10 bp"),
        ([("a", -1, [1.0])], GenomeMismatchError, "outside"),
        ([("chr1", 0, [1.0])], GenomeMismatchError, r"no sequence 'chr1' .* \(it has b, a\)"),
        ([("a", 0, [1.0]), ("b", 0, [1.0])], ValueError, "b comes before a"),
        ([("b", 5, [NAN]), ("b", 5, [1.0])], ValueError, "b is written up to 6; values at 5 come too late"),
        ([("b", 0, [[1.0, 2.0]])], ValueError, r"shape \(1, 2\)"),
    ],
)
def test_wrong_values_are_refused_and_nothing_is_left(
    tmp_path: Path, pieces: list[tuple[str, int, list[float]]], error: type[Exception], problem: str
):
    def write() -> None:
        with BigWigWriter(tmp_path / "x.bw", {"b": 30, "a": 10}) as writer:
            for chrom, start, values in pieces:
                writer.add(chrom, start, np.array(values))

    with pytest.raises(error, match=problem):
        write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sizes", "problem"),
    [({}, "without sequences"), ({"a": 0}, "length of 0"), ({"a": 2**31}, "2147483648"), ({"": 5}, "no name")],
)
def test_genomes_that_do_not_fit_are_refused(tmp_path: Path, sizes: dict[str, int], problem: str):
    with pytest.raises(InputError, match=problem):
        write_bigwig(tmp_path / "x.bw", sizes, {})
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path: Path):
    with pytest.raises(OutputError, match="its folder does not exist"):
        write_bigwig(tmp_path / "none" / "x.bw", {"a": 5}, {})
    (tmp_path / "x.bw").mkdir()
    with pytest.raises(OutputError, match="a folder has that name"):
        write_bigwig(tmp_path / "x.bw", {"a": 5}, {})


def test_an_error_while_writing_keeps_the_older_file(tmp_path: Path):
    path = tmp_path / "x.bw"
    write_bigwig(path, {"a": 5}, {"a": np.ones(4, dtype=np.float32)})
    before = path.read_bytes()

    def write_half() -> None:
        with BigWigWriter(path, {"a": 5}) as writer:
            writer.add("a", 0, np.zeros(2))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x.bw"]


@pytest.mark.parametrize("damage", ["another value", "a value too many"])
def test_a_file_that_does_not_read_back_as_written_does_not_appear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
):
    add = BbiWriter.finish_data

    def write_and_damage(writer: BbiWriter) -> None:
        section = struct.pack("<IIIIIBxHf", 0, 3, 4, 1, 1, 3, 1, 8.0)
        if damage == "another value":
            writer.blocks = type(writer.blocks)(writer.file)
        writer.blocks.add(0, 3, 4, section)
        add(writer)

    monkeypatch.setattr(BbiWriter, "finish_data", write_and_damage)
    with pytest.raises(OutputError, match=r"x\.bw: does not read back"):
        write_bigwig(tmp_path / "x.bw", {"a": 9}, {"a": np.array([np.nan, 1, 1], dtype=np.float32)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [FileNotFoundError, OutputError])
def test_a_file_that_is_taken_away_or_cut_while_it_is_written_is_an_error_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
):
    add = BigWigWriter._read_back

    def taken_and_read(writer: BigWigWriter) -> None:
        (partial,) = tmp_path.iterdir()
        partial.unlink() if error is FileNotFoundError else partial.write_bytes(b"")
        add(writer)

    monkeypatch.setattr(BigWigWriter, "_read_back", taken_and_read)
    with pytest.raises(error, match=r"\.partial|x\.bw: does not read back"):
        write_bigwig(tmp_path / "x.bw", {"a": 9}, {"a": np.ones(3, dtype=np.float32)})
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def dense_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dense") / "dense.bw"
    write_bigwig(path, *SIGNALS["dense"])
    return path


def test_reading_a_part(dense_file: Path):
    values = SIGNALS["dense"][1]["chr"]
    with BigWigReader(dense_file) as reader:
        np.testing.assert_array_equal(reader.values("chr", 70_000, 70_003), values[70_000:70_003])
        assert reader.values("chr", 5, 5).shape == (0,)
        with pytest.raises(GenomeMismatchError, match=r"no sequence 'chr1' \(it has chr\)"):
            reader.values("chr1", 0, 1)
        for start, end in [(-1, 3), (4, 3), (0, len(values) + 1)]:
            with pytest.raises(GenomeMismatchError, match="lies outside"):
                reader.values("chr", start, end)


@pytest.mark.parametrize("share", [0, 1e-5, 1e-4, 3e-4, 0.3, 0.9, 0.9999])
def test_files_cut_short_are_refused_before_c_code_sees_them(
    tmp_path: Path, dense_file: Path, capfd: pytest.CaptureFixture[str], share: float
):
    whole = dense_file.read_bytes()
    (tmp_path / "cut.bw").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=r"cut\.bw: is (cut short|no bigWig)"):
        BigWigReader(tmp_path / "cut.bw")
    assert capfd.readouterr().err == ""


def test_other_files_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        BigWigReader(tmp_path / "none.bw")
    with pytest.raises(InputError, match="is a folder"):
        BigWigReader(tmp_path)
    for content, problem in [
        (b"chr\t1\t2\n" * 30, "is no bigWig"),
        (struct.pack("<I", 0x8789F2EB) * 30, "is no bigWig but a bigBed"),
        (struct.pack(">I", 0x888FFC26) * 30, "big-endian"),
    ]:
        (tmp_path / "x.bw").write_bytes(content)
        with pytest.raises(InputError, match=problem):
            BigWigReader(tmp_path / "x.bw")


def test_damaged_values_are_an_input_error(tmp_path: Path, dense_file: Path):
    walk = Walk(dense_file)
    leaf = walk.leaves(walk.index)[1]
    shutil.copy(dense_file, tmp_path / "x.bw")
    with (tmp_path / "x.bw").open("r+b") as file:
        file.seek(leaf[4])
        file.write(b"\xff" * leaf[5])
    with BigWigReader(tmp_path / "x.bw") as reader:
        reader.values("chr", 0, 1000)
        with pytest.raises(InputError, match=r"x\.bw: is damaged at chr"):
            reader.values("chr", leaf[1], leaf[3])


def test_a_damaged_tree_of_sequences_is_an_input_error(tmp_path: Path, dense_file: Path):
    data = bytearray(dense_file.read_bytes())
    tree = Walk(dense_file).tree
    for offset, junk in [(tree, b"\0\0\0\0"), (tree + 36, b"\xff\xfe\xff\xff")]:
        (tmp_path / "x.bw").write_bytes(data[:offset] + junk + data[offset + 4 :])
        with pytest.raises(InputError, match=r"x\.bw: is damaged"):
            BigWigReader(tmp_path / "x.bw")


@pytest.mark.parametrize("value", [np.nan, -2.5, 0.25])
def test_files_of_pybigwig_are_read_however_wrong_their_header_is(tmp_path: Path, value: float):
    path = tmp_path / "x.bw"
    theirs = pyBigWig.open(str(path), "w")
    theirs.addHeader([("chr", 100)])
    theirs.addEntries("chr", 10, values=[value, value], span=1, step=1)
    theirs.close()
    with BigWigReader(path) as reader:
        np.testing.assert_array_equal(reader.values("chr", 9, 13), np.array([np.nan, value, value, np.nan]))
        assert reader.summary is not None
        assert reader.summary.minimum == value or math.isnan(value)
