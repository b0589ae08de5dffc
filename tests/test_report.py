"""The report: what folders hold is in it, what they lack is not; one file, nothing from the network, nothing run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from hubs import write_small_inputs
from tracktools.answers.confirm import confirm_folder
from tracktools.cli import tracktools
from tracktools.errors import ConfigError, InputError, OutputNotEmpty
from tracktools.formats.bed import CALLED_TSS, write_bed
from tracktools.hub.build import build_hub
from tracktools.report import make_report, report_text
from tracktools.tracks import Track, write_provenance, write_tracks

SHA = "ab" * 32


def predictions(
    folder: Path,
    calls: int = 4,
    *,
    warnings: tuple[str, ...] = (),
    sha: str = SHA,
    expected: tuple[float, float, float] = (float("nan"),) * 3,
) -> Path:
    """Write a folder as predict leaves it: calls on the plus strand, one on the minus; half of them to be right."""
    import pandas as pd

    folder.mkdir(parents=True)
    at = [10 * (number + 1) for number in range(calls)]
    table = pd.DataFrame(
        {
            "chrom": "chr", "chromStart": at, "chromEnd": [base + 1 for base in at],
            "name": [f"c{base}" for base in at],
            "score": 500, "strand": ["+"] * (calls - 1) + ["-"] * (calls > 0),
            "modelOutput": [0.3 + base / 1e4 for base in at], "calibrated": 0.5,
            "split": "none", "expectedPrecision": expected[0], "expectedPrecisionLow": expected[1],
            "expectedPrecisionHigh": expected[2],
        },
        columns=list(CALLED_TSS.columns),
    )  # fmt: skip
    bed = folder / "g.called_tss.bed"
    write_bed(bed, table, CALLED_TSS)
    for name in ("g.plus.bw", "g.minus.bw"):
        (folder / name).write_bytes(b"")
    write_tracks(folder, [Track(name="calls", path=bed, format="bed")] if calls else [])
    made_of = {"name": "g", "sha256": sha, "bases": 400}
    write_provenance(folder, started=0, genome=made_of, model={"name": "m", "sha256": SHA}, warnings=warnings)
    return folder


def confirmation(folder: Path, predicted: Path) -> Path:
    genome = folder.parent / "g.fa"
    genome.write_text(">chr\n" + "ACGT" * 100 + "\n")
    measured = folder.parent / "m.bed"
    measured.write_text("chr\t12\t13\tx\t1\t+\nchr\t200\t201\ty\t1\t-\n")
    confirm_folder(predicted / "g.called_tss.bed", {"rna": measured}, genome, folder)
    return folder


class Page(HTMLParser):
    """What a browser would see: headings, words, pictures, addresses."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_calls_and_confirmation_are_told_and_drawn(tmp_path: Path) -> None:
    first = predictions(tmp_path / "p")
    made = make_report([first, confirmation(tmp_path / "c", first)], tmp_path / "r.html")
    page = Page(made.page)
    assert made.sections == ["Called TSS", "Confirmation by measured TSS"]
    assert "4 TSS are called, 3 on the plus strand and 1 on the minus strand" in page.words
    assert "Of 4 calls about 2 (50%) are expected" in page.words
    assert "1 of 4 predictions (25%) have a measured TSS within 5 nt" in page.words
    assert "of 2 measured TSS (50%) are found" in page.words
    assert SHA in page.words
    assert "Genome g, 400 bp" in page.words
    assert len(page.all("img")) == 2
    assert all(picture["alt"] for picture in page.all("img"))


def test_the_expected_share_has_its_interval(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "p", 10, expected=(0.5, 0.2, 0.75))
    words = Page(make_report([folder], tmp_path / "r.html").page).words
    assert "Of 10 calls about 5 (50%) are expected to be right (from 20% to 75%: species differ), judged by" in words


def test_the_page_needs_no_other_file(tmp_path: Path) -> None:
    made = make_report([predictions(tmp_path / "p")], tmp_path / "r.html")
    page = Page(made.page)
    assert not page.all("script")
    sources = [
        str(attributes.get(name)) for _, attributes in page.tags for name in ("src", "href") if name in attributes
    ]
    assert sources
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert "url(" not in made.page.read_text()
    assert "@media print" in made.page.read_text()


def test_links_of_the_page_lead_to_its_sections(tmp_path: Path) -> None:
    made = make_report([predictions(tmp_path / "p"), predictions(tmp_path / "q")], tmp_path / "r.html")
    page = Page(made.page)
    names = {attributes.get("id") for _, attributes in page.tags}
    links = [str(link["href"]) for link in page.all("a")]
    assert len(links) == len(set(links)) == 3
    assert {link[1:] for link in links} <= names
    assert made.sections == ["Called TSS: p", "Called TSS: q"]


def test_warnings_come_first_and_once_and_several_genomes_are_one(tmp_path: Path) -> None:
    folders = [
        predictions(tmp_path / "p", warnings=("another species than the model knows",)),
        predictions(tmp_path / "q", warnings=("another species than the model knows",), sha="cd" * 32),
    ]
    words = Page(make_report(folders, tmp_path / "r.html").page).words
    assert words.count("nother species than the model knows") == 1
    assert words.index("nother species") < words.index("Called TSS: p")
    assert "hese folders are of 2 genomes" in words


def test_nothing_called_is_said(tmp_path: Path) -> None:
    assert "No TSS is called." in Page(make_report([predictions(tmp_path / "p", 0)], tmp_path / "r.html").page).words


def test_a_folder_of_folders_is_looked_through_and_an_unknown_one_is_named(tmp_path: Path) -> None:
    predictions(tmp_path / "demo" / "deep" / "p")
    (tmp_path / "<b>mine").mkdir()
    (tmp_path / "adapted").mkdir()
    write_provenance(tmp_path / "adapted", started=0)
    result = CliRunner().invoke(
        tracktools,
        [
            "report",
            str(tmp_path / "demo"),
            str(tmp_path / "<b>mine"),
            str(tmp_path / "adapted"),
            "-o",
            str(tmp_path / "r.html"),
        ],
    )
    assert result.exit_code == 0, result.output
    assert "<b>mine: no tracktools command wrote this" in result.output
    assert "adapted: a report has no section for this kind of folder" in result.output
    page = Page(tmp_path / "r.html")
    assert "<b>mine" in page.words
    assert not page.all("b")


def test_text_of_files_is_shown_and_never_run(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "p", warnings=("<script>alert(1)</script>",))
    page = Page(make_report([folder], tmp_path / "r.html", title="<img src=x onerror=alert(1)>").page)
    assert not page.all("script")
    assert all(str(picture["src"]).startswith("data:image/png") for picture in page.all("img"))
    assert "script>alert(1)</script>" in page.words


def test_multiqc_gets_the_numbers_of_the_page(tmp_path: Path) -> None:
    first = predictions(tmp_path / "p")
    made = make_report([first, confirmation(tmp_path / "c", first)], tmp_path / "r.html")
    content = json.loads(made.multiqc.read_text())
    assert made.multiqc.name == "r_mqc.json"
    assert content["plot_type"] == "table"
    assert set(content["headers"]) == set(content["data"]["g"])
    expected = {"called_tss": 4, "expected_precision": 0.5, "confirmed": 1, "predicted_only": 3, "measured_only": 1}
    assert content["data"]["g"] == expected


def test_what_is_no_folder_of_a_command_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no tracktools command wrote this"):
        make_report([tmp_path / "empty"], tmp_path / "r.html")
    with pytest.raises(InputError, match="is no folder"):
        make_report([tmp_path / "absent"], tmp_path / "r.html")
    with pytest.raises(ConfigError, match=r"name it \*\.html"):
        make_report([predictions(tmp_path / "p")], tmp_path / "r.txt")
    assert not list(tmp_path.glob("r*"))


@pytest.mark.parametrize(
    ("name", "old", "new"), [("bins.tsv", "recall", "recoil"), ("bins.tsv", r"\n((?:\S+\t){4})\S+", r"\n\1x")]
)
def test_a_damaged_table_is_one_line_and_nothing_is_written(tmp_path: Path, name: str, old: str, new: str) -> None:
    folder = confirmation(tmp_path / "c", predictions(tmp_path / "p", 30))
    rows = (folder / name).read_text()
    assert re.search(old, rows)
    (folder / name).write_text(re.sub(old, new, rows))
    with pytest.raises(InputError, match=r"lacks the column 'recall'|no number"):
        make_report([folder], tmp_path / "r.html")
    assert not list(tmp_path.glob("r*"))


def test_a_page_that_is_there_stays_without_force(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "p")
    make_report([folder], tmp_path / "r.html")
    with pytest.raises(OutputNotEmpty):
        make_report([folder], tmp_path / "r.html")
    make_report([folder], tmp_path / "r.html", force=True)


def test_what_a_killed_report_left_is_no_obstacle_and_a_users_file_is(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "p")
    figures = make_report([folder], tmp_path / "r.html").multiqc
    (tmp_path / "r.html").unlink()
    assert make_report([folder], tmp_path / "r.html").page.is_file()
    (tmp_path / "r.html").unlink()
    figures.write_text("mine")
    with pytest.raises(OutputNotEmpty, match="_mqc"):
        make_report([folder], tmp_path / "r.html")
    assert figures.read_text() == "mine"


def test_a_hub_holds_the_report_of_its_predictions(tmp_path: Path) -> None:
    inputs = write_small_inputs(tmp_path / "in")
    text = report_text([predictions(tmp_path / "p")])
    hub = tmp_path / "hub"
    build_hub([inputs["predictions"]], hub, genome=inputs["genome"], report=text)
    assert (hub / "report.html").read_text() == text
    assert 'href="report.html"' in (hub / "index.html").read_text()
    assert str(tmp_path) not in text
    build_hub([inputs["predictions"]], tmp_path / "without", genome=inputs["genome"])
    assert "report.html" not in (tmp_path / "without" / "index.html").read_text()
