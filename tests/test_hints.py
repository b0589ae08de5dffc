"""Every hint that a message prints works: the command that it asks for runs.

A hint reads ``say --option value`` or ``leave out --option``. A `Situation` is a command that ends in one; the test
takes the hint from what the user sees, follows it to the letter, and expects success. New hints are found in the
source: one that no situation leads to fails `test_every_hint_in_the_source_is_followed`.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner

import tracktools
from tracktools.cli import tracktools as command_line
from tracktools.errors import TracktoolsError
from tracktools.formats.bigwig import write_bigwig

_FLAG = r"--force|--fill-down|--strict|--only-genome"
_OPTION = r"--[a-z-]+ (?:'[^']*'|[^\s'(),;]+)"
SAY = re.compile(rf"say ((?:(?:{_FLAG}|{_OPTION})\s?)+)")
LEAVE_OUT = re.compile(r"leave out (--[a-z-]+)")
ROOMS = ("tss/*.py", "evaluate/*.py", "names.py", "formats/bigwig_pair.py", "formats/tss_bed.py")


@dataclass(frozen=True)
class Situation:
    """Files by name, a command on them (``{}`` is their folder), and part of what it says."""

    files: dict[str, str]
    command: str
    says: str


TABLE = "tss import {}/t.tsv --name x -o {}/out --format table --position-column Pos --strand-column Strand --base 1"
SETS = "tss curate --source a={}/a.bed --source b={}/b.bed -o {}/out"
GENOME = ">c1\n" + "ACGTTGACAT" * 60 + "\n"
TWO = GENOME + ">c2\n" + "ACGTTGACAT" * 40 + "\n"
GFF = "c1\tx\tgene\t1\t90\t.\t+\t.\tID=g1\n"
READS = (
    "Orientation of counted reads relative to the strand location of the annotation\tSequence name\tSource\tFeature\t"
)
READS += "Start\tEnd\tScore\tStrand\tFrame\tAttributes\tlib\nsense\tc1\tx\tCDS\t9\t90\t.\t+\t.\tID=a\t3\n"
JUDGE = "evaluate {}/c1.plus.bw {}/c1.minus.bw -o {}/out --resamples 3 --absent zero --tss a={}/a.bed"
SITUATIONS = (
    Situation({"t.tsv": "Pos\tStrand\n9\t+\n", "g.fa": TWO}, f"{TABLE} --genome {{}}/g.fa", "say --chrom c1"),
    Situation({"t.tsv": "Pos\tStrand\n9\t+\n"}, f"{TABLE} --chrom 'a b'", "say --chrom a_b"),
    Situation({"t.tsv": "Rep\tPos\tStrand\nmy c\t9\t+\n"}, f"{TABLE} --chrom-column Rep", "say --rename 'my c=my_c'"),
    Situation(
        {"t.tsv": "Rep\tPos\tStrand\nc9\t9\t+\n", "g.fa": GENOME},
        f"{TABLE} --chrom-column Rep --genome {{}}/g.fa",
        "sequence 'c9' is not in the genome",
    ),
    Situation(
        {"t.tsv": "Rep\tPos\tStrand\nc1\t9\t+\n\t8\t-\n"}, f"{TABLE} --chrom-column Rep", "the cell of 'Rep' is empty"
    ),
    Situation({"t.tsv": "Rep\tPos\tStrand\nc1\t9\t+\n"}, f"{TABLE} --chrom-column Rep --chrom c1", "together"),
    Situation({"t.tsv": "pos\tStrand\n9\t+\n"}, f"{TABLE} --chrom c1", "has no column 'Pos'"),
    Situation({"t.tsv": "Pos\tstrand\n9\t+\n"}, f"{TABLE} --chrom c1", "has no column 'Strand'"),
    Situation({"t.tsv": "Pos\tStrand\n9\t+\n"}, f"{TABLE} --chrom c1 --sheet TSS", "is no workbook"),
    Situation(
        {"t.tsv": "site start\tsite end\tdir\n9\t12\t+\n"},
        "tss import {}/t.tsv --name x -o {}/out --chrom c1",
        "cannot tell the kind of table",
    ),
    Situation({"t.tsv": GFF + GFF.replace("gene", "TSS")}, "tss import {}/t.tsv --name x -o {}/out", "2 types"),
    Situation({"t.tsv": READS}, "tss import {}/t.tsv --name x -o {}/out", "counts reads of CDS, not of TSS"),
    Situation({"book.xlsx": "README,TSS"}, TABLE.replace("t.tsv", "book.xlsx") + " --chrom c1", "say --sheet TSS"),
    Situation({"book.xlsx": "TSS,more"}, TABLE.replace("t.tsv", "book.xlsx") + " --chrom c1", "not 'more'"),
    Situation(
        {"book.xlsx": "README,TSS"}, TABLE.replace("t.tsv", "book.xlsx") + " --chrom c1 --sheet x", "no sheet 'x'"
    ),
    Situation({"a.bed": "c1\t4\t5\ta\t1\t+\n", "b.bed": "x\t4\t5\ta\t1\t+\n"}, SETS, "no sequence in common"),
    Situation(
        {"a.bed": "x\t4\t5\ta\t1\t+\n", "t.gff": GFF},
        "tss classify {}/a.bed --annotation {}/t.gff -o {}/out",
        "say --rename",
    ),
    Situation(
        {"a.bed": "mine\t4\t5\ta\t1\t+\n", "x.chain": "chain 1 old 90 + 0 90 new 90 + 0 90 1\n90\n"},
        "tss lift {}/a.bed --chain {}/x.chain -o {}/out",
        "say --from old",
    ),
    Situation({"a.bed": "x\t4\t5\ta\t1\t+\n"}, f"{JUDGE} --region all", "is on x, which the genome does not have"),
    Situation(
        {"a.bed": "x\t4\t5\ta\t1\t+\n", "g.fa": GENOME.replace("c1", "x")},
        f"{JUDGE} --region all --genome {{}}/g.fa",
        "has no sequence of the genome",
    ),
    Situation({"a.bed": "c1\t4\t5\ta\t1\t+\n"}, JUDGE, "of a genome that is not known"),
    Situation({"a.bed": "c1\t4\t5\ta\t1\t+\n", "g.fa": GENOME}, f"{JUDGE} --genome {{}}/g.fa", "no split is known"),
    Situation({"a.bed": "c1\t4\t5\ta\t1\t+\n"}, f"{JUDGE} --region all".replace("--absent zero", ""), "have no value"),
)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        if name.endswith(".xlsx"):  # sheets by name; all but README hold the table
            book = openpyxl.Workbook()
            book.remove(book.active)
            for title in content.split(","):
                sheet = book.create_sheet(title)
                for row in [("made by hand",)] if title == "README" else [("Pos", "Strand"), (9, "+")]:
                    sheet.append(row)
            book.save(folder / name)
        else:
            (folder / name).write_text(content)
    for strand in ("plus", "minus"):
        values = np.full(600, np.nan, dtype=np.float32)
        values[[4, 300]] = 1, 2
        write_bigwig(folder / f"c1.{strand}.bw", {"c1": 600}, {"c1": values})


def said(words: list[str]) -> tuple[int, str]:
    """Run a command; return its exit status and all that the user sees, refused rows included."""
    ran = CliRunner().invoke(command_line, words)
    known = ran.exception is None or isinstance(ran.exception, TracktoolsError | SystemExit)
    assert known, f"a traceback: {ran.exception!r}"
    return ran.exit_code, f"{ran.output}\n{ran.exception or ''}"


def followed(words: list[str], told: str) -> list[str] | None:
    """Return the command with the first hint of a message followed; None where there is none."""
    leave, say = LEAVE_OUT.search(told), SAY.search(told)
    if say is None:
        return without(words, leave[1]) if leave else None
    asked = shlex.split(say[1])
    for option in [word for word in asked if word.startswith("--") and word != "--rename"]:
        words = without(words, option)
    return words + asked


def without(words: list[str], option: str) -> list[str]:
    if option not in words:
        return words
    at = words.index(option)
    return words[:at] + words[at + (1 if re.fullmatch(_FLAG, option) else 2) :]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.says)
def test_a_hint_that_is_followed_leads_on(situation: Situation, tmp_path: Path) -> None:
    write(tmp_path, situation.files)
    words = shlex.split(situation.command.replace("{}", str(tmp_path)))
    _, told = said(words)
    assert situation.says in told
    assert "partial" not in told
    better = followed(words, told[told.index(situation.says) :]) or followed(words, told)
    assert better is not None, told
    assert better != words, told
    code, then = said([*better, "--force"])
    assert code == 0, f"{told}\n{better}\n{then}"
    assert situation.says not in then


def hints_in_the_source() -> Iterator[tuple[str, str]]:
    """Yield the file and the longest fixed part of each text with a hint."""
    package = Path(tracktools.__file__).parent
    for path in sorted(path for room in ROOMS for path in package.glob(room)):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
                found = re.search(r"(say|leave out) --[a-z]", node.value)
                if found:
                    yield f"{path.name}:{node.lineno}", node.value


def test_every_hint_in_the_source_is_followed(tmp_path: Path) -> None:
    told = ""
    for number, situation in enumerate(SITUATIONS):
        folder = tmp_path / str(number)
        folder.mkdir()
        write(folder, situation.files)
        told += said(shlex.split(situation.command.replace("{}", str(folder))))[1] + "\n"
    hints = list(hints_in_the_source())
    assert len(hints) > 12
    missed = [f"{where}: {text}" for where, text in hints if text.split("%s")[-1] not in told]
    assert not missed, "no situation leads to these hints"
