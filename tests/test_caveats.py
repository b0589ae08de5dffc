"""What is doubtful about a prediction is said in every file that others may get of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from runs import CALIBRATION, letters, settings_of, write_fasta
from test_host import conditioned
from tracktools import Contig, Genome, design_changes, load_model, mutate_sites, mutate_variants
from tracktools.arrays import Letters
from tracktools.bundle import load_bundle
from tracktools.config import EvaluateConfig
from tracktools.contribute import compute_contributions
from tracktools.engine.caveats import caveats_of
from tracktools.engine.host import set_to_host
from tracktools.evaluate import ScopeOptions, SignalInput, evaluate_tracks
from tracktools.formats.bed import CALLED_TSS, read_bed, read_bed_head
from tracktools.hub.build import build_hub
from tracktools.hub.clients.view import build_view
from tracktools.model.checkpoint import save_checkpoint, set_to_genome
from tracktools.pipeline.predict_hub import Inputs, predict_and_build
from tracktools.splits import Region, Split
from tracktools.tracks import read_provenance

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


def test_every_command_that_asks_a_model_keeps_them(tmp_path: Path) -> None:
    genome = Genome("g", (Contig("c", letters(3_000, 8)),))
    fasta, far = write_fasta(tmp_path / "g.fa", genome), conditioned(tmp_path, far=0.01)
    assert far.path is not None
    (tmp_path / "tss.bed").write_text("c\t1000\t1001\tt\t0\t+\n")
    settings, told = settings_of(), "unlike all 2 that the model learnt"
    given = {"model": far, "config": settings}
    mutate_sites(genome, tmp_path / "tss.bed", tmp_path / "at", **given)
    variants = mutate_variants(genome, [f"c:1000:{chr(genome['c'].letters[999])}>A"], tmp_path / "vcf", **given)
    design_changes(genome, tmp_path / "from", tss=(1_000, "+"), **given)
    compute_contributions(genome, tmp_path / "tss.bed", tmp_path / "contribute", **given)
    for folder in ("at", "vcf", "from", "contribute"):
        assert told in " ".join(read_provenance(tmp_path / folder)["warnings"]), folder
    head = [one for one in variants.vcf.read_text().splitlines() if one.startswith("##tracktoolsMutateWarning=")]
    assert len(head) == 2
    assert told in head[1]
    evaluate_tracks(
        SignalInput(far.path), {"a": tmp_path / "tss.bed"}, tmp_path / "scores", wanted=ScopeOptions(genome=fasta),
        config=EvaluateConfig(region="all", resamples=10), predict=settings,
    )  # fmt: skip
    assert told in " ".join(read_provenance(tmp_path / "scores")["parameters"]["warnings"])


def test_a_short_sequence_is_told_once_what_to_do() -> None:
    model, said = load_model("bacteria-tss"), {}
    for length in (600, 40_000):
        genome = Genome("p", (Contig("p", letters(length, 8)),))
        said[length] = caveats_of(genome, set_to_host(model, genome))
        assert sum("--descriptor-of" in one for one in said[length]) == 1
        assert "no genes can be found" in said[length][0]
        assert "threshold" not in said[length][0]  # those of an unknown genome are for output without genes, too
    assert "composition to be that of the main genome" in said[600][0]
    assert "composition may differ" in said[40_000][0]
    genome = Genome("p", (Contig("p", letters(40_000, 8)),))
    known = replace(model.metadata, split=Split((Region(genome["p"].sequence_sha256, 0, 9, "train"),)).to_records())
    told = caveats_of(genome, replace(set_to_host(model, genome), metadata=known))
    assert "threshold and expected precision are for output that does" in told[0]


def gc_letters(length: int, seed: int, gc: float) -> Letters:
    share = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return np.random.default_rng(seed).choice(np.frombuffer(b"ACGT", dtype=np.uint8), length, p=share)


def test_two_organisms_in_one_file_are_noticed() -> None:
    """Of pieces of 100 kb of 13 real genomes, 1 in 100 is more than 0.55 from the rest of its own, and none 0.65."""
    model = load_model("bacteria-tss")
    one, same, other = (
        Contig(n, gc_letters(110_000, s, gc)) for n, s, gc in (("a", 1, 0.3), ("b", 2, 0.3), ("c", 3, 0.7))
    )
    short = Contig("s", other.letters[:90_000])

    def said(*contigs: Contig) -> list[str]:
        genome = Genome("g", contigs)
        described = set_to_genome(model, genome.descriptor)
        return [line for line in caveats_of(genome, described) if "different organisms" in line]

    assert said(one, same) == said(one) == said(one, short) == []
    (line,) = said(one, same, other)
    assert line.startswith("the composition of c is unlike that of most of the genome")
    assert said(one, replace(other, letters=other.letters[:109_000]))[0].startswith("the composition of c is unlike")


def test_contributions_are_the_same_without_genes_and_are_not_doubted_for_it() -> None:
    plasmid = Genome("p", (Contig("p", letters(40_000, 8)),))
    model = set_to_host(load_model("bacteria-tss"), plasmid)
    assert [any("genes" in one for one in caveats_of(plasmid, model, genes_matter=do)) for do in (True, False)] == [
        True,
        False,
    ]


def test_a_map_of_another_genome_calibrates_nothing(tmp_path: Path) -> None:
    genome = Genome("g", (Contig("c", letters(3_000, 8)),))
    fasta, model = write_fasta(tmp_path / "g.fa", genome), conditioned(tmp_path)
    (tmp_path / "tss.bed").write_text("c\t1000\t1001\tt\t0\t+\n")
    expected = {name: [0.1, 0.5] for name in ("output", "precision", "low", "high")} | {"target": 0.45}
    split = Split((Region(genome["c"].sequence_sha256, 0, 400, "train"),)).to_records()
    for name, own, empty in (("own", split, False), ("abroad", [], True)):
        metadata = replace(model.metadata, calibration=CALIBRATION, expected_precision=expected, split=own)
        save_checkpoint(tmp_path / f"{name}.safetensors", model.model, metadata)
        made = evaluate_tracks(
            SignalInput(tmp_path / f"{name}.safetensors"), {"a": tmp_path / "tss.bed"}, tmp_path / name,
            wanted=ScopeOptions(genome=fasta), config=EvaluateConfig(region="all", resamples=10), predict=settings_of(),
        )  # fmt: skip
        assert made.calibration["calibrated"].isna().all() == empty


def test_on_its_own_genome_a_model_has_none() -> None:
    assert caveats_of(load_bundle().load_genome(), load_model("ecoli-tss-dilated")) == ()
