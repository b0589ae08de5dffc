"""The sign of stranded signals: the minus file of a pair may be stored negative, and means the same.

deepTools (``--scaleFactor -1``), PneumoBrowse and our own hub copies store the minus strand negative, so that browsers
draw it downwards. Whoever computes with counts or probabilities passes every piece of values that it reads through
`InputSign.positive`, one `InputSign` a file, and at the end says the `pair_notes` on stderr and puts `pair_record`
into the provenance::

    signs = InputSign(plus, "+"), InputSign(minus, "-")
    values = signs[1].positive(reader.values(chrom, start, end), chrom, start)
    for note in pair_notes(*signs):
        log.warning("warning: %s", note)
    parameters |= pair_record(*signs)

Signals that have a sign of their own, such as contributions, are not meant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tracktools.errors import InputError

_MANY = 1000  # bases above 0 on one strand that make none on the other suspicious


class InputSign:
    """The sign of one strand's file, learnt piece by piece.

    Parameters
    ----------
    path : Path
        The file, for messages.
    strand : {"+", "-", "."}
        A minus file may be all negative; no other may hold a negative value; ``"."`` keeps any sign.

    Attributes
    ----------
    lowest, highest : float
        Of the values so far, as the file has them; 0 at first.
    n_values : int
        Values other than 0 so far.
    """

    def __init__(self, path: Path, strand: str) -> None:
        self.path, self.strand = Path(path), strand
        self.lowest = self.highest = 0.0
        self.n_values = 0

    @property
    def negative(self) -> bool:
        """Whether the file is stored negative, as far as it was read."""
        return self.lowest < 0 and self.strand == "-"

    def positive(self, values: npt.NDArray[Any], chrom: str, start: int = 0) -> npt.NDArray[Any]:
        """Return values as positive ones.

        Parameters
        ----------
        values : ndarray of float, shape (n,)
            As in the file, NaN where there is none.
        chrom : str
            Sequence they are of, for messages.
        start : int
            0-based position of the first, for messages.

        Raises
        ------
        InputError
            If a value is infinite; if the file has values of both signs; if a plus file has a negative one.
        """
        infinite = np.isinf(values)
        if infinite.any():
            at = start + int(infinite.argmax()) + 1
            raise InputError(f"contains an infinite value at {chrom}:{at}", path=self.path, hint="make the file again")
        self.lowest = min(self.lowest, float(np.nanmin(values, initial=0.0)))
        self.highest = max(self.highest, float(np.nanmax(values, initial=0.0)))
        self.n_values += int(np.count_nonzero(values)) - int(np.count_nonzero(np.isnan(values)))
        if self.strand == "." or self.lowest == 0:
            return values
        span = f"{self.lowest:g} to {self.highest:g}"
        if self.highest > 0:
            hint = "one strand has one sign: is it a signal of both strands, or a log ratio?"
            raise InputError(
                f"contains values of both signs, {span}, on the {self.strand} strand", path=self.path, hint=hint
            )
        if self.strand == "+":
            hint = "are the two files exchanged? name the plus strand first"
            raise InputError(f"contains negative values, {span}, as the plus strand", path=self.path, hint=hint)
        turned: npt.NDArray[Any] = np.abs(values)
        return turned


def pair_notes(plus: InputSign, minus: InputSign) -> list[str]:
    """Return what to say of a pair that was read: a minus file stored negative, a strand that gave nothing."""
    notes = []
    if minus.negative:
        notes.append(f"{minus.path}: the minus strand is stored negative; its values are read as positive")
    for one, other in ((plus, minus), (minus, plus)):
        if one.n_values == 0 and other.n_values >= _MANY:
            notes.append(
                f"{one.path}: no value above 0 on the {one.strand} strand, and {other.n_values:,} on the other "
                f"({other.path.name}); is it the right file?"
            )
    return notes


def pair_record(plus: InputSign, minus: InputSign) -> dict[str, str]:
    """Return what the provenance says of the signs of a pair."""
    read = "stored negative, read as positive" if minus.negative else "positive"
    return {"plus_strand": "positive", "minus_strand": read}
