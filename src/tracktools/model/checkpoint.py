"""Checkpoints: weights and everything needed to use them a year later, as safetensors with a JSON header; never pickle.

They are read without torch, which is imported where the torch module is asked for.

The header key ``tracktools`` contains the fields of `Metadata`. Format: https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from tracktools.arrays import Float32
from tracktools.concise import concise
from tracktools.config import ARCHITECTURES, ConditionedConfig, NetworkConfig, architecture_of, read_network
from tracktools.descriptor import Descriptor, Reference
from tracktools.errors import CheckpointError, shown
from tracktools.formats.atomic import atomic_file
from tracktools.gene_context import GenomeContext
from tracktools.model.files import HEADER_KEY, read_header
from tracktools.model.header import check_header
from tracktools.model.parameters import (
    Parameters,
    check_shapes,
    condition_parameters,
    letters_axis,
    parameters_of,
    some_members,
)

if TYPE_CHECKING:
    from tracktools.model.networks import Network

FORMAT_VERSION = 1
ALPHABET = "ACGT"


@concise
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
    expected_precision : mapping, optional
        On a genome that the model knows no TSS of: the share of calls that are right, as held-out species taught, by
        how many calls are as high (`tracktools.predict.call_rates`), or by output (`tracktools.predict.expected`).
    reference : mapping, optional
        Of a network that is set to a genome: the training genomes by their descriptors
        (`tracktools.descriptor.Reference`).
    gene_context : mapping, optional
        What is added to the log-odds because of where the genes are (`tracktools.gene_context.GeneContext`).
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
    expected_precision: Mapping[str, Any] | None = None
    reference: Mapping[str, Any] | None = None
    gene_context: Mapping[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A network and what is known of it.

    Parameters
    ----------
    network : Transformer, Dilated or Parameters
        The network, in evaluation mode, float32, on the CPU; as a torch module, or as arrays.
    metadata : Metadata
        What the file says of itself.
    path : Path, optional
        Where it was read from.
    sha256 : str
        Of that file.
    descriptor : Descriptor, optional
        Of the genome that the network was set to, see `set_to_genome`.
    context : GenomeContext, optional
        Of that genome: what is added to the log-odds of the network at each base.
    """

    network: Network | Parameters
    metadata: Metadata
    path: Path | None = None
    sha256: str = ""
    descriptor: Descriptor | None = None
    context: GenomeContext | None = None

    @property
    def config(self) -> NetworkConfig:
        """Architecture of the network."""
        return self.network.config

    @cached_property
    def parameters(self) -> Parameters:
        """The network as arrays, without torch."""
        return self.network if isinstance(self.network, Parameters) else parameters_of(self.network)

    @cached_property
    def model(self) -> Network:
        """The network as a torch module, which is imported now."""
        from tracktools.model.networks import network_of

        return network_of(self.network) if isinstance(self.network, Parameters) else self.network

    def __repr__(self) -> str:
        name, weights = self.metadata.name, sum(array.size for array in self.parameters.arrays.values())
        summary = f"{name!r}, {architecture_of(self.config)}, {weights:,} weights, sha256 {self.sha256[:12]!r}"
        return f"{type(self).__name__}({summary})"


def save_checkpoint(path: Path, model: Network, metadata: Metadata, *, half: bool = False) -> None:
    """Write a checkpoint; it appears complete or not at all.

    With `half`, the weights are written as 16-bit numbers, half the size; they should be such numbers already
    (`as_half`), so that what was chosen and measured is what a reader gets.
    """
    header = {
        "format_version": FORMAT_VERSION,
        "architecture": architecture_of(model.config),
        "alphabet": ALPHABET,
        "config": asdict(model.config),
        **asdict(metadata),
    }
    kind = np.float16 if half else np.float32
    arrays = {name: array.astype(kind) for name, array in sorted(parameters_of(model).arrays.items())}
    with atomic_file(path) as partial:
        partial.write_bytes(save(arrays, metadata={HEADER_KEY: json.dumps(header, sort_keys=True)}))


def as_half(model: Network) -> Network:
    """Return a network whose weights are those of another, rounded to 16-bit numbers."""
    from tracktools.model.networks import network_of

    found = parameters_of(model)
    rounded = {name: array.astype(np.float16).astype(np.float32) for name, array in found.arrays.items()}
    return network_of(Parameters(found.config, rounded))


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    CheckpointError
        If the file is missing, a pickle, cut short, of another tool, version or architecture, its weights do not fit
        its configuration, or its header says what cannot be used (`check_header`).
    """
    header, arrays = _read(path)
    architecture = header.get("architecture")
    if header.get("format_version") != FORMAT_VERSION or architecture not in ARCHITECTURES:
        found = f"format {shown(header.get('format_version', 'unknown'))}, architecture {architecture or 'unknown'}"
        raise CheckpointError(f"{found} is not known to this version of tracktools", path=path)
    try:
        config = read_network(architecture, header["config"])
        check_shapes(config, arrays)
        name, axis = letters_axis(config)
        arrays[name] = _reorder(arrays[name], axis, header["alphabet"])
        metadata = Metadata(**{item.name: header[item.name] for item in fields(Metadata) if item.name in header})
    except (KeyError, TypeError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise CheckpointError(f"its weights and its header do not fit: {reason}", path=path) from None
    try:
        check_header(header)
    except ValueError as error:
        raise CheckpointError(f"its header cannot be used: {error}", path=path) from None
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise CheckpointError("contains weights that are not finite numbers", path=path)
    return Checkpoint(Parameters(config, arrays), metadata, path, _sha256(path))


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
    if not isinstance(checkpoint.config, ConditionedConfig):
        return checkpoint
    reference, parameters = reference_of(checkpoint), checkpoint.parameters
    members = reference.members(descriptor)
    if members is not None:
        parameters = some_members(parameters, members)
    plain = condition_parameters(parameters, reference.features(descriptor))
    return replace(checkpoint, network=plain, descriptor=descriptor)


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


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Float32]]:
    header = read_header(path)
    try:
        with safe_open(path, framework="np") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no dict
    except TypeError as error:
        raise CheckpointError(f"contains weights that are not float32: {error}", path=path) from None
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"is not a whole safetensors file: {error}", path=path, hint="copy it again") from None
    return header, {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}


def _reorder(weights: Float32, axis: int, alphabet: str) -> Float32:
    if sorted(alphabet) != sorted(ALPHABET):
        raise ValueError(f"the alphabet {alphabet!r} is not made of {ALPHABET}")
    return np.take(weights, [alphabet.index(letter) for letter in ALPHABET], axis=axis)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
