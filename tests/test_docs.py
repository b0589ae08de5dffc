"""What the documentation shows is run, and what it names exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tracktools.bundle import load_bundle
from tracktools.cli import COMMANDS, tracktools

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder with a small ``genome.fa``: a piece of *E. coli*, since nothing is called on random letters."""
    contig = load_bundle().load_genome().contigs[0]
    letters = contig.letters[3_909_000:3_921_003].tobytes().decode()
    (tmp_path / "genome.fa").write_text(f">chr\n{letters}\n")
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def test_the_commands_of_the_readme_run(workplace: Path) -> None:
    lines = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    assert len(lines) >= 2
    for line in lines:
        words = shlex.split(line)
        assert words[0] == "tracktools"
        done = subprocess.run(
            [sys.executable, "-m", "tracktools", *words[1:]], cwd=workplace, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert (workplace / "predictions" / "genome.plus.bw").exists()


def test_the_python_of_the_readme_runs(workplace: Path) -> None:
    (block,) = blocks("python")
    subprocess.run([sys.executable, "-c", block], cwd=workplace, check=True, capture_output=True)
    assert (workplace / "hub_from_python" / "hub.txt").exists()


def test_the_python_of_its_page_runs(workplace: Path) -> None:
    page = (ROOT / "docs" / "python.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    done = subprocess.run([sys.executable, "-c", block], cwd=workplace, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("[]"), "a hub without errors"
    assert (workplace / "region.png").stat().st_size > 10_000


def test_the_readme_names_every_command() -> None:
    named = set(re.findall(r"^\| `tracktools (\w+)`", README, flags=re.MULTILINE))
    assert named == set(COMMANDS)


@pytest.mark.parametrize(
    "page", sorted(path for path in ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")), ids=lambda p: p.name
)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def anchors(page: Path) -> set[str]:
    """Return the names that browsers give to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    for target, heading in re.findall(r"\]\((?!https?://|mailto:)([^)#\s]*)#([^)\s]+)\)", page.read_text()):
        found = page.parent / target if target else page
        if found.suffix == ".md":
            assert heading in anchors(found), f"{target}#{heading}"


def command_at(words: list[str]) -> click.Command:
    """Return the command that words such as ``tss import FILE`` name."""
    command: click.Command = tracktools
    for word in words:
        below = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if below is None:
            break
        command = below
    return command


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda p: p.name)
def test_every_shown_option_exists(page: Path) -> None:
    for shown in re.findall(r"tracktools ([a-z][^\n`#]*)", page.read_text().replace("\\\n", " ")):
        words = shown.split()
        command = command_at(words)
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
        for option in re.findall(r"(?<=\s)--[a-z][a-z-]*", shown):
            assert option in known, f"tracktools {shown}"


def test_no_page_speaks_of_a_machine() -> None:
    for page in PAGES:
        text = page.read_text().replace("../shared/data", "")
        assert "../shared" not in text, page
        assert f"{Path.home()}/" not in text, page
