from __future__ import annotations

import pytest

from tracktools.aliases import ALIASES, other_version, resolve_chrom


@pytest.mark.parametrize(
    "name", ["NC_000913.3", "U00096.3", "chr", "Chromosome", "gi|1|gb|U00096.3|", "ref|NC_000913.3|"]
)
@pytest.mark.parametrize("chrom", ["NC_000913.3", "U00096.3", "Chromosome"])
def test_names_of_the_current_e_coli_assembly_are_one(name: str, chrom: str) -> None:
    assert resolve_chrom(name, ["plasmid", chrom]) == chrom


@pytest.mark.parametrize("name", ["U00096.2", "NC_000913.2", "gi|48994873|gb|U00096.2|"])
def test_versions_are_never_joined(name: str) -> None:
    assert resolve_chrom(name, ["NC_000913.3"]) is None
    assert resolve_chrom(name, ["NC_000913.2"]) == "NC_000913.2"
    assert other_version(name, ["plasmid", "NC_000913.3"]) == "NC_000913.3"
    assert other_version(name, ["plasmid"]) is None


def test_a_synonym_is_not_another_version() -> None:
    assert other_version("NC_000913.3", ["U00096.3"]) is None
    assert other_version("NC_000913.3", ["U00096.2", "U00096.3"]) is None


def test_vague_names_mean_nothing_on_another_genome() -> None:
    assert resolve_chrom("chr", ["NC_000922.1"]) is None
    assert other_version("chr", ["NC_000913.3"]) is None


def test_what_the_user_says_wins() -> None:
    names = ["NC_000913.3", "chr"]
    assert resolve_chrom("chr", names) == "chr"
    assert resolve_chrom("chr", names, {"chr": "NC_000913.3"}) == "NC_000913.3"
    assert resolve_chrom("chr", names, {"chr": "nowhere"}) is None


def test_a_genome_may_hold_a_bar_name_itself() -> None:
    assert resolve_chrom("gi|1|gb|U00096.2|", ["gi|1|gb|U00096.2|"]) == "gi|1|gb|U00096.2|"


def test_no_name_is_in_two_groups() -> None:
    names = [name for group in ALIASES for name in group]
    assert len(names) == len(set(names))
