"""Where a model has already learnt a genome, scores there are too good: every file that shows them says so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tracktools import load_model
from tracktools.bundle import load_bundle
from tracktools.config import DilatedConfig, EvaluateConfig, PredictConfig
from tracktools.descriptor import Descriptor, Reference
from tracktools.engine.caveats import caveats_of
from tracktools.engine.host import learnt_genome, seen_before, set_to_host
from tracktools.evaluate import ScopeOptions, SignalInput
from tracktools.evaluate.inputs import read_all
from tracktools.formats.bigwig import write_bigwig
from tracktools.genome import Genome, load_genome
from tracktools.model.checkpoint import Checkpoint, Metadata, load_checkpoint
from tracktools.model.dilated import Dilated
from tracktools.splits import Region, Split
from tracktools.train import train_folds, train_model
from trainings import QUICK as LONGER
from trainings import circular_genome, write_tss

QUICK = replace(LONGER, steps=2, validate_every=2, warmup_steps=1)
NETWORK = DilatedConfig(n_channels=4, stem_width_bp=3, dilations_bp=(1, 3))


def random_genome(folder: Path, gc: float) -> Genome:
    letters = np.random.default_rng(1).choice(list("ACGT"), 20_000, p=[(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2])
    (folder / "one.fa").write_text(">one\n" + "".join(letters) + "\n")
    return load_genome(folder / "one.fa")


def model_that_learnt(genome: Genome, name: str) -> Checkpoint:
    """Return bacteria-tss as if one of its training genomes had the composition of this one."""
    model = load_model("bacteria-tss")
    reference = dict(model.metadata.reference or {})
    row = {"name": name, "phylum": "Somewhere", "values": list(genome.descriptor.values)}
    reference["genomes"] = [*reference["genomes"], row]
    return replace(model, metadata=replace(model.metadata, reference=reference))


def test_a_genome_of_the_training_is_known_by_its_composition(tmp_path: Path) -> None:
    genome = random_genome(tmp_path, 0.5)
    new = set_to_host(load_model("bacteria-tss"), genome)
    known = set_to_host(model_that_learnt(genome, "Bacillus fictus"), genome)
    assert (learnt_genome(new, genome), learnt_genome(known, genome)) == ("", "Bacillus fictus")
    said = "the model was trained on Bacillus fictus, which is this genome or a near relative"
    assert [said in sentence for sentence in caveats_of(genome, known)].count(True) == 1
    assert not any(said in sentence for sentence in caveats_of(genome, new))


@pytest.mark.parametrize(
    ("bp", "apart", "found"),
    [(99_999, 0.15, ""), (100_000, 0.15, "X"), (999_999, 0.15, "X"), (1_000_000, 0.15, ""), (500_000, 0.25, ""),
     (99_999, 0.05, "X"), (1_000_000, 0.05, "X")],
)  # fmt: skip
def test_a_piece_may_differ_more_from_its_genome_than_a_strain_of_it(bp: int, apart: float, found: str) -> None:
    own, other = (0.5, *[0.0] * 10), (0.5, *[2.0] * 10)  # apart by two standard deviations, in ten of eleven values
    reference = Reference(genomes=(("X", "P", own), ("Y", "P", other)), far=0.65)
    piece = Descriptor(0.5, (apart * 1.1**0.5,) * 10, bp=bp)
    assert reference.distances(piece)[0][:2] == (pytest.approx(apart), "X")
    assert reference.learnt(piece) == found
    assert Reference.is_sure(piece) == (bp in (99_999, 1_000_000))


def test_a_piece_of_a_training_genome_is_told_that_it_may_be_learnt(tmp_path: Path) -> None:
    genome = load_bundle().load_genome()
    piece = tmp_path / "piece.fa"
    piece.write_bytes(b">piece\n" + genome.contigs[0].letters.tobytes()[1_000_000:1_200_000] + b"\n")
    read = load_genome(piece)
    model = replace(load_model("bacteria-tss"), descriptor=read.descriptor)
    said = "the model was trained on Escherichia coli, which may be, by its composition, this genome or a near relative"
    assert [said in sentence for sentence in seen_before(model, read)] == [True]


def test_where_the_split_tells_nothing_is_said_and_of_its_reverse_complement_it_is(tmp_path: Path) -> None:
    genome = load_bundle().load_genome()
    other = tmp_path / "other.fa"
    other.write_bytes(
        b">other\n" + genome.contigs[0].letters.tobytes().translate(bytes.maketrans(b"ACGT", b"TGCA"))[::-1]
    )
    for read, learnt in ((genome, ""), (load_genome(other), "Escherichia coli")):
        model = set_to_host(load_model("bacteria-tss"), read, gene_context=False)
        assert learnt_genome(model, read) == learnt


def start(genome: Genome) -> Checkpoint:
    """A model that was trained on the last 200 bases of the validation part."""
    torch.manual_seed(1)
    seen = Split((Region(genome.contigs[0].sequence_sha256, 3300, 3500, "train"),))
    return Checkpoint(Dilated(NETWORK).eval(), Metadata(name="wise", split=seen.to_records()), sha256="1" * 64)


def test_a_training_that_starts_from_such_a_model_says_so_in_all_that_comes_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    genome = circular_genome()
    contig, tss = genome.contigs[0].sequence_sha256, write_tss(tmp_path / "main.bed", genome, 90)
    split = Split((Region(contig, 0, 2000, "train"), Region(contig, 2000, len(genome), "valid")))
    train_model(genome, {"main": tss}, tmp_path / "made", split=split, name="made", config=QUICK, init=start(genome))
    said = "wise was trained on 200 bp of the validation and test parts"
    assert said in caplog.text
    assert said in json.loads((tmp_path / "made/provenance.json").read_text())["warnings"][0]
    made = load_checkpoint(tmp_path / "made/model.safetensors")
    assert said in seen_before(made, genome)[0]
    assert said in "".join(caveats_of(genome, made))
    letters = genome.contigs[0].letters.tobytes().decode()
    (tmp_path / "g.fa").write_text(f">chr\n{letters}\n")
    whole, where = EvaluateConfig(region="all"), ScopeOptions(genome=tmp_path / "g.fa", circular=["all"])
    of_model, of_files = SignalInput(tmp_path / "made/model.safetensors"), tmp_path / "made"
    for strand in ("plus", "minus"):  # files in a folder that has such a warning
        write_bigwig(of_files / f"{strand}.bw", {"chr": len(genome)}, {"chr": np.arange(len(genome), dtype=np.float32)})
    for signal in (of_model, SignalInput(plus=of_files / "plus.bw", minus=of_files / "minus.bw")):
        read = read_all(signal, {"main": tss}, where, whole, PredictConfig())
        assert said in "".join(read.notes)
    again = tmp_path / "again"  # also of what is trained on from that
    train_model(genome, {"main": tss}, again, split=split, name="again", config=QUICK, init=made)
    assert said in json.loads((again / "provenance.json").read_text())["warnings"][0]


def test_a_training_that_starts_from_a_model_that_saw_its_training_part_alone_does_not(tmp_path: Path) -> None:
    genome = circular_genome()
    contig, tss = genome.contigs[0].sequence_sha256, write_tss(tmp_path / "main.bed", genome, 90)
    split = Split((Region(contig, 2500, len(genome), "train"), Region(contig, 0, 2500, "valid")))
    train_model(genome, {"main": tss}, tmp_path / "made", split=split, name="made", config=QUICK, init=start(genome))
    warnings = json.loads((tmp_path / "made/provenance.json").read_text())["warnings"]
    assert not any("was trained on" in one for one in warnings)


def test_folds_say_what_their_start_has_seen(tmp_path: Path) -> None:
    genome = circular_genome()
    tss = write_tss(tmp_path / "main.bed", genome, 60)
    train_folds(genome, {"main": tss}, tmp_path / "folds", folds=2, name="folds", config=QUICK, init=start(genome))
    warnings = json.loads((tmp_path / "folds/provenance.json").read_text())["warnings"]
    assert any("wise was trained on 200 bp" in one for one in warnings)
