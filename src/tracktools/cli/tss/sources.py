"""The option ``--source NAME=BED``, which several commands have."""

from __future__ import annotations

from tracktools.cli.options import (
    sets_option,
)

source_option = sets_option(
    "--source",
    "A TSS set; repeat for each. The names cappable, sendseq, smrt and regulondb have colours and labels.",
    "sources",
    required=True,
)
