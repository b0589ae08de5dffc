"""Sets that are empty, of one site, on contigs without room, or of another genome: a clear line, or a right answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tracktools.cli import tracktools
from tracktools.errors import TracktoolsError
from tracktools.formats.bigwig import write_bigwig

SIZES = {"c1": 900, "c2": 300, "tiny": 12}
SETS = {
    "empty": "",
    "header": "#chrom\tchromStart\tchromEnd\tname\tscore\tstrand\n",
    "one": "c1\t400\t401\tx\t5\t+\n",
    "tiny": "tiny\t0\t1\tx\t5\t+\ntiny\t11\t12\ty\t4\t-\n",
    "elsewhere": "chrX\t400\t401\tx\t5\t+\n",
    "past": "c2\t400\t401\tx\t5\t+\n",
}
WITHOUT_TSS = [("empty", "contains no TSS"), ("header", "contains no TSS")]
OF_ANOTHER = [("elsewhere", "chrX"), ("past", "past the end of their sequence")]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    letters = {name: "".join(rng.choice(list("ACGT"), size)) for name, size in SIZES.items()}
    (tmp_path / "g.fa").write_text("".join(f">{name}\n{text}\n" for name, text in letters.items()))
    (tmp_path / "g.gff3").write_text("##gff-version 3\nc1\t.\tgene\t501\t600\t.\t+\t.\tID=a;Name=abc\n")
    for name, text in SETS.items():
        (tmp_path / f"{name}.bed").write_text(text)
    for name in ("plus", "minus"):
        arrays = {chrom: np.full(size, 0.5, dtype=np.float32) for chrom, size in SIZES.items()}
        write_bigwig(tmp_path / f"{name}.bw", SIZES, arrays)
    return tmp_path


def run(home: Path, *words: str) -> Result:
    """Run a command in which a word that ends in a known suffix is a file of the folder."""
    files = (".bed", ".fa", ".gff3", ".bw")
    named = [
        "=".join([*word.split("=")[:-1], ",".join(str(home / name) for name in word.split("=")[-1].split(","))])
        if word.endswith(files)
        else word
        for word in words
    ]
    return CliRunner().invoke(tracktools, [*named, "-o", str(home / "out")], catch_exceptions=False)


def commands(name: str) -> dict[str, tuple[str, ...]]:
    return {
        "table": ("tss", "table", f"s={name}.bed", "--genome", "g.fa", "--annotation", "g.gff3", "--export", "gff3"),
        "predicted": ("tss", "confirm", f"{name}.bed", "m=one.bed", "--genome", "g.fa"),
        "measured": ("tss", "confirm", "one.bed", f"m={name}.bed", "--genome", "g.fa"),
        "promoters": ("tss", "promoters", f"{name}.bed", "--genome", "g.fa"),
    }


@pytest.mark.parametrize("command", ["table", "predicted", "measured", "promoters"])
@pytest.mark.parametrize(("name", "said"), [*WITHOUT_TSS, *OF_ANOTHER])
def test_a_set_that_is_empty_or_of_another_genome_is_one_line(home: Path, command: str, name: str, said: str) -> None:
    with pytest.raises(TracktoolsError, match=said) as error:
        run(home, *commands(name)[command])
    assert f"{name}.bed" in str(error.value)
    assert "\n" not in str(error.value)
    assert not (home / "out").exists()


@pytest.mark.parametrize("command", ["table", "predicted", "measured", "promoters"])
@pytest.mark.parametrize(("name", "n"), [("one", 1), ("tiny", 2)])
def test_few_sites_and_contigs_without_room_have_an_answer(home: Path, command: str, name: str, n: int) -> None:
    done = run(home, *commands(name)[command])
    assert done.exit_code == 0, done.output
    table = home / "out" / ("promoters.tsv" if command == "promoters" else "tss.tsv")
    others = 1 if command in ("predicted", "measured") and name == "tiny" else 0
    assert len(table.read_text().splitlines()) == 1 + n + others
    if command == "table":
        lines = (home / "out" / "tss.gff3").read_text().splitlines()[1:]
        assert all(
            0 < int(line.split("\t")[3]) <= int(line.split("\t")[4]) <= SIZES[line.split("\t")[0]] for line in lines
        )


@pytest.mark.parametrize("name", ["empty", "header", "one", "tiny"])
def test_a_profile_of_few_or_no_sites_is_drawn_and_says_so(home: Path, name: str) -> None:
    done = run(home, "profile", "--signal", "x=plus.bw,minus.bw", "--sites", f"s={name}.bed", "--flank", "20")
    assert done.exit_code == 0, done.output
    told = (home / "out" / "provenance.json").read_text()
    assert ("has no site to look at" in told) == (name in ("empty", "header"))
    assert (home / "out" / "heat_map.png").is_file()


def test_a_profile_of_another_genome_is_one_line(home: Path) -> None:
    with pytest.raises(TracktoolsError, match="chrX"):
        run(home, "profile", "--signal", "x=plus.bw,minus.bw", "--sites", "s=elsewhere.bed")


def test_learning_from_few_sites_is_one_line(home: Path) -> None:
    with pytest.raises(TracktoolsError, match="1 TSS are too few to learn promoter elements from"):
        run(home, "tss", "promoters", "one.bed", "--genome", "g.fa", "--learn")


@pytest.mark.parametrize("name", ["one", "tiny"])
def test_a_report_of_such_sets_is_made(home: Path, name: str) -> None:
    folders = []
    for command, words in commands(name).items():
        assert run(home, *words).exit_code == 0
        (home / "out").rename(home / command)
        folders.append(str(home / command))
    assert run(home, "profile", "--signal", "x=plus.bw,minus.bw", "--sites", f"s={name}.bed").exit_code == 0
    (home / "out").rename(home / "profile")
    words = ["report", *folders, str(home / "profile"), "-o", str(home / "page.html")]
    done = CliRunner().invoke(tracktools, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    text = (home / "page.html").read_text()
    assert "Signal around sites" in text
    assert "nan" not in text.replace("data:image", "").split("<section", 1)[1].split("base64")[0]
