"""BAM files for tests, written from short descriptions of their records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pysam

SIZES = {"c1": 400, "c2": 300}


def record(contig: int, start: int, cigar: str = "20M", flag: int = 0, **fields: Any) -> dict[str, Any]:
    return {"contig": contig, "start": start, "cigar": cigar, "flag": flag, **fields}


def write_bam(path: Path, records: Sequence[dict[str, Any]], sizes: dict[str, int] = SIZES, mode: str = "wb") -> Path:
    """Write records in the given order."""
    header = pysam.AlignmentHeader.from_references(list(sizes), list(sizes.values()))
    with pysam.AlignmentFile(str(path), mode, header=header) as file:
        for number, fields in enumerate(records):
            read = pysam.AlignedSegment(header)
            read.query_name = fields.get("name", f"r{number}")
            read.flag = fields["flag"]
            read.reference_id, read.reference_start = fields["contig"], fields["start"]
            read.mapping_quality = fields.get("mapq", 60)
            if fields["cigar"]:
                read.cigarstring = fields["cigar"]
                read.query_sequence = "A" * read.infer_query_length()
            if "mate" in fields:
                read.next_reference_id = fields.get("mate_contig", fields["contig"])
                read.next_reference_start, read.template_length = fields["mate"], fields["length"]
            file.write(read)
    return path


def pair(contig: int, start: int, end: int, *, read1_reverse: bool, width: int = 20) -> list[dict[str, Any]]:
    """Return the two records, of one name, of a proper pair whose fragment is [start, end)."""
    left, right = (0x80 | 0x20, 0x40 | 0x10) if read1_reverse else (0x40 | 0x20, 0x80 | 0x10)
    proper = 0x1 | 0x2
    last, name = end - width, f"p{contig}:{start}-{end}"
    return [
        record(contig, start, f"{width}M", proper | left, name=name, mate=last, length=end - start),
        record(contig, last, f"{width}M", proper | right, name=name, mate=start, length=start - end),
    ]
