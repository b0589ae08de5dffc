"""What a disk, a network, a spreadsheet or a stranger does to a file: seeded, so that each case can be had again."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
import shutil
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from Bio import bgzf

from tracktools.formats.json_file import sealed

TOKENS = (
    b"9223372036854775808", b"-9223372036854775809", b"18446744073709551616", b"9" * 5000, b"1e300", b"1e-320", b"inf",
    b"-inf", b"nan", b"-1", b"0", b"1.5", b"1e5", b"0x10", b"", b"NULL", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b'"\\ud800"',
    b"[" * 20_000, b"{\"a\":" * 3000, b"\t", b"\n", b"\r", b"\r\n", b"\n\n", b";", b"=", b"%00", b"%", b"\\", b"'", b'"',
    b"../../../etc/passwd", b"/dev/zero", b"http://[::1/", b"file:///etc/passwd", b"<b>&amp;</b>", b"A" * 100_000,
    b";" * 20_000, b"\x1b[31m", b"\xef\xbb\xbf", "\N{ARABIC-INDIC DIGIT THREE}".encode(), b"null", b"true", b"{}", b"[]",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**63, 10**400, 0.5, 1.5, float("inf"), float("nan"), "", "x", "A" * 1000, "\ud800", "../../x",
    "/etc/passwd", "\0", [], [[]], [0.5], [None], ["x"], {}, {"a": 1}, {"a": {"b": []}}, "0" * 64,
)  # fmt: skip
_NUMBER = re.compile(rb"-?\d+\.?\d*")
_WORD = re.compile(rb"[^\s,;=:\"<>{}\[\]]+")


def damaged(sample: Path, others: list[Path], target: Path, rng: random.Random) -> str:
    """Write a damaged copy of a file, or of a folder with one damaged file; return what was done."""
    if sample.is_dir():
        shutil.copytree(sample, target, symlinks=True)
        files = sorted(path for path in target.rglob("*") if path.is_file() and path.suffix != ".js")
        victim = rng.choice(files)
        return f"{victim.relative_to(target)}: {_damage_file(victim, others, victim, rng)}"
    return _damage_file(sample, others, target, rng)


def _damage_file(sample: Path, others: list[Path], target: Path, rng: random.Random) -> str:
    way = rng.random()
    if way < 0.02:
        return _put_in_place(target, rng)
    if way < 0.05:
        other = rng.choice(others)
        data = other.read_bytes()
        what = f"is {other.name}"
    else:
        data, what = damaged_bytes(sample.read_bytes(), rng)
    target.write_bytes(data)
    return what


def _put_in_place(target: Path, rng: random.Random) -> str:
    """Put something there that is no file."""
    target.unlink(missing_ok=True)
    kind = rng.choice(["pipe", "loop", "folder", "device", "nothing", "dangling link", "zeros"])
    if kind == "pipe":
        os.mkfifo(target)
    elif kind == "loop":
        target.symlink_to(target.name)
    elif kind == "folder":
        target.mkdir()
    elif kind == "device":
        target.symlink_to("/dev/full")
    elif kind == "dangling link":
        target.symlink_to("nowhere")
    elif kind == "zeros":
        target.write_bytes(bytes(100_000))
    return kind


def damaged_bytes(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Damage bytes; of packed ones, often what is in them."""
    if rng.random() < 0.6:
        if data.startswith(b"{") or data[8:9] == b"{":
            with suppress(ValueError):
                return _rewritten(data, rng)
        if data.startswith(b"\x1f\x8b"):
            return _repacked(data, rng)
        if data.startswith(b"PK\x03\x04"):
            return _rezipped(data, rng)
    what = []
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        name, change = rng.choice(_WAYS)
        data = change(data, rng)
        what.append(name)
    return data, ", ".join(what)


def _repacked(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    blocked = data[12:14] == b"BC"
    if not blocked and rng.random() < 0.02:
        return _bomb(), "bomb"
    inner, what = damaged_bytes(gzip.decompress(data), rng)
    if not blocked:
        return gzip.compress(inner, 1, mtime=0), f"in gzip: {what}"
    packed = io.BytesIO()
    with bgzf.BgzfWriter(fileobj=packed, compresslevel=1) as writer:
        writer.write(inner)
        writer.flush()
        packed_bytes = packed.getvalue()
    return packed_bytes + bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000"), f"in bgzip: {what}"


def _rewritten(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Change a value of a JSON record, which stays JSON with a right checksum: a file, or the header of safetensors."""
    if data.startswith(b"{"):
        record = json.loads(data)
        what = _change_value(record, rng)
        if "record_sha256" in record:
            del record["record_sha256"]
            record = sealed(record)
        return json.dumps(record).encode(), what
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    key = next(iter(header["__metadata__"]))
    record = json.loads(header["__metadata__"][key])
    what = _change_value(record, rng)
    header["__metadata__"][key] = json.dumps(record)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + size :], what


def _change_value(record: Any, rng: random.Random) -> str:
    """Replace, remove or add a value somewhere in a record; return what was done."""
    where, place = "", record
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            place = record
            continue
        key = rng.choice(keys)
        inner = place[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.8:
            where, place = f"{where}/{key}", inner
            continue
        way = rng.choice(["replaced", "replaced", "replaced", "removed", "added"])
        if way == "removed":
            del place[key]
        elif isinstance(place, dict):
            place[key if way == "replaced" else "more"] = rng.choice(VALUES)
        else:
            place[key : key + (way == "replaced")] = [rng.choice(VALUES)]
        return f"in a record: {where}/{key} {way}"


def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(40)), packer.flush()])


def _rezipped(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        names = old.namelist()
        victim = rng.choice(
            [name for name in names if "sheet" in name or "Strings" in name] if rng.random() < 0.7 else names
        )
        what = ""
        for name in names:
            part = old.read(name)
            if name == victim:
                part, what = damaged_bytes(part, rng)
            new.writestr(zipfile.ZipInfo(name), part, rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    return packed.getvalue(), f"in {victim}: {what}"


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _flip(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _random_bytes(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    put = rng.choice(
        [rng.randbytes(rng.choice([1, 4, 8, 64])), b"\xff" * 4, b"\xff" * 8, b"\0" * 4, b"\x7f\xff\xff\xff"]
    )
    return data[:at] + put + data[at + len(put) :]


def _remove(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.choice([1, 2, 10, 100]) :]


def _double(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    piece = data[at : at + rng.choice([1, 10, 200])]
    return data[:at] + piece * rng.choice([2, 3, 50]) + data[at:]


def _insert_token(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(TOKENS) + data[at:]


def _replace_number(data: bytes, rng: random.Random) -> bytes:
    return _replace(_NUMBER, data, rng)


def _replace_word(data: bytes, rng: random.Random) -> bytes:
    return _replace(_WORD, data, rng)


def _replace(pattern: re.Pattern[bytes], data: bytes, rng: random.Random) -> bytes:
    found = list(pattern.finditer(data[:200_000]))
    if not found:
        return _flip(data, rng)
    match = rng.choice(found)
    return data[: match.start()] + rng.choice(TOKENS) + data[match.end() :]


def _swap_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def _empty(_data: bytes, _rng: random.Random) -> bytes:
    return b""


_WAYS = (
    ("cut", _cut), ("flipped", _flip), ("random bytes", _random_bytes), ("removed", _remove), ("doubled", _double),
    ("token put in", _insert_token), ("number replaced", _replace_number), ("number replaced", _replace_number),
    ("word replaced", _replace_word), ("word replaced", _replace_word), ("lines shuffled", _swap_lines), ("empty", _empty),
)  # fmt: skip
