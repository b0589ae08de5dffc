"""Join shards into the files of one run; needs neither the genome nor the model."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tracktools.blocks import Block
from tracktools.errors import ConfigError, InputError
from tracktools.predict.finish import Prediction, finish, finished_before
from tracktools.predict.manifest import Manifest, difference
from tracktools.predict.output import check_output, is_taken, refuse
from tracktools.predict.store import MANIFEST, BlockFolder, BlockStore
from tracktools.tracks import read_provenance

_PARTS_OF_TIME = ("wall_s", "cpu_s", "peak_memory_bytes")


def merge_shards(folders: Iterable[Path], output: Path, *, force: bool = False, restart: bool = False) -> Prediction:
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
        If a folder is no shard, a shard is missing, incomplete or named twice, or shards are not of one run: another
        genome, model, engine, or other regions. Names the first difference.
    OutputError
        See `predict_genome`.
    """
    started = time.time()
    folders = [Path(folder) for folder in folders]
    output = check_output(Path(output), force=force, inputs=folders)
    shards = _complete({folder: _read_manifest(folder) for folder in folders}, folders)
    manifest = next(iter(shards.values())).whole()
    with BlockStore(output, {**manifest.to_record(), "merged": True}, restart=restart) as store:
        if is_taken(output, force=force):
            found = finished_before(output, manifest)
            if found is None:
                raise refuse(output, store)
            store.remove()
            return found
        parameters = {"shards": [_made_by(folder, shard) for folder, shard in shards.items()]}
        return finish(store, output, manifest, _Joined(shards), started, parameters)


class _Joined(BlockFolder):
    """The blocks of all shards."""

    def __init__(self, shards: Mapping[Path, Manifest]) -> None:
        self._folders = {
            block.index: BlockFolder(folder) for folder, manifest in shards.items() for block in manifest.own_blocks
        }

    def load(self, block: Block) -> npt.NDArray[np.float32]:
        """Return the values of a block."""
        return self._folders[block.index].load(block)


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    mend = "name folders that `tracktools predict --shard` made"
    if not folder.is_dir():
        raise InputError("no such folder", path=folder, mend=mend)
    try:
        manifest = Manifest.from_record(json.loads(path.read_text()))
        if manifest.shard is None:
            raise InputError("is not a shard", path=folder, mend=mend)
        _ = manifest.own_blocks
    except FileNotFoundError:
        raise InputError(f"is not a shard: it holds no {MANIFEST}", path=folder, mend=mend) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, ZeroDivisionError):
        raise InputError("is damaged", path=path, mend="copy the shard again, or compute it again") from None
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
            raise InputError(problem, path=folder, mend="name the shards of one run")
        if differs := difference(model.whole().to_record(), manifest.whole().to_record()):
            name, there, here = differs
            raise InputError(f"is not of the run of {first}: {name} is {here}, and {there} there", path=folder)
        if number in by_number:
            raise InputError(f"is shard {number}/{of}, as {by_number[number]} is", path=folder, mend="name each once")
        by_number[number] = folder
    missing = [number for number in range(1, model.shard[1] + 1) if number not in by_number]
    if missing:
        some = ", ".join(f"{number}/{model.shard[1]}" for number in missing[:5]) + (", …" if missing[5:] else "")
        raise InputError(f"shards are missing beside this one: {some}", path=first, mend="compute and name them, too")
    ordered = {by_number[number]: shards[by_number[number]] for number in sorted(by_number)}
    for folder, manifest in ordered.items():
        BlockFolder(folder).check(manifest.own_blocks)
    return ordered


def _made_by(folder: Path, manifest: Manifest) -> dict[str, Any]:
    record = read_provenance(folder)
    number, of = manifest.shard or (1, 1)
    return {"shard": f"{number}/{of}", **{name: record[name] for name in _PARTS_OF_TIME if name in record}}
