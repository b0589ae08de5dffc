"""trix indexes, read as the reader of the UCSC Genome Browser reads them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tracktools.formats.trix import write_trix

WORDS = st.text(st.sampled_from("aBc1_.-é"), min_size=1, max_size=12)
HEX = {letter: value for value, letter in enumerate(b"0123456789ABCDEF")}


def look_up(path: Path, word: str) -> list[str]:
    """Find a word as UCSC's reader does.

    It knows no separator in ``.ixx``: five bytes are the prefix, the next ten the offset, in which a byte that is no
    upper-case hexadecimal digit counts 0. Of the bins it takes the last one before the first whose prefix is past that
    of the word, seeks there in ``.ix``, and scans until it meets the word, or one past it, or the end.
    """
    wanted = word.encode()
    prefix, start = wanted[:5].ljust(5), 0
    for line in path.with_name(path.name + "x").read_bytes().splitlines():
        if prefix < line[:5]:
            break
        start = 0
        for digit in line[5:15]:
            start = start * 16 + HEX.get(digit, 0)
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            found, *items = line.split()
            if found == wanted:
                return [item.split(b",")[0].decode() for item in items]
            if found > wanted:
                break
    return []


@given(st.lists(st.tuples(WORDS, WORDS), max_size=60))
def test_every_word_is_found_in_any_case(tmp_path_factory, entries: list[tuple[str, str]]) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.mktemp("trix") / "a.ix"
    assert write_trix(path, entries) == len({word.lower() for word, _ in entries})
    assert path.exists() == path.with_name("a.ixx").exists() == bool(entries)  # browsers cannot use an empty index
    if not entries:
        return
    for word, item in entries:
        assert item in look_up(path, word.lower())
    assert look_up(path, "nothere") == []
    lines = path.read_bytes().splitlines()
    assert lines == sorted(lines, key=lambda line: line.split(b" ")[0])


def test_every_name_of_thousands_of_one_prefix_is_found_and_those_before_and_after(tmp_path: Path) -> None:
    called = [f"pTSS_NC_000915.1_{number}_{'fr'[number % 2]}" for number in range(1, 30_000, 7)]
    names = ["abcA", "pTS", "pTSR", "z", "zzzzz", "zzzzzz", *called]
    write_trix(tmp_path / "a.ix", ((name, name) for name in names))
    assert (tmp_path / "a.ix").stat().st_size > 3 * 65536
    assert [name for name in names if look_up(tmp_path / "a.ix", name.lower()) != [name]] == []
    assert look_up(tmp_path / "a.ix", "ptss_nc_000915.1_2_f") == []


def test_bins_have_five_letters_and_begin_where_these_change(tmp_path: Path) -> None:
    names = [
        f"{gene}{letter}" for gene in ("aa", "ab", "longer", "longest", "x") for letter in map(chr, range(97, 123))
    ]
    write_trix(tmp_path / "a.ix", ((name, "i" * 200) for name in names))
    text = (tmp_path / "a.ix").read_bytes()
    bins = (tmp_path / "a.ixx").read_bytes().splitlines()
    assert len(bins) > 3
    assert {len(line) for line in bins} == {15}
    for line in bins:
        offset = int(line[5:], 16)
        before, after = text[:offset].splitlines()[-1:], text[offset:].split()[0]
        assert line[:5] == after[:5].ljust(5)
        assert [word.split()[0][:5].ljust(5) for word in before] != [line[:5]], "a prefix is cut by its bin"


def test_words_that_the_format_cannot_hold_are_left_out(tmp_path: Path) -> None:
    write_trix(tmp_path / "a.ix", [("two words", "x"), ("a,b", "x"), ("", "x"), ("\x01a", "x"), ("good", "Good1")])
    assert (tmp_path / "a.ix").read_text() == "good Good1,1\n"
