from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from tracktools.errors import GenomeMismatchError, InputError
from tracktools.formats.bed import read_bed
from tracktools.genome import load_genome
from tracktools.tracks import read_tracks
from tracktools.tss.assemblies import BUNDLED_CHAINS, Chain, load_chain
from tracktools.tss.lift import lift_tss
from tracktools.tss.table import tss_name

Run = Callable[..., Result]

# old [0, 40) and [50, 90) are in new c1; old [40, 50) is lost; new has 7 more in between. old2 is turned round.
CHAIN = """chain 1000 old 90 + 0 90 new 87 + 0 87 1
40 10 7
40

chain 500 old2 30 + 0 30 turned 35 - 2 32 2
30

"""


def blocks_of_chain(position: int) -> int | None:
    return position if position < 40 else None if position < 50 else position - 3


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    path = tmp_path_factory.mktemp("chain") / "made.chain.gz"
    path.write_bytes(gzip.compress(CHAIN.encode()))
    return load_chain(path)


def as_set(rows: list[tuple[int, str]], chrom: str = "old") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "chrom": chrom,
            "chromStart": np.array([row[0] for row in rows], dtype=np.int64),
            "chromEnd": np.array([row[0] + 1 for row in rows], dtype=np.int64),
            "name": [tss_name("s", chrom, *row) for row in rows],
            "score": 0,
            "strand": [row[1] for row in rows],
            "sourceScore": [float(index) for index in range(len(rows))],
        }
    )


@given(st.lists(st.tuples(st.integers(0, 95), st.sampled_from("+-")), min_size=1, max_size=20, unique=True))
def test_every_base_comes_through_or_is_listed(chain: Chain, rows: list[tuple[int, str]]) -> None:
    lifted = lift_tss(as_set(rows), chain)
    expected = {(new, strand) for old, strand in rows if old < 90 and (new := blocks_of_chain(old)) is not None}
    found = list(zip(lifted.table["chromStart"], lifted.table["strand"], strict=True))
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert (lifted.table["chromEnd"] - lifted.table["chromStart"] == 1).all()
    assert lifted.table["name"].tolist() == [tss_name("s", "new", *base) for base in found]
    reasons = dict(
        zip(
            zip(lifted.left_out["position"], lifted.left_out["strand"], strict=True),
            lifted.left_out["reason"],
            strict=True,
        )
    )
    assert set(reasons) == set(rows) - {row for row in rows if row[0] < 90 and blocks_of_chain(row[0]) is not None}
    for (position, _), reason in reasons.items():
        assert reason.startswith("beyond the end of old (90 bp)" if position >= 90 else "the base has no counterpart")


def test_a_turned_chain_turns_the_strand(chain: Chain) -> None:
    lifted = lift_tss(as_set([(0, "+"), (29, "-")], "old2"), chain).table
    # minus-strand coordinates of `turned` count from its end: 2 is base 35 - 1 - 2
    assert list(zip(lifted["chromStart"], lifted["strand"], strict=True)) == [(3, "+"), (32, "-")]
    assert lifted["name"].tolist() == ["s_turned_4_f", "s_turned_33_r"]


def test_of_merged_positions_the_better_scored_stays(tmp_path: Path) -> None:
    path = tmp_path / "two.chain"
    path.write_text("chain 9 a 20 + 0 20 n 20 + 0 20 1\n20\n\nchain 9 b 20 + 0 20 n 20 + 0 20 2\n20\n\n")
    both = pd.concat([as_set([(5, "+"), (6, "+")], "a"), as_set([(4, "+"), (6, "+")], "b")], ignore_index=True)
    both["sourceScore"] = [1.0, 9.0, np.nan, 3.0]
    lifted = lift_tss(both, load_chain(path))
    assert lifted.table["chromStart"].tolist() == [4, 5, 6]
    assert lifted.table["sourceScore"].tolist()[2] == 9.0
    assert lifted.left_out[["chrom", "position"]].to_numpy().tolist() == [["b", 6]]
    assert lifted.left_out["reason"].iloc[0] == "merged: n:7 + is taken by a position with a better score"


def test_a_base_with_two_places_is_ambiguous(tmp_path: Path) -> None:
    path = tmp_path / "twice.chain"
    path.write_text("chain 9 a 20 + 0 20 n 20 + 0 20 1\n20\n\nchain 9 a 20 + 0 20 m 20 + 0 20 2\n20\n\n")
    lifted = lift_tss(as_set([(5, "+")], "a"), load_chain(path))
    assert len(lifted.table) == 0
    assert lifted.left_out["reason"].iloc[0].startswith("ambiguous: 2 places")


def test_bundled_chains_are_the_two_genomes(data_dir: Path) -> None:
    """Every base that a chain maps is the same letter on both sides, but for the differences between the assemblies."""
    genomes = {v: load_genome(data_dir / "genome" / f"NC_000913.{v}.fa.gz") for v in (2, 3)}
    letters = {v: genome.contigs[0].codes for v, genome in genomes.items()}
    for name, (old, new) in zip(BUNDLED_CHAINS, ((2, 3), (3, 2)), strict=True):
        positions = np.arange(0, len(letters[old]), 37)
        places = load_chain(name).lift(f"NC_000913.{old}", positions)
        mapped = np.array([place[0][1] if place else -1 for place in places])
        there = mapped >= 0
        same = letters[old][positions[there]] == letters[new][mapped[there]]
        assert there.mean() > 0.999
        assert same.mean() > 0.9999


@given(st.integers(0, 4639674))
def test_there_and_back(position: int) -> None:
    there, back = (load_chain(name) for name in BUNDLED_CHAINS)
    (place,) = there.lift("NC_000913.2", np.array([position]))
    if place:
        (home,) = back.lift("NC_000913.3", np.array([place[0][1]]))
        assert home == [("NC_000913.2", position, "+")]
    else:
        assert position == 3558477


def test_the_command_keeps_columns_and_credit(data_dir: Path, tmp_path: Path, run: Run) -> None:
    source = next((data_dir / "tss_sources").glob("cappable*/*.gtf.gz"))
    run("tss", "import", source, "-o", tmp_path / "old", "--name", "cappable")
    words = [
        "--chain",
        "NC_000913.2_to_3",
        "-o",
        tmp_path / "new",
        "--genome",
        data_dir / "genome" / "NC_000913.3.fa.gz",
    ]
    result = run("tss", "lift", tmp_path / "old" / "cappable.bed", *words)
    assert "16,359 positions lifted, 0 left out" in result.stdout
    assert "check: right as it is: purine 0.81" in result.stdout
    (track,) = read_tracks(tmp_path / "new")
    assert track.licence == "CC BY 4.0, data CC0"
    assert track.method.endswith("Lifted by NC_000913.2_to_3.")
    old, new = (read_bed(tmp_path / folder / "cappable.bed")[0] for folder in ("old", "new"))
    assert sorted(old["sourceScore"]) == sorted(new["sourceScore"])
    assert (tmp_path / "new" / "unlifted.tsv").read_text() == "chrom\tposition\tstrand\tname\treason\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "contains no chain"),
        ("hello\n", "is no chain file: 'hello'"),
        ("chain 1 a 9 + 0 9 b 9 + 0 9 1\n4 1 1\n", "ends within a chain"),
        ("chain 1 a nine + 0 9 b 9 + 0 9 1\n9\n", "is no chain header"),
        ("chain 1 a 9 + 0 9 b 9 + 0 9 1\n4 one 1\n4\n", "size dt dq is expected"),
    ],
)
def test_what_is_no_chain_is_refused(content: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.chain"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        load_chain(path)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_errors(chain: Chain, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such chain file .*NC_000913\.2_to_3"):
        load_chain(tmp_path / "none.chain")
    with pytest.raises(GenomeMismatchError, match=r"does not come from 'new' .*it comes from old, old2"):
        lift_tss(as_set([(1, "+")], "new"), chain)
    with pytest.raises(InputError, match="does not come from 'c9'"):
        lift_tss(as_set([(1, "+")]), chain, source="c9")
