"""The published files that the demo adds, wherever they lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracktools.errors import InputError
from tracktools.fetch import DATA_SETS
from tracktools.pipeline.demo import run_demo
from tracktools.pipeline.measured import MEASURED_SETS, TERMSEQ, find_measured


def test_what_fetch_writes_is_found(tmp_path: Path) -> None:
    names = {file.name for data_set in DATA_SETS.values() for file in data_set.files}
    for name in names:
        (tmp_path / name).write_text("")
    found = find_measured(tmp_path)
    sets = {measured.name: measured.files for measured in MEASURED_SETS}
    for file in (*sets["cappable"], *sets["smrt"], *TERMSEQ["plus"], *TERMSEQ["minus"]):
        assert found[file].name in names


def test_files_are_found_in_folders_gzip_or_not(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("PromoterSet.tsv.gz", "M9_RegulonDB_TU_longestRead"):
        (tmp_path / "a" / "b" / name).write_text("")
    found = find_measured(tmp_path)
    assert found["PromoterSet.tsv"] == tmp_path / "a" / "b" / "PromoterSet.tsv.gz"
    assert "M9_RegulonDB_TU_longestRead" in found
    assert len(found) == 2


def test_a_folder_without_a_whole_set_is_refused_before_the_long_work(tmp_path: Path) -> None:
    data, output = tmp_path / "data", tmp_path / "demo"
    with pytest.raises(InputError, match=r"data: no such folder \(tracktools fetch NAME -o FOLDER fills one\)"):
        run_demo(output, data=data)
    data.mkdir()
    (data / "M9_RegulonDB_TU_longestRead").write_text("half of a set")
    with pytest.raises(InputError, match="contains none of the files"):
        run_demo(output, data=data)
    assert not output.exists()
