"""What a training on many species learns, read from its sheet."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from tracktools.arrays import Bool
from tracktools.config import ConditionedConfig, MixtureConfig, TrainConfig
from tracktools.descriptor import Reference
from tracktools.errors import ConfigError, InputError
from tracktools.formats.input_file import real_path
from tracktools.genome import Genome, load_genome
from tracktools.model.dilated import Dilated
from tracktools.splits import Region, Split
from tracktools.tracks import file_sha256
from tracktools.train.homologues import homologous
from tracktools.train.labels import read_labels
from tracktools.train.mixture import Mixture, SpeciesGenome
from tracktools.train.sheet import GenomeRow, SpeciesSheet, WindowsRow, fractions_of
from tracktools.train.species_windows import SpeciesWindows, read_species_windows, species_names
from tracktools.train.split_options import choose_split, receptive_field_bp
from tracktools.train.state import load_state, save_state
from tracktools.train.threshold import RegionSignal, score_part
from tracktools.train.windows import training_stretches

log = logging.getLogger(__name__)

_ALL_NEAR = 1e9
_KIND = "windows homologous to what is judged"


@dataclass(frozen=True, eq=False)
class SpeciesTask:
    """The inputs of a training on many species.

    Parameters
    ----------
    sheet : SpeciesSheet
    config, model_config : TrainConfig, ConditionedConfig
    mixture : MixtureConfig
    leave_out : tuple of str
        Species, genera or phyla that play no part.
    kept : Path, optional
        A file that keeps which windows are homologous to what is judged, since that takes a minute or two to find.
    """

    sheet: SpeciesSheet
    config: TrainConfig
    model_config: ConditionedConfig
    mixture: MixtureConfig
    leave_out: tuple[str, ...] = ()
    kept: Path | None = None

    @cached_property
    def main_genome(self) -> Genome:
        """The genome that chooses."""
        return load_genome(self.sheet.main.fasta, circular=self.sheet.main.circular)

    @cached_property
    def split(self) -> Split:
        """The parts of the main genome."""
        said = self.sheet.main.split
        if said.startswith("fractions "):
            shares = fractions_of(said)
            return choose_split(self.main_genome, fractions=shares, seed=self.config.seed, network=self.model_config)
        return choose_split(self.main_genome, bed=Path(said) if said else None)

    @cached_property
    def main(self) -> SpeciesGenome:
        """The main genome with all its label sets."""
        row, genome = self.sheet.main, self.main_genome
        stretches = training_stretches(genome, self.split, receptive_field_bp(self.model_config))
        labels = [read_labels(path, genome) for path in (row.tss, *row.also.values())]
        return SpeciesGenome(row.species, _phylum(row), genome, labels, stretches, genome.descriptor, row.weight)

    @cached_property
    def left_out_species(self) -> frozenset[str]:
        """The species that are not learnt from, because they are held out or left out."""
        rows = {row.species for row in self.sheet.genomes if row.role == "held_out" or row.names & {*self.leave_out}}
        windows = {
            species
            for row in self.sheet.windows
            for species, names in species_names(row).items()
            if {*names} & {*self.leave_out}
        }
        return frozenset(rows | windows)

    @cached_property
    def others(self) -> list[SpeciesGenome]:
        """The other genomes that are learnt from."""
        skipped = set(self.leave_out)
        rows = [row for row in self.sheet.genomes if row.role == "train" and not row.names & skipped]
        return [self._other(row) for row in rows]

    def _other(self, row: GenomeRow) -> SpeciesGenome:
        genome = load_genome(row.fasta, circular=row.circular)
        whole = Split(tuple(Region(contig.sequence_sha256, 0, len(contig), "train") for contig in genome))
        stretches = training_stretches(genome, whole, 0)
        labels = [read_labels(row.tss, genome), *[None] * len(self.sheet.main.also)]
        return SpeciesGenome(row.species, _phylum(row), genome, labels, stretches, genome.descriptor, row.weight)

    @cached_property
    def windows(self) -> list[tuple[SpeciesWindows, WindowsRow]]:
        """The windows of each species, without those homologous to what the main genome is judged on; their row."""
        regions = [
            contig.codes[region.start : region.end]
            for contig in self.main_genome
            for part in ("valid", "test")
            for region in self.split.regions_of(contig, part)
        ]
        held = {row.species for row in self.sheet.genomes if row.role == "held_out"}
        known = _read_kept(self.kept)
        before = len(known)
        found = []
        for row in self.sheet.windows:
            for one in read_species_windows(row, {*self.leave_out, *held}):
                key = hashlib.sha256(b"".join([one.codes.tobytes(), *(part.tobytes() for part in regions)])).hexdigest()
                if key not in known:
                    known[key] = homologous(one.codes, regions)
                copies = known[key]
                if copies.any():
                    said = "%s: %d of %d windows left out, homologous to what is judged"
                    log.info(said, one.species, copies.sum(), len(copies))
                found.append((one.only(~copies), row))
        if self.kept is not None and len(known) > before:
            kept = {key: torch.from_numpy(copies) for key, copies in known.items()}
            save_state(real_path(self.kept), kept, {"kind": _KIND})
        return found

    @cached_property
    def reference(self) -> Reference:
        """All genomes that are learnt from, each species once."""
        rows = {one.species: (one.species, one.phylum, one.descriptor.values) for one, _ in self.windows}
        rows |= {one.species: (one.species, one.phylum, one.descriptor.values) for one in (self.main, *self.others)}
        return Reference(tuple(rows.values()), _ALL_NEAR)

    def draw(self) -> Mixture:
        """Return the batches."""
        if not (self.others or self.windows):
            raise ConfigError("nothing is left to learn from besides the main genome")
        reach = self.model_config.halo_upstream_bp
        for one, row in self.windows:
            if not one.is_tss[one.around_tss, reach : one.codes.shape[1] - reach].any():
                hint = f"the network reads {reach} bases to each side of a TSS"
                raise InputError(f"{one.species}: no window has a TSS with its context", path=row.tss, hint=hint)
        return Mixture(
            self.main, self.others, [(one, row.weight, row.density) for one, row in self.windows], self.reference,
            self.model_config.halo_upstream_bp, self.mixture, self.config.seed,
        )  # fmt: skip

    @cached_property
    def inputs(self) -> Mapping[str, Any]:
        """All that the weights depend on besides the recipe, as plain values."""
        files = {path for row in self.sheet.genomes for path in (row.fasta, row.tss, *row.also.values())}
        files |= {path for row in self.sheet.windows for path in (row.tss, row.random, row.species)}
        network = asdict(self.model_config)
        return {
            "files": sorted(file_sha256(path) for path in files),
            "roles": [[row.species, row.role, row.weight] for row in self.sheet.genomes],
            "leave_out": list(self.leave_out),
            "mixture": asdict(self.mixture),
            "network": {name: list(value) if isinstance(value, tuple) else value for name, value in network.items()},
            "split": self.split.to_records(),
        }

    def validate(self, plain: Dilated, output: int = 0) -> list[RegionSignal]:
        """Score the validation part of the main genome."""
        labels = self.main.labels[output]
        assert labels is not None
        return score_part(plain, self.main_genome, labels, self.split, "valid", self.config.threads)


def _read_kept(path: Path | None) -> dict[str, Bool]:
    if path is None or not path.exists():
        return {}
    hint = "delete it, if it is not a file of yours, and it is made again"
    tensors, values = load_state(path, hint)
    if values.get("kind") != _KIND:
        raise InputError("keeps no homologues of windows", path=path, hint=hint)
    return {key: tensor.numpy() for key, tensor in tensors.items()}


def _phylum(row: GenomeRow) -> str:
    return row.lineage[0] if row.lineage else row.species


def check_left_out(leave_out: Collection[str], sheet: SpeciesSheet) -> None:
    """Refuse to leave out the main genome, which chooses, or what is not there.

    Raises
    ------
    ConfigError
    """
    if sheet.main.names & set(leave_out):
        raise ConfigError(f"{sheet.main.species} chooses by its validation part and cannot be left out")
    known = {name for row in sheet.genomes for name in row.names}
    for row in sheet.windows:
        here = {name for names in species_names(row).values() for name in names}
        if unknown := sorted(set(row.leave_out) - here):
            raise InputError(f"leave_out has {unknown[0]!r}, which is no species or lineage of it", path=row.species)
        known |= here
    if unknown := sorted(set(leave_out) - known):
        hint = "species, genera and lineages are written as in the sheet and its tables"
        raise ConfigError(f"there is no {unknown[0]!r} to leave out", hint=hint)
