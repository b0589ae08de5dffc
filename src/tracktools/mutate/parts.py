"""The parts of a long run: each is kept when it is done, so that a killed run goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from tracktools.errors import InputError
from tracktools.formats.atomic import write_synced
from tracktools.formats.json_file import read_json

KEEPS = ("part*.json",)
Item = TypeVar("Item")


def in_parts(
    items: Iterable[Item], folder: Path, size: int, compute: Callable[[Sequence[Item]], list[Any]]
) -> Iterator[tuple[Item, Any]]:
    """Yield every item with its result, in their order; parts that an earlier run computed are read from their files.

    Parameters
    ----------
    items : iterable
        What is computed, the same in every run of one identity.
    folder : Path
        Where the parts are kept (`KEEPS`).
    size : int
        Items of a part.
    compute : callable
        Gives a result for each item of a part, in plain values as JSON has them.
    """
    rows, start = iter(items), 0
    while part := list(islice(rows, size)):
        path = folder / f"part{start:08d}_{len(part)}.json"
        results = _kept(path, len(part))
        if results is None:
            results = compute(part)
            write_synced(path, json.dumps({"results": results}).encode())
        yield from zip(part, results, strict=True)
        start += len(part)


def _kept(path: Path, count: int) -> list[Any] | None:
    """Return what a part holds; None if there is none, or it is damaged."""
    try:
        results: list[Any] | None = read_json(path, fields={"results": list}).get("results")
    except (FileNotFoundError, InputError):
        return None
    return results if results is not None and len(results) == count else None
