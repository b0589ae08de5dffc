"""All substitutions around TSS: each is the prediction of the mutant, and the files say what the arrays say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from runs import NEAR_MODELS
from test_mutate_variants import CONFIG, contig_of, random_text
from tracktools import Genome, MutateConfig, Scorer, design_changes, mutate_sites
from tracktools.bundle import load_bundle
from tracktools.config import PredictConfig
from tracktools.engine.substitutions import log_odds
from tracktools.errors import InputError
from tracktools.interval import Strand
from tracktools.mutate.drawings import mean_effects
from tracktools.mutate.scoring import Scoring
from tracktools.mutate.site_effect import Site, contributions, site_effects
from tracktools.report import make_report

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}
NEAR_TSS = MutateConfig(upstream_bp=30, downstream_bp=8, best_within_bp=3, drawn=1)


def place(position: int, strand: Strand, offset: int) -> int:
    return position + offset if strand == "+" else position - offset


@pytest.mark.parametrize("name", NEAR_MODELS)
@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize(
    ("length", "position", "circular", "alphabet"),
    [
        (60, 31, False, "ACGTACGTN"),
        (60, 5, False, "ACGT"),  # near the ends: bases and outputs are missing
        (60, 54, False, "ACGT"),
        (60, 1, True, "ACGT"),  # across the origin
        (14, 5, True, "ACGT"),  # a circle shorter than the offsets
    ],
)
def test_every_effect_is_that_of_predicting_the_mutant(
    name: str, strand: Strand, length: int, position: int, circular: bool, alphabet: str
) -> None:
    text = random_text(length, 2, alphabet)
    text = text[:position] + "G" + text[position + 1 :]
    contig, scorer = contig_of(text, circular), Scorer(NEAR_MODELS[name], config=CONFIG)
    scoring = Scoring.of(Genome("g", (contig,)), NEAR_MODELS[name], CONFIG)
    (found,) = site_effects([Site(contig, position, strand)], scoring, NEAR_TSS)

    def outputs(sequence: str) -> tuple[float, float]:
        signal = scorer.predict_sequence(sequence, circular=circular)[0 if strand == "+" else 1]
        near = [one for one in range(position - 3, position + 4) if circular or 0 <= one < length]
        return signal[position], np.nanmax([signal[one % length] for one in near])

    before = outputs(text)
    assert (found.output, found.best_output) == pytest.approx(before, abs=1e-6)
    for number, offset in enumerate(range(-30, 9)):
        base = place(position, strand, offset)
        base = base % length if circular else base
        there = text[base] if 0 <= base < length else "N"
        for column, letter in list(enumerate("ACGT"))[number % 4 :: 4]:  # one letter a base: each is predicted
            if there == "N":
                assert np.isnan(found.at_tss[number, column])
                continue
            written = letter if strand == "+" else COMPLEMENT[letter]
            after = outputs(text[:base] + written + text[base + 1 :])
            for effects, one, other in zip((found.at_tss, found.on_best), after, before, strict=True):
                expected = log_odds(np.float32(one)) - log_odds(np.float32(other))
                assert effects[number, column] == pytest.approx(expected, abs=1e-5), (offset, letter)
    assert np.nanmax(np.abs(found.at_tss)) > 1e-3


def test_the_mean_is_over_the_sites_that_have_another_letter() -> None:
    codes = np.array([[0, 3], [1, 4]], dtype=np.uint8)
    at_tss = np.array([[[0, -3, -6, 0], [1, 2, 3, 0]], [[-9, 0, 0, 0], [np.nan] * 4]], dtype=np.float32)
    heights, changes = mean_effects(codes, at_tss)
    assert contributions(at_tss).tolist() == [[3, -2], [3, 0]]
    assert heights.tolist() == [[1.5, 1.5, 0, 0], [0, 0, 0, -1]]
    np.testing.assert_array_equal(changes, [[-9, -3, -3, 0], [1, 2, 3, np.nan]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sites")
    genome = Genome("g", (contig_of(random_text(150, 3)), contig_of(random_text(90, 4))))
    genome = Genome("g", (genome.contigs[0], type(genome.contigs[0])("ring", genome.contigs[1].letters, True)))
    table = pd.DataFrame(
        {
            "chrom": ["chr", "ring", "chr", "chr"],
            "chromStart": [70, 2, 149, 40],
            "chromEnd": [71, 3, 150, 41],
            "name": ["one/../odd", "two", "late", "four"],
            "score": 0,
            "strand": ["+", "-", "+", "-"],
        }
    )
    result = mutate_sites(genome, table, home / "out", model=NEAR_MODELS["transformer"], config=CONFIG, mutate=NEAR_TSS)
    assert result.left_out["unscored: too near to the end of a linear sequence"] == 1
    assert result.sites["name"].tolist() == ["one/../odd", "two", "four"]
    return home / "out"


def test_tables_say_what_the_arrays_say(folder: Path) -> None:
    effects = pd.read_csv(folder / "effects.tsv", sep="\t")
    sites = pd.read_csv(folder / "sites.tsv", sep="\t")
    with np.load(folder / "effects.npz") as arrays:
        at_tss, codes, offsets = arrays["at_tss"], arrays["codes"], arrays["offsets"]
        assert arrays["position"].tolist() == sites["position"].tolist() == [71, 3, 41]
        assert arrays["strand"].tolist() == ["+", "-", "-"]
        np.testing.assert_allclose(arrays["modelOutput"], sites["modelOutput"], rtol=1e-5)
    assert at_tss.shape == (3, 39, 4)
    texts = {"chr": random_text(150, 3), "ring": random_text(90, 4)}
    for number, (name, rows) in enumerate(effects.groupby("name", sort=False)):
        assert len(rows) == 39 * 3
        assert name == sites["name"][number]
        for row in rows.itertuples():
            there = texts[row.contig][row.base - 1]
            assert there == row.ref
            assert row.refOnStrand == (there if row.strand == "+" else COMPLEMENT[there])
            assert row.altOnStrand == (row.alt if row.strand == "+" else COMPLEMENT[row.alt])
            at = int(np.flatnonzero(offsets == row.tssOffset)[0])
            assert "ACGT"[codes[number, at]] == row.refOnStrand
            expected = at_tss[number, at, "ACGT".index(row.altOnStrand)]
            assert row.effectAtTss == pytest.approx(expected, rel=1e-4, abs=1e-6)
        lowest = rows.loc[rows["effectAtTss"].idxmin()]
        assert sites["lowering"][number] == f"{lowest.refOnStrand}{lowest.tssOffset:+d}{lowest.altOnStrand}"
        assert sites["loweringEffect"][number] == pytest.approx(lowest.effectAtTss, rel=1e-4)


def test_figures_are_drawn_with_letters(folder: Path) -> None:
    assert {path.name for path in (folder / "heat_maps").iterdir()} == {
        f"001_one_.._odd.{kind}" for kind in ("svg", "png", "pdf")
    }
    text = (folder / "heat_maps" / "001_one_.._odd.svg").read_text()
    assert text.count(">A</text>") + text.count(">G</text>") > 15, "the letters of the promoter are text"
    assert (folder / "heat_map.pdf").stat().st_size > 5000


def test_a_set_without_any_output_is_one_line(tmp_path: Path) -> None:
    table = pd.DataFrame({"chrom": ["chr"], "chromStart": [59], "chromEnd": [60], "strand": ["+"]})
    genome = Genome("g", (contig_of(random_text(60, 3)),))
    with pytest.raises(InputError, match="too near to the end"):
        mutate_sites(genome, table, tmp_path / "out", model=NEAR_MODELS["transformer"], config=CONFIG)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", NEAR_MODELS)
@pytest.mark.parametrize("circular", [False, True])
def test_every_proposal_is_confirmed_by_a_prediction(name: str, circular: bool, tmp_path: Path) -> None:
    text = random_text(70, 21)
    genome, scorer = Genome("p", (contig_of(text, circular),)), Scorer(NEAR_MODELS[name], config=CONFIG)
    for tss in (None, (4, "-")):
        made = design_changes(
            genome,
            tmp_path / str(tss),
            tss=tss,
            model=NEAR_MODELS[name],
            config=CONFIG,
            mutate=MutateConfig(best=4, paired=6),
        )
        row = 0 if made.strand == "+" else 1
        before = scorer.predict_sequence(text, circular=circular)
        assert made.output == pytest.approx(before[row][made.position], abs=1e-6)
        if tss is None:
            assert made.output == pytest.approx(np.nanmax(before), abs=1e-6)
        assert made.table.groupby(["direction", "n"]).size().to_dict() == {
            ("raise", 1): 4, ("raise", 2): 4, ("lower", 1): 4, ("lower", 2): 4,
        }  # fmt: skip
        for proposal in made.table.itertuples():
            letters = list(text)
            changes = proposal.changes.split(",")
            assert len({change[1:-1] for change in changes}) == proposal.n
            for change in changes:
                assert letters[int(change[1:-1]) - 1] == change[0]
                letters[int(change[1:-1]) - 1] = change[-1]
            after = scorer.predict_sequence("".join(letters), circular=circular)[row][made.position]
            assert proposal.modelOutput == pytest.approx(after, abs=1e-6)
            assert (after > made.output) == (proposal.direction == "raise")
            expected = log_odds(np.float32(after)) - log_odds(np.float32(made.output))
            assert proposal.effect == pytest.approx(expected, abs=1e-5)


def test_the_best_single_change_is_the_best_of_all(tmp_path: Path) -> None:
    text = random_text(60, 22)
    model = NEAR_MODELS["dilated"]
    scorer = Scorer(model, config=CONFIG)
    made = design_changes(
        Genome("p", (contig_of(text),)), tmp_path / "out", tss=(30, "+"), model=model, config=CONFIG,
        mutate=MutateConfig(best=1, paired=0),
    )  # fmt: skip
    outputs = {
        f"{text[base]}{base + 1}{letter}": scorer.predict_sequence(text[:base] + letter + text[base + 1 :]).plus[30]
        for base in range(16, 45)
        for letter in "ACGT"
        if letter != text[base]
    }
    best = made.table.set_index(["direction", "n"])["changes"]
    assert best["raise", 1] == max(outputs, key=lambda change: outputs[change])
    assert best["lower", 1] == min(outputs, key=lambda change: outputs[change])
    assert len(best) == 2, "no pairs are asked for"


def test_several_sequences_are_one_line(tmp_path: Path) -> None:
    genome = Genome("g", (contig_of("ACGT" * 20), contig_of("ACGT" * 30)))
    with pytest.raises(InputError, match="contains 2 sequences"):
        design_changes(genome, tmp_path / "out", model=NEAR_MODELS["dilated"], config=CONFIG)


@pytest.mark.parametrize(
    ("model", "strand", "circular", "at", "upstream_bp"),
    [
        ("ecoli-tss-dilated", "+", False, 300, 100),
        ("bacteria-tss", "-", True, 3, 100),
        ("ecoli-tss", "-", True, 3, 12),  # each mutant costs as much as 3,000 bases
    ],
)
def test_pieces_of_a_genome_with_shipped_models_equal_their_predictions(
    model: str, strand: Strand, circular: bool, at: int, upstream_bp: int
) -> None:
    """A piece with the promoter of *lpp*, on the strand and at the place that are asked for."""
    genome = load_bundle().load_genome().contigs[0]
    piece = genome.letters[1_757_082:1_757_682].tobytes().decode()
    assert piece[300] == "G"
    if strand == "-":
        piece = piece.translate(str.maketrans("ACGT", "TGCA"))[::-1]
        piece = piece[299 - at :] + piece[: 299 - at]  # the TSS, base 299, goes to where it is asked for
    host = genome if model == "bacteria-tss" else None
    host = None if host is None else Genome("host", (host,))
    contig, config = contig_of(piece, circular), PredictConfig(threads=1)
    scorer = Scorer(model, host=host, config=config)
    scoring = Scoring.of(Genome("g", (contig,)), model, config, host)
    settings = MutateConfig(upstream_bp=upstream_bp, downstream_bp=1)
    (found,) = site_effects([Site(contig, at, strand)], scoring, settings)
    row = 0 if strand == "+" else 1
    before = scorer.predict_sequence(piece, circular=circular)[row]
    assert found.output == pytest.approx(before[at], abs=1e-6)
    assert found.output > 0.2
    tried = [one for one in (-100, -60, -37, -35, -33, -31, -12, -11, -8, -7, 0, 1) if one >= -upstream_bp]
    for offset in tried:
        base = place(at, strand, offset) % len(piece)
        letter = "ACGT"[("ACGT".index(piece[base]) + 1 + abs(offset) % 3) % 4]
        after = scorer.predict_sequence(piece[:base] + letter + piece[base + 1 :], circular=circular)[row]
        column = "ACGT".index(letter if strand == "+" else COMPLEMENT[letter])
        near = np.arange(at - 5, at + 6) % len(piece)
        for effects, one, other in (
            (found.at_tss, after[at], before[at]),
            (found.on_best, after[near].max(), before[near].max()),
        ):
            assert effects[offset + upstream_bp, column] == pytest.approx(log_odds(one) - log_odds(other), abs=1e-5), (
                offset
            )
    assert np.nanmin(found.at_tss[upstream_bp - 12 : upstream_bp - 6]) < -0.5, "the -10 matters"


def test_the_report_shows_letters_and_tells_of_the_minus_10(folder: Path, tmp_path: Path) -> None:
    sites = pd.read_csv(folder / "sites.tsv", sep="\t")
    inside = sum(int(change[1:-1]) in range(-14, -6) for change in sites["lowering"])
    made = make_report([folder], tmp_path / "report.html")
    assert made.sections == ["What each letter does"]
    page = made.page.read_text()
    assert f"In {inside:,} of 3" in page
    assert page.count("data:image/png;base64,") == 1
    assert sites["lowering"][0] in page
    numbers = json.loads(made.multiqc.read_text())["data"]["g"]
    assert numbers == {"mutated_tss": 3, "mutated_tss_minus10": inside}
