"""A run with a model that is set to a genome: by the whole of it, whatever is computed, or by the one it belongs to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from runs import GENOME, checkpoint_of, files_of, letters, settings_of, write_fasta
from tracktools import load_model
from tracktools.cli import tracktools
from tracktools.config import ConditionedConfig
from tracktools.descriptor import Descriptor, Reference
from tracktools.engine.host import read_host
from tracktools.errors import ConfigError, InputError, OutputError
from tracktools.formats.bigwig import BigWigReader
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Checkpoint, Metadata, save_checkpoint
from tracktools.model.conditioned import Conditioned
from tracktools.predict import Shard, merge_shards, predict_genome, predict_sequence, predict_shard, read_selection
from tracktools.tracks import read_provenance

SMALL = ConditionedConfig(n_channels=4, stem_width_bp=5, dilations_bp=(1, 2), n_hidden=3)
HOST = Genome("host", (Contig("chr", letters(9_000, 8, b"GCGCAT")),))


def values_of(path: Path, chrom: str, start: int, end: int) -> np.ndarray:
    with BigWigReader(path) as reader:
        return reader.values(chrom, start, end)


def conditioned(folder: Path, far: float = 100.0) -> Checkpoint:
    """A random network that is set to a genome, from a file."""
    generator = torch.Generator().manual_seed(4)
    network = Conditioned(SMALL)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator))
    rows = [(name, "phylum", (gc, *[value] * 10)) for name, gc, value in (("one", 0.3, -0.2), ("two", 0.7, 0.2))]
    reference = Reference(tuple(rows), far).to_record()
    golden = {"sequence": "", "probabilities": [], "descriptor": HOST.descriptor.to_record() | {"gc": 0.41}}
    save_checkpoint(
        folder / "set.safetensors", network, Metadata("set", call_threshold=0.6, reference=reference, golden=golden)
    )
    return load_model(folder / "set.safetensors")


def test_a_run_is_set_by_the_whole_genome_and_says_so(tmp_path: Path) -> None:
    model = conditioned(tmp_path)
    made = predict_genome(GENOME, tmp_path / "out", model=model, config=settings_of())
    said = read_provenance(made.folder)["parameters"]["descriptor"]
    assert said == GENOME.descriptor.to_record()
    plus = values_of(made.plus, "circle", 0, 1_201)
    alone, _ = predict_sequence(GENOME["circle"].letters, model=model, circular=True, host=GENOME, config=settings_of())
    assert np.array_equal(plus, alone, equal_nan=True)
    other, _ = predict_sequence(GENOME["circle"].letters, model=model, circular=True, config=settings_of())
    assert np.nanmax(np.abs(other - alone)) > 1e-4  # its own composition is another


def test_shards_are_those_of_the_whole_run(tmp_path: Path) -> None:
    model = conditioned(tmp_path)
    predict_genome(GENOME, tmp_path / "whole", model=model, config=settings_of())
    for number in (1, 2):
        predict_shard(GENOME, tmp_path / f"s{number}", Shard(number, 2), model=model, config=settings_of())
    merge_shards([tmp_path / "s1", tmp_path / "s2"], tmp_path / "merged")
    whole = predict_genome(GENOME, tmp_path / "same", model=model, config=settings_of(block_bp=16_384))
    for file in ("three.plus.bw", "three.minus.bw"):
        assert (tmp_path / "merged" / file).read_bytes() == (whole.folder / file).read_bytes()


def test_chosen_regions_are_set_by_the_whole_genome(tmp_path: Path) -> None:
    model = conditioned(tmp_path)
    (tmp_path / "regions.bed").write_text("linear\t100\t400\ncircle\t0\t50\n", encoding="utf-8")
    chosen = read_selection(tmp_path / "regions.bed", GENOME)
    part = predict_genome(GENOME, tmp_path / "part", model=model, config=settings_of(), regions=chosen)
    whole = predict_genome(GENOME, tmp_path / "whole", model=model, config=settings_of())
    for chrom, start, end in (("linear", 100, 400), ("circle", 0, 50)):
        found, expected = (values_of(one.minus, chrom, start, end) for one in (part, whole))
        assert np.array_equal(found, expected, equal_nan=True)
        assert np.isfinite(found).any()


def test_a_host_is_part_of_what_a_run_is(tmp_path: Path) -> None:
    model = conditioned(tmp_path)
    own = predict_genome(GENOME, tmp_path / "own", model=model, config=settings_of())
    with pytest.raises(OutputError):
        predict_genome(GENOME, tmp_path / "own", model=model, config=settings_of(), host=HOST, keep=True)
    hosted = predict_genome(GENOME, tmp_path / "hosted", model=model, config=settings_of(), host=HOST)
    assert own.plus.read_bytes() != hosted.plus.read_bytes()
    predict_shard(GENOME, tmp_path / "s1", Shard(1, 2), model=model, config=settings_of())
    predict_shard(GENOME, tmp_path / "s2", Shard(2, 2), model=model, config=settings_of(), host=HOST)
    with pytest.raises(InputError, match="descriptor"):
        merge_shards([tmp_path / "s1", tmp_path / "s2"], tmp_path / "merged")


def test_the_host_is_named_on_the_command_line_by_its_file_or_its_predictions(tmp_path: Path) -> None:
    model = conditioned(tmp_path)
    fasta, host = write_fasta(tmp_path / "three.fa", GENOME), write_fasta(tmp_path / "host.fa", HOST)
    predict_genome(HOST, tmp_path / "host_run", model=model, config=settings_of())
    made = []
    for number, named in enumerate((host, tmp_path / "host_run")):
        command = ["predict", fasta, "-m", model.path, "--descriptor-of", named, "-o", tmp_path / f"o{number}",
                   "--device", "cpu", "-t", "1"]  # fmt: skip
        result = CliRunner().invoke(tracktools, [str(word) for word in command], catch_exceptions=False)
        assert result.exit_code == 0
        made.append(files_of(tmp_path / f"o{number}"))
    assert made[0] == made[1]
    linear = replace(GENOME, contigs=tuple(replace(contig, circular=False) for contig in GENOME))
    expected = predict_genome(
        linear, tmp_path / "expected", model=model, config=settings_of(131_072, "auto"), host=HOST
    )
    assert made[0]["three.plus.bw"] == expected.plus.read_bytes()


def test_a_folder_without_a_descriptor_is_no_host(tmp_path: Path) -> None:
    predict_genome(GENOME, tmp_path / "plain", model=checkpoint_of(), config=settings_of())
    for folder in (tmp_path, tmp_path / "plain"):
        with pytest.raises(InputError, match="descriptor of a genome"):
            read_host(folder)
    with pytest.raises(ConfigError, match="takes no descriptor"):
        predict_genome(GENOME, tmp_path / "o", model=checkpoint_of(), config=settings_of(), host=HOST)


def test_a_genome_that_is_far_or_small_is_told_so_in_the_files(tmp_path: Path) -> None:
    said = {}
    for name, far, host in (
        ("far", 0.01, None),
        ("near", 100.0, None),
        ("hosted", 100.0, Descriptor(0.5, (0.0,) * 10, 1 << 30)),
    ):
        made = predict_genome(
            GENOME, tmp_path / name, model=conditioned(tmp_path, far), config=settings_of(), host=host
        )
        said[name] = " ".join(read_provenance(made.folder)["warnings"])
        assert "another genome than the one" not in said[name]
    assert "unlike all 2 that the model learnt" in said["far"]
    assert "unlike" not in said["near"]
    assert "their composition may differ from that of their genome" in said["near"]
    assert said["hosted"] == ""


def test_too_short_a_sequence_is_taken_to_be_like_the_main_genome(tmp_path: Path) -> None:
    model = conditioned(tmp_path)
    main = Descriptor.from_record(model.metadata.golden["descriptor"])
    alone, _ = predict_sequence("ACGT" * 50, model=model)
    as_main, _ = predict_sequence("ACGT" * 50, model=model, host=main)
    assert np.array_equal(alone, as_main)
    hosted, _ = predict_sequence("ACGT" * 50, model=model, host=HOST)
    assert not np.array_equal(alone, hosted)
    short = Genome("short", (Contig("c", letters(200, 1)),))
    made = predict_genome(short, tmp_path / "short", model=model, config=settings_of())
    assert "composition to be that of the main genome" in " ".join(read_provenance(made.folder)["warnings"])
    with pytest.raises(ConfigError, match="too few to describe"):
        predict_genome(short, tmp_path / "o", model=model, config=settings_of(), host=short)
