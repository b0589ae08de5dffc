"""Short reprs: a notebook prints at most three lines per result, however large its tables are."""

from __future__ import annotations

import reprlib
from dataclasses import Field, fields
from typing import Any, TypeVar

MOST_CHARACTERS = 240  # three lines of a terminal

T = TypeVar("T")


class _Brief(reprlib.Repr):
    """Tables and arrays by their size, everything else cut."""

    def repr_DataFrame(self, table: Any, level: int) -> str:  # noqa: N802 - reprlib finds it by the name of the type
        return f"<{len(table):,} rows, {table.shape[1]} columns>"

    def repr_ndarray(self, array: Any, level: int) -> str:
        return f"<{array.dtype} {array.shape}>"

    def repr_PosixPath(self, path: Any, level: int) -> str:  # noqa: N802
        return self.repr_str(str(path), level)


_brief = _Brief()
_brief.maxlevel, _brief.maxdict, _brief.maxtuple, _brief.maxlist, _brief.maxset = 2, 2, 2, 2, 2
_brief.maxstring, _brief.maxother = 50, 50


def concise(kind: type[T]) -> type[T]:
    """Give a dataclass a repr of at most `MOST_CHARACTERS`: what differs from the defaults, long values cut.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @concise
    ... @dataclass
    ... class Result:
    ...     name: str
    ...     positions: list[int]
    >>> Result("a", list(range(1000)))
    Result(name='a', positions=[0, 1, ...])
    """

    def __repr__(self: T) -> str:  # noqa: N807 - becomes the class's own
        held = [(field, getattr(self, field.name)) for field in fields(kind)]  # type: ignore[arg-type]
        values = (f"{field.name}={_brief.repr(value)}" for field, value in held if not _is_default(field, value))
        text = f"{kind.__name__}({', '.join(values)})".replace("\n", " ")
        return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 2] + "…)"

    kind.__repr__ = __repr__  # type: ignore[assignment, method-assign]
    return kind


def _is_default(field: Field[Any], value: object) -> bool:
    return isinstance(value, type(field.default)) and not hasattr(value, "dtype") and bool(value == field.default)
