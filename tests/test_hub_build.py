"""What `build_hub` writes, read back by independent readers; and what it refuses."""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import py2bit
import pyBigWig
import pysam
import pytest
from click.testing import CliRunner

import tracktools
from hubs import build_small_hub, read_stanzas, write_bam, write_predictions, write_small_inputs
from tracktools.cli.hub import hub as hub_command
from tracktools.errors import ConfigError, GenomeMismatchError, InputError, OutputError, OutputForeign
from tracktools.formats.bed import BED6, write_bed
from tracktools.formats.bed_schemas import BedField
from tracktools.formats.bigbed import read_bigbed, write_bigbed
from tracktools.formats.bigwig import BigWigReader, write_bigwig
from tracktools.genome import load_genome
from tracktools.hub.build import build_hub
from tracktools.hub.check import check_hub
from tracktools.tracks import Track, write_tracks


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_small_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def small_hub(inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    igv_js = tmp_path_factory.mktemp("igv") / "igv.min.js"
    igv_js.write_text("var igv = {createBrowser: null}")
    return build_small_hub(inputs, tmp_path_factory.mktemp("built") / "hub", igv_js=igv_js).folder


def tracks_tsv(folder: Path, *tracks: Track) -> Path:
    write_tracks(folder, tracks)
    return folder


def test_layout(small_hub: Path) -> None:
    files = {path.relative_to(small_hub).as_posix() for path in small_hub.rglob("*") if path.is_file()}
    names = ["small_plus", "small_minus", "small_called_tss", "curated", "genes", "pseudogenes", "reads"]
    pages = [*names, "predictions_strands", "hub", "genome"]
    features = ["small_called_tss", "curated", "genes", "pseudogenes"]
    assert files == {
        *("hub.txt", "groups.txt", "small.2bit", "chrom.sizes", "chromAlias.bb", "chromAlias.txt"),
        *(
            "index.html",
            "provenance.json",
            "jbrowse/config.json",
            "igv/igv.min.js",
            "igv/bookmarks.bed",
            "igv/names.tsv",
        ),
        *("igv/session.json", "igv/session.xml", "igv/genome.json", "igv/genome.fa", "igv/genome.fa.fai"),
        *("small_plus.bw", "small_minus.bw", "reads.bam", "reads.bam.bai"),
        *(f"{name}{suffix}" for name in features for suffix in (".bb", ".ix", ".ixx")),
        *(f"pages/{name}.html" for name in pages),
    }


def test_display_copies_are_rounded_and_the_minus_strand_negative(inputs: dict[str, Path], small_hub: Path) -> None:
    for word, sign in (("plus", 1), ("minus", -1)):
        with BigWigReader(inputs["predictions"] / f"small.{word}.bw") as reader:
            raw = {chrom: reader.values(chrom, 0, size) for chrom, size in reader.chrom_sizes.items()}
        with pyBigWig.open(str(small_hub / f"small_{word}.bw")) as copy:
            for chrom, values in raw.items():
                shown = copy.values(chrom, 0, len(values), numpy=True)
                np.testing.assert_array_equal(np.isnan(shown), np.isnan(values))
                np.testing.assert_allclose(shown, sign * values, atol=0.5e-4 + 1e-7)
                np.testing.assert_allclose(shown, np.round(shown.astype(np.float64), 4), atol=1e-7)


def test_genome_reads_back(inputs: dict[str, Path], small_hub: Path) -> None:
    genome = load_genome(inputs["genome"])
    twobit = py2bit.open(str(small_hub / "small.2bit"))
    assert twobit.chroms() == genome.chrom_sizes
    assert all(twobit.sequence(contig.name) == contig.letters.tobytes().decode() for contig in genome)
    twobit.close()
    assert load_genome(small_hub / "igv/genome.fa").sha256 == genome.sha256
    name, length, offset, line, width = (small_hub / "igv/genome.fa.fai").read_text().splitlines()[1].split("\t")
    data = (small_hub / "igv/genome.fa").read_bytes()
    assert (name, int(length)) == ("plasmid", 2011)
    start, line, width = int(offset), int(line), int(width)
    base = start + (1000 // line) * width + 1000 % line
    assert chr(data[base]) == chr(genome["plasmid"].letters[1000])


def test_genes_and_pseudogenes_are_apart(small_hub: Path) -> None:
    genes, schema = read_bigbed(small_hub / "genes.bb")
    pseudogenes, _ = read_bigbed(small_hub / "pseudogenes.bb")
    assert list(genes["name"]) == ["abcA", "repC"]
    assert pseudogenes[["chromStart", "chromEnd", "strand", "locusTag"]].to_numpy().tolist() == [
        [1500, 2100, "-", "b0002"]
    ]
    assert schema.defined_fields == 9


def test_hub_txt_follows_what_clients_need(small_hub: Path) -> None:
    blocks = read_stanzas(small_hub)
    assert [block.kind for block in blocks[:3]] == ["hub", "genome", "track"]
    tracks = {block.get("track"): block for block in blocks[2:]}
    plus, minus = tracks["small_plus"], tracks["small_minus"]
    assert (plus.get("type"), plus.get("viewLimits"), plus.get("color")) == ("bigWig 0 1", "0:1", "0,114,178")
    assert (minus.get("type"), minus.get("viewLimits"), minus.get("color")) == ("bigWig -1 0", "-1:0", "213,94,0")
    assert tracks["predictions_strands"].get("dimensions") == "dimX=strand"
    overlay = tracks["predictions_small_mirror"]
    assert (overlay.get("container"), overlay.get("aggregate")) == ("multiWig", "transparentOverlay")
    curated = tracks["curated"]
    assert curated.get("type") == "bigBed 9 +"
    assert curated.get("filter.support") == "2:5"
    assert curated.get("filterValues.sources") == ""  # four rows: too few to choose among
    assert curated.get("mouseOver").startswith("$name ($strand), support=$support, sources=$sources")
    for block in tracks.values():
        assert block.get("html"), block
        assert block.get("type"), block


def test_every_client_has_the_same_colours_and_scales(small_hub: Path) -> None:
    session = json.loads((small_hub / "igv/session.json").read_text())
    merged = session["tracks"][0]
    assert (merged["type"], merged["min"], merged["max"]) == ("merged", -1, 1)
    assert [(t["color"], t["min"], t["max"], t["windowFunction"]) for t in merged["tracks"]] == [
        ("rgb(0,114,178)", 0, 1, "max"),
        ("rgb(213,94,0)", -1, 0, "min"),
    ]
    xml = ElementTree.parse(small_hub / "igv/session.xml")
    signals = [track for track in xml.iter("Track") if track.get("windowFunction")]
    assert [(t.get("color"), t.get("windowFunction")) for t in signals] == [("0,114,178", "max"), ("213,94,0", "min")]
    assert [(r.get("minimum"), r.get("maximum")) for r in xml.iter("DataRange")] == [("0", "1"), ("-1", "0")]
    config = json.loads((small_hub / "jbrowse/config.json").read_text())
    tracks = {track["trackId"]: track for track in config["tracks"]}
    displays = [tracks[name]["displays"][0] for name in ("small_plus", "small_minus", "predictions_small_mirror")]
    assert [(d["minScore"], d["maxScore"]) for d in displays] == [(0, 1), (-1, 0), (-1, 1)]


def test_jbrowse_draws_items_from_a_zoom_that_is_not_guessed(small_hub: Path) -> None:
    """Up to 0.3 items per pixel, over the whole genome; arrows have the colour of their item; labels hide no data."""
    config = json.loads((small_hub / "jbrowse/config.json").read_text())
    (view,) = config["defaultSession"]["views"]
    assert view["trackLabels"] == "offset"
    limits = {track["configuration"]: track["displays"][0].get("userBpPerPxLimit") for track in view["tracks"]}
    genome_bp = sum(int(line.split()[1]) for line in (small_hub / "chrom.sizes").read_text().splitlines())
    for name in ("small_called_tss", "genes", "pseudogenes"):
        items = len(read_bigbed(small_hub / f"{name}.bb")[0])
        assert items / genome_bp * limits[name] == pytest.approx(0.3, rel=1e-3)
    assert limits["predictions_small_mirror"] is None
    renderers = [track["displays"][0]["renderer"] for track in config["tracks"] if track["type"] == "FeatureTrack"]
    assert all(renderer["color2"] == renderer["color1"] for renderer in renderers)


def test_tracks_of_items_in_igv_js_are_as_high_as_their_rows(small_hub: Path) -> None:
    session = json.loads((small_hub / "igv/session.json").read_text())
    grows = {track["name"] for track in session["tracks"] if track.get("autoHeight")}
    assert grows == {track["name"] for track in session["tracks"] if track["type"] == "annotation"} > {"Genes"}


def test_every_path_in_the_sessions_exists(small_hub: Path) -> None:
    session = json.loads((small_hub / "igv/session.json").read_text())
    pages = re.findall(r'"(?:\w*URL|url)": "([^"]+)"', json.dumps(session))
    jbrowse = re.findall(r'"uri": "([^"]+)"', (small_hub / "jbrowse/config.json").read_text())
    xml = [r.get("path", "") for r in ElementTree.parse(small_hub / "igv/session.xml").iter("Resource")]
    assert len(pages) > 8
    assert all((small_hub / path).is_file() for path in pages)
    assert all((small_hub / "jbrowse" / path).is_file() for path in jbrowse)
    assert all((small_hub / "igv" / path).is_file() for path in xml)


def test_same_inputs_give_the_same_bytes(inputs: dict[str, Path], small_hub: Path, tmp_path: Path) -> None:
    again = build_small_hub(inputs, tmp_path / "elsewhere", igv_js=small_hub / "igv/igv.min.js").folder
    files = [path.relative_to(small_hub).as_posix() for path in small_hub.rglob("*") if path.is_file()]
    same, different, missing = filecmp.cmpfiles(small_hub, again, files, shallow=False)
    assert (different, missing) == ([], [])
    assert len(same) > 30


def test_names_are_found_in_any_case_through_trix(small_hub: Path) -> None:
    assert (small_hub / "genes.ix").read_text().splitlines() == [
        "abca abcA,1",
        "b0001 abcA,1",
        "p0001 repC,1",
        "repc repC,1",
    ]


def test_default_position_and_bookmark_lie_on_the_tss(small_hub: Path) -> None:
    bookmarks = (small_hub / "igv/bookmarks.bed").read_text().splitlines()
    assert bookmarks[1].startswith("chrA\t500\t3100\tPseudogene xyzB")


def test_attach_mode_has_no_genome_of_its_own(inputs: dict[str, Path], tmp_path: Path) -> None:
    built = build_small_hub(inputs, tmp_path / "hub", attach="GCF_000005845.2")
    blocks = read_stanzas(built.folder)
    assert [setting.key for setting in blocks[1].settings] == ["genome"]
    assert all("group" not in block for block in blocks)
    assert not list(built.folder.glob("*.2bit"))
    assert check_hub(built.folder) == []


def test_links_need_a_web_address(inputs: dict[str, Path], tmp_path: Path) -> None:
    built = build_small_hub(inputs, tmp_path / "hub", base_url="https://lab.example.org/hubs/a b/".replace(" ", "%20"))
    assert built.links["UCSC Genome Browser"].startswith(
        "https://genome.ucsc.edu/cgi-bin/hgTracks?genome=small&hubUrl=https%3A%2F%2Flab.example.org%2Fhubs%2Fa%2520b%2Fhub.txt"
    )
    assert "hub.txt" in built.links["IGV-Web"]
    assert "https://lab.example.org" not in (built.folder / "hub.txt").read_text()
    with pytest.raises(ConfigError, match="is no web address"):
        build_small_hub(inputs, tmp_path / "other", base_url="lab.example.org")


def test_without_igv_js_the_hub_says_so(
    inputs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    built = build_small_hub(inputs, tmp_path / "hub")
    (note,) = built.left_out
    assert "npm install igv" in note
    assert "igv.js was not installed" in (built.folder / "index.html").read_text()


def test_signals_of_one_group_are_paired_by_name(inputs: dict[str, Path], tmp_path: Path) -> None:
    genome = load_genome(inputs["genome"])
    tracks = []
    for number, name in enumerate(("rich_fwd", "rich_rev", "m9_fwd", "m9_rev", "both"), start=1):
        path = tmp_path / f"{name}.bw"
        values = {c: np.full(size, float(number), dtype=np.float32) for c, size in genome.chrom_sizes.items()}
        write_bigwig(path, genome.chrom_sizes, values)
        strand = "+" if name.endswith("fwd") else "-" if name.endswith("rev") else "."
        tracks.append(Track(name, path, "bigWig", strand, "reads", name))
    built = build_hub([tracks_tsv(tmp_path, *tracks)], tmp_path / "hub", genome=inputs["genome"])
    (group,) = built.hub.groups
    assert [(m.plus.name, m.minus.name) for m in group.mirrors] == [("rich_fwd", "rich_rev"), ("m9_fwd", "m9_rev")]
    assert [m.plus.contents.view for m in group.mirrors] == [(0, 2), (0, 5)]
    assert [track.name for track in group.tracks] == ["both"]
    composite = read_stanzas(built.folder)[2]
    assert composite.get("dimensions") == "dimX=strand dimY=sample"
    assert check_hub(built.folder) == []


HOSTILE = "<script>alert(1)</script> \"q\" 'p' & \u03c370 \u2028 ../../etc " + "x" * 200


def test_hostile_labels_are_escaped(inputs: dict[str, Path], tmp_path: Path) -> None:
    bed = tmp_path / "a.bed"
    table = pd.DataFrame([("chrA", 5, 9, "<img src=x onerror=alert(1)>", 0, "+")], columns=BED6.columns)
    write_bed(bed, table, BED6)
    text = dict.fromkeys(("short_label", "long_label", "method", "source", "licence"), HOSTILE)
    folder = tracks_tsv(tmp_path, Track("a", bed, "bed", group="tss", **text))
    built = build_hub([folder], tmp_path / "hub", genome=inputs["genome"])
    for path in built.folder.rglob("*"):
        if path.suffix in (".html", ".txt", ".json", ".xml"):
            assert "<script>alert" not in path.read_text(), path
    assert read_bigbed(built.folder / "a.bb")[0]["name"].tolist() == ["‹img src=x onerror=alert(1)›"]
    assert check_hub(built.folder) == []


@pytest.mark.parametrize("name", ["../up", "a b", "a/b", "x" * 200, "\u03c370", ".hidden", "<b>"])
def test_names_that_no_browser_takes_are_refused(inputs: dict[str, Path], tmp_path: Path, name: str) -> None:
    bed = tmp_path / "a.bed"
    write_bed(bed, pd.DataFrame([("chrA", 5, 9, "i", 0, "+")], columns=BED6.columns), BED6)
    (tmp_path / "tracks.tsv").write_text(f'name\tpath\tformat\n"{name}"\ta.bed\tbed\n')
    with pytest.raises(InputError, match="cannot name a file and a track"):
        build_hub([tmp_path], tmp_path / "hub", genome=inputs["genome"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bed", "tracks.tsv"]


def refused(inputs: dict[str, Path], tmp_path: Path, *arguments: str) -> str:
    """Run the command; it must end with one line, status 1, and nothing written."""
    before = sorted(tmp_path.rglob("*"))
    out = str(tmp_path / "out")
    result = CliRunner().invoke(hub_command, ["build", "-o", out, "--genome", str(inputs["genome"]), *arguments])
    assert isinstance(result.exception, InputError | ConfigError), result.output
    assert sorted(tmp_path.rglob("*")) == before
    message = str(result.exception)
    assert "\n" not in message
    return message


def test_predictions_on_another_genome_are_refused(inputs: dict[str, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.fa"
    other.write_text(">chrA\n" + "ACGT" * 500 + "\n")
    starts = pd.DataFrame([("chrA", 99, "+"), ("chrA", 300, "-")], columns=["chrom", "position", "strand"])
    folder = write_predictions(tmp_path / "predictions", load_genome(other), starts)
    assert "was made on other" in refused(inputs, tmp_path, str(folder))


def test_bad_inputs_are_one_line(inputs: dict[str, Path], tmp_path: Path) -> None:
    predictions = str(inputs["predictions"])
    assert "no track to show" in refused(inputs, tmp_path)
    assert "no such file" in refused(inputs, tmp_path, str(tmp_path / "nowhere"))
    assert "no such file" in refused(inputs, tmp_path, predictions, "--annotation", str(tmp_path / "no.gff"))
    assert "no such file" in refused(inputs, tmp_path, predictions, "--bam", str(tmp_path / "no.bam"))
    assert "used twice" in refused(inputs, tmp_path, predictions, predictions)
    foreign = tmp_path / "foreign.gff3"
    foreign.write_text("##gff-version 3\nchrZ\tx\tgene\t1\t9\t.\t+\t.\tID=a\n")
    assert "chrZ" in refused(inputs, tmp_path, predictions, "--annotation", str(foreign))
    (tmp_path / "text.gff3").write_text("nothing\n")
    assert "text.gff3" in refused(inputs, tmp_path, predictions, "--annotation", str(tmp_path / "text.gff3"))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("chrA\t6000\t6008\ti\t0\t+", "end past the end"),
        ("chrZ\t1\t2\ti\t0\t+", "chrZ"),
        ("chrA\t9\t5\ti\t0\t+", "chromStart"),
        ("chrA\t1\t2\ti\t0\tx", "strand"),
        ("", "contains no item"),
    ],
)
def test_bad_beds_are_one_line(inputs: dict[str, Path], tmp_path: Path, row: str, problem: str) -> None:
    (tmp_path / "a.bed").write_text("#" + "\t".join(BED6.columns) + "\n" + row + "\n")
    (tmp_path / "tracks.tsv").write_text("name\tpath\tformat\na\ta.bed\tbed\n")
    assert problem in refused(inputs, tmp_path, str(tmp_path))


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("group", "../up", "group"),
        ("group", "<b>", "group"),
        ("view_min", "nan", "view_min"),
        ("color", "#ff0000", "R,G,B"),
        ("color", "1,2,999", "R,G,B"),
        ("visibility", "shown", "visibility"),
    ],
)
def test_bad_rows_are_one_line(inputs: dict[str, Path], tmp_path: Path, column: str, value: str, problem: str) -> None:
    (tmp_path / "a.bed").write_text("chrA\t1\t2\ti\t0\t+\n")
    (tmp_path / "tracks.tsv").write_text(f"name\tpath\tformat\t{column}\na\ta.bed\tbed\t{value}\n")
    assert problem in refused(inputs, tmp_path, str(tmp_path))


def test_a_pair_stored_negative_under_another_name_is_drawn_the_same_and_told(
    inputs: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = "name\tpath\tformat\tstrand\nx.plus\tp.bw\tbigWig\t+\nx.minus\tm.bw\tbigWig\t-\n"
    (tmp_path / "tracks.tsv").write_text(rows)
    values = np.zeros(6007, dtype=np.float32)
    write_bigwig(tmp_path / "p.bw", {"mine": 6007}, {"mine": values})
    values[3::4] = -7
    write_bigwig(tmp_path / "m.bw", {"mine": 6007}, {"mine": values})
    hub = build_hub([tmp_path], tmp_path / "hub", genome=inputs["genome"], renames={"mine": "chrA"}).folder
    with BigWigReader(hub / "x_minus.bw") as shown:
        np.testing.assert_array_equal(shown.values("chrA", 0, 6007), values)
    assert "m.bw: the minus strand is stored negative" in caplog.text
    assert "p.bw: no value above 0 on the + strand, and 1,501 on the other" in caplog.text
    tracks = {track["track"]: track for track in json.loads((hub / "provenance.json").read_text())["tracks"]}
    assert tracks["x_minus"]["made_from_sign"] == "negative"
    assert "made_from_sign" not in tracks["x_plus"]
    assert "mine" in (hub / "chromAlias.txt").read_text().split()


def test_bad_signals_are_one_line(inputs: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "a.bw"
    (tmp_path / "tracks.tsv").write_text("name\tpath\tformat\tstrand\na\ta.bw\tbigWig\t-\n")
    for sizes, value, problem in (
        ({"chrZ": 50}, 1.0, "chrZ"),
        ({"chrA": 6008}, 1.0, "6008"),
        ({"chrA": 6007}, np.nan, "contains no value"),
    ):
        write_bigwig(path, sizes, {chrom: np.full(size, value, dtype=np.float32) for chrom, size in sizes.items()})
        assert problem in refused(inputs, tmp_path, str(tmp_path))
    values = np.ones(6007, dtype=np.float32)
    values[9] = -1
    write_bigwig(path, {"chrA": 6007}, {"chrA": values})
    assert "one sign" in refused(inputs, tmp_path, str(tmp_path))
    path.write_text("not a bigWig")
    assert "a.bw" in refused(inputs, tmp_path, str(tmp_path))


def test_output_folder_is_never_overwritten_unasked(inputs: dict[str, Path], small_hub: Path, tmp_path: Path) -> None:
    target = tmp_path / "hub"
    shutil.copytree(small_hub, target)
    (target / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="--force"):
        build_small_hub(inputs, target)
    with pytest.raises(OutputForeign, match=r"mine\.txt"):
        build_small_hub(inputs, target, force=True)
    assert (target / "mine.txt").read_text() == "keep"
    (target / "mine.txt").unlink()
    build_small_hub(inputs, target, force=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file"):
        build_small_hub(inputs, tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_place_is_one_line(inputs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        build_small_hub(inputs, tmp_path / "closed" / "hub")


def test_templates_can_be_overridden_and_are_strict(inputs: dict[str, Path], tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "methods").mkdir(parents=True)
    (own / "methods" / "curated.html").write_text("<p>Our own words on {{ track.contents.count }} sites.</p>\n")
    built = build_small_hub(inputs, tmp_path / "hub", templates=own)
    assert "Our own words on 4 sites" in (built.folder / "pages/curated.html").read_text()
    (own / "methods" / "curated.html").write_text("<p>fine</p>\n<p>{{ trak.name }}</p>\n")
    with pytest.raises(InputError, match=r"curated\.html:2: 'trak' is undefined"):
        build_small_hub(inputs, tmp_path / "second", templates=own)
    (own / "methods" / "curated.html").write_text("<p>{% if %}</p>\n")
    with pytest.raises(InputError, match=r"curated\.html:1: "):
        build_small_hub(inputs, tmp_path / "second", templates=own)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="overrides no template"):
        build_small_hub(inputs, tmp_path / "second", templates=tmp_path / "empty")
    assert not (tmp_path / "second").exists()


def test_every_template_variable_is_in_the_readme() -> None:
    templates = Path(tracktools.__file__).parent / "trackhub_templates"
    readme = (templates / "README.md").read_text()
    used = set()
    for path in templates.rglob("*"):
        if path.suffix in (".html", ".txt") and path.name != "README.md":
            used |= set(re.findall(r"{{-? *([a-z_]+)", path.read_text()))
    own = set(
        re.findall(
            r"{% *(?:for|set|import) [^%]*?(\w+)(?:, (\w+))? (?:in|=|with)",
            " ".join(p.read_text() for p in templates.rglob("*.html")),
        )
    )
    local = {name for pair in own for name in pair} | {"parts", "made", "field", "number", "stanza", "key", "value"}
    local |= {"loop"}  # of Jinja itself
    assert {name for name in used - local if f"`{name}" not in readme} == set()


def test_cli_prints_sizes_links_and_upload_commands(inputs: dict[str, Path], tmp_path: Path) -> None:
    arguments = ["build", str(inputs["predictions"]), "-o", str(tmp_path / "hub"), "--genome", str(inputs["genome"])]
    result = CliRunner().invoke(hub_command, [*arguments, "--base-url", "https://lab.example.org/h"])
    assert result.exit_code == 0, result.output
    assert re.search(r"^small_plus\.bw\t\d+\t\d+$", result.stdout, re.MULTILINE)
    assert "UCSC Genome Browser: https://genome.ucsc.edu/" in result.stdout
    for word in ("rsync -av", "aws s3 sync", "hubtools up"):
        assert word in result.stdout


def test_mismatch_is_a_genome_mismatch(inputs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a.bed").write_text("chrZ\t1\t2\ti\t0\t+\n")
    (tmp_path / "tracks.tsv").write_text("name\tpath\tformat\na\ta.bed\tbed\n")
    with pytest.raises(GenomeMismatchError):
        build_hub([tmp_path], tmp_path / "hub", genome=inputs["genome"])


def test_bedgraph_and_bigbed_become_tracks(inputs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "reads.bedgraph").write_text("chrA\t10\t13\t2.5\nplasmid\t2000\t2011\t7\n")
    table = pd.DataFrame([("chrA", 5, 90, "i", 0, "-")], columns=BED6.columns)
    write_bigbed(tmp_path / "items.bb", {"chrA": 6007}, table, BED6)
    rows = Track("r", tmp_path / "reads.bedgraph", "bedGraph", "-"), Track("i", tmp_path / "items.bb", "bigBed")
    built = build_hub([tracks_tsv(tmp_path, *rows)], tmp_path / "hub", genome=inputs["genome"])
    with pyBigWig.open(str(built.folder / "r.bw")) as signal:
        assert signal.intervals("chrA") == ((10, 11, -2.5), (11, 12, -2.5), (12, 13, -2.5))
        assert signal.intervals("plasmid")[-1] == (2010, 2011, -7.0)
    assert read_bigbed(built.folder / "i.bb")[0]["chromEnd"].tolist() == [90]
    assert check_hub(built.folder) == []


def test_bedgraph_past_the_end_is_one_line(inputs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a.bedgraph").write_text("chrA\t6000\t6008\t2\n")
    (tmp_path / "tracks.tsv").write_text("name\tpath\tformat\na\ta.bedgraph\tbedGraph\n")
    assert "ends at 6008" in refused(inputs, tmp_path, str(tmp_path))


def test_alignments_to_another_genome_are_one_line(inputs: dict[str, Path], tmp_path: Path) -> None:
    write_bam(tmp_path / "a.bam", {"chrA": 6008})
    assert "6008" in refused(inputs, tmp_path, "--bam", str(tmp_path / "a.bam"))
    (tmp_path / "a.bam.bai").unlink()
    write_bam(tmp_path / "b.bam", {"chrA": 6007})
    (tmp_path / "b.bam.bai").unlink()
    assert "samtools index" in refused(inputs, tmp_path, "--bam", str(tmp_path / "b.bam"))
    pysam.index("-c", str(tmp_path / "b.bam"))  # type: ignore[attr-defined]
    assert (tmp_path / "b.bam.csi").is_file()
    hub = build_hub([], tmp_path / "of_csi", genome=inputs["genome"], bams=[tmp_path / "b.bam"]).folder
    with pysam.AlignmentFile(str(hub / "b.bam"), index_filename=str(hub / "b.bam.bai")) as copy:
        assert copy.count("chrA", 0, 6007) == copy.mapped > 0
    sam, cram = tmp_path / "b.sam", tmp_path / "b.cram"
    pysam.view("-h", "-o", str(sam), str(tmp_path / "b.bam"), catch_stdout=False)  # type: ignore[attr-defined]
    pysam.view("-C", "-o", str(cram), str(tmp_path / "b.bam"), "--output-fmt-option", "no_ref", catch_stdout=False)  # type: ignore[attr-defined]
    for path, kind in ((sam, "SAM"), (cram, "CRAM")):
        told = refused(inputs, tmp_path, "--bam", str(path))
        assert f"is {kind}, and browsers read BAM with its index (make BAM of it: samtools view -b" in told


def test_genes_given_twice_are_one_line(inputs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "genes.bed").write_text("chrA\t1\t2\ti\t0\t+\n")
    (tmp_path / "tracks.tsv").write_text("name\tpath\tformat\npseudogenes\tgenes.bed\tbed\n")
    assert "used twice" in refused(inputs, tmp_path, str(tmp_path), "--annotation", str(inputs["gff"]))


def test_columns_with_gaps_get_no_filter(inputs: dict[str, Path], tmp_path: Path) -> None:
    table = pd.DataFrame(
        [
            ("chrA", 5 * n, 5 * n + 1, f"i{n}", 0, "+", value, n, "x|y" if n % 2 else "z")
            for n, value in enumerate((1.5, np.nan, 2.5, 4))
        ],
        columns=[*BED6.columns, "sourceScore", "support", "evidence"],
    )
    schema = BED6.with_fields(
        "t",
        "t",
        [
            BedField(name, kind, name)
            for name, kind in (("sourceScore", "double"), ("support", "uint"), ("evidence", "string"))
        ],
    )
    write_bed(tmp_path / "a.bed", table, schema)
    folder = tracks_tsv(tmp_path, Track("a", tmp_path / "a.bed", "bed", group="tss"))
    built = build_hub([folder], tmp_path / "hub", genome=inputs["genome"])
    (track,) = [block for block in read_stanzas(built.folder) if block.kind == "track"]
    filters = {setting.key for setting in track.settings if setting.key.startswith("filter")}
    assert filters == {"filter.support", "filterByRange.support", "filterLimits.support"}
    assert "1.5 to 4" in (built.folder / "pages/a.html").read_text()


def test_terms_that_forbid_publishing_are_said(inputs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a.bed").write_text("chrA\t1\t2\ti\t0\t+\n")
    rows = [
        Track(name, tmp_path / "a.bed", "bed", licence=terms)
        for name, terms in (
            ("a", "academic use; no redistribution"),
            ("b", "CC BY 4.0"),
            ("c", "no open licence: do not redistribute"),
        )
    ]
    folder = tracks_tsv(tmp_path, *rows)
    built = build_hub([folder], tmp_path / "hub", genome=inputs["genome"])
    assert built.not_to_publish == ("a", "c")


def test_a_hub_never_replaces_its_own_inputs(inputs: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(inputs["predictions"], tmp_path / "predictions"))
    with pytest.raises(OutputError, match="contains an input"):
        build_hub([folder], folder, genome=inputs["genome"], force=True)
    assert (folder / "tracks.tsv").is_file()
