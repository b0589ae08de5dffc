"""`hub build` from single files: their kind is seen in their content, whatever they are called."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from click.testing import CliRunner

from hubs import SMALL_GFF, read_stanzas, write_small_inputs
from tracktools.cli.hub import hub as hub_command
from tracktools.errors import ConfigError, InputError, TracktoolsError
from tracktools.formats.bed import BED6
from tracktools.formats.bigbed import read_bigbed, write_bigbed
from tracktools.formats.bigwig import write_bigwig
from tracktools.hub.build import build_hub
from tracktools.hub.check import check_hub
from tracktools.hub.render import Templates

SIZES = {"chrA": 6007, "plasmid": 2011}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_small_inputs(tmp_path_factory.mktemp("inputs"))


def test_every_kind_of_file_becomes_a_track_whatever_it_is_called(inputs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "sites.txt").write_text("chrA\t9\t10\tnear\t0\t+\nchrA\t50\t51\tfar\t0\t-\n")
    (tmp_path / "regions.bed").write_text("chrA\t9\t300\n")
    (tmp_path / "genes").write_text(SMALL_GFF)
    (tmp_path / "depth.bg").write_text("chrA\t10\t13\t2.5\n")
    for word, value in (("fwd", 3), ("rev", -4)):
        values = {name: np.full(size, value, dtype=np.float32) for name, size in SIZES.items()}
        write_bigwig(tmp_path / f"rich.{word}.bigwig", SIZES, values)
    write_bigbed(tmp_path / "items.x", SIZES, pd.DataFrame([("chrA", 5, 90, "i", 0, "-")], columns=BED6.columns), BED6)
    for name in ("reads.bam", "reads.bam.bai"):
        shutil.copyfile(inputs["bam"].with_name(name), tmp_path / name)
    names = [
        "sites.txt",
        "regions.bed",
        "genes",
        "depth.bg",
        "rich.fwd.bigwig",
        "rich.rev.bigwig",
        "items.x",
        "reads.bam",
    ]
    arguments = ["build", *(str(tmp_path / name) for name in names), "--genome", str(inputs["genome"])]
    result = CliRunner().invoke(hub_command, [*arguments, "-o", str(tmp_path / "hub")], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    files = {path.name for path in (tmp_path / "hub").iterdir()}
    assert {"sites.bb", "regions.bb", "genes.bb", "pseudogenes.bb", "depth.bw", "items.bb", "reads.bam"} <= files
    with pyBigWig.open(str(tmp_path / "hub/rich_rev.bw")) as signal:
        assert signal.values("chrA", 0, 2) == [-4, -4]
    blocks = {block.get("track"): block for block in read_stanzas(tmp_path / "hub")}
    assert blocks["rich_fwd"].get("parent") == blocks["rich_rev"].get("parent") == "signals_strands on"
    assert blocks["sites"].get("group") == "tss", "single bases with a strand are TSS"
    assert blocks["regions"].get("group") == "other"
    assert check_hub(tmp_path / "hub") == []


def test_a_file_that_a_tracks_tsv_names_keeps_what_this_says(inputs: dict[str, Path], tmp_path: Path) -> None:
    file = inputs["predictions"] / "small.called_tss.bed"
    (track,) = build_hub([file], tmp_path / "hub", genome=inputs["genome"]).hub
    assert (track.name, track.short_label, track.group) == ("small_called_tss", "Called TSS", "predictions")
    assert track.source.provenance["model"]["name"] == "a-model"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hello\n", "is of no kind that is known"),
        (">c\nACGT\n", "give the genome with --genome"),
        ("@HD\tVN:1.6\n@SQ\tSN:c\tLN:9\n", "samtools sort"),
        ("fixedStep chrom=chrA start=1 step=1\n1\n", "tracktools reads"),
        ("name\tpath\nx\ty\n", "lacks the column 'format'"),
    ],
)
def test_other_files_are_one_line_that_says_what_to_do(
    inputs: dict[str, Path], tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "a.bed").write_text(text)
    with pytest.raises(InputError) as caught:
        build_hub([tmp_path / "a.bed"], tmp_path / "hub", genome=inputs["genome"])
    assert problem in str(caught.value)
    assert "a.bed" in str(caught.value)
    assert not (tmp_path / "hub").exists()


def test_sequences_are_renamed_as_the_user_says_and_the_name_works_as_a_locus(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "a.bed").write_text("D39V\t9\t10\tnear\t0\t+\n")
    (tmp_path / "g.gff3").write_text("##gff-version 3\nD39V\tx\tgene\t11\t30\t.\t+\t.\tID=g;Name=abcA\n")
    write_bigwig(tmp_path / "s.bw", {"D39V": 6007}, {"D39V": np.ones(6007, dtype=np.float32)})
    paths = [tmp_path / name for name in ("a.bed", "g.gff3", "s.bw")]
    built = build_hub(paths, tmp_path / "hub", genome=inputs["genome"], renames={"D39V": "chrA"})
    assert read_bigbed(built.folder / "a.bb")[0]["chrom"].tolist() == ["chrA"]
    assert read_bigbed(built.folder / "genes.bb")[0]["chrom"].tolist() == ["chrA"]
    assert "chrA\tD39V" in (built.folder / "chromAlias.txt").read_text()
    with pytest.raises(InputError, match="D39V"):
        build_hub(paths, tmp_path / "second", genome=inputs["genome"])
    with pytest.raises(ConfigError, match="the genome has no 'chrZ'"):
        build_hub(paths, tmp_path / "second", genome=inputs["genome"], renames={"D39V": "chrZ"})


def test_an_error_of_the_data_never_names_a_packaged_template(inputs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a.bed").write_text("chrA\t1\t9\ti\t0\t+\t1\t9\t255,0,999\n")
    with pytest.raises(InputError) as caught:
        build_hub([tmp_path / "a.bed"], tmp_path / "hub", genome=inputs["genome"])
    assert "a.bed:1: itemRgb is '255,0,999'" in str(caught.value)


def test_an_error_of_a_packaged_template_names_no_file() -> None:
    with pytest.raises(TracktoolsError, match="please report it") as caught:
        Templates().render("groups.txt")
    assert ".txt" not in str(caught.value)


@pytest.mark.parametrize("linked", [False, True])
def test_a_tracks_tsv_names_files_outside_its_folder_only_where_the_user_allows_it(
    inputs: dict[str, Path], tmp_path: Path, linked: bool
) -> None:
    folder, outside = tmp_path / "theirs", tmp_path / "private.bed"
    folder.mkdir()
    outside.write_text("chrA\t10\t11\tx\t0\t+\n")
    if linked:
        (folder / "x.bed").symlink_to(outside)
    table = folder / "tracks.tsv"
    table.write_text(f"name\tpath\tformat\nx\t{'x.bed' if linked else '../private.bed'}\tbed\n")
    words = ["build", str(folder), "--genome", str(inputs["genome"]), "-o", str(tmp_path / "hub")]
    refused = CliRunner().invoke(hub_command, words)
    assert isinstance(refused.exception, InputError)
    message = f"{table}: track 'x' lies outside this folder: {outside} (if it may go into the hub, say --allow-outside)"
    assert str(refused.exception) == message
    assert not (tmp_path / "hub").exists()
    assert CliRunner().invoke(hub_command, [*words, "--allow-outside"], catch_exceptions=False).exit_code == 0
    assert (tmp_path / "hub" / "x.bb").is_file()
