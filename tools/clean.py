"""Remove what `make` made: a demo, packages, pictures, compiled files; what is not ours is named, and stays.

python tools/clean.py [DEMO]
"""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import suppress
from pathlib import Path

from tracktools.errors import OutputError
from tracktools.run import drop_unfinished, remove_output

ROOT = Path(__file__).resolve().parents[1]
_MADE = {
    "dist": re.compile(r"tracktools-[^/]*\.(whl|tar\.gz)"),
    "build": re.compile(r"screenshots/[^/]*\.png|(py3-none-[^/]*|native)/.*"),
}


def clean(root: Path, demo: Path) -> list[str]:
    """Remove what is ours; return a line for each thing that was kept."""
    kept = []
    try:
        drop_unfinished(demo)
        remove_output(demo)
    except OutputError as error:
        kept.append(str(error))
    for name, pattern in _MADE.items():
        folder = root / name
        for path in sorted(folder.rglob("*"), reverse=True) if not folder.is_symlink() else ():
            if path.is_dir() and not path.is_symlink():
                with suppress(OSError):
                    path.rmdir()
            elif pattern.fullmatch(path.relative_to(folder).as_posix()):
                path.unlink()
            else:
                kept.append(f"{path} is kept: make did not make it")
        with suppress(OSError):
            folder.rmdir()
    return kept


def main() -> None:
    """Clean the checkout that this file is in."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path, nargs="?", default=ROOT / "demo")
    for line in clean(ROOT, parser.parse_args().demo):
        print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
