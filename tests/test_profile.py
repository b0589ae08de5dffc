"""Signals around sites: every value in its place, on both strands, at ends and across the origin; levels by genes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tracktools.cli import tracktools
from tracktools.config import ProfileConfig
from tracktools.errors import ConfigError, GenomeMismatchError, InputError
from tracktools.figures.profiles import ranked_rows
from tracktools.formats.bigwig import write_bigwig
from tracktools.interval import Interval
from tracktools.profile import ProfileOptions, ProfileResult, profile_sites
from tracktools.profile.matrix import SignalSource, StrandPair, values_around
from tracktools.profile.sites import SiteSource
from tracktools.profile.summary import median_ranks, summarise

SIZES = {"chr": 300, "plasmid": 70}
FLANK = 20


def signal_of(folder: Path, *, minus_sign: int = 1, sizes: dict[str, int] = SIZES) -> SignalSource:
    """A pair in which every base of every strand has a value of its own: plus 1, 2, 3 …, minus 1000.5, 1001.5 …"""
    arrays = {name: np.arange(1, size + 1, dtype=np.float32) for name, size in sizes.items()}
    write_bigwig(folder / "p.bw", sizes, arrays)
    write_bigwig(folder / "m.bw", sizes, {name: minus_sign * (values + 999.5) for name, values in arrays.items()})
    return SignalSource("x", folder / "p.bw", folder / "m.bw")


def sites_of(folder: Path, *rows: tuple[str, int, str], name: str = "s") -> SiteSource:
    path = folder / f"{name}.bed"
    path.write_text("".join(f"{chrom}\t{at}\t{at + 1}\t.\t0\t{strand}\n" for chrom, at, strand in rows))
    return SiteSource(name, path)


def run(folder: Path, *rows: tuple[str, int, str], sign: int = 1, **options: object) -> ProfileResult:
    return profile_sites(
        [signal_of(folder, minus_sign=sign)],
        [sites_of(folder, *rows)],
        folder / "out",
        options=ProfileOptions(**options),  # type: ignore[arg-type]
        config=ProfileConfig(flank_bp=FLANK),
        figures=False,
    )


def medians(result: ProfileResult, direction: str) -> npt.NDArray[np.float64]:
    table = result.profile
    return table[table["direction"] == direction]["median"].to_numpy()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("strand", ["+", "-"])
def test_each_offset_has_the_value_of_its_base(tmp_path: Path, strand: str, sign: int) -> None:
    result = run(tmp_path, ("chr", 100, strand), sign=sign)
    offsets = np.arange(-FLANK, FLANK + 1)
    bases = 100 + (offsets if strand == "+" else -offsets)
    plus, minus = bases + 1, bases + 1 + 999.5
    along, against = (plus, minus) if strand == "+" else (minus, plus)
    np.testing.assert_array_equal(medians(result, "sense"), along)
    np.testing.assert_array_equal(medians(result, "antisense"), against)


@pytest.mark.parametrize("at", [0, 5, 299, 290])
@pytest.mark.parametrize("strand", ["+", "-"])
def test_beyond_an_end_is_nothing_on_a_line_and_the_other_end_on_a_circle(tmp_path: Path, at: int, strand: str) -> None:
    bases = at + np.arange(-FLANK, FLANK + 1) * (1 if strand == "+" else -1)
    value = 1 if strand == "+" else 1000.5
    line = medians(run(tmp_path, ("chr", at, strand)), "sense")
    np.testing.assert_array_equal(line, np.where((bases >= 0) & (bases < 300), bases + value, np.nan))
    (tmp_path / "circle").mkdir()
    circle = medians(run(tmp_path / "circle", ("chr", at, strand), circular=["chr"]), "sense")
    np.testing.assert_array_equal(circle, bases % 300 + value)


def test_a_flank_longer_than_a_small_circle_goes_round_it_again() -> None:
    values = StrandPair(np.arange(7, dtype=np.float32), np.zeros(7, dtype=np.float32))
    sites = pd.DataFrame({"position": [2], "strand": ["+"]})
    around = values_around(values, sites, 10, circular=True).sense[0]
    np.testing.assert_array_equal(around, np.arange(-8, 13) % 7)


@given(
    st.lists(st.tuples(st.integers(0, 39), st.sampled_from("+-")), min_size=1, max_size=12),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_the_mirror_image_of_genome_and_sites_gives_the_same_rows(
    sites: list[tuple[int, str]], seed: int, circular: bool
) -> None:
    plus, minus = np.random.default_rng(seed).normal(size=(2, 40)).astype(np.float32)
    table = pd.DataFrame(sites, columns=["position", "strand"])
    mirrored = pd.DataFrame({"position": 39 - table["position"], "strand": table["strand"].map({"+": "-", "-": "+"})})
    here = values_around(StrandPair(plus, minus), table, 9, circular=circular)
    there = values_around(StrandPair(minus[::-1], plus[::-1]), mirrored, 9, circular=circular)
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one, other)


def test_sites_of_several_sequences_keep_their_own_values(tmp_path: Path) -> None:
    result = run(tmp_path, ("plasmid", 30, "+"), ("chr", 30, "+"), ("chr", 250, "+"))
    at_site = result.profile[(result.profile["offset"] == 0) & (result.profile["direction"] == "sense")].iloc[0]
    assert (at_site["n"], at_site["median"], at_site["mean"]) == (3, 31, pytest.approx((31 + 31 + 251) / 3))


def test_median_interval_is_that_of_many_draws() -> None:
    values = np.random.default_rng(4).gamma(2, size=41).astype(np.float32)
    draws = np.random.default_rng(5).choice(values, (40_000, 41))
    expected = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    row = summarise(values[:, None], confidence=0.95).iloc[0]
    assert (row["medianLow"], row["medianHigh"]) == (pytest.approx(expected[0]), pytest.approx(expected[1]))
    assert median_ranks(2, 0.95) == (0, 1)


def test_summary_is_that_of_the_values_there_are() -> None:
    rng = np.random.default_rng(6)
    matrix = rng.normal(size=(31, 7)).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.3] = np.nan
    matrix[:, 5] = np.nan
    table = summarise(matrix, confidence=0.95)
    assert table["offset"].tolist() == [-3, -2, -1, 0, 1, 2, 3]
    for column, row in enumerate(table.to_dict("records")):
        known = matrix[~np.isnan(matrix[:, column]), column].astype(np.float64)
        assert row["n"] == len(known)
        if len(known):
            found = [row[name] for name in ("quartile1", "median", "quartile3", "mean")]
            assert found == pytest.approx([*np.percentile(known, [25, 50, 75]), known.mean()])
            assert row["medianLow"] <= row["median"] <= row["medianHigh"]
    assert np.isnan(table["median"][5])


def test_rows_of_a_heat_map_are_sorted_by_their_mean_and_many_are_averaged() -> None:
    matrix = np.arange(12, dtype=np.float32).reshape(4, 3)
    matrix[3] = np.nan
    np.testing.assert_array_equal(ranked_rows(matrix), matrix[[2, 1, 0, 3]])
    many = np.repeat(np.arange(1000, dtype=np.float32)[:, None], 2, axis=1)
    rows = ranked_rows(many)
    assert len(rows) == 400
    assert rows[0, 0] == pytest.approx(np.mean([999, 998, 997]))
    assert (np.diff(rows[:, 0]) < 0).all()


def test_what_is_no_site_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "s.bed"
    rows = ["chr\t9\t10\t.\t0\t+", "chr\t9\t10\tagain\t0\t+", "chr\t9\t10\t.\t0\t.", "phiX\t3\t4\t.\t0\t+"]
    path.write_text("\n".join(rows) + "\n")
    signal, sites = signal_of(tmp_path), [SiteSource("s", path)]
    with pytest.raises(GenomeMismatchError, match="phiX"):
        profile_sites([signal], sites, tmp_path / "out")
    result = profile_sites([signal], sites, tmp_path / "out", options=ProfileOptions(only_genome=True), figures=False)
    assert len(result.sites[0].table) == 1
    assert result.sites[0].left_out == {
        "on other sequences": 1, "without a strand": 1, "at a site that another row has": 1
    }  # fmt: skip


def test_gff3_rows_give_either_end_on_their_strand(tmp_path: Path) -> None:
    gff = tmp_path / "genes.gff3"
    gff.write_text(
        "##gff-version 3\n"
        "chr\t.\tgene\t101\t130\t.\t+\t.\tID=a\n"
        "chr\t.\tgene\t151\t180\t.\t-\t.\tID=b\n"
        "chr\t.\texon\t1\t9\t.\t+\t.\tID=c\n"
    )
    signal = signal_of(tmp_path)

    def positions(text: str, folder: str) -> list[tuple[int, str]]:
        table = profile_sites([signal], [SiteSource.parse(text)], tmp_path / folder, figures=False).sites[0].table
        return list(zip(table["position"], table["strand"], strict=True))

    assert positions(f"starts={gff}:gene", "a") == [(100, "+"), (179, "-")]
    assert positions(f"ends={gff}:gene:3prime", "b") == [(129, "+"), (150, "-")]
    with pytest.raises(InputError, match=r"has no row of the type .tRNA.*exon, gene"):
        positions(f"none={gff}:tRNA", "c")


def test_a_site_past_the_end_needs_a_circle(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--circular chr"):
        run(tmp_path, ("chr", 305, "+"))
    circle = run(tmp_path, ("chr", 305, "+"), circular=["all"])
    assert circle.sites[0].table["position"].tolist() == [5]


def test_empty_sets_and_sets_elsewhere_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    within = [Interval("chr", 0, 50)]
    result = run(tmp_path, ("chr", 200, "+"), within=within)
    assert "the set s has no site to look at" in caplog.text
    assert result.profile["n"].max() == 0
    assert result.baseline["n"].tolist() == [100], "both strands of 50 bases"


def test_missing_values_are_nothing_or_zero(tmp_path: Path) -> None:
    values = np.full(50, np.nan, dtype=np.float32)
    values[25] = 4
    for name in "pm":
        write_bigwig(tmp_path / f"{name}.bw", {"chr": 50}, {"chr": values})
    signal = SignalSource("x", tmp_path / "p.bw", tmp_path / "m.bw")
    sites = [sites_of(tmp_path, ("chr", 24, "+"), ("chr", 25, "+"))]
    skip, zero = (
        profile_sites(
            [signal], sites, tmp_path / absent, config=ProfileConfig(flank_bp=1, absent=absent), figures=False
        )
        for absent in ("skip", "zero")  # type: ignore[arg-type]
    )
    assert skip.profile["n"].tolist()[:3] == [0, 1, 1]
    assert zero.profile["mean"].tolist()[:3] == [0, 2, 2]


def test_levels_are_those_of_genes_gaps_and_operons(tmp_path: Path) -> None:
    gff, operons = tmp_path / "g.gff3", tmp_path / "OperonSet.tsv"
    gff.write_text(
        "chr\t.\tCDS\t11\t20\t.\t+\t0\tID=a\n"
        "chr\t.\tCDS\t31\t40\t.\t+\t0\tID=b\n"
        "chr\t.\tCDS\t33\t44\t.\t-\t0\tID=other_strand\n"
    )
    header = "operonId\toperonName\tfirstGeneLeftPosition\tlastGeneRightPosition\tstrand\n"
    operons.write_text("# RegulonDB\n" + header + "1\tab\t11\t40\tforward\n")
    signal = signal_of(tmp_path, sizes={"chr": 60})
    result = profile_sites([signal], [], tmp_path / "out", options=ProfileOptions(annotation=gff, operons=operons))
    assert result.levels is not None
    rows = {(row["level"], row["direction"]): row for row in result.levels.to_dict("records")}
    plus, minus = np.arange(1, 61), np.arange(1, 61) + 999.5
    coding = np.r_[10:20, 30:44]
    both = np.concatenate([plus[coding], minus[coding]])
    assert rows["coding", "both"]["n"] == len(both)
    assert rows["coding", "both"]["mean"] == pytest.approx(both.mean())
    gap = slice(20, 30)
    assert rows["operon", "sense"]["median"] == np.median(plus[gap])
    assert rows["operon", "antisense"]["medianOfMaxima"] == minus[gap].max()
    assert rows["operon", "sense"]["regions"] == 1
    own = np.concatenate([plus[10:20], plus[30:40], minus[32:44]])
    assert rows["coding", "sense"]["mean"] == pytest.approx(own.mean())
    assert rows["all", "both"]["n"] == 120


def test_bad_requests_are_one_line(tmp_path: Path) -> None:
    signal, sites = signal_of(tmp_path), sites_of(tmp_path, ("chr", 1, "+"))
    with pytest.raises(ConfigError, match="'s' is named twice"):
        profile_sites([signal], [sites, sites], tmp_path / "out")
    with pytest.raises(ConfigError, match="name a signal"):
        profile_sites([signal], [], tmp_path / "out")
    with pytest.raises(ConfigError, match="operons need the annotation"):
        profile_sites([signal], [sites], tmp_path / "out", options=ProfileOptions(operons=tmp_path / "o"))
    assert not (tmp_path / "out").exists()


def test_the_command_takes_a_folder_of_tracks_and_draws(tmp_path: Path) -> None:
    signal_of(tmp_path, minus_sign=-1)
    (tmp_path / "tracks.tsv").write_text(
        "name\tpath\tformat\tstrand\tgroup\na\tp.bw\tbigWig\t+\tg\nb\tm.bw\tbigWig\t-\tg\n"
    )
    sites_of(tmp_path, ("chr", 100, "+"), ("chr", 60, "-"))
    words = ["profile", "--signal", f"model={tmp_path}", "--sites", f"TSS={tmp_path / 's.bed'}"]
    done = CliRunner().invoke(tracktools, [*words, "--flank", "5", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "TSS: Read 2 sites: 2 taken, 0 left out" in done.output
    written = {path.name for path in (tmp_path / "out").iterdir()}
    pictures = {f"{name}.{kind}" for name in ("profile", "heat_map") for kind in ("svg", "png", "pdf")}
    assert written == pictures | {"profile.tsv", "baseline.tsv", "provenance.json"}
    table = pd.read_csv(tmp_path / "out" / "profile.tsv", sep="\t")
    assert len(table) == 2 * 11
    assert "stored negative" in (tmp_path / "out" / "provenance.json").read_text()
