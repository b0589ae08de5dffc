"""Options that several commands have, defined once.

Put ``@options.output`` above the function of a command, and take the parameter that it gives:

============  =============================  ======================================================================
decorator     parameter                      pass it on to
============  =============================  ======================================================================
rename        ``renames: dict[str, str]``    `tracktools.names.join_names`, or the verb's ``renames``
only_genome   ``only_genome: bool``          `tracktools.names.join_names`; count what it leaves out
circular      ``circular: tuple[str, ...]``  ``load_genome(path, circular=circular)``
force         ``force: bool``                `tracktools.run.Policy`, or the verb's ``force``
restart       ``restart: bool``              `tracktools.run.Policy`, or the verb's ``restart``
output        ``output: Path``               the verb's output folder
output_file   ``output: Path``               the verb's output file
genome        ``genome: Path``               `tracktools.genome.load_genome`, or the verb's ``genome``
annotation    ``annotation: Path``           the verb's ``annotation``: GFF3, GTF or GenBank
model         ``model: str``                 `tracktools.load_model`
sets          a dict of name to Path         the verb's TSS sets
source        ``sources``: the same          the verb's TSS sets
signals       a list of `SignalSource`       the verb's signals
descriptor    ``descriptor_of: Path``        the verb's ``host``
gene_context  ``gene_context: bool``         `tracktools.config.PredictConfig`
around        ``upstream``, ``downstream``   the verb's config
operons       ``operons: Path``              `profile.operons.read_operons`, or the verb's ``operons``
shard         ``shard: str``                 `tracktools.predict.Shard.parse`
folds         ``folds: int``                 the number of models to train
absent        ``absent: str``                the verb's config
block         ``block_bp: int``              the verb's config
seed          ``seed: int``                  the verb's config
engine        ``engine: str``                `tracktools.config.PredictConfig`
device        ``device: str``                `tracktools.config.PredictConfig`
threads       ``threads: int``               `tracktools.config.PredictConfig`
few_threads   ``threads: int``               the same for training, where one thread is the default
templates     ``templates: Path``            the verb's ``templates``
============  =============================  ======================================================================

Some are called with the words that differ from command to command, such as what the default is. ``--rename`` comes
with ``--rename-file``; both end up in ``renames``. A command that reads rows ends with
``click.echo(count_line(...))`` of `tracktools.counting`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tracktools.config import EvaluateConfig, PredictConfig
from tracktools.errors import InputError

PATH = click.Path(path_type=Path)
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _parse_renames(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    renames: dict[str, str] = {}
    for value in values:
        name, separator, target = value.rpartition("=")
        if not (name and separator and target):
            raise click.BadParameter(f"{value!r} is not OLD=NEW")
        if any(letter.isspace() for letter in target):
            raise click.BadParameter(f"{target!r} is no name for a sequence: BED and bigWig want one without spaces")
        if renames.get(name, target) != target:
            raise click.BadParameter(f"{name!r} is renamed twice, to {renames[name]!r} and to {target!r}")
        renames[name] = target
    return renames


def rename(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--rename OLD=NEW`` and ``--rename-file``, and its function one parameter, ``renames``."""

    @functools.wraps(command)
    def with_renames(*args: Any, renames: dict[str, str], rename_file: Path | None, **options: Any) -> Any:
        from tracktools.names import Renames
        from tracktools.run import checked_before_publishing

        said = Renames(renames, _read_renames(rename_file), rename_file)
        with checked_before_publishing(said.refuse_unused):
            return command(*args, renames=said, **options)

    with_file = click.option("--rename-file", type=PATH, help="Two-column file for --rename: old name, new name.")(
        with_renames
    )
    return click.option(
        "--rename",
        "renames",
        metavar="OLD=NEW",
        multiple=True,
        callback=_parse_renames,
        help="Read sequence OLD of the files as NEW of the genome; repeatable. Not needed for U00096.3, chr and "
        "Chromosome, which mean NC_000913.3.",
    )(with_file)


def _read_renames(path: Path | None) -> dict[str, str]:
    from tracktools.tss.spreadsheet import read_rows

    renames: dict[str, str] = {}
    for line, row in [] if path is None else read_rows(path):
        if len(row) != 2:
            raise InputError(f"has {len(row)} columns", path=path, line=line, hint="two are needed: OLD and NEW name")
        if renames.get(row[0], row[1]) != row[1]:
            raise InputError(f"{row[0]!r} is renamed twice", path=path, line=line, hint="leave one of the lines out")
        renames[row[0]] = row[1]
    return renames


only_genome = click.option(
    "--only-genome",
    is_flag=True,
    help="Skip and count what is on sequences that are not in the genome.  [default: stop with an error]",
)

circular = click.option(
    "--circular",
    multiple=True,
    metavar="NAME|all",
    help="Name of a circular sequence, or all; repeatable.  [default: all linear, unless a file says circular]",
)


force = click.option(
    "--force",
    is_flag=True,
    help="Replace the output of an earlier tracktools run. Stops if it contains any other or changed file.",
)

restart = click.option(
    "--restart",
    is_flag=True,
    help="Start again: delete the unfinished work in <output>.partial.  [default: continue it]",
)

output = click.option("-o", "--output", type=PATH, required=True, help="Output folder; it is created.")


def output_file(words: str) -> Decorator:
    """Give a command ``-o FILE``; `words` say which file that is."""
    return click.option("-o", "--output", type=PATH, required=True, help=words)


def genome(words: str = "The genome: FASTA, 2bit or GenBank.", *, default: str | None = None) -> Decorator:
    """Give a command ``--genome FILE``, which is required unless `default` says what is taken without it."""
    said = words if default is None else f"{words}  [default: {default}]"
    return click.option("--genome", type=PATH, required=default is None, help=said)


class _WithSilentAlias(click.Option):
    """An option whose second name works, but is not in the help."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the line of the help without the second name."""
        names, self.opts = self.opts, self.opts[:1]
        try:
            return super().get_help_record(ctx)
        finally:
            self.opts = names


def annotation(words: str = "GFF3, GTF or GenBank with the genes.", *, default: str) -> Decorator:
    """Give a command ``--annotation FILE``; ``--gff`` means the same, as in older versions."""
    said = f"{words}  [default: {default}]"
    return click.option("--annotation", "--gff", "annotation", type=PATH, cls=_WithSilentAlias, help=said)


def model(words: str, *, default: str) -> Decorator:
    """Give a command ``-m MODEL``, the name of a shipped model or a checkpoint file."""
    return click.option("-m", "--model", help=f"{words}  [default: {default}]")


def parse_sets(values: tuple[str, ...], *, needs_name: bool = True) -> dict[str, Path]:
    """Read words of the form ``NAME=BED``.

    Parameters
    ----------
    values : tuple of str
        As the user writes them.
    needs_name : bool
        False: ``BED`` alone is also right; its name is that of the file.
    """
    sets: dict[str, Path] = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not (equals or needs_name):
            name, path = Path(value).name.removesuffix(".gz").removesuffix(".bed"), value
        if not (name and path):
            raise click.BadParameter(f"{value!r} is not {'' if needs_name else 'BED or '}NAME=BED")
        if name in sets:
            raise click.BadParameter(f"{name!r} is named twice: give each set a name of its own, NAME=BED")
        sets[name] = Path(path)
    return sets


def read_named_sets(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    """Read ``NAME=BED`` words; callback of options and arguments."""
    return parse_sets(values)


def read_sets(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    """Read ``BED`` and ``NAME=BED`` words; callback of options and arguments."""
    return parse_sets(values, needs_name=False)


def sets(flag: str, words: str, *names: str, needs_name: bool = True, **more: Any) -> Decorator:
    """Give a command an option for TSS sets, ``NAME=BED``, to repeat for each set."""
    settings: dict[str, Any] = {"metavar": "NAME=BED" if needs_name else "[NAME=]BED", **more}
    callback = read_named_sets if needs_name else read_sets
    return click.option(flag, *names, multiple=True, callback=callback, help=words, **settings)


source = sets(
    "--source",
    "A TSS set; repeat for each. The names cappable, sendseq, smrt and regulondb have colours and labels.",
    "sources",
    required=True,
)


def read_signals(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[Any]:
    """Read ``NAME=PLUS.bw,MINUS.bw`` and ``NAME=FOLDER`` words; callback of options."""
    from tracktools.profile.matrix import SignalSource

    try:
        return [SignalSource.parse(value) for value in values]
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def signals(flag: str, words: str, *names: str, **more: Any) -> Decorator:
    """Give a command an option for stranded signals, to repeat for each."""
    metavar = "NAME=PLUS.bw,MINUS.bw|FOLDER"
    return click.option(flag, *names, metavar=metavar, multiple=True, callback=read_signals, help=words, **more)


reads = signals("--reads", "Stranded signal to sum within 5 nt of each TSS; repeatable.  [default: none]")


def descriptor(default: str) -> Decorator:
    """Give a command ``--descriptor-of FASTA|DIR``."""
    return click.option(
        "--descriptor-of",
        type=PATH,
        metavar="FASTA|DIR",
        help="The whole genome that the sequence, such as a plasmid, belongs to, or a folder of its predictions. Only "
        f"for models that are set to a genome by its composition.  [default: {default}]",
    )


gene_context = click.option(
    "--gene-context/--no-gene-context",
    default=PredictConfig.gene_context,
    show_default=True,
    help="Find genes in the genome, and take into account where they are, if the model does so.",
)


def around(upstream_bp: int, downstream_bp: int, when: str = "") -> Decorator:
    """Give a command ``--upstream`` and ``--downstream``, the bases around a TSS; `when` says with which option."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for flag, default, words in (
            ("--downstream", downstream_bp, "last base, downstream of the TSS [nt]."),
            ("--upstream", upstream_bp, "first base, upstream of the TSS [nt]."),
        ):
            said = f"{when}the {words}" if when else f"The {words}"
            command = click.option(flag, type=click.IntRange(0), default=default, show_default=True, help=said)(command)
        return command

    return decorate


def operons(words: str) -> Decorator:
    """Give a command ``--operons FILE``; `words` say with what, and for what."""
    said = f"{words}  [default: none]"
    return click.option("--operons", type=PATH, metavar="BED|TSV", help=said)


def shard(words: str = "Compute only shard I of N, such as 1/3; join all with `tracktools merge`.") -> Decorator:
    """Give a command ``--shard I/N``."""
    return click.option("--shard", metavar="I/N", help=f"{words}  [default: everything]")


def folds(verb: str) -> Decorator:
    """Give a command ``--folds N``; `verb` is what it does with the models."""
    said = f"{verb} N models, each without another N-th of the genome, for `tracktools predict --out-of-fold`."
    return click.option("--folds", type=click.IntRange(2), metavar="N", help=f"{said}  [default: one model]")


def seed(default: int, words: str = "Seed of everything random.") -> Decorator:
    """Give a command ``--seed N``."""
    return click.option("--seed", type=click.IntRange(0), default=default, show_default=True, help=words)


def templates(words: str = "Folder with your own templates; the packaged ones fill in.") -> Decorator:
    """Give a command ``--templates DIR``."""
    return click.option("--templates", type=PATH, help=f"{words}  [default: the packaged ones]")


absent = click.option(
    "--absent",
    type=click.Choice(["skip", "zero"]),
    default=EvaluateConfig.absent,
    show_default=True,
    help="A base without a value: skip it (as in predictions), or count it as zero (as in sparse counts).",
)

block = click.option(
    "--block-bp",
    type=click.IntRange(1),
    default=PredictConfig.block_bp,
    show_default=True,
    help="Bases computed at once [bp].",
)

species = click.option(
    "--species", default="", help="Species and strain, for the header of the checkpoint.  [default: empty]"
)

engine = click.option(
    "--engine",
    type=click.Choice(["auto", "native", "torch"]),
    default=PredictConfig.engine,
    show_default=True,
    help="What computes: native (compiled, CPU) or torch; auto takes the fastest, see `tracktools info`.",
)

device = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default=PredictConfig.device,
    show_default=True,
    help="Where torch computes; auto takes a GPU if there is one.",
)

threads = click.option(
    "-t",
    "--threads",
    type=click.IntRange(0),
    default=PredictConfig.threads,
    show_default=True,
    help="CPU threads; 0: all cores.",
)

few_threads = click.option("-t", "--threads", type=click.IntRange(1), default=1, show_default=True, help="CPU threads.")
