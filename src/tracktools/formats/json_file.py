"""JSON files: the one place where they are read, and the checksum in them that tells when one was changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from tracktools.errors import InputError, shown
from tracktools.formats.input_file import open_seekable

MOST_BYTES = 256 << 20
MOST_DEPTH = 64
_SEAL = "record_sha256"
_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    NoneType: "null",
}


def read_json(
    path: Path, *, fields: Mapping[str, type | tuple[type, ...]] | None = None, hint: str | None = None
) -> dict[str, Any]:
    """Read a file that contains one JSON object.

    Parameters
    ----------
    path : Path
        A regular file of at most `MOST_BYTES` bytes, nested at most `MOST_DEPTH` deep.
    fields : mapping of str to type, optional
        What kind of value some fields have, where they are there.
    hint : str, optional
        What the user can do when it is damaged.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InputError
        If it cannot be read or is not what is said above, or contains half a character (a lone surrogate).
    """
    return parse_json(_read_text(path, hint), path, fields=fields, hint=hint)


def parse_json(
    text: str,
    path: Path,
    *,
    fields: Mapping[str, type | tuple[type, ...]] | None = None,
    hint: str | None = None,
) -> dict[str, Any]:
    """Return the object that a text of JSON holds; as `read_json`, of which `path` is for messages."""
    try:
        record = json.loads(text)
    except RecursionError:
        raise InputError(f"is nested deeper than {MOST_DEPTH} levels", path=path, hint=hint) from None
    except json.JSONDecodeError as error:
        raise InputError(f"is not JSON: {error.msg}", path=path, line=error.lineno, hint=hint) from None
    except ValueError:  # a number of more digits than Python reads
        raise InputError("contains a number of too many digits", path=path, hint=hint) from None
    if not isinstance(record, dict):
        raise InputError("is not a JSON object", path=path, hint=hint)
    _check_values(record, path, hint)
    for name, kinds in (fields or {}).items():
        if name in record and not _is_a(record[name], kinds):
            wanted = " or ".join(_KINDS[kind] for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
            problem = f"{name} is {shown(record[name], 80)}, and {wanted} is needed"
            raise InputError(problem, path=path, value=record[name], hint=hint)
    return record


def _is_a(value: object, kinds: type | tuple[type, ...]) -> bool:
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    return isinstance(value, wanted) and (not isinstance(value, bool) or bool in wanted)


def _read_text(path: Path, hint: str | None) -> str:
    if not os.path.lexists(path):
        raise FileNotFoundError(path)
    with open_seekable(path) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InputError(f"is larger than {MOST_BYTES >> 20} MiB", path=path, hint=hint)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8", path=path, hint=hint) from None


def _check_values(record: dict[str, Any], path: Path, hint: str | None) -> None:
    """Refuse what `json` reads and no other part of the program can write again."""
    level: list[Any] = [record]
    for _ in range(MOST_DEPTH + 1):
        deeper: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                deeper += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                deeper += value
            elif isinstance(value, str) and not value.isascii():
                try:
                    value.encode()
                except UnicodeEncodeError:
                    problem = f"contains half a character (a lone surrogate): {shown(value, 80)}"
                    raise InputError(problem, path=path, value=value, hint=hint) from None
        level = deeper
    if level:
        raise InputError(f"is nested deeper than {MOST_DEPTH} levels", path=path, hint=hint)


def record_sha256(record: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a record, its own seal left out; equal records have it equal, in whatever order."""
    rest = {name: value for name, value in record.items() if name != _SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as JSON will give it back, with its checksum in it."""
    text = json.dumps(record, default=str, ensure_ascii=False).encode(errors="replace")  # no lone surrogate gets in
    plain: dict[str, Any] = json.loads(text)
    return {**plain, _SEAL: record_sha256(plain)}


def is_sealed(record: Mapping[str, Any]) -> bool:
    """Return whether a record is as `sealed` made it: no value in it was changed since."""
    return record.get(_SEAL) == record_sha256(record)


def json_bytes(record: Mapping[str, Any]) -> bytes:
    """Return what a JSON file holds."""
    return (json.dumps(record, indent=2, sort_keys=True) + "\n").encode()
