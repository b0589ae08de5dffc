"""Join shards into the files of one run; needs neither the genome nor the model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tracktools.arrays import Float32
from tracktools.blocks import Block
from tracktools.errors import ConfigError, InputError
from tracktools.formats.json_file import is_sealed
from tracktools.predict.manifest import MANIFEST, PREDICT, Manifest
from tracktools.predict.prediction import Prediction
from tracktools.predict.result import write_result
from tracktools.predict.store import BlockFolder
from tracktools.run import Policy, Run, check_output, difference
from tracktools.tracks import PROVENANCE_FILE, read_provenance

_COPY_AGAIN = "copy the shard again, or compute it again"
_PARTS_OF_TIME = ("wall_s", "cpu_s", "peak_memory_bytes")


def merge_shards(
    folders: Iterable[Path | str], output: Path | str, *, force: bool = False, restart: bool = False
) -> Prediction:
    """Join the shards of one run; bigWigs, called TSS and tracks have the bytes of a run that was never split.

    TSS are called after joining, so that no border between shards is seen.

    Parameters
    ----------
    folders : iterable of Path
        Folders of all shards, in any order, from `predict_shard`; they are left as they are.
    output : Path
        Folder to make, as `predict_genome` does. A killed merge starts again when it is given again.
    force : bool
        Replace an `output` that is not empty.
    restart : bool
        Drop what an unfinished run left in ``<output>.partial``.

    Raises
    ------
    InputError
        If a folder is no shard, a shard is missing, damaged, incomplete or named twice, or shards are not of one run:
        another genome, model, engine, or other regions. Names the first difference.
    OutputError
        See `predict_genome`.
    """
    started = time.time()
    paths = [Path(folder) for folder in folders]
    output = check_output(Path(output), force=force, inputs=paths)
    manifest, load, parameters = join_shards(paths, PREDICT)
    with Run(output, manifest.identity(), inputs=paths, policy=Policy(force=force, restart=restart)) as run:
        return write_result(run, manifest, load, started, parameters)


def join_shards(
    folders: Sequence[Path], verb: str
) -> tuple[Manifest, Callable[[Block], Float32], dict[str, list[dict[str, Any]]]]:
    """Return the run of some shards, what loads each of its blocks, and what ``provenance.json`` says of them.

    Raises
    ------
    InputError
        See `merge_shards`; also if they are shards of another command than `verb`.
    """
    shards = _complete({folder: _read_manifest(folder) for folder in folders}, folders)
    manifest = next(iter(shards.values())).whole()
    if manifest.verb != verb:
        raise InputError(f"is a shard of `tracktools {manifest.verb}`", path=folders[0], hint=f"name those of {verb}")
    folder_of = {block.index: folder for folder, shard in shards.items() for block in shard.own_blocks}
    made_by = {"shards": [_made_by(folder, shard) for folder, shard in shards.items()]}
    return (
        manifest,
        lambda block: BlockFolder(folder_of[block.index], manifest.planes).load(block, _COPY_AGAIN),
        made_by,
    )


def verb_of_shards(folders: Sequence[Path]) -> str:
    """Return which command made the first of some shards: `PREDICT` or `MUTATE_ALL`."""
    return _read_manifest(Path(folders[0])).verb if folders else PREDICT


def _read_manifest(folder: Path) -> Manifest:
    hint = "name folders that `tracktools predict --shard`, or `mutate --all --shard`, made"
    if not folder.is_dir():
        raise InputError("no such folder", path=folder, hint=hint)
    try:
        manifest = Manifest.read(folder)
    except FileNotFoundError:
        raise InputError(f"is not a shard: it contains no {MANIFEST}", path=folder, hint=hint) from None
    if manifest.shard is None:
        raise InputError("is not a shard", path=folder, hint=hint)
    return manifest


def _complete(shards: Mapping[Path, Manifest], named: Sequence[Path]) -> dict[Path, Manifest]:
    """Return the shards in order; refuse those that are not one run, whole and each once."""
    if not shards:
        raise ConfigError("no shard is named (name the folders of all shards of one run)")
    first, model = next(iter(shards.items()))
    assert model.shard is not None
    by_number: dict[int, Path] = {}
    for folder, manifest in zip(named, (shards[folder] for folder in named), strict=True):
        assert manifest.shard is not None
        number, of = manifest.shard
        if of != model.shard[1]:
            problem = f"is shard {number}/{of}, and {first} one of {model.shard[1]}"
            raise InputError(problem, path=folder, hint="name the shards of one run")
        if differs := difference(model.whole().to_record(), manifest.whole().to_record()):
            name, there, here = differs
            raise InputError(f"is not of the run of {first}: {name} is {here}, and {there} there", path=folder)
        if number in by_number:
            raise InputError(f"is shard {number}/{of}, as {by_number[number]} is", path=folder, hint="name each once")
        by_number[number] = folder
    missing = [number for number in range(1, model.shard[1] + 1) if number not in by_number]
    if missing:
        some = ", ".join(f"{number}/{model.shard[1]}" for number in missing[:5]) + (", …" if missing[5:] else "")
        raise InputError(f"other shards are missing: {some}", path=first, hint="compute and name them, too")
    ordered = {by_number[number]: shards[by_number[number]] for number in sorted(by_number)}
    for folder, manifest in ordered.items():
        BlockFolder(folder, manifest.planes).check(manifest.own_blocks, _COPY_AGAIN)
    return ordered


def _made_by(folder: Path, manifest: Manifest) -> dict[str, Any]:
    record = read_provenance(folder)
    if not is_sealed(record):
        problem = "is damaged: its checksum is another" if record else "is missing"
        raise InputError(problem, path=folder / PROVENANCE_FILE, hint=_COPY_AGAIN)
    number, of = manifest.shard or (1, 1)
    return {"shard": f"{number}/{of}", **{name: record[name] for name in _PARTS_OF_TIME if name in record}}
