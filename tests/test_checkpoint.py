"""Checkpoints: whole, honest, never pickle."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tracktools import load_model
from tracktools.config import ModelConfig
from tracktools.errors import CheckpointError, ConfigError
from tracktools.model.checkpoint import Metadata, load_checkpoint, save_checkpoint
from tracktools.model.golden import make_golden, verify_golden
from tracktools.model.registry import shipped_models
from tracktools.model.transformer import Transformer

SMALL = ModelConfig(
    n_layers=2, n_heads=3, d_model=8, d_head=5, conv_width_bp=3, attention_window_bp=11, label_shift_bp=4
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    model = Transformer(SMALL).eval()
    path = tmp_path / "small.safetensors"
    golden = make_golden(model, "ACGTNACGTTTGACA")
    split = [{"sequence_sha256": "ab", "start": 3, "end": 9, "part": "train"}]
    save_checkpoint(path, model, Metadata("small", call_threshold=0.25, golden=golden, split=split))
    return path


def edit(path: Path, *, header: dict[str, object] | None = None, drop: str | None = None) -> None:
    """Change the header or drop a tensor of a checkpoint, as a wrong writer would."""
    tensors = load_file(path)
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    found = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["tracktools"])
    if drop:
        del tensors[drop]
    save_file(tensors, path, metadata={"tracktools": json.dumps(found | (header or {}))})


def test_a_round_trip_keeps_weights_configuration_and_metadata(path: Path) -> None:
    torch.manual_seed(1)
    saved = Transformer(SMALL)
    loaded = load_checkpoint(path)
    assert loaded.model.config == SMALL
    assert not loaded.model.training
    assert loaded.metadata.call_threshold == 0.25
    for name, tensor in saved.state_dict().items():
        assert torch.equal(tensor, loaded.model.state_dict()[name]), name


def test_another_alphabet_order_gives_the_same_answers(path: Path) -> None:
    expected = load_checkpoint(path)
    tensors = load_file(path)
    data = path.read_bytes()
    header = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["tracktools"])
    order = ["ACGT".index(letter) for letter in "ATCG"]  # that of the published code
    tensors["embedding"] = tensors["embedding"][order].contiguous()
    save_file(tensors, path, metadata={"tracktools": json.dumps(header | {"alphabet": "ATCG"})})
    assert torch.equal(load_checkpoint(path).model.embedding, expected.model.embedding)


def test_golden_predictions_hold_and_notice_a_changed_weight(path: Path) -> None:
    assert verify_golden(load_checkpoint(path)) < 1e-5
    changed = load_checkpoint(path)
    with torch.no_grad():
        changed.model.output.bias[1] += 0.01
    with pytest.raises(CheckpointError, match="miss its golden predictions"):
        verify_golden(changed)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "run"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (marker,)

    for name, write in {
        "torch": lambda p: torch.save(Evil(), p),
        "plain": lambda p: p.write_bytes(pickle.dumps(Evil())),
    }.items():
        path = tmp_path / name
        write(path)
        with pytest.raises(CheckpointError, match="is a pickle"):
            load_checkpoint(path)
    assert not marker.exists()


@pytest.mark.parametrize("keep", [0, 4, 100, -10])
def test_a_truncated_file_is_one_line(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match="not a whole safetensors file") as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "drop", "message"),
    [
        ({"format_version": 9}, None, "format 9"),
        ({"architecture": "other"}, None, "architecture other"),
        ({"config": {"n_layers": 3}}, None, "do not fit"),
        ({"config": {"layers": 3}}, None, "do not fit"),
        ({"alphabet": "ACGU"}, None, "alphabet"),
        (None, "content_bias", "do not fit"),
        (None, "embedding", "do not fit"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(
    path: Path, header: dict[str, object] | None, drop: str | None, message: str
) -> None:
    edit(path, header=header, drop=drop)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(path)


CURVE = {"output": [0.0, 0.5], "precision": [0.1, 0.9], "low": [0.0, 0.8], "high": [0.2, 1.0], "target": 0.5}
RATED = {"log_odds": [-1.0, -1.0, -2.0], "spread": 1.0, "outputs": [0.5, 0.2]}
BY_RATE = {"rates": [0.1, 1.0], "with_genes": RATED, "without_genes": RATED, "gc": [0.3, 0.7], "target": 0.5}
GENOME = {"name": "a", "phylum": "b", "values": [0.5] * 11}
SPECIALISTS = {"genome": "a", "within": 0.2, "near": [0], "elsewhere": [0]}
REGION = {"sequence_sha256": "a", "start": 1, "end": 2, "part": "train"}
WRONG: dict[str, list[object]] = {  # values of fields of the header
    "call_threshold": [-0.1, 1.5, True],
    "calibration": [
        {},
        {"output": [0, 1]},
        {"output": [0, 1], "probability": [1]},
        *({"output": output, "probability": [0, 1]} for output in ([1, 0], ["0", "1"], [0, 2], "01", [[], []])),
    ],
    "expected_precision": [
        *({**CURVE, name: value} for name, value in (("low", []), ("target", "x"), ("high", [0, 1e300]))),
        {name: CURVE[name] for name in ("output", "target")},
        {"output": [], "precision": [], "low": [], "high": [], "target": 0.5},
        *(
            {**BY_RATE, name: value}
            for name, value in (
                *(("rates", rates) for rates in ([], [1.0, 0.1], [0.1], [0, 1.0])),
                *(("gc", [0.5]), ("target", 2)),
            )
        ),
        *(
            {**BY_RATE, "without_genes": {**RATED, name: value}}
            for name, value in (("log_odds", [1.0]), ("log_odds", [1e9] * 3), ("spread", -1), ("outputs", [0.1, 2]))
        ),
        {**BY_RATE, "without_genes": {"spread": 1}},
    ],
    "split": [
        *([value] for value in (1, [], {"part": "train"})),
        *([{**REGION, "start": start}] for start in ("1", -1, 3, 0.5)),
        *([{**REGION, **wrong}] for wrong in ({"end": 2.5}, {"part": "all"}, {"more": 1})),
    ],
    "golden": [
        *({"sequence": "ACG", "probabilities": value} for value in ([0.1], ["x"] * 3, {"a": 1}, [2, 2, 2])),
        {"sequence": "ACG"},
        {"sequence": 5, "probabilities": []},
        {"sequence": "A", "probabilities": [0.1], "descriptor": {"gc": 0.5}},
    ],
    "reference": [
        *({"far": 1.0, "genomes": value} for value in ([], [1], [{**GENOME, "values": [1]}], [{**GENOME, "name": 1}])),
        {"far": "x", "genomes": [GENOME]},
        *(
            {"far": 1.0, "genomes": [GENOME], "specialists": {**SPECIALISTS, name: value}}
            for name, value in (("near", [1]), ("near", []), ("elsewhere", [-1]), ("elsewhere", "0"), ("genome", 4))
        ),
    ],
    "recipe": [{"warnings": 5}, {"warnings": "one"}, {"warnings": [1]}],
}
UNUSABLE = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), UNUSABLE, ids=[f"{name} {value}"[:60] for name, value in UNUSABLE])
def test_a_header_that_nothing_can_be_computed_with_is_one_line(path: Path, name: str, value: object) -> None:
    edit(path, header={name: value})
    with pytest.raises(CheckpointError, match=rf"small\.safetensors: its header .*{name}") as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_both_forms_of_the_expected_precision_are_read(path: Path) -> None:
    for record in (CURVE, BY_RATE):
        edit(path, header={"expected_precision": record})
        assert load_checkpoint(path).metadata.expected_precision == record


def test_an_older_file_of_a_network_that_finds_nothing_is_read(path: Path) -> None:
    edit(path, header={"call_threshold": float("nan"), "call_threshold_interval": [float("nan")] * 2})
    metadata = load_checkpoint(path).metadata
    assert (metadata.call_threshold, metadata.call_threshold_interval) == (None, None)


def test_weights_that_are_not_numbers_are_refused(path: Path) -> None:
    checkpoint = load_checkpoint(path)
    with torch.no_grad():
        checkpoint.model.output.bias[0] = float("nan")
    save_checkpoint(path, checkpoint.model, checkpoint.metadata)
    with pytest.raises(CheckpointError, match="not finite"):
        load_checkpoint(path)


def test_safetensors_of_another_tool_are_refused(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(3)}, tmp_path / "x.safetensors")
    with pytest.raises(CheckpointError, match="without a tracktools header"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_an_unknown_model_names_the_shipped_ones() -> None:
    with pytest.raises(ConfigError, match="ecoli-tss"):
        load_model("no-such-model")


@pytest.mark.parametrize("name", shipped_models())
def test_every_shipped_model_gives_its_golden_predictions(name: str) -> None:
    checkpoint = load_model(name)
    assert checkpoint.metadata.name == name
    assert verify_golden(checkpoint) <= 1e-5
