"""Links that open a hub once it is on the web, and how to put it there."""

from __future__ import annotations

import shlex
from pathlib import Path
from urllib.parse import quote, urlsplit

from tracktools.errors import ConfigError
from tracktools.hub.model import Hub


def check_base_url(url: str) -> str:
    """Return a base URL with a slash at its end.

    Raises
    ------
    ConfigError
        If it is no http or https address.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # http://[::1/
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or any(letter in url for letter in " <>\"'\n"):
        raise ConfigError(f"base URL {url!r} is no web address (https://host/folder)")
    return url.rstrip("/") + "/"


def client_links(hub: Hub, base_url: str) -> dict[str, str]:
    """Return what to click, by the name of the browser.

    Parameters
    ----------
    hub : Hub
        The hub.
    base_url : str
        Address of its folder, with a slash at the end.
    """
    hub_url = quote(base_url + "hub.txt", safe="")
    genome, position = quote(hub.assembly.genome, safe=""), quote(hub.assembly.default_position, safe="")
    links = {
        "UCSC Genome Browser": f"https://genome.ucsc.edu/cgi-bin/hgTracks?genome={genome}&hubUrl={hub_url}&position={position}",
        "IGV-Web": f"https://igv.org/app/?sessionURL={hub_url}",
    }
    if not hub.assembly.attached:
        config = quote(base_url + "jbrowse/config.json", safe="")
        links |= {
            "JBrowse 2": f"https://jbrowse.org/code/jb2/latest/?config={config}",
            "The view next to the data": base_url + "index.html",
        }
    return links


def upload_commands(folder: Path, hub: Hub) -> dict[str, str]:
    """Return the commands that put a hub on the web, by the kind of host."""
    here = shlex.quote(f"{folder}/")
    return {
        "rsync": f"rsync -av --delete {here} USER@HOST:/var/www/{hub.name}/",
        "S3": f"aws s3 sync --delete {here} s3://BUCKET/{hub.name}/  # and allow CORS with the header Range",
        "UCSC hubSpace": f"cd {here} && hubtools up {hub.name}",
    }
