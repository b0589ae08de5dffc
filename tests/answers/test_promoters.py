"""Promoter elements: planted ones are found to the base on both strands, and learnt from a set that has them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from tracktools.answers import promoter_learning, promoters
from tracktools.answers.promoter_folder import promoter_columns, random_places
from tracktools.answers.promoter_learning import MOST_LEARNT, learn_promoters
from tracktools.answers.promoters import (
    FIRST_BP,
    LAST_BP,
    SPACERS_BP,
    WINDOW_BP,
    find_elements,
    read_model,
    shipped_model,
    upstream_codes,
    write_model,
)
from tracktools.cli import tracktools
from tracktools.errors import InputError
from tracktools.formats.bed import read_bed
from tracktools.genome import Contig, Genome

COMPLEMENT = str.maketrans("ACGT", "TGCA")
DULL = "GC" * 60  # nothing in it looks like an element


def planted(start10: int, spacer: int, minus35: str = "TTGACA", minus10: str = "TATAAT") -> str:
    """The bases before a TSS, the elements at their places."""
    text = list(DULL[:WINDOW_BP])
    for start, word in ((start10, minus10), (start10 - spacer - 6, minus35)):
        text[WINDOW_BP + start : WINDOW_BP + start + 6] = word
    return "".join(text)


@pytest.mark.parametrize("spacer", SPACERS_BP)
@pytest.mark.parametrize("start10", range(FIRST_BP, LAST_BP + 1))
def test_a_planted_pair_is_found_wherever_it_may_be(start10: int, spacer: int) -> None:
    row = find_elements(upstream_codes([planted(start10, spacer)]), shipped_model()).iloc[0]
    assert (row["minus35"], row["minus10"]) == ("TTGACA", "TATAAT")
    assert (row["minus10_position"], row["minus35_position"]) == (start10, start10 - spacer - 6)
    assert (row["spacer_length"], row["discriminator_length"]) == (spacer, -start10 - 6)


def test_scores_are_the_logarithms_of_shares_over_the_background() -> None:
    model = shipped_model()
    row = find_elements(upstream_codes([planted(-12, 17)]), model).iloc[0]
    shares = [model.minus10[place, "ACGT".index(letter)] for place, letter in enumerate("TATAAT")]
    assert row["minus10_score"] == pytest.approx(sum(np.log2(share / 0.25) for share in shares))
    spacing = model.spacing_weight * np.log2(model.spacing[SPACERS_BP.index(17)] * len(SPACERS_BP))
    assert row["promoter_score"] == pytest.approx(row["minus10_score"] + row["minus35_score"] + spacing)


def test_unknown_letters_say_nothing_and_a_set_may_be_empty() -> None:
    blank = find_elements(upstream_codes(["N" * WINDOW_BP]), shipped_model()).iloc[0]
    assert (blank["minus10"], blank["minus10_score"], blank["minus35_score"]) == ("NNNNNN", 0, 0)
    assert find_elements(upstream_codes([]), shipped_model()).empty


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("strand", ["+", "-"])
def test_the_genome_is_read_on_the_strand_of_the_tss_and_across_the_origin(strand: str, circular: bool) -> None:
    text = planted(-12, 17) + DULL
    at = WINDOW_BP
    if circular:  # the TSS is base 5, its promoter lies before the origin
        text, at = text[at - 5 :] + text[: at - 5], 5
    if strand == "-":
        text, at = text.translate(COMPLEMENT)[::-1], len(text) - 1 - at
    genome = Genome("g", (Contig("chr", np.frombuffer(text.encode(), dtype=np.uint8), circular=circular),))
    rows = pd.DataFrame({"chrom": ["chr"], "position": [at], "strand": [strand]})
    found = promoter_columns(rows, genome, shipped_model()).iloc[0]
    assert (found["minus10"], found["minus10_position"], found["minus35"]) == ("TATAAT", -12, "TTGACA")


def random_texts(n: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("ACGT"), WINDOW_BP)) for _ in range(n)]


def test_other_elements_are_learnt_from_a_set_that_has_them() -> None:
    rng = np.random.default_rng(0)
    texts, starts = [], []
    for random_text in random_texts(300, 1):
        text = list(random_text)
        start, spacer = int(rng.integers(-14, -10)), int(rng.choice([16, 17, 18], p=[0.2, 0.6, 0.2]))
        text[WINDOW_BP + start : WINDOW_BP + start + 6] = "TACGAT"
        text[WINDOW_BP + start - spacer - 6 : WINDOW_BP + start - spacer] = "TTGCGG"
        texts.append("".join(text))
        starts.append((start - spacer - 6, start))
    codes, others = upstream_codes(texts), upstream_codes(random_texts(1200, 2))
    model = learn_promoters(codes, others, source="planted")
    assert "".join("ACGT"[i] for i in model.minus10.argmax(axis=1)) == "TACGAT"
    assert "".join("ACGT"[i] for i in model.minus35.argmax(axis=1)) == "TTGCGG"
    assert SPACERS_BP[int(model.spacing.argmax())] == 17
    found = find_elements(codes, model)
    right = (found[["minus35_position", "minus10_position"]].to_numpy() == np.array(starts)).all(axis=1)
    assert right.mean() > 0.98
    by_chance = find_elements(others, model)["promoter_score"]
    assert (found["promoter_score"] > by_chance.quantile(0.99)).mean() > 0.98
    with pytest.raises(InputError, match="too few to learn"):
        learn_promoters(codes[:10], others, source="x")


def test_the_gradient_of_learning_is_that_of_its_loss() -> None:
    places = upstream_codes(random_texts(40, 3))
    known = (places[:, :, None] == np.arange(4)).astype(np.float64)
    is_tss = np.arange(40) < 15
    flat = np.random.default_rng(4).normal(0, 0.5, len(promoter_learning._start())) + promoter_learning._start()
    _, gradient = promoter_learning._loss(flat, known, is_tss)
    for at in range(len(flat)):
        step = np.zeros(len(flat))
        step[at] = 1e-5
        above, below = (promoter_learning._loss(flat + sign * step, known, is_tss)[0] for sign in (1, -1))
        assert gradient[at] == pytest.approx((above - below) / 2e-5, rel=1e-4, abs=1e-8)


def test_a_model_survives_its_file_and_what_is_none_is_one_line(tmp_path: Path) -> None:
    model = replace(shipped_model(), source="here", n=7)
    write_model(tmp_path / "m.json", model)
    again = read_model(tmp_path / "m.json")
    assert again.to_record() == model.to_record()
    for text in ("{}", "[1]", '{"minus35": [1], "minus10": [2], "spacing": [3], "background": [4]}', "no"):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(InputError, match=r"bad\.json"):
            read_model(tmp_path / "bad.json")
    with pytest.raises(InputError, match="no such file"):
        read_model(tmp_path / "none.json")


def test_the_elements_of_many_tss_are_those_of_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = np.random.default_rng(4).integers(0, 5, (17, WINDOW_BP), dtype=np.uint8)
    whole = find_elements(codes, shipped_model())
    monkeypatch.setattr(promoters, "_ROWS_AT_ONCE", 5)
    pd.testing.assert_frame_equal(find_elements(codes, shipped_model()), whole)


SHARES = [0.7, 0.1, 0.1, 0.1]
WRONG_MODELS = [
    ("n", None, "lacks n"),
    ("minus35_weight", None, "lacks minus35_weight"),
    ("spacing_weight", None, "lacks spacing_weight"),
    ("source", None, "lacks source"),
    ("n", "7", "n is '7', and a whole number is needed"),
    ("minus35_weight", 0, "has the minus35_weight 0"),
    ("spacing_weight", 1e300, "has the spacing_weight 1e+300"),
    ("spacing_weight", float("nan"), "has the spacing_weight nan"),
    ("background", [0.25] * 3, "background has to be 4 shares"),
    ("background", [0.5] * 4, "background has to be 4 shares above 0 that add up to 1"),
    ("background", [1.0, 0.0, 0.0, 0.0], "background has to be"),
    ("minus10", [SHARES] * 5, "minus10 has to be 6 x 4 shares"),
    ("minus35", [*[SHARES] * 5, ["a"] * 4], "minus35 has to be 6 x 4 shares"),
    ("spacing", [float("inf")] * 5, "spacing has to be 5 shares"),
]


@pytest.mark.parametrize(("name", "value", "told"), WRONG_MODELS)
def test_a_model_that_lacks_or_twists_something_is_one_line(
    tmp_path: Path, name: str, value: object, told: str
) -> None:
    record = {**shipped_model().to_record(), name: value}
    (tmp_path / "m.json").write_text(json.dumps({key: one for key, one in record.items() if one is not None}))
    with pytest.raises(InputError, match=rf"m\.json: .*{re.escape(told)}") as caught:
        read_model(tmp_path / "m.json")
    assert "\n" not in str(caught.value)


def test_the_shipped_matrices_are_those_of_the_textbook() -> None:
    model = shipped_model()
    assert "".join("ACGT"[i] for i in model.minus10.argmax(axis=1)) == "TATAAT"
    assert "".join("ACGT"[i] for i in model.minus35.argmax(axis=1))[:3] == "TTG"
    assert SPACERS_BP[int(model.spacing.argmax())] == 17
    assert model.n == MOST_LEARNT


def test_random_places_are_spread_over_the_sequences_and_always_the_same() -> None:
    contigs = (("a", 300), ("none", 0), ("b", 100))
    genome = Genome(
        "g", tuple(Contig(name, np.full(n, ord("A"), dtype=np.uint8), circular=False) for name, n in contigs)
    )
    places = random_places(genome, 4000)
    assert places.equals(random_places(genome, 4000))
    assert 0.72 < (places["chrom"] == "a").mean() < 0.78
    assert 0.46 < (places["strand"] == "+").mean() < 0.54
    for name, length in (("a", 300), ("b", 100)):
        at = places.loc[places["chrom"] == name, "position"]
        assert (at.min(), at.max()) == (0, length - 1)


@pytest.mark.parametrize(("species", "least"), [
    ("Salmonella typhimurium SL1344", 0.90), ("Klebsiella aerogenes KCTC 2190", 0.94),
    ("Shewanella oneidensis MR-1", 0.93), ("Vibrio cholerae N16961", 0.93),
])  # fmt: skip
def test_most_minus_10_agree_with_those_of_another_method(data_dir: Path, species: str, least: float) -> None:
    path = data_dir / "multispecies" / "windows" / "primary_tss.tsv.gz"
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    table = pd.read_csv(path, sep="\t")
    table = table[(table["species"] == species) & (table["tss_index"] >= WINDOW_BP)]
    texts = [text[:at] for text, at in zip(table["sequence"], table["tss_index"], strict=True)]
    found = find_elements(upstream_codes(texts), shipped_model())["minus10_position"].to_numpy()
    given = (table["minus10_start"] - table["tss_index"]).to_numpy()
    assert (np.abs(found - given) <= 1).mean() >= least


def test_the_command_writes_a_table_a_track_and_logos(tmp_path: Path) -> None:
    text = planted(-12, 17) + DULL
    (tmp_path / "g.fa").write_text(f">chr\n{text}\n")
    (tmp_path / "s.bed").write_text(f"chr\t{WINDOW_BP}\t{WINDOW_BP + 1}\tt\t0\t+\nchr\t3\t4\tu\t0\t+\n")
    words = [
        "tss",
        "promoters",
        str(tmp_path / "s.bed"),
        "--genome",
        str(tmp_path / "g.fa"),
        "-o",
        str(tmp_path / "out"),
    ]
    done = CliRunner().invoke(tracktools, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    items, _ = read_bed(tmp_path / "out" / "promoters.bed")
    whole = items[items["hexamer"].isin(["TTGACA", "TATAAT"])]
    assert sorted(zip(whole["element"], whole["chromStart"], strict=True)) == [
        ("-10", WINDOW_BP - 12), ("-35", WINDOW_BP - 35)
    ]  # fmt: skip
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"promoters.tsv", "elements.svg", "model.json"}
    hub = ["hub", "build", str(tmp_path / "out"), "--genome", str(tmp_path / "g.fa"), "-o", str(tmp_path / "hub")]
    assert CliRunner().invoke(tracktools, hub).exit_code == 0
