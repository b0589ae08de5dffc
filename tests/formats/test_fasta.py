from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools.errors import InputError
from tracktools.formats.fasta import read_fasta

NAMES = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=20)
LETTERS = st.text("ACGTUNRYSWKMBDHVacgtunrykmswbdhv", min_size=1, max_size=200)


def plain(path: Path, text: bytes) -> Path:
    path.write_bytes(text)
    return path


def gzipped(path: Path, text: bytes) -> Path:
    path.write_bytes(gzip.compress(text))
    return path


def gzipped_in_two_members(path: Path, text: bytes) -> Path:
    half = len(text) // 2
    path.write_bytes(gzip.compress(text[:half]) + gzip.compress(text[half:]))
    return path


def bgzipped(path: Path, text: bytes) -> Path:
    plain(path.with_suffix(".txt"), text)
    pysam.tabix_compress(str(path.with_suffix(".txt")), str(path), force=True)
    return path


def contents(path: Path) -> dict[str, str]:
    return {name: letters.tobytes().decode() for name, letters in read_fasta(path)}


@pytest.mark.parametrize("write", [plain, gzipped, gzipped_in_two_members, bgzipped])
@given(
    sequences=st.dictionaries(NAMES, LETTERS, min_size=1, max_size=4),
    width=st.integers(1, 90),
    line_end=st.sampled_from(["\n", "\r\n"]),
    last_line_end=st.booleans(),
    comment=st.sampled_from(["", " Escherichia coli", "\tcomplete > genome"]),
)
def test_every_shape_of_a_file_gives_its_sequences(
    tmp_path_factory: pytest.TempPathFactory,
    write: Callable[[Path, bytes], Path],
    sequences: dict[str, str],
    width: int,
    line_end: str,
    last_line_end: bool,
    comment: str,
):
    lines = []
    for name, letters in sequences.items():
        lines += [f">{name}{comment}", *(letters[i : i + width] for i in range(0, len(letters), width)), ""]
    text = line_end.join(lines[:-1]) + line_end * last_line_end
    path = write(tmp_path_factory.mktemp("fasta") / "genome.fa.gz", text.encode())
    assert contents(path) == {name: letters.replace("U", "T").replace("u", "t") for name, letters in sequences.items()}
    assert list(contents(path)) == list(sequences)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ": is empty"),
        ("\n\n", ": contains no sequence"),
        ("ACGT\n", ":1: is not FASTA"),
        ("\n\nLOCUS U00096\n", ":3: is not FASTA"),
        (">a\nACGT\n>b c\n>d\nAC\n", ":3: 'b' has no sequence"),
        (">a\nACGT\n>b\n", ":3: 'b' has no sequence"),
        (">a x\nACGT\n>a y\nAC\n", ":3: the name 'a' is used twice"),
        (">\nACGT\n", ":1: a header line without a name"),
        (">a\nACGT\nMKLVPE*\n", ":3: 'L' is no nucleotide letter (a protein?"),
        (">a\nACGT*\n", ":2: '*' is no nucleotide letter (a protein?"),
        (">a\nAC-GT\n", ":2: '-' is no nucleotide letter (remove it)"),
        (">a\nAC GT\n", ":2: ' ' is no nucleotide letter (remove it)"),
        (">a\nAC1GT\n", ":2: '1' is no nucleotide letter (remove it)"),
    ],
)
@pytest.mark.parametrize("write", [plain, gzipped])
def test_errors_name_the_line(tmp_path: Path, write: Callable[[Path, bytes], Path], text: str, problem: str):
    path = write(tmp_path / "bad.fa", text.encode())
    with pytest.raises(InputError) as caught:
        contents(path)
    assert f"bad.fa{problem}" in str(caught.value)


@pytest.mark.parametrize("write", [gzipped, bgzipped])
@pytest.mark.parametrize("lost_bytes", [9, 40, 3000])
def test_files_cut_short_are_refused(tmp_path: Path, write: Callable[[Path, bytes], Path], lost_bytes: int):
    letters = "".join(random.Random(2).choices("ACGT", k=20_000))
    path = write(tmp_path / "cut.fa.gz", f">a\n{letters}\n".encode())
    whole = path.read_bytes()
    assert len(contents(path)["a"]) == 20_000
    path.write_bytes(whole[:-lost_bytes])
    with pytest.raises(InputError, match=r"cut\.fa\.gz: is (damaged|cut short)"):
        contents(path)


def test_a_bgzip_file_cut_between_two_blocks_is_refused(tmp_path: Path):
    letters = "".join(random.Random(3).choices("ACGT", k=150_000))  # a block contains 65,280 bytes
    path = bgzipped(tmp_path / "cut.fa.gz", f">a\n{letters}\n".encode())
    whole = path.read_bytes()
    first_block_bytes = int.from_bytes(whole[16:18], "little") + 1
    for cut in (first_block_bytes, len(whole) - 28):
        path.write_bytes(whole[:cut])
        gzip.decompress(path.read_bytes())  # gzip itself finds nothing wrong
        with pytest.raises(InputError, match=r"cut\.fa\.gz: is cut short: the last block of bgzip is missing"):
            contents(path)


def test_what_cannot_be_read(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        contents(tmp_path / "none.fa")
    with pytest.raises(InputError, match="is a folder"):
        contents(tmp_path)
    (tmp_path / "damaged.fa.gz").write_bytes(b"\x1f\x8b" + bytes(60))
    with pytest.raises(InputError, match="is damaged"):
        contents(tmp_path / "damaged.fa.gz")


def test_the_e_coli_genome(data_dir: Path):
    ((name, letters),) = read_fasta(data_dir / "genome/NC_000913.3.fa.gz")
    assert (name, len(letters)) == ("NC_000913.3", 4_641_652)
    assert letters[:10].tobytes() == b"AGCTTTTCAT"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "bom.fa"
    path.write_bytes(b"\xef\xbb\xbf>chrA\r\nACGT\r\n")
    assert [(name, letters.tobytes()) for name, letters in read_fasta(path)] == [("chrA", b"ACGT")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"@r1\nACGT\n+\nIIII\n", "is not FASTA but FASTQ or SAM"),
        (b"LOCUS       NC_000913\n", "but GenBank"),
        (b"PK\x03\x04abc", "but zip.*unzip it"),
        (gzip.compress(gzip.compress(b">a\nACGT\n", mtime=0), mtime=0), "gzip in gzip.*once"),
        (">a\nACGT\n".encode("utf-16"), "UTF-16.*UTF-8"),
        (b"<!DOCTYPE html>", "a web page"),
        (b">a b\rACGT\rAC\r", r"CR alone.*tr"),
        (b">\nACGT\n", "without a name.*>NAME"),
        (b"ACGT\n", "each sequence begins with a line '>NAME'"),
    ],
)
def test_other_kinds_of_file_are_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.fa"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"x.fa:1: .*{words}"):
        list(read_fasta(path))
