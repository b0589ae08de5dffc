"""``tracktools hub``: build, check, serve and view track hubs."""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from pathlib import Path

import click

from tracktools.cli import options
from tracktools.cli.suggesting import SuggestingGroup
from tracktools.config import HubCheckConfig, HubConfig, ServeConfig

_FILE = click.Path(exists=False, dir_okay=False, path_type=Path)
_LOOPBACK = ("127.0.0.1", "localhost")
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(cls=SuggestingGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def hub() -> None:
    """Build, check, serve and view track hubs for UCSC, IGV and JBrowse."""


@hub.command()
@click.argument("folders", metavar="[DIR|FILE]...", nargs=-1, type=options.PATH)
@options.output
@options.genome()
@options.annotation(default="the genes in --genome, if any")
@click.option(
    "--bam",
    "bams",
    multiple=True,
    type=_FILE,
    help="Alignments, with their .bai or .csi next to them; repeatable.  [default: none]",
)
@click.option(
    "--attach",
    metavar="NAME",
    help="Add the tracks to this genome at UCSC, such as GCF_000005845.2.  [default: the hub has its own genome]",
)
@click.option("--base-url", metavar="URL", help="Web address that the folder will have; prints links that open it.")
@click.option("--igv-js", type=_FILE, help="igv.min.js for index.html.  [default: an installed one]")
@options.templates()
@options.rename
@options.only_genome
@options.circular
@click.option(
    "--allow-outside",
    is_flag=True,
    help="Also take files outside the folder of the tracks.tsv that names them.  [default: stop with an error]",
)
@click.option("--email", default=HubConfig.email, show_default=True, help="Contact address in hub.txt.")
@options.force
def build(
    folders: tuple[Path, ...],
    output: Path,
    genome: Path,
    annotation: Path | None,
    bams: tuple[Path, ...],
    attach: str | None,
    base_url: str | None,
    igv_js: Path | None,
    templates: Path | None,
    renames: dict[str, str],
    only_genome: bool,
    circular: tuple[str, ...],
    email: str,
    allow_outside: bool,
    force: bool,
) -> None:
    """Build a hub from folders with a tracks.tsv, and from single files.

    DIR is a folder that a tracktools command wrote, or a tracks.tsv written by hand. FILE is BED, bigBed, bigWig,
    bedGraph, GFF3 or BAM, recognised by its content. The name of a signal tells its strand (x.plus.bw, x.minus.bw).

    --only-genome applies to every file; a BAM is copied whole, and browsers show its reads on the genome alone.

    \b
    Writes in the output folder:
      hub.txt, groups.txt, <assembly>.2bit, chrom.sizes, chromAlias.*    for UCSC and IGV
      <track>.bw, <track>.bb, <track>.bam, <track>.ix, <track>.ixx       the data, and indexes of names
      pages/*.html                                                       a description of each track
      index.html                                                         the tracks drawn by igv.js
      igv/session.json, igv/session.xml, igv/genome.json, igv/genome.fa  sessions of igv.js and IGV desktop
      jbrowse/config.json                                                JBrowse 2
      provenance.json                                                    how it was made, with checksums

    \b
    Example:
      tracktools hub build predictions/ tss/ --genome NC_000913.3.fa.gz --annotation genes.gff3 -o hub/
    """
    from tracktools.hub.build import build_hub
    from tracktools.hub.clients.links import upload_commands

    built = build_hub(
        folders,
        output,
        genome=genome,
        genes=annotation,
        bams=bams,
        attach=attach,
        base_url=base_url,
        igv_js=igv_js,
        templates=templates,
        renames=renames,
        circular=circular,
        only_genome=only_genome,
        email=email,
        allow_outside=allow_outside,
        force=force,
    )
    for line in built.counts:
        click.echo(line)
    for note in built.left_out:
        click.echo(f"Left out: {note}", err=True)
    if built.not_to_publish:
        tracks = ", ".join(built.not_to_publish)
        click.echo(f"Keep this hub to yourselves: the terms of {tracks} forbid redistribution", err=True)
    for track in built.hub:
        click.echo(f"{track.file}\t{track.contents.count}\t{track.contents.size_bytes}")
    click.echo(f"{built.folder}: {built.size_bytes / 1e6:.1f} MB, opens at {built.hub.assembly.default_position}")
    for name, link in built.links.items():
        click.echo(f"{name}: {link}")
    for name, command in upload_commands(built.folder, built.hub).items():
        click.echo(f"To put it on the web, {name}: {command}")


@hub.command()
@click.argument("place", metavar="DIR|URL")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.  [default: a line per finding]")
@click.option(
    "--strict", is_flag=True, help="Exit with status 1 for warnings and notes, too.  [default: for errors only]"
)
@click.option(
    "--max-file-mb",
    default=HubCheckConfig.max_file_mb,
    show_default=True,
    type=click.IntRange(min=1),
    help="Check only the kind of a data file that is larger than this [MB].",
)
@click.option(
    "--max-mb",
    default=HubCheckConfig.max_total_mb,
    show_default=True,
    type=click.IntRange(min=1),
    help="Download at most this much from the web, all files together [MB].",
)
@click.option(
    "--max-seconds",
    default=HubCheckConfig.max_s,
    show_default=True,
    type=click.FloatRange(min=1),
    help="Download nothing more after this time [s].",
)
def check(place: str, as_json: bool, strict: bool, max_file_mb: int, max_mb: int, max_seconds: float) -> None:
    """List what is wrong with a hub, with file, line, track and fix. Exit status 1 if there is an error.

    DIR is a folder with a hub.txt, or that file. Finds what UCSC's hubCheck finds, and more: data that do not match the
    genome, filters and labels of missing columns, wrong scales and strands, name indexes, pages, and what igv.js and
    JBrowse cannot read. Files on the web are downloaded, also those that a hub in a folder names.

    \b
    Levels:
      error      a browser refuses the hub or a track, or draws it wrong
      warning    the hub opens, but something is lost or is probably a mistake
      note       advice, often about one browser alone

    \b
    Example:
      tracktools hub check hub/
    """
    from tracktools.hub.check import Level, check_hub, summary

    findings = check_hub(place, HubCheckConfig(max_file_mb=max_file_mb, max_total_mb=max_mb, max_s=max_seconds))
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(str(finding))
    click.echo(f"{place}: {summary(findings)}", err=True)
    if any(strict or finding.level is Level.ERROR for finding in findings):
        sys.exit(1)


@hub.command()
@click.argument("folder", type=_FOLDER)
@options.output_file("HTML file to write.")
@click.option("--igv-js", type=_FILE, help="igv.min.js to embed.  [default: an installed one]")
@options.templates()
@options.force
def view(folder: Path, output: Path, igv_js: Path | None, templates: Path | None, force: bool) -> None:
    """Make one HTML file of a hub: genome, tracks and viewer. It opens from disk and needs no network.

    Signals are thinned: values below 0.01 are left out, the others rounded to 2 decimals. Alignments are left out.

    Writes the output file, such as view.html.

    \b
    Example:
      tracktools hub view hub/ -o view.html
    """
    from tracktools.hub.clients.view import build_view

    built = build_view(folder, output, igv_js=igv_js, templates=templates, force=force)
    for note in built.left_out:
        click.echo(f"Left out: {note}", err=True)
    click.echo(f"{built.path}: {built.size_bytes / 1e6:.1f} MB; open it in a web browser")


@hub.command()
@click.argument("folder", type=_FOLDER)
@click.option(
    "--host",
    default=ServeConfig.host,
    show_default=True,
    help="Address to listen on; 0.0.0.0: reachable from other machines.",
)
@click.option(
    "--port", default=ServeConfig.port, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: any free one."
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Also answer requests to this host name; repeatable.  [default: names of this machine only]",
)
@click.option("--open/--no-open", "open_page", default=True, show_default=True, help="Open the page in a web browser.")
def serve(folder: Path, host: str, port: int, allowed_hosts: tuple[str, ...], open_page: bool) -> None:
    """Serve a hub to genome browsers on this machine, until you press Ctrl-C.

    Answers byte ranges, HEAD and requests from other origins (CORS), which UCSC, IGV and JBrowse need. Serves nothing
    outside the folder, and no file whose name begins with a dot. Requests to a host name that is not of this machine
    are refused, because a web page could send them; --allow-host allows a name.

    \b
    Example:
      tracktools hub serve hub/ --port 8000
    """
    from tracktools.hub.serve import make_server

    server = make_server(folder, host=host, port=port, allowed_hosts=allowed_hosts)
    address = f"http://{host if host in _LOOPBACK else '127.0.0.1'}:{server.server_port}/"
    click.echo(f"Serving {os.path.realpath(folder)} at {address} (Ctrl-C ends it)")
    click.echo(f"Hub, for browsers on this machine: {address}hub.txt")
    if host not in _LOOPBACK:
        click.echo(f"Warning: {host} can be reached by other machines", err=True)
    if open_page and (folder / "index.html").is_file():
        open_in_browser(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    finally:
        server.server_close()


def open_in_browser(address: str) -> None:
    """Open a page in a graphical browser; one in the terminal, such as lynx, would hide the address and eat Ctrl-C."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if "BROWSER" in os.environ or type(browser) is not webbrowser.GenericBrowser:  # the type of those in a terminal
        browser.open(address)
