"""Hubs that the package trackhub writes have no error: a composite, a multiWig, a superTrack, two genomes."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from hub_check.edits import write_items
from tracktools.formats.bigwig import write_bigwig
from tracktools.formats.twobit import write_twobit
from tracktools.hub.check import Level, check_hub

LETTERS = np.frombuffer(b"ACGT" * 300, dtype=np.uint8)


@pytest.fixture(scope="module")
def trackhub() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it and what it needs are older than Python 3.11
        return pytest.importorskip("trackhub")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    values = np.linspace(0.5, 9, 1200, dtype=np.float32)
    write_bigwig(tmp_path / "a.bw", {"chrB": 1200}, {"chrB": values})
    write_bigwig(tmp_path / "b.bw", {"chrB": 1200}, {"chrB": values[::-1].copy()})
    write_items(tmp_path / "items.bb", "chrB", 1200)
    write_twobit(tmp_path / "b.2bit", [("chrB", LETTERS)])
    (tmp_path / "page.html").write_text("<h1>A genome</h1>")
    return tmp_path


def start(trackhub: ModuleType, genome: object) -> tuple[object, object]:
    """Return a hub of a genome, and the folder of its tracks."""
    hub = trackhub.Hub("made", short_label="made", long_label="made by trackhub", email="someone@example.org")
    genomes_file, trackdb = trackhub.GenomesFile(), trackhub.TrackDb()
    hub.add_genomes_file(genomes_file)
    genomes_file.add_genome(genome)
    genome.add_trackdb(trackdb)  # type: ignore[attr-defined]
    return hub, trackdb


def signal(trackhub: ModuleType, sources: Path, name: str, **settings: str) -> object:
    return trackhub.Track(name=name, source=str(sources / f"{name[0]}.bw"), tracktype="bigWig 0 9", **settings)


def staged(trackhub: ModuleType, hub: object, folder: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trackhub.upload.stage_hub(hub, staging=str(folder / "links"))
    # it makes links to the data, as rsync sends it; a server gives only what is in its folder
    return Path(shutil.copytree(folder / "links", folder / "hub")) / "made.hub.txt"


def assembly(trackhub: ModuleType, sources: Path) -> object:
    return trackhub.Assembly(
        genome="b",
        twobit_file=str(sources / "b.2bit"),
        organism="Bacillus",
        defaultPos="chrB:1-900",
        scientificName="Bacillus",
        description="a",
        orderKey=10,
    )


def test_a_composite(trackhub: ModuleType, sources: Path, served: tuple[Path, str]) -> None:
    hub, trackdb = start(trackhub, assembly(trackhub, sources))
    composite = trackhub.CompositeTrack(name="composite", short_label="a", long_label="a", tracktype="bigWig")
    subgroup = trackhub.SubGroupDefinition(name="sample", label="Sample", mapping={"a": "First", "b": "Second"})
    composite.add_subgroups([subgroup])
    view = trackhub.ViewTrack(name="signalview", view="signal", visibility="full", tracktype="bigWig", short_label="a")
    composite.add_view(view)
    for name in "ab":
        view.add_tracks(signal(trackhub, sources, name, subgroups={"sample": name}))  # type: ignore[arg-type]
    trackdb.add_tracks(composite)  # type: ignore[attr-defined]
    assert_no_error(staged(trackhub, hub, served[0]), served)


def test_a_multiwig(trackhub: ModuleType, sources: Path, served: tuple[Path, str]) -> None:
    hub, trackdb = start(trackhub, assembly(trackhub, sources))
    overlay = trackhub.AggregateTrack(
        name="overlay",
        tracktype="bigWig",
        short_label="a",
        long_label="a",
        aggregate="transparentOverlay",
        visibility="full",
        viewLimits="0:9",
    )
    for name, color in zip("ab", ("0,114,178", "213,94,0"), strict=True):
        overlay.add_subtrack(signal(trackhub, sources, name, color=color))
    trackdb.add_tracks(overlay)  # type: ignore[attr-defined]
    assert_no_error(staged(trackhub, hub, served[0]), served)


def test_a_supertrack(trackhub: ModuleType, sources: Path, served: tuple[Path, str]) -> None:
    hub, trackdb = start(trackhub, assembly(trackhub, sources))
    folder = trackhub.SuperTrack(name="folder", short_label="a", long_label="a")
    folder.add_tracks(signal(trackhub, sources, "a"))
    folder.add_tracks(
        trackhub.Track(name="items", source=str(sources / "items.bb"), tracktype="bigBed 6 +", visibility="pack")
    )
    trackdb.add_tracks(folder)  # type: ignore[attr-defined]
    assert_no_error(staged(trackhub, hub, served[0]), served)


def test_two_genomes(trackhub: ModuleType, sources: Path, served: tuple[Path, str]) -> None:
    hub, trackdb = start(trackhub, assembly(trackhub, sources))
    trackdb.add_tracks(signal(trackhub, sources, "a"))  # type: ignore[attr-defined]
    other, others = trackhub.Genome("hg38"), trackhub.TrackDb()
    hub.genomes_file.add_genome(other)  # type: ignore[attr-defined]
    other.add_trackdb(others)
    others.add_tracks(signal(trackhub, sources, "b"))
    assert_no_error(staged(trackhub, hub, served[0]), served)


def assert_no_error(hub: Path, served: tuple[Path, str]) -> None:
    folder, address = served
    for place in (hub, folder / "links/made.hub.txt", f"{address}/{hub.relative_to(folder)}"):
        findings = check_hub(place)
        assert [str(finding) for finding in findings if finding.level is Level.ERROR] == [], place
        assert "three-files" in {finding.code for finding in findings}
