"""What is doubtful about a prediction is said in every file that others may get of it."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from tracktools import load_model
from tracktools.bundle import load_bundle
from tracktools.formats.bed import CALLED_TSS, read_bed, read_bed_head
from tracktools.hub.build import build_hub
from tracktools.hub.clients.view import build_view
from tracktools.pipeline.predict_hub import Inputs, predict_and_build
from tracktools.predict.caveats import caveats_of

ANOTHER_GENOME = "this is another genome than the one that the model was trained on (Escherichia coli"
THRESHOLD = "the threshold of the called TSS and the calibrated probabilities were set on the training genome"
GC = "the GC content is 30."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prediction, and its hub, of a genome that is not the one of the model, and of less G and C."""
    folder = tmp_path_factory.mktemp("another")
    letters = np.random.default_rng(1).choice(list("ACGT"), 6_000, p=[0.35, 0.15, 0.15, 0.35])
    (folder / "other.fa").write_text(">other\n" + "".join(letters) + "\n")
    inputs = Inputs(folder / "other.fa", model="ecoli-tss-dilated")
    predict_and_build(inputs, folder / "predictions", hub=folder / "hub")
    return folder


def text_of(page: Path) -> str:
    """What a reader sees of a web page, in lower case."""
    text = re.sub(r"(?s)<(script|style).*?</\1>", " ", page.read_text())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).lower().split())


def test_provenance_has_them_in_plain_words(folder: Path) -> None:
    warnings = json.loads((folder / "predictions/provenance.json").read_text())["warnings"]
    assert [warning.startswith(start) for warning, start in zip(warnings, (ANOTHER_GENOME, THRESHOLD, GC), strict=True)]
    assert "how well it predicts here is not known" in warnings[0]
    assert "do not carry over" in warnings[1]
    assert "expect more TSS to be called than there are" in warnings[2]


def test_the_header_of_the_called_tss_has_them_and_it_is_still_read(folder: Path) -> None:
    bed = folder / "predictions/other.called_tss.bed"
    lines = bed.read_text().splitlines()
    assert lines[0].startswith("# Made by: model ecoli-tss-dilated (sha256 ")
    assert [line.startswith("# Warning: ") for line in lines[1:5]] == [True, True, True, False]
    assert lines[4].startswith("#chrom\tchromStart\t")
    assert [ANOTHER_GENOME in lines[1], THRESHOLD in lines[2], GC in lines[3]] == [True] * 3
    assert len(read_bed(bed)[0]) == len(lines) - 5


@pytest.mark.parametrize(
    "page", ["other_plus", "other_minus", "other_called_tss", "predictions_strands", "hub", "../index"]
)
def test_track_descriptions_and_the_pages_of_the_hub_have_them(folder: Path, page: str) -> None:
    text = text_of(folder / f"hub/pages/{page}.html")
    for sentence in json.loads((folder / "predictions/provenance.json").read_text())["warnings"]:
        assert text.count(sentence.lower()) == 1, sentence


def test_the_hub_keeps_them_in_its_own_provenance_and_the_one_file_view_shows_them(
    folder: Path, tmp_path: Path
) -> None:
    warnings = json.loads((folder / "hub/provenance.json").read_text())["warnings"]
    assert len(warnings) == 3
    script = tmp_path / "igv.min.js"
    script.write_text("var igv = {createBrowser: null}")
    view = build_view(folder / "hub", tmp_path / "view.html", igv_js=script)
    assert all(warning.lower() in text_of(view.path) for warning in warnings)


def test_a_bed_that_is_handed_on_alone_brings_them_to_another_hub(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "calls.bed"
    alone.write_bytes((folder / "predictions/other.called_tss.bed").read_bytes())
    columns, warnings = read_bed_head(alone)
    assert (columns, len(warnings)) == (CALLED_TSS.columns, 3)
    built = build_hub([alone], tmp_path / "hub", genome=folder / "other.fa")
    assert ANOTHER_GENOME.lower() in text_of(built.folder / "pages/hub.html")


def test_on_its_own_genome_a_model_has_none() -> None:
    assert caveats_of(load_bundle().load_genome(), load_model("ecoli-tss-dilated")) == ()
