"""UPI links of India: `upi://pay?pa=...`, which ask for rupees; that one was scanned proves no payment."""

import re
from typing import Final

import msgspec

from retail.payment_codes import amounts, uris
from retail.payment_codes.amounts import Amount
from retail.payment_codes.refusal import Refused, UnwritableError, shown

_PREFIX: Final = "upi://pay?"
CURRENCY: Final = "INR"
_DECIMALS: Final = 2

# NPCI, UPI Linking Specifications: the payee is a name, an @ and the handle of a bank or app.
_LOOKS: Final = {
    "pa": (re.compile(r"[A-Za-z0-9._\-]{1,255}@[A-Za-z0-9.\-]{2,64}"), "an address such as name@bank"),
    "mc": (re.compile(r"[0-9]{4}"), "a merchant category of four digits"),
    "cu": (re.compile(CURRENCY), CURRENCY),
}


class UpiLink(msgspec.Struct, frozen=True):
    """What a link asks for; `objects` are all its keys with their values, those that nobody knows too."""

    payee: str
    objects: tuple[tuple[str, str], ...]
    amount: Amount | None = None
    least: Amount | None = None

    scheme: str = "upi"
    departures: tuple[str, ...] = ()
    currency: str = CURRENCY

    def value(self, key: str) -> str | None:
        """What stands behind `key`: pn name, tn note, tr reference, tid terminal, mc category, url."""
        return dict(self.objects).get(key)


def read(text: str) -> UpiLink | Refused:
    """The link, when a wallet could pay by it."""
    if text[: len(_PREFIX)].lower() != _PREFIX:
        return Refused("scheme", f"expected {_PREFIX}, got {shown(text)}")
    pairs = uris.read(text[len(_PREFIX) :])
    if isinstance(pairs, Refused):
        return pairs
    wrong = _wrong(pairs)
    if wrong is not None:
        return wrong
    values = dict(pairs)
    amount, least = _amount(values.get("am"), "am"), _amount(values.get("mam"), "mam")
    if isinstance(amount, Refused):
        return amount
    return least if isinstance(least, Refused) else UpiLink(values["pa"], pairs, amount, least)


def write(link: UpiLink) -> str:
    """The URI of `link`, spaces as %20."""
    text = _PREFIX + uris.write(link.objects)
    found = read(text)
    if isinstance(found, Refused):
        raise UnwritableError(found)
    return text


def build(payee: str, amount_minor: int | None = None, **values: str) -> UpiLink:
    """A link that asks for `amount_minor` paise or leaves it to the payer; keys as in `UpiLink.value`."""
    asked = [("am", amounts.of_currency(amount_minor, CURRENCY).text)] if amount_minor is not None else []
    objects = (("pa", payee), *values.items(), *asked, ("cu", CURRENCY))
    found = read(_PREFIX + uris.write(objects))
    if isinstance(found, Refused):
        raise UnwritableError(found)
    return found


def _wrong(pairs: tuple[tuple[str, str], ...]) -> Refused | None:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        return Refused(next(key for key in keys if keys.count(key) > 1), "expected once, got it twice")
    for key, (looks, expected) in _LOOKS.items():
        value = values.get(key, "")
        if (value or key == "pa") and not looks.fullmatch(value):
            return Refused(key, f"expected {expected}, got {shown(value)}")
    return None


def _amount(text: str | None, field: str) -> Amount | Refused | None:
    return amounts.above_zero(text, _DECIMALS, field) if text and text != "null" else None
