"""Every way to break a hub that was thought of, each named by `check_hub` with its track and line."""

from __future__ import annotations

import json
import re
import shutil
import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from click.testing import CliRunner

from hubs import build_small_hub, write_small_inputs
from tracktools.cli.hub import hub as hub_command
from tracktools.errors import InputError
from tracktools.formats.bed import BED6, BED9
from tracktools.formats.bigbed import read_bigbed, write_bigbed
from tracktools.formats.bigwig import BigWigReader, write_bigwig
from tracktools.hub.check import check_hub
from tracktools.hub.serve import serving

SIZES = {"chrA": 6007, "plasmid": 2011}


@pytest.fixture(scope="module")
def good_hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check")
    return build_small_hub(write_small_inputs(folder / "inputs"), folder / "hub").folder


@pytest.fixture
def broken(good_hub: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good_hub, tmp_path / "hub"))


def edit(old: str, new: str, file: str = "hub.txt") -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / file
        text = path.read_text()
        assert re.search(old, text, re.MULTILINE), f"{old} is not in {file}"
        path.write_text(re.sub(old, new, text, count=1, flags=re.MULTILINE))

    return change


def in_track(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Change one line of one track; `new` may be several lines."""

    def change(folder: Path) -> None:
        path = folder / "hub.txt"
        blocks = path.read_text().split("\n\n")
        (number,) = [i for i, block in enumerate(blocks) if re.search(rf"^\s*track {name}$", block, re.MULTILINE)]
        assert re.search(old, blocks[number], re.MULTILINE), f"{old} is not in {name}"
        blocks[number] = re.sub(old, new, blocks[number], count=1, flags=re.MULTILINE)
        path.write_text("\n\n".join(blocks))

    return change


def remove(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def signal(file: str, chrom: str = "chrA", size: int = 6007, value: float = 0.5) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        write_bigwig(folder / file, {chrom: size}, {chrom: np.full(size, value, dtype=np.float32)})

    return change


def features(file: str, columns: int, index: tuple[str, ...] = ("name",)) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        table, _ = read_bigbed(folder / file)
        write_bigbed(folder / file, SIZES, table, {6: BED6, 9: BED9}[columns], index_fields=index)

    return change


def library_minus(folder: Path) -> None:
    """Write the minus strand as libBigWig does: the header's maximum is 2.2e-308."""
    with BigWigReader(folder / "small_minus.bw") as reader:
        values = {chrom: reader.values(chrom, 0, size) for chrom, size in SIZES.items()}
    with pyBigWig.open(str(folder / "small_minus.bw"), "w") as file:
        file.addHeader(list(SIZES.items()))
        for chrom, row in values.items():
            row = np.where(np.isnan(row) | (row == 0), -0.001, row)
            file.addEntries(chrom, 0, values=row.astype(np.float64), span=1, step=1)


def truncated(file: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / file
        path.write_bytes(path.read_bytes()[:-200])

    return change


def three_files(folder: Path) -> None:
    blocks = (folder / "hub.txt").read_text().replace("useOneFile on", "genomesFile genomes.txt").split("\n\n")
    (folder / "hub.txt").write_text("\n\n".join(blocks[:2]))
    (folder / "genomes.txt").write_text(blocks[2] + "\ntrackDb trackDb.txt\n")
    (folder / "trackDb.txt").write_text("\n\n".join(blocks[3:]))


def foreign_alias(folder: Path) -> None:
    table = pd.DataFrame({"chrom": ["chrZ"], "chromStart": [0], "chromEnd": [10], "name": ["z"]})
    write_bigbed(folder / "chromAlias.bb", {"chrZ": 10}, table, BED6.__class__("a", "b", BED6.fields[:4], 4))


PLUS, MINUS, CALLED = "small_plus", "small_minus", "small_called_tss"
MUTANTS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    # name: what is done, the code of the fault, the track it is in
    "no hub line": (edit("^hub .*\n", ""), "no-hub", ""),
    "comment before the hub": (edit(r"\A", "# a remark\n"), "first-line", ""),
    "no email": (edit("^email .*\n", ""), "missing-email", ""),
    "no hub short label": (edit("^shortLabel .*\n", ""), "missing-shortLabel", ""),
    "no hub long label": (edit("^longLabel .*\n", ""), "missing-longLabel", ""),
    "no description url": (edit("^descriptionUrl .*\n", ""), "missing-descriptionUrl", ""),
    "description page missing": (remove("pages/hub.html"), "missing-descriptionUrl", ""),
    "neither one file nor three": (edit("^useOneFile on\n", ""), "use-one-file", ""),
    "three files": (three_files, "three-files", ""),
    "genomes file missing": (edit("^useOneFile on", "genomesFile nowhere.txt"), "missing-genomesFile", ""),
    "no genome": (edit("^genome [^\n]*\n(.+\n)+", ""), "no-genome", ""),
    "two genomes": (edit(r"\Z", "\n\ngenome other\ntwoBitPath small.2bit\n"), "second-genome", ""),
    "2bit missing": (remove("small.2bit"), "twobit", ""),
    "2bit is something else": (lambda f: shutil.copy(f / "chrom.sizes", f / "small.2bit"), "twobit", ""),
    "2bit cut short": (lambda f: (f / "small.2bit").write_bytes((f / "small.2bit").read_bytes()[:30]), "twobit", ""),
    "no organism": (edit("^organism .*\n", ""), "missing-organism", ""),
    "no default position": (edit("^defaultPos .*\n", ""), "missing-defaultPos", ""),
    "default position past the end": (edit("^defaultPos .*", "defaultPos chrA:6000-6100"), "default-position", ""),
    "default position elsewhere": (edit("^defaultPos .*", "defaultPos chrB:1-100"), "default-position", ""),
    "default position not one": (edit("^defaultPos .*", "defaultPos somewhere"), "default-position", ""),
    "chrom sizes missing": (remove("chrom.sizes"), "missing-chromSizes", ""),
    "chrom sizes of another genome": (edit("6007", "6008", "chrom.sizes"), "chrom-sizes", ""),
    "chrom sizes in one column": (edit("\t", " ", "chrom.sizes"), "chrom-sizes", ""),
    "alias bigBed missing": (remove("chromAlias.bb"), "missing-chromAliasBb", ""),
    "alias bigBed of another genome": (foreign_alias, "alias", ""),
    "alias as text only": (edit("^chromAliasBb .*", "chromAlias chromAlias.txt"), "plain-alias", ""),
    "alias text missing": (edit("^chromAliasBb .*", "chromAlias nowhere.txt"), "missing-chromAlias", ""),
    "genome page missing": (remove("pages/genome.html"), "missing-htmlPath", ""),
    "no genome page": (edit("^htmlPath .*\n", ""), "missing-htmlPath", ""),
    "groups file missing": (remove("groups.txt"), "missing-groups", ""),
    "group without a label": (edit("^label .*\n", "", "groups.txt"), "group", ""),
    "group twice": (edit(r"\Z", "\nname curated\nlabel a\npriority 9\n", "groups.txt"), "group", ""),
    "group not in groups.txt": (in_track("curated", "group curated", "group nowhere"), "unknown-group", "curated"),
    "track twice": (edit("^track pseudogenes", "track genes"), "duplicate-track", "genes"),
    "space in a track name": (edit("^track genes", "track my genes"), "track-name", "my"),
    "dot in a track name": (edit("^track genes", "track my.genes"), "track-name", "my.genes"),
    "digit first in a track name": (edit("^track genes", "track 2genes"), "track-name", "2genes"),
    "no short label": (in_track("genes", "^shortLabel .*\n", ""), "missing-shortLabel", "genes"),
    "no long label": (in_track("genes", "^longLabel .*\n", ""), "missing-longLabel", "genes"),
    "short label of 40": (in_track("genes", "^shortLabel .*", "shortLabel " + "x" * 40), "long-label", "genes"),
    "markup in a label": (in_track("genes", "^shortLabel .*", "shortLabel <b>G</b>"), "markup", "genes"),
    "no track page": (in_track("genes", "\nhtml .*", ""), "missing-html", "genes"),
    "track page missing": (remove("pages/genes.html"), "missing-html", "genes"),
    "bigWig missing": (remove("small_plus.bw"), "missing-data", PLUS),
    "bigBed missing": (remove("genes.bb"), "missing-data", "genes"),
    "no bigDataUrl": (in_track("genes", "^bigDataUrl .*\n", ""), "missing-data", "genes"),
    "data outside the hub": (in_track("genes", "^bigDataUrl .*", "bigDataUrl ../x.bb"), "outside", "genes"),
    "BAM without index": (remove("reads.bam.bai"), "missing-index", "reads"),
    "unknown parent": (in_track(PLUS, "parent predictions_strands", "parent nobody"), "unknown-parent", PLUS),
    "parent holds nothing": (in_track(PLUS, "parent predictions_strands", "parent genes"), "unknown-parent", PLUS),
    "composite without children": (
        edit(
            r"\Z",
            "\n\ntrack lone\ncompositeTrack on\nshortLabel a\nlongLabel a\ntype bigWig 0 1\nhtml pages/genes.html\n",
        ),
        "no-children",
        "lone",
    ),
    "overlay of one": (
        edit(r"^    parent predictions_small_mirror\n", "    parent predictions_strands on\n"),
        "one-child",
        "predictions_small_mirror",
    ),
    "subgroups not said": (in_track(PLUS, "^ *subGroups .*\n", ""), "subgroup", PLUS),
    "subgroups not declared": (edit("^subGroup1 .*\n", ""), "subgroup", PLUS),
    "subgroup value not declared": (in_track(PLUS, "strand=plus", "strand=up"), "subgroup", PLUS),
    "dimension not declared": (
        edit("^dimensions dimX=strand", "dimensions dimX=cell"),
        "subgroup",
        "predictions_strands",
    ),
    "sort order not declared": (edit("^sortOrder strand", "sortOrder cell"), "subgroup", "predictions_strands"),
    "type of the child left out": (in_track(PLUS, "^ *type .*\n", ""), "missing-type", PLUS),
    "type bed": (in_track("genes", "^type .*", "type bed 9"), "type", "genes"),
    "type bigWig on a bigBed": (in_track("genes", "^type .*", "type bigWig"), "data", "genes"),
    "type bigBed on a bigWig": (in_track(PLUS, "type .*", "type bigBed 9"), "data", PLUS),
    "type range upside down": (in_track(PLUS, "type bigWig 0 1", "type bigWig 1 0"), "type", PLUS),
    "bigBed 12 for 9 + more": (in_track("genes", "^type .*", "type bigBed 12"), "type-columns", "genes"),
    "bigBed 9+ without a space": (in_track("genes", "^type .*", "type bigBed 9+"), "type-columns", "genes"),
    "bigBed with too many columns": (in_track("genes", "^type .*", "type bigBed 11 +"), "type-columns", "genes"),
    "bigBed 9 without the plus": (in_track("genes", "^type .*", "type bigBed 9"), "type-columns", "genes"),
    "bigBed without a number": (in_track("genes", "^type .*", "type bigBed"), "type-columns", "genes"),
    "filter on no column": (in_track(CALLED, r"\Z", "\nfilter.prob 0"), "unknown-column", CALLED),
    "filter values on no column": (in_track(CALLED, r"\Z", "\nfilterValues.src a,b"), "unknown-column", CALLED),
    "mouse over of no column": (in_track(CALLED, "^mouseOver .*", "mouseOver $name $prob"), "unknown-column", CALLED),
    "label of no column": (in_track(CALLED, "^labelFields .*", "labelFields name,prob"), "unknown-column", CALLED),
    "link of no column": (in_track(CALLED, r"\Z", '\nurls gene="https://x/$$"'), "unknown-column", CALLED),
    "search in no column": (in_track(CALLED, "^searchIndex .*", "searchIndex symbol"), "unknown-column", CALLED),
    "search without an index": (in_track("genes", "^searchIndex .*", "searchIndex geneName"), "no-index", "genes"),
    "no index at all": (features("genes.bb", 9, ()), "no-index", "genes"),
    "trix missing": (remove("genes.ix"), "missing-trix", "genes"),
    "second trix file missing": (remove("genes.ixx"), "missing-trix", "genes"),
    "colours without their column": (features("genes.bb", 6), "item-rgb", "genes"),
    "misspelt setting": (in_track("genes", "^itemRgb on", "itemRGB on"), "unknown-setting", "genes"),
    "unknown setting": (in_track("genes", r"\Z", "\nfoo bar"), "unknown-setting", "genes"),
    "misspelt genome setting": (edit("^organism", "organsim"), "unknown-setting", ""),
    "setting twice": (in_track("genes", "^visibility .*", "visibility pack\nvisibility full"), "twice", "genes"),
    "setting without a value": (in_track("genes", "^visibility .*", "visibility"), "no-value", "genes"),
    "block of no kind": (edit(r"\Z", "\n\nshortLabel alone\n"), "unknown-block", ""),
    "visibility of no kind": (in_track("genes", "^visibility .*", "visibility shown"), "value", "genes"),
    "windowing of no kind": (in_track(PLUS, "windowingFunction .*", "windowingFunction max"), "value", PLUS),
    "aggregate of no kind": (edit("^aggregate .*", "aggregate overlay"), "value", "predictions_small_mirror"),
    "height of no kind": (in_track(PLUS, "maxHeightPixels .*", "maxHeightPixels tall"), "value", PLUS),
    "priority of no kind": (in_track("genes", "^priority .*", "priority first"), "value", "genes"),
    "hex colour": (in_track(PLUS, "  color .*", "  color #0072b2"), "color", PLUS),
    "colour past 255": (in_track(PLUS, "  color .*", "  color 0,114,999"), "color", PLUS),
    "group scale on a subtrack": (in_track(PLUS, r"\Z", "\n    autoScale group"), "autoscale-group", PLUS),
    "negated by setting": (in_track(PLUS, r"\Z", "\n    negateValues on"), "negate-values", PLUS),
    "limits upside down": (in_track(PLUS, "viewLimits .*", "viewLimits 1:0"), "view-limits", PLUS),
    "limits without a colon": (in_track(PLUS, "viewLimits .*", "viewLimits 1"), "view-limits", PLUS),
    "limits with a fraction": (in_track(PLUS, "viewLimits .*", "viewLimits 0:0.5"), "fractional-limits", PLUS),
    "limits that miss the data": (in_track(PLUS, "viewLimits .*", "viewLimits 5:10"), "limits-miss-data", PLUS),
    "bigWig of another genome": (signal("small_plus.bw", "chrZ"), "foreign-chrom", PLUS),
    "bigWig longer than the genome": (signal("small_plus.bw", size=6100), "chrom-length", PLUS),
    "bigWig all zero": (signal("small_plus.bw", value=0.0), "empty", PLUS),
    "bigWig cut short": (truncated("small_plus.bw"), "data", PLUS),
    "bigBed cut short": (truncated("genes.bb"), "data", "genes"),
    "minus strand stored positive": (signal("small_minus.bw"), "strand-sign", MINUS),
    "header maximum of libBigWig": (library_minus, "header-range", MINUS),
}


def test_a_built_hub_has_no_fault(good_hub: Path) -> None:
    assert check_hub(good_hub) == []
    assert check_hub(good_hub / "hub.txt") == []


def test_line_ends_and_tabs_are_no_faults(broken: Path) -> None:
    text = (broken / "hub.txt").read_text()
    (broken / "hub.txt").write_bytes(
        re.sub(r"^(\s*\w+) ", "\\1\t", text, flags=re.MULTILINE).replace("\n", "\r\n").encode()
    )
    assert check_hub(broken) == []


@pytest.mark.parametrize("name", MUTANTS)
def test_broken_hub_is_named(broken: Path, name: str) -> None:
    change, code, track = MUTANTS[name]
    change(broken)
    found = [fault for fault in check_hub(broken) if fault.code == code and fault.track == track]
    assert found, [str(fault) for fault in check_hub(broken)]
    assert all(fault.mend and fault.problem and "\n" not in str(fault) for fault in found)
    text = (broken / found[0].file).read_bytes() if (broken / found[0].file).exists() else b""
    assert 0 <= found[0].line <= text.count(b"\n") + 1


def test_faults_say_file_line_track_and_mend(broken: Path) -> None:
    MUTANTS["misspelt setting"][0](broken)
    (fault,) = check_hub(broken)
    line = (broken / "hub.txt").read_text().splitlines().index("itemRGB on") + 1
    assert str(fault) == (
        f"hub.txt:{line}: track genes: no browser knows the setting itemRGB (did you mean itemRgb?) [unknown-setting]"
    )


def test_cli_lists_faults_as_lines_and_as_json(broken: Path, good_hub: Path) -> None:
    assert CliRunner().invoke(hub_command, ["check", str(good_hub)]).exit_code == 0
    MUTANTS["hex colour"][0](broken)
    lines = CliRunner().invoke(hub_command, ["check", str(broken)])
    assert lines.exit_code == 1
    assert lines.stdout.count("\n") == 1
    records = json.loads(CliRunner().invoke(hub_command, ["check", "--json", str(broken)]).stdout)
    assert [(record["code"], record["track"], record["file"]) for record in records] == [("color", PLUS, "hub.txt")]


def test_no_hub_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no hub\.txt"):
        check_hub(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        check_hub(tmp_path / "nowhere")


def test_a_served_hub_has_no_fault_and_its_mutants_do(good_hub: Path, broken: Path) -> None:
    with serving(good_hub) as address:
        assert check_hub(f"{address}/hub.txt") == []
    MUTANTS["bigWig missing"][0](broken)
    with serving(broken) as address:
        assert {fault.code for fault in check_hub(address)} == {"missing-data"}
        with pytest.raises(InputError, match="cannot be fetched"):
            check_hub(f"{address}/nowhere.txt")


@pytest.fixture
def plain_server(good_hub: Path) -> Iterator[str]:
    """A server such as `python -m http.server`: no byte ranges, no CORS."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(good_hub))  # type: ignore[arg-type]

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_server_without_ranges_and_cors_is_named(plain_server: str) -> None:
    assert {fault.code for fault in check_hub(f"{plain_server}/hub.txt")} == {"no-ranges", "no-cors"}
