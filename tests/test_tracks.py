from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracktools.errors import InputError
from tracktools.tracks import (
    COLUMNS,
    FORMATS,
    TRACKS_FILE,
    VISIBILITIES,
    Track,
    file_sha256,
    read_provenance,
    read_tracks,
    redact_command,
    write_provenance,
    write_tracks,
)

NAMES = st.text("abcXYZ019_-", min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20)
LIMITS = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(
    name=NAMES,
    format=st.sampled_from(FORMATS),
    strand=st.sampled_from("+-."),
    texts=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS),
    color=st.sampled_from(["", "0,114,178", "255,255,255"]),
    limits=st.tuples(LIMITS, LIMITS),
    visibility=st.sampled_from(["", *VISIBILITIES]),
    extra=st.dictionaries(st.text("abc", min_size=1).map("my_{}".format), TEXTS, max_size=3),
)
def test_a_row_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, name, format, strand, texts, color, limits, visibility, extra
):
    folder = tmp_path_factory.mktemp("tracks")
    data = folder / "data.bw"
    data.write_bytes(b"data")
    group, short_label, long_label, method, source, licence = texts
    track = Track(
        name=name, path=data, format=format, strand=strand, group=group, short_label=short_label, long_label=long_label,
        color=color, view_min=limits[0], view_max=limits[1], visibility=visibility, method=method, source=source,
        licence=licence, sha256=file_sha256(data), extra=extra,
    )  # fmt: skip
    write_tracks(folder, [track])
    assert read_tracks(folder) == read_tracks(folder / TRACKS_FILE) == [track]


def test_paths_are_relative_so_that_a_folder_can_move(tmp_path: Path):
    (tmp_path / "out" / "sub").mkdir(parents=True)
    for name in ("a.bw", "sub/b.bed", "../outside.bam"):
        (tmp_path / "out" / name).write_bytes(name.encode())
    tracks = [
        Track("a", tmp_path / "out/a.bw", "bigWig", extra={"x": "1"}),
        Track("b", tmp_path / "out/sub/b.bed", "bed", extra={"y": "two words"}),
        Track("c", tmp_path / "outside.bam", "bam"),
    ]
    path = write_tracks(tmp_path / "out", tracks)
    header, first, *_ = (line.split("\t") for line in path.read_text().splitlines())
    assert header == [*COLUMNS, "x", "y"]
    assert first[:3] == ["a", "a.bw", "bigWig"]
    (tmp_path / "out").rename(tmp_path / "moved")
    read = read_tracks(tmp_path / "moved")
    assert [track.path.read_text() for track in read] == ["a.bw", "sub/b.bed", "../outside.bam"]
    assert [dict(track.extra) for track in read] == [
        {"x": "1", "y": ""},
        {"x": "", "y": "two words"},
        {"x": "", "y": ""},
    ]


def test_tabs_and_line_breaks_in_labels_become_spaces_and_quotes_stay(tmp_path: Path):
    (tmp_path / "a.bw").touch()
    write_tracks(tmp_path, [Track("a", tmp_path / "a.bw", "bigWig", long_label='"5\' end"\tof\r\nall')])
    assert read_tracks(tmp_path)[0].long_label == '"5\' end" of all'


def test_a_table_written_by_hand(tmp_path: Path):
    (tmp_path / "a.bw").touch()
    text = "\ufeff# my tracks\r\n\r\n format\tname\tpath\tmood\r\nbigWig\ta\ta.bw\r\n\t\t\r\n"
    (tmp_path / "tracks.tsv").write_bytes(text.encode())
    (track,) = read_tracks(tmp_path)
    assert track == Track("a", (tmp_path / "a.bw").resolve(), "bigWig", extra={})


@pytest.mark.parametrize(
    ("word", "format_name"),
    [(".bed", "bed"), ("BED", "bed"), ("GFF3", "gff3"), ("gff", "gff3"), ("BAM", "bam"), ("bigwig", "bigWig"),
     (".BW", "bigWig"), ("BigBed", "bigBed"), (".bb", "bigBed"), ("bedgraph", "bedGraph"), ("bedGraph", "bedGraph")],
)  # fmt: skip
def test_formats_are_known_in_any_case_and_as_file_names_end(tmp_path: Path, word: str, format_name: str):
    (tmp_path / "a").touch()
    (tmp_path / "tracks.tsv").write_text(f"name\tpath\tformat\nx\ta\t{word}\n")
    assert read_tracks(tmp_path)[0].format == format_name


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("", "is empty (the first line names the columns"),
        ("# only a comment\n", "is empty"),
        ("name\tformat\n", ":1: lacks the column 'path'"),
        ("# note\nname\tformat\n", ":2: lacks the column 'path'"),
        ("name\tpath\tformat\n# note\n\nx\ta.bw\twaves\n", ":4: format is 'waves' (one of bigWig, bigBed"),
        ("name\tpath\tformat\nx\ta.bw\n", ":2: format is ''"),
        ("name\tpath\tformat\n\ta.bw\tbed\n", ":2: has no name"),
        ("name\tpath\tformat\nx\t\tbed\n", ":2: has no path"),
        ("name\tpath\tformat\nx\tb.bw\tbed\n", ":2: track 'x': no such file: b.bw"),
        ("name\tpath\tformat\nx\ta.bw\tbed\nx\ta.bw\tbed\n", ":3: track name 'x' is used twice"),
        ("name\tpath\tformat\nx\ta.bw\tbed\tmore\n", ":2: has 4 columns, and the first line names 3"),
        ("name\tpath\tformat\tstrand\nx\ta.bw\tbed\tplus\n", ":2: strand is 'plus' (one of +, -, .)"),
        ("name\tpath\tformat\tvisibility\nx\ta.bw\tbed\tbig\n", ":2: visibility is 'big' (one of hide"),
        ("name\tpath\tformat\tview_max\nx\ta.bw\tbed\thigh\n", ":2: view_max is 'high' (write a number)"),
        ("name\tpath\tformat\tview_min\nx\ta.bw\tbed\tnan\n", ":2: view_min is 'nan'"),
        ("name\tpath\tformat\tcolor\nx\ta.bw\tbed\t#FF0000\n", ":2: color is '#FF0000' (write R,G,B"),
        ("name\tpath\tformat\tcolor\nx\ta.bw\tbed\t0,114,999\n", ":2: color is '0,114,999'"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, rows: str, problem: str):
    (tmp_path / "a.bw").touch()
    (tmp_path / "tracks.tsv").write_text(rows)
    with pytest.raises(InputError) as caught:
        read_tracks(tmp_path)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "tracks.tsv"))


def test_a_folder_without_tracks(tmp_path: Path):
    with pytest.raises(InputError, match=r"no such file \(name a folder that a tracktools command wrote\)"):
        read_tracks(tmp_path)
    (tmp_path / "tracks.tsv").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(InputError, match="is not text"):
        read_tracks(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["hub", "build", "a b"], "hub build a b"),
        (["x", "--token", "s3cret", "--force"], "x --token *** --force"),
        (["x", "--api-key=s3cret word", "y"], "x --api-key=*** y"),
        (["x", "--hub-password", "two s3cret words", "y"], "x --hub-password *** y"),
        (["x", "--token", "--force"], "x --token --force"),
        (["x", "HUBSPACE_TOKEN=s3cret"], "x HUBSPACE_TOKEN=***"),
        (["x", "https://me:s3cret@host/a"], "x https://me:***@host/a"),
        (["x", "https://s3cret@host/a"], "x https://***@host/a"),
        (["x", "https://host/a?X-Amz-Signature=s3cret&b=1"], "x https://host/a?X-Amz-Signature=***"),
        (["x", "/data/tokens/a.fa", "me@host:/a"], "x /data/tokens/a.fa me@host:/a"),
    ],
)
def test_secrets_leave_no_trace(arguments: list[str], printed: str):
    assert redact_command(arguments) == printed


def test_provenance_says_what_made_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/tracktools", "predict", "g.fa", "--token", "s3cret"])
    monkeypatch.setattr(time, "time", lambda: 1_000_000_012.34)
    path = write_provenance(
        tmp_path,
        started=1_000_000_000,
        genome={"name": "g", "sha256": "00ff"},
        parameters={"window_bp": 5, "output": Path("out")},
    )
    record = read_provenance(tmp_path)
    assert record == json.loads(path.read_text())
    assert record["command"] == "tracktools predict g.fa --token ***"
    assert record["genome"] == {"name": "g", "sha256": "00ff"}
    assert (record["model"], record["parameters"]) == ({}, {"output": "out", "window_bp": 5})
    assert record["wall_s"] == 12.34
    assert record["peak_memory_bytes"] > 10 * 2**20
    assert record["versions"].keys() >= {"python", "tracktools", "numpy"}
    assert [file.name for file in tmp_path.iterdir()] == ["provenance.json"]


def test_provenance_that_cannot_be_read(tmp_path: Path):
    assert read_provenance(tmp_path) == {}
    for text, error in [
        ("{", ":1: is not JSON"),
        ("[1]", ": is not a JSON object"),
        ('{"genome": [1]}', r": genome is \[1\], and an object is needed"),
        ('{"model": {"name": "\\ud800"}}', ": contains half a character"),
        ('{"a": ' * 5_000 + "1" + "}" * 5_000, ": is nested deeper than 64 levels"),
        ('{"a": ' * 200 + "1" + "}" * 200, ": is nested deeper than 64 levels"),
        ('{"cpu_s": ' + "1" * 5_000 + "}", ": contains a number of too many digits"),
    ]:
        (tmp_path / "provenance.json").write_text(text)
        with pytest.raises(InputError, match=rf"provenance\.json{error}") as caught:
            read_provenance(tmp_path)
        assert len(str(caught.value)) < 300 + len(str(tmp_path))
    (tmp_path / "provenance.json").unlink()
    os.mkfifo(tmp_path / "provenance.json")
    with pytest.raises(InputError, match="is a pipe"):
        read_provenance(tmp_path)
