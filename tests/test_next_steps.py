"""What a user mistypes is answered with what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tracktools.cli import tracktools

LETTERS = "ACGTTGACATTATAATGCAG" * 100


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("pedict g.fa -o q", "No such command 'pedict'. (Did you mean 'predict'?)"),
        ("tss confrim a.bed -o q", "No such command 'confrim'. (Did you mean 'confirm'?)"),
        ("hub serv hub", "No such command 'serv'. (Did you mean 'serve'?)"),
        ("models verfy", "No such command 'verfy'. (Did you mean 'verify'?)"),
        ("xyzzy", "No such command 'xyzzy'.\n"),
        ("predict g.fa -o q --shard 3/2", "there is no shard 3/2: write I/N with I from 1 to N, such as 1/2"),
        ("adapt g.fa plus.bw -o q", "PLUS.bw MINUS.bw --threshold COUNT: MINUS.bw is missing"),
        ("mutate g.fa --vcf 7A>G -o q", "'7A>G' is no variant (write CHROM:POS:REF>ALT or HGVS"),
        (
            "mutate g.fa --at predictions -o q",
            "predictions: is a folder (name a file in it, such as predictions/g.bed)",
        ),
        ("tss classify g.fa --annotation g.fa -o q", "has 1 column and no header line"),
    ],
)
def test_a_typo_is_answered_with_what_was_meant(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("g.fa").write_text(f">c\n{LETTERS}\n")
    Path("predictions").mkdir()
    Path("predictions/g.bed").write_text("c\t1\t2\tx\t0\t+\n")
    result = CliRunner().invoke(tracktools, words.split())
    assert result.exit_code != 0
    assert said in (result.output if result.output else str(result.exception))
    assert not Path("q").exists()
