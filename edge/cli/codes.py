"""What `opos decode code` answers: a text and its form in; every name that it has, or a reason, out."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from edge.cli.lines import MALFORMED, why
from retail.identity import epc, link, printed, rcn, scan
from retail.identity.answer import Refused
from retail.identity.gs1 import elements
from retail.identity.gs1.label import Label
from retail.identity.gs1.strictness import Strictness

# A recording of a minute at 115200 baud is 1.4 MB in hexadecimal; a longer line is no line of ours.
LINE_BYTES_MAX: Final = 2 * 1024 * 1024

_OPTIONS: Final = frozenset(Strictness.__struct_fields__)


class CodeLine(msgspec.Struct, frozen=True):
    """A code as text, and the form that it is in.

    `region` is the country of a variable measure; `association` false switches the pairing of AIs off;
    `options` names what else is let pass (`Strictness`), as a list or as names with true or false.
    """

    input: str
    form: str = ""
    region: str | None = None
    association: bool = True
    options: list[str] | dict[str, bool] = []


class CodeAnswer(msgspec.Struct, frozen=True):
    """What the code names, or why it names nothing."""

    valid: bool = False
    error: str | None = None
    symbology: str | None = None
    scheme: str | None = None
    gtin14: str | None = None
    serial: str | None = None
    ais: tuple[tuple[str, str], ...] = ()
    element_string: str | None = None
    tag_uri: str | None = None
    pure_identity_uri: str | None = None
    bare_identifier: str | None = None
    digital_link: str | None = None
    lookup_code: str | None = None
    weight_mg: int | None = None
    price_minor: int | None = None
    currency: str | None = None
    count: int | None = None


def answered(text: bytes) -> CodeAnswer:
    """The answer to one line; a line that cannot be read is answered too."""
    try:
        line = msgspec.json.decode(text, type=CodeLine)
    except MALFORMED as error:
        reason = why(text, LINE_BYTES_MAX, error)
        return CodeAnswer(error=f'expected a JSON object {{"input": TEXT, "form": FORM}}: {reason}')
    read = FORMS.get(line.form)
    if read is None:
        return CodeAnswer(error=f"expected a form of {', '.join(sorted(FORMS))}, got {line.form[:40]!r}")
    strictness = _strictness(line)
    return (
        CodeAnswer(error=strictness.sentence) if isinstance(strictness, Refused) else read(line, strictness)
    )


def _strictness(line: CodeLine) -> Strictness | Refused:
    wanted = line.options if isinstance(line.options, Mapping) else dict.fromkeys(line.options, True)
    if unknown := wanted.keys() - _OPTIONS:
        return Refused(f"expected options of {', '.join(sorted(_OPTIONS))}, got {min(unknown)[:40]!r}")
    return Strictness(**{"association": line.association, **wanted})


def _label(found: Label | Refused) -> CodeAnswer:
    if isinstance(found, Refused):
        return CodeAnswer(error=found.sentence)
    return CodeAnswer(
        valid=True,
        symbology=found.symbology,
        gtin14=found.gtin14,
        serial=found.serial,
        ais=tuple(found.ais),
        element_string=found.element_string,
        digital_link=found.digital_link,
        lookup_code=found.lookup_code,
        weight_mg=found.weight_mg,
        price_minor=found.price_minor,
        currency=found.currency,
        count=found.count,
    )


def _tag(line: CodeLine, _strictness: Strictness) -> CodeAnswer:
    found = epc.read(line.input)
    if isinstance(found, Refused):
        return CodeAnswer(error=found.sentence)
    values: dict[str, str] = dict(found.elements)
    return CodeAnswer(
        valid=True,
        scheme=found.scheme,
        gtin14=values.get("01"),
        serial=values.get("21"),
        ais=tuple(found.elements),
        element_string=found.element_string,
        tag_uri=found.tag_uri,
        pure_identity_uri=found.pure_identity_uri,
        bare_identifier=found.bare_identifier,
        digital_link=found.digital_link,
        lookup_code=values.get("01"),
    )


FORMS: Final[Mapping[str, Callable[[CodeLine, Strictness], CodeAnswer]]] = {
    "scan": lambda line, strictness: _label(scan.read(line.input, strictness)),
    "raw": lambda line, strictness: _label(elements.raw(line.input, strictness)),
    "bracketed": lambda line, strictness: _label(elements.bracketed(line.input, strictness)),
    "dl": lambda line, strictness: _label(link.read(line.input, strictness)),
    "ean": lambda line, strictness: _label(printed.read(line.input, strictness)),
    "rcn": lambda line, _: _label(rcn.read(line.input, line.region)),
    "epc": _tag,
}
"""Form -> what reads it."""
