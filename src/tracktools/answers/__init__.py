"""Tables and reports over several sets, genes and signals."""

from tracktools.answers.table import TableOptions, TssTable, make_tss_table, write_tss_table

__all__ = ["TableOptions", "TssTable", "make_tss_table", "write_tss_table"]
