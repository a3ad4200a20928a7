"""Tags of a fixed length, read by whole-number arithmetic: each coding table as shifts and masks.

Source: GS1 EPC Tag Data Standard 2.3, section 14.4 (decoding), and 15.1.1 (zeros up to a whole word).
"""

from typing import Final, NamedTuple

from retail.identity.answer import Refused
from retail.identity.epc.bits import number
from retail.identity.epc.cage import cage
from retail.identity.epc.codings import CODINGS, Coding, Method, Reference, Row
from retail.identity.epc.identity import Epc, EpcError
from retail.identity.epc.seven_bits import read_seven_bits
from retail.identity.epc.tag import Tag

_UNDEFINED_PARTITION: Final = 7


class _Split(NamedTuple):
    """A row of a partition table; a tuple, since it is taken apart once for each tag that goes by."""

    company_shift: int
    company_mask: int
    company_max: int
    company_form: str
    reference_shift: int
    reference_mask: int
    reference_max: int
    reference_form: str
    """Empty where the reference has no digits."""
    characters_max: int
    """0 where the reference is a number."""


class _Cut(NamedTuple):
    """A field behind the partition."""

    method: Method
    shift: int
    mask: int
    characters_max: int


class _Plan(NamedTuple):
    """A coding, ready to be read."""

    name: str
    kind: str
    bits: int
    digits_min: int
    digits_max: int
    filter_shift: int
    filter_mask: int
    splits: tuple[_Split, ...]
    cuts: tuple[_Cut, ...]


def _split(coding: Coding, row: Row) -> _Split:
    company_shift = coding.bits - 8 - coding.filter_bits - 3 - row.company_bits
    padded = coding.reference is Reference.PADDED
    form = f"%0{row.reference_digits}d" if padded else "%d"
    return _Split(
        company_shift,
        (1 << row.company_bits) - 1,
        10**row.company_digits - 1,
        f"%0{row.company_digits}d",
        company_shift - row.reference_bits,
        (1 << row.reference_bits) - 1,
        # Some plain numbers have bits for a digit more than a URI of their coding may have.
        min(10**row.reference_digits, 1 << row.reference_bits) - 1,
        form if row.reference_digits else "",
        row.reference_digits if coding.reference is Reference.STRING else 0,
    )


def _plan(coding: Coding) -> _Plan:
    cuts = []
    shift = sum(field.bits for field in coding.fields)
    for field in coding.fields:
        shift -= field.bits
        cuts.append(_Cut(field.method, shift, (1 << field.bits) - 1, field.characters_max))
    return _Plan(
        coding.name,
        coding.kind,
        coding.bits,
        -(-coding.bits // 4),
        -(-coding.bits // 16) * 4,
        coding.bits - 8 - coding.filter_bits,
        (1 << coding.filter_bits) - 1,
        tuple(_split(coding, row) for row in coding.rows),
        tuple(cuts),
    )


_PLANS: Final = {
    form(f"{coding.header:02X}"): _plan(coding)
    for coding in CODINGS
    if coding.bits
    for form in (str.upper, str.lower)
}
HEADERS: Final = _PLANS.keys()
"""The first two hexadecimal digits of a tag in one of these codings."""


def decode_fixed(text: str) -> Tag | Refused:
    """The tag whose EPC memory is `text`, in hexadecimal of either case; its header is of these codings.

    The text ends with the last bit of the coding, or with zeros up to the end of that 16-bit word.
    """
    plan = _PLANS[text[:2]]
    try:
        return _tag(plan, text)
    except EpcError as error:
        return Refused(str(error))


def _tag(plan: _Plan, text: str) -> Tag:
    name, kind, width, digits_min, digits_max, filter_shift, filter_mask, splits, cuts = plan
    if not digits_min <= len(text) <= digits_max:
        raise EpcError(_length(plan, len(text)))
    bits = number(text)
    excess = 4 * len(text) - width
    if excess:
        if bits & (1 << excess) - 1:
            raise EpcError(f"expected zeros after the {width} bits of {name}")
        bits >>= excess
    parts = _partitioned(splits, bits >> filter_shift - 3 & 7, bits) if splits else []
    for method, shift, mask, characters_max in cuts:
        value = bits >> shift & mask
        if method is Method.INTEGER:
            parts.append(str(value))
        elif method is Method.STRING:
            parts.append(read_seven_bits(value, 7 * characters_max, characters_max))
        else:
            _other(method, value, parts)
    filter_value = bits >> filter_shift & filter_mask if filter_mask else None
    return Tag(name, filter_value, Epc(kind, tuple(parts)))


def _length(plan: _Plan, got: int) -> str:
    digits = f"{plan.digits_min}"
    if plan.digits_max > plan.digits_min:
        digits += f" to {plan.digits_max}"
    return f"expected {digits} hexadecimal digits of an {plan.name.upper()}, got {got}"


def _partitioned(splits: tuple[_Split, ...], partition: int, bits: int) -> list[str]:
    if partition == _UNDEFINED_PARTITION:
        raise EpcError("expected partition 0 to 6, got 7")
    (
        company_shift,
        company_mask,
        company_max,
        company_form,
        reference_shift,
        reference_mask,
        reference_max,
        reference_form,
        characters_max,
    ) = splits[partition]
    company = bits >> company_shift & company_mask
    if company > company_max:
        raise EpcError(f"expected company prefix 0 to {company_max}, got {company}")
    reference = bits >> reference_shift & reference_mask
    if characters_max:
        width = reference_mask.bit_length()
        return [company_form % company, read_seven_bits(reference, width, characters_max)]
    if reference > reference_max:
        raise EpcError(f"expected reference 0 to {reference_max}, got {reference}")
    return [company_form % company, reference_form % reference if reference_form else ""]


def _other(method: Method, value: int, parts: list[str]) -> None:
    if method is Method.RESERVED:
        if value:
            raise EpcError(f"expected zeros in the reserved bits, got {value}")
    elif method is Method.PAIR:
        if value > 99:
            raise EpcError(f"expected two digits, got {value}")
        parts.append(f"{value:02d}")
    elif method is Method.NUMERIC:
        parts.append(_numeric(value))
    else:
        assert method is Method.CAGE_ASCII, f"no field of a fixed coding is {method}"
        parts.append(cage(value.to_bytes(6).decode("latin-1").removeprefix(" ")))


def _numeric(value: int) -> str:
    written = str(value)
    if written[0] != "1" or len(written) == 1:
        raise EpcError(f"expected a 1 in front of the digits of a numeric string, got {written}")
    return written[1:]
