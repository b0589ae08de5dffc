"""Training: the truth is where it should be, nothing of validation or test is seen, a killed run ends the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tracktools.config import TrainConfig
from tracktools.errors import (
    ConfigError,
    GenomeMismatchError,
    InputError,
    OutputForeign,
    OutputLocked,
    OutputNotEmpty,
    UnfinishedRunDiffers,
)
from tracktools.formats.json_file import json_bytes, sealed
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import load_checkpoint
from tracktools.model.golden import verify_golden
from tracktools.run.lock import lock_file
from tracktools.splits import Region, Split, paper_split
from tracktools.tracks import Track, write_tracks
from tracktools.train import train_model
from tracktools.train.labels import describe_labels, read_labels
from tracktools.train.loop import Trainer, focal_loss, learning_rate
from tracktools.train.recipe import check_recipe
from tracktools.train.state import load_state, save_state
from tracktools.train.windows import LabelArrays, TrainingWindows, training_stretches
from trainings import (
    HALO,
    MODEL,
    QUICK,
    RECIPE,
    assert_same,
    circular_genome,
    labels_of,
    split_of,
    train_quickly,
    write_tss,
)


def positions_in_genome(genome: Genome, codes: np.ndarray) -> set[int]:
    """Where a window's letters are: every place where they match one of the strands."""
    contig = genome.contigs[0]
    length, size = len(codes), len(contig)
    wanted = codes.astype(np.uint8).tobytes()
    found: set[int] = set()
    for strand in ("+", "-"):
        text = contig.strand_codes(0, size + length, "+" if strand == "+" else "-").tobytes()
        at = text.find(wanted)
        while at >= 0:
            found |= {(at + i if strand == "+" else size - 1 - at - i) % size for i in range(length)}
            at = text.find(wanted, at + 1)
    return found


def test_stretches_join_across_the_origin_and_keep_the_gap() -> None:
    genome = circular_genome()
    (stretch,) = training_stretches(genome, split_of(genome), HALO)
    assert (stretch.start, stretch.end) == (4100 + HALO, 6007 + 2500 - HALO)


def test_a_linear_contig_is_not_joined() -> None:
    genome = Genome("g", (Contig("chr", circular_genome().contigs[0].letters),))
    stretches = training_stretches(genome, split_of(genome), HALO)
    assert [(s.start, s.end) for s in stretches] == [(0, 2500 - HALO), (4100 + HALO, 6007)]


def test_no_window_with_its_receptive_field_touches_validation_or_test() -> None:
    genome = circular_genome()
    windows = TrainingWindows(
        genome, [labels_of(genome, 50)], training_stretches(genome, split_of(genome), HALO), MODEL, RECIPE
    )
    seen: set[int] = set()
    for step in range(6):
        for codes in windows.batch(step)[0]:
            seen |= positions_in_genome(genome, codes)
    assert seen, "the windows must be found again in the genome"
    forbidden = set(range(2500 - HALO, 4100 + HALO))
    assert not seen & forbidden
    assert min(seen) < 200, "windows do cross the origin"
    assert max(seen) > 5900


def test_the_truth_is_label_shift_downstream_of_the_tss() -> None:
    genome = circular_genome()
    tss = {"+": 900, "-": 1200}
    labels: LabelArrays = {(0, "+"): np.zeros(6007, bool), (0, "-"): np.zeros(6007, bool)}
    labels[0, "+"][tss["+"]] = labels[0, "-"][tss["-"]] = True
    windows = TrainingWindows(genome, [labels], training_stretches(genome, split_of(genome), HALO), MODEL, RECIPE)
    contig = genome.contigs[0]
    start = {"+": contig.strand_codes(900, 908, "+"), "-": contig.strand_codes(6006 - 1200, 6006 - 1200 + 8, "-")}
    found = set()
    for step in range(4):
        codes, is_tss, _ = windows.batch(step)
        for row, at in zip(*np.nonzero(is_tss[:, :, 0]), strict=True):
            letters = codes[row, at - MODEL.label_shift_bp : at + 1]  # the TSS to the network position
            found |= {strand for strand, expected in start.items() if np.array_equal(letters, expected)}
            assert any(np.array_equal(letters, expected) for expected in start.values())
    assert found == {"+", "-"}


def test_the_same_seed_and_step_give_the_same_batch_and_others_do_not() -> None:
    genome = circular_genome()
    stretches = training_stretches(genome, split_of(genome), HALO)
    first, second = (TrainingWindows(genome, [labels_of(genome, 50)], stretches, MODEL, RECIPE) for _ in range(2))
    assert np.array_equal(first.batch(4)[0], second.batch(4)[0])
    assert not np.array_equal(first.batch(4)[0], first.batch(7)[0])
    assert first.batch(2)[0].shape == (640 // 128, 128)
    assert first.batch(3)[0].shape == (640 // 64, 64)


def test_a_genome_too_small_to_train_on_is_refused() -> None:
    genome = circular_genome(400)
    with pytest.raises(ValueError, match="no training stretch"):
        TrainingWindows(genome, [labels_of(genome, 50)], [], MODEL, RECIPE)


class KilledError(Exception):
    pass


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished training: its folder."""
    folder, genome = tmp_path_factory.mktemp("unbroken"), circular_genome()
    train_quickly(folder / "model", write_tss(folder / "tss.bed", genome, 90), genome)
    return folder / "model"


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(folder / "model.safetensors").model.state_dict()


def kill_at(at: int, output: Path, tss: Path, genome: Genome, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin a training, and end it before a step."""
    step = Trainer.train_step

    def step_or_die(self: Trainer) -> float:
        if self.step == at:
            raise KilledError
        return step(self)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_step", step_or_die)
        with pytest.raises(KilledError):
            train_quickly(output, tss, genome)


@pytest.mark.parametrize("at", [0, 8, 15])
def test_a_killed_training_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unbroken: Path, at: int
) -> None:
    genome = circular_genome()
    tss = write_tss(tmp_path / "tss.bed", genome, 90)
    kill_at(at, tmp_path / "killed", tss, genome, monkeypatch)
    assert not (tmp_path / "killed").exists()
    assert_same(weights_of(unbroken), train_quickly(tmp_path / "killed", tss, genome))
    assert (tmp_path / "killed" / "log.jsonl").read_text() == (unbroken / "log.jsonl").read_text()


@pytest.mark.slow
def test_a_training_killed_at_twenty_random_moments_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    """The moments are of its own processor's time: how busy the machine is changes nothing."""
    code = """
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
import trainings
from tracktools.train.loop import Trainer
train_step = Trainer.train_step
def limit():
    signal.setitimer(signal.ITIMER_PROF, float(sys.argv[2]))  # SIGPROF ends a process on the spot
def limit_at_the_first_step(self):
    Trainer.train_step = train_step
    limit()
    return train_step(self)
genome = trainings.circular_genome()
tss = trainings.write_tss(Path(sys.argv[1] + ".bed"), genome, 90)
if sys.argv[3] == "steps":
    Trainer.train_step = limit_at_the_first_step
else:
    limit()
before = time.process_time()
trainings.train_quickly(Path(sys.argv[1]), tss, genome, replace(trainings.QUICK, steps=2000, validate_every=10))
print(time.process_time() - before)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}

    def run(name: str, lives_s: float = 0, since: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, str(tmp_path / name), str(lives_s), since]  # 0: no end is set
        return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)

    unbroken_s, rng = float(run("unbroken").stdout), np.random.default_rng(20)
    for _ in range(10):  # all of them together are too short for it
        assert run("killed", rng.uniform(0.001, unbroken_s / 10), since="start").returncode == -signal.SIGPROF
        assert run("killed", rng.uniform(0.001, unbroken_s / 20), since="steps").returncode == -signal.SIGPROF
    steps = [json.loads(line)["step"] for line in (tmp_path / "killed.partial" / "log.jsonl").read_text().splitlines()]
    assert 0 < steps[-1] < 2000
    assert run("killed").returncode == 0
    killed, unbroken = (load_checkpoint(tmp_path / name / "model.safetensors") for name in ("killed", "unbroken"))
    assert_same(unbroken.model.state_dict(), killed.model.state_dict())
    assert killed.sha256 == unbroken.sha256


def test_an_unfinished_training_is_continued_only_from_the_same_inputs_and_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genome = circular_genome()
    tss, other = write_tss(tmp_path / "tss.bed", genome, 90), write_tss(tmp_path / "other.bed", genome, 80)

    def die(self: Trainer) -> float:
        if self.step == 10:
            raise KilledError
        return step(self)

    step = Trainer.train_step
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train_step", die)
        with pytest.raises(KilledError):
            train_quickly(tmp_path / "m", tss, genome)
    with pytest.raises(UnfinishedRunDiffers, match=r"other inputs: main of labels was .* and is now"):
        train_quickly(tmp_path / "m", other, genome)
    with pytest.raises(UnfinishedRunDiffers, match=r"other inputs: dropout was 0.1 and is now 0.3"):
        train_quickly(tmp_path / "m", tss, genome, replace(QUICK, dropout=0.3))
    assert len((tmp_path / "m.partial" / "log.jsonl").read_text().splitlines()) == 1, "what is known so far is told"
    train_quickly(tmp_path / "m", tss, genome, replace(QUICK, precision="auto"))  # goes on with what it began with
    assert load_checkpoint(tmp_path / "m" / "model.safetensors").metadata.recipe["precision"] == "fp32"
    names = {path.name for path in (tmp_path / "m").iterdir()}
    assert names == {"model.safetensors", "log.jsonl", "curves.svg", "curves.png", "provenance.json"}


def test_a_second_training_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    genome = circular_genome()
    tss = write_tss(tmp_path / "tss.bed", genome, 90)
    (tmp_path / "m.partial").mkdir()
    with (
        lock_file(tmp_path / "m.partial" / "lock"),
        pytest.raises(OutputLocked, match=r"another run .* is working here"),
    ):
        train_quickly(tmp_path / "m", tss, genome)


def test_bf16_is_taken_where_the_processor_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genome = circular_genome()
    tss = write_tss(tmp_path / "tss.bed", genome, 90)
    for has, expected in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda has=has: has)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
        train_quickly(tmp_path / expected, tss, genome, replace(QUICK, precision="auto", steps=8))
        made = load_checkpoint(tmp_path / expected / "model.safetensors")
        assert made.metadata.recipe["precision"] == expected


def test_the_same_seed_gives_the_same_weights_and_another_does_not(tmp_path: Path, unbroken: Path) -> None:
    genome, first = circular_genome(), weights_of(unbroken)
    tss = write_tss(tmp_path / "tss.bed", genome, 90)
    assert_same(first, train_quickly(tmp_path / "b", tss, genome))
    other = train_quickly(tmp_path / "c", tss, genome, replace(QUICK, seed=1))
    assert not torch.equal(first["embedding"], other["embedding"])


def test_the_checkpoint_says_what_made_it_and_verifies(unbroken: Path) -> None:
    genome = circular_genome()
    checkpoint = load_checkpoint(unbroken / "model.safetensors")
    metadata = checkpoint.metadata
    assert verify_golden(checkpoint) < 1e-5
    assert [data["name"] for data in metadata.training_data] == ["main", "side"]
    assert metadata.training_data[0]["positions"] == len(range(7, 6007, 90))
    assert metadata.recipe["chosen_step"] in (8, 16, 24)
    validation = metadata.metrics["validation"]
    assert validation["positions"] == 2 * (4100 - 3400)
    assert validation["prevalence"] == pytest.approx(validation["positives"] / validation["positions"])
    assert Split.from_records(metadata.split) == split_of(genome)
    assert metadata.calibration is not None


def test_source_and_licence_come_from_the_tracks_file_next_to_the_labels(tmp_path: Path) -> None:
    genome = circular_genome()
    tss = write_tss(tmp_path / "tss.bed", genome, 90)
    labels = read_labels(tss, genome)
    assert describe_labels("x", tss, labels)["licence"] == ""
    write_tracks(tmp_path, [Track("t", tss, "bed", source="Someone 2020", licence="CC BY 4.0")])
    described = describe_labels("x", tss, labels)
    assert (described["source"], described["licence"]) == ("Someone 2020", "CC BY 4.0")
    assert described["positions"] == len(range(7, 6007, 90))


def test_a_changed_state_is_named_and_never_continued(tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    save_state(state, {"weights": torch.arange(1_000), "one": torch.tensor(0.5)}, {"history": [{"loss": 0.1}]})
    tensors, values = load_state(state)
    assert torch.equal(tensors["weights"], torch.arange(1_000))
    assert tensors["one"].shape == ()
    assert values == {"history": [{"loss": 0.1}]}
    data = state.read_bytes()
    changed_tensor = data[:-2_000] + bytes([data[-2_000] ^ 1]) + data[-1_999:]
    for damaged in (
        data[:-1],
        b"",
        b"x" * 100,
        changed_tensor,
        data.replace(b"0.1", b"0.2"),
        data.replace(b"one", b"two"),
    ):
        assert damaged != data
        state.write_bytes(damaged)
        with pytest.raises(InputError, match=r"state\.safetensors: is not as a training wrote it .*--restart"):
            load_state(state)


def test_an_unfinished_training_of_an_older_version_is_refused_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its state was a pickle, and it kept no list of what it wrote: nothing of it is read or deleted."""
    genome = circular_genome()
    tss = write_tss(tmp_path / "tss.bed", genome, 90)
    kill_at(8, tmp_path / "m", tss, genome, monkeypatch)
    partial = tmp_path / "m.partial"
    (partial / "state.safetensors").rename(partial / "state.pt")
    (partial / "written.jsonl").unlink()
    record = {**json.loads((partial / "run.json").read_text()), "format": 1, "keeps": ["state.pt", "log.jsonl"]}
    (partial / "run.json").write_bytes(json_bytes(sealed(record)))
    for restart in (False, True):
        with pytest.raises(OutputForeign, match=r"no unfinished run of this version .* move it away or delete it"):
            train_quickly(tmp_path / "m", tss, genome, restart=restart)
        assert (partial / "state.pt").exists()


def test_force_replaces_a_training_and_nothing_else(tmp_path: Path) -> None:
    genome = circular_genome()
    tss = write_tss(tmp_path / "tss.bed", genome, 90)
    quick = replace(QUICK, steps=10, validate_every=10)
    train_quickly(tmp_path / "m", tss, genome, quick)
    with pytest.raises(OutputNotEmpty):
        train_quickly(tmp_path / "m", tss, genome, quick)
    (tmp_path / "m" / "thesis.tex").write_text("mine")
    with pytest.raises(OutputForeign, match=r"thesis\.tex"):
        train_quickly(tmp_path / "m", tss, genome, quick, force=True)
    (tmp_path / "m" / "thesis.tex").unlink()
    train_quickly(tmp_path / "m", tss, genome, quick, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "tss.bed"]


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    genome = circular_genome()
    tss = write_tss(tmp_path / "tss.bed", genome, 90)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "thesis.tex").write_text("mine")
    with pytest.raises(OutputNotEmpty, match="--force"):
        train_quickly(tmp_path / "there", tss, genome)
    (tmp_path / "empty.bed").write_text("")
    with pytest.raises(InputError, match=r"empty\.bed.*no TSS"):
        train_quickly(tmp_path / "a", tmp_path / "empty.bed", genome)
    (tmp_path / "dots.bed").write_text("chr\t5\t6\tx\t0\t.\n")
    with pytest.raises(InputError, match="without a strand"):
        train_quickly(tmp_path / "b", tmp_path / "dots.bed", genome)
    (tmp_path / "long.bed").write_text("chr\t5\t9\tx\t0\t+\n")
    with pytest.raises(InputError, match="not one base long"):
        train_quickly(tmp_path / "e", tmp_path / "long.bed", genome)
    with pytest.raises(ConfigError, match="window_bp is 24"):
        train_quickly(tmp_path / "d", tss, genome, replace(QUICK, window_bp=24))
    sequence = genome.contigs[0].sequence_sha256
    short, valid = Region(sequence, 0, 100, "train"), Region(sequence, 100, 900, "valid")
    for regions, words in (
        ((short, valid), "no training stretch"),
        ((short,), "contains no region"),
        ((short, replace(valid, end=105)), "contains no TSS of main"),
    ):
        with pytest.raises(ConfigError, match=words):
            train_model(
                genome, {"main": tss}, tmp_path / "c", split=Split(regions), name="x", config=QUICK, model_config=MODEL
            )
    assert not list(tmp_path.glob("*.partial"))


def test_focal_loss_is_cross_entropy_at_gamma_zero_and_smaller_where_the_answer_is_sure() -> None:
    log_odds, truth = torch.tensor([-2.0, 0.5, 3.0]), torch.tensor([0.0, 1.0, 1.0])
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(log_odds, truth, reduction="none")
    assert torch.allclose(focal_loss(log_odds, truth, 0.0), entropy)
    p = torch.sigmoid(log_odds * torch.tensor([-1.0, 1.0, 1.0]))
    assert torch.allclose(focal_loss(log_odds, truth, 0.8), (1 - p) ** 0.8 * entropy)


def test_the_learning_rate_warms_up_and_falls_to_a_fiftieth() -> None:
    config = TrainConfig(steps=1000, warmup_steps=100, learning_rate=0.1)
    rates = [learning_rate(step, config) for step in range(1001)]
    assert rates[0] == pytest.approx(0.001, rel=0.01)
    assert max(rates) <= 0.1
    assert int(np.argmax(rates)) == 99
    assert rates[-1] == pytest.approx(0.1 * 0.02, rel=0.01)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"steps": 0}, "steps is 0: it must be 1 or more"),
        ({"learning_rate": float("nan")}, "learning_rate is nan: it must be above 0"),
        ({"learning_rate": float("inf")}, "learning_rate is inf"),
        ({"dropout": 1.0}, "dropout is 1.0: it must be 0 or more and below 1"),
        ({"masked_share": 1.5}, "masked_share is 1.5: it must be 0 to 1"),
        ({"validate_every": 0}, "validate_every is 0"),
        ({"threads": 0}, "threads is 0"),
    ],
)
def test_a_recipe_out_of_range_is_refused(setting: dict[str, float], words: str) -> None:
    check_recipe(TrainConfig())
    with pytest.raises(ConfigError, match=words):
        check_recipe(replace(TrainConfig(), **setting))  # type: ignore[arg-type]


def test_the_split_of_the_paper_is_refused_for_another_genome() -> None:
    with pytest.raises(GenomeMismatchError, match=r"chrA has 60 bp, and NC_000913.3.* 4,641,652"):
        paper_split(Contig("chrA", np.full(60, ord("A"), dtype=np.uint8)))
