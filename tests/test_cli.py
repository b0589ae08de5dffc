"""Promises of the command line."""

from __future__ import annotations

import ast
import errno
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from processes import from_a_terminal
from tracktools import cli
from tracktools.cli import COMMANDS, main, tracktools
from tracktools.config import PredictConfig, TrainConfig

FASTA = ">chr some words\n" + "ACGTTGACATATAATGCGT" * 40 + "\n"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command and subcommand, by its full name."""

    def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        yield name, command
        if isinstance(command, click.Group):
            ctx = click.Context(command)
            for child in command.list_commands(ctx):
                found = command.get_command(ctx, child)
                assert found is not None
                yield from walk(f"{name} {child}".strip(), found)

    yield from walk("", tracktools)


ALL = dict(commands())


def run(*arguments: object) -> Result:
    """Run the command line in this process, errors turned into exit codes as `main` does."""

    @click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False)
    @click.pass_context
    def as_a_user(ctx: click.Context) -> None:
        main(ctx.args)

    return CliRunner().invoke(as_a_user, [str(argument) for argument in arguments])


def assert_one_clear_line(result: Result, *words: str) -> None:
    assert result.exit_code == 1, result.output
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in errors[0], errors[0]


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    path = tmp_path / "genome.fa"
    path.write_text(FASTA)
    return path


def left_behind(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", ALL)
def test_every_command_says_what_it_does(name: str) -> None:
    result = CliRunner().invoke(tracktools, [*name.split(), "--help"], prog_name="tracktools")
    assert result.exit_code == 0
    assert ALL[name].help
    if not isinstance(ALL[name], click.Group):
        assert f"tracktools {name}" in result.output.split("Example", 1)[1], "the help ends in an example"
    assert "\b" not in result.output
    assert r"\b" not in result.output, "a paragraph marker must stand alone on its line"


@pytest.mark.parametrize("name", ALL)
def test_every_option_says_what_it_is_for(name: str) -> None:
    for option in ALL[name].params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.opts}"
            assert option.help.endswith((".", ")", "]")), f"{name} {option.opts}: {option.help}"
            assert "-h" not in option.opts


_OF_ONE_COMMAND_EACH = {  # flags that mean another thing in each command; all others are defined once, in options.py
    "--all", "--at", "--circular", "--far", "--from", "--model", "--name", "--output", "--regions", "--sheet",
    "--signal", "--species", "--strict", "--threshold", "--top", "--tss", "--window", "--within", "--where",
}  # fmt: skip


def test_an_option_of_several_commands_is_defined_once() -> None:
    defined: dict[str, set[str]] = {}
    for path in Path(cli.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call):
                words = [word.value for word in call.args if isinstance(word, ast.Constant)]
                for flag in [word for word in words if isinstance(word, str) and re.fullmatch(r"--[a-z-]+", word)]:
                    defined.setdefault(flag, set()).add(path.name)
    assert "options.py" in defined["--genome"]
    assert {flag: files for flag, files in defined.items() if len(files) > 1 and flag not in _OF_ONE_COMMAND_EACH} == {}


@pytest.mark.parametrize("name", ALL)
def test_an_annotation_is_given_by_one_option_and_by_its_older_name(name: str) -> None:
    flags = {flag for option in ALL[name].params for flag in option.opts}
    assert ("--gff" in flags) == ("--annotation" in flags)
    assert "--gff" not in ALL[name].get_help(click.Context(ALL[name], info_name=name))


def test_the_list_of_commands_is_the_commands() -> None:
    assert [name for name in ALL if name and " " not in name] == list(COMMANDS)


def test_help_imports_neither_torch_nor_pyranges() -> None:
    code = (
        "import sys\nfrom tracktools.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'pyranges', 'pandas', 'matplotlib'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_of_a_command_imports_no_torch() -> None:
    code = (
        "import sys\nfrom tracktools.cli import main\n"
        f"for name in {[name for name in ALL if name]}:\n"
        "    try:\n        main([*name.split(), '--help'])\n    except SystemExit:\n        pass\n"
        "    assert 'torch' not in sys.modules, name"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Usage: ") == len(ALL) - 1


@pytest.mark.parametrize(("name", "config"), [("predict", PredictConfig), ("train", TrainConfig)])
def test_defaults_come_from_the_configuration(name: str, config: type) -> None:
    options = {option.name: option.default for option in ALL[name].params}
    for item in fields(config):
        assert options[item.name] == item.default


def test_the_python_module_runs_too() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tracktools", "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("tracktools, version")


def test_a_configuration_file_sets_defaults_and_the_command_line_wins(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[predict]\nthreads = 3\n[tss.curate]\nwindow = 2\n")
    result = CliRunner().invoke(tracktools, ["--config", str(config), "predict", "--help"])
    assert "default: 3" in result.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[predict]\nthreds = 3\n", "unknown setting predict.threds, did you mean 'threads'?"),
        ("[predikt]\nthreads = 3\n", "unknown setting predikt, did you mean 'predict'?"),
        ("[tss.curate]\nwindows = 3\n", "unknown setting tss.curate.windows"),
        ("predict = 3\n", "unknown setting predict"),
        ("[predict\n", "Expected"),
    ],
)
def test_a_wrong_configuration_file_is_a_usage_error(tmp_path: Path, text: str, message: str) -> None:
    config = tmp_path / "c.toml"
    config.write_text(text)
    result = run("--config", config, "models", "list")
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.fa", None, ["none.fa", "no such file"]),
        ("empty.fa", "", ["empty.fa", "is empty"]),
        ("twice.fa", ">a\nACGT\n>a\nACGT\n", ["twice.fa:3", "'a' is used twice"]),
        ("protein.fa", ">p\nMKLVE\n", ["protein.fa:2", "protein"]),
        ("text.fa", "hello\n", ["text.fa:1", "not FASTA"]),
    ],
)
def test_a_bad_genome_is_one_line_and_leaves_nothing(
    tmp_path: Path, name: str, content: str | None, words: list[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    before = left_behind(tmp_path)
    assert_one_clear_line(run("predict", tmp_path / name, "-o", tmp_path / "out"), *words)
    assert left_behind(tmp_path) == before


@pytest.mark.parametrize(("content", "word"), [(b"PK\x03\x04rest", "pickle"), (b"\x10\x00", "not a whole safetensors")])
def test_a_bad_checkpoint_is_one_line_and_leaves_nothing(
    tmp_path: Path, fasta: Path, content: bytes, word: str
) -> None:
    model = tmp_path / "model.pt"
    model.write_bytes(content)
    assert_one_clear_line(run("predict", fasta, "-o", tmp_path / "out", "-m", model), "model.pt", word)
    assert left_behind(tmp_path) == {"genome.fa", "model.pt"}


def test_an_output_that_exists_or_cannot_be_made_is_one_line(tmp_path: Path, fasta: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").write_text("x")
    assert_one_clear_line(run("predict", fasta, "-o", tmp_path / "out"), "out", "not empty", "--force")
    assert_one_clear_line(run("predict", fasta, "-o", fasta), "genome.fa", "is a file")
    assert_one_clear_line(run("predict", fasta, "-o", fasta / "out"), "out", "genome.fa is a file")
    assert_one_clear_line(run("predict", fasta, "-o", tmp_path / "p", "--hub", tmp_path / "out"), "out", "not empty")
    assert left_behind(tmp_path) == {"genome.fa", "out"}
    assert left_behind(tmp_path / "out") == {"precious"}


def test_the_folders_above_an_output_are_made(tmp_path: Path, fasta: Path) -> None:
    assert run("-q", "predict", fasta, "-o", tmp_path / "runs" / "today").exit_code == 0
    assert (tmp_path / "runs" / "today" / "genome.plus.bw").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_output_is_one_line(tmp_path: Path, fasta: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    assert_one_clear_line(run("predict", fasta, "-o", folder / "out"), "locked", "cannot be written")


def test_a_read_only_file_system_is_one_line(fasta: Path) -> None:
    assert_one_clear_line(run("predict", fasta, "-o", "/proc/out"), "/proc/out", "cannot be written")


def test_an_annotation_of_another_genome_is_refused_before_the_long_work(tmp_path: Path, fasta: Path) -> None:
    gff = tmp_path / "other.gff3"
    gff.write_text("##gff-version 3\nother\tx\tgene\t1\t90\t.\t+\t.\tID=g;Name=g\n")
    result = run("predict", fasta, "-o", tmp_path / "out", "--annotation", gff, "--hub", tmp_path / "hub")
    assert_one_clear_line(result, "other.gff3", "other")
    assert left_behind(tmp_path) == {"genome.fa", "other.gff3"}


def test_an_unknown_circular_contig_is_one_line(tmp_path: Path, fasta: Path) -> None:
    assert_one_clear_line(run("predict", fasta, "-o", tmp_path / "out", "--circular", "plasmid"), "plasmid", "chr")


def test_from_fasta_to_hub_in_one_command(tmp_path: Path, fasta: Path) -> None:
    result = run("predict", fasta, "-o", tmp_path / "out", "--hub", tmp_path / "hub", "-t", 1)
    assert result.exit_code == 0, result.output
    names = {"genome.plus.bw", "genome.minus.bw", "genome.called_tss.bed", "tracks.tsv", "provenance.json"}
    assert left_behind(tmp_path / "out") == names
    assert (tmp_path / "hub" / "hub.txt").exists()
    assert left_behind(tmp_path) == {"genome.fa", "out", "hub"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[predict]\nblock_bp = {a = 1}\n", 'predict.block_bp is {"a": 1} (one value)'),
        ("[predict]\nblock_bp = [1, 2]\n", "predict.block_bp is [1, 2] (one value)"),
        ("[predict]\nblock_bp = 2020-01-01\n", "predict.block_bp is "),
        ("[predict]\nforce = 'no'\n", "predict.force is 'no' (write true or false)"),
        ("[predict]\ncircular = [['a']]\n", 'predict.circular is [["a"]] (a list of values)'),
    ],
)
def test_a_setting_of_another_type_is_a_usage_error(tmp_path: Path, text: str, words: str) -> None:
    config = tmp_path / "c.toml"
    config.write_text(text)
    result = run("--config", config, "predict", "x.fa", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert words in result.stderr


def test_one_value_will_do_for_a_repeatable_setting(tmp_path: Path, fasta: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[predict]\ncircular = 'plasmid'\n")
    assert_one_clear_line(run("--config", config, "predict", fasta, "-o", tmp_path / "out"), "no contig 'plasmid'")


def test_a_configuration_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    assert_one_clear_line(run("--config", tmp_path / "none.toml", "info"), "none.toml: no such file")
    (tmp_path / "bin.toml").write_bytes(b"\xfc\0")
    assert_one_clear_line(run("--config", tmp_path / "bin.toml", "info"), "bin.toml: is not text")
    os.mkfifo(tmp_path / "pipe.toml")
    assert_one_clear_line(run("--config", tmp_path / "pipe.toml", "info"), "pipe.toml: is a pipe")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 100_000)
    result = run("--config", tmp_path / "deep.toml", "info")
    assert (result.exit_code, "deep.toml: is nested too deep" in result.stderr) == (2, True)


def test_outputs_in_each_others_way_are_refused_before_the_long_work(tmp_path: Path, fasta: Path) -> None:
    for hub in ("out", "out/hub"):
        result = run("predict", fasta, "-o", tmp_path / "out", "--hub", tmp_path / hub)
        assert_one_clear_line(result, "name two folders")
    assert left_behind(tmp_path) == {"genome.fa"}


def test_force_never_deletes_the_genome(tmp_path: Path, fasta: Path) -> None:
    (tmp_path / "provenance.json").write_text("{}")
    assert_one_clear_line(run("predict", fasta, "-o", tmp_path, "--force"), "contains the input", "genome.fa")
    assert left_behind(tmp_path) == {"genome.fa", "provenance.json"}


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.bed"), "Error: a.bed: No space left on device"),
        (MemoryError("no memory for 9 bases"), "Error: no memory for 9 bases (free some, or take fewer threads)"),
    ],
)
def test_an_error_of_the_machine_is_one_line(monkeypatch: pytest.MonkeyPatch, problem: Exception, words: str) -> None:
    def broken(*_: object) -> None:
        raise problem

    monkeypatch.setattr("tracktools.model.registry.shipped_models", broken)
    result = run("models", "list")
    assert (result.exit_code, result.stderr) == (1, words + "\n")


@pytest.mark.parametrize(
    ("number", "status", "said"), [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "")]
)
def test_a_stopped_command_says_so_and_removes_what_is_unfinished(
    tmp_path: Path, number: signal.Signals, status: int, said: str
) -> None:
    (tmp_path / "genome.fa").write_text(FASTA)
    code = (
        "import os, signal, sys, pathlib, tracktools.annotation as module\n"
        f"module.write_bed = lambda *_, **__: os.kill(os.getpid(), {int(number)})\n"
        "from tracktools.cli import main\nmain(sys.argv[1:])"
    )
    (tmp_path / "genes.gff3").write_text("chr\tx\tgene\t1\t90\t.\t+\t.\tID=g;Name=g\n")
    command = ["annotation", "genes.gff3", "--genome", "genome.fa", "-o", "out"]
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=from_a_terminal,
    )
    assert (done.returncode, done.stderr.strip().splitlines()[-1:]) == (status, [said] if said else [])
    assert left_behind(tmp_path) == {"genome.fa", "genes.gff3"}


INTERRUPT = "os.kill(os.getpid(), number)"
LIBRARIES = {  # what a library may make of a Ctrl-C
    "swallows it": f"class Thing:\n    def __del__(self):\n        {INTERRUPT}\nThing()\ntime.sleep(60)",
    "swallows it, and it comes again at once": (
        "import tracktools.interrupts as interrupts\nonce = interrupts._send_again\n"
        "def again(number):\n    interrupts._send_again = once\n    os.kill(os.getpid(), number)\n    once(number)\n"
        "interrupts._send_again = again\n"
        f"class Thing:\n    def __del__(self):\n        {INTERRUPT}\nThing()\ntime.sleep(60)"
    ),
    "leaves an object half made": (
        f"class Thing:\n    def __init__(self):\n        {INTERRUPT}\n"
        "    def __del__(self):\n        self.absent\nThing()"
    ),
    "another error": f"try:\n    {INTERRUPT}\nexcept BaseException:\n    raise ImportError('numpy')",
    "an error of the system": f"try:\n    {INTERRUPT}\nexcept BaseException:\n    raise OSError(5, 'x')",
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("number", "status", "said"), [(signal.SIGINT, 130, "Interrupted.\n"), (signal.SIGTERM, 143, "")]
)
def test_a_signal_is_at_most_one_line_whatever_a_library_makes_of_it(
    library: str, number: signal.Signals, status: int, said: str
) -> None:
    body = "\n".join(f"    {line}" for line in LIBRARIES[library].splitlines())
    code = (
        f"import os, time\nimport tracktools.model.registry as module\nnumber = {int(number)}\n"
        f"def broken(*_):\n{body}\nmodule.shipped_models = broken\n"
        "from tracktools.cli import main\nmain(['models', 'list'])"
    )
    assert interrupted_child(code) == (status, said)


@pytest.mark.parametrize(
    "words", [["tss", "curate", "--window"], ["predict", "x.fa", "--block-bp"], ["predict", "x.fa", "--no"]]
)
def test_a_usage_error_shortens_a_long_value(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*words[:-1], *([f"{words[-1]}{'9' * 5000}"] if words[-1] == "--no" else [words[-1], "9" * 5000])])
    said = capsys.readouterr().err
    assert "Error: " in said
    assert len(said) < 700


@pytest.mark.parametrize("group", ["", "tss", "hub", "models"])
def test_a_group_alone_says_all_of_its_help(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [group] if group else []
    with pytest.raises(SystemExit, match="2"):
        main(words)
    alone = capsys.readouterr().err
    with pytest.raises(SystemExit, match="0"):
        main([*words, "--help"])
    assert alone == capsys.readouterr().out
    assert "…" not in alone
    assert "..." not in alone.split("Commands:")[1]


def test_an_error_of_the_system_in_a_librarys_own_words_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise OSError("Cannot save file into a non-existent directory: 'x'")  # as pandas has it, without a number

    monkeypatch.setattr("tracktools.model.registry.shipped_models", broken)
    with pytest.raises(SystemExit, match="1"):
        main(["models", "list"])
    assert capsys.readouterr().err == "Error: Cannot save file into a non-existent directory: 'x'\n"


def test_the_end_of_a_file_is_no_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise EOFError("a bug of a reader")

    monkeypatch.setattr("tracktools.model.registry.shipped_models", broken)
    with pytest.raises(EOFError, match="a bug"):
        main(["models", "list"])


@pytest.mark.parametrize(("more", "said"), [([], False), (["-vv"], True)])
def test_what_a_library_says_of_fonts_is_told_only_to_those_who_ask(
    monkeypatch: pytest.MonkeyPatch, more: list[str], said: bool
) -> None:
    fonts = logging.getLogger("matplotlib.font_manager")

    def draw(*_: object) -> list[object]:
        fonts.info("generated new fontManager")
        fonts.warning("Matplotlib is building the font cache; this may take a moment.")
        return []

    monkeypatch.setattr("tracktools.model.registry.shipped_models", draw)
    stderr = run(*more, "models", "list").stderr
    assert ("fontManager" in stderr, "font cache" in stderr) == (said, said)


def test_an_interrupt_while_a_command_is_loaded_is_one_line() -> None:
    code = (
        "import os, sys, types\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == 'tracktools.cli.models':\n            os.kill(os.getpid(), {int(signal.SIGINT)})\n"
        "sys.meta_path.insert(0, Finder())\nsys.argv[1:] = ['models', 'list']\n"
        "from tracktools.__main__ import main\nmain()"
    )
    assert interrupted_child(code) == (130, "Interrupted.\n")


def interrupted_child(code: str) -> tuple[int, str]:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=from_a_terminal)
    return done.returncode, done.stderr


NUMBERS = [
    (name, option)
    for name, command in sorted(ALL.items())
    for option in command.params
    if isinstance(option, click.Option)
    and isinstance(option.type, click.types.IntParamType | click.types.FloatParamType)
    and not option.count
]


@pytest.mark.parametrize(("name", "option"), NUMBERS, ids=[f"{name} {option.name}" for name, option in NUMBERS])
def test_no_option_takes_a_number_that_nothing_can_hold(name: str, option: click.Option) -> None:
    given = [word for one in ALL[name].params if one.required and one is not option for word in arguments_of(one)]
    for number in ("9223372036854775808", "-9223372036854775809", "nan", "inf"):
        result = run(*name.split(), option.opts[0], *[number] * option.nargs, *given)
        assert result.exit_code == 2, number
        assert option.opts[0] in result.stderr


def arguments_of(parameter: click.Parameter) -> list[str]:
    """Words that give a required parameter something of a kind that it takes."""
    value = "x=1" if parameter.nargs == 1 else "x"
    return [*([parameter.opts[0]] if isinstance(parameter, click.Option) else []), *[value] * max(parameter.nargs, 1)]


def test_a_hub_that_is_missing_is_built_of_tracks_that_are_there(tmp_path: Path) -> None:
    fasta, out, hub = tmp_path / "genome.fa", tmp_path / "out", tmp_path / "hub"
    fasta.write_text(FASTA)
    assert run("predict", fasta, "-o", out, "-t", 1).exit_code == 0
    made = (out / "genome.plus.bw").stat().st_mtime_ns
    with_hub = ("predict", fasta, "-o", out, "-t", 1, "--hub", hub)  # as after a kill while the hub was built
    assert_one_clear_line(run(*with_hub, "--circular", "all"), "out", "is not empty")
    assert run(*with_hub).exit_code == 0
    assert (hub / "hub.txt").is_file()
    assert (out / "genome.plus.bw").stat().st_mtime_ns == made
    assert_one_clear_line(run(*with_hub), "hub", "is not empty")
    assert left_behind(tmp_path) == {"genome.fa", "out", "hub"}
    out.rename(tmp_path / "moved")
    assert_one_clear_line(run(*with_hub), "hub", f"is not empty, and {out} is not there", "--force predicts again")
    assert left_behind(tmp_path) == {"genome.fa", "moved", "hub"}


def test_any_file_name_becomes_a_hub(tmp_path: Path) -> None:
    genome = tmp_path / "Überträger <b> (1).fa"
    genome.write_text(FASTA)
    result = run("predict", genome, "-o", tmp_path / "out", "--hub", tmp_path / "hub", "-t", 1)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / "Überträger <b> (1).plus.bw").is_file()
    assert (tmp_path / "hub" / "bertr_ger_b_1_plus.bw").is_file()


def test_markup_in_the_name_of_a_sequence_does_no_harm(tmp_path: Path) -> None:
    genome = tmp_path / "genome.fa"
    genome.write_text(FASTA.replace(">chr", "><script>alert(1)</script>&co"))
    result = run("predict", genome, "-o", tmp_path / "out", "--hub", tmp_path / "hub", "-t", 1)
    assert result.exit_code == 0, result.output
    assert run("hub", "check", tmp_path / "hub").exit_code == 0
    for page in [*(tmp_path / "hub").glob("*.html"), *(tmp_path / "hub" / "pages").glob("*.html")]:
        assert "<script>alert" not in page.read_text()
