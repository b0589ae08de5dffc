"""The genes that the model took into account are a file of the prediction, and a track of its hub."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runs import GENOME, checkpoint_of, files_of, killed_predict, settings_of
from test_gene_context import TABLE
from tracktools.engine import host
from tracktools.errors import InputError
from tracktools.formats.bed import read_bed
from tracktools.formats.json_file import json_bytes, sealed
from tracktools.gene_finder import FoundGenes
from tracktools.hub.build import build_hub
from tracktools.hub.check import check_hub
from tracktools.hub.model import Hub
from tracktools.model.checkpoint import Checkpoint
from tracktools.predict import Prediction, Shard, merge_shards, predict_genome, predict_shard, read_selection
from tracktools.predict.found_genes import GeneList
from tracktools.regions import place_annotation

GENES = {  # 0-based, half-open; the last crosses the origin of the circle
    "linear": [(0, 301, "+", 99.99), (297, 900, "-", 50.0), (1500, 1777, "-", 87.65)],
    "circle": [(200, 500, "+", 100.0), (1100, 1301, "-", 72.5)],
}
ROWS = [  # as a reader of BED sees them, by name of the contig
    ("circle", 0, 100, "gene_5", 725, "-"),
    ("circle", 200, 500, "gene_4", 1000, "+"),
    ("circle", 1100, 1201, "gene_5", 725, "-"),
    ("linear", 0, 301, "gene_1", 1000, "+"),
    ("linear", 297, 900, "gene_2", 500, "-"),
    ("linear", 1500, 1777, "gene_3", 876, "-"),
]


def found_in(name: str, genes: dict[str, list[tuple[int, int, str, float]]]) -> FoundGenes:
    rows = genes.get(name, [])
    starts, ends = (np.array([row[n] for row in rows], dtype=np.int64) for n in (0, 1))
    forward = np.array([row[2] == "+" for row in rows], dtype=bool)
    return FoundGenes(starts, ends, forward, np.ones(len(rows), dtype=bool), np.array([row[3] for row in rows]))


def checkpoint() -> Checkpoint:
    """A model that takes genes into account."""
    plain = checkpoint_of()
    return replace(plain, metadata=replace(plain.metadata, gene_context=TABLE.to_record()))


@pytest.fixture(scope="module", autouse=True)
def _genes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host, "find_genes", lambda genome, _host: tuple(found_in(c.name, GENES) for c in genome))
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, _genes: None) -> Prediction:
    return predict_genome(GENOME, tmp_path_factory.mktemp("whole") / "out", model=checkpoint(), config=settings_of())


def test_the_file_has_every_gene_to_the_base_and_is_listed(whole: Prediction) -> None:
    assert whole.found_genes == whole.folder / "three.found_genes.bed"
    lines = [line.split("\t") for line in whole.found_genes.read_text().splitlines() if line[0] != "#"]
    assert [(c, int(s), int(e), name, int(score), strand) for c, s, e, name, score, strand, *_ in lines] == ROWS
    assert [line[-1] for line in lines] == ["72.5", "100.0", "72.5", "99.99", "50.0", "87.65"]
    placed = place_annotation(whole.found_genes, GENOME.chrom_sizes, circular=["circle"])
    read = zip(*(placed.genes[column] for column in ("chrom", "start", "end", "strand", "name")), strict=True)
    wanted = [(c, s, e, d) for c, genes in GENES.items() for s, e, d, _ in genes]
    assert sorted(read) == sorted((*gene, f"gene_{number}") for number, gene in enumerate(wanted, start=1))
    assert "three.found_genes.bed" in (whole.folder / "tracks.tsv").read_text()
    record = json.loads((whole.folder / "provenance.json").read_text())
    assert "three.found_genes.bed" in record["files"]
    assert record["parameters"]["gene_context"]["genes"] == 5


def test_shards_regions_and_a_killed_run_give_the_same_bytes(tmp_path: Path, whole: Prediction) -> None:
    model, config = checkpoint(), settings_of()
    shards = [predict_shard(GENOME, tmp_path / f"s{n}", Shard(n, 2), model=model, config=config) for n in (1, 2)]
    merged = merge_shards([shard.folder for shard in shards], tmp_path / "merged")
    assert files_of(merged.folder) == files_of(whole.folder)
    killed_predict(tmp_path / "again", 2, GENOME, model, config)
    again = predict_genome(GENOME, tmp_path / "again", model=model, config=config)
    assert files_of(again.folder) == files_of(whole.folder)
    (tmp_path / "r.bed").write_text("linear\t400\t900\n")
    regions = read_selection(tmp_path / "r.bed", GENOME)
    part = predict_genome(GENOME, tmp_path / "part", model=model, config=config, regions=regions)
    assert part.found_genes is not None
    assert whole.found_genes is not None
    assert part.found_genes.read_bytes() == whole.found_genes.read_bytes()


@pytest.mark.parametrize("found", [None, {}, "not asked"])
def test_without_genes_there_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: dict[str, list[object]] | str | None
) -> None:
    """Too little sequence; sequence without genes; and genes that nobody asks for."""
    if not isinstance(found, str):
        none = None if found is None else tuple(found_in(contig.name, {}) for contig in GENOME)
        monkeypatch.setattr(host, "find_genes", lambda *_: none)
    config = replace(settings_of(), gene_context=found != "not asked")
    made = predict_genome(GENOME, tmp_path / "out", model=checkpoint(), config=config)
    assert made.found_genes is None
    assert "found_genes" not in " ".join([*files_of(made.folder), (made.folder / "tracks.tsv").read_text()])


@pytest.mark.parametrize(
    "row",
    [
        [0, 0, 1778, "+", 99.0],
        [1, 1201, 1300, "+", 99.0],
        [4, 0, 9, "+", 99.0],
        [0, 0, 9, ".", 99.0],
        [0, 0, 9, "+", float("nan")],
        [0, 1],
    ],
)
def test_a_gene_that_is_not_on_its_contig_is_refused(row: list[object]) -> None:
    sizes = [len(contig) for contig in GENOME]
    good = [1, 1100, 1301, "-", 72.5]
    assert GeneList.from_record({"finder": "f", "rows": [good]}, sizes) == GeneList("f", (tuple(good),))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"gene|unpack"):
        GeneList.from_record({"finder": "f", "rows": [good, row]}, sizes)


def test_merge_refuses_a_shard_with_such_a_gene_in_one_line(tmp_path: Path) -> None:
    shard = predict_shard(GENOME, tmp_path / "s", Shard(1, 1), model=checkpoint(), config=settings_of())
    path = shard.folder / "manifest.json"
    record = json.loads(path.read_text())
    record["genes"]["rows"][0][2] = 9999
    path.write_bytes(json_bytes(sealed(record)))
    with pytest.raises(InputError, match="another version"):
        merge_shards([shard.folder], tmp_path / "merged")


def visibility_of(hub: Hub) -> dict[str, str]:
    return {track.name: track.visibility for track in hub if track.group == "annotation"}


def test_a_hub_shows_them_where_no_annotation_is_given(tmp_path: Path, whole: Prediction) -> None:
    built = build_hub([whole], tmp_path / "hub", genome=GENOME)
    assert check_hub(built.folder) == []
    assert visibility_of(built.hub) == {"three_found_genes": "pack"}
    for browser in ("igv/session.json", "igv/session.xml", "jbrowse/config.json"):
        assert "three_found_genes.bb" in (built.folder / browser).read_text()
    page = (built.folder / "pages" / "three_found_genes.html").read_text()
    assert "No annotation was used" in page
    assert "from the annotation" not in page
    again = tmp_path / "again.bed"
    again.write_bytes((whole.found_genes or Path()).read_bytes())
    both = build_hub([whole, again], tmp_path / "both", genome=GENOME)
    assert visibility_of(both.hub) == {"three_found_genes": "pack", "again": "hide"}


@pytest.mark.parametrize("asked", ["", "full"])
def test_next_to_an_annotation_they_are_hidden_unless_their_row_says_more(
    tmp_path: Path, whole: Prediction, asked: str
) -> None:
    gff, folder = tmp_path / "genes.gff3", Path(shutil.copytree(whole.folder, tmp_path / "out"))
    gff.write_text("##gff-version 3\nlinear\tx\tgene\t101\t900\t.\t+\t.\tID=g;Name=abcD\n")
    tracks = folder / "tracks.tsv"
    head, *rows = [line.split("\t") for line in tracks.read_text().splitlines()]
    rows[-1][head.index("visibility")] = asked
    tracks.write_text("".join("\t".join(row) + "\n" for row in [head, *rows]))
    built = build_hub([folder], tmp_path / "hub", genome=GENOME, genes=gff)
    assert check_hub(built.folder) == []
    assert visibility_of(built.hub) == {"genes": "pack", "three_found_genes": asked or "hide"}
    assert ("three_found_genes.bb" in (built.folder / "igv/session.json").read_text()) == bool(asked)
    assert "three_found_genes.bb" in (built.folder / "jbrowse/config.json").read_text()


def test_their_tags_are_no_links_to_databases(tmp_path: Path, whole: Prediction) -> None:
    (tmp_path / "texts").mkdir()
    facts = '[[assembly]]\nsequence = "linear"\nlength_bp = 1777\nlinks = {locusTag = "https://example.org/?$$"}\n'
    assert read_bed(whole.found_genes or Path())[1].columns[9:] == ("locusTag", "biotype", "prodigalConfidence")
    (tmp_path / "texts" / "assemblies.toml").write_text(facts)
    gff = tmp_path / "genes.gff3"
    gff.write_text("##gff-version 3\nlinear\tx\tgene\t101\t900\t.\t+\t.\tID=g;Name=abcD;locus_tag=b0001\n")
    built = build_hub([whole], tmp_path / "hub", genome=GENOME, genes=gff, templates=tmp_path / "texts")
    stanzas = (built.folder / "hub.txt").read_text().split("\ntrack ")
    assert [stanza.split("\n")[0] for stanza in stanzas if "example.org" in stanza] == ["genes"]
