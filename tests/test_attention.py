"""What `attention` says of the heads is what they do, whatever the blocks, on both strands and across borders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from networks import literal_attention, random_network, word_attender
from runs import SMALL, letters
from tracktools import load_model
from tracktools.attention import AttentionRun, attend_genome
from tracktools.attention.groups import TopAndBottom
from tracktools.attention.places import GenomeKeys, blocks_around
from tracktools.attention.statistics import TINY, profile_of, ranks_of
from tracktools.bundle import CHROM, load_bundle
from tracktools.cli import main
from tracktools.config import AttentionConfig, ModelConfig, PredictConfig
from tracktools.engine.grid import window_of
from tracktools.errors import ConfigError, InputError
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Checkpoint, Metadata, save_checkpoint
from tracktools.model.registry import ATTENTIVE_MODEL
from tracktools.tracks import Track, write_tracks

PLANTED = ModelConfig(n_layers=1, n_heads=3, attention_window_bp=100)
WORD, DISTANCE_BP = "TATAAT", 30
OFFSET = PLANTED.label_shift_bp - DISTANCE_BP


GENOME = Genome(
    "three",
    (
        Contig("linear", letters(900, 1, b"ACGTACGTACGTN")),
        Contig("circle", letters(601, 2), circular=True),
        Contig("short", letters(25, 3)),
        Contig("none", letters(7, 4)),
    ),
)
RANDOM = Checkpoint(random_network(SMALL, seed=3), Metadata("random"), sha256="0" * 64)


def attend(tmp_path: Path, name: str = "out", **settings: Any) -> AttentionRun:
    chosen: dict[str, Any] = {"sample_share": 0.1, "extremes": 20, "whole": True, "top_positions": 15}
    config = AttentionConfig(**(chosen | settings.pop("config", {})))
    run = {"block_bp": 500, "threads": 1, "engine": "torch", "device": "cpu"} | settings.pop("predict", {})
    chosen = {"genome": GENOME, "model": RANDOM, "figures": False} | settings
    genome = chosen.pop("genome")
    return attend_genome(genome, tmp_path / name, config=config, predict=PredictConfig(**run), **chosen)


def bed(path: Path, rows: list[tuple[str, int, str]]) -> Path:
    path.write_text("".join(f"{chrom}\t{at}\t{at + 1}\tt{n}\t0\t{s}\n" for n, (chrom, at, s) in enumerate(rows)))
    return path


def literal_row(chrom: str, position: int, strand: str) -> tuple[float, npt.NDArray[np.float64]]:
    """Output and weights (heads, window) of one base, from the equations."""
    contig = GENOME[chrom]
    at = position if strand == "+" else len(contig) - 1 - position
    start = at + SMALL.label_shift_bp - SMALL.halo_upstream_bp
    start = start if contig.circular else max(start, 0)
    codes = contig.strand_codes(start, at + SMALL.label_shift_bp + SMALL.halo_downstream_bp + 1, strand)  # type: ignore[arg-type]
    row = at + SMALL.label_shift_bp - start
    outputs, weights = literal_attention(RANDOM.model, codes)
    return outputs[row], weights[row]


def test_groups_are_described_as_the_equations_say(tmp_path: Path) -> None:
    rows = [("linear", 0, "+"), ("linear", 31, "+"), ("circle", 0, "+"), ("circle", 600, "-"), ("linear", 899, "-")]
    rows += [("linear", 500, "-"), ("short", 3, "+"), ("circle", 300, "-")]
    tables = attend(tmp_path, at={"set": bed(tmp_path / "a.bed", rows)}, config={"whole": False}).tables
    sample = tables.samples[tables.samples["group"] == "set"]
    known = [row for row in rows if chr(GENOME[row[0]].letters[row[1]]) != "N"]
    assert sorted(zip(sample["chrom"], sample["position"], sample["strand"], strict=True)) == sorted(known)
    truth = [literal_row(row.chrom, row.position, row.strand) for row in sample.itertuples()]
    np.testing.assert_allclose(sample["output"], [output for output, _ in truth], atol=1e-6)
    weights = np.stack([own for _, own in truth])  # (n, heads, window), NaN before a 5' end
    with np.errstate(invalid="ignore"):
        mean, largest = np.nanmean(weights, axis=0), np.nanmax(weights, axis=0)
    for number, head in enumerate(["L1H1", "L1H2", "L1H3", "L2H1", "L2H2", "L2H3"]):
        own = tables.profiles[(tables.profiles["group"] == "set") & (tables.profiles["head"] == head)]
        assert own["tssOffset"].tolist() == list(range(9, 9 - 40, -1))
        np.testing.assert_allclose(own["mean"], mean[number], rtol=1e-5)
        np.testing.assert_allclose(own["max"], largest[number], rtol=1e-5)
        sites = tables.sites[tables.sites["head"] == head]
        best = np.nanargmax(weights[:, number], axis=1)
        assert sites["tssOffset"].tolist() == (9 - best).tolist()
        assert sites["name"].tolist() == sample["name"].tolist()


def test_neither_blocks_nor_threads_nor_engine_change_what_is_found(tmp_path: Path) -> None:
    at = {"set": bed(tmp_path / "a.bed", [("linear", 40, "+"), ("circle", 3, "-"), ("circle", 590, "+")])}
    one = attend(tmp_path, "one", at=at).tables
    others = [{"block_bp": 97}, {"block_bp": 10_000, "threads": 2}, {"engine": "auto", "block_bp": 300}]
    for number, predict in enumerate(others):
        other = attend(tmp_path, f"other{number}", at=at, predict=predict).tables
        same = (
            {"check_exact": False, "atol": 2e-5, "rtol": 1e-4} if "engine" in predict else {"rtol": 1e-6, "atol": 1e-7}
        )
        for name in ("groups", "samples", "sites"):
            pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), **same)
        smooth = ["group", "head", "tssOffset", "mean", "max"]
        pd.testing.assert_frame_equal(one.profiles[smooth], other.profiles[smooth], **same)
        np.testing.assert_allclose(one.profiles["pearson"], other.profiles["pearson"], atol=2e-5)
        np.testing.assert_allclose(one.profiles["spearman"], other.profiles["spearman"], atol=2e-3)
        ours, theirs = (table.top.set_index(["head", "tssOffset", "rank"]) for table in (one, other))
        np.testing.assert_allclose(ours["attention"], theirs["attention"], **{k: same[k] for k in ("rtol", "atol")})


def test_all_is_every_position_and_its_spearman_keeps_its_bound(tmp_path: Path) -> None:
    every = [(contig.name, at, strand) for contig in GENOME for at in range(len(contig)) for strand in "+-"]
    run = attend(tmp_path, at={"each": bed(tmp_path / "each.bed", every)}, config={"sample_share": 0})
    groups = run.tables.groups.set_index("group")
    assert groups.loc["all", "n"] == groups.loc["each", "n"] > 2000
    np.testing.assert_allclose(groups.loc["all", "outputMean"], groups.loc["each", "outputMean"], rtol=1e-6)
    tables = run.tables.profiles
    streamed, stored = (tables[tables["group"] == name].reset_index() for name in ("all", "each"))
    for column in ("mean", "max"):
        np.testing.assert_allclose(streamed[column], stored[column], rtol=1e-6)
    np.testing.assert_allclose(streamed["pearson"], stored["pearson"], atol=1e-6)
    assert (np.abs(streamed["spearman"] - stored["spearman"]) <= streamed["spearmanBound"] + 0.02).all()
    assert np.abs(streamed["spearman"] - stored["spearman"]).max() < 0.02
    assert streamed["spearmanBound"].max() < 0.2
    for (head, offset), listed in run.tables.top.groupby(["head", "tssOffset"]):
        assert (np.diff(listed["attention"]) <= 0).all()
        own = tables[(tables["group"] == "each") & (tables["head"] == head) & (tables["tssOffset"] == offset)]
        np.testing.assert_allclose(listed["attention"].iloc[0], own["max"], rtol=1e-6)


def planted(length: int, seed: int, centres: list[tuple[int, str]], origin: int = 0) -> npt.NDArray[np.uint8]:
    """A random circle with words whose attended base, the fourth letter, is at the given bases."""
    sequence = letters(length, seed)
    for at, strand in centres:
        places = np.arange(at - 3, at + 3) if strand == "+" else np.arange(at + 3, at - 3, -1)
        word = WORD if strand == "+" else WORD.translate(str.maketrans("ACGT", "TGCA"))
        sequence[places % length] = np.frombuffer(word.encode(), dtype=np.uint8)
    return np.roll(sequence, -origin)


@pytest.mark.parametrize("engine", ["torch", "auto"])
@pytest.mark.parametrize("block_bp", [130, 5000])
def test_a_planted_word_is_found_on_both_strands_across_the_origin_and_across_blocks(
    tmp_path: Path, engine: str, block_bp: int
) -> None:
    length = 1300
    centres = [(at, strand) for at, strand in zip(range(1, length - 60, 111), "+-" * 20, strict=False)]
    codes = np.array(["ACGT".index(letter) for letter in WORD], dtype=np.uint8)
    model = Checkpoint(word_attender(codes, DISTANCE_BP, PLANTED), Metadata("planted"), sha256="0" * 64)
    genome = Genome("planted", (Contig("ring", planted(length, 9, centres), circular=True),))
    tss = [("ring", (at - OFFSET if strand == "+" else at + OFFSET) % length, strand) for at, strand in centres]
    run = attend(
        tmp_path, genome=genome, model=model, at={"tss": bed(tmp_path / "tss.bed", tss)},
        predict={"engine": engine, "block_bp": block_bp}, config={"extremes": len(tss)},
    )  # fmt: skip
    sites = run.tables.sites[run.tables.sites["head"] == "L1H1"]
    assert len(sites) == len(tss)
    assert (sites["tssOffset"] == OFFSET).all()
    assert sites["attention"].min() > 0.97
    profiles = run.tables.profiles.set_index(["group", "head", "tssOffset"])["mean"].sort_index()
    assert profiles["tss", "L1H1"].idxmax() == OFFSET
    assert profiles["tss", "L1H1", OFFSET] > 0.98
    assert profiles["all", "L1H1"].idxmax() == OFFSET
    assert profiles["all", "L1H2", OFFSET] == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(profiles["all", "L1H3"], 0.01, rtol=1e-5)
    flat = run.tables.profiles[run.tables.profiles["head"] == "L1H3"]
    assert flat["pearson"].isna().all()
    assert flat["spearman"].isna().all()
    top = run.tables.samples[run.tables.samples["group"] == "top"]
    assert sorted(zip(top["position"], top["strand"], strict=True)) == sorted((at, strand) for _, at, strand in tss)


def test_only_the_surroundings_of_a_set_are_run_and_give_the_same(tmp_path: Path) -> None:
    rows = [("linear", 40, "+"), ("linear", 44, "+"), ("linear", 700, "+"), ("circle", 2, "-"), ("circle", 599, "-")]
    at = {"set": bed(tmp_path / "a.bed", rows)}
    alone = attend(tmp_path, "alone", at=at, config={"sample_share": 0, "whole": False}).tables
    among = attend(tmp_path, "among", at=at).tables
    assert alone.groups["group"].tolist() == ["set"]
    pd.testing.assert_frame_equal(alone.sites, among.sites, rtol=1e-6)
    places = GenomeKeys(GENOME, SMALL)
    keys = np.array([40, 44, 700])
    blocks = blocks_around(keys, places, 10_000)
    assert [(piece.start, piece.end) for block in blocks for piece in block.pieces] == [(40, 45), (700, 701)]
    run = sum(len(window_of(p, GENOME.contigs[p.contig], SMALL).codes) for block in blocks for p in block.pieces)
    assert run < 300


def test_the_folder_holds_what_it_says(tmp_path: Path) -> None:
    at = {"set": bed(tmp_path / "a.bed", [("circle", 5, "+")])}
    run = attend(tmp_path, at=at, figures=True)
    figures = {
        f"{name}.{kind}"
        for name in ("mean_attention", "spearman", "profiles_mean", "profiles_max")
        for kind in ("svg", "png")
    }
    assert {path.name for path in (run.folder / "figures").iterdir()} == figures
    for name in ("groups", "samples", "profiles", "top", "sites"):
        written = pd.read_csv(run.folder / f"{name}.tsv", sep="\t")
        assert list(written.columns) == list(getattr(run.tables, name).columns)
        assert len(written) == len(getattr(run.tables, name)) > 0
    assert not list(run.folder.glob(".*"))
    record = json.loads((run.folder / "provenance.json").read_text())["parameters"]
    assert record["groups"] == ["random", "top", "bottom", "set", "all"]
    assert (record["circular"], record["n_layers"], record["n_heads"]) == (["circle"], 2, 3)
    assert (record["label_shift_bp"], record["attention_window_bp"]) == (9, 40)


BROKEN: list[tuple[str, str]] = [
    ("linear\t900\t901\tx\t0\t+\n", "past the end"),
    ("elsewhere\t9\t10\tx\t0\t+\n", "elsewhere"),
    ("linear\t9\t10\n", "without a strand"),
    ("linear\t9\t10\tx\t0\t.\n", "without a strand"),
    ("linear\t9\t19\tx\t0\t+\n", "not one base long"),
    ("", "contains no TSS"),
    ("linear\t899\t900\tx\t0\t+\nnone\t2\t3\ty\t0\t-\n", "none of its TSS"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_a_set_that_cannot_be_is_refused_in_a_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "set.bed"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        attend(tmp_path, at={"set": path})
    assert not list(tmp_path.glob("out*"))


def test_the_calls_of_a_prediction_are_a_set_in_one_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fasta, predictions = tmp_path / "g.fa", tmp_path / "predictions"
    fasta.write_text("".join(f">{c.name}\n{c.letters.tobytes().decode()}\n" for c in GENOME))
    save_checkpoint(tmp_path / "m.safetensors", RANDOM.model, Metadata("m", call_threshold=0.5))
    words = [str(fasta), "-m", str(tmp_path / "m.safetensors"), "-t", "1"]

    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        return int(ended.value.code or 0)

    assert run("predict", *words, "-o", str(predictions)) == 0
    rows = [line.split("\t") for line in (predictions / "g.called_tss.bed").read_text().splitlines()[1:]]
    called = {(row[0], int(row[1]), row[5]) for row in rows if not row[0].startswith("#")}
    assert called
    for at, group in ((str(predictions), "predictions"), (f"calls={predictions}", "calls")):
        out = tmp_path / group
        out = out.with_name(f"{group}_attention")
        assert run("attention", *words, "--at", at, "--sample", "0", "-o", str(out)) == 0
        sites = pd.read_csv(out / "sites.tsv", sep="\t")
        assert set(sites["group"]) == {group}
        assert set(zip(sites["chrom"], sites["position"], sites["strand"], strict=True)) == called
    capsys.readouterr()
    (tmp_path / "empty").mkdir()
    assert run("attention", *words, "--at", str(tmp_path / "calls_attention"), "-o", str(tmp_path / "x")) == 1
    assert "tracks.tsv" in capsys.readouterr().err


def test_a_folder_without_calls_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "measured"
    folder.mkdir()
    path = bed(folder / "set.bed", [("circle", 5, "+")])
    write_tracks(folder, [Track("set", path, "bed")])
    with pytest.raises(InputError, match=r"measured: contains no files of called TSS \(set\.bed\)"):
        attend(tmp_path, at={"set": folder})


def test_positions_without_an_output_are_left_out_with_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    unknown = int(np.flatnonzero(GENOME["linear"].letters == ord("N"))[3])
    rows = [("linear", unknown, "+"), ("linear", 895, "+"), ("linear", 895, "-"), ("circle", 600, "+")]
    run = attend(tmp_path, at={"set": bed(tmp_path / "a.bed", rows)}, config={"whole": False})
    assert run.tables.groups.set_index("group").loc["set", "n"] == 2
    assert "2 of 4 TSS get no output" in caplog.text


def test_what_cannot_be_asked_for_is_refused(tmp_path: Path) -> None:
    path = bed(tmp_path / "a.bed", [("circle", 5, "+")])
    with pytest.raises(ConfigError, match="no group"):
        attend(tmp_path, config={"sample_share": 0, "whole": False})
    with pytest.raises(ConfigError, match="'top'"):
        attend(tmp_path, at={"top": path})
    with pytest.raises(InputError, match="too short"):
        attend(tmp_path, genome=Genome("tiny", (Contig("none", letters(7, 4)),)))


def test_extremes_are_those_of_the_whole_whatever_comes_first() -> None:
    outputs = np.random.default_rng(0).integers(0, 40, 300).astype(np.float32)
    outputs[::9] = np.nan
    keys = np.arange(300)
    known = keys[~np.isnan(outputs)]
    for n in (1, 7, 500):
        order = np.lexsort((known, -outputs[known]))[:n]
        for size in (1, 13, 300):
            extremes = TopAndBottom(n)
            for start in range(0, 300, size):
                extremes.add(outputs[start : start + size], keys[start : start + size])
            assert extremes.top.tolist() == known[order].tolist()
            assert extremes.bottom.tolist() == known[np.lexsort((known, outputs[known]))[:n]].tolist()


def test_drawn_positions_are_distinct_scored_and_the_same_for_a_seed() -> None:
    places = GenomeKeys(GENOME, SMALL)
    scored = np.concatenate([np.arange(*each) for each in places.scored()])
    drawn = places.draw(500, 1)
    assert len(np.unique(drawn)) == 500
    assert np.isin(drawn, scored).all()
    assert (drawn == places.draw(500, 1)).all()
    assert (drawn != places.draw(500, 2)).any()
    assert (places.draw(len(scored), 3) == scored).all()


def test_ranks_and_correlations_are_those_of_scipy() -> None:
    from scipy.stats import pearsonr, rankdata, spearmanr

    generator = np.random.default_rng(0)
    values = generator.integers(0, 9, (5, 80)).astype(float)
    np.testing.assert_array_equal(ranks_of(values), rankdata(values, axis=1))
    weights = generator.random((90, 70)).astype(np.float32)
    outputs = (weights[:, 3] + generator.random(90)).astype(np.float32)
    sees = np.full(90, 70)
    sees[:5] = [60, 10, 65, 69, 70]
    profile = profile_of(weights, outputs, sees)
    for distance in (0, 3, 9, 10, 64, 66, 69):
        own = sees > distance
        assert profile.mean[distance] == pytest.approx(weights[own, distance].mean(), rel=1e-6)
        assert profile.pearson[distance] == pytest.approx(pearsonr(weights[own, distance], outputs[own])[0], abs=1e-6)
        expected = spearmanr(weights[own, distance], outputs[own])[0]
        assert profile.spearman[distance] == pytest.approx(expected, abs=1e-9)


def test_the_command_writes_the_folder_and_names_the_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "g.fa").write_text(">c\n" + GENOME["circle"].letters.tobytes().decode() + "\n")
    save_checkpoint(tmp_path / "m.safetensors", RANDOM.model, Metadata("m"))
    path = bed(tmp_path / "sites.bed", [("c", 5, "+")])
    words = ["attention", str(tmp_path / "g.fa"), "-m", str(tmp_path / "m.safetensors"), "-o", str(tmp_path / "o")]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--circular", "all", "--at", str(path), "--all", "-t", "1"])
    assert ended.value.code == 0
    assert "random 12, top 500, bottom 500, sites 1, all 1,202" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main([*words, "--at", str(path), "--at", str(path), "--force"])
    assert ended.value.code == 2


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "bases"), [("torch", 25_000), ("auto", 10_000)])
def test_streaming_over_real_sequence_equals_stored_attention(tmp_path: Path, engine: str, bases: int) -> None:
    (contig,) = (contig for contig in load_bundle().load_genome() if contig.name == CHROM)
    letters = contig.letters[3_700_000 : 3_700_000 + bases]  # small networks are held to it at 5' ends
    part = Genome("part", (Contig("part", letters, circular=True),))
    every = [("part", at, strand) for strand in "+-" for at in range(bases)]  # 50 kb, or 20 kb
    run = attend(
        tmp_path, genome=part, model=load_model(ATTENTIVE_MODEL), at={"each": bed(tmp_path / "each.bed", every)},
        config={"sample_share": 0}, predict={"engine": engine, "block_bp": 8_000},
    )  # fmt: skip
    tables = run.tables.profiles
    streamed, stored = (tables[tables["group"] == name].reset_index() for name in ("all", "each"))
    for column in ("mean", "max"):
        np.testing.assert_allclose(streamed[column], stored[column], rtol=1e-6)
    vanishing = stored["max"] <= TINY
    for table in (streamed, stored):
        assert (table[["pearson", "spearman"]].isna().all(axis=1) == vanishing).all()  # and nowhere else
    streamed, stored = streamed[~vanishing], stored[~vanishing]
    np.testing.assert_allclose(streamed["pearson"], stored["pearson"], atol=1e-6)
    difference = np.abs(streamed["spearman"] - stored["spearman"])
    assert (difference <= streamed["spearmanBound"]).all()  # neither is NaN anywhere
    assert difference.median() < 1e-3
    assert difference.max() < 0.02, "0.0115 over 50 kb, at a head that gives 0.82 of its weight to one base"
    assert streamed["spearmanBound"].median() < 0.05
