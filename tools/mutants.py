"""Change one line of the source at a time, and see that its tests notice.

    python tools/mutants.py [--only TEXT] [--jobs 2]

Each entry of ``tests/mutants.toml`` is a wrong version of a line that tests once missed, or that a result hangs on. It
is put into a copy of the source, and the tests named are run on the copy: they must fail. Prints a line per mutant, and
exits with 1 if one survives, or if its line is no longer in the source.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIST = ROOT / "tests" / "mutants.toml"
_NO_TEST_RAN = (2, 3, 4, 5)  # exit statuses of pytest that say nothing of the code


def main() -> int:
    """Run the mutants; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="mutants whose file or name contains this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at a time")
    options = parser.parse_args()
    mutants = [one for one in tomllib.loads(LIST.read_text())["mutant"] if options.only in one["file"] + one["name"]]
    with ThreadPoolExecutor(options.jobs) as pool:
        verdicts = list(pool.map(_judge, mutants))
    for one, verdict in zip(mutants, verdicts, strict=True):
        print(f"{verdict:<9} {one['file']}: {one['name']}")
    n_killed = verdicts.count("killed")
    print(f"{n_killed} of {len(mutants)} mutants killed")
    return 0 if n_killed == len(mutants) else 1


def _judge(mutant: dict[str, Any]) -> str:
    """Return ``killed``, ``survived``, ``stale`` (the line is not there, once) or ``no test``."""
    text = (ROOT / "src" / "tracktools" / mutant["file"]).read_text()
    if text.count(mutant["old"]) != 1:
        return "stale"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "src")
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / "tracktools" / mutant["file"]).write_text(text.replace(mutant["old"], mutant["new"]))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--import-mode=importlib"]
        tests = [str(ROOT / "tests" / test) for test in mutant["tests"]]
        done = subprocess.run(  # noqa: S603
            [*command, *tests],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(copy), str(ROOT / "tests")]),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            capture_output=True,
            check=False,
        )
    if done.returncode in _NO_TEST_RAN:
        return "no test"
    return "killed" if done.returncode else "survived"


if __name__ == "__main__":
    sys.exit(main())
