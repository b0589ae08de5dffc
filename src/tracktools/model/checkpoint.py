"""Checkpoints: weights and everything needed to use them a year later, as safetensors with a JSON header; never pickle.

The header key ``tracktools`` holds the fields of `Metadata`. Format: https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tracktools.config import ARCHITECTURES, architecture_of, read_network
from tracktools.descriptor import Descriptor, Reference
from tracktools.errors import CheckpointError
from tracktools.formats.atomic import atomic_file
from tracktools.model.conditioned import Conditioned
from tracktools.model.files import HEADER_KEY, read_header
from tracktools.model.networks import Network, make_network

FORMAT_VERSION = 1
ALPHABET = "ACGT"
GOLDEN_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Metadata:
    """What a checkpoint says of itself.

    Parameters
    ----------
    name, description, species : str
        What the model is called, does, and was trained on.
    genome : mapping
        Training genome: `name`, `sha256`, `gc_content`.
    training_data : list of mapping
        One entry a label set: `name`, `sha256`, `positions`, `licence`, `citation`.
    split : list of mapping
        Regions: `sequence_sha256` of the contig, `start`, `end` (0-based, half-open), `part` (train, valid or test).
    recipe : mapping
        The training settings.
    metrics : mapping
        Figures with their region, number of positions and prevalence.
    call_threshold : float, optional
        Model output at and above which a local maximum is called a TSS, with the interval `call_threshold_interval`.
    calibration : mapping, optional
        Monotone map from model output to probability: `output` and `probability`, two ascending lists.
    golden : mapping
        A `sequence` and the `probabilities` that the weights give for it, which `verify_golden` repeats; with the
        `descriptor` that the network is then set to, where it takes one.
    reference : mapping, optional
        Of a network that is set to a genome: the training genomes by their descriptors
        (`tracktools.descriptor.Reference`).
    """

    name: str
    description: str = ""
    species: str = ""
    genome: Mapping[str, Any] = field(default_factory=dict)
    training_data: list[dict[str, Any]] = field(default_factory=list)
    split: list[dict[str, Any]] = field(default_factory=list)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    call_threshold: float | None = None
    call_threshold_interval: tuple[float, float] | None = None
    calibration: Mapping[str, list[float]] | None = None
    golden: Mapping[str, Any] = field(default_factory=dict)
    reference: Mapping[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A network and what is known of it.

    Parameters
    ----------
    model : Transformer or Dilated
        The network, in evaluation mode, float32, on the CPU.
    metadata : Metadata
        What the file says of itself.
    path : Path, optional
        Where it was read from.
    sha256 : str
        Of that file.
    descriptor : Descriptor, optional
        Of the genome that the network was set to, see `set_to_genome`.
    """

    model: Network
    metadata: Metadata
    path: Path | None = None
    sha256: str = ""
    descriptor: Descriptor | None = None


def save_checkpoint(path: Path, model: Network, metadata: Metadata) -> None:
    """Write a checkpoint; it appears complete or not at all."""
    header = {
        "format_version": FORMAT_VERSION,
        "architecture": architecture_of(model.config),
        "alphabet": ALPHABET,
        "config": asdict(model.config),
        **asdict(metadata),
    }
    tensors = {name: tensor.detach().float().contiguous() for name, tensor in sorted(model.state_dict().items())}
    with atomic_file(path) as partial:
        partial.write_bytes(save(tensors, metadata={HEADER_KEY: json.dumps(header, sort_keys=True)}))


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    CheckpointError
        If the file is missing, a pickle, cut short, of another tool, version or architecture, or its weights do not fit
        its configuration.
    """
    header, tensors = _read(path)
    architecture = header.get("architecture")
    if header.get("format_version") != FORMAT_VERSION or architecture not in ARCHITECTURES:
        found = f"format {header.get('format_version')!r}, architecture {architecture!r}"
        raise CheckpointError(f"{found} is not known to this version of tracktools", path=path)
    try:
        model = make_network(read_network(architecture, header["config"]))
        name, axis = model.letters_in
        model.load_state_dict({**tensors, name: _reorder(tensors[name], axis, header["alphabet"])})
        metadata = Metadata(**{item.name: header[item.name] for item in fields(Metadata) if item.name in header})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).split("\n")[0]
        raise CheckpointError(f"its weights and its header do not fit: {reason}", path=path) from None
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise CheckpointError("holds weights that are not finite numbers", path=path)
    return Checkpoint(model.eval(), metadata, path, _sha256(path))


def set_to_genome(checkpoint: Checkpoint, descriptor: Descriptor) -> Checkpoint:
    """Return the checkpoint with its network set to a genome; one that takes no descriptor as it is.

    Parameters
    ----------
    checkpoint : Checkpoint
    descriptor : Descriptor
        From `tracktools.descriptor.describe_sequences`.

    Returns
    -------
    Checkpoint
        With a plain network, and `descriptor` in it.
    """
    if not isinstance(checkpoint.model, Conditioned):
        return checkpoint
    features = reference_of(checkpoint).features(descriptor)
    return replace(checkpoint, model=checkpoint.model.condition(features.tolist()), descriptor=descriptor)


def reference_of(checkpoint: Checkpoint) -> Reference:
    """Return the training genomes of a network that is set to a genome.

    Raises
    ------
    CheckpointError
        If the file lacks them.
    """
    try:
        return Reference.from_record(checkpoint.metadata.reference or {})
    except (KeyError, TypeError, ValueError):
        raise CheckpointError("does not say which genomes it learnt from", path=checkpoint.path) from None


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    header = read_header(path)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no dict
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"is not a whole safetensors file: {error}", path=path, mend="copy it again") from None
    return header, tensors


def _reorder(weights: Tensor, axis: int, alphabet: str) -> Tensor:
    if sorted(alphabet) != sorted(ALPHABET):
        raise ValueError(f"the alphabet {alphabet!r} is not made of {ALPHABET}")
    return weights.index_select(axis, torch.tensor([alphabet.index(letter) for letter in ALPHABET]))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def golden_codes(sequence: str) -> Tensor:
    """Return the network codes of a golden sequence, shape (1, L)."""
    return torch.tensor([[ALPHABET.find(letter) if letter in ALPHABET else 4 for letter in sequence]])


def make_golden(model: Network, sequence: str) -> dict[str, Any]:
    """Record what a plain network gives for a sequence, in float64, so that any later reading can be compared."""
    with torch.no_grad():
        probabilities = _double(model)(golden_codes(sequence)).sigmoid()[0]
    return {"sequence": sequence, "probabilities": [round(float(p), 9) for p in probabilities]}


def verify_golden(checkpoint: Checkpoint) -> float:
    """Return the largest difference between the golden predictions and those of the weights, computed anew.

    Raises
    ------
    CheckpointError
        If there are no golden predictions, or the difference exceeds `GOLDEN_TOLERANCE`.
    """
    golden = checkpoint.metadata.golden
    if not golden.get("sequence"):
        raise CheckpointError("holds no golden predictions", path=checkpoint.path)
    expected = torch.tensor(golden["probabilities"], dtype=torch.float64)
    if "descriptor" in golden:
        checkpoint = set_to_genome(checkpoint, Descriptor.from_record(golden["descriptor"]))
    with torch.no_grad():
        found = checkpoint.model(golden_codes(golden["sequence"])).sigmoid()[0].double()
    difference = float((found - expected).abs().max())
    if not difference <= GOLDEN_TOLERANCE:
        raise CheckpointError(f"its weights miss its golden predictions by {difference:.2g}", path=checkpoint.path)
    return difference


def _double(model: Network) -> Network:
    copy = make_network(model.config)
    copy.load_state_dict(model.state_dict())
    return copy.double().eval()
