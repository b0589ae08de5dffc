"""Contributions: what predicting the mutants says, placed to the base, and drawn with their sign."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner

from runs import NEAR, NEAR_MODELS
from tracktools import Scorer, build_hub, check_hub
from tracktools.arrays import Float32, Float64
from tracktools.cli import tracktools
from tracktools.config import ContributeConfig, PredictConfig
from tracktools.contribute import compute_contributions
from tracktools.contribute import run as room
from tracktools.engine.substitutions import log_odds
from tracktools.errors import ConfigError, InputError
from tracktools.formats.bigwig import BigWigReader
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.heads import input_times_gradient
from tracktools.model.transformer import Transformer
from tracktools.tracks import read_tracks

CONFIG = PredictConfig(threads=1, device="cpu")
AROUND = ContributeConfig(upstream_bp=12, downstream_bp=6, method="mutation")


def contig(name: str, length: int, seed: int, alphabet: bytes = b"ACGT", *, circular: bool = False) -> Contig:
    return Contig(name, np.random.default_rng(seed).choice(np.frombuffer(alphabet, np.uint8), length), circular)


SITES = (("line", 3, "+"), ("line", 30, "-"), ("line", 41, "+"), ("ring", 1, "+"), ("ring", 48, "-"), ("ring", 20, "-"))
GENOME = Genome("small", (contig("line", 60, 1, b"ACGTACGTACGTN"), contig("ring", 50, 2, circular=True)))
for _chrom, _position, _ in (*SITES, ("line", 45, "+")):
    GENOME[_chrom].letters[_position] = ord("G")  # else it may be N, which has no output


def table(*sites: tuple[str, int, str]) -> pd.DataFrame:
    rows = [(chrom, at, at + 1, f"t{at}{strand}", 0, strand) for chrom, at, strand in sites]
    return pd.DataFrame(rows, columns=["chrom", "chromStart", "chromEnd", "name", "score", "strand"])


def values_of(folder: Path, strand: str, chrom: str) -> Float32:
    path = folder / f"small.contributions.{'plus' if strand == '+' else 'minus'}.bw"
    if not path.exists():
        return np.full(len(GENOME[chrom]), np.nan, np.float32)
    with BigWigReader(path) as reader:
        return reader.values(chrom, 0, len(GENOME[chrom]))


def brute_force(one: Contig, position: int, strand: str, model: Checkpoint) -> Float64:
    """Predict every mutant as a whole; NaN outside the bases around the TSS."""
    scorer = Scorer(model, config=CONFIG)

    def output(letters: Float32) -> float:
        signals = scorer.predict_sequence(letters, circular=one.circular)
        return float(log_odds((signals.plus if strand == "+" else signals.minus)[[position]])[0])

    found, before = np.full(len(one), np.nan), output(one.letters)
    for offset in range(-12, 7):
        base = position + (offset if strand == "+" else -offset)
        if one.circular:
            base %= len(one)
        if not 0 <= base < len(one) or one.letters[base] not in b"ACGT":
            continue
        after = []
        for letter in b"ACGT":
            if letter != one.letters[base]:
                mutant = one.letters.copy()
                mutant[base] = letter
                after.append(output(mutant))
        found[base] = before - np.mean(after)
    return found


@pytest.mark.parametrize("name", NEAR_MODELS)
@pytest.mark.parametrize("site", SITES, ids=str)
def test_a_contribution_is_the_output_minus_the_mean_of_the_mutants(
    name: str, site: tuple[str, int, str], tmp_path: Path
) -> None:
    chrom, position, strand = site
    one = GENOME[chrom]
    made = compute_contributions(
        GENOME, table(site), tmp_path / "out", model=NEAR_MODELS[name], config=CONFIG, settings=AROUND
    )
    expected = brute_force(one, position, strand, NEAR_MODELS[name])
    np.testing.assert_allclose(values_of(made.folder, strand, chrom), expected, rtol=0, atol=1e-5)
    assert np.nanmax(np.abs(expected)) > 1e-3
    assert (made.plus is None, made.minus is None) == (strand == "-", strand == "+")
    other = next(own.name for own in GENOME if own.name != chrom)
    assert np.isnan(values_of(made.folder, strand, other)).all()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contribute") / "out"
    sites = table(*SITES, ("line", 45, "+"))
    return compute_contributions(
        GENOME, sites, folder, model=NEAR_MODELS["dilated"], config=CONFIG, settings=AROUND
    ).folder


def test_near_tss_share_a_base_by_the_larger_size(made: Path, tmp_path: Path) -> None:
    alone = []
    for number, site in enumerate(((("line", 41, "+")), ("line", 45, "+"), ("line", 3, "+"))):
        options = {"model": NEAR_MODELS["dilated"], "config": CONFIG, "settings": AROUND}
        folder = compute_contributions(GENOME, table(site), tmp_path / str(number), **options).folder
        alone.append(values_of(folder, "+", "line"))
    sizes = np.nan_to_num(np.abs(alone), nan=-1)
    expected = np.take_along_axis(np.array(alone), sizes.argmax(axis=0)[None], axis=0)[0]
    np.testing.assert_array_equal(values_of(made, "+", "line"), expected)
    assert (sizes.argmax(axis=0)[33:48] == 0).any()
    assert (sizes.argmax(axis=0)[33:48] == 1).any()


def test_the_reverse_complement_has_the_mirrored_values(made: Path, tmp_path: Path) -> None:
    turned = bytes.maketrans(b"ACGTN", b"TGCAN")
    mirrored = Genome(
        "small",
        tuple(
            Contig(one.name, np.frombuffer(one.letters.tobytes().translate(turned)[::-1], np.uint8), one.circular)
            for one in GENOME
        ),
    )
    sites = [
        (chrom, len(GENOME[chrom]) - 1 - at, "-" if strand == "+" else "+")
        for chrom, at, strand in (*SITES, ("line", 45, "+"))
    ]
    options = {"model": NEAR_MODELS["dilated"], "config": CONFIG, "settings": AROUND}
    folder = compute_contributions(mirrored, table(*sites), tmp_path / "out", **options).folder
    for chrom in ("line", "ring"):
        for strand, other in (("+", "-"), ("-", "+")):
            found = values_of(folder, other, chrom)[::-1]
            np.testing.assert_array_equal(found, values_of(made, strand, chrom))


def test_the_gradient_is_that_of_the_whole_strand(tmp_path: Path) -> None:
    model = NEAR_MODELS["transformer"]
    network = model.model
    assert isinstance(network, Transformer)
    sites = (("line", 30, "-"), ("line", 41, "+"))
    made = compute_contributions(GENOME, table(*sites), tmp_path / "out", model=model, config=CONFIG)
    for chrom, position, strand in sites:
        length = len(GENOME[chrom])
        codes = torch.from_numpy(GENOME[chrom].strand_codes(0, length, strand).copy()).long()[None]
        at = position if strand == "+" else length - 1 - position
        own = input_times_gradient(network, codes, at + NEAR.label_shift_bp)[0].numpy() * 4 / 3
        expected = own if strand == "+" else own[::-1]
        found = values_of(made.folder, strand, chrom)
        known = ~np.isnan(found)
        assert known.sum() > 40  # 60 bases, of which 121 would be around the TSS, but for N
        np.testing.assert_allclose(found[known], expected[known], rtol=0, atol=1e-5)
    with pytest.raises(ConfigError, match="gradient is for transformers"):
        compute_contributions(
            GENOME,
            table(*sites),
            tmp_path / "no",
            model=NEAR_MODELS["dilated"],
            settings=ContributeConfig(method="gradient"),
        )


def test_a_killed_run_continues_to_the_same_bytes(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_SITES_A_PART", 2)
    compute, done = room.site_contributions, []

    def killed(sites, *rest):  # type: ignore[no-untyped-def]
        done.append(len(sites))
        if len(done) == 3:
            raise KeyboardInterrupt
        return compute(sites, *rest)

    options = {"model": NEAR_MODELS["dilated"], "config": CONFIG, "settings": AROUND}
    sites = table(*SITES, ("line", 45, "+"))
    monkeypatch.setattr(room, "site_contributions", killed)
    with pytest.raises(KeyboardInterrupt):
        compute_contributions(GENOME, sites, tmp_path / "out", **options)
    folder = compute_contributions(GENOME, sites, tmp_path / "out", **options).folder
    assert len(done) == 5  # two parts, the killed one again, and the last
    for path in made.glob("*.bw"):
        assert (folder / path.name).read_bytes() == path.read_bytes()


def test_the_profile_sums_the_letters(made: Path) -> None:
    profile = pd.read_csv(made / "profile.tsv", sep="\t")
    assert profile["tssOffset"].tolist() == list(range(-12, 7))
    np.testing.assert_allclose(profile[list("ACGT")].sum(axis=1), profile["mean"], atol=1e-5)
    assert {path.suffix for path in made.glob("logo.*")} == {".svg", ".png", ".pdf"}


def test_the_minus_10_and_the_minus_35_of_a_shipped_model(tmp_path: Path) -> None:
    promoter = "GCTAGCGGATCC" * 6 + "TTGACA" + "CCGGATCGCTAGCGGCC" + "TATAAT" + "GCGCGCA" + "CGTGCAGGTC" * 12
    tss = promoter.index("TATAAT") + 12
    genome = Genome("planted", (Contig("c", np.frombuffer(promoter.encode(), np.uint8)),))
    made = compute_contributions(genome, table(("c", tss, "+")), tmp_path / "out", model="ecoli-tss-dilated")
    values = made.profile.set_index("tssOffset")["mean"]
    best = set(values.nlargest(8).index)
    assert {-11, -7} <= best
    assert best <= {*range(-37, -29), *range(-16, -5), -1, 0}


def test_a_hub_draws_letters_with_their_sign(made: Path, tmp_path: Path) -> None:
    fasta = tmp_path / "small.fa"
    fasta.write_text("".join(f">{one.name}\n{one.letters.tobytes().decode()}\n" for one in GENOME))
    hub = build_hub([made], tmp_path / "hub", genome=fasta).folder
    assert list(check_hub(hub)) == []
    text = (hub / "hub.txt").read_text()
    assert text.count("logo on") == 2
    assert "track contributions_letters\ncompositeTrack on" in text
    assert "negateValues" not in text
    assert "strand_mirror" not in text
    labels = {track.strand: track.short_label for track in read_tracks(made)}
    assert labels == {"+": "Contribution (+)", "-": "Contribution (-)"}
    for word, strand in (("plus", "+"), ("minus", "-")):
        with BigWigReader(hub / f"small_contributions_{word}.bw") as reader:
            for chrom in ("line", "ring"):
                shown = reader.values(chrom, 0, len(GENOME[chrom]))
                np.testing.assert_allclose(shown, values_of(made, strand, chrom), atol=5e-5)
                assert np.nanmin(shown) < 0 < np.nanmax(shown)
    tracks = json.loads((hub / "igv/session.json").read_text())["tracks"]
    drawn = [track for track in tracks if track["name"].startswith("Contribution")]
    assert [track["graphType"] for track in drawn] == ["dynseq", "dynseq"]
    assert [track["color"] for track in drawn] == ["rgb(0,114,178)", "rgb(213,94,0)"]
    assert drawn[0]["min"] < 0 < drawn[0]["max"]


def test_the_command_takes_a_folder_of_predictions(tmp_path: Path) -> None:
    promoter = "GCTAGCGGATCC" * 6 + "TTGACA" + "CCGGATCGCTAGCGGCC" + "TATAAT" + "GCGCGCA" + "CGTGCAGGTC" * 12
    fasta, predictions = tmp_path / "g.fa", tmp_path / "predictions"
    fasta.write_text(f">c\n{promoter}\n")
    common = [str(fasta), "-m", "ecoli-tss-dilated", "-t", "1"]
    for words in (
        ["predict", "-o", str(predictions)],
        ["contribute", "--at", str(predictions), "-o", str(tmp_path / "out")],
    ):
        ran = CliRunner().invoke(tracktools, [words[0], *common, *words[1:]])
        assert ran.exit_code == 0, ran.output
    assert "TSS: 1 taken" in ran.output
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="not a folder of predictions"):
        compute_contributions(GENOME, tmp_path / "empty", tmp_path / "no")
    assert not (tmp_path / "no").exists()
