"""The demo as a run: continued after a kill, taken when it is complete, replaced and cleaned without loss.

The whole one, on the real genome, is tests/browser/test_demo_hub.py.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from runs import GENOME, checkpoint_of, files_of, settings_of
from tracktools.bundle import Bundle
from tracktools.errors import OutputForeign, OutputNotEmpty, UnfinishedRunDiffers
from tracktools.formats.bed import write_bed
from tracktools.formats.bed_schemas import GENES
from tracktools.formats.twobit import write_twobit
from tracktools.genome import load_genome
from tracktools.pipeline import demo as module
from tracktools.pipeline import mutated
from tracktools.pipeline.demo import run_demo
from tracktools.regions import genes_to_bed, place_annotation

GFF = "##gff-version 3\nlinear\tx\tgene\t{}\t{}\t.\t+\t.\tID=g;Name=g\n"


@pytest.fixture(autouse=True)
def small_bundle(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle of a small genome, a small model, and no look at attention, which tests/test_attended.py tests."""
    home = tmp_path_factory.mktemp("bundle")
    paths = {name: home / f"{name}.bed" for name in ("genes", "pseudogenes")}
    for number, path in enumerate(paths.values()):
        (home / "a.gff3").write_text(GFF.format(100 + number, 400 + number))
        genes = place_annotation(home / "a.gff3", GENOME.chrom_sizes).genes
        write_bed(path, genes_to_bed(genes, GENOME.chrom_sizes), GENES)
    write_twobit(home / "three.2bit", ((contig.name, contig.letters) for contig in GENOME))
    circles = frozenset(contig.name for contig in GENOME if contig.circular)
    bundle = Bundle(home / "three.2bit", paths["genes"], paths["pseudogenes"], home / "none", circles)
    monkeypatch.setattr(
        Bundle, "load_genome", lambda self: load_genome(self.genome_path, circular=self.circular, name="three")
    )
    monkeypatch.setattr(module, "load_bundle", lambda: bundle)
    monkeypatch.setattr(module, "as_model", lambda *_: checkpoint_of())
    monkeypatch.setattr(module, "attended_folders", lambda *_, **__: [])
    monkeypatch.setattr(mutated, "CALLED", 2)  # tests/test_mutate_sites.py tests what is in it


def make(output: Path, **options: Any) -> Path:
    return run_demo(output, config=settings_of(), **options)


def test_a_killed_demo_goes_on_with_the_steps_that_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = make(tmp_path / "whole").parent
    assert {path.name for path in whole.iterdir()} == {
        "predictions", "genes", "mutated", "hub", "provenance.json",
    }  # fmt: skip
    texts = [path.read_text() for path in whole.rglob("*") if path.suffix in (".json", ".tsv", ".txt", ".html", ".bed")]
    assert texts
    assert not any(".partial" in text for text in texts), "what is told of a file is true when the run has ended"
    with monkeypatch.context() as patch:
        patch.setattr(module, "build_hub", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make(tmp_path / "demo")
    assert not (tmp_path / "demo").exists()
    signal = tmp_path / "demo.partial" / "result" / "predictions" / "three.plus.bw"
    written = signal.stat().st_ino
    with monkeypatch.context() as patch:
        patch.setattr(module, "tracktools_version", lambda: "0.0")
        with pytest.raises(UnfinishedRunDiffers, match="version was"):
            make(tmp_path / "demo")
    make(tmp_path / "demo")
    assert (tmp_path / "demo" / "predictions" / "three.plus.bw").stat().st_ino == written
    assert files_of(tmp_path / "demo") == files_of(whole)
    assert {path.name for path in tmp_path.iterdir()} == {"whole", "demo"}


def test_a_complete_demo_is_taken_and_force_replaces_it_alone(tmp_path: Path) -> None:
    hub = make(tmp_path / "demo")
    written = (hub / "hub.txt").stat()
    assert make(tmp_path / "demo") == hub
    kept = (hub / "hub.txt").stat()
    assert (kept.st_ino, kept.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    make(tmp_path / "demo", force=True)
    assert (hub / "hub.txt").stat().st_ino != written.st_ino, "the older one is there until the new one is"
    (tmp_path / "demo" / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputForeign, match=r"thesis\.tex"):
        make(tmp_path / "demo", force=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputNotEmpty):
        make(tmp_path / "mine")
    assert {path.name for path in tmp_path.iterdir()} == {"demo", "mine"}


def tool(name: str) -> ModuleType:
    path = Path(__file__).parents[1] / "tools" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_make_clean_removes_what_make_made_and_names_the_rest(tmp_path: Path) -> None:
    clean = tool("clean").clean
    make(tmp_path / "demo")
    ours = ["dist/tracktools-0.1.0-py3-none-any.whl", "dist/tracktools-0.1.0.tar.gz", "build/screenshots/demo.png"]
    mine = ["dist/thesis.pdf", "build/screenshots/notes.txt", "build/mine/demo.png"]
    for name in (*ours, *mine):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "demo" / "thesis.tex").write_text("years of work")
    kept = clean(tmp_path, tmp_path / "demo")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.name in
                  {Path(name).name for name in (*ours, *mine)}) == sorted(mine)  # fmt: skip
    assert all(any(name in line for line in kept) for name in (*mine, "thesis.tex"))
    assert (tmp_path / "demo" / "hub" / "hub.txt").exists()
    for name in (*mine, "demo/thesis.tex"):
        (tmp_path / name).unlink()
    assert clean(tmp_path, tmp_path / "demo") == []
    assert list(tmp_path.iterdir()) == []
