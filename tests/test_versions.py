"""Versions: of packages, and of a source tree that nobody installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import tracktools
from tracktools.versions import NOT_INSTALLED, package_versions, tracktools_version

_ROOT = Path(__file__).parents[1]


def test_packages_that_are_not_installed_have_no_version():
    assert package_versions(["numpy", "no-such-package-here"]).keys() == {"numpy"}
    assert (
        package_versions(["tracktools"])
        == {"tracktools": tracktools_version()}
        == {"tracktools": tracktools.__version__}
    )


def test_a_source_tree_that_is_not_installed_runs_and_says_so(tmp_path: Path) -> None:
    """The packages of this environment without the metadata of tracktools, as in a checkout of which nobody ran pip."""
    hidden = "import importlib.metadata as m, runpy, sys\nold = m.version\n" + (
        "def version(name):\n"
        "    if name == 'tracktools': raise m.PackageNotFoundError(name)\n"
        "    return old(name)\n"
        "m.version = version\n"
        "sys.argv[0] = 'tracktools'\n"
        "runpy.run_module('tracktools', run_name='__main__')\n"
    )
    (tmp_path / "small.fa").write_text(">small\n" + 60 * "ACGTTGCATTGACA" + "\n")
    environment = {**os.environ, "PYTHONPATH": str(_ROOT / "src")}
    for arguments in (["--version"], ["predict", "small.fa", "-o", "out", "--hub", "hub"]):
        ran = subprocess.run(
            [sys.executable, "-c", hidden, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
    assert NOT_INSTALLED in (tmp_path / "out" / "provenance.json").read_text()
    assert NOT_INSTALLED in (tmp_path / "hub" / "index.html").read_text()
