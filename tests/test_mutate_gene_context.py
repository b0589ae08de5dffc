"""A change keeps the gene context: outputs are those of the changed sequence, moved by what its old bases have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runs import NEAR_MODELS
from test_gene_context import TABLE, coding_genome, genes_of
from test_mutate_variants import ACROSS, CHANGES, CONFIG, LENGTH, changed_text, contig_of, random_text
from tracktools import Contig, Genome, MutateConfig, Scorer, design_changes, mutate_sequence, mutate_sites
from tracktools.arrays import Float32
from tracktools.blocks import Block, Piece
from tracktools.contribute import compute_contributions
from tracktools.engine.strand_spans import StrandSpan
from tracktools.engine.substitutions import log_odds
from tracktools.gene_context import GenomeContext, shift_probabilities
from tracktools.interval import STRANDS, Strand
from tracktools.mutate.all_effects import block_effects
from tracktools.mutate.changed import Change, ChangedContig
from tracktools.mutate.scoring import Scoring
from tracktools.mutate.site_effect import Site, site_effects
from tracktools.mutate.variant_effect import variant_effects

GENES = [(20, 60, "+"), (55, 119, "-"), (141, 151, "+"), (160, 290, "-")]
MODEL = NEAR_MODELS["dilated"]
SCORERS = {engine: Scorer(MODEL, config=replace(CONFIG, engine=engine)) for engine in ("auto", "torch")}
ACROSS_ORIGIN = [(30, 101, "-"), (130, 149, "+"), (285, 312, "+")]
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def genes_on(circular: bool) -> list[tuple[int, int, str]]:
    return ACROSS_ORIGIN if circular else GENES


def scoring_of(contig: Contig, genes: list[tuple[int, int, str]], engine: Any = "torch") -> Scoring:
    """Return a model set to a contig with these genes."""
    genome, model = Genome("g", (contig,)), MODEL
    context = GenomeContext.of(TABLE, genome, (genes_of(*genes),))
    metadata = replace(model.metadata, gene_context=TABLE.to_record())
    return Scoring(genome, replace(model, metadata=metadata, context=context), replace(CONFIG, engine=engine))


def old_bases(text: str, change: Change, strand: Strand, circular: bool) -> list[int]:
    """Return the old base of each new one, from the sequence as it is written."""
    old = changed_text(text, change)[1]
    order = range(len(old)) if strand == "+" else range(len(old) - 1, -1, -1)
    for number in order:  # what came has the base before it along the strand
        step = -1 if strand == "+" else 1
        if old[number] >= 0:
            continue
        before = number + step
        if 0 <= before < len(old):
            old[number] = old[before]
        else:
            edge = change.start - 1 if strand == "+" else change.end
            old[number] = edge % len(text) if circular else min(max(edge, 0), len(text) - 1)
    return old


def expected_after(scoring: Scoring, text: str, change: Change, circular: bool) -> dict[Strand, Float32]:
    """Predict the changed sequence as a whole, without genes, and move each base by what its old base has."""
    raw = SCORERS[scoring.config.engine].predict_sequence(changed_text(text, change)[0], circular=circular)
    context, moved = scoring.model.context, {}
    assert context is not None
    for strand, signal in zip(STRANDS, raw, strict=True):
        whole = context.log_odds("chr", strand, 0, len(text))
        moved[strand] = shift_probabilities(signal, whole[old_bases(text, change, strand, circular)])
    return moved


@pytest.mark.parametrize("circular", [False, True])
def test_changed_contigs_have_the_context_of_their_old_bases(circular: bool) -> None:
    text = random_text(LENGTH, 5)
    contig = contig_of(text, circular)
    scoring = scoring_of(contig, genes_on(circular))
    for change in [Change(140, 140, ""), *CHANGES, *(ACROSS if circular else [])]:
        wanted = expected_after(scoring, text, change, circular)
        made = ChangedContig(contig, change)
        for strand in STRANDS:
            (found,) = scoring.outputs([StrandSpan(made, strand, 0, len(made))])
            np.testing.assert_allclose(found, wanted[strand], rtol=0, atol=1e-6, err_msg=f"{change} {strand}")
            if circular:
                (found,) = scoring.outputs([StrandSpan(made, strand, -9, 12)])
                np.testing.assert_allclose(found, np.roll(wanted[strand], 9)[:21], rtol=0, atol=1e-6)


@pytest.mark.parametrize("circular", [False, True])
def test_variants_are_compared_in_the_context_of_the_genome(circular: bool) -> None:
    text = random_text(LENGTH, 5)
    contig = contig_of(text, circular)
    scoring = scoring_of(contig, genes_on(circular))
    before = expected_after(scoring, text, Change(0, 0, ""), circular)
    changes = CHANGES + (ACROSS if circular else [])
    effects = variant_effects(
        [(contig, change) for change in changes], scoring.engine, scoring.network, scoring.model.context,
        threshold=0.9, batch_bp=500,
    )  # fmt: skip
    for change, effect in zip(changes, effects, strict=True):
        after, old = expected_after(scoring, text, change, circular), np.array(changed_text(text, change)[1])
        for strand, extremes in zip(STRANDS, (effect.plus, effect.minus), strict=True):
            difference = (after[strand] - before[strand][old])[old >= 0]
            assert extremes.gain == pytest.approx(max(np.nanmax(difference), 0), abs=1e-6), change
            assert extremes.loss == pytest.approx(min(np.nanmin(difference), 0), abs=1e-6), change
        for called in effect.created:
            if called.position.isdigit():
                assert called.output == pytest.approx(
                    after[called.strand][old == int(called.position) - 1][0], abs=1e-6
                )  # type: ignore[index]


def mirrored(text: str, genes: list[tuple[int, int, str]]) -> Scoring:
    length = len(text)
    turned = [(length - end, length - start, "-" if strand == "+" else "+") for start, end, strand in genes]
    return scoring_of(contig_of(text.translate(COMPLEMENT)[::-1]), turned)


def test_the_reverse_complement_has_the_mirrored_outputs() -> None:
    text = random_text(LENGTH, 8)
    scoring, other = scoring_of(contig_of(text), GENES), mirrored(text, GENES)
    for change in CHANGES:
        turned = Change(LENGTH - change.end, LENGTH - change.start, change.letters.translate(COMPLEMENT)[::-1])
        made, its = (ChangedContig(one.genome.contigs[0], each) for one, each in ((scoring, change), (other, turned)))
        for strand, opposite in (("+", "-"), ("-", "+")):
            (mine,) = scoring.outputs([StrandSpan(made, strand, 0, len(made))])  # type: ignore[arg-type]
            (twin,) = other.outputs([StrandSpan(its, opposite, 0, len(its))])  # type: ignore[arg-type]
            np.testing.assert_array_equal(mine, twin[::-1], err_msg=str(change))


@pytest.mark.parametrize("engine", ["auto", "torch"])
@pytest.mark.parametrize("strand", STRANDS)
@pytest.mark.parametrize(("position", "circular"), [(145, False), (3, True), (297, True), (60, False)])
def test_substitutions_around_a_tss_are_in_context(engine: Any, strand: Strand, position: int, circular: bool) -> None:
    text = random_text(LENGTH, 2)
    contig = contig_of(text, circular)
    scoring = scoring_of(contig, genes_on(circular), engine)
    around = MutateConfig(upstream_bp=6, downstream_bp=3, best_within_bp=5)
    (found,) = site_effects([Site(contig, position, strand)], scoring, around)

    def outputs(change: Change) -> tuple[float, float]:
        signal = expected_after(scoring, text, change, circular)[strand]
        return signal[position], max(signal[one % LENGTH] for one in range(position - 5, position + 6))

    before = outputs(Change(0, 0, ""))
    assert (found.output, found.best_output) == pytest.approx(before, abs=1e-5)
    for number, offset in enumerate(range(-6, 4)):
        base = (position + offset if strand == "+" else position - offset) % LENGTH
        column = number % 4
        letter = "ACGT"[column] if strand == "+" else "TGCA"[column]
        after = outputs(Change(base, base + 1, letter))
        for effects, one, other in zip((found.at_tss, found.on_best), after, before, strict=True):
            expected = log_odds(np.float32(one)) - log_odds(np.float32(other))
            assert effects[number, column] == pytest.approx(expected, abs=1e-5), (offset, letter)


@pytest.mark.parametrize("engine", ["auto", "torch"])
@pytest.mark.parametrize(("length", "circular"), [(26, False), (24, True), (11, True)])
def test_every_substitution_of_a_genome_is_in_context(engine: Any, length: int, circular: bool) -> None:
    text = random_text(length, 3)
    genes = [(length - 4, length + 3, "+"), (5, 9, "-")] if circular else [(8, 15, "+"), (12, 22, "-")]
    scoring = scoring_of(contig_of(text, circular), genes, engine)
    found = block_effects(Block(0, (Piece(0, "+", 0, length),)), scoring)
    before = expected_after(scoring, text, Change(0, 0, ""), circular)
    for base in range(length):
        gains, losses = np.zeros(3), np.zeros(3)
        for number, letter in enumerate(one for one in "ACGT" if one != text[base]):
            after = expected_after(scoring, text, Change(base, base + 1, letter), circular)
            change = np.concatenate([after[strand] - before[strand] for strand in STRANDS])
            gains[number], losses[number] = max(np.nanmax(change), 0), max(-np.nanmin(change), 0)
        wanted = (gains.max(), losses.max(), gains.mean(), losses.mean())
        np.testing.assert_allclose(found[:, base], wanted, rtol=0, atol=1e-5)


@pytest.fixture(scope="module")
def coding() -> Genome:
    return Genome("coding", (replace(coding_genome(1, 101_000, True), name="chr"),))


def with_table(used: bool = True) -> tuple[Any, Any]:
    metadata = replace(MODEL.metadata, gene_context=TABLE.to_record())
    return replace(MODEL, metadata=metadata), replace(CONFIG, block_bp=100_000, gene_context=used)


def test_mutate_gives_at_the_unchanged_base_what_predict_gives(coding: Genome, tmp_path: Path) -> None:
    model, config = with_table()
    signals = Scorer(model, config=config).predict_sequence(coding["chr"].letters, circular=True)
    plain = Scorer(MODEL, config=config).predict_sequence(coding["chr"].letters, circular=True)
    rows = [(50_400, "+"), (100_990, "-"), (2, "+")]
    bed = tmp_path / "sites.bed"
    bed.write_text("".join(f"chr\t{at}\t{at + 1}\t.\t0\t{strand}\n" for at, strand in rows))
    around = MutateConfig(upstream_bp=4, downstream_bp=1, drawn=0)
    options = {"model": model, "mutate": around}
    made = mutate_sites(coding, bed, tmp_path / "at", config=config, **options).sites
    found = {(int(row.position) - 1, row.strand): row.modelOutput for row in made.itertuples()}
    without = mutate_sites(coding, bed, tmp_path / "off", config=with_table(used=False)[1], **options).sites
    alone = {(int(row.position) - 1, row.strand): row.modelOutput for row in without.itertuples()}
    for at, strand in rows:
        signal, network = ((one.plus if strand == "+" else one.minus)[at] for one in (signals, plain))
        assert found[at, strand] == pytest.approx(signal, abs=1e-6)
        assert alone[at, strand] == pytest.approx(network, abs=1e-6)
        assert abs(found[at, strand] - alone[at, strand]) > 1e-3
    effects = mutate_sequence(coding["chr"].letters, 50_400, "+", model=model, circular=True, config=config)
    raw = mutate_sequence(coding["chr"].letters, 50_400, "+", model=MODEL, circular=True, config=config)
    np.testing.assert_allclose(effects, raw, rtol=0, atol=1e-4)  # differences of log-odds: the context cancels


def test_contributions_need_no_genes(coding: Genome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracktools.engine.host.find_genes", lambda *_: pytest.fail("genes were looked for"))
    bed = tmp_path / "sites.bed"
    bed.write_text("chr\t50400\t50401\t.\t0\t+\n")
    made = compute_contributions(coding, bed, tmp_path / "with", model=with_table()[0], config=with_table()[1])
    plain = compute_contributions(coding, bed, tmp_path / "plain", model=MODEL, config=with_table()[1])
    assert made.profile.equals(plain.profile)


def test_a_short_sequence_has_no_context_and_its_host_gives_one(
    coding: Genome, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model, config = with_table()
    plasmid = Genome("p", (replace(coding["chr"], name="p", letters=coding["chr"].letters[:6000], circular=False),))
    alone = design_changes(plasmid, tmp_path / "alone", model=model, config=config, tss=(3000, "+"))
    assert "--descriptor-of" in caplog.text
    caplog.clear()
    hosted = design_changes(plasmid, tmp_path / "hosted", model=model, config=config, tss=(3000, "+"), host=coding)
    assert not caplog.text
    for made, host in ((alone, None), (hosted, coding)):
        signal = Scorer(model, config=config, host=host).predict_sequence(plasmid["p"].letters).plus
        assert made.output == pytest.approx(signal[3000], abs=1e-6)
    assert abs(alone.output - hosted.output) > 1e-3


def test_another_context_is_another_run() -> None:
    contig = contig_of(random_text(LENGTH, 5))
    runs = [scoring_of(contig, genes).identity("mutate --at") for genes in (GENES, ACROSS_ORIGIN[:2])]
    assert runs[0] != runs[1]
