"""Shards are joined to the bytes of one run, and only with their like."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from runs import GENOME, checkpoint_of, files_of, killed_predict, letters, settings_of, write_fasta
from tracktools.blocks import Block, Piece, plan_blocks, shard_of
from tracktools.cli import tracktools
from tracktools.errors import ConfigError, InputError, OutputError
from tracktools.formats.json_file import json_bytes, sealed
from tracktools.genome import Contig, Genome
from tracktools.model.checkpoint import Checkpoint, save_checkpoint
from tracktools.predict import Shard, merge_shards, predict_genome, predict_shard, shards
from tracktools.predict.manifest import Manifest


def make_shards(
    home: Path, of: int, *, genome: Genome = GENOME, model: Checkpoint | None = None, block_bp: int = 500
) -> list[Path]:
    return [
        predict_shard(
            genome, home / f"s{n}", Shard(n, of), model=model or checkpoint_of(), config=settings_of(block_bp)
        ).folder
        for n in range(1, of + 1)
    ]


Two = tuple[Path, Path]


@pytest.fixture(scope="module")
def two_made(tmp_path_factory: pytest.TempPathFactory) -> Two:
    one, two = make_shards(tmp_path_factory.mktemp("shards"), 2)
    return one, two


@pytest.fixture
def two_shards(two_made: Two, tmp_path: Path) -> Two:
    """Copies of the two shards of a run, ``s1`` and ``s2`` of the test's own folder."""
    one, two = (Path(shutil.copytree(folder, tmp_path / folder.name)) for folder in two_made)
    return one, two


@pytest.mark.parametrize(("of", "block_bp"), [(1, 500), (4, 500), (4, 100), (9, 10_000)])
def test_joined_shards_have_the_bytes_of_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: int, block_bp: int
) -> None:
    monkeypatch.setattr(shards, "LEAST_BLOCK_BP", 64)
    whole = predict_genome(GENOME, tmp_path / "whole", model=checkpoint_of(), config=settings_of())
    folders = make_shards(tmp_path, of, block_bp=block_bp)
    before = [files_of(folder) for folder in folders]
    merged = merge_shards(reversed(folders), tmp_path / "merged")
    assert whole.n_calls == merged.n_calls > 10
    assert files_of(tmp_path / "whole") == files_of(tmp_path / "merged")
    assert [files_of(folder) for folder in folders] == before
    assert {path.name for path in tmp_path.iterdir()} == {"whole", "merged", *(folder.name for folder in folders)}
    made_by = json.loads((tmp_path / "merged" / "provenance.json").read_text())
    assert made_by["genome"]["sha256"] == GENOME.sha256
    assert [part["shard"] for part in made_by["parameters"]["shards"]] == [f"{n}/{of}" for n in range(1, of + 1)]


def test_a_shard_holds_what_the_pages_say(tmp_path: Path) -> None:
    (folder, *_) = make_shards(tmp_path, 2)
    assert {path.name for path in folder.iterdir()} == {"manifest.json", "blocks", "blocks.sha256", "provenance.json"}
    assert json.loads((folder / "manifest.json").read_text())["shard"] == [1, 2]


@given(
    st.lists(st.tuples(st.integers(1, 400_000), st.booleans()), min_size=1, max_size=12),
    st.integers(1, 9),
    st.integers(20_000, 131_072),
)
def test_shards_are_alike_to_within_a_block_whatever_the_contigs(
    contigs: list[tuple[int, bool]], of: int, block_bp: int
) -> None:
    genome = [Contig(str(n), np.zeros(size, dtype=np.uint8), ring) for n, (size, ring) in enumerate(contigs)]
    blocks = plan_blocks(genome, block_bp, checkpoint_of().model.config)
    parts = [shard_of(blocks, n, of) for n in range(1, of + 1)]
    assert [block for part in parts for block in part] == blocks
    mean = sum(map(len, blocks)) / of
    assert all(abs(sum(map(len, part)) - mean) <= block_bp for part in parts)


def test_a_genome_without_scored_bases_has_empty_shards(tmp_path: Path) -> None:
    genome = Genome("nothing", (Contig("n", letters(9, 1)),))
    merged = merge_shards(make_shards(tmp_path, 3, genome=genome), tmp_path / "merged")
    assert merged.n_calls == 0
    predict_genome(genome, tmp_path / "whole", model=checkpoint_of(), config=settings_of())
    assert files_of(tmp_path / "whole") == files_of(tmp_path / "merged")


def other(home: Path, what: str) -> Path:
    """Shard 2 of 2 of another run."""
    genome, model, config = GENOME, checkpoint_of(), settings_of()
    if what == "genome_sha256":
        genome = Genome("three", (*GENOME.contigs[:3], Contig("tinycircle", letters(31, 5), circular=True)))
    elif what == "circular":
        genome = Genome("three", (replace(GENOME.contigs[0], circular=True), *GENOME.contigs[1:]))
    elif what == "genome_name":
        genome = replace(GENOME, name="four")
    elif what == "model_sha256":
        model = checkpoint_of(seed=4)
    elif what == "block_bp":
        config = settings_of(600)
    folder = predict_shard(genome, home / what, Shard(2, 2), model=model, config=config).folder
    if what == "instruction_set":  # as if it came from another machine
        replace(Manifest.read(folder), instruction_set="abacus").write(folder)
    return folder


@pytest.mark.parametrize(
    "what", ["genome_sha256", "circular", "genome_name", "model_sha256", "block_bp", "instruction_set"]
)
def test_shards_of_different_runs_are_refused_with_the_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(shards, "LEAST_BLOCK_BP", 1_000)
    one, _ = make_shards(tmp_path, 2)
    said = {"model_sha256": "sha256 of models 1"}.get(what, what)
    with pytest.raises(InputError, match=rf"is not of the run of .*s1: {said} is .*, and .* there") as caught:
        merge_shards([one, other(tmp_path, what)], tmp_path / "merged")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "merged").exists()
    assert not (tmp_path / "merged.partial").exists()


def test_missing_doubled_and_mixed_shards_are_refused(tmp_path: Path) -> None:
    one, two, three = make_shards(tmp_path, 3)
    (tmp_path / "half").mkdir()
    half, _ = make_shards(tmp_path / "half", 2)
    copy = shutil.copytree(one, tmp_path / "copy")
    for folders, words in [
        ([two, one], "other shards are missing: 3/3"),
        ([one, two, three, copy], "copy: is shard 1/3, as .*s1 is"),
        ([one, one, two, three], "s1: is shard 1/3, as .*s1 is"),
        ([one, half, two], "half/s1: is shard 1/2, and .*s1 one of 3"),
        ([one, tmp_path / "nowhere"], "nowhere: no such folder"),
        ([one, tmp_path], "is not a shard: it contains no manifest.json"),
    ]:
        with pytest.raises(InputError, match=words):
            merge_shards(folders, tmp_path / "merged")
    with pytest.raises(ConfigError, match="no shard is named"):
        merge_shards([], tmp_path / "merged")
    assert not (tmp_path / "merged.partial").exists()


@pytest.mark.parametrize(
    "damage",
    ["[]", "{", "{}", '{"shard": [1, 2]}', "null", '"x"', "[" * 5_000, '{"a": "\\ud800"}', "\ufffe", "9" * 5_000],
)
def test_a_damaged_manifest_is_one_line(tmp_path: Path, two_shards: Two, damage: str) -> None:
    one, two = two_shards
    (two / "manifest.json").write_text(damage)
    with pytest.raises(InputError, match=r"s2/manifest.json:") as caught:
        merge_shards([one, two], tmp_path / "merged")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "merged").exists()


def test_a_changed_byte_of_a_manifest_is_named(tmp_path: Path, two_shards: Two) -> None:
    one, two = two_shards
    path = two / "manifest.json"
    path.write_text(path.read_text().replace('"call_threshold": 0.55', '"call_threshold": 0.45'))
    with pytest.raises(InputError, match=r"s2/manifest.json: is damaged: its checksum is another"):
        merge_shards([one, two], tmp_path / "merged")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: None, "is missing"),
        (lambda text: "{}", "is missing"),
        (lambda text: text.replace('"wall_s": ', '"wall_s": 9'), "is damaged: its checksum is another"),
        (lambda text: text.replace('"cpu_s": ', '"cpu_s": "a", "x": '), "is damaged: its checksum is another"),
        (lambda text: text[:-9], "is not JSON"),
    ],
)
def test_how_a_shard_was_made_is_known_or_it_is_refused(
    tmp_path: Path, two_shards: Two, damage: Callable[[str], str | None], words: str
) -> None:
    one, two = two_shards
    path = two / "provenance.json"
    text = damage(path.read_text())
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(InputError, match=rf"s2/provenance.json:.*{words}"):
        merge_shards([one, two], tmp_path / "merged")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["s1", "s2"]


def test_a_shard_of_an_older_version_is_told_so(tmp_path: Path, two_shards: Two) -> None:
    one, two = two_shards
    record = json.loads((two / "manifest.json").read_text())
    del record["record_sha256"]
    (two / "manifest.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"older version of tracktools.*compute the shard again"):
        merge_shards([one, two], tmp_path / "merged")


@pytest.mark.parametrize("value", [[1, 0], [3, 2], ["a", "b"], [1, "b"], [1], 7])
def test_a_shard_of_nonsense_is_one_line(tmp_path: Path, value: object) -> None:
    (one,) = make_shards(tmp_path, 1)
    record = Manifest.read(one).to_record()
    (one / "manifest.json").write_bytes(json_bytes(sealed({**record, "shard": value})))
    with pytest.raises(InputError):
        merge_shards([one], tmp_path / "merged")


def test_blocks_that_are_missing_or_cut_are_refused(tmp_path: Path, two_shards: Two) -> None:
    one, two = two_shards
    block = next((two / "blocks").iterdir())
    whole = block.read_bytes()
    block.write_bytes(whole[:-4])
    with pytest.raises(InputError, match=rf"{block.name}: is cut short"):
        merge_shards([one, two], tmp_path / "merged")
    block.unlink()
    with pytest.raises(InputError, match=rf"s2: is not complete: {block.name} is missing"):
        merge_shards([one, two], tmp_path / "merged")
    killed_predict(tmp_path / "s3", 2, GENOME, checkpoint_of(), settings_of())
    with pytest.raises(InputError, match=r"s3.partial: is not a shard"):
        merge_shards([one, tmp_path / "s3.partial"], tmp_path / "merged")


@pytest.mark.parametrize("value", [None, 7e30, -5.0, np.nan])
def test_a_changed_block_is_named_and_nothing_is_merged(tmp_path: Path, two_shards: Two, value: float | None) -> None:
    one, two = two_shards
    block = min((two / "blocks").iterdir())
    data = bytearray(block.read_bytes())
    data[40:44] = bytes([data[40] ^ 1, *data[41:44]]) if value is None else np.array(value, "<f4").tobytes()
    block.write_bytes(data)
    with pytest.raises(InputError, match=rf"s2/blocks/{block.name}: was changed since it was computed"):
        merge_shards([one, two], tmp_path / "merged")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s1", "s2"]


def test_an_output_is_kept_and_never_one_of_the_shards(tmp_path: Path) -> None:
    folders = make_shards(tmp_path, 2)
    for output in (tmp_path / "s1", tmp_path):
        with pytest.raises(OutputError):
            merge_shards(folders, output, force=True)
    merge_shards(folders, tmp_path / "merged")
    with pytest.raises(OutputError, match="is not empty"):
        merge_shards(folders, tmp_path / "merged")
    with pytest.raises(OutputError, match="is not empty"):
        make_shards(tmp_path, 2)
    merge_shards(folders, tmp_path / "merged", force=True)


def test_a_shard_killed_when_it_was_in_place_is_complete(tmp_path: Path) -> None:
    (folder, _) = make_shards(tmp_path, 2)
    folder.with_name("s1.partial").mkdir()
    before = files_of(folder)
    make_one = predict_shard(GENOME, folder, Shard(1, 2), model=checkpoint_of(), config=settings_of())
    assert make_one.folder == folder
    assert files_of(folder) == before
    assert not folder.with_name("s1.partial").exists()


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "1", "a/b", "-1/4", "1/4/2", "1.5/2", "1/9999999999", ""])
def test_a_shard_that_is_none_is_one_line(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Shard.parse(text)
    assert "such as 1/" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_commands_split_and_join(tmp_path: Path) -> None:
    fasta = write_fasta(tmp_path / "three.fa", GENOME)
    save_checkpoint(tmp_path / "m.safetensors", checkpoint_of().model, checkpoint_of().metadata)
    common = [str(fasta), "-m", str(tmp_path / "m.safetensors"), "-t", "1", "--circular", "circle", "--engine", "torch"]
    for n in (1, 2, 3):
        made = CliRunner().invoke(
            tracktools, ["predict", *common, "-o", str(tmp_path / f"s{n}"), "--shard", f"{n}/3"], catch_exceptions=False
        )
        assert made.exit_code == 0, made.output
        assert f"shard {n}/3" in made.stdout
    CliRunner().invoke(tracktools, ["predict", *common, "-o", str(tmp_path / "whole")], catch_exceptions=False)
    code = (
        "import sys\nfrom tracktools.cli import main\ntry:\n    main(sys.argv[1:])\nfinally:\n"
        "    assert 'torch' not in sys.modules, 'joining needs no torch'"
    )
    words = ["merge", *(str(tmp_path / f"s{n}") for n in (2, 3, 1)), "-o", str(tmp_path / "merged")]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "TSS called" in done.stdout
    assert files_of(tmp_path / "whole") == files_of(tmp_path / "merged")


def test_a_hub_needs_the_whole(tmp_path: Path) -> None:
    words = ["predict", "x.fa", "-o", str(tmp_path / "o"), "--shard", "1/2", "--hub", str(tmp_path / "h")]
    result = CliRunner().invoke(tracktools, words)
    assert isinstance(result.exception, ConfigError)
    assert "--hub needs the whole" in str(result.exception)


def test_a_shard_is_where_its_middle_lies() -> None:
    blocks = [Block(n, (Piece(0, "+", 0, size),)) for n, size in enumerate((3, 1, 1, 3))]
    assert [[len(block) for block in shard_of(blocks, n, 2)] for n in (1, 2)] == [[3, 1], [1, 3]]
