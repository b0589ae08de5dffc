"""What is known of the published sets: label, colour, reference, licence."""

from __future__ import annotations

import zlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Credit:
    """A published TSS set.

    Parameters
    ----------
    label : str
        As the field calls it.
    color : str
        ``R,G,B`` of the Okabe-Ito palette.
    reference, licence : str
        Whom to cite, and under which terms the data may be used.
    """

    label: str
    color: str
    reference: str = ""
    licence: str = ""


CREDITS = {
    "cappable": Credit(
        "Cappable-seq", "230,159,0", "Ettwiller et al. 2016, BMC Genomics 17:199", "CC BY 4.0, data CC0"
    ),
    "sendseq": Credit(
        "SEnd-seq", "86,180,233", "Ju et al. 2019, Nature Microbiology 4:1907", "no open licence: do not redistribute"
    ),
    "smrt": Credit("SMRT-Cappable-seq", "0,158,115", "Yan et al. 2018, Nature Communications 9:3676", "CC BY 4.0"),
    "regulondb": Credit(
        "RegulonDB",
        "204,121,167",
        "Salgado et al. 2024, Nucleic Acids Research 52:D255",
        "academic use; no redistribution",
    ),
}


def credit_of(format_name: str, set_name: str) -> Credit:
    """Return the credit of a published set; for another, its name and a colour that depends on the name alone."""
    if format_name in CREDITS:
        return CREDITS[format_name]
    colors = [credit.color for credit in CREDITS.values()]
    return Credit(set_name, colors[zlib.crc32(set_name.encode()) % len(colors)])
