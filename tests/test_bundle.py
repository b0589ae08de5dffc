from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from tracktools import bundle as bundle_module
from tracktools.bundle import load_bundle
from tracktools.errors import InputError
from tracktools.genome import load_genome
from tracktools.regions import check_on_genome, read_genes

ROOT = Path(__file__).parents[1]
DATA = ROOT / "src" / "tracktools" / "data"


@pytest.fixture(scope="module")
def make_bundle() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_bundle", ROOT / "tools" / "make_bundle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bundle_is_made_again_byte_for_byte(data_dir: Path, tmp_path: Path, make_bundle: ModuleType) -> None:
    make_bundle.make_bundle(data_dir, tmp_path)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert [str(path) for path in made] == [
        "NC_000913.2_to_3.chain",
        "ecoli/NC_000913.3.2bit",
        "ecoli/genes.bed",
        "ecoli/pseudogenes.bed",
    ]
    for path in made:
        assert (tmp_path / path).read_bytes() == (DATA / path).read_bytes(), path


def test_another_source_is_refused(data_dir: Path, tmp_path: Path, make_bundle: ModuleType) -> None:
    for name in make_bundle.SOURCES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(data_dir / name, tmp_path / name)
    with (tmp_path / "genome/NC_000913.2_to_3.chain").open("a") as file:
        file.write("\n")
    with pytest.raises(InputError, match="is not the file that the bundle is made from"):
        make_bundle.make_bundle(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_genome_is_the_one_of_the_fasta(data_dir: Path) -> None:
    genome = load_bundle().load_genome()
    assert genome.sha256 == load_genome(data_dir / "genome/NC_000913.3.fa.gz").sha256
    assert [(contig.name, contig.circular) for contig in genome] == [("NC_000913.3", True)]


def test_the_genes_are_those_of_the_gff3(data_dir: Path) -> None:
    genes = load_bundle().load_genes()
    path = data_dir / "annotation/U00096.3.genbank.gff3.gz"
    expected = check_on_genome(read_genes(path), {"NC_000913.3": 4641652})
    pd.testing.assert_frame_equal(genes, expected)
    assert genes["is_pseudo"].sum() == 147


def test_genes_start_with_a_start_codon() -> None:
    genome, genes = load_bundle().load_genome(), load_bundle().load_genes()
    codes = genome["NC_000913.3"]
    coding = genes[genes["biotype"] == "protein_coding"]
    starts = []
    for start, end, strand in zip(coding["start"], coding["end"], coding["strand"], strict=True):
        first = start if strand == "+" else len(codes) - end
        starts.append("".join("ACGTN"[code] for code in codes.strand_codes(first, first + 3, strand)))
    share = pd.Series(starts).isin(["ATG", "GTG", "TTG"]).groupby(coding["strand"].to_numpy()).mean()
    assert share["+"] > 0.99
    assert share["-"] > 0.99


def test_a_broken_installation_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_module, "files", lambda _: tmp_path)
    with pytest.raises(InputError, match=r"NC_000913\.3\.2bit: is missing from the installation \(install"):
        load_bundle()


def test_the_bundle_is_a_value() -> None:
    bundle = load_bundle()
    assert replace(bundle, circular=frozenset()) != bundle == load_bundle()
