"""A model of a run, as the manifest has it: what of it decides what is called, and what is said of the calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from tracktools.engine.backwards import CLEAR_GAIN, LEAST_GAIN
from tracktools.predict.call_rates import Judged, judge_calls
from tracktools.predict.expected import Expected
from tracktools.splits import Split

if TYPE_CHECKING:
    from tracktools.engine.interface import Engine
    from tracktools.genome import Genome
    from tracktools.model.checkpoint import Checkpoint

DEFAULT_THRESHOLD = 0.5  # of a model that stores none


@dataclass(frozen=True)
class RunModel:
    """A model of a run, and what is done with its values.

    Parameters
    ----------
    sha256, name : str
        See `Checkpoint`.
    call_threshold : float
        TSS are called at or above it.
    calibration : dict, optional
        As in the checkpoint.
    split : tuple of (str, int, int, str)
        The parts of this genome that the model was trained, validated and tested on: contig, start, end, part.
    descriptor : dict, optional
        Of the genome that the model was set to, where it takes one.
    expected : Expected, optional
        Expected precision by output, where the model knows no TSS of this genome: it then decides what is called, and
        there is no calibration.
    gene_context : str, optional
        SHA-256 of what the genes add, where the model takes them into account (`tracktools.gene_context`).
    gain : float, optional
        By how much the gene context expects the highest calls more than those of the network reading backwards
        (`tracktools.engine.backwards`), where the model knows no TSS of this genome.
    """

    sha256: str
    name: str
    call_threshold: float
    calibration: Mapping[str, Any] | None
    split: tuple[tuple[str, int, int, str], ...]
    descriptor: Mapping[str, float | str] | None = None
    expected: Expected | None = None
    gene_context: str | None = None
    gain: float | None = None

    @classmethod
    def of(cls, model: Checkpoint, genome: Genome, engine: Engine, *, doubting: bool = True) -> Self:
        """Return what a run on a genome needs to know of a model.

        Parameters
        ----------
        model : Checkpoint
        genome : Genome
        engine : Engine
            That of the run.
        doubting : bool
            Whether to find out `gain`, which takes as long as the sample.
        """
        metadata = model.metadata
        regions = Split.from_records(metadata.split).regions_of
        split = tuple(
            (contig.name, region.start, region.end, region.part)
            for contig in (genome if metadata.split else ())
            for region in regions(contig)
        )
        expected, gain = Judged(None, None) if split else judge_calls(genome, model, engine, doubting=doubting)
        return cls(
            sha256=model.sha256,
            name=metadata.name,
            call_threshold=DEFAULT_THRESHOLD if metadata.call_threshold is None else metadata.call_threshold,
            calibration=metadata.calibration if expected is None else None,
            split=split,
            descriptor=None if model.descriptor is None else model.descriptor.to_record(),
            expected=expected,
            gene_context=None if model.context is None else model.context.sha256,
            gain=gain,
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what `asdict` gives."""
        split = tuple((str(row[0]), *row[1:]) for row in record["split"])
        return cls(**{**record, "split": split, "expected": Expected.from_record(record.get("expected"))})

    @property
    def lowest_output(self) -> float:
        """The lowest output that may be called; where the calls of the run choose the cut, more than what will be."""
        if self.expected is None:
            return self.call_threshold
        return self.expected.floor if self.expected.called_at is None else self.expected.called_at

    @property
    def finds_promoters(self) -> bool:
        """Whether the calls are nearer to gene starts than by chance, or that is not known."""
        return self.gain is None or self.gain >= LEAST_GAIN

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a user of the calls should know, a sentence each."""
        if self.gain is None or self.gain >= CLEAR_GAIN:
            return ()
        if self.finds_promoters:
            return (
                "the highest outputs lie before genes less often than on most bacteria: the model knows promoters like "
                "these less well; expect fewer calls to be right than is said",
            )
        return (
            "the highest outputs lie before genes hardly more often than those of the same letters read backwards: "
            "this may be no bacterium, or its promoters are of a kind that the model does not know; "
            "how many of the calls are right is not known",
        )
