"""One page from the folders that commands wrote: `make_report`."""

from tracktools.report.run import Report, make_report, report_text

__all__ = ["Report", "make_report", "report_text"]
