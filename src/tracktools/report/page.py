"""What a page is made of: sections of sentences, pictures, tables, and numbers for other programs."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracktools.errors import InputError
from tracktools.formats.input_file import open_bytes

MOST_PICTURE_BYTES = 1_500_000  # a larger one stays in its folder, and the page says so
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """A picture: its data as a page holds it, and a text for readers who cannot see it."""

    data: str
    words: str


@dataclass
class Table:
    """A table: a caption, names of columns, rows of text; columns in `numbers` are set flush right.

    Columns without any text are left out.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()

    def __post_init__(self) -> None:
        kept = [at for at in range(len(self.columns)) if any(row[at] for row in self.rows) or not self.rows]
        self.numbers = [new for new, old in enumerate(kept) if old in self.numbers]
        self.columns = [self.columns[at] for at in kept]
        self.rows = [[row[at] for at in kept] for row in self.rows]


@dataclass
class Section:
    """A part of the page.

    Parameters
    ----------
    title : str
        Heading.
    see : list of str
        What to see in it, a sentence each.
    pictures : list of Picture
        Under the sentences.
    tables : list of Table
        Under the pictures.
    where : str
        The folder it is made from.
    numbers : dict of str to float
        Its figures, for MultiQC, by what they are.
    """

    title: str
    see: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    where: str = ""
    numbers: dict[str, float] = field(default_factory=dict)

    def show(self, path: Path, words: str) -> None:
        """Add the picture of a file; nothing if there is none, a sentence where it is too large.

        Raises
        ------
        InputError
            If the file is no PNG.
        """
        if not path.is_file():
            return
        with open_bytes(path) as file:
            data = file.read(MOST_PICTURE_BYTES + 1)
        if len(data) > MOST_PICTURE_BYTES:
            self.see.append(f"The picture {path.name} is too large for this page: open it in its folder.")
            return
        if not data.startswith(_PNG):
            raise InputError("is no PNG", path=path, hint="write the folder again, or leave it out")
        self.pictures.append(Picture(f"data:image/png;base64,{base64.b64encode(data).decode()}", words))

    def draw(self, drawer: Callable[[Path], list[Path]], words: str) -> None:
        """Add the PNG that a function draws into a folder."""
        with tempfile.TemporaryDirectory() as folder:
            made = next(path for path in drawer(Path(folder)) if path.suffix == ".png")
            self.show(made, words)
