"""What a run depends on: whether an output, or unfinished work, is that of the same run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracktools.errors import InputError, OutputForeign, UnfinishedRunDiffers, shown
from tracktools.formats.json_file import read_json
from tracktools.run.listing import PROVENANCE_FILE, is_whole, read_list

_SHOWN_CHARACTERS = 80  # of a value in a message: genomes may have thousands of circular contigs


def is_complete(output: Path) -> bool:
    """Return whether an output contains all files that were published, as they were."""
    try:
        return is_whole(output, read_list(output))
    except (OutputForeign, OSError):
        return False


def was_made(output: Path, identity: Mapping[str, Any]) -> bool:
    """Return whether an output is complete, and made by a run of an identity."""
    try:
        record = read_json(output / PROVENANCE_FILE, fields={"files": dict})
    except (InputError, OSError):
        return False
    if record.get("identity_sha256") != identity_sha256(identity) or "files" not in record:
        return False
    return is_whole(output, record["files"])


def identity_sha256(identity: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an identity: equal where two runs make the same."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Return the first thing in which two records differ, and what it is in each, briefly; None if nothing does.

    Examples
    --------
    >>> difference({"n": 1, "models": [{"name": "a"}]}, {"n": 1, "models": [{"name": "b"}]})
    ('name of models 1', "'a'", "'b'")
    """
    for name in dict.fromkeys([*wanted, *found]):
        one, other = found.get(name), wanted.get(name)
        if one == other:
            continue
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            number = next(number for number, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
            one, other, name = one[number], other[number], f"{name} {number + 1}"
        if isinstance(one, dict) and isinstance(other, dict) and (inner := difference(one, other)):
            return f"{inner[0]} of {name}", inner[1], inner[2]
        return name, _shown(one), _shown(other)
    return None


def _shown(value: object) -> str:
    return "nothing" if value is None else shown(value, _SHOWN_CHARACTERS)


def differs(folder: Path, found: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> UnfinishedRunDiffers:
    """Return the error of an unfinished run that is another one than the one wanted; None: that keeps nothing."""
    verb = found.get("verb", "another command")
    if wanted is None or wanted.get("verb", "another command") != verb:
        hint = "give that command again, or name another output"
        return UnfinishedRunDiffers(f"contains an unfinished run of {verb}", path=folder, value=verb, hint=hint)
    name, was, now = difference(found, wanted) or ("it", "", "")
    problem = f"an unfinished run with other inputs: {name} was {was} and is now {now}"
    return UnfinishedRunDiffers(problem, path=folder, value=name, hint="--restart drops it, or choose another output")
