"""Every substitution of a genome: what the predictions of the mutants say, however the run was cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dilated_networks import random_dilated
from networks import random_network
from tracktools import Scorer
from tracktools.arrays import Float32
from tracktools.cli import tracktools
from tracktools.config import DilatedConfig, ModelConfig, PredictConfig
from tracktools.errors import ConfigError, InputError
from tracktools.formats.bigwig import BigWigReader
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Checkpoint, Metadata
from tracktools.mutate import all as all_room
from tracktools.mutate import merge_all, mutate_all
from tracktools.mutate.all_effects import PLANES, block_effects
from tracktools.predict import Shard, merge_shards
from tracktools.tracks import read_tracks

NETWORK = DilatedConfig(n_channels=6, stem_width_bp=5, conv_width_bp=3, dilations_bp=(1, 4, 2))  # sees 9 to each side
MODEL = Checkpoint(random_dilated(NETWORK), Metadata("random"), sha256="1" * 64)
SETTINGS = {"threads": 1, "device": "cpu", "block_bp": 16}
CONFIG = PredictConfig(**SETTINGS)  # type: ignore[arg-type]


def contig(name: str, length: int, seed: int, alphabet: bytes = b"ACGT", *, circular: bool = False) -> Contig:
    letters = np.random.default_rng(seed).choice(np.frombuffer(alphabet, dtype=np.uint8), length)
    return Contig(name, letters, circular)


GENOME = Genome(
    "mixed",
    (
        contig("line", 45, 1, b"ACGTACGTACGTN"),
        contig("ring", 40, 2, circular=True),
        contig("small_ring", 11, 3, circular=True),  # an output sees a base twice
        contig("short", 3, 4),
        contig("none", 5, 5, b"N"),
    ),
)


def brute_force(one: Contig) -> Float32:
    """Predict every mutant as a whole; shape (4, length), losses negative."""
    scorer = Scorer(MODEL, config=CONFIG)
    found = np.full((4, len(one)), np.nan, np.float32)
    before = scorer.predict_sequence(one.letters, circular=one.circular)
    for base in np.flatnonzero(np.isin(one.letters, np.frombuffer(b"ACGT", np.uint8))):
        changes = []
        for letter in b"ACGT":
            mutant = one.letters.copy()
            mutant[base] = letter
            after = scorer.predict_sequence(mutant, circular=one.circular)
            changes.append(np.nan_to_num(np.concatenate([after.plus - before.plus, after.minus - before.minus])))
        gains, losses = (np.array([pick(change, 0) for change in changes]) for pick in (_most, _least))
        found[:, base] = gains.max(), losses.min(), gains.sum() / 3, losses.sum() / 3
    return found


def _most(values: Float32, floor: float) -> float:
    return max(float(values.max()), floor)


def _least(values: Float32, ceiling: float) -> float:
    return min(float(values.min()), ceiling)


def values_of(folder: Path, name: str, length: int) -> Float32:
    planes = []
    for plane in PLANES:
        with BigWigReader(folder / f"{GENOME.name}.{plane}.bw") as reader:
            planes.append(reader.values(name, 0, length))
    return np.array(planes)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in (".bw", ".tsv")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mutate_all(GENOME, tmp_path_factory.mktemp("all") / "whole", model=MODEL, config=CONFIG)


@pytest.mark.parametrize("one", GENOME.contigs, ids=lambda one: one.name)
def test_every_base_is_what_predicting_its_mutants_says(whole: Path, one: Contig) -> None:
    found = values_of(whole, one.name, len(one))
    np.testing.assert_allclose(found, brute_force(one), rtol=0, atol=1e-5)
    if one.name != "none":
        assert np.nanmax(found[0]) > 1e-3
        assert np.nanmin(found[1]) < -1e-3


def test_torch_gives_the_same(whole: Path, tmp_path: Path) -> None:
    config = PredictConfig(**SETTINGS, engine="torch")  # type: ignore[arg-type]
    other = mutate_all(GENOME, tmp_path / "torch", model=MODEL, config=config)
    for one in GENOME:
        np.testing.assert_allclose(
            values_of(other, one.name, len(one)), values_of(whole, one.name, len(one)), rtol=0, atol=1e-5
        )


def test_the_reverse_complement_has_the_mirrored_values(whole: Path, tmp_path: Path) -> None:
    turned = bytes.maketrans(b"ACGTN", b"TGCAN")
    mirrored = Genome(
        "mixed",
        tuple(
            Contig(one.name, np.frombuffer(one.letters.tobytes().translate(turned)[::-1], np.uint8), one.circular)
            for one in GENOME
        ),
    )
    folder = mutate_all(mirrored, tmp_path / "mirrored", model=MODEL, config=CONFIG)
    for one in GENOME:
        found = values_of(folder, one.name, len(one))[:, ::-1]
        assert found.tobytes() == values_of(whole, one.name, len(one)).tobytes()


@pytest.mark.parametrize("block_bp", [7, 4096])
def test_blocks_and_threads_change_no_byte(whole: Path, tmp_path: Path, block_bp: int) -> None:
    config = PredictConfig(threads=2, device="cpu", block_bp=block_bp)
    folder = mutate_all(GENOME, tmp_path / "other", model=MODEL, config=config)
    assert files_of(folder) == files_of(whole)


def test_a_killed_run_continues_to_the_same_bytes(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_room, "_seconds_per_base", lambda scoring: 0.0)  # it computes blocks, too, where it is told
    computed: list[int] = []

    def killed(block, scoring, chosen=None):  # type: ignore[no-untyped-def]
        if len(computed) == 3:
            raise KeyboardInterrupt
        computed.append(block.index)
        return block_effects(block, scoring, chosen)

    monkeypatch.setattr(all_room, "block_effects", killed)
    with pytest.raises(KeyboardInterrupt):
        mutate_all(GENOME, tmp_path / "run", model=MODEL, config=CONFIG)
    assert not (tmp_path / "run").exists()
    again: list[int] = []

    def counted(block, scoring, chosen=None):  # type: ignore[no-untyped-def]
        again.append(block.index)
        return block_effects(block, scoring, chosen)

    monkeypatch.setattr(all_room, "block_effects", counted)
    folder = mutate_all(GENOME, tmp_path / "run", model=MODEL, config=CONFIG)
    assert again
    assert not set(again) & set(computed)
    assert files_of(folder) == files_of(whole)


def test_shards_join_to_the_bytes_of_one_run(whole: Path, tmp_path: Path) -> None:
    parts = [
        mutate_all(GENOME, tmp_path / f"part{number}", model=MODEL, config=CONFIG, shard=Shard(number, 3))
        for number in (1, 2, 3)
    ]
    assert files_of(merge_all(parts[::-1], tmp_path / "joined")) == files_of(whole)
    ran = CliRunner().invoke(tracktools, ["merge", *map(str, parts), "-o", str(tmp_path / "by_command")])
    assert ran.exit_code == 0, ran.output
    assert files_of(tmp_path / "by_command") == files_of(whole)
    with pytest.raises(InputError, match="shards are missing"):
        merge_all(parts[:2], tmp_path / "missing")
    with pytest.raises(InputError, match="mutate --all"):
        merge_shards(parts, tmp_path / "wrong")


def test_regions_have_the_bits_of_a_whole_run_whatever_their_strand(whole: Path, tmp_path: Path) -> None:
    regions = (("line", 3, 9, "+"), ("line", 7, 12, "-"), ("ring", 38, 40, "-"))
    folder = mutate_all(GENOME, tmp_path / "some", model=MODEL, config=CONFIG, regions=regions)
    for one in GENOME:
        kept = np.zeros(len(one), bool)
        for name, start, end, _ in regions:
            kept[start:end] |= name == one.name
        expected = np.where(kept, values_of(whole, one.name, len(one)), np.float32(np.nan))
        np.testing.assert_array_equal(values_of(folder, one.name, len(one)), expected)


def test_its_tracks_go_into_a_hub(whole: Path) -> None:
    tracks = read_tracks(whole)
    assert [track.path.name for track in tracks] == [f"mixed.{plane}.bw" for plane in PLANES]
    assert {track.group for track in tracks} == {"mutations"}
    assert all("change of the model output" in track.method for track in tracks)


def test_a_transformer_is_refused_in_a_line(tmp_path: Path) -> None:
    model = Checkpoint(
        random_network(ModelConfig(n_layers=1, n_heads=2, d_model=8, d_head=4)), Metadata("random"), sha256="0" * 64
    )
    with pytest.raises(ConfigError, match="convolutional"):
        mutate_all(GENOME, tmp_path / "all", model=model, config=CONFIG)
    assert not list(tmp_path.iterdir())


def test_the_command(tmp_path: Path) -> None:
    fasta, regions = tmp_path / "g.fa", tmp_path / "r.bed"
    fasta.write_text(">c\n" + "ACGTTGCATTGACATATAATGC" * 20 + "\n")
    regions.write_text("c\t100\t104\n")
    common = ["mutate", str(fasta), "--all", "--regions", str(regions), "-m", "ecoli-tss-dilated", "-t", "1"]
    ran = CliRunner().invoke(tracktools, [*common, "-o", str(tmp_path / "out")])
    assert ran.exit_code == 0, ran.output
    with BigWigReader(tmp_path / "out" / "g.gain.bw") as reader:
        assert np.isfinite(reader.values("c", 0, 440)).sum() == 4
    for wrong in (["--all", "--at", "x.bed"], ["--at", "x.bed", "--shard", "1/2"], ["--from", "x", "--regions", "y"]):
        ran = CliRunner().invoke(tracktools, ["mutate", str(fasta), *wrong, "-o", str(tmp_path / "no")])
        assert ran.exit_code == 2, ran.output
