"""The last line of a command: what was read, what was taken, and what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping


def count_line(taken: int, left_out: Mapping[str, int], noun: str = "rows") -> str:
    """Return the line that tells what became of the input.

    Every command that reads rows (reads, genes, positions) ends with it: ``click.echo(count_line(...))``.

    Parameters
    ----------
    taken : int
        How many were taken.
    left_out : mapping of str to int
        How many were left out, by reason. A reason continues the sentence "3 …": ``on other sequences``,
        ``without strand``, ``below the mapping quality``. Reasons that nothing was left out for are not said.
    noun : str
        What was read, in the plural.

    Examples
    --------
    >>> count_line(1230, {"on other sequences": 3, "without strand": 1, "past an end": 0})
    'Read 1,234 rows: 1,230 taken, 4 left out (3 on other sequences, 1 without strand)'
    >>> count_line(1, {}, "genes")
    'Read 1 gene: 1 taken, 0 left out'
    """
    n_out = sum(left_out.values())
    total = taken + n_out
    reasons = ", ".join(f"{n:,} {reason}" for reason, n in left_out.items() if n)
    what = noun.removesuffix("s") if total == 1 else noun
    return f"Read {total:,} {what}: {taken:,} taken, {n_out:,} left out" + (f" ({reasons})" if reasons else "")
