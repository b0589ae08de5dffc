"""Templates: the texts of a hub that a biologist can edit. The one door to jinja2."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from tracktools.config import HubConfig
from tracktools.errors import InputError, TracktoolsError
from tracktools.formats.input_file import read_text
from tracktools.hub.text import human_count
from tracktools.palette import css, shade

FACTS = "assemblies.toml"


class Templates:
    """The templates of a hub: the user's own, and for what those lack, the packaged ones.

    Parameters
    ----------
    folder : Path, optional
        Folder whose files override packaged templates of the same name.

    Raises
    ------
    InputError
        If there is no such folder, or it overrides none of the templates.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._packaged = packaged = Path(str(files("tracktools") / "trackhub_templates"))
        self._folders = [packaged] if folder is None else [folder, packaged]
        if folder is not None:
            if not folder.is_dir():
                raise InputError("is no folder", path=folder, hint="name a folder of templates")
            known = {path.relative_to(packaged) for path in packaged.rglob("*") if path.is_file()}
            own = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
            if not own & known and not any(path.parent.name == "methods" for path in own):
                raise InputError(
                    "overrides no template", path=folder, hint=f"templates are {', '.join(sorted(map(str, known)))}"
                )
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folders),
            undefined=jinja2.StrictUndefined,
            autoescape=jinja2.select_autoescape(["html"]),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        filters: dict[str, Callable[..., str]] = {
            "count": human_count,
            "css": css,
            "pale": partial(shade, share=HubConfig.palest),
        }
        self._environment.filters.update(filters)

    def render(self, template: str, **values: Any) -> str:
        """Return the text of a template.

        Raises
        ------
        InputError
            If a template of the user has an error, or names a variable that does not exist; names its file and line.
        TracktoolsError
            If a packaged template has: nobody but us can correct that, so that no file is named.
        """
        try:
            return self._environment.get_template(template).render(**values)
        except jinja2.TemplateSyntaxError as error:
            raise InputError(
                f"{error.message}", path=error.filename or template, line=error.lineno, hint="hint the template"
            ) from None
        except jinja2.TemplateNotFound as error:
            raise InputError(f"includes {error.name}, which is no template", path=self.path(template)) from None
        except (jinja2.TemplateError, TypeError, ValueError, ZeroDivisionError) as error:
            path, line = self._place(error, template)
            if path.is_relative_to(self._packaged):
                raise TracktoolsError(
                    f"a text of the hub cannot be written: {error}: this is an error of tracktools, please report it"
                ) from None
            hint = "the README next to the packaged templates names every variable"
            raise InputError(f"{error}", path=path, line=line, hint=hint) from None

    def path(self, name: str) -> Path:
        """Return the file of a template, the user's own first."""
        return next((folder / name for folder in self._folders if (folder / name).is_file()), Path(name))

    def facts(self) -> tuple[str, str]:
        """Return the text of ``assemblies.toml``, and its path."""
        path = self.path(FACTS)
        return read_text(path), str(path)

    def _place(self, error: BaseException, template: str) -> tuple[Path, int | None]:
        """Return the template and line that raised: jinja2 writes them into the traceback."""
        place: tuple[Path, int | None] = (self.path(template), None)
        trace = error.__traceback__
        while trace is not None:
            filename = Path(trace.tb_frame.f_code.co_filename)
            if any(folder in filename.parents for folder in self._folders):
                place = filename, trace.tb_lineno
            trace = trace.tb_next
        return place
