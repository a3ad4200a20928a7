"""Credit: what goes back for goods of a sale that come back, as notes of credit; pure, whole numbers only.

What was paid for the first k units of a line is `half_up(total x k / units)`, so a promotion is shared as the
sale shared it, and what goes back for some units is the difference between after and before. The taxes follow
their lines in the same manner. Whoever brings everything back, in however many turns, has exactly back what
the sale cost, and each account is where it was before it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Final

import msgspec

from cloud_sync.contract.facts import Posting, Refund, Sale, SaleDiscount, SaleLine, TaxLine
from edge.checkout.payments.postings import REFUND_DUE
from retail.custody import SOLD, Move

_REVENUE: Final = "revenue"


class Refusal(Enum):
    """Why goods cannot be credited as asked."""

    NO_SUCH_LINE = "no-such-line"
    NOTHING = "nothing"  # no units were named
    TOO_MANY = "too-many"  # more than were sold and have not come back
    OTHER_ITEM = "other-item"  # this very item was not sold so, or has come back before
    NOT_CAPTURED = "not-captured"  # the money of the sale never came, or has gone back: a person looks


class ReturnedUnits(msgspec.Struct, frozen=True):
    """So many units of a line of `sold_lines`, and the items among them that have a tag."""

    line: int
    units: int
    epcs: tuple[str, ...] = ()


class Source(msgspec.Struct, frozen=True):
    """An attempt that paid for the sale, and how much of its money has not gone back."""

    attempt: str
    provider: str
    left_minor: int


class Note(msgspec.Struct, frozen=True):
    """One credit note in the making: what goes back by one attempt.

    The first note of a return takes all of its goods. Where the money of a line goes back by two attempts,
    the later note has the line with 0 units: the rest of what they cost.
    """

    source: Source
    total_minor: int
    lines: tuple[SaleLine, ...]
    taxes: tuple[TaxLine, ...]
    postings: tuple[Posting, ...]
    moves: tuple[Move, ...]


class _Amounts(msgspec.Struct):
    """What some goods of a sale cost: by line, tax and gross by row of the tax table, and in all."""

    lines: list[int]
    taxes: list[int]
    grosses: list[int]
    total: int

    def less(self, other: "_Amounts") -> "_Amounts":
        """These without the other ones."""
        return _Amounts(
            [one - before for one, before in zip(self.lines, other.lines, strict=True)],
            [one - before for one, before in zip(self.taxes, other.taxes, strict=True)],
            [one - before for one, before in zip(self.grosses, other.grosses, strict=True)],
            self.total - other.total,
        )


def sold_lines(sale: Sale) -> tuple[SaleLine, ...]:
    """The lines of a sale; those that nothing tells apart are one, so that a note says which one it is of."""
    merged: dict[tuple[str, str, int, str], SaleLine] = {}
    for line in sale.lines:
        same = merged.get(_key(line))
        merged[_key(line)] = line if same is None else _together(same, line)
    return tuple(merged.values())


def units_left(sale: Sale, refunds: Sequence[Refund]) -> tuple[int, ...]:
    """How many units of each line of `sold_lines` have not come back."""
    lines = sold_lines(sale)
    back = _units_back(lines, refunds)
    return tuple(line.units - units for line, units in zip(lines, back, strict=True))


def all_left(sale: Sale, refunds: Sequence[Refund]) -> tuple[ReturnedUnits, ...]:
    """Everything that has not come back, item by item."""
    gone = {epc for refund in refunds for line in refund.lines for epc in line.epcs}
    pairs = enumerate(zip(sold_lines(sale), units_left(sale, refunds), strict=True))
    return tuple(
        ReturnedUnits(at, units, tuple(epc for epc in line.epcs if epc not in gone)[:units])
        for at, (line, units) in pairs
        if units
    )


def credit(
    sale: Sale,
    refunds: Sequence[Refund],
    returned: Sequence[ReturnedUnits],
    sources: Sequence[Source],
    taker: str,
) -> tuple[Note, ...] | Refusal:
    """The notes for `returned` after `refunds`, the earlier ones of the same sale; the goods go to `taker`.

    Nothing returned gives what an earlier return still owes, if a power cut came between two of its notes.
    """
    lines = sold_lines(sale)
    wrong = next((why for each in returned if (why := _wrong(lines, refunds, each, returned))), None)
    if wrong is not None:
        return wrong
    units = _units_back(lines, refunds)
    came = [0] * len(lines)
    for each in returned:
        came[each.line] += each.units
    owed = _paid_for(sale, lines, [one + more for one, more in zip(units, came, strict=True)])
    owed = owed.less(_given(sale, lines, refunds))
    if not any(came) and owed.total <= 0:
        return ()
    parts = _parts(owed.total, sources)
    if parts is None:
        return Refusal.NOT_CAPTURED
    return tuple(_notes(_Return(sale, lines, refunds, returned, taker), owed, parts))


def _key(line: SaleLine) -> tuple[str, str, int, str]:
    return line.gtin, line.name, line.price_minor, line.tax


def _together(one: SaleLine, other: SaleLine) -> SaleLine:
    discounts = (*_discounts(one), *_discounts(other))
    return msgspec.structs.replace(
        one,
        units=one.units + other.units,
        total_minor=one.total_minor + other.total_minor,
        epcs=(*one.epcs, *other.epcs),
        discounts=discounts or msgspec.UNSET,
    )


def _discounts(line: SaleLine) -> tuple[SaleDiscount, ...]:
    return line.discounts if isinstance(line.discounts, tuple) else ()


def _wrong(
    lines: Sequence[SaleLine],
    refunds: Sequence[Refund],
    asked: ReturnedUnits,
    returned: Sequence[ReturnedUnits],
) -> Refusal | None:
    if not 0 <= asked.line < len(lines):
        return Refusal.NO_SUCH_LINE
    if asked.units <= 0:
        return Refusal.NOTHING
    units = sum(each.units for each in returned if each.line == asked.line)
    if units > lines[asked.line].units - _units_back(lines, refunds)[asked.line]:
        return Refusal.TOO_MANY
    gone = [epc for refund in refunds for line in refund.lines for epc in line.epcs]
    named = [epc for each in returned for epc in each.epcs]
    could = {*lines[asked.line].epcs} - {*gone}
    if not {*asked.epcs} <= could or len(named) != len({*named}) or len(asked.epcs) > asked.units:
        return Refusal.OTHER_ITEM
    return None


def _units_back(lines: Sequence[SaleLine], refunds: Iterable[Refund]) -> list[int]:
    back = Counter[tuple[str, str, int, str]]()
    for refund in refunds:
        for line in refund.lines:
            back[_key(line)] += line.units
    return [back[_key(line)] for line in lines]


def _share(whole: int, part: int, parts: int) -> int:
    """`whole x part / parts`, the half upwards: all of it for all parts, and never less for more of them."""
    return 0 if parts == 0 else (2 * whole * part + parts) // (2 * parts)


def _paid_for(sale: Sale, lines: Sequence[SaleLine], units: Sequence[int]) -> _Amounts:
    """What was paid for so many units of each line."""
    costs = [_share(line.total_minor, part, line.units) for line, part in zip(lines, units, strict=True)]
    taxes, grosses = [], []
    for row in sale.taxes:
        whole = sum(line.total_minor for line in lines if line.tax == row.tax)
        part = sum(cost for line, cost in zip(lines, costs, strict=True) if line.tax == row.tax)
        taxes.append(_share(row.tax_minor, part, whole))
        grosses.append(_share(row.gross_minor, part, whole))
    whole = sum(line.total_minor for line in lines)
    on_top, all_on_top = (sum(taxes), sum(row.tax_minor for row in sale.taxes)) if _adds(sale) else (0, 0)
    rounded = _share(sale.total_minor - whole - all_on_top, sum(costs), whole)
    return _Amounts(costs, taxes, grosses, sum(costs) + on_top + rounded)


def _adds(sale: Sale) -> bool:
    """Whether the taxes come on top of the lines."""
    return sum(line.total_minor for line in sale.lines) < sum(row.gross_minor for row in sale.taxes)


def _given(sale: Sale, lines: Sequence[SaleLine], refunds: Sequence[Refund]) -> _Amounts:
    """What earlier notes have given back."""
    by_line, taxes, grosses = Counter[tuple[str, str, int, str]](), Counter[str](), Counter[str]()
    for refund in refunds:
        for line in refund.lines:
            by_line[_key(line)] += line.total_minor
        for row in refund.taxes:
            taxes[row.tax] += row.tax_minor
            grosses[row.tax] += row.gross_minor
    return _Amounts(
        [by_line[_key(line)] for line in lines],
        [taxes[row.tax] for row in sale.taxes],
        [grosses[row.tax] for row in sale.taxes],
        sum(refund.total_minor for refund in refunds),
    )


def _parts(owed_minor: int, sources: Sequence[Source]) -> list[tuple[Source, int]] | None:
    """Which attempts the money goes back by, in the order in which they paid; None if it is not there."""
    parts, rest = [], owed_minor
    for source in sources:
        part = min(rest, max(source.left_minor, 0))
        if part > 0:
            parts.append((source, part))
        rest -= part
    if rest > 0:
        return None
    return parts or [(source, 0) for source in sources[:1]] or None


class _Return(msgspec.Struct, frozen=True):
    """What is brought back, of which sale, after which notes."""

    sale: Sale
    lines: tuple[SaleLine, ...]
    refunds: Sequence[Refund]
    returned: Sequence[ReturnedUnits]
    taker: str


def _notes(back: _Return, owed: _Amounts, parts: Sequence[tuple[Source, int]]) -> Iterable[Note]:
    """`owed` cut into one note an attempt."""
    before = _Amounts([0] * len(owed.lines), [0] * len(owed.taxes), [0] * len(owed.grosses), 0)
    for number, (source, part) in enumerate(parts):
        upto = owed if number == len(parts) - 1 else _cut(owed, before.total + part)
        yield _note(back, source, upto.less(before), is_first=number == 0, is_only=len(parts) == 1)
        before = upto


def _cut(owed: _Amounts, upto_minor: int) -> _Amounts:
    """The first `upto_minor` of it, line by line; each tax gets its share."""
    left = sum(owed.lines) * upto_minor // owed.total
    lines = []
    for whole in owed.lines:
        lines.append(min(whole, left))
        left -= lines[-1]
    taxes = [whole * upto_minor // owed.total for whole in owed.taxes]
    grosses = [whole * upto_minor // owed.total for whole in owed.grosses]
    return _Amounts(lines, taxes, grosses, upto_minor)


def _note(back: _Return, source: Source, part: _Amounts, *, is_first: bool, is_only: bool) -> Note:
    came = {each.line: each for each in _by_line(back.returned)} if is_first else {}
    lines = tuple(
        _line(back, at, came.get(at, ReturnedUnits(at, 0)), cost, is_only=is_only)
        for at, cost in enumerate(part.lines)
        if cost or at in came
    )
    rows = zip(back.sale.taxes, part.grosses, part.taxes, strict=True)
    taxes = tuple(
        TaxLine(row.tax, row.rate_bp, gross, tax)
        for row, gross, tax in rows
        if gross or tax or any(line.tax == row.tax for line in lines)
    )
    return Note(source, part.total, lines, taxes, _postings(back.sale, part), _moves(back, came))


def _by_line(returned: Sequence[ReturnedUnits]) -> Iterable[ReturnedUnits]:
    """What is brought back, once a line."""
    lines: dict[int, ReturnedUnits] = {}
    for each in returned:
        so_far = lines.get(each.line, ReturnedUnits(each.line, 0))
        lines[each.line] = ReturnedUnits(each.line, so_far.units + each.units, (*so_far.epcs, *each.epcs))
    return lines.values()


def _line(back: _Return, at: int, came: ReturnedUnits, cost: int, *, is_only: bool) -> SaleLine:
    line = back.lines[at]
    discounts = _discounts_of(back, line, line.price_minor * came.units - cost) if is_only else ()
    return SaleLine(
        *(line.gtin, line.name, came.units, line.price_minor, cost, line.tax, came.epcs),
        discounts=discounts or msgspec.UNSET,
    )


def _discounts_of(back: _Return, line: SaleLine, off_minor: int) -> tuple[SaleDiscount, ...]:
    """Which promotions had taken `off_minor` off these units: each by what is left of it, in order."""
    left, words = Counter[str](), {each.promotion: each.words for each in _discounts(line)}
    for each in _discounts(line):
        left[each.promotion] += each.amount_minor
    given = (each for refund in back.refunds for each in refund.lines if _key(each) == _key(line))
    for again in given:
        for discount in _discounts(again):
            left[discount.promotion] -= discount.amount_minor
    whole = sum(left.values())
    if not 0 < off_minor <= whole:
        return ()
    shared, upto, before = [], 0, 0
    for promotion, amount in left.items():
        upto += amount
        share = upto * off_minor // whole
        shared.append(SaleDiscount(promotion, share - before, words[promotion]))
        before = share
    return tuple(each for each in shared if each.amount_minor)


def _postings(sale: Sale, part: _Amounts) -> tuple[Posting, ...]:
    """What the sale earned is owed to the shopper again."""
    rows = zip(sale.taxes, part.taxes, strict=True)
    accounts: Mapping[str, int] = {
        _REVENUE: part.total - sum(part.taxes),
        **{f"tax/{row.tax}": tax for row, tax in rows},
        REFUND_DUE: -part.total,
    }
    return tuple(Posting(account, amount, sale.currency) for account, amount in accounts.items() if amount)


def _moves(back: _Return, came: Mapping[int, ReturnedUnits]) -> tuple[Move, ...]:
    units = Counter[str]()
    for at, each in came.items():
        units[back.lines[at].gtin] += each.units
    return tuple(Move(gtin, SOLD, back.taker, count) for gtin, count in sorted(units.items()))
