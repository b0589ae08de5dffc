"""Predictions depend on the sequence alone, land on the exact base, and arrive in the files as computed."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pybigtools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import random_network, word_finder
from runs import GENOME, SMALL, files_of, killed_predict, letters
from tracktools.blocks import Block, Piece, plan_blocks
from tracktools.config import ModelConfig, PredictConfig
from tracktools.engine.caveats import caveats_of
from tracktools.engine.grid import window_of
from tracktools.errors import InputError, OutputError, OutputForeign, OutputLocked, OutputNotEmpty, UnfinishedRunDiffers
from tracktools.formats.bed import read_bed
from tracktools.genome import Contig, Genome, load_genome
from tracktools.hub.build import build_hub
from tracktools.model.checkpoint import Checkpoint, Metadata, save_checkpoint
from tracktools.predict import compute, predict_genome, predict_sequence
from tracktools.predict.store import BlockStore
from tracktools.run import difference
from tracktools.splits import Region, Split

WORD = "TATAATG"
DISTANCE_BP = 30  # word_finder answers this far downstream of the word's centre
FINDER = ModelConfig(
    n_layers=1, n_heads=1, d_model=32, d_head=32, conv_width_bp=len(WORD), attention_window_bp=100, label_shift_bp=20
)
TSS_FROM_CENTRE = DISTANCE_BP - FINDER.label_shift_bp


def settings_of(block_bp: int = 500, threads: int = 1) -> PredictConfig:
    return PredictConfig(block_bp=block_bp, threads=threads, engine="torch", device="cpu")


def checkpoint_of(config: ModelConfig = SMALL, threshold: float = 0.5) -> Checkpoint:
    return Checkpoint(random_network(config, seed=3), Metadata("random", call_threshold=threshold), sha256="0" * 64)


def reverse_complement(sequence: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(sequence.tobytes().translate(bytes.maketrans(b"ACGT", b"TGCA"))[::-1], dtype=np.uint8)


def read_bigwig(path: Path, contig: Contig) -> npt.NDArray[np.float32]:
    """Read with an independent reader; NaN where nothing is written."""
    values = np.full(len(contig), np.nan, dtype=np.float32)
    with pybigtools.open(str(path)) as file:
        for start, end, value in file.records(contig.name):
            values[start:end] = value
    return values


@pytest.mark.parametrize("block_bp", [97, 500, 100_000])
def test_every_bigwig_value_is_the_array_and_unscored_bases_are_absent(tmp_path: Path, block_bp: int) -> None:
    checkpoint = checkpoint_of()
    prediction = predict_genome(GENOME, tmp_path / "out", model=checkpoint, config=settings_of(block_bp))
    for contig in GENOME:
        plus, minus = predict_sequence(
            contig.letters, model=checkpoint, circular=contig.circular, config=settings_of(3_000)
        )
        known = np.isin(contig.letters, np.frombuffer(b"ACGTacgt", dtype=np.uint8))
        for strand, array, path in (("+", plus, prediction.plus), ("-", minus, prediction.minus)):
            read = read_bigwig(path, contig)
            scored = known.copy()
            if not contig.circular:
                scored[len(contig) - 9 :] &= strand == "-"
                scored[:9] &= strand == "+"
            assert np.array_equal(~np.isnan(read), scored), (contig.name, strand)
            assert np.array_equal(np.isnan(read), np.isnan(array))
            assert np.nanmax(np.abs(read - array), initial=0) <= 1e-6


@pytest.mark.parametrize(("block_bp", "threads"), [(64, 1), (333, 2), (1_777, 1)])
def test_blocks_and_threads_do_not_change_the_answer(block_bp: int, threads: int) -> None:
    contig = GENOME.contigs[0]
    expected = predict_sequence(contig.letters, model=checkpoint_of(), config=settings_of(5_000))
    found = predict_sequence(contig.letters, model=checkpoint_of(), config=settings_of(block_bp, threads))
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_reverse_complementing_swaps_the_tracks_exactly() -> None:
    sequence = letters(1_503, 7)
    plus, minus = predict_sequence(sequence, model=checkpoint_of(), config=settings_of())
    swapped_plus, swapped_minus = predict_sequence(
        reverse_complement(sequence), model=checkpoint_of(), config=settings_of()
    )
    assert np.array_equal(plus, swapped_minus[::-1], equal_nan=True)
    assert np.array_equal(minus, swapped_plus[::-1], equal_nan=True)


@settings(max_examples=5, deadline=None)
@given(st.integers(1, 1_200))
def test_rotating_a_circular_genome_rotates_the_tracks(shift: int) -> None:
    sequence = letters(1_201, 8)
    before = predict_sequence(sequence, model=checkpoint_of(), circular=True, config=settings_of())
    after = predict_sequence(np.roll(sequence, shift), model=checkpoint_of(), circular=True, config=settings_of())
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(np.roll(one, shift), other, rtol=0, atol=1e-6)


def test_a_contig_alone_is_as_among_others(tmp_path: Path) -> None:
    among = predict_genome(GENOME, tmp_path / "among", model=checkpoint_of(), config=settings_of())
    for number, contig in enumerate(GENOME):
        alone = predict_genome(
            Genome("alone", (contig,)), tmp_path / f"alone{number}", model=checkpoint_of(), config=settings_of()
        )
        for one, other in ((among.plus, alone.plus), (among.minus, alone.minus)):
            np.testing.assert_allclose(read_bigwig(one, contig), read_bigwig(other, contig), rtol=0, atol=1e-6)


def test_a_circle_shorter_than_the_context_is_read_around_and_around() -> None:
    circle, again = letters(31, 4), np.tile(letters(31, 4), 20)
    around, _ = predict_sequence(circle, model=checkpoint_of(), circular=True, config=settings_of())
    unrolled, _ = predict_sequence(again, model=checkpoint_of(), config=settings_of())
    np.testing.assert_allclose(around, unrolled[31 * 10 : 31 * 11], rtol=0, atol=1e-6)


@pytest.mark.parametrize("centre", [3, 250, 999, 1_500 - 1 - TSS_FROM_CENTRE - FINDER.label_shift_bp])
@pytest.mark.parametrize("strand", ["+", "-"])
def test_a_planted_word_lands_on_the_exact_base(centre: int, strand: str) -> None:
    sequence = np.frombuffer((b"C" * 1_500), dtype=np.uint8).copy()
    sequence[centre - 3 : centre + 4] = np.frombuffer(WORD.encode(), dtype=np.uint8)
    expected = centre + TSS_FROM_CENTRE
    if strand == "-":
        sequence, expected = reverse_complement(sequence), 1_499 - expected
    model = Checkpoint(word_finder(codes_of(WORD), DISTANCE_BP, FINDER), Metadata("finder"))
    plus, minus = predict_sequence(sequence, model=model, config=settings_of())
    signal, other = (plus, minus) if strand == "+" else (minus, plus)
    found, sees_from = np.flatnonzero(signal > 0.5), TSS_FROM_CENTRE  # nearer to the 5' end there is no base to look at
    found = found[found >= sees_from] if strand == "+" else found[found < 1_500 - sees_from]
    assert found.tolist() == [expected]
    assert not (other > 0.5).any()


@pytest.mark.parametrize("shift", [0, 5, 12, 35])
def test_a_word_across_the_origin_of_a_circle_is_found(shift: int) -> None:
    sequence = np.frombuffer((b"C" * 700), dtype=np.uint8).copy()
    sequence[: len(WORD)] = np.frombuffer(WORD.encode(), dtype=np.uint8)
    rotated = np.roll(sequence, -shift)
    model = Checkpoint(word_finder(codes_of(WORD), DISTANCE_BP, FINDER), Metadata("finder"))
    plus, minus = predict_sequence(rotated, model=model, circular=True, config=settings_of(130))
    assert np.flatnonzero(plus > 0.5).tolist() == [(3 + TSS_FROM_CENTRE - shift) % 700]
    _, mirrored = predict_sequence(reverse_complement(rotated), model=model, circular=True, config=settings_of(130))
    assert np.flatnonzero(mirrored > 0.5).tolist() == [699 - (3 + TSS_FROM_CENTRE - shift) % 700]
    assert not (minus > 0.5).any()


def codes_of(word: str) -> npt.NDArray[np.uint8]:
    return np.array(["ACGT".index(letter) for letter in word], dtype=np.uint8)


def test_every_base_is_in_exactly_one_block_with_its_whole_context() -> None:
    for block_bp in (40, 501, 10_000):
        blocks = plan_blocks(GENOME, block_bp, SMALL)
        assert [block.index for block in blocks] == list(range(len(blocks)))
        assert all(len(block) <= block_bp for block in blocks)
        times = {
            (number, strand): np.zeros(len(contig), int) for number, contig in enumerate(GENOME) for strand in "+-"
        }
        for block in blocks:
            for piece in block.pieces:
                times[piece.contig, piece.strand][piece.start : piece.end] += 1
                contig = GENOME.contigs[piece.contig]
                window = window_of(piece, contig, SMALL)
                assert window.last - window.first == piece.end - piece.start
                if contig.circular:
                    assert window.first == SMALL.halo_upstream_bp
                    assert len(window.codes) - window.last == SMALL.halo_downstream_bp
        for (number, _), count in times.items():
            contig = GENOME.contigs[number]
            assert count.max(initial=0) <= 1
            assert count.sum() == (len(contig) if contig.circular else max(len(contig) - 9, 0))


def test_calls_are_local_maxima_of_the_bigwig(tmp_path: Path) -> None:
    prediction = predict_genome(GENOME, tmp_path / "out", model=checkpoint_of(threshold=0.6), config=settings_of(100))
    table, _ = read_bed(prediction.called_tss)
    assert len(table) == prediction.n_calls > 20
    for row in table.itertuples():
        contig = GENOME[row.chrom]
        signal = read_bigwig(prediction.plus if row.strand == "+" else prediction.minus, contig)
        value = signal[row.chromStart]
        neighbours = signal[[(row.chromStart + step) % len(contig) for step in (-1, 1)]]
        assert value >= 0.6
        assert not (neighbours > value).any()
        assert row.modelOutput == pytest.approx(value, abs=1e-6)
        assert row.name == f"pTSS_{row.chrom}_{row.chromStart + 1}_{'f' if row.strand == '+' else 'r'}"
        assert row.split == "none"


def test_a_genome_without_a_call_has_a_hub_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(">c\n" + letters(700, 1).tobytes().decode() + "\n")
    genome = load_genome(tmp_path / "g.fa")
    prediction = predict_genome(genome, tmp_path / "out", model=checkpoint_of(threshold=2), config=settings_of())
    assert prediction.n_calls == 0
    assert prediction.called_tss.is_file()
    hub = build_hub([prediction.folder], tmp_path / "hub", genome=tmp_path / "g.fa").hub
    assert [track.name for track in hub] == ["g_plus", "g_minus"]


def test_calls_and_a_track_say_what_the_model_was_trained_on(tmp_path: Path) -> None:
    circle = GENOME["circle"]
    regions = [(0, 500, "train"), (500, 700, "valid"), (700, 1_201, "test")]
    split = Split(tuple(Region(circle.sequence_sha256, start, end, part) for start, end, part in regions))
    model = Checkpoint(random_network(SMALL, seed=3), Metadata("m", call_threshold=0.6, split=split.to_records()))
    renamed = Genome("renamed", (Contig("other", GENOME.contigs[0].letters[:300]), replace(circle, name="ring")))
    prediction = predict_genome(renamed, tmp_path / "out", model=model, config=settings_of())
    track, _ = read_bed(tmp_path / "out" / "renamed.split.bed")
    assert [tuple(row) for row in track[["chrom", "chromStart", "chromEnd", "name"]].values] == [
        ("ring", start, end, part) for start, end, part in regions
    ]
    calls, _ = read_bed(prediction.called_tss)
    assert set(calls[calls["chrom"] == "other"]["split"]) == {"none"}
    ring = calls[calls["chrom"] == "ring"]
    assert set(ring["split"]) == {"train", "valid", "test"}
    for row in ring.itertuples():
        assert (row.split == "valid") == (500 <= row.chromStart < 700)


def killed(output: Path, after: int, block_bp: int = 500) -> None:
    killed_predict(output, after, GENOME, checkpoint_of(), settings_of(block_bp))


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_stopped_run_continues_and_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    unbroken = predict_genome(GENOME, tmp_path / "unbroken", model=checkpoint_of(), config=settings_of())
    killed(tmp_path / "stopped", after)
    assert not (tmp_path / "stopped").exists()
    scored = scored_blocks(monkeypatch)
    predict_genome(GENOME, tmp_path / "stopped", model=checkpoint_of(), config=settings_of())
    assert len(scored) == len(plan_blocks(GENOME, 500, SMALL)) - after
    assert files_of(unbroken.folder) == files_of(tmp_path / "stopped")
    assert not (tmp_path / "stopped.partial").exists()


def scored_blocks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    scored: list[int] = []
    windows_of = compute.windows_of
    monkeypatch.setattr(
        compute, "windows_of", lambda block, *rest: scored.append(block.index) or windows_of(block, *rest)
    )
    return scored


@pytest.mark.parametrize("damage", ["byte", "cut", "long", "gone", "no checksum", "half a checksum"])
def test_a_kept_block_that_was_changed_is_computed_anew_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    unbroken = predict_genome(GENOME, tmp_path / "unbroken", model=checkpoint_of(), config=settings_of())
    killed(tmp_path / "out", 4)
    path, sums = (tmp_path / "out.partial" / name for name in ("blocks/000003.f32", "blocks.sha256"))
    data, lines = path.read_bytes(), sums.read_text().splitlines(keepends=True)
    if damage == "byte":
        path.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
    elif damage in ("cut", "long"):
        path.write_bytes(data[:-4] if damage == "cut" else data + data[-4:])
    elif damage == "gone":
        path.unlink()
    else:
        sums.write_text("".join(lines[:3]) + (lines[3][:50] if damage.startswith("half") else ""))
    scored = scored_blocks(monkeypatch)
    predict_genome(GENOME, tmp_path / "out", model=checkpoint_of(), config=settings_of())
    assert scored == list(range(3, len(plan_blocks(GENOME, 500, SMALL))))
    assert files_of(unbroken.folder) == files_of(tmp_path / "out")
    assert ("000003.f32" in caplog.text) == (damage != "gone")


@pytest.mark.parametrize("value", [7e30, -5.0, 1.0000001, np.inf, -np.inf])
def test_a_value_that_is_no_model_output_never_reaches_a_track(tmp_path: Path, value: float) -> None:
    store, block = BlockStore(tmp_path), Block(0, (Piece(0, "+", 0, 2),))
    store.save(block, np.array([0.5, value], dtype=np.float32))
    with pytest.raises(InputError, match=r"000000\.f32: value 2 is .*, and model output is 0 to 1"):
        store.load(block)
    assert store.missing([block]) == [block]


def test_an_unfinished_run_with_other_inputs_is_refused_and_restart_drops_it(tmp_path: Path) -> None:
    killed(tmp_path / "out", 1, 77)
    with pytest.raises(UnfinishedRunDiffers, match=r"block_bp was 77 and is now 500.*--restart"):
        predict_genome(GENOME, tmp_path / "out", model=checkpoint_of(), config=settings_of())
    predict_genome(GENOME, tmp_path / "out", model=checkpoint_of(), config=settings_of(), restart=True)


def test_a_second_run_on_one_output_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "out.partial"
    folder.mkdir()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711\n")
        lock.flush()
        with pytest.raises(OutputLocked, match=r"another run \(process 4711\) is working here"):
            predict_genome(GENOME, tmp_path / "out", model=checkpoint_of(), config=settings_of())
        assert (folder / "lock").read_text() == "4711\n"


def test_where_there_are_no_locks_a_warning_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    predict_genome(GENOME, tmp_path / "out", model=checkpoint_of(), config=settings_of())
    assert "has no locks" in caplog.text


@pytest.mark.parametrize("left", [("run.json", "lock"), ("lock",), ()])
def test_a_run_killed_when_its_files_were_in_place_is_complete(tmp_path: Path, left: tuple[str, ...]) -> None:
    output = tmp_path / "out"
    made = predict_genome(GENOME, output, model=checkpoint_of(), config=settings_of())
    written = made.plus.stat().st_mtime_ns
    killed(tmp_path / "other", 1)
    (tmp_path / "out.partial").mkdir()
    for name in left:
        shutil.copyfile(tmp_path / "other.partial" / name, tmp_path / "out.partial" / name)
    shutil.rmtree(tmp_path / "other.partial")
    again = predict_genome(GENOME, output, model=checkpoint_of(), config=settings_of())
    assert again == made
    assert again.plus.stat().st_mtime_ns == written
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    with pytest.raises(OutputNotEmpty, match="is not empty"):
        predict_genome(GENOME, output, model=checkpoint_of(), config=settings_of())


@pytest.mark.parametrize("damage", ["cut", "remove", "other"])
def test_what_is_not_whole_is_not_taken_for_complete(tmp_path: Path, damage: str) -> None:
    output = tmp_path / "out"
    config = settings_of(499 if damage == "other" else 500)
    made = predict_genome(GENOME, output, model=checkpoint_of(), config=config)
    if damage == "cut":
        made.plus.write_bytes(made.plus.read_bytes()[:-1])
    elif damage == "remove":
        made.minus.unlink()
    with pytest.raises(OutputError, match="is not empty"):
        predict_genome(GENOME, output, model=checkpoint_of(), config=settings_of(), keep=True)
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_an_output_in_the_way_is_kept_unless_forced(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "precious").write_text("x")
    (output / "provenance.json").write_text("{}")
    with pytest.raises(OutputError, match=r"is not empty \(--force replaces it\)"):
        predict_genome(GENOME, output, model=checkpoint_of(), config=settings_of())
    with pytest.raises(OutputForeign, match="precious"):
        predict_genome(GENOME, output, model=checkpoint_of(), config=settings_of(), force=True)
    assert (output / "precious").read_text() == "x"
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_an_empty_sequence_is_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        predict_sequence("", model=checkpoint_of())


@pytest.mark.parametrize("exists", [True, False])
def test_an_output_that_is_a_symbolic_link_is_written_where_it_leads(tmp_path: Path, exists: bool) -> None:
    if exists:
        (tmp_path / "scratch").mkdir()
    (tmp_path / "out").symlink_to("scratch")
    made = predict_genome(GENOME, tmp_path / "out", model=checkpoint_of(), config=settings_of())
    assert made.plus.is_file()
    assert (tmp_path / "out").is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"out", "scratch"}


def test_a_full_disk_is_one_line_and_the_run_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    fsync = os.fsync

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"No space left on device \(make room; the same command then continues\)"):
        predict_genome(GENOME, tmp_path / "out", model=checkpoint_of(), config=settings_of())
    monkeypatch.undo()
    made = predict_genome(GENOME, tmp_path / "out", model=checkpoint_of(), config=settings_of())
    whole = predict_genome(GENOME, tmp_path / "whole", model=checkpoint_of(), config=settings_of())
    assert made.plus.read_bytes() == whole.plus.read_bytes()


def test_a_genome_without_known_bases_is_doubted() -> None:
    genome = Genome("n", (Contig("n", np.full(70, ord("N"), dtype=np.uint8)),))
    assert any("no contig contains any A, C, G or T" in caveat for caveat in caveats_of(genome, checkpoint_of()))


def test_a_difference_is_told_briefly() -> None:
    name, was, now = difference({"circular": ["contig"] * 999}, {"circular": []}) or ("", "", "")
    assert (name, now) == ("circular", "[]")
    assert was.startswith('["contig", ')
    assert was.endswith("…")
    assert len(was) < 100


@pytest.mark.parametrize(
    ("sequence", "letter"),
    [
        ("HELLO!!", "'E'"),
        ("ACGT ACGT", "' '"),
        ("ACG-T", "'-'"),
        ("ACGT\n", "'\\n'"),
        ("ACGé", "'é'"),
        (b"MKV*", "'*'"),
    ],
)
def test_a_sequence_of_other_letters_is_refused(sequence: str | bytes, letter: str) -> None:
    with pytest.raises(InputError) as caught:
        predict_sequence(sequence, model=checkpoint_of())
    assert f"{letter} is no nucleotide letter" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rna_and_lower_case_are_read_as_dna_and_other_codes_are_unscored() -> None:
    dna = letters(300, 4).tobytes().decode()
    expected = predict_sequence(dna, model=checkpoint_of(), config=settings_of())
    for same in (dna.lower(), dna.replace("T", "U"), dna.replace("T", "u").encode()):
        for one, other in zip(
            expected, predict_sequence(same, model=checkpoint_of(), config=settings_of()), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    plus, _ = predict_sequence("RYSWKMBDHVNryswkmbdhvn" + dna, model=checkpoint_of(), config=settings_of())
    assert np.isnan(plus[:22]).all()
    assert not np.isnan(plus[22:250]).any()


def test_paths_are_taken_wherever_objects_are(tmp_path: Path) -> None:
    contig = GENOME.contigs[0]
    genome, model = tmp_path / "f.fa", tmp_path / "m.safetensors"
    genome.write_bytes(b">linear\n" + contig.letters.tobytes() + b"\n")
    checkpoint = checkpoint_of()
    save_checkpoint(model, checkpoint.model, checkpoint.metadata)
    by_path = predict_genome(str(genome), str(tmp_path / "a"), model=str(model), config=settings_of())
    by_object = predict_genome(load_genome(genome), tmp_path / "b", model=checkpoint, config=settings_of())
    assert by_path.folder == tmp_path / "a"
    assert by_path.plus.read_bytes() == by_object.plus.read_bytes()
    with pytest.raises(OutputError):
        predict_genome(str(genome), str(genome.parent), model=checkpoint, config=settings_of(), force=True)
