"""Planted words are found to the base, on both strands and across the origin; what is not there is not found."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyranges
import pytest

from attention_folders import HEADS, LENGTHS, FolderMaker, Planted
from motifs.conftest import Found
from tracktools.config import MotifConfig
from tracktools.errors import GenomeMismatchError, InputError, OutputForeign
from tracktools.formats.bed import MOTIF_SITES, read_bed
from tracktools.formats.motif_files import read_motifs
from tracktools.hub.build import build_hub
from tracktools.hub.check import check_hub
from tracktools.motifs import find_motifs
from tracktools.motifs.attention_folder import read_attention
from tracktools.motifs.discover import discover_motifs
from tracktools.motifs.sites import site_bed
from tracktools.tracks import read_tracks

COMPLEMENT = str.maketrans("ACGT", "TGCA")


def rows_of(found: Found) -> dict[str, dict[str, str]]:
    table = pd.read_csv(found.result.folder / "motifs.tsv", sep="\t", dtype=str, keep_default_na=False)
    assert list(table["head"]) == HEADS, "a row per head, in their order"
    return {row["head"]: row for row in table.to_dict("records")}


def planted(found: Found, head: str) -> Planted:
    return next(one for one in found.maker.planted if one.head == head)


@pytest.mark.parametrize("head", ["L1H1", "L1H2"])
def test_a_planted_word_is_the_motif_in_its_exact_window(found: Found, head: str) -> None:
    row, one = rows_of(found)[head], planted(found, head)
    assert (row["status"], row["consensus"], int(row["bestOffset"])) == ("motif", one.word, one.offset)
    first = one.offset - one.letter
    assert (int(row["motifStart"]), int(row["motifEnd"])) == (first, first + len(one.word))
    assert float(row["q"]) < 1e-20
    assert float(row["enrichment"]) > 20


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("L1H3", "flat attention"),
        ("L2H1", "no common letters"),
        ("L2H2", "25 distinct sites, and 40 are needed"),
        ("L2H3", "no attended positions"),
    ],
)
def test_a_head_without_motif_says_why_and_has_no_logo(found: Found, head: str, reason: str) -> None:
    row = rows_of(found)[head]
    assert row["status"] == "no motif"
    assert reason in row["reason"]
    assert row["consensus"] == ""
    assert not list((found.result.folder / "logos").glob(f"{head}.*"))
    assert not (found.result.folder / "beds" / f"{head}.bed").exists()


def test_matrices_are_those_of_the_heads_with_a_motif(found: Found) -> None:
    motifs = read_motifs(found.result.folder / "motifs.meme")
    assert [motif.name for motif in motifs] == ["L1H1", "L1H2"]
    assert ["".join("ACGT"[code] for code in motif.shares.argmax(axis=1)) for motif in motifs] == [
        "TATAAT",
        "GGCTTGACGC",
    ]
    jaspar = (found.result.folder / "motifs.jaspar").read_text()
    counts = [list(map(int, re.findall(r"\d+", line))) for line in jaspar.splitlines() if line[0] in "ACGT"]
    assert {sum(column) for column in zip(*counts[:4], strict=True)} == {motifs[0].n_sites}


@pytest.mark.parametrize("head", ["L1H1", "L1H2"])
def test_every_bed_interval_is_the_word_on_its_strand(found: Found, head: str) -> None:
    one = planted(found, head)
    table, schema = read_bed(found.result.folder / "beds" / f"{head}.bed")
    assert schema is MOTIF_SITES
    letters = {name: "".join(found.maker.letters[name]) for name in LENGTHS}
    by_tss = dict(iter(table.groupby("tssName")))
    assert set(by_tss) == {f"{head}<i>{number}" for number in range(one.n)}
    first = one.offset - one.letter
    for number, (chrom, position, strand) in enumerate(one.sites):
        rows = by_tss[f"{head}<i>{number}"]
        covered = sorted(place for row in rows.itertuples() for place in range(row.chromStart, row.chromEnd))
        sign = 1 if strand == "+" else -1
        along = [(position + sign * (first + index)) % LENGTHS[chrom] for index in range(len(one.word))]
        assert covered == sorted(along)
        read = "".join(letters[chrom][place] for place in along)
        assert set(rows["sequence"]) == {read if strand == "+" else read.translate(COMPLEMENT)}
        assert set(rows["strand"]) == {strand}
        assert set(rows["tssOffset"]) == {one.offset}
    crossing = table["tssName"].duplicated(keep=False)
    assert crossing.sum() == (4 if head == "L1H1" else 0), "sites across the origin are two rows"
    assert np.allclose(table["attention"], 0.8)
    assert (table["score"] == 800).all()
    assert (table["pValue"] <= table["qValue"] + 1e-12).all()
    assert (table["pValue"] <= MotifConfig.site_p).all()


def test_bed_is_read_by_an_independent_reader(found: Found, tmp_path: Path) -> None:
    lines = (found.result.folder / "beds" / "L1H1.bed").read_text().splitlines()[1:]
    path = tmp_path / "six.bed"  # pyranges reads standard columns alone
    path.write_text("".join("\t".join(line.split("\t")[:6]) + "\n" for line in lines))
    ranges = pyranges.read_bed(str(path), as_df=True)
    assert len(ranges) == planted(found, "L1H1").n + 2
    lengths = ranges["Chromosome"].astype(str).map(LENGTHS).to_numpy()
    assert (ranges["End"].to_numpy() <= lengths).all()
    assert (ranges["Start"] < ranges["End"]).all()
    assert set(ranges["Strand"]) == {"+", "-"}


def test_tracks_are_one_group_the_strongest_shown_and_each_says_what_it_leaves_out(found: Found) -> None:
    tracks = read_tracks(found.result.folder)
    assert {track.group for track in tracks} == {"motifs"}
    assert [track.visibility for track in tracks] == ["pack", "hide"]
    assert len({track.color for track in tracks}) == 2
    faint = sum(one.n for one in found.maker.planted) - planted(found, "L1H1").n
    assert f"{faint:,} are left out" in next(track.method for track in tracks if track.name == "motif_L1H1")


def test_the_hub_holds_them(found: Found, tmp_path: Path) -> None:
    pybigtools = pytest.importorskip("pybigtools")
    build_hub([found.result.folder], tmp_path / "hub", genome=found.genome_path)
    (file,) = (tmp_path / "hub").rglob("motif_L1H1.bb")
    items = [item for name in LENGTHS for item in pybigtools.open(str(file)).records(name)]
    assert len(items) == planted(found, "L1H1").n + 2
    assert "tssOffset" in pybigtools.open(str(file)).sql()
    assert check_hub(tmp_path / "hub") == []
    text = (tmp_path / "hub" / "hub.txt").read_text()
    assert text.count("track motifs_heads\n") == 1
    assert re.findall(r"parent (motifs_heads \w+)", text) == ["motifs_heads on", "motifs_heads off"], (
        "the strongest is on"
    )
    assert (tmp_path / "hub" / "pages" / "motifs_heads.html").exists()


def test_the_page_is_one_file_with_every_head_and_no_markup_of_others(found: Found) -> None:
    page = (found.result.folder / "index.html").read_text()
    assert not re.search(r'(?:src|href)="(?!data:|#)', page), "nothing is loaded"
    assert "<b>planted" not in page
    assert "&lt;b&gt;planted&lt;/b&gt;" in page
    assert page.count("data:image/png") == 3, "two logos and the spacing"
    for head in HEADS:
        assert f">{head}</th>" in page or f"</span>{head}</th>" in page
    assert page.count("no motif:") == 4
    assert "-0.0500<br>[-0.0700, -0.0200]" in page
    assert "0.42" in page
    assert "An attended position is not a single base" in page


def test_the_page_names_the_head_that_reads_the_minus_10_and_where_it_begins(found: Found) -> None:
    told = [sentence for sentence in found.result.verdicts if sentence.startswith("−10 (TATAAT)")]
    assert len(told) == 1
    assert "the motif of one head fits it: L1H1 (number 1 of 4,096 hexamers; begins at offset -14)" in told[0]
    assert "begins most often at -14" in told[0], "the TSS say the same"


def search(maker: FolderMaker, folder: Path, **options: int) -> list[str]:
    """Return the status and reason of each head."""
    attention, genome = maker.save(folder, tss=None)
    heads = discover_motifs(read_attention(attention), genome, MotifConfig(**options))
    return [one.status + ": " + one.reason for one in heads]


def test_random_letters_give_no_motif(tmp_path: Path) -> None:
    """Twelve heads that attend to random places: the matrix itself is empty, or its hits are as frequent elsewhere."""
    maker = FolderMaker(seed=4, shape=(3, 4))
    for number in range(12):
        maker.plant(f"L{1 + number // 4}H{1 + number % 4}", -10 - 3 * number, "", n=60)
    assert not [line for line in search(maker, tmp_path, min_sites=20) if line.startswith("motif")]


def test_without_the_information_threshold_the_held_out_sites_still_refuse_noise(tmp_path: Path) -> None:
    maker = FolderMaker(seed=6, shape=(3, 4))
    for number in range(12):
        maker.plant(f"L{1 + number // 4}H{1 + number % 4}", -10 - 3 * number, "", n=60)
    attention, genome = maker.save(tmp_path, tss=None)
    loose = MotifConfig(min_sites=20, min_column_bits=0.0, min_width_bp=1)
    heads = discover_motifs(read_attention(attention), genome, loose)
    assert all(one.enrichment is not None for one in heads), "every head was put to the test"
    assert all(one.pwm is None and "not enriched" in one.reason for one in heads)
    p = np.array([one.enrichment.p for one in heads if one.enrichment])
    assert (p > 0.05).sum() >= 9, "p-values of nothing are spread out"


def test_a_place_attended_twice_counts_once(tmp_path: Path) -> None:
    maker = FolderMaker(seed=2)
    one = maker.plant("L1H1", -12, "TATAAT", n=60)
    one.sites = one.sites[:30] * 2 + [(chrom, at + 1, strand) for chrom, at, strand in one.sites[:30]]
    lines = search(maker, tmp_path)
    assert lines[0] == "no motif: 30 distinct sites, and 40 are needed"


def test_another_architecture_and_window(tmp_path: Path) -> None:
    maker = FolderMaker(seed=3, window_bp=37, shape=(1, 4))
    maker.plant("L1H4", -8, "CCGGAATT", letter=0)
    attention, genome = maker.save(tmp_path)
    heads = discover_motifs(read_attention(attention), genome, MotifConfig(window_bp=21))
    assert [one.head for one in heads] == ["L1H1", "L1H2", "L1H3", "L1H4"]
    assert heads[3].pwm is not None
    assert (heads[3].pwm.consensus, heads[3].pwm.first) == ("CCGGAATT", 0)


def test_a_motif_that_would_leave_a_linear_contig_is_left_out_and_counted(tmp_path: Path) -> None:
    maker = FolderMaker(seed=8)
    one = maker.plant("L1H1", -12, "TATAAT", n=100)
    one.sites += [("line", 12, "+"), ("line", LENGTHS["line"] - 13, "-"), ("line", 14, "+")]
    for chrom, position, strand in one.sites[-3:]:
        for index, base in enumerate("TATAAT"[2:], start=2):
            maker.write(chrom, position, strand, -14 + index, base)
    attention, genome = maker.save(tmp_path)
    folder, config = read_attention(attention), MotifConfig()
    found = discover_motifs(folder, genome, config)[0]
    bed = site_bed(found, folder.table_of("sites", "L1H1"), genome, folder.window_bp, "1,2,3", config)
    assert (bed.asked, bed.outside) == (103, 2)
    assert ((bed.table["chromStart"] >= 0) & (bed.table["chromEnd"] <= bed.table["chrom"].map(LENGTHS))).all()


def test_no_torch_is_imported(found: Found, tmp_path: Path) -> None:
    import subprocess

    code = (
        "import sys\nfrom tracktools.cli import main\n"
        f"try:\n    main(['-q', 'motifs', {str(found.attention)!r}, '-o', {str(tmp_path / 'out')!r}, "
        f"'--genome', {str(found.genome_path)!r}])\nexcept SystemExit as end:\n    assert not end.code, end\n"
        "assert not {'torch', 'memelite'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "L1H1\t-12\tTATAAT"
    assert "2 of 6 heads have a motif" in lines[-1]


def broken(found: Found, tmp_path: Path) -> Path:
    return Path(shutil.copytree(found.attention, tmp_path / "attention"))


def test_errors_of_the_folder_are_one_line_and_leave_nothing(found: Found, tmp_path: Path) -> None:
    def refused(folder: Path, words: str, kind: type[InputError] = InputError, genome: Path | None = None) -> None:
        with pytest.raises(kind, match=words):
            find_motifs(folder, tmp_path / "out", genome=genome or found.genome_path)
        assert not list(tmp_path.glob("out*"))

    refused(tmp_path / "none", "no such folder")
    refused(found.genome_path.parent, "does not say which heads")
    for text, words in (
        ('{"parameters": []}', "parameters is .*an object is needed"),
        ('{"parameters": {"n_layers": 1, "n_heads": 0, "attention_window_bp": 9}}', "does not say which heads"),
    ):
        (tmp_path / "odd").mkdir(exist_ok=True)
        (tmp_path / "odd" / "provenance.json").write_text(text)
        refused(tmp_path / "odd", words)
    other = tmp_path / "other.fa"
    other.write_text(">ring\nACGT\n")
    refused(found.attention, "was made on genome", GenomeMismatchError, other)
    folder = broken(found, tmp_path)
    with pytest.raises(InputError, match="embedded"):
        find_motifs(folder, tmp_path / "out")
    top = folder / "top.tsv"
    whole = top.read_text()
    top.write_text(whole.replace("\t-12\t1\t", "\tx\t1\t", 1))
    refused(folder, "top.tsv:2: tssOffset is 'x'")
    top.write_text(whole.replace("L1H1", "L9H1"))
    refused(folder, "names the head 'L9H1'")
    top.write_text(whole.replace("strand", "Strand"))
    refused(folder, "lacks the column 'strand'")
    top.write_text(whole.replace("\t+\t", "\t.\t", 1))
    refused(folder, "strand is")
    top.write_text(whole.replace("\tline\t", "\tlime\t"))
    refused(folder, "contains 'lime', which is not in", GenomeMismatchError)
    top.unlink()
    refused(folder, r"top.tsv: no such file")


def test_a_genome_whose_sequences_have_other_names_needs_renamings(found: Found, tmp_path: Path) -> None:
    fasta = tmp_path / "renamed.fa"
    fasta.write_text(found.genome_path.read_text().replace(">line", ">CP0.1"))
    with pytest.raises(GenomeMismatchError, match="say --rename OLD=NEW"):
        find_motifs(found.attention, tmp_path / "out", genome=fasta)
    config = MotifConfig(shown_heads=1)
    made = find_motifs(found.attention, tmp_path / "out", genome=fasta, config=config, renames={"line": "CP0.1"})
    for bed in (made.folder / "beds").iterdir():
        expected = (found.result.folder / "beds" / bed.name).read_text().replace("\nline\t", "\nCP0.1\t")
        assert sorted(bed.read_text().splitlines()) == sorted(expected.splitlines())


def test_an_output_that_holds_the_input_is_not_replaced(found: Found, tmp_path: Path) -> None:
    folder = broken(found, tmp_path)
    with pytest.raises(OutputForeign, match="contains the input"):
        find_motifs(folder, folder, genome=found.genome_path, force=True)
    assert (folder / "top.tsv").exists()


def test_without_a_tss_set_the_missing_sites_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    maker = FolderMaker(seed=9)
    maker.plant("L1H1", -12, "TATAAT")
    attention, _ = maker.save(tmp_path, tss=None)
    result = find_motifs(attention, tmp_path / "motifs", genome=tmp_path / "genome.fa")
    assert read_tracks(result.folder) == []
    (note,) = result.notes
    assert note.startswith("no BED of sites is written, because attention was made without a TSS set: run tracktools")
    assert f"warning: {note}" in caplog.text
    assert json.loads((result.folder / "provenance.json").read_text())["warnings"] == [note]
    assert note in (result.folder / "index.html").read_text()


def test_with_a_tss_set_nothing_is_missing(found: Found) -> None:
    assert found.result.notes == ()
    assert '<p class="note">' not in (found.result.folder / "index.html").read_text()


def test_a_limit_of_one_takes_every_motif_and_no_head_without_one(found: Found, tmp_path: Path) -> None:
    loose = find_motifs(found.attention, tmp_path / "m", genome=found.genome_path, config=MotifConfig(max_q=1.0))
    table = pd.read_csv(loose.folder / "motifs.tsv", sep="\t", dtype=str, keep_default_na=False)
    assert dict(zip(table["head"], table["status"], strict=True))["L1H3"] != "motif"
    assert any("TTGACA" in sentence for sentence in loose.verdicts)
