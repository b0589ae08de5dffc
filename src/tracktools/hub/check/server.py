"""The answers of a hub's web server that browsers need: byte ranges, and any origin."""

from __future__ import annotations

import urllib.request
from http.client import HTTPException

from tracktools.config import HubCheckConfig
from tracktools.hub.check.places import BROWSER_ORIGIN, browser_request
from tracktools.hub.check.report import Findings, Level


def check_server(address: str, name: str, config: HubCheckConfig, findings: Findings) -> None:
    """Ask the server for one byte of a data file, as a browser on another site does.

    Parameters
    ----------
    address : str
        Web address of the file.
    name : str
        How findings call it.
    config : HubCheckConfig
        How long the server may be silent.
    findings : Findings
        Where findings go.
    """
    request = browser_request(address)
    request.add_header("Range", "bytes=1-1")
    try:
        with urllib.request.urlopen(request, timeout=config.timeout_s) as answer:  # noqa: S310 - http or https
            status, headers, body = answer.status, answer.headers, answer.read(2)
    except (OSError, HTTPException) as error:
        problem = f"cannot be asked for bytes: {error}"
        findings.add_file(Level.WARNING, name, "server", problem, "serve it with a usual web server")
        return
    if status != 206 or len(body) != 1:
        problem = f"the server answers {status} with the whole file to a request for one byte"
        findings.add_file(Level.WARNING, name, "no-ranges", problem, "use a server with byte ranges, such as hub serve")
    if headers.get("Access-Control-Allow-Origin") not in ("*", BROWSER_ORIGIN):
        problem = "the server does not let pages of other sites read it (CORS)"
        findings.add_file(Level.WARNING, name, "no-cors", problem, "send Access-Control-Allow-Origin: *")
