"""The ninth column of GTF (2.2), as NCBI and Ensembl write it for bacteria: https://mblab.wustl.edu/GTF22.html."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PAIR = re.compile(r'\s*([A-Za-z_][\w.-]*) +("(?:[^"\\]|\\.|"")*"|[^\s";=][^;="]*+) *(?:;|$)')
_DOUBLED = re.compile(r'""([^";\s][^"]*)""')  # after a visit to a spreadsheet


def gtf_attributes(text: str) -> dict[str, str] | None:
    """Return the attributes of a GTF row; None if the text does not begin like one.

    Of a name that is there more than once, the first value is taken. A doubled quote inside a quoted value is a quote.

    Raises
    ------
    ValueError
        If the text begins like GTF and goes on otherwise, with the first piece that is not GTF.

    Examples
    --------
    >>> gtf_attributes('gene_id "b0001"; gene "thrL"; note "a; b"; exon_number 1;')
    {'gene_id': 'b0001', 'gene': 'thrL', 'note': 'a; b', 'exon_number': '1'}
    >>> gtf_attributes("ID=g1;Name=thrL") is None
    True
    """
    values: dict[str, str] = {}
    text, at = _DOUBLED.sub(r'"\1"', text), 0
    end = len(text.rstrip(" ;"))
    while at < end:
        pair = _PAIR.match(text, at)
        if pair is None:
            if values:
                raise ValueError(text[at:].strip())
            return None
        value = pair[2][1:-1].replace('""', '"') if pair[2].startswith('"') else pair[2]
        values.setdefault(pair[1], " ".join(value.split()))
        at = pair.end()
    return values or None


def link_by_gene_id(kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes of a row with the links of GFF3: a gene has an ``ID``, what is below it a ``Parent``."""
    link = "ID" if kind == "gene" else "Parent"
    return {**values, link: f"gene:{values.get('gene_id') or values['transcript_id']}"}
