"""The door to files of users: gzip of every kind, pipes, devices, sizes."""

from __future__ import annotations

import gzip
import os
import random
import threading
import zlib
from pathlib import Path

import pytest

from tracktools.errors import InputError
from tracktools.formats import input_file
from tracktools.formats.input_file import (
    open_bytes,
    open_maybe_gzip,
    open_seekable,
    read_text,
    real_path,
    set_unpacked_limit,
    unpacked_limit,
)


def read(path: Path) -> bytes:
    with open_maybe_gzip(path) as file:
        return file.read()


def lines(path: Path) -> list[bytes]:
    with open_maybe_gzip(path) as file:
        return list(file)


TEXT = b"".join(b"%d\tline\n" % number for number in range(50_000))


@pytest.mark.parametrize("level", [0, 1, 9])
def test_members_one_after_the_other_and_zeros_at_the_end(tmp_path: Path, level: int) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT, level) + gzip.compress(b"") + gzip.compress(b"end\n") + bytes(1000))
    assert read(path) == TEXT + b"end\n"
    assert lines(path) == (TEXT + b"end\n").splitlines(keepends=True)


def test_every_cut_and_every_changed_byte_is_an_error_or_changes_nothing(tmp_path: Path) -> None:
    text = b"chrom\t1\t2\n" * 20
    whole = gzip.compress(text, mtime=0)
    path = tmp_path / "a.gz"
    for end in range(3, len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(InputError, match=r"a.gz: is (damaged|cut short).*download or compress it again"):
            read(path)
    rng = random.Random(1)
    for at in range(2, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[at + 1 :])
        try:
            assert read(path) == text  # the time, the system: nothing that matters
        except InputError:
            continue


def test_bytes_after_the_end_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"a\n") + b"rubbish")
    with pytest.raises(InputError, match="after its gzip data come other bytes"):
        read(path)


def test_a_bomb_stops_at_a_limit_that_can_be_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_file, "_LEAST_LIMIT", 1_000_000)
    path = tmp_path / "bomb.gz"
    packer = zlib.compressobj(9, wbits=31)
    path.write_bytes(b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(3)), packer.flush()]))
    with pytest.raises(InputError, match=r"unpacks to more than 1 MB \(.*--max-unpacked-mb 4 COMMAND"):
        read(path)
    set_unpacked_limit(4_000_000)
    try:
        assert len(read(path)) == 3_000_000
    finally:
        set_unpacked_limit(None)
    assert unpacked_limit(10**6) == 64 * 10**6


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name, message in {
        "pipe": "is a pipe, and this format is read at many places .save it as a file first",
        "loop": "cannot be read: ",
        ".": "is a folder",
        "none": "no such file",
        "a\0b": "contains a NUL character",
    }.items():
        with pytest.raises(InputError, match=message):
            open_seekable(tmp_path / name)
    with pytest.raises(InputError, match="is no regular file"):
        open_maybe_gzip(Path("/dev/zero"))
    assert open_bytes(Path(os.devnull)).read() == b""


def test_a_pipe_with_the_name_and_the_inode_of_an_older_one_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system gives the number of a removed file to the next one."""
    monkeypatch.setattr(input_file, "_WRITER_WAIT_S", float("inf"))
    path = tmp_path / "pipe"
    for text in (b"one\n", b"two\n", b"three\n"):
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_bytes, args=(text,))
        writer.start()
        assert (read(path), read(path)) == (text, text)
        writer.join()
        path.unlink()


def test_texts_are_small_and_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\n")
    assert read_text(path) == "a\nb\n"
    with pytest.raises(InputError, match="is larger than 0 MB"):
        read_text(path, most_bytes=5)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is not text"):
        read_text(path)


def test_a_circle_of_links_stays_a_path_and_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "c").symlink_to("d")
    assert real_path(tmp_path / "a").parent == tmp_path
    assert real_path(tmp_path / "c") == tmp_path / "d"
    with pytest.raises(InputError, match="a: cannot be read: Too many levels of symbolic links"):
        open_bytes(real_path(tmp_path / "a"))
    with pytest.raises(InputError, match="is no path"):
        real_path("a\0b")
