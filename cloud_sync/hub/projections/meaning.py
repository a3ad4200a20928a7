"""What an entry means, or why its meaning is not taken: it stays in its journal and a person looks at it."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import msgspec

from cloud_sync.contract.entry import Arrived, Body, Fact, Sale, UnbalancedError, check_balance, decode_body
from cloud_sync.contract.topics import Address
from retail.locale import is_currency
from retail.units import INTEGER_MAX

# No basket costs this much in any currency, and 9 million of them still sum up in 64 bits.
AMOUNT_MINOR_MAX: Final = 10**12
# No van brings more at once.
UNITS_MAX: Final = 10**6


# All currencies of the world are 300; the rest of the room is for what is none.
_is_currency: Final = lru_cache(maxsize=512)(is_currency)


class Told(msgspec.Struct, frozen=True):
    """An entry as it was kept: its number at the hub, who told it from where, its place, hash and bytes."""

    id: int
    address: Address
    epoch: str
    seq: int
    hash: bytes
    body: bytes
    received_ms: int


class Doubt(msgspec.Struct, frozen=True):
    """Why the meaning of an entry is not taken: `reason` is for programs, `sentence` for a person."""

    told: Told
    reason: str
    sentence: str


def understand(told: Told) -> Body | Doubt:
    """The body of an entry, if it is one that may be counted."""
    try:
        body = decode_body(told.body)
        check_balance(body.fact)
    except UnbalancedError as error:
        return Doubt(told, "unbalanced", str(error))
    except ValueError as error:
        return Doubt(told, "poison", f"expected a body that we know, got something else: {error}")
    if (body.dev, body.epoch, body.seq) != (told.address.object, told.epoch, told.seq):
        place = f"{body.dev} {body.epoch} {body.seq}"
        return Doubt(told, "misplaced", f"expected the body of this entry, got that of {place[:200]}")
    if (currency := _no_currency(body.fact)) is not None:
        return Doubt(told, "currency", f"expected the letters of ISO 4217 such as EUR, got {currency[:40]!r}")
    if (over := _over(body)) is not None:
        return Doubt(told, "limit", f"expected amounts and counts that a shop can have, got {over}")
    return body


def _no_currency(fact: Fact) -> str | None:
    """The first currency of a sale that is none."""
    if not isinstance(fact, Sale):
        return None
    currencies = {fact.currency, *(posting.currency for posting in fact.postings)}
    return next((each for each in sorted(currencies) if not _is_currency(each)), None)


def _over(body: Body) -> int | None:
    """The first number that is no shop's."""
    if not 0 <= body.wall_ms <= INTEGER_MAX:
        return body.wall_ms
    for number, highest in _numbers(body.fact):
        if abs(number) > highest:
            return number
    return None


def _numbers(fact: Fact) -> Iterator[tuple[int, int]]:
    if isinstance(fact, Sale):
        yield fact.total_minor, AMOUNT_MINOR_MAX
        for line in fact.lines:
            yield line.units, UNITS_MAX
            yield line.price_minor, AMOUNT_MINOR_MAX
            yield line.total_minor, AMOUNT_MINOR_MAX
        for posting in fact.postings:
            yield posting.amount_minor, AMOUNT_MINOR_MAX
    if isinstance(fact, Sale | Arrived):
        for move in fact.moves:
            yield move.units, UNITS_MAX
