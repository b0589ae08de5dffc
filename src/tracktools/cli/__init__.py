"""The command line: one file per command; each parses, calls one function and reports. The one door to click."""

from __future__ import annotations

import errno
import logging
import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from tracktools.cli.config_file import read_config_file
from tracktools.cli.numbers import bound_numbers
from tracktools.cli.suggesting import SuggestingGroup
from tracktools.errors import TracktoolsError, shortened
from tracktools.interrupts import INTERRUPTED, SAID, TERMINATED, at_once, signalled_status, unwind

COMMANDS: dict[str, str] = {
    # name: what `tracktools --help` says; the command lives in cli/<name>.py as the function <name>
    "demo": "Do the whole job on the embedded E. coli genome.",
    "predict": "Predict TSS at every base of both strands; write bigWigs and called TSS.",
    "merge": "Join the shards of a prediction that several machines computed.",
    "tss": "Work with TSS sets: import, lift, curate, classify, compare, call, table, confirm, promoters.",
    "reads": "Turn BAM, CRAM, bedGraph, wiggle or bigWig into stranded bigWigs.",
    "annotation": "Turn GFF3, GTF or GenBank into gene and pseudogene tracks.",
    "train": "Train a network on a genome and its measured TSS.",
    "adapt": "Adapt a shipped model to your genome and its measured TSS, in minutes.",
    "evaluate": "Score a model, or any pair of bigWigs, against measured TSS.",
    "profile": "Draw signals around TSS, gene starts, terminators; compare levels in and between genes.",
    "attention": "Describe what each attention head looks at, over a whole genome.",
    "motifs": "Find motifs in what the attention heads look at.",
    "mutate": "Compute what changes of the sequence do to TSS: substitutions, variants, designs.",
    "contribute": "Compute what each base does for the TSS near it; browsers draw it as letters.",
    "hub": "Build, check, serve and view track hubs for UCSC, IGV and JBrowse.",
    "report": "Make one page from the folders that other commands wrote.",
    "fetch": "Download a public data set by name.",
    "models": "List, show, verify and average models.",
    "info": "Print versions, the processor, and which engines work here.",
}


_FULL_OR_BROKEN_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
_FORBIDDEN_OR_GONE = (
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
)
_TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)
_USERS_ERRORS = (*_FULL_OR_BROKEN_DISK, *_FORBIDDEN_OR_GONE, *_TOO_MANY_FILES)


class LazyGroup(SuggestingGroup):
    """A group that imports a command's module when that command is asked for, so that ``--help`` is instant."""

    def invoke(self, ctx: click.Context) -> None:
        """Run a command; what its function returns is no exit status."""
        from tracktools.run import inputs_unchanged

        try:
            with inputs_unchanged():
                super().invoke(ctx)
        except KeyboardInterrupt:  # click would write an empty line
            _fail(SAID, INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of `COMMANDS`, which is the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(at_once(lambda: import_module(f"tracktools.cli.{cmd_name}")), cmd_name)
        assert isinstance(command, click.Command)
        bound_numbers(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from `COMMANDS`, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from tracktools.versions import tracktools_version

        click.echo(f"tracktools, version {tracktools_version()}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "-V",
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
@click.option("-v", "--verbose", count=True, help="Print more on stderr; -vv for debugging.")
@click.option("-q", "--quiet", is_flag=True, help="Print only warnings and errors on stderr.")
@click.option(
    "--max-unpacked-mb",
    type=click.IntRange(min=1),
    metavar="MB",
    help="Most that a gzip or xlsx file may unpack to.  [default: 256, or 64 times its size]",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    is_eager=True,
    expose_value=False,
    callback=read_config_file,
    help="TOML file with defaults, one table per command: [predict], [tss.curate]. The command line wins.",
)
def tracktools(verbose: int, quiet: bool, max_unpacked_mb: int | None) -> None:
    """Turn a genome FASTA into browser tracks of predicted transcription start sites (TSS).

    \b
    To begin:
      tracktools predict genome.fa --circular all -o predictions --hub hub
      tracktools hub serve hub
    """
    if max_unpacked_mb is not None:
        from tracktools.formats.input_file import set_unpacked_limit

        set_unpacked_limit(max_unpacked_mb * 1_000_000)
    level = logging.WARNING if quiet else logging.DEBUG if verbose > 1 else logging.INFO
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Message("%(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # what it says of fonts depends on what other programs drew before, and on how busy the machine is
    logging.getLogger("matplotlib").setLevel(logging.DEBUG if verbose > 1 else logging.ERROR)


bound_numbers(tracktools)


class _Message(logging.Formatter):
    """A message as a user reads it: files of an unfinished run have the names that they will have."""

    def format(self, record: logging.LogRecord) -> str:
        from tracktools.formats.atomic import final_path

        return final_path(super().format(record))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line; an error that a user can fix, or of disk or memory, becomes one line and exit status 1."""
    unwind()
    try:
        status = tracktools.main(args=arguments, prog_name="tracktools", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except (KeyboardInterrupt, click.Abort) as error:
        if isinstance(error.__cause__, EOFError):  # click takes it for the end of the user's input
            raise error.__cause__ from None
        _fail(SAID, INTERRUPTED)
    except click.ClickException as error:
        if not isinstance(error, click.exceptions.NoArgsIsHelpError):  # its message is the help
            vars(error)["message"] = shortened(error.message)
        error.show()
        sys.exit(error.exit_code)
    except TracktoolsError as error:
        _fail(f"Error: {error}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has left: nothing more to say
        sys.exit(1)
    except MemoryError as error:
        _fail(f"Error: {' '.join(str(error).split()) or 'no memory'} (free some, or take fewer threads)")
    except OSError as error:
        if error.errno is not None and error.errno not in _USERS_ERRORS and not signalled_status():
            raise
        where = "" if error.filename is None else f"{error.filename}: "
        _fail(f"Error: {where}{error.strerror or ' '.join(str(error).split())}")  # some libraries give words alone
    except Exception:
        if not signalled_status():
            raise
        _fail(SAID, INTERRUPTED)


def _fail(text: str, status: int = 1) -> NoReturn:
    """Say one line and end; after a signal that a library turned into another error, end as after the signal."""
    status = signalled_status() or status
    if status != TERMINATED:
        click.echo(SAID if status == INTERRUPTED else text, err=True)
    sys.exit(status)
