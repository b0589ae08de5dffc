"""Whether a model that a training builds on was itself trained on what the split holds back."""

from __future__ import annotations

from collections.abc import Collection

from tracktools.descriptor import Reference
from tracktools.engine.host import inherited_doubts, learnt_in_words
from tracktools.genome import Genome
from tracktools.model.checkpoint import Checkpoint
from tracktools.splits import Split


def warn_of_start(model: Checkpoint, genome: Genome, split: Split) -> list[str]:
    """Return what to doubt of the scores of a training that starts from a model, a sentence each.

    Parameters
    ----------
    model : Checkpoint
        What the training starts from, set to `genome`.
    genome : Genome
    split : Split
        Of the training.
    """
    learnt = _what_it_learnt(model, genome, split)
    own = f"{model.metadata.name} was trained on {learnt}: scores of bases that are held back here are too high"
    return [*([own] if learnt else []), *inherited_doubts(model, genome)]


def warn_of_teacher(model: Checkpoint, genome: Genome, split: Split) -> list[str]:
    """Return that what a teacher says reveals the bases that were held back, if it was trained on them."""
    learnt = _what_it_learnt(model, genome, split)
    reveals = "what it teaches reveals the bases that are held back"
    return [f"{model.metadata.name} was trained on {learnt}: {reveals}"] if learnt else []


def seen_bp(model: Checkpoint, split: Split) -> int:
    """Return how many bases outside the training part of a split a model was trained on."""
    own = Split.from_records(model.metadata.split)
    return sum(
        max(0, min(seen.end, kept.end) - max(seen.start, kept.start))
        for seen in own.regions
        for kept in split.regions
        if seen.part == "train" and kept.part != "train" and seen.sequence_sha256 == kept.sequence_sha256
    )


def learnt_of(model: Checkpoint, species: Collection[str]) -> list[str]:
    """Return those species that a model learnt from."""
    reference = model.metadata.reference
    known = set() if reference is None else {name for name, _, _ in Reference.from_record(reference).genomes}
    return sorted(known & set(species))


def _what_it_learnt(model: Checkpoint, genome: Genome, split: Split) -> str:
    """Return what a model has seen of the validation and test parts, in words; empty if nothing."""
    if seen := seen_bp(model, split):
        return f"{seen:,} bp of the validation and test parts"
    return learnt_in_words(model, genome)
