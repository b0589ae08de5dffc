from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools.errors import ConfigError, InputError
from tracktools.formats import input_file
from tracktools.formats.twobit import write_twobit
from tracktools.genome import UNKNOWN, Contig, Genome, genome_name, load_genome

SEQUENCES = st.text("ACGTNRacgtn", min_size=1, max_size=60)
BOUNDS = st.tuples(st.integers(-150, 150), st.integers(0, 200))
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def contig(letters: str, *, circular: bool = False) -> Contig:
    return Contig("c", np.frombuffer(letters.encode(), dtype=np.uint8), circular)


def plain(letters: str) -> str:
    return "".join(letter if letter in "ACGT" else "N" for letter in letters.upper())


def spell(codes: np.ndarray) -> str:
    return "".join("ACGTN"[code] for code in codes)


@given(SEQUENCES, BOUNDS, st.sampled_from("+-"))
def test_a_circular_contig_is_read_round_and_round(letters: str, bounds: tuple[int, int], strand: str):
    start, end = bounds[0], bounds[0] + bounds[1]
    whole = plain(letters) if strand == "+" else plain(letters).translate(COMPLEMENT)[::-1]
    expected = "".join(whole[position % len(whole)] for position in range(start, end))
    codes = contig(letters, circular=True).strand_codes(start, end, strand)
    assert codes.dtype == np.uint8
    assert spell(codes) == expected


@given(SEQUENCES, BOUNDS, st.sampled_from("+-"))
def test_a_linear_contig_is_clipped(letters: str, bounds: tuple[int, int], strand: str):
    start, end = bounds[0], bounds[0] + bounds[1]
    whole = plain(letters) if strand == "+" else plain(letters).translate(COMPLEMENT)[::-1]
    assert spell(contig(letters).strand_codes(start, end, strand)) == whole[max(start, 0) : max(end, 0)]


def test_codes_are_acgt_and_unknown():
    assert contig("ACGTacgtNnRU-").codes.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, *[UNKNOWN] * 5]


def test_genome_knows_its_contigs():
    genome = Genome("g", (Contig("b", np.frombuffer(b"GGCA", dtype=np.uint8)), contig("NNGn")))
    assert (len(genome), [one.name for one in genome]) == (8, ["b", "c"])
    assert genome["b"].letters.tobytes() == b"GGCA"
    assert ("b" in genome, "x" in genome) == (True, False)
    assert genome.chrom_sizes == {"b": 4, "c": 4}
    assert list(genome.chrom_sizes) == ["b", "c"]
    assert genome.gc_content == 4 / 5
    assert Genome("g", (contig("NN"),)).gc_content == 0
    with pytest.raises(KeyError):
        genome["x"]


def test_the_checksum_depends_on_names_and_sequences_alone(tmp_path: Path):
    texts = {
        "a.fa": b">one x\nACGTTT\n>two\nGG\n",
        "wrapped.fa": b">one\r\nAC\r\nGT\r\nTT\r\n>two y\r\nGG\r\n",
        "masked.fa": b">one\nacgtTT\n>two\ngG\n",
        "compressed.fa.gz": gzip.compress(b">one\nACGTTT\n>two\nGG\n"),
        "other_name.fa": b">One\nACGTTT\n>two\nGG\n",
        "other_letter.fa": b">one\nACGTTA\n>two\nGG\n",
        "other_order.fa": b">two\nGG\n>one\nACGTTT\n",
        "moved_border.fa": b">one\nACGTT\n>two\nTGG\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)
    write_twobit(tmp_path / "b.2bit", ((one.name, one.letters) for one in load_genome(tmp_path / "masked.fa")))
    same = {load_genome(tmp_path / name).sha256 for name in [*list(texts)[:4], "b.2bit"]}
    others = {load_genome(tmp_path / name).sha256 for name in list(texts)[4:]}
    assert len(same) == 1
    assert len(others - same) == 4


def test_no_contig_is_circular_unless_named(tmp_path: Path):
    path = tmp_path / "g.fa"
    path.write_text(">chr complete genome, circular\nACGT\n>p1 plasmid\nAC\n>p2\nGGT\n>all\nA\n")

    def circular(names: tuple[str, ...]) -> list[bool]:
        return [one.circular for one in load_genome(path, circular=names)]

    assert circular(()) == [False] * 4
    assert circular(("p1", "chr")) == [True, True, False, False]
    assert circular(("all",)) == [True] * 4
    with pytest.raises(InputError, match=r"g\.fa: has no contig 'p3' to make circular \(it contains chr, p1, p2, …\)"):
        circular(("p3", "p1"))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a/NC_1.3.fa.gz", "NC_1.3"),
        ("x.fna", "x"),
        ("x.y.fasta", "x.y"),
        ("g.2bit", "g"),
        ("g.fas.bgz", "g"),
        ("g", "g"),
        (".fa", ".fa"),
        ("reads.txt", "reads.txt"),
    ],
)
def test_names_of_genomes(file: str, name: str):
    assert genome_name(Path(file)) == name


def test_a_name_can_be_given(tmp_path: Path):
    (tmp_path / "g.fa").write_text(">c\nA\n")
    assert load_genome(tmp_path / "g.fa").name == "g"
    assert load_genome(tmp_path / "g.fa", name="coli").name == "coli"


def test_files_that_are_no_genome(tmp_path: Path):
    for name in ("g.fa", "g.2bit"):
        with pytest.raises(InputError, match="no such file"):
            load_genome(tmp_path / name)
    (tmp_path / "g.2bit").write_text("hello\n")
    with pytest.raises(InputError, match=r"g\.2bit:1: is not FASTA"):
        load_genome(tmp_path / "g.2bit")


def test_the_e_coli_genome(data_dir: Path):
    genome = load_genome(data_dir / "genome/NC_000913.3.fa.gz", circular=["NC_000913.3"])
    assert genome.chrom_sizes == {"NC_000913.3": 4_641_652}
    assert genome.gc_content == pytest.approx(0.50791, abs=1e-5)
    assert spell(genome["NC_000913.3"].strand_codes(-3, 4, "+")) == "TTCAGCT"
    assert spell(genome["NC_000913.3"].strand_codes(-4, 3, "-")) == "AGCTGAA"


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "a\nb", "x" * 201, "a\0b"])
def test_a_name_that_cannot_begin_a_file_name_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.fa"
    path.write_text(">c\nACGT\n")
    with pytest.raises(ConfigError, match="cannot begin the names of files"):
        load_genome(path, name=name)
    assert load_genome(path, name="Bacillus (ü) 1.2").name == "Bacillus (ü) 1.2"


@pytest.mark.parametrize("name", ["#c", "track", "browser", "a\x07b", "x" * 256])
def test_a_sequence_name_that_tracks_cannot_hold_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.fa"
    path.write_text(f">c\nACGT\n>{name}\nACGT\n")
    with pytest.raises(InputError, match=r"a.fa: the sequence name .*rename it"):
        load_genome(path)
    path.write_text(f">tracks\nACGT\n>a#:|,'<b>\nACGT\n>{'x' * 255}\nACGT\n")
    assert len(load_genome(path).contigs) == 3


def test_a_pipe_that_nothing_writes_to_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_file, "_WRITER_WAIT_S", 0.0)
    path = tmp_path / "pipe.fa"
    os.mkfifo(path)
    with pytest.raises(InputError, match=r"pipe.fa: is a pipe.*save it as a file first"):
        load_genome(path)


def test_a_genome_comes_through_a_pipe_as_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_file, "_WRITER_WAIT_S", float("inf"))  # the writer comes, however busy the machine is
    whole, path = tmp_path / "whole.fa", tmp_path / "pipe.fa"
    whole.write_bytes(b">c\n" + b"ACGTTGCA" * 50_000 + b"\n>d\nACGT\n")
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(gzip.compress(whole.read_bytes()),))
    writer.start()
    genome = load_genome(path)
    writer.join()
    assert genome.sha256 == load_genome(whole).sha256
    assert load_genome(path).sha256 == genome.sha256  # read once more


def test_more_contigs_become_circular_and_none_is_opened() -> None:
    genome = Genome("g", tuple(Contig(name, np.full(3, 65, dtype=np.uint8), name == "a") for name in "abc"))
    assert [c.circular for c in genome.with_circular({"c"})] == [True, False, True]
    assert genome.with_circular(()).sha256 == genome.sha256
