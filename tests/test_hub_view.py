"""The one-file view: what is embedded, read back; what is refused."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pyBigWig
import pytest
from click.testing import CliRunner

from hubs import build_small_hub, write_small_inputs
from tracktools.cli.hub import hub as hub_command
from tracktools.errors import InputError, MissingDependencyError, OutputForeign, OutputNotEmpty
from tracktools.formats.bigwig import BigWigReader
from tracktools.hub.clients.igvjs import find_igv_js
from tracktools.hub.clients.view import build_view


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "igv.min.js"
    path.write_text("/* </script> */ var igv = {createBrowser: null}")
    return path


@pytest.fixture(scope="module")
def small_hub(tmp_path_factory: pytest.TempPathFactory, script: Path) -> Path:
    folder = tmp_path_factory.mktemp("view")
    return build_small_hub(write_small_inputs(folder / "inputs"), folder / "hub", igv_js=script).folder


def test_a_file_is_replaced_only_by_force(small_hub: Path, script: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.html"
    notes.write_text("mine")
    words = ["view", str(small_hub), "-o", str(notes), "--igv-js", str(script)]
    refused = CliRunner().invoke(hub_command, words)
    assert isinstance(refused.exception, OutputNotEmpty)
    assert notes.read_text() == "mine"
    assert CliRunner().invoke(hub_command, [*words, "--force"], catch_exceptions=False).exit_code == 0
    assert 'id="session"' in notes.read_text()
    with pytest.raises(OutputForeign, match="is in the input"):
        build_view(small_hub, small_hub / "index.html", igv_js=script, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.html"]


def test_everything_is_embedded_and_signals_are_thinned(small_hub: Path, script: Path, tmp_path: Path) -> None:
    built = build_view(small_hub, tmp_path / "view.html", igv_js=script)
    text = built.path.read_text()
    assert built.size_bytes == len(text.encode())
    files = dict(re.findall(r'data-file="([^"]+)">([^<]*)</script>', text))
    session = json.loads(re.search(r'id="session">(.*?)</script>', text)[1])  # type: ignore[index]
    named = re.findall(r'"(?:\w*URL|url)": "([^"]+)"', json.dumps(session))
    assert set(named) == set(files)
    assert base64.b64decode(files["small.2bit"]) == (small_hub / "small.2bit").read_bytes()
    assert base64.b64decode(files["genes.bb"]) == (small_hub / "genes.bb").read_bytes()
    for name in ("small_plus.bw", "small_minus.bw"):
        (tmp_path / name).write_bytes(base64.b64decode(files[name]))
        with BigWigReader(small_hub / name) as reader, pyBigWig.open(str(tmp_path / name)) as thin:
            full = reader.values("chrA", 0, 6007)
            shown = thin.values("chrA", 0, 6007, numpy=True)
        kept = np.abs(full) >= 0.01
        np.testing.assert_array_equal(~np.isnan(shown), kept)
        np.testing.assert_allclose(shown[kept], full[kept], atol=0.005 + 1e-6)
        assert 0 < kept.sum() < 6007
    assert built.left_out == ("reads: alignments are not embedded",)


def test_script_cannot_end_its_element(small_hub: Path, script: Path, tmp_path: Path) -> None:
    text = build_view(small_hub, tmp_path / "view.html", igv_js=script).path.read_text()
    assert "/* <\\/script> */" in text
    assert text.count("<script") == text.count("</script>")
    assert not re.search(r'(?:src|href)="(?!data:,)', text)


def test_errors_are_one_line(small_hub: Path, script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no such file"):
        build_view(tmp_path, tmp_path / "view.html", igv_js=script)
    (tmp_path / "other.js").write_text("alert(1)")
    with pytest.raises(InputError, match=r"is not igv\.js"):
        build_view(small_hub, tmp_path / "view.html", igv_js=tmp_path / "other.js")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="npm install igv"):
        build_view(small_hub, tmp_path / "view.html")
    assert not (tmp_path / "view.html").exists()


@pytest.mark.parametrize("name", ["../secret.bb", "deep/../../secret.bb", "/etc/hostname", "link.bb", "a\x00b", "loop"])
def test_no_file_outside_of_the_hub_is_embedded(small_hub: Path, script: Path, tmp_path: Path, name: str) -> None:
    hub = Path(shutil.copytree(small_hub, tmp_path / "hub"))
    (tmp_path / "secret.bb").write_text("secret")
    (hub / "link.bb").symlink_to(tmp_path / "secret.bb")
    (hub / "loop").symlink_to("loop")
    path = hub / "igv" / "session.json"
    session = json.loads(path.read_text())
    session["tracks"].append({"name": "x", "type": "annotation", "format": "bigBed", "url": name})
    path.write_text(json.dumps(session))
    with pytest.raises(InputError, match=r"hub: the hub names a file outside of itself") as caught:
        build_view(hub, tmp_path / "view.html", igv_js=script)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "view.html").exists()


@pytest.mark.parametrize("name", ["chrom.sizes", "chromAlias.txt", "igv/session.json", "igv/names.tsv"])
def test_no_file_of_the_hub_may_lead_outside(small_hub: Path, script: Path, tmp_path: Path, name: str) -> None:
    hub = Path(shutil.copytree(small_hub, tmp_path / "hub"))
    (hub / name).replace(tmp_path / "secret")
    (hub / name).symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="outside of itself"):
        build_view(hub, tmp_path / "view.html", igv_js=script)


@pytest.mark.parametrize(
    "change",
    [{"tracks": [1]}, {"tracks": []}, {"tracks": [{"url": "x"}]}, {"tracks": [{"name": "x", "url": 7}]},
     {"tracks": [{"name": "x", "tracks": 3}]}, {"reference": {"id": 1, "name": "x"}}, {"reference": []}],
)  # fmt: skip
def test_a_session_of_another_kind_is_one_line(
    small_hub: Path, script: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    hub = Path(shutil.copytree(small_hub, tmp_path / "hub"))
    path = hub / "igv" / "session.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=r"session\.json: "):
        build_view(hub, tmp_path / "view.html", igv_js=script)


def test_npm_package_in_a_folder_above_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "node_modules/igv/dist"
    package.mkdir(parents=True)
    (package / "igv.min.js").write_text("createBrowser")
    (tmp_path / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep/er")
    found = find_igv_js()
    assert found is not None
    assert found.path == package / "igv.min.js"


def test_cli_says_size_and_what_is_left_out(small_hub: Path, script: Path, tmp_path: Path) -> None:
    arguments = ["view", str(small_hub), "-o", str(tmp_path / "v.html"), "--igv-js", str(script)]
    result = CliRunner().invoke(hub_command, arguments)
    assert result.exit_code == 0, result.output
    assert "MB; open it in a web browser" in result.stdout
    assert "alignments are not embedded" in result.stderr
