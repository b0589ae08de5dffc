"""What scores a genome: one model, or the models of `tracktools train --folds`, each the part that it never saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tracktools.concise import concise
from tracktools.config import PredictConfig
from tracktools.descriptor import Descriptor
from tracktools.engine.host import read_host, set_to_host
from tracktools.errors import CheckpointError, InputError
from tracktools.genome import Genome, as_genome
from tracktools.model.checkpoint import Checkpoint, load_checkpoint
from tracktools.splits import Split


@concise
@dataclass(frozen=True)
class Models:
    """The models of a run.

    Parameters
    ----------
    checkpoints : tuple of Checkpoint
        One, or one for each fold.
    out_of_fold : bool
        Whether each scores the part that it was tested on, and no other.
    """

    checkpoints: tuple[Checkpoint, ...]
    out_of_fold: bool = False

    def set_to(self, genome: Genome, host: Genome | Descriptor | Path | str | None, config: PredictConfig) -> Models:
        """Return the models set to a genome, see `set_to_host`."""
        host = read_host(Path(host)) if isinstance(host, str | Path) else host
        return replace(self, checkpoints=tuple(self._set(model, genome, host, config) for model in self.checkpoints))

    @staticmethod
    def _set(model: Checkpoint, genome: Genome, host: Genome | Descriptor | None, config: PredictConfig) -> Checkpoint:
        return set_to_host(model, genome, host, gene_context=config.gene_context, threads=config.threads)


def read_folds(folder: Path | str, genome: Genome | Path | str) -> Models:
    """Return the models of a folder of `tracktools train --folds`, checked against the genome; see `check_folds`."""
    models = load_folds(Path(folder))
    check_folds(models, as_genome(genome), Path(folder))
    return models


def load_folds(folder: Path) -> Models:
    """Return the models of a folder of `tracktools train --folds`.

    Raises
    ------
    InputError
        If the folder contains no ``fold1.safetensors``.
    CheckpointError
        If the models are of different networks.
    """
    paths = sorted(folder.glob("fold*.safetensors"), key=lambda path: (len(path.name), path.name))
    if not paths:
        hint = "tracktools train --folds N makes such a folder"
        raise InputError("contains no fold1.safetensors", path=folder, hint=hint)
    models = tuple(load_checkpoint(path) for path in paths)
    for path, model in zip(paths, models, strict=True):
        if model.config != models[0].config:
            problem = f"is of another network than {paths[0].name}"
            raise CheckpointError(problem, path=path, hint="train all folds alike")
    return Models(models, out_of_fold=True)


def check_folds(models: Models, genome: Genome, folder: Path) -> None:
    """Refuse models whose held-out parts are not a genome, each base once.

    Raises
    ------
    CheckpointError
        A model is missing, or they are of another genome.
    """
    splits = [Split.from_records(model.metadata.split) for model in models.checkpoints]
    for contig in genome:
        here = sorted((one.start, one.end) for split in splits for one in split.regions_of(contig, "test"))
        if [*(start for start, _ in here), len(contig)] != [0, *(end for _, end in here)]:
            problem = f"the parts that its {len(splits)} models held out are not {contig.name}, each base once"
            raise CheckpointError(problem, path=folder, hint="are all folds there, and is this the genome?")
