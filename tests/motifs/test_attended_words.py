"""From a network whose attention is known to the motif, its interval and its strand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from networks import word_attender
from tracktools.attention import attend_genome
from tracktools.config import AttentionConfig, ModelConfig, MotifConfig, PredictConfig
from tracktools.formats.bed import BED6, read_bed, write_bed
from tracktools.genome import Genome, load_genome
from tracktools.model.checkpoint import Checkpoint, Metadata
from tracktools.motifs import MotifResult, find_motifs

WORD, DISTANCE_BP, SHIFT_BP = "GATTCA", 33, 20
OFFSET = SHIFT_BP - DISTANCE_BP  # of the attended base, the fourth letter of the word
NETWORK = ModelConfig(n_layers=2, n_heads=3, d_model=32, d_head=8, attention_window_bp=90)
SIZES = {"ring": 15_013, "hoop": 7_001, "line": 5_003}


@dataclass(frozen=True)
class Attended:
    genome: Genome
    sites: list[tuple[str, int, str]]
    result: MotifResult


def put_word(letters: dict[str, np.ndarray], chrom: str, position: int, strand: str) -> None:
    """Write the word so that its fourth letter is at the attended offset from a position."""
    for index, base in enumerate(WORD):
        along = OFFSET + index - 3
        at = (position + along if strand == "+" else position - along) % SIZES[chrom]
        letters[chrom][at] = base if strand == "+" else {"A": "T", "C": "G", "G": "C", "T": "A"}[base]


@pytest.fixture(scope="module")
def attended(tmp_path_factory: pytest.TempPathFactory) -> Attended:
    folder = tmp_path_factory.mktemp("attended")
    generator = np.random.default_rng(11)
    letters = {name: generator.choice(list("ACGT"), size) for name, size in SIZES.items()}
    sites = [("ring", 13, "+"), ("hoop", SIZES["hoop"] - 14, "-")]  # the words cross the origin
    for name, size in SIZES.items():
        sites += [(name, at, "+-"[number % 2]) for number, at in enumerate(range(300, size - 300, 211))]
    for chrom, position, strand in sites:
        put_word(letters, chrom, position, strand)
    fasta = folder / "genome.fa"
    fasta.write_text("".join(f">{name}\n{''.join(text)}\n" for name, text in letters.items()))
    genome = load_genome(fasta, circular=["ring", "hoop"])
    columns = [(chrom, at, at + 1, f"tss{number}", 0, strand) for number, (chrom, at, strand) in enumerate(sites)]
    write_bed(folder / "tss.bed", pd.DataFrame(columns, columns=list(BED6.columns)), BED6)
    model = word_attender(np.array(["ACGT".index(base) for base in WORD], dtype=np.uint8), DISTANCE_BP, NETWORK)
    attend_genome(
        genome,
        folder / "attention",
        model=Checkpoint(model, Metadata("planted"), sha256="0" * 64),
        at={"known": folder / "tss.bed"},
        config=AttentionConfig(whole=True),
        predict=PredictConfig(engine="torch", threads=1, block_bp=5_003),
    )
    config = MotifConfig(top=100, window_bp=25)
    result = find_motifs(folder / "attention", folder / "motifs", genome=fasta, config=config)
    return Attended(genome, sites, result)


def test_the_head_that_attends_to_the_word_has_it_as_motif_in_its_exact_place(attended: Attended) -> None:
    one = attended.result.motifs[0]
    assert (one.head, one.offsets[0]) == ("L1H1", OFFSET)
    assert one.pwm is not None
    assert (one.pwm.consensus, one.pwm.first) == (WORD, -3)


def test_heads_that_look_at_a_place_or_at_nothing_have_none(attended: Attended) -> None:
    by_head = {one.head: one for one in attended.result.motifs}
    assert "no common letters" in by_head["L1H2"].reason, "it looks at the place, whatever is there"
    for head in ("L1H3", "L2H1", "L2H2", "L2H3"):
        assert "flat attention" in by_head[head].reason
    assert [path.name for path in sorted((attended.result.folder / "beds").iterdir())] == ["L1H1.bed"]


def test_every_word_is_a_line_of_bed_on_its_strand(attended: Attended) -> None:
    table, _ = read_bed(attended.result.folder / "beds" / "L1H1.bed")
    by_name = dict(iter(table.groupby("tssName")))
    assert set(by_name) == {f"tss{number}" for number in range(len(attended.sites))}
    for number, (chrom, position, strand) in enumerate(attended.sites):
        rows = by_name[f"tss{number}"]
        along = OFFSET - 3 + np.arange(len(WORD))
        bases = (position + (along if strand == "+" else -along)) % SIZES[chrom]
        covered = [place for row in rows.itertuples() for place in range(row.chromStart, row.chromEnd)]
        assert sorted(covered) == sorted(bases.tolist())
        assert (set(rows["strand"]), set(rows["sequence"]), set(rows["tssOffset"])) == ({strand}, {WORD}, {OFFSET})
        assert len(rows) == (2 if number < 2 else 1), "across the origin it is two rows"
        assert (rows["attention"] > 0.9).all()


def test_a_set_of_places_can_be_the_background(attended: Attended, tmp_path: Path) -> None:
    """As the demo does: called TSS, and places that are none, and nothing else is computed."""
    places = [(chrom, at + 101, at + 102, ".", 0, strand) for chrom, at, strand in attended.sites[2:]]
    write_bed(tmp_path / "none.bed", pd.DataFrame(places, columns=list(BED6.columns)), BED6)
    folder = attended.result.folder.parent
    model = word_attender(np.array(["ACGT".index(base) for base in WORD], dtype=np.uint8), DISTANCE_BP, NETWORK)
    attend_genome(
        attended.genome,
        tmp_path / "attention",
        model=Checkpoint(model, Metadata("planted"), sha256="0" * 64),
        at={"known": folder / "tss.bed", "none": tmp_path / "none.bed"},
        config=AttentionConfig(sample_share=0),
        predict=PredictConfig(engine="torch", threads=1),
    )
    config = MotifConfig(top=100, window_bp=25)
    options = {"genome": folder / "genome.fa", "background": ["none"], "config": config}
    result = find_motifs(tmp_path / "attention", tmp_path / "motifs", **options)  # type: ignore[arg-type]
    assert [one.pwm.consensus if one.pwm else "" for one in result.motifs[:3]] == [WORD, WORD, ""]
    assert result.beds["L1H1"].asked == len(attended.sites), "the background is no TSS set"
    page = (result.folder / "index.html").read_text()
    assert "All positions of the group known were chosen" in page, "why L1H2, too, has a motif"
