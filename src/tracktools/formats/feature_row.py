"""One row of an annotation, whatever the file: GFF3, GTF, GenBank and EMBL are all read into these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One feature, or one part of one that has several.

    Parameters
    ----------
    chrom : str
        Name of the sequence.
    type : str
        Sequence Ontology term or key of the INSDC feature table, such as ``gene``.
    start, end : int
        0-based and half-open. On a circular sequence `end` may lie past its length: the feature crosses the origin.
    strand : str
        ``+``, ``-`` or ``.``; the ``?`` of GFF3 becomes ``.``.
    attributes : mapping of str to str
        Decoded, without control characters; a list of values stays one text with commas. Rows with one ``ID`` are
        parts of one feature.
    line : int
        Line of the file, counted from 1; of GenBank and EMBL, that on which the record begins.
    feature : int, optional
        Number of the feature in a record of GenBank or EMBL: rows of one number are its parts.
    """

    chrom: str
    type: str
    start: int
    end: int
    strand: str
    attributes: Mapping[str, str]
    line: int
    feature: int | None = None
