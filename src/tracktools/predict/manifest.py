"""What a run computes: all that its values and files depend on, but the sequence itself.

It is the identity of a run (`tracktools.run`), and ``manifest.json`` in the folder of a shard, so that a run is
continued, and shards are joined, only with their like; and so that joining needs neither the genome nor the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tracktools.arrays import Float32
from tracktools.blocks import Block, Held, Piece, RegionMask, plan_blocks, shard_of
from tracktools.config import NetworkConfig, PredictConfig, architecture_of, read_network
from tracktools.engine.caveats import caveats_of
from tracktools.errors import ConfigError, InputError, shown
from tracktools.formats.atomic import write_synced
from tracktools.formats.json_file import is_sealed, json_bytes, read_json, sealed
from tracktools.interval import Range, Strand, merge
from tracktools.predict.asked_calls import AskedCalls
from tracktools.predict.found_genes import GeneList
from tracktools.predict.run_model import RunModel
from tracktools.tracks import write_provenance

if TYPE_CHECKING:
    from tracktools.engine.interface import Engine
    from tracktools.genome import Genome
    from tracktools.predict.models import Models

MANIFEST = "manifest.json"
PREDICT, MUTATE_ALL = "predict", "mutate --all"  # verbs

_SUMMARY = (
    *("genome_name", "genome_sha256", "circular", "model_sha256"),
    *("block_bp", "engine", "instruction_set", "precision"),
)


@dataclass(frozen=True)
class ContigShape:
    """Name, length [bp] and shape of a contig, without its letters."""

    name: str
    size: int
    circular: bool

    def __len__(self) -> int:
        return self.size


@dataclass(frozen=True)
class Manifest:
    """What a run computes; see the module.

    Parameters
    ----------
    genome_sha256, genome_name : str
        See `Genome`.
    circular : tuple of str
        Names of its circular contigs.
    chrom_sizes : tuple of (str, int)
        Name and length of each contig [bp], in file order.
    models : tuple of RunModel
        What scores it: one model, or several, each a part of the genome.
    engine, instruction_set, precision : str
        See `Engine`.
    regions : tuple of (str, int, int, str), optional
        What is scored: contig, start, end, strand; None means everything.
    block_bp : int
        See `plan_blocks`.
    network : NetworkConfig
        Dimensions of the network.
    out_of_fold : bool
        Whether each model scores the part that it was tested on, and no other.
    warnings : tuple of str
        What a user of the files should know; see `caveats_of`.
    shard : tuple of int, optional
        Number (1-based) and count of the shards, where this is one of several.
    asked : AskedCalls, optional
        What the user asks to be called, instead of what the model would call.
    genes : GeneList, optional
        The genes that were found, where a model takes them into account.
    verb : {"predict", "mutate --all"}
        What is done: every base of both strands is scored, or every base is changed.
    """

    genome_sha256: str
    genome_name: str
    circular: tuple[str, ...]
    chrom_sizes: tuple[tuple[str, int], ...]
    models: tuple[RunModel, ...]
    engine: str
    instruction_set: str
    precision: str
    regions: tuple[tuple[str, int, int, str], ...] | None
    block_bp: int
    network: NetworkConfig
    out_of_fold: bool = False
    warnings: tuple[str, ...] = ()
    shard: tuple[int, int] | None = None
    asked: AskedCalls | None = None
    genes: GeneList | None = None
    verb: str = PREDICT

    @classmethod
    def of(
        cls,
        genome: Genome,
        models: Models,
        engine: Engine,
        config: PredictConfig,
        regions: tuple[tuple[str, int, int, str], ...] | None = None,
    ) -> Self:
        """Return the manifest of a whole run.

        Raises
        ------
        ConfigError
            If what the user asks to be called is no such thing, or is asked of several models.
        """
        asked = AskedCalls.parse(config.threshold, config.top)
        if asked is not None and models.out_of_fold:
            raise ConfigError("--threshold and --top are for one model: out of fold, each has its own threshold")
        parts = tuple(RunModel.of(model, genome, engine) for model in models.checkpoints)
        doubts = [said for model in models.checkpoints for said in caveats_of(genome, model)]
        doubts += [said for part in parts for said in part.doubts]
        return cls(
            genome_sha256=genome.sha256,
            genome_name=genome.name,
            circular=tuple(contig.name for contig in genome if contig.circular),
            chrom_sizes=tuple(genome.chrom_sizes.items()),
            models=parts,
            out_of_fold=models.out_of_fold,
            engine=engine.name,
            instruction_set=engine.instruction_set,
            precision=engine.precision,
            regions=regions,
            block_bp=config.block_bp,
            network=models.checkpoints[0].config,
            asked=asked,
            genes=GeneList.of(next((model.context for model in models.checkpoints if model.context), None)),
            warnings=tuple(dict.fromkeys(doubts)),
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_record` gives.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is something else.
        """
        regions, shard = record["regions"], record["shard"]
        sizes = tuple((_text(name), size) for name, size in record["chrom_sizes"])
        if shard is not None and not 1 <= shard[0] <= shard[1]:
            raise ValueError(f"there is no shard {shard[0]} of {shard[1]}")
        return cls(
            **{
                **record,
                "chrom_sizes": sizes,
                "models": tuple(map(RunModel.from_record, record["models"])),
                "circular": tuple(record["circular"]),
                "warnings": tuple(map(_text, record["warnings"])),
                "regions": None if regions is None else tuple(tuple(row) for row in regions),
                "network": read_network(record["network"]["architecture"], record["network"]["settings"]),
                "asked": None if record.get("asked") is None else AskedCalls(**record["asked"]),
                "genes": GeneList.from_record(record.get("genes"), [size for _, size in sizes]),
                "shard": None if shard is None else (int(shard[0]), int(shard[1])),
            }
        )

    def to_record(self) -> dict[str, Any]:
        """Return the form for ``manifest.json``."""
        network = {"architecture": architecture_of(self.network), "settings": asdict(self.network)}
        record: dict[str, Any] = json.loads(json.dumps({**asdict(self), "network": network}))
        return record

    def identity(self) -> dict[str, Any]:
        """Return what tells this run from another one, see `Run`."""
        return self.to_record()

    def write(self, folder: Path) -> None:
        """Write ``manifest.json``."""
        write_synced(folder / MANIFEST, json_bytes(sealed(self.to_record())))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``manifest.json``.

        Raises
        ------
        FileNotFoundError
            If there is none.
        InputError
            If it is not as it was written, or of another version of tracktools.
        """
        path, hint = folder / MANIFEST, "copy the shard again, or compute it again"
        record = read_json(path, hint=hint)
        if "record_sha256" not in record and "genome_sha256" in record:
            problem = "was made by an older version of tracktools, which wrote no checksums"
            raise InputError(problem, path=path, hint="compute the shard again")
        if not is_sealed(record):
            raise InputError("is damaged: its checksum is another", path=path, hint=hint)
        try:
            manifest = cls.from_record({name: value for name, value in record.items() if name != "record_sha256"})
            _ = manifest.own_blocks
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise InputError("is of another version of tracktools", path=path, hint="compute the shard again") from None
        return manifest

    @cached_property
    def contigs(self) -> tuple[ContigShape, ...]:
        """The contigs, in file order."""
        rings = set(self.circular)
        return tuple(ContigShape(name, size, name in rings) for name, size in self.chrom_sizes)

    @property
    def planes(self) -> int:
        """Values that are kept of each position."""
        return 1 if self.verb == PREDICT else 4

    @property
    def chosen(self) -> RegionMask | None:
        """What is scored, by number of contig and strand; None for everything."""
        if self.regions is None:
            return None
        numbers = {name: number for number, (name, _) in enumerate(self.chrom_sizes)}
        chosen: dict[tuple[int, Strand], list[Range]] = {}
        for chrom, start, end, strand in self.regions:
            own: Strand = "-" if strand == "-" and self.verb == PREDICT else "+"  # a change is one of both strands
            chosen.setdefault((numbers[chrom], own), []).append((start, end))
        return {own: merge(ranges) for own, ranges in chosen.items()}

    @property
    def held(self) -> Held | None:
        """Which model scores which bases: each those that it never saw; None where one model scores everything."""
        if not self.out_of_fold:
            return None
        numbers = {name: number for number, (name, _) in enumerate(self.chrom_sizes)}
        held: dict[int, list[tuple[int, int, int]]] = {}
        for number, model in enumerate(self.models):
            for chrom, start, end, part in model.split:
                if part == "test":
                    held.setdefault(numbers[chrom], []).append((start, end, number))
        return {contig: sorted(parts) for contig, parts in held.items()}

    @property
    def model_name(self) -> str:
        """Name of the model, or how many there are."""
        return f"{len(self.models)} models out of fold" if self.out_of_fold else self.models[0].name

    @property
    def model_sha256(self) -> str:
        """SHA-256 of the model, or of each."""
        return " ".join(model.sha256 for model in self.models)

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks of the whole run."""
        blocks = plan_blocks(self.contigs, self.block_bp, self.network, self.chosen, self.held)
        return blocks if self.verb == PREDICT else [block for block in blocks if block.pieces[0].strand == "+"]

    @property
    def own_blocks(self) -> list[Block]:
        """The blocks of this shard, or all of them."""
        return self.blocks if self.shard is None else shard_of(self.blocks, *self.shard)

    def pieces(self, strand: Strand, load: Callable[[Block], Float32]) -> Iterator[tuple[Piece, Float32]]:
        """Yield the values of one strand, a piece after the other, from what `load` returns of each block."""
        for block in self.blocks:
            if block.pieces[0].strand == strand:
                yield from block.split(load(block))

    def whole(self) -> Self:
        """Return the manifest of the run that this is a shard of."""
        return replace(self, shard=None)

    @property
    def method(self) -> str:
        """How the values of a prediction were made, for the tracks."""
        where = "at every base" if self.regions is None else "in chosen regions"
        if self.out_of_fold:
            return (
                f"tracktools predict --out-of-fold, {len(self.models)} models; raw model output {where}, each base by "
                "one that was trained without it"
            )
        model = f"{self.model_name} (sha256 {self.model_sha256[:12]})"
        return f"tracktools predict, model {model}; raw model output {where}"

    def write_provenance(
        self, folder: Path, started: float, parameters: Mapping[str, Any], warnings: Sequence[str] = ()
    ) -> None:
        """Write what made the files of a folder, and what to doubt besides the warnings of the run."""
        bases = sum(size for _, size in self.chrom_sizes)
        summary: dict[str, Any] = {name: getattr(self, name) for name in _SUMMARY}
        if self.models[0].descriptor is not None:
            summary["descriptor"] = self.models[0].descriptor
        if self.genes is not None:
            context = next(model.gene_context for model in self.models if model.gene_context is not None)
            summary["gene_context"] = {
                "genes": len(self.genes.rows), "finder": self.genes.finder, "sha256": context
            }  # fmt: skip
        if self.regions is not None:
            summary["regions_bp"] = sum(end - start for _, start, end, _ in self.regions)
        write_provenance(
            folder,
            started=started,
            genome={"name": self.genome_name, "sha256": self.genome_sha256, "bases": bases},
            model={"name": self.model_name, "sha256": self.model_sha256},
            parameters={**parameters, **summary},
            warnings=(*self.warnings, *warnings),
        )


def _text(value: object) -> str:
    """Return a text; what is none would be told as Python writes it."""
    if not isinstance(value, str):
        raise TypeError(f"{shown(value)} is no text")
    return value
