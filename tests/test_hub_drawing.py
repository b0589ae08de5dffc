"""Strand and score are seen: colours, thick and thin, short labels, scales."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from hubs import read_stanzas, write_predictions, write_small_inputs
from tracktools.formats.bed import CALLED_TSS, MOTIF_SITES, read_bed, write_bed
from tracktools.formats.bigbed import read_bigbed
from tracktools.formats.bigwig import write_bigwig
from tracktools.genome import load_genome
from tracktools.hub.build import BuiltHub, build_hub
from tracktools.hub.convert.drawing import draw
from tracktools.palette import BLUE, GREY, VERMILLION, item_rgb, rgb
from tracktools.tracks import Track, write_tracks

STARTS = pd.DataFrame(
    [("chrA", 100, "+"), ("chrA", 400, "-"), ("chrA", 900, "+"), ("plasmid", 106, "+"), ("plasmid", 50, "-")],
    columns=["chrom", "position", "strand"],
)
OUTPUTS = [0.87, 0.3, 0.612, 0.999, 0.3]
# one within 5 nt of a call on each side, one 6 away, one on the other strand, one on the other sequence
MEASURED = ("chrA\t105\t106\ta\t0\t+", "chrA\t395\t396\tb\t0\t-", "chrA\t906\t907\tc\t0\t+", "chrA\t50\t51\td\t0\t-",
            "plasmid\t106\t107\te\t0\t-")  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_small_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def predictions(inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calls of different outputs, on both strands of both sequences."""
    folder = write_predictions(tmp_path_factory.mktemp("p") / "predictions", load_genome(inputs["genome"]), STARTS)
    file = folder / "genome.called_tss.bed"
    calls = read_bed(file)[0]
    order = {
        (chrom, position): output
        for (chrom, position, _), output in zip(STARTS.itertuples(index=False), OUTPUTS, strict=True)
    }
    outputs = [order[place] for place in zip(calls["chrom"], calls["chromStart"], strict=True)]
    write_bed(file, calls.assign(modelOutput=outputs, score=[round(1000 * value) for value in outputs]), CALLED_TSS)
    return folder


@pytest.fixture(scope="module")
def built(inputs: dict[str, Path], predictions: Path, tmp_path_factory: pytest.TempPathFactory) -> BuiltHub:
    folder = tmp_path_factory.mktemp("hub")
    (folder / "measured.bed").write_text("\n".join(MEASURED) + "\n")
    return build_hub(
        [predictions, folder / "measured.bed"], folder / "hub", genome=inputs["genome"], bams=[inputs["bam"]]
    )


def calls_of(built: BuiltHub) -> pd.DataFrame:
    return read_bigbed(built.folder / "genome_called_tss.bb")[0].set_index(["chrom", "chromStart"])


def test_called_tss_have_the_hue_of_their_strand_the_stronger_the_higher_the_score(built: BuiltHub) -> None:
    calls = calls_of(built)
    strongest, weakest = calls.loc[("plasmid", 106)], calls.loc[("chrA", 400)]
    assert strongest["itemRgb"] == BLUE
    distances = {place: sum(255 - part for part in rgb(color)) for place, color in calls["itemRgb"].items()}
    plus = [("chrA", 900), ("chrA", 100), ("plasmid", 106)]
    assert [distances[place] for place in plus] == sorted(distances[place] for place in plus)
    assert len({distances[place] for place in plus}) == 3
    assert weakest["itemRgb"] == calls.loc[("plasmid", 50), "itemRgb"]
    red, _, blue = rgb(weakest["itemRgb"])
    assert red > blue, "minus is vermillion however weak"
    for color in calls["itemRgb"]:
        assert max(rgb(color)) - min(rgb(color)) > 40, "no call is so pale that it cannot be seen"


def test_a_call_within_5_nt_of_a_measured_tss_is_thick_and_one_without_is_thin(built: BuiltHub) -> None:
    calls = calls_of(built)
    thick = {place: row["thickEnd"] - row["thickStart"] for place, row in calls.iterrows()}
    expected = {("chrA", 100): 1, ("chrA", 400): 1, ("chrA", 900): 0, ("plasmid", 106): 0, ("plasmid", 50): 0}
    assert thick == expected
    assert {place: row["measuredIn"] for place, row in calls.iterrows()} == {
        place: "measured" if width else "" for place, width in expected.items()
    }


def test_without_a_measured_set_every_call_is_thick(inputs: dict[str, Path], predictions: Path, tmp_path: Path) -> None:
    built = build_hub([predictions], tmp_path / "hub", genome=inputs["genome"])
    calls = calls_of(built)
    assert (calls["thickEnd"] - calls["thickStart"] == 1).all()
    assert "measuredIn" not in calls


def test_labels_are_short_and_the_long_name_is_searched(built: BuiltHub) -> None:
    calls = calls_of(built)
    assert calls.loc[("chrA", 100), ["name", "label"]].tolist() == ["pTSS_chrA_101_f", "0.87"]
    stanza = next(block for block in read_stanzas(built.folder) if block.get("track") == "genome_called_tss")
    assert (stanza.get("defaultLabelFields"), stanza.get("searchIndex")) == ("label", "name")
    assert stanza.get("labelFields").split(",")[:2] == ["label", "name"]
    session = json.loads((built.folder / "igv/session.json").read_text())
    tracks = {track["name"]: track for track in session["tracks"]}
    assert tracks["Called TSS"]["labelField"] == "label"
    desktop = ElementTree.parse(built.folder / "igv/session.xml").getroot()
    names = {track.get("name"): track.get("featureNameProperty") for track in desktop.iter("Track")}
    assert (names["Called TSS"], names["measured"]) == ("label", None)


def test_sites_of_heads_are_labelled_by_their_offset_from_the_tss() -> None:
    rows = [("c", 5, 11, "L1H2_pTSS_c_21_f", -15), ("c", 40, 46, "L1H2_pTSS_c_39_r", -7), ("c", 90, 96, "mine", 3)]
    table = pd.DataFrame(rows, columns=["chrom", "chromStart", "chromEnd", "name", "tssOffset"]).assign(
        score=0, strand="+", thickStart=0, thickEnd=0, itemRgb="0", head="L1H2", attention=0.5, tssName="t",
        sequence="TATAAT", pValue=0.1, qValue=0.1,
    )  # fmt: skip
    drawn, schema, _ = draw(table, MOTIF_SITES)
    assert schema.columns[-1] == "label"
    assert drawn["label"].tolist() == ["-15", "-7", "mine"]


def test_measured_sets_and_reads_have_the_same_two_colours(built: BuiltHub) -> None:
    measured = read_bigbed(built.folder / "measured.bb")[0]
    assert dict(zip(measured["strand"], measured["itemRgb"], strict=True)) == {"+": BLUE, "-": VERMILLION}
    session = json.loads((built.folder / "igv/session.json").read_text())
    reads = next(track for track in session["tracks"] if track["type"] == "alignment")
    assert (reads["colorBy"], reads["posStrandColor"], reads["negStrandColor"]) == (
        "strand", f"rgb({BLUE})", f"rgb({VERMILLION})",
    )  # fmt: skip


def test_the_files_that_came_in_keep_their_columns(predictions: Path, built: BuiltHub) -> None:
    header = (predictions / "genome.called_tss.bed").read_text().splitlines()[0]
    assert header.removeprefix("#").split("\t") == list(CALLED_TSS.columns)


def test_colours_of_a_bed_are_kept_and_where_it_has_none_the_strand_tells(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    rows = [("+", "255,0,0"), ("-", "0"), (".", "0"), ("+", "16711680"), ("-", "255"), ("+", "0,0,0")]
    lines = [
        f"chrA\t{n}\t{n + 30}\ti{n}\t0\t{strand}\t{n}\t{n + 30}\t{color}" for n, (strand, color) in enumerate(rows)
    ]
    (tmp_path / "a.bed").write_text("\n".join(lines) + "\n")
    built = build_hub([tmp_path / "a.bed"], tmp_path / "hub", genome=inputs["genome"])
    table = read_bigbed(built.folder / "a.bb")[0]
    assert table["itemRgb"].tolist() == ["255,0,0", VERMILLION, GREY, "255,0,0", "0,0,255", BLUE]


@pytest.mark.parametrize("text", ["255,0,256", "16777216", "-1", "red"])
def test_no_colour_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"colour|invalid literal"):
        item_rgb(text)


def test_the_scale_of_sparse_reads_ends_at_the_99th_percentile_of_the_bases_that_have_some(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    sizes = load_genome(inputs["genome"]).chrom_sizes
    tracks = []
    for strand, word in (("+", "plus"), ("-", "minus")):
        values = {chrom: np.zeros(size, dtype=np.float32) for chrom, size in sizes.items()}
        values["chrA"][::30] = 2  # 201 bases of 6,007, and zeros, which are no reads
        values["chrA"][60:1560:30] = 5 if strand == "+" else 9
        values["chrA"][3000] = 25
        write_bigwig(tmp_path / f"r.{word}.bw", sizes, values)
        tracks.append(Track(f"r.{word}", tmp_path / f"r.{word}.bw", "bigWig", strand, "reads"))
    write_tracks(tmp_path, tracks)
    (group,) = build_hub([tmp_path], tmp_path / "hub", genome=inputs["genome"]).hub.groups
    (mirror,) = group.mirrors
    assert (mirror.plus.contents.view, mirror.minus.contents.view) == ((0, 10), (-10, 0))
