"""The sheet of a training on many species: which genomes and windows, in which role, from where and on what terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from tracktools.config import MixtureConfig
from tracktools.errors import ConfigError, InputError
from tracktools.formats.toml_file import read_toml

Role = Literal["main", "train", "held_out"]
_FRACTIONS = "fractions "


@dataclass(frozen=True)
class GenomeRow:
    """A genome with its measured TSS.

    Parameters
    ----------
    species : str
    fasta, tss : Path
        The sequences, and a BED file of TSS: what the output learns.
    lineage : tuple of str
        Phylum, class, genus ...: names by which it can be left out.
    also : mapping of str to Path
        Further TSS sets, side outputs of their own; of the main genome alone.
    circular : tuple of str
    split : str
        Of the main genome: a BED file, ``fractions 0.7,0.1,0.2``, or empty for the paper's split of NC_000913.3.
    role : {"main", "train", "held_out"}
        The main genome chooses by its validation part; held-out ones are not learnt from.
    weight : float
        Times the share that balance over species gives it.
    source, licence : str
    """

    species: str
    fasta: Path
    tss: Path
    lineage: tuple[str, ...] = ()
    also: Mapping[str, Path] = field(default_factory=dict)
    circular: tuple[str, ...] = ()
    split: str = ""
    role: Role = "train"
    weight: float = 1.0
    source: str = ""
    licence: str = ""

    @property
    def names(self) -> frozenset[str]:
        """All by which it can be left out: the species, its genus, and what the sheet calls its lineage."""
        return frozenset((self.species, *self.species.split()[:1], *self.lineage))


@dataclass(frozen=True)
class WindowsRow:
    """A table of windows around TSS of many species, one of windows around random positions, and one of the species.

    Parameters
    ----------
    tss : Path
        Columns ``species position strand tss_index sequence``: 1-based position, 0-based index of the TSS.
    random : Path
        Columns ``species position strand sequence``.
    species : Path
        Columns ``species lineage gc``.
    phyla : mapping of str to str
        Phylum of a lineage that is a class.
    leave_out : tuple of str
        Species or lineages that are not to be trusted.
    density : float
        TSS a base and strand in a genome: the share that the log-odds are of.
    weight : float
    source, licence : str
    """

    tss: Path
    random: Path
    species: Path
    phyla: Mapping[str, str] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    density: float = 5e-4
    weight: float = 1.0
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class SpeciesSheet:
    """What a training on many species learns from.

    Parameters
    ----------
    genomes, windows
        The rows.
    batch : MixtureConfig
        What a batch contains.
    homologues : Path, optional
        A file that remembers which windows are homologous to what is judged, for trainings on the same windows; it is
        made where it is absent.
    """

    genomes: tuple[GenomeRow, ...]
    windows: tuple[WindowsRow, ...]
    batch: MixtureConfig = field(default_factory=MixtureConfig)
    homologues: Path | None = None

    @property
    def main(self) -> GenomeRow:
        """The genome that chooses."""
        return next(row for row in self.genomes if row.role == "main")


def read_sheet(path: Path) -> SpeciesSheet:
    """Read a sheet: TOML with tables ``[[genome]]``, ``[[windows]]`` and ``[batch]``; paths are relative to it.

    Raises
    ------
    InputError
        If it cannot be read, a key is not known or missing, a file does not exist, or not exactly one genome is main.
    """
    values = read_toml(path)
    unknown = sorted(set(values) - {"genome", "windows", "batch", "homologues"})
    if unknown:
        raise InputError(f"has a table {unknown[0]!r}", path=path, hint="use [[genome]], [[windows]] and [batch]")
    rows = {name: values.get(name, []) for name in ("genome", "windows")}
    for name, found in rows.items():
        if not (isinstance(found, list) and all(isinstance(row, dict) for row in found)):
            raise InputError(f"{name!r} is no list of tables", path=path, hint=f"write [[{name}]], with two brackets")
    genomes = tuple(_row(GenomeRow, row, path) for row in rows["genome"])
    windows = tuple(_row(WindowsRow, row, path) for row in rows["windows"])
    _check(genomes, windows, path)
    genomes = tuple(_with_split(row, path) for row in genomes)
    kept = None if "homologues" not in values else path.parent / Path(_text(values["homologues"], path)).expanduser()
    return SpeciesSheet(genomes, windows, _batch(values.get("batch", {}), path), kept)


def fractions_of(split: str) -> list[float]:
    """Return the shares of ``fractions 0.7,0.1,0.2``.

    Raises
    ------
    ValueError
        If they are no numbers.
    """
    return [float(share) for share in split.removeprefix(_FRACTIONS).split(",")]


def _with_split(row: GenomeRow, path: Path) -> GenomeRow:
    """Return a row whose split is empty, shares, or a file that is there."""
    if not row.split:
        return row
    if not row.split.startswith(_FRACTIONS):
        return replace(row, split=str(_file(row.split, path)))
    try:
        fractions_of(row.split)
    except ValueError:
        raise InputError(f"split is {row.split!r}", path=path, hint="write fractions 0.7,0.1,0.2") from None
    return row


def _batch(values: object, path: Path) -> MixtureConfig:
    known = asdict(MixtureConfig())
    for name, value in _table(values).items():
        if name not in known:
            raise InputError(f"[batch] has a key {name!r}", path=path, hint=f"known keys: {', '.join(known)}")
        kind = type(known[name])
        if isinstance(value, bool) or not isinstance(value, kind | int) or not 0 <= value < 1e9:
            raise InputError(f"[batch] {name} is {value!r}", path=path, hint=f"it must be like {known[name]!r}")
    return MixtureConfig(**values)  # type: ignore[arg-type]  # checked above


def _row(kind: type[Any], values: Mapping[str, Any], path: Path) -> Any:
    """Return a row of the sheet; every value has the type of the field."""
    known = {item.name: item for item in fields(kind)}
    table = "genome" if kind is GenomeRow else "windows"
    for name in values:
        if name not in known:
            problem = f"[[{table}]] has a key {name!r}"
            raise InputError(problem, path=path, hint=f"known keys: {', '.join(known)}")
    settings = {}
    for name, value in values.items():
        try:
            settings[name] = _READ[str(known[name].type)](value, path)
        except (TypeError, ValueError):
            problem = f"[[{table}]] {name} is {value!r}"
            raise InputError(problem, path=path, hint=f"it must be {_SAID[str(known[name].type)]}") from None
    try:
        return kind(**settings)
    except TypeError:
        missing = [name for name, item in known.items() if name not in settings and _is_required(item)]
        raise InputError(f"a [[{table}]] has no {missing[0]}", path=path) from None


def _is_required(item: Any) -> bool:
    return str(item.type) == "Path" or item.name == "species"


def _text(value: object, _path: Path) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _file(value: object, path: Path) -> Path:
    file = path.parent / Path(_text(value, path)).expanduser()
    if not file.is_file():
        raise InputError(f"names {file}, which is no file", path=path)
    return file


def _number(value: object, _path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise TypeError
    return float(value)


def _texts(value: object, path: Path) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(one, path) for one in value)


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _role(value: object, _path: Path) -> Role:
    if value not in get_args(Role):
        raise ValueError
    return value  # type: ignore[return-value]  # one of the three


_READ: dict[str, Any] = {
    "str": _text,
    "Path": _file,
    "float": _number,
    "tuple[str, ...]": _texts,
    "Mapping[str, Path]": lambda value, path: {name: _file(one, path) for name, one in _table(value).items()},
    "Mapping[str, str]": lambda value, path: {name: _text(one, path) for name, one in _table(value).items()},
    "Role": _role,
}
_SAID = {
    "str": "text",
    "Path": "a path",
    "float": "a number above 0",
    "tuple[str, ...]": "a list of names",
    "Mapping[str, Path]": "a table of name = path",
    "Mapping[str, str]": "a table of name = text",
    "Role": "main, train or held_out",
}


def _check(genomes: tuple[GenomeRow, ...], windows: tuple[WindowsRow, ...], path: Path) -> None:
    mains = [row.species for row in genomes if row.role == "main"]
    if len(mains) != 1:
        problem = f"has {len(mains)} genomes of role main"
        raise InputError(problem, path=path, hint="exactly one chooses by its validation part")
    for row in genomes:
        if (row.also or row.split) and row.role != "main":
            raise InputError(f"{row.species}: only the main genome has 'also' and 'split'", path=path)
    species = [row.species for row in genomes]
    twice = next((name for name in species if species.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is there twice", path=path, hint="a genome each")
    if not windows and all(row.role != "train" for row in genomes):
        raise ConfigError(f"{path}: has one genome, and a sheet needs two (for one: `tracktools train GENOME TSS`)")
