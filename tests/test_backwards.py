"""Whether a network finds promoters: its highest calls against those that it makes reading each strand backwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runs import GENOME, NEAR_MODELS, checkpoint_of, letters, settings_of
from tracktools.arrays import Float32
from tracktools.engine import Window, backwards, make_engine
from tracktools.engine.backwards import CLEAR_GAIN, LEAST_GAIN, context_of, gain_over_backwards
from tracktools.engine.sample import Along, Sampled, call_sample, mean_at_highest, outputs_along
from tracktools.formats.bed import read_bed, read_bed_head
from tracktools.gene_context import FROM_BP, PLACES, GeneContext, GenomeContext
from tracktools.gene_finder import FoundGenes
from tracktools.genome import ALPHABET, COMPLEMENT_OF_CODE, Contig, Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.predict import Shard, merge_shards, predict_genome, predict_shard
from tracktools.predict.calling import expectation
from tracktools.predict.run_model import RunModel
from tracktools.tracks import read_provenance

NETWORK = NEAR_MODELS["dilated"].config
EVERY_BP, GENE_BP, BEFORE_BP = 1_000, 600, 40  # genes and promoters of the genome below
TABLE = GeneContext(tuple(tuple(1.0 if 30 <= least < 50 and place == "outside" else 0.0 for least in FROM_BP)
                          for place in PLACES))  # fmt: skip


class Finder:
    """An engine whose output is high where a word ends."""

    name, precision, instruction_set, alignment_bp = "finder", "exact", "none", 1

    def __init__(self, word: str) -> None:
        self.word = np.array([ALPHABET.index(letter) for letter in word])

    def probabilities(self, codes: np.ndarray, first: int, last: int) -> Float32:
        n = len(self.word)
        ends = np.zeros(len(codes), dtype=bool)
        ends[n - 1 :] = (np.lib.stride_tricks.sliding_window_view(codes, n) == self.word).all(axis=1)
        return np.where(ends, np.float32(0.9), np.float32(0.01))[first:last]

    def probabilities_many(self, windows: Sequence[Window]) -> list[Float32]:
        return [self.probabilities(*window) for window in windows]


def planted(word: str) -> tuple[Genome, tuple[FoundGenes, ...]]:
    """Genes on both strands, each 40 bases behind a word, in letters that have it nowhere else: C and G."""
    contig = letters(120_000, 7, b"CG")
    starts = np.arange(200, len(contig) - EVERY_BP, EVERY_BP)
    forward = np.arange(len(starts)) % 2 == 0
    plus = np.frombuffer(word.encode(), np.uint8)
    minus = np.frombuffer(word.translate(str.maketrans("ACGT", "TGCA"))[::-1].encode(), np.uint8)
    for start, is_forward in zip(starts.tolist(), forward.tolist(), strict=True):
        if is_forward:
            contig[start - BEFORE_BP + 1 - len(word) : start - BEFORE_BP + 1] = plus
        else:
            contig[start + GENE_BP - 1 + BEFORE_BP :][: len(word)] = minus
    known = np.full(len(starts), 99.0)
    genes = FoundGenes(starts, starts + GENE_BP, forward, np.ones(len(starts), bool), known)
    return Genome("g", (Contig("c", contig),)), (genes,)


def gain_of(engine: Finder, genome: Genome, genes: tuple[FoundGenes, ...]) -> float:
    context, sample = GenomeContext.of(TABLE, genome, genes), call_sample(genome)
    model = NEAR_MODELS["dilated"]
    forwards = list(outputs_along(engine, model.config, genome, context, sample))
    gain = gain_over_backwards(engine, model, genome, context, sample, forwards)
    assert gain is not None
    return gain


def test_a_network_reads_each_strand_from_its_3_end_and_bases_stay_where_they_are() -> None:
    model = NEAR_MODELS["dilated"]
    engine = make_engine("auto", model.parameters, threads=1)
    for circular in (False, True):
        plus = letters(700, 5, b"ACGTN")
        minus = np.frombuffer(b"ACGTN", np.uint8)[COMPLEMENT_OF_CODE[Contig("c", plus).codes[::-1]]]
        genome = Genome("g", (Contig("other", letters(50, 6)), Contig("c", plus, circular)))
        for start, end in ((0, 700), (100, 250)):
            both = outputs_along(engine, model.config, genome, None, [Sampled(1, start, end)], backwards=True)
            for read, (at, to), strand in zip(
                (plus, minus), ((start, end), (700 - end, 700 - start)), both, strict=True
            ):
                turned = Genome("t", (Contig("c", read[::-1].copy(), circular),))
                ((expected, _), _) = outputs_along(engine, model.config, turned, None, [Sampled(0, 700 - to, 700 - at)])
                np.testing.assert_array_equal(strand.output, expected[::-1])


def test_the_log_odds_are_those_of_the_base_in_either_direction() -> None:
    genome, genes = planted("TATAAT")
    context, sample, model = GenomeContext.of(TABLE, genome, genes), call_sample(genome), NEAR_MODELS["dilated"]
    one, other = (
        list(outputs_along(Finder("TATAAT"), model.config, genome, context, sample, backwards=flag))
        for flag in (False, True)
    )
    for there, back in zip(one, other, strict=True):
        np.testing.assert_array_equal(there.log_odds, back.log_odds)


def test_promoters_before_genes_are_told_from_words_that_read_alike_backwards() -> None:
    found = gain_of(Finder("TATAAT"), *planted("TATAAT"))
    assert found > 0.9  # all of the highest calls lie where the table says 1, and few other bases do
    assert gain_of(Finder("TATTAT"), *planted("TATTAT")) == 0  # as near to genes, but alike from either side
    assert gain_of(Finder("TAATAT"), *planted("TATAAT")) == pytest.approx(-found)  # what reads backwards finds all
    nowhere = gain_of(Finder("TATAAT"), *planted("CCCCCC"))
    assert abs(nowhere) < LEAST_GAIN < found


def test_a_genome_and_its_mirror_image_gain_the_same() -> None:
    genome, (genes,) = planted("TATAAT")
    (contig,) = genome
    length = len(contig)
    letters_of = np.frombuffer(b"ACGTN", np.uint8)[COMPLEMENT_OF_CODE[contig.codes[::-1]]]
    order = np.argsort(length - genes.ends)
    turned = FoundGenes((length - genes.ends)[order], (length - genes.starts)[order], ~genes.forward[order],
                        genes.begins[order], genes.confidence[order])  # fmt: skip
    model = NEAR_MODELS["dilated"]
    engine = make_engine("auto", model.parameters, threads=1)
    mirror = Genome("g", (Contig("c", letters_of),))
    one, other = (gain_of(engine, *each) for each in ((genome, (genes,)), (mirror, (turned,))))
    assert one == other


def test_too_little_sequence_tells_nothing() -> None:
    genome, genes = planted("TATAAT")
    context, model = GenomeContext.of(TABLE, genome, genes), NEAR_MODELS["dilated"]
    sample = call_sample(genome)
    forwards = list(outputs_along(Finder("TATAAT"), model.config, genome, context, sample))
    assert gain_over_backwards(Finder("TATAAT"), model, genome, None, sample, forwards) is None
    for scored, known in ((99_999, False), (100_000, True)):  # of 120,000: the others are unknown letters
        part = [Along(np.where(np.arange(len(one.output)) < scored, one.output, -1), one.log_odds) for one in forwards]
        gain = gain_over_backwards(Finder("TATAAT"), model, genome, context, sample, part)
        assert (gain is not None) == known


def test_unknown_letters_bring_no_call() -> None:
    """Two calls for 2,000 scored bases, whatever the number of unscored ones: the two highest, and no other."""
    output, log_odds = np.full(10_000, -1, np.float32), np.zeros(10_000)
    output[:2_000] = 0.1
    output[[100, 300, 500, 700]] = 0.9, 0.8, 0.7, 0.6
    log_odds[[100, 300, 500, 700]] = 1.0, 2.0, 50.0, 50.0
    along = Along(output, log_odds)
    assert mean_at_highest([along, Along(np.full(10_000, -1, np.float32), log_odds)], 500) == 1.5
    assert mean_at_highest([along, along], 1_000) == 1.0  # of both strands together


def test_the_genes_are_found_also_where_they_are_not_added(monkeypatch: pytest.MonkeyPatch) -> None:
    genome, genes = planted("TATAAT")
    monkeypatch.setattr(backwards, "find_genes", lambda _: genes)
    model = NEAR_MODELS["dilated"]
    assert context_of(model, genome) is None  # no table of log-odds
    without = replace(model, metadata=replace(model.metadata, gene_context=TABLE.to_record()))
    context = GenomeContext.of(TABLE, genome, genes)
    assert context_of(replace(without, context=context), genome) is context
    found = context_of(without, genome)
    assert found is not None
    assert found.sha256 == context.sha256
    monkeypatch.setattr(backwards, "find_genes", lambda _: None)
    assert context_of(without, genome) is None


def abroad() -> Checkpoint:
    """A model that knows no TSS of the genome, with an expected precision and a table of the gene context."""
    model = checkpoint_of()
    rise = {"output": [0.3, 1.0], "precision": [0.3, 1.0], "low": [0.2, 0.9], "high": [0.4, 1.0], "target": 0.5}
    metadata = replace(model.metadata, expected_precision=rise, gene_context=TABLE.to_record(), split=[])
    return replace(model, metadata=metadata)


def with_gain(monkeypatch: pytest.MonkeyPatch, gain: float) -> None:
    monkeypatch.setattr("tracktools.predict.call_rates.context_of", lambda *_: object())
    monkeypatch.setattr("tracktools.predict.call_rates.outputs_along", lambda *_: iter(()))
    monkeypatch.setattr("tracktools.predict.call_rates.gain_over_backwards", lambda *_: gain)


PRECISIONS = ["expectedPrecision", "expectedPrecisionLow", "expectedPrecisionHigh"]


def test_where_no_promoters_are_found_all_files_say_so_and_no_precision_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_gain(monkeypatch, CLEAR_GAIN)
    known = predict_genome(GENOME, tmp_path / "known", model=abroad(), config=settings_of())
    with_gain(monkeypatch, LEAST_GAIN - 0.001)
    unknown = predict_genome(GENOME, tmp_path / "unknown", model=abroad(), config=settings_of())
    one, other = (read_bed(made.called_tss)[0] for made in (known, unknown))
    assert len(one) == len(other) > 0  # the same is called
    np.testing.assert_array_equal(one["chromStart"], other["chromStart"])
    assert one[PRECISIONS].astype(float).notna().all(axis=None)
    assert other[PRECISIONS].astype(float).isna().all(axis=None)
    assert "expected to be right" in expectation(one)
    assert expectation(other) == "; how many of them are right is not known"
    for made, said in ((known, 0), (unknown, 1)):
        heads = read_provenance(made.folder)["warnings"], read_bed_head(made.called_tss)[1]
        for warnings in heads:
            assert sum("this may be no bacterium" in warning for warning in warnings) == said
    assert "is not known" in unknown.called_tss.read_text().split("\n")[0]


def test_between_the_limits_fewer_calls_are_said_to_be_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for gain, said in ((CLEAR_GAIN, 0), (CLEAR_GAIN - 0.001, 1), (LEAST_GAIN, 1), (LEAST_GAIN - 0.001, 0)):
        with_gain(monkeypatch, gain)
        made = predict_genome(GENOME, tmp_path / f"{gain}", model=abroad(), config=settings_of())
        warnings = read_provenance(made.folder)["warnings"]
        assert sum("expect fewer calls to be right than is said" in warning for warning in warnings) == said
        known = read_bed(made.called_tss)[0][PRECISIONS].astype(float).notna()
        assert known.all(axis=None) == (gain >= LEAST_GAIN)


def test_shards_say_what_the_whole_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_gain(monkeypatch, -0.01)
    for number in (1, 2):
        predict_shard(GENOME, tmp_path / f"s{number}", Shard(number, 2), model=abroad(), config=settings_of())
    merged = merge_shards([tmp_path / "s1", tmp_path / "s2"], tmp_path / "merged")
    whole = predict_genome(GENOME, tmp_path / "whole", model=abroad(), config=settings_of())
    assert merged.called_tss.read_bytes() == whole.called_tss.read_bytes()
    assert read_provenance(merged.folder)["warnings"] == read_provenance(whole.folder)["warnings"]


def test_a_model_that_says_nothing_of_its_precision_and_one_that_knows_the_genome_are_not_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_gain(monkeypatch, -1.0)
    engine = make_engine("torch", checkpoint_of().parameters, threads=1)
    for model in (
        checkpoint_of(),
        replace(abroad(), metadata=replace(abroad().metadata, split=checkpoint_of().metadata.split)),
    ):
        part = RunModel.of(model, GENOME, engine)
        assert (part.gain, part.finds_promoters, part.doubts) == (None, True, ())


def test_a_few_unknown_letters_do_not_change_how_many_calls_are_compared() -> None:
    output, log_odds = np.full(1_000, 0.01, np.float32), np.zeros(1_000)
    output[[100, 500]], log_odds[100] = (0.9, 0.8), 1.0
    unknown = output.copy()
    unknown[900] = -1
    for one in (output, unknown):
        assert mean_at_highest([Along(one, log_odds), Along(np.zeros(1_000, np.float32), log_odds)], 500) == 0.5
