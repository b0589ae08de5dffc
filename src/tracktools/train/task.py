"""What one training learns, from what, and how it is validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tracktools.config import NetworkConfig, TrainConfig
from tracktools.errors import ConfigError
from tracktools.gene_context import GenomeContext
from tracktools.genome import Genome
from tracktools.interval import STRANDS
from tracktools.model.checkpoint import Checkpoint
from tracktools.model.networks import Network
from tracktools.splits import Split
from tracktools.tracks import file_sha256
from tracktools.train.labels import read_labels
from tracktools.train.soft import SoftLabels, read_soft
from tracktools.train.split_options import receptive_field_bp
from tracktools.train.teacher import Teacher
from tracktools.train.threshold import RegionSignal, score_part
from tracktools.train.windows import LabelArrays, TrainingWindows, training_stretches

_FEW_TSS = 20  # fewer say little
_MORE_TSS = "give more TSS, or draw other parts with another --seed"


@dataclass(frozen=True)
class Task:
    """The inputs of a training.

    Parameters
    ----------
    genome : Genome
        What is read.
    labels : mapping of str to Path
        BED files of TSS by name; the first is what is kept, the others are side outputs.
    split : Split
        Which bases train and which validate.
    config, model_config : TrainConfig, ModelConfig or DilatedConfig
        The recipe and the architecture.
    soft : SoftLabels, optional
        What the kept output learns besides the first label set.
    init : Checkpoint, optional
        The weights to start from; its architecture must be `model_config`.
    renames : mapping of str to str
        Name of a sequence in label and signal files to its name in the genome.
    only_genome : bool
        Leave out TSS on sequences that the genome lacks, instead of refusing them.
    teacher : Teacher, optional
        What gives soft labels of every window, instead of `soft`.
    context : GenomeContext, optional
        What is added to the log-odds of the network wherever the genome is scored; by default that of `init`.
    """

    genome: Genome
    labels: Mapping[str, Path]
    split: Split
    config: TrainConfig
    model_config: NetworkConfig
    soft: SoftLabels | None = None
    init: Checkpoint | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    only_genome: bool = False
    teacher: Teacher | None = None
    context: GenomeContext | None = None

    def __post_init__(self) -> None:
        if self.context is None and self.init is not None:
            object.__setattr__(self, "context", self.init.context)

    @cached_property
    def arrays(self) -> dict[str, LabelArrays]:
        """The label sets by name, read once."""
        names: dict[str, Any] = {"renames": self.renames, "only_genome": self.only_genome}
        return {name: read_labels(path, self.genome, **names) for name, path in self.labels.items()}

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """All that the weights depend on besides the recipe; an unfinished training with other inputs is not continued.

        Plain values, as they are stored.
        """
        return {
            "genome": self.genome.sha256,
            "circular": [contig.name for contig in self.genome if contig.circular],
            "labels": {name: file_sha256(path) for name, path in self.labels.items()},
            "split": self.split.to_records(),
            "network": asdict(self.model_config),
            "soft": {} if self.soft is None else self.soft.describe(),
            "init": "" if self.init is None else self.init.sha256,
            **({"gene_context": self.context.sha256} if self.context is not None else {}),
            **({"renames": dict(self.renames)} if self.renames else {}),
            **({"only_genome": True} if self.only_genome else {}),
            **({"teacher": self.teacher.checkpoint.sha256} if self.teacher is not None else {}),
        }

    @property
    def gap_bp(self) -> int:
        """Bases between a window and another part: the network's receptive field about a TSS."""
        return receptive_field_bp(self.model_config)

    def windows(self) -> TrainingWindows:
        """Return the windows to train on.

        Raises
        ------
        ConfigError
            If the recipe or the split leaves none, or nothing to validate on.
        """
        self.check_validation(next(iter(self.labels)))
        soft = None if self.soft is None else read_soft(self.soft, self.genome, self.renames)
        try:
            stretches = training_stretches(self.genome, self.split, self.gap_bp)
            labels = list(self.arrays.values())
            windows = TrainingWindows(
                self.genome, labels, stretches, self.model_config, self.config, soft, self.teacher
            )
        except ValueError as error:
            raise ConfigError(f"no windows can be drawn: {error}") from None
        if not windows.n_tss and soft is None and self.teacher is None:
            raise ConfigError(f"{self._lacks('training', 'train')}: nothing could be learnt from it ({_MORE_TSS})")
        return windows

    def validate(self, model: Network, label: str | None = None, part: str = "valid") -> list[RegionSignal]:
        """Score the validation part, or another, next to a label set: by default the one that is kept."""
        truth = self.arrays[label or next(iter(self.labels))]
        return score_part(model, self.genome, truth, self.split, part, self.config.threads, self.context)

    def check_validation(self, label: str) -> None:
        """Refuse a label set by which nothing can be chosen.

        Raises
        ------
        ConfigError
            If the validation part contains none of its TSS.
        """
        if not self._count_tss("valid", label):
            raise ConfigError(
                f"{self._lacks('validation', 'valid', label)}: nothing could be chosen by it ({_MORE_TSS})"
            )

    def check_held_out(self) -> None:
        """Refuse the label set that is kept where nothing can be measured on the test part.

        Raises
        ------
        ConfigError
            If the test part contains none of its TSS.
        """
        if not self._count_tss("test", next(iter(self.labels))):
            raise ConfigError(f"{self._lacks('held-out', 'test')}: the gain could not be measured ({_MORE_TSS})")

    def label_doubts(self) -> list[str]:
        """Return what is doubtful about the label sets, a sentence each, or nothing."""
        doubts = []
        for label, arrays in self.arrays.items():
            on = {strand: sum(int(a.sum()) for (_, own), a in arrays.items() if own == strand) for strand in STRANDS}
            if sum(on.values()) >= _FEW_TSS and not min(on.values()):
                strand = "+" if on["+"] else "-"
                doubts.append(
                    f"all {max(on.values()):,} TSS of {label} are on strand {strand}, so the model learns that the "
                    "other strand has none: is the strand column right?"
                )
        kept = next(iter(self.labels))
        if (there := self._count_tss("valid", kept)) < _FEW_TSS:
            doubts.append(
                f"threshold and calibration of the model were chosen by {there} TSS of {kept}, which are few: choose "
                "calls by their order (--top)"
            )
        return doubts

    def _count_tss(self, part: str, label: str) -> int:
        truth = self.arrays[label]
        return sum(
            int(truth[number, strand][one.start : one.end].sum())
            for number, contig in enumerate(self.genome)
            for one in self.split.regions_of(contig, part)
            for strand in STRANDS
        )

    def _lacks(self, named: str, part: str, label: str = "") -> str:
        """Return that a part of the split lacks what it is for."""
        there = any(True for contig in self.genome for _ in self.split.regions_of(contig, part))
        what = f"no TSS of {label or ', '.join(self.labels)}" if there else "no region"
        return f"the {named} part of the split contains {what}"
