"""Only chosen bases are scored: to the bits of a whole run there, absent elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from runs import GENOME, SMALL, checkpoint_of, files_of, settings_of, write_fasta
from tracktools.blocks import RegionMask, blank_others, plan_blocks, window_bp
from tracktools.cli import tracktools
from tracktools.engine.native.library import usable_kernels
from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bigwig import BigWigReader
from tracktools.genome import Contig, Genome
from tracktools.interval import Strand
from tracktools.predict import Prediction, Shard, merge_shards, predict_genome, predict_shard, read_selection

BED = """\
# unsorted, overlapping, touching, doubled, empty
circle\t1100\t1201\ta\t0\t.
linear\t700\t701\tb\t0\t+
linear\t690\t700\tc\t0\t+
linear\t1700\t1777\td\t0\t-
circle\t0\t40\te\t0\t-
circle\t30\t60\tf\t0\t.
circle\t30\t60\tg\t0\t.
tinycircle\t5\t9\th\t0\t+
linear\t100\t100\ti\t0\t.
short\t0\t9\tj\t0\t.
"""
CHOSEN = {
    ("linear", "+"): [(690, 701)],
    ("linear", "-"): [(1700, 1777)],
    ("circle", "+"): [(30, 60), (1100, 1201)],
    ("circle", "-"): [(0, 60), (1100, 1201)],
    ("tinycircle", "+"): [(5, 9)],
    ("short", "+"): [(0, 9)],
    ("short", "-"): [(0, 9)],
}


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def signals_of(prediction: Prediction) -> dict[tuple[str, str], npt.NDArray[np.float32]]:
    signals = {}
    for strand, path in (("+", prediction.plus), ("-", prediction.minus)):
        with BigWigReader(path) as reader:
            for contig in GENOME:
                signals[contig.name, strand] = reader.values(contig.name, 0, len(contig))
    return signals


def test_the_union_of_intervals_is_taken_strand_by_strand(tmp_path: Path) -> None:
    selection = read_selection(write(tmp_path / "r.bed", BED), GENOME)
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for chrom, start, end, strand in selection:
        found.setdefault((chrom, strand), []).append((start, end))
    assert found == CHOSEN


@pytest.mark.parametrize("engine", ["torch", "native"] if usable_kernels() else ["torch"])
@pytest.mark.parametrize("block_bp", [37, 500])
def test_chosen_bases_have_the_bits_of_a_whole_run_and_others_are_absent(
    tmp_path: Path, engine: str, block_bp: int
) -> None:
    selection = read_selection(write(tmp_path / "r.bed", BED), GENOME)
    model = checkpoint_of()
    whole = signals_of(predict_genome(GENOME, tmp_path / "w", model=model, config=settings_of(500, engine)))
    part = predict_genome(GENOME, tmp_path / "p", model=model, config=settings_of(block_bp, engine), regions=selection)
    scored = 0
    for (chrom, strand), signal in signals_of(part).items():
        expected = np.full(len(signal), np.nan, dtype=np.float32)
        for start, end in CHOSEN.get((chrom, strand), []):
            expected[start:end] = whole[chrom, strand][start:end]
        assert np.array_equal(signal, expected, equal_nan=True), (chrom, strand)
        scored += int((~np.isnan(signal)).sum())
    assert scored > 300


def test_shards_of_regions_are_joined_to_one_run(tmp_path: Path) -> None:
    selection = read_selection(write(tmp_path / "r.bed", BED), GENOME)
    model = checkpoint_of()
    predict_genome(GENOME, tmp_path / "whole", model=model, config=settings_of(), regions=selection)
    folders = [
        predict_shard(
            GENOME, tmp_path / f"s{n}", Shard(n, 3), model=model, config=settings_of(), regions=selection
        ).folder
        for n in (1, 2, 3)
    ]
    merge_shards(folders, tmp_path / "merged")
    assert files_of(tmp_path / "whole") == files_of(tmp_path / "merged")
    everything = predict_shard(GENOME, tmp_path / "other", Shard(2, 3), model=model, config=settings_of()).folder
    with pytest.raises(InputError, match="regions is nothing, and"):
        merge_shards([folders[0], everything, folders[2]], tmp_path / "mixed")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("linear\t0\t9\n\nlinear\t1700\t1778\n", r"r.bed:3: linear \[1700, 1778\) ends past .*1777 bp"),
        ("linear\t0\t9\nnowhere\t1\t2\n", r"r.bed:2: the genome has no sequence 'nowhere' \(it has linear, circle"),
        ("", "r.bed: contains no interval"),
        ("# nothing\nlinear\t5\t5\n", "r.bed: contains no interval"),
        ("linear\t9\t2\n", "r.bed:1: chromStart is '9'"),
        ("linear\t1\t2\tx\t0\t*\n", "r.bed:1: strand is"),
        ("linear 5\n", "r.bed.*BED needs 3"),
    ],
)
def test_what_is_not_on_the_genome_is_refused_with_the_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_selection(write(tmp_path / "r.bed", text), GENOME)
    assert "\n" not in str(caught.value)


def test_other_names_of_a_sequence_are_understood_and_other_versions_are_not(tmp_path: Path) -> None:
    genome = Genome("g", (Contig("NC_000913.3", GENOME.contigs[1].letters),))
    assert read_selection(write(tmp_path / "r.bed", "U00096.3\t3\t7\tx\t0\t-\n"), genome) == (
        ("NC_000913.3", 3, 7, "-"),
    )
    with pytest.raises(GenomeMismatchError, match=r"r.bed:1: .*another version: lift"):
        read_selection(write(tmp_path / "r.bed", "U00096.2\t3\t7\n"), genome)


@given(st.data())
def test_blocks_hold_every_chosen_base_once_and_little_else(data: st.DataObject) -> None:
    block_bp = data.draw(st.integers(1, 900))
    chosen: dict[tuple[int, Strand], list[tuple[int, int]]] = {}
    for number, strand in ((0, "+"), (0, "-"), (1, "-"), (3, "+")):
        borders = sorted(data.draw(st.sets(st.integers(0, len(GENOME.contigs[number])), max_size=6)))
        chosen[number, strand] = list(zip(borders[::2], borders[1::2], strict=False))  # type: ignore[index]
    blocks = plan_blocks(GENOME, block_bp, SMALL, chosen)
    context_bp = SMALL.halo_upstream_bp + SMALL.halo_downstream_bp
    times = {(n, s): np.zeros(len(c), int) for n, c in enumerate(GENOME) for s in "+-"}
    for block in blocks:
        assert len(block) <= block_bp
        reads = [window_bp(piece, GENOME.contigs[piece.contig], SMALL) for piece in block.pieces]
        assert sum(reads) <= block_bp + context_bp
        kept = blank_others(block, np.ones(len(block), dtype=np.float32), chosen)
        for piece, values in block.split(kept):
            times[piece.contig, piece.strand][piece.start : piece.end] += ~np.isnan(values)
    for (number, strand), count in times.items():
        assert np.array_equal(count > 0, wanted(chosen, number, strand))
        assert count.max(initial=0) <= 1


def wanted(chosen: RegionMask, number: int, strand: str) -> npt.NDArray[np.bool_]:
    contig = GENOME.contigs[number]
    mask = np.zeros(len(contig), dtype=bool)
    for start, end in chosen.get((number, strand), ()):  # type: ignore[call-overload]
        mask[start:end] = True
    if not contig.circular:
        unscored = slice(len(contig) - 9, None) if strand == "+" else slice(0, 9)
        mask[unscored] = False
    return mask


def test_the_command_says_what_it_chose(tmp_path: Path) -> None:
    fasta = write_fasta(tmp_path / "three.fa", GENOME)
    bed = write(tmp_path / "r.bed", "circle\t5\t9\n")
    words = ["predict", str(fasta), "-m", "ecoli-tss", "-o", str(tmp_path / "out"), "--regions", str(bed), "-t", "1"]
    result = CliRunner().invoke(tracktools, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    with BigWigReader(tmp_path / "out" / "three.minus.bw") as reader:
        assert reader.summary is not None
        assert reader.summary.bases_covered == 0  # linear: the first 20 bases of the minus strand have no value
    with BigWigReader(tmp_path / "out" / "three.plus.bw") as reader:
        assert reader.summary is not None
        assert reader.summary.bases_covered == 4
    assert "8 chosen positions" in result.stderr
