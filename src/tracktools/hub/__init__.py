"""Hubs and sessions for UCSC, IGV and JBrowse; the one door to jinja2."""
