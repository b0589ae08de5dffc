"""Long lines of one kind of letter: the time to read them grows with their length, not with its square."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tracktools.errors import InputError
from tracktools.formats.bigbed import _parse_autosql
from tracktools.formats.flat_head import read_head
from tracktools.formats.gtf import gtf_attributes
from tracktools.hub.build import _forbids
from tracktools.hub.check.features import _COLUMN_OF_URL

LETTERS = 100_000
HANG_S = 20.0  # CPU time: hundreds of times what it takes, a hundredth of what it takes where it grows with the square
AUTOSQL = 'table bed "x"\n(\nstring chrom; "a"\nuint chromStart; "b"\nuint chromEnd; "c"\n'
READ: dict[str, tuple[Callable[[str], object], list[str]]] = {
    "GTF attributes": (
        gtf_attributes,
        ['gene_id b%" "', 'gene_id "a% ""', 'gene_id "%""', "gene_id %a ", "gene_id a%;"],
    ),
    "LOCUS line": (
        lambda text: read_head([f"LOCUS       {text}"], Path("x"), 1),
        ["x% ", "x% !", "% 5", "1%1 ", "x%x bp", "%1 bp "],
    ),
    "autoSql": (
        lambda text: _parse_autosql(AUTOSQL + text, 3),
        ["string a%A", "string a; %A", "%a[", "%a(", "%a ", '%a b;"', 'string a; "%A', "string% a", "%(a", "%\n"],
    ),
    "licence": (_forbids, ["%no ", "%not", "no%.", "no %redistribu"]),
    "urls of a hub": (_COLUMN_OF_URL.findall, ["%a", '%a="', "%a ", '%="']),
}
CASES = [(name, text) for name, (_, texts) in READ.items() for text in texts]


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """End a test that would take hours."""

    def end(*_: object) -> None:
        pytest.fail("hangs")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG_S)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_a_long_line_is_read_or_refused_at_once(name: str, text: str) -> None:
    head, _, repeated = text.partition("%")
    refusal = ""
    try:
        READ[name][0](head + (repeated or " ") * (LETTERS // len(repeated or " ")) + "!")
    except (InputError, ValueError) as error:
        refusal = str(error)
    assert "\n" not in refusal


def test_a_long_description_and_a_long_list_of_values_are_read() -> None:
    kind = f"enum({', '.join(f'value{n}' for n in range(300))})"
    schema = _parse_autosql(f'{AUTOSQL}{kind} what primary; "{"w" * 50_000}"\nint[3] more; "d")', 3)
    assert schema is not None
    assert [field.name for field in schema.fields] == ["chrom", "chromStart", "chromEnd", "what", "more"]
    assert schema.fields[3].type == kind.replace(" ", "")
    assert len(schema.fields[3].description) == 50_000


@pytest.mark.parametrize(
    ("licence", "forbids"),
    [
        ("do not redistribute", True),
        ("No redistribution", True),
        ("CC0", False),
        ("redistribution is not", False),
        ("nothing redistributed", False),
    ],
)
def test_a_licence_that_forbids_to_pass_data_on_is_known(licence: str, forbids: bool) -> None:
    assert _forbids(licence) == forbids
