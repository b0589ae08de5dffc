"""trix indexes: found as UCSC's and igv.js's readers look words up."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tracktools.formats.trix import write_trix

WORDS = st.text(st.sampled_from("aBc1_.-"), min_size=1, max_size=12)


def look_up(path: Path, word: str) -> list[str]:
    """Find a word as readers do: take the last bin whose prefix is before it, and read 64 KiB from there."""
    start = 0
    for line in path.with_name(path.name + "x").read_bytes().splitlines():
        prefix, offset = line[:-10].decode().strip(), int(line[-10:], 16)
        if prefix[: len(word)] < word:
            start = offset
    part = path.read_bytes()[start : start + 65536].decode()
    lines = part[: part.rfind("\n")].split("\n") if "\n" in part else []
    found = [line.split(" ")[1:] for line in lines if line.split(" ")[0] == word]
    return [item.split(",")[0] for item in found[0]] if found else []


@given(st.lists(st.tuples(WORDS, WORDS), max_size=60))
def test_every_word_is_found_in_any_case(tmp_path_factory, entries: list[tuple[str, str]]) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("trix") / "a.ix"
    write_trix(path, entries)
    for word, item in entries:
        assert item in look_up(path, word.lower())
    assert look_up(path, "nothere") == []
    lines = path.read_bytes().splitlines()
    assert lines == sorted(lines, key=lambda line: line.split(b" ")[0])


def test_long_common_prefixes_over_many_bins(tmp_path: Path) -> None:
    names = [f"pTSS_NC_000913.3_{number}_f" for number in range(1, 30_000, 7)]
    write_trix(tmp_path / "a.ix", ((name, name) for name in names))
    assert len((tmp_path / "a.ixx").read_text().splitlines()) > 5
    for name in names[::50] + names[-1:]:
        assert look_up(tmp_path / "a.ix", name.lower()) == [name]


def test_words_that_the_format_cannot_hold_are_left_out(tmp_path: Path) -> None:
    write_trix(tmp_path / "a.ix", [("two words", "x"), ("a,b", "x"), ("", "x"), ("good", "Good1")])
    assert (tmp_path / "a.ix").read_text() == "good Good1,1\n"
