from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools import curate_tss
from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.tss import consensus
from tracktools.tss.table import read_positions, read_tss_set

LENGTHS = {"big": 97, "small": 41}

positions = st.tuples(
    st.sampled_from(sorted(LENGTHS)), st.integers(0, 40), st.sampled_from("+-"), st.none() | st.integers(0, 3)
)
source_sets = st.dictionaries(st.sampled_from("abcde"), st.lists(positions, max_size=14), min_size=1, max_size=5)
windows = st.integers(0, 7)


def as_table(rows: list[tuple[str, int, str, int | None]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "chrom": [row[0] for row in rows],
            "chromStart": np.array([row[1] for row in rows], dtype=np.int64),
            "strand": [row[2] for row in rows],
            "sourceScore": np.array([np.nan if row[3] is None else row[3] for row in rows], dtype=np.float64),
        }
    )


def tables(sets: Mapping[str, list[tuple[str, int, str, int | None]]]) -> dict[str, pd.DataFrame]:
    return {name: as_table(rows) for name, rows in sets.items()}


def literal_rule(sources: Mapping[str, pd.DataFrame], window: int) -> set[tuple[str, int, str, int]]:
    """Curate as the rule says it, word by word: slow, with no arrays."""
    fractions: dict[str, dict[tuple[str, int, str], float]] = {}
    for name, table in sources.items():
        best = table.groupby(["chrom", "chromStart", "strand"])["sourceScore"].max()
        scored = sorted(best.dropna(), reverse=True)
        fractions[name] = {
            base: 0.5 if np.isnan(score) else (scored.index(score) + scored.count(score) / 2) / len(scored)
            for base, score in best.items()
        }
    curated = set()
    remaining = {base for ranks in fractions.values() for base in ranks}

    def near(base: tuple[str, int, str]) -> set[tuple[str, int, str]]:
        return {o for o in remaining if o[0] == base[0] and o[2] == base[2] and abs(o[1] - base[1]) <= window}

    def names(bases: set[tuple[str, int, str]]) -> set[str]:
        return {name for name, ranks in fractions.items() if bases & ranks.keys()}

    def preference(base: tuple[str, int, str]) -> tuple[float, ...]:
        exact = names({base})
        mean_rank = sum(round(fractions[name][base] * 2**40) for name in exact) / len(exact)
        return len(names(near(base))), len(exact), -mean_rank, -base[1] if base[2] == "+" else base[1]

    for chrom in LENGTHS:
        for strand in "+-":
            while here := [base for base in remaining if base[0] == chrom and base[2] == strand]:
                best = max(here, key=preference)
                curated.add((*best, len(names(near(best)))))
                remaining -= near(best)
    return curated


def bases(table: pd.DataFrame) -> set[tuple[str, int, str, int]]:
    return set(zip(table["chrom"], table["chromStart"], table["strand"], table["support"], strict=True))


@pytest.mark.parametrize("worthwhile_share", [0.0, 0.02, 2.0], ids=["rounds only", "as released", "in order"])
@given(sets=source_sets, window=windows)
def test_the_arrays_follow_the_literal_rule(worthwhile_share: float, sets: dict, window: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(consensus, "_WORTHWHILE_SHARE", worthwhile_share)
        curated = curate_tss(tables(sets), window_bp=window, min_support=1)
    assert bases(curated.table) == literal_rule(tables(sets), window)


@given(sets=source_sets, window=windows, seed=st.randoms(use_true_random=False))
def test_neither_the_order_of_sources_nor_of_rows_matters(sets: dict, window: int, seed) -> None:
    names = list(sets)
    seed.shuffle(names)
    shuffled = {name: seed.sample(sets[name], len(sets[name])) for name in names}
    one, other = (curate_tss(tables(x), window_bp=window, min_support=1) for x in (sets, shuffled))
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.sources, other.sources)


@given(sets=source_sets, window=windows)
def test_the_reverse_complement_gives_the_reverse_complement(sets: dict, window: int) -> None:
    mirrored = {
        name: [(c, LENGTHS[c] - 1 - p, "-" if s == "+" else "+", score) for c, p, s, score in rows]
        for name, rows in sets.items()
    }
    one, other = (curate_tss(tables(x), window_bp=window, min_support=1).table for x in (sets, mirrored))
    turned = {(c, LENGTHS[c] - 1 - p, "-" if s == "+" else "+", support) for c, p, s, support in bases(other)}
    assert bases(one) == turned


@given(sets=source_sets, window=windows)
def test_postconditions(sets: dict, window: int) -> None:
    curated = curate_tss(tables(sets), window_bp=window, min_support=1)
    table = curated.table
    for _, group in table.groupby(["chrom", "strand"]):
        assert (np.diff(np.sort(group["chromStart"])) > window).all()
    assert (table["support"] <= len(sets)).all()
    assert (table["support"] == [len(names.split(",")) for names in table["sources"]]).all()
    assert (table["chromStart"] - table["spanStart"] <= window).all()
    assert (table["spanEnd"] - 1 - table["chromStart"] <= window).all()
    given_bases = {(c, p, s) for rows in sets.values() for c, p, s, _ in rows}
    assert {base[:3] for base in bases(table)} <= given_bases
    assert all(
        any((c, q, s) in {base[:3] for base in bases(table)} for q in range(p - window, p + window + 1))
        for c, p, s in given_bases
    )


@given(sets=source_sets, window=windows, min_support=st.integers(1, 3))
def test_its_own_output_is_left_as_it_is(sets: dict, window: int, min_support: int) -> None:
    once = curate_tss(tables(sets), window_bp=window, min_support=min(min_support, len(sets))).table
    again = curate_tss({"curated": once}, window_bp=window, min_support=1).table
    columns = ["chrom", "chromStart", "chromEnd", "name", "strand"]
    pd.testing.assert_frame_equal(again[columns], once[columns], check_dtype=False)


@given(sets=source_sets)
def test_window_zero_is_exact_intersection(sets: dict) -> None:
    held = [{(c, p, s) for c, p, s, _ in rows} for rows in sets.values()]
    expected = {(*base, n) for base in set().union(*held) if (n := sum(base in one for one in held)) >= 1}
    assert bases(curate_tss(tables(sets), window_bp=0, min_support=1).table) == expected


@given(sets=source_sets, window=windows)
def test_shares_count_positions_near_one_of_another_source(sets: dict, window: int) -> None:
    report = curate_tss(tables(sets), window_bp=window, min_support=1).sources.set_index("source")
    for name, rows in sets.items():
        mine = {(c, p, s) for c, p, s, _ in rows}
        others = {(c, p, s) for other, held in sets.items() if other != name for c, p, s, _ in held}
        shared = {b for b in mine if any(b[0] == o[0] and b[2] == o[2] and abs(b[1] - o[1]) <= window for o in others)}
        assert (report.loc[name, "positions"], report.loc[name, "shared"]) == (len(mine), len(shared))


@pytest.mark.parametrize(("distance", "expected"), [(5, 1), (6, 2)])
@pytest.mark.parametrize("strand", ["+", "-"])
def test_five_nt_apart_is_one_and_six_is_two(distance: int, expected: int, strand: str) -> None:
    sets = {"a": [("big", 20, strand, None)], "b": [("big", 20 + distance, strand, None)]}
    assert len(curate_tss(tables(sets), window_bp=5, min_support=1).table) == expected


def test_opposite_strands_never_meet() -> None:
    sets = {"a": [("big", 20, "+", None)], "b": [("big", 20, "-", None)]}
    assert curate_tss(tables(sets), min_support=1).table["support"].tolist() == [1, 1]


def test_each_rung_of_the_rule_decides_in_turn() -> None:
    def winner(**sets: list[tuple[str, int, str, int | None]]) -> int:
        return int(curate_tss(tables(sets), window_bp=5, min_support=1).table["chromStart"].iloc[0])

    # 24 has three sources within 5, 20 and 28 have two
    assert winner(a=[("big", 20, "+", 9)], b=[("big", 24, "+", 1)], c=[("big", 28, "+", 9)]) == 24
    # both have three sources within 5, but 22 is named by two of them
    assert winner(a=[("big", 20, "+", 9)], b=[("big", 22, "+", 1)], c=[("big", 22, "+", 1)]) == 22
    # both are named by one of two sources; b ranks 22 best of its own, a ranks 20 last of its own
    sets = {"a": [("big", 20, "+", 1), ("big", 60, "+", 5)], "b": [("big", 22, "+", 8), ("big", 80, "+", 2)]}
    assert winner(**sets) == 22
    # nothing else differs: the 5'-most of the strand
    assert winner(a=[("big", 20, "+", None)], b=[("big", 22, "+", None)]) == 20
    assert winner(a=[("big", 20, "-", None)], b=[("big", 22, "-", None)]) == 22


def test_counts_are_over_the_remaining_positions_only() -> None:
    # 10 has a, b, c near; it absorbs 12 (c). Then 15 (a), 17 (c) remain: c at 12 no longer counts for them.
    sets = {
        "a": [("big", 10, "+", None), ("big", 16, "+", None)],
        "b": [("big", 10, "+", None)],
        "c": [("big", 12, "+", None)],
    }
    table = curate_tss(tables(sets), window_bp=5, min_support=1).table
    assert list(zip(table["chromStart"], table["support"], strict=True)) == [(10, 3), (16, 1)]


def test_the_bed_lists_the_nearest_position_of_each_source() -> None:
    sets = {"a": [("big", 20, "-", 4)], "b": [("big", 20, "-", 7), ("big", 23, "-", 1)], "c": [("big", 18, "-", None)]}
    row = curate_tss(tables(sets), window_bp=5, min_support=2).table.iloc[0]
    assert (row["sources"], row["positions"], row["scores"]) == ("a,b,c", "20,20,18", "4,7,nan")
    assert (row["spanStart"], row["spanEnd"], row["score"]) == (18, 24, 1000)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"window_bp": -1}, "window is -1"), ({"min_support": 0}, "min-support is 0"), ({"min_support": 3}, "1 to 2")],
)
def test_settings_out_of_range_are_refused(settings: dict[str, int], message: str) -> None:
    sets = {"a": [("big", 20, "+", None)], "b": [("big", 22, "+", None)]}
    with pytest.raises(ConfigError, match=message):
        curate_tss(tables(sets), **settings)


def test_sources_on_two_versions_of_a_sequence_are_refused() -> None:
    sets = {"a": [("NC_000913.2", 20, "+", None)], "b": [("NC_000913.3", 22, "+", None)]}
    with pytest.raises(GenomeMismatchError, match=r"'a' is on NC_000913\.2 and set 'b' on NC_000913.3"):
        curate_tss(tables(sets), min_support=1)


def test_no_position_at_all_gives_an_empty_set() -> None:
    curated = curate_tss(tables({"a": [], "b": []}))
    assert len(curated.table) == 0
    assert curated.support["curated"].tolist() == [0, 0]


@pytest.mark.parametrize("window_bp", [-1, 1_000_001, 10**21])
def test_a_window_out_of_range_is_refused(window_bp: int) -> None:
    table = pd.DataFrame({"chrom": ["c"], "chromStart": [4], "strand": ["+"]})
    with pytest.raises(ConfigError, match=f"window is {window_bp}"):
        curate_tss({"a": table}, window_bp=window_bp, min_support=1)


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "a.bed").write_text("")
    with pytest.raises(InputError, match=r"a.bed: contains no item"):
        curate_tss({"a": tmp_path / "a.bed"}, min_support=1)


@pytest.mark.parametrize(
    "row", ["c\t9\t10\tx\t1\t+\textra", "c\t9\t10\tx\t1", "c\0d\t9\t10\tx\t1\t+"], ids=["wide", "short", "NUL"]
)
def test_rows_that_other_commands_refuse_are_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "a.bed"
    path.write_text("".join(f"c\t{at}\t{at + 1}\tx\t5\t+\n" for at in range(9)) + row + "\n")
    for read in (read_positions, read_tss_set):
        with pytest.raises(InputError, match=r"a.bed:10: "):
            read(path)
