from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracktools.errors import ConfigError
from tracktools.tss.compare import HISTOGRAM_BP, TOLERANCES_BP, average_precision, compare_tss
from tracktools.tss.paper import compare_with_paper
from tracktools.tss.plots import draw_comparison

bases = st.lists(st.tuples(st.integers(0, 200), st.sampled_from("+-")), min_size=1, max_size=12, unique=True)


def as_set(rows: list[tuple[int, str]], scores: list[float] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "chrom": "c",
            "chromStart": np.array([row[0] for row in rows], dtype=np.int64),
            "strand": [row[1] for row in rows],
            "sourceScore": np.array(scores if scores is not None else [np.nan] * len(rows)),
        }
    )


@settings(max_examples=30)
@given(one=bases, two=bases, three=bases)
def test_shares_and_distances_by_brute_force(one: list, two: list, three: list) -> None:
    sets = {"a": one, "b": two, "c": three}
    found = compare_tss({name: as_set(rows) for name, rows in sets.items()})
    shares = found.shares.set_index(["set", "other", "tolerance"])["shared"]
    distances = found.distances.set_index(["set", "other", "distance"])["positions"]
    for name, mine in sets.items():
        others = {other: rows for other, rows in sets.items() if other != name}
        for tolerance in TOLERANCES_BP:
            near = {
                other: {b for b in mine if any(b[1] == o[1] and abs(b[0] - o[0]) <= tolerance for o in rows)}
                for other, rows in others.items()
            }
            assert all(shares[name, other, tolerance] == len(near[other]) for other in others)
            assert shares[name, "any", tolerance] == len(set().union(*near.values()))
        for other, rows in others.items():
            expected = dict.fromkeys(range(-HISTOGRAM_BP, HISTOGRAM_BP + 1), 0)
            for position, strand in mine:
                sign = 1 if strand == "+" else -1
                deltas = [sign * (o[0] - position) for o in rows if o[1] == strand]
                if deltas and abs(nearest := min(deltas, key=lambda d: (abs(d), d))) <= HISTOGRAM_BP:
                    expected[nearest] += 1
            assert distances[name, other].to_dict() == expected


@settings(max_examples=30)
@given(one=bases, two=bases)
def test_memberships_and_support_count_the_same_groups(one: list, two: list) -> None:
    found = compare_tss({"a": as_set(one), "b": as_set(two)})
    by_size = found.memberships.groupby(found.memberships["sets"].str.count(",") + 1)["curated"].sum()
    counted = found.curated.support.set_index("support")["curated"]
    assert all(counted[size] == by_size.get(size, 0) for size in (1, 2))


def test_average_precision_by_hand() -> None:
    found = np.array([True, False, True])
    assert average_precision(np.array([3.0, 2.0, 1.0]), found, 4) == pytest.approx(1 / 4 + 1 / 4 * 2 / 3)
    assert average_precision(np.array([1.0, 1.0, 1.0]), found, 4) == pytest.approx(2 / 4 * 2 / 3)
    assert average_precision(np.array([1.0, 1.0, 1.0]), np.ones(3, dtype=bool), 3) == 1.0
    assert average_precision(np.zeros(0), np.zeros(0, dtype=bool), 3) == 0.0


def test_scores_decide_agreement() -> None:
    truth = as_set([(10, "+"), (50, "+"), (90, "-")])
    good = as_set([(12, "+"), (50, "+"), (150, "+")], [5.0, 9.0, 1.0])
    found = compare_tss({"truth": truth, "good": good}).agreement
    rows = found[found["prediction"] == "good"].set_index("tolerance")
    assert rows.loc[0, "average_precision"] == pytest.approx(1 / 3)
    assert rows.loc[5, "average_precision"] == pytest.approx(2 / 3)
    assert rows.loc[5, ["scored", "found"]].tolist() == [3, 2]
    back = found[found["prediction"] == "truth"].set_index("tolerance")
    assert back.loc[5, "average_precision"] == pytest.approx(2 / 3 * 2 / 3)  # no scores: precision times recall


def test_a_position_finds_one_at_most() -> None:
    found = compare_tss({"a": as_set([(10, "+"), (11, "+"), (12, "+")]), "b": as_set([(11, "+"), (90, "+")])})
    assert found.agreement.set_index(["prediction", "tolerance"]).loc[("a", 5), "found"] == 1


def test_pictures_are_the_same_every_time_and_name_the_sets(tmp_path: Path) -> None:
    sets = {"cappable": as_set([(10, "+"), (50, "+")]), "mine": as_set([(11, "+")]), "smrt": as_set([(50, "+")])}
    comparison = compare_tss(sets)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        files = draw_comparison(comparison, tmp_path / name, 5)
        assert sorted(path.name for path in files) == ["distances.png", "distances.svg", "upset.png", "upset.svg"]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    text = (tmp_path / "one" / "upset.svg").read_text()
    assert all(label in text for label in ("Cappable-seq", "SMRT-Cappable-seq", "mine"))
    assert (tmp_path / "one" / "upset.png").read_bytes().startswith(b"\x89PNG")


def test_a_set_alone_is_refused() -> None:
    with pytest.raises(ConfigError, match="one set alone"):
        compare_tss({"a": as_set([(1, "+")])})


def test_the_real_sets_agree_with_the_paper(real_sets: dict[str, pd.DataFrame]) -> None:
    comparison = compare_tss(real_sets)
    rows = compare_with_paper(comparison, 5).set_index("figure")
    assert rows.loc["positions, smrt", ["ours", "paper"]].tolist() == ["2,569", "2,311"]
    assert rows.loc["share in another set, smrt", ["ours", "paper"]].tolist() == ["91.75 %", "89.78 %"]
    assert rows.loc["in 4 sets or more", "paper"] == "1,012"
    assert (rows["why"].str.len() > 40).all()
    assert compare_with_paper(comparison, 6).empty
    agreement = comparison.agreement.set_index(["prediction", "truth", "tolerance"])["average_precision"]
    assert agreement["cappable", "sendseq", 5] > agreement["cappable", "sendseq", 0] > 0.3
