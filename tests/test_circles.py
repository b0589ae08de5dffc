from __future__ import annotations

import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from tracktools.circles import load_joined
from tracktools.cli import tracktools
from tracktools.config import DilatedConfig
from tracktools.errors import InputError

NETWORK = DilatedConfig()
CONTEXT_BP = NETWORK.halo_upstream_bp + NETWORK.halo_downstream_bp + 1


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "draft.fa"
    path.write_text(f">chr\n{'A' * CONTEXT_BP}\n>c2\n{'C' * (CONTEXT_BP + 1)}\n>tiny\n{'G' * (CONTEXT_BP - 1)}\n")
    return path


def test_all_refuses_a_contig_shorter_than_the_context_unless_it_is_named(draft: Path) -> None:
    with pytest.raises(InputError, match=r"draft\.fa: --circular all joins tiny, shorter than the .*--circular NAME"):
        load_joined(draft, ["all"], NETWORK)
    assert all(contig.circular for contig in load_joined(draft, ["all", "tiny"], NETWORK))
    named = load_joined(draft, ["tiny"], NETWORK)
    assert [contig.circular for contig in named] == [False, False, True]


@pytest.mark.parametrize(
    "command",
    [
        "predict {draft} -o {out}",
        "train {draft} {tss} --architecture dilated --fractions 0.4,0.3,0.3 -o {out}",
        "train {draft} {tss} --init ecoli-tss-dilated --folds 2 -o {out}",
        "adapt {draft} {tss} -o {out}",
        "attention {draft} -o {out}",
        "evaluate ecoli-tss-dilated --tss set={tss} --genome {draft} --region all -o {out}",
        "models average {draft} {tss} -m ecoli-tss-dilated -m ecoli-tss-dilated -o {out}",
    ],
    ids=lambda command: " ".join(command.split()[:1]),
)
def test_every_command_that_runs_a_network_refuses_it(draft: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "tss.bed").write_text("chr\t80\t81\tt\t0\t+\n")
    words = [word.format(draft=draft, tss=tmp_path / "tss.bed", out=tmp_path / "out") for word in command.split()]
    with pytest.raises(InputError, match=r"--circular all joins .*tiny, shorter than the"):
        CliRunner().invoke(tracktools, [*words, "--circular", "all"], catch_exceptions=False)
    assert not list(tmp_path.glob("out*"))


def test_all_says_what_it_joins(draft: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    load_joined(draft, ["all", "tiny"], NETWORK)
    (said,) = caplog.messages
    assert "--circular all joins the ends of 2 contigs: chr, c2; contigs of a draft are rarely circles" in said


def test_one_contig_is_joined_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "g.fa").write_text(f">chr\n{'A' * (CONTEXT_BP - 1)}\n")
    assert load_joined(tmp_path / "g.fa", ["all"], NETWORK, name="g2").name == "g2"
    assert caplog.messages == []
