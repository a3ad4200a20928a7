"""BIP-321 (before: BIP-21): `bitcoin:` links, an address and what else can be paid instead."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from retail.payment_codes import addresses, amounts, uris
from retail.payment_codes.amounts import Amount
from retail.payment_codes.refusal import Refused, UnwritableError, shown

_SCHEME: Final = "bitcoin:"
CURRENCY: Final = "BTC"
DECIMALS: Final = 8
"""A bitcoin has a hundred million satoshi."""
_SUPPLY_SAT: Final = 21_000_000 * 10**DECIMALS

_REQUIRED: Final = "req-"
# Ways to pay, apart from the address of the body; only these may be repeated.
_INSTRUCTIONS: Final = frozenset({"lightning", "lno", "sp", "pay", "bc", "tb"})
_ONCE: Final = frozenset({"amount", "label", "message", "pop"})
_SEGWIT: Final = frozenset({"bc", "tb"})

# "Proof of Payment": what a browser would open tells the payee who the payer is.
_NEVER_OPENED: Final = frozenset(
    {"http", "https", "file", "javascript", "mailto", "ftp", "data", "blob", "about"}
)


class BitcoinLink(msgspec.Struct, frozen=True):
    """What a link asks for; `objects` are its keys in small letters with their values, in order.

    `departures` names addresses that nobody should send to. Such a link is still one: the addresses in the
    examples of the BIP have wrong checksums themselves.
    """

    address: str | None
    objects: tuple[tuple[str, str], ...] = ()
    amount: Amount | None = None
    pop: str | None = None
    departures: tuple[str, ...] = ()

    scheme: str = "bip321"
    currency: str = CURRENCY

    def values(self, key: str) -> tuple[str, ...]:
        """All that stands behind `key`: label, message; lightning, lno, sp, pay, bc, tb."""
        return tuple(value for each, value in self.objects if each.removeprefix(_REQUIRED) == key)


def read(text: str) -> BitcoinLink | Refused:
    """The link, when something in it could be paid. A `pop` that must not be opened is left out."""
    if text[: len(_SCHEME)].lower() != _SCHEME:
        return Refused("scheme", f"expected {_SCHEME}, got {shown(text)}")
    address, _, query = text[len(_SCHEME) :].partition("?")
    pairs = uris.read(query)
    if isinstance(pairs, Refused):
        return pairs
    objects = tuple((key.lower(), value) for key, value in pairs)
    wrong = next(_wrong(address, objects), None)
    if wrong is not None:
        return wrong
    values = {key.removeprefix(_REQUIRED): value for key, value in objects}
    amount = _amount(values.get("amount"))
    if isinstance(amount, Refused):
        return amount
    pop = values.get("pop")
    opens = pop if pop and _may_open(pop) else None
    return BitcoinLink(address or None, objects, amount, opens, tuple(_departures(address, objects)))


def write(link: BitcoinLink) -> str:
    """The URI of `link`."""
    query = uris.write(link.objects)
    text = _SCHEME + (link.address or "") + (f"?{query}" if query else "")
    found = read(text)
    if isinstance(found, Refused):
        raise UnwritableError(found)
    return text


def build(
    address: str | None, amount_sat: int | None = None, values: Mapping[str, str] | None = None
) -> BitcoinLink:
    """A link that asks for `amount_sat`; `values` are label, message, lightning and so on."""
    asked = [("amount", amounts.of_minor(amount_sat, DECIMALS).text)] if amount_sat is not None else []
    found = read(write(BitcoinLink(address, (*asked, *(values or {}).items()))))
    assert not isinstance(found, Refused), "what was written was read"
    if found.departures:
        raise UnwritableError(Refused("address", found.departures[0]))
    return found


def _wrong(address: str, objects: Sequence[tuple[str, str]]) -> Iterator[Refused]:
    if address and (wrong := addresses.looks(address, "address")):
        yield wrong
    seen: set[str] = set()
    for key, value in objects:
        name = key.removeprefix(_REQUIRED)
        if name in _ONCE and name in seen:
            yield Refused(name, "expected once, got it twice")
        seen.add(name)
        if key != name and name not in _ONCE | _INSTRUCTIONS:
            yield Refused(key[:40], "expected nothing that is required and that we do not know")
        if name in _SEGWIT and (wrong := addresses.looks(value, name, prefix=name)):
            yield wrong
        if key == f"{_REQUIRED}pop" and not _may_open(value):
            yield Refused(key, f"expected an address that no browser opens, got {shown(value)}")
    if not address and not seen & _INSTRUCTIONS:
        yield Refused("address", "expected an address or something else to pay, got none")


def _departures(address: str, objects: Sequence[tuple[str, str]]) -> Iterator[str]:
    given = [("address", address)] if address else []
    given += [(key, value) for key, value in objects if key.removeprefix(_REQUIRED) in _SEGWIT]
    for field, value in given:
        if wrong := addresses.doubt(value, field):
            yield wrong.sentence
    for key, value in objects:
        if key == "pop" and not _may_open(value):
            yield f"pop: expected an address that no browser opens, got {shown(value)}"


def _may_open(pop: str) -> bool:
    scheme, parting, _ = pop.partition(":")
    return bool(parting) and scheme.strip().lower() not in _NEVER_OPENED


def _amount(text: str | None) -> Amount | Refused | None:
    if text is None:
        return None
    found = amounts.read(text, DECIMALS, "amount")
    if isinstance(found, Amount) and found.minor > _SUPPLY_SAT:
        return Refused("amount", f"expected no more bitcoins than there can be, got {shown(text)}")
    return found
