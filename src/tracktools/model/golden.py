"""Golden predictions: what the weights of a checkpoint gave when it was made, to be checked wherever it is read."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tracktools.descriptor import Descriptor
from tracktools.errors import CheckpointError
from tracktools.model.checkpoint import ALPHABET, Checkpoint, set_to_genome
from tracktools.model.networks import Network, make_network

GOLDEN_TOLERANCE = 1e-5


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
        raise CheckpointError("contains no golden predictions", path=checkpoint.path)
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
