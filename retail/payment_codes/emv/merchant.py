"""EMVCo merchant-presented codes: a shop asks, a wallet pays.

EMV QR Code Specification for Payment Systems, Merchant-Presented Mode, version 1.1. What would make the money
doubtful is refused: broken objects, a wrong CRC, an amount or currency that cannot be read. What else departs
from the specification is listed, since wallets pay such codes every day (PromptPay has no name and no city).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from retail.identity.gs1.codes import CURRENCIES
from retail.payment_codes import amounts
from retail.payment_codes.amounts import Amount
from retail.payment_codes.emv import networks
from retail.payment_codes.emv.networks import Network
from retail.payment_codes.emv.objects import CRC_TAG, Object, crc, sealed, split, twice
from retail.payment_codes.refusal import Refused, UnwritableError, shown
from retail.units import minor_digits

# Section 3 keeps a code to 512 characters; Singapore's own sample of all its schemes is longer.
_CHARACTERS_MEANT: Final = 512
# A QR code in alphanumeric mode holds 4296 characters (ISO/IEC 18004, version 40-L).
_CHARACTERS_MAX: Final = 4296

_NUMBERS: Final = {letters: number for number, letters in CURRENCIES.items()}
_CURRENCY: Final = re.compile(r"[0-9]{3}")
_AMOUNT_CHARACTERS_MAX: Final = 13

# Tables 3.1 and 3.3 to 3.8: what has to be there, and how it looks; departing from it is only listed.
_WANTED: Final = {"52": "category", "53": "currency", "58": "country", "59": "name", "60": "city"}
_LOOKS: Final = {
    "01": re.compile(r"1[12]"),
    "52": re.compile(r"[0-9]{4}"),
    "55": re.compile(r"0[123]"),
    "58": re.compile(r"[A-Z]{2}"),
    "59": re.compile(r".{1,25}"),
    "60": re.compile(r".{1,15}"),
    "61": re.compile(r".{1,10}"),
}
_TIP_OF: Final = {"02": "56", "03": "57"}
_EXTRA: Final = "62"


class MerchantCode(msgspec.Struct, frozen=True):
    """What a merchant asks for. `objects` are as they came, the CRC at the end; `networks` those we know."""

    objects: tuple[Object, ...]
    currency: str | None = None
    amount: Amount | None = None
    networks: tuple[Network, ...] = ()
    departures: tuple[str, ...] = ()

    scheme: str = "emv-mpm"

    def value(self, tag: str) -> str | None:
        """What stands in `tag`: 52 category, 58 country, 59 name, 60 city, 61 postcode."""
        return next((each.value for each in self.objects if each.tag == tag), None)

    @property
    def dynamic(self) -> bool:
        """Made for one payment; a static code may be paid by many."""
        return self.value("01") == "12"

    @property
    def extra(self) -> Mapping[str, str]:
        """Object 62: 01 bill, 02 mobile, 03 store, 05 reference, 06 customer, 07 terminal, 08 purpose."""
        found = split(self.value(_EXTRA) or "")
        return {} if isinstance(found, Refused) else dict(found)


def read(text: str) -> MerchantCode | Refused:
    """The code, when it is whole and its money is not in doubt."""
    if len(text) > _CHARACTERS_MAX:
        return Refused("code", f"expected at most {_CHARACTERS_MAX} characters, got {len(text)}")
    objects = split(text)
    if isinstance(objects, Refused):
        return objects
    if wrong := _frame(text, objects):
        return wrong
    known, odd = networks.read(objects)
    long = (f"code: expected at most {_CHARACTERS_MEANT} characters, got {len(text)}",)
    departures = (*_departures(objects), *odd, *(long if len(text) > _CHARACTERS_MEANT else ()))
    code = MerchantCode(objects, networks=known, departures=departures)
    return _with_money(code)


def write(code: MerchantCode) -> str:
    """The text of the code: its objects in their order, and a CRC that is right."""
    text = sealed(code.objects)
    found = read(text)
    if isinstance(found, Refused):
        raise UnwritableError(found)
    return text


class Asking(msgspec.Struct, frozen=True):
    """What a merchant asks for. Without an amount the payer fills it in.

    `category` is of ISO 18245, `country` of ISO 3166, `currency` of ISO 4217 in letters; `extra` as in a
    `MerchantCode`.
    """

    country: str
    name: str
    city: str
    currency: str
    amount_minor: int | None = None
    category: str = "0000"
    postcode: str | None = None
    extra: Mapping[str, str] = {}
    dynamic: bool = False


def build(accounts: Iterable[Object], asking: Asking) -> MerchantCode:
    """A code for the accounts that `networks` made."""
    amount_minor, currency = asking.amount_minor, asking.currency
    values = {
        "00": "01",
        "01": "12" if asking.dynamic else "11",
        **dict(accounts),
        "52": asking.category,
        "53": _NUMBERS.get(currency, currency),
        "54": None if amount_minor is None else amounts.of_currency(amount_minor, currency).text,
        "58": asking.country,
        "59": asking.name,
        "60": asking.city,
        "61": asking.postcode,
        _EXTRA: networks.template(asking.extra) if asking.extra else None,
    }
    found = read(sealed((tag, value) for tag, value in values.items() if value))
    if isinstance(found, Refused):
        raise UnwritableError(found)
    if found.departures:
        raise UnwritableError(Refused("code", found.departures[0]))
    return found


def _frame(text: str, objects: tuple[Object, ...]) -> Refused | None:
    if not objects or objects[0] != ("00", "01"):
        return Refused("00", "expected the payload format indicator 01 first")
    if tag := next(twice(objects), None):
        return Refused(tag, "expected once, got it twice")
    if objects[-1].tag != CRC_TAG:
        return Refused(CRC_TAG, f"expected the CRC last, got object {objects[-1].tag}")
    right = crc(text[:-4])
    if len(objects[-1].value) != 4 or objects[-1].value != right:
        return Refused(CRC_TAG, f"expected the CRC {right}, got {shown(objects[-1].value)}")
    return None


def _with_money(code: MerchantCode) -> MerchantCode | Refused:
    number, text = code.value("53"), code.value("54")
    currency = None
    if number is not None:
        currency = CURRENCIES.get(number)
        if currency is None:
            return Refused("53", f"expected a currency of ISO 4217 in digits, got {shown(number)}")
    if tip := _tip(code):
        return tip
    if text is None:
        return msgspec.structs.replace(code, currency=currency)
    if currency is None:
        return Refused("53", "expected the currency of the amount, got none")
    amount = _amount(text, currency, open_when_zero=any(each.zero_is_open for each in code.networks))
    if isinstance(amount, Refused):
        return amount
    return msgspec.structs.replace(code, currency=currency, amount=amount)


def _amount(text: str, currency: str, *, open_when_zero: bool) -> Amount | Refused | None:
    if len(text) > _AMOUNT_CHARACTERS_MAX:
        return Refused("54", f"expected at most {_AMOUNT_CHARACTERS_MAX} characters, got {len(text)}")
    found = amounts.read(text, minor_digits(currency), "54")
    if isinstance(found, Refused) or found.minor:
        return found
    return None if open_when_zero else Refused("54", f"expected more than zero, got {shown(text)}")


def _tip(code: MerchantCode) -> Refused | None:
    wanted = _TIP_OF.get(code.value("55") or "")
    if wanted is not None and code.value(wanted) is None:
        return Refused(wanted, f"expected the tip that 55 {code.value('55')} announces, got none")
    for tag in _TIP_OF.values():
        found = None if (text := code.value(tag)) is None else amounts.read(text, 4, tag)
        if isinstance(found, Refused):
            return found
    return None


def _departures(objects: tuple[Object, ...]) -> Iterator[str]:
    values = dict(objects)
    for tag, what in _WANTED.items():
        if tag not in values:
            yield f"{tag}: expected the {what}, got none"
    for tag, looks in _LOOKS.items():
        if tag in values and not looks.fullmatch(values[tag]):
            yield f"{tag}: expected {looks.pattern}, got {shown(values[tag])}"
    if not any("02" <= each.tag <= "51" for each in objects):
        yield "02-51: expected an account, got none"
    if isinstance(found := split(values.get(_EXTRA, "")), Refused):
        yield f"62: expected objects inside, but {found.sentence}"
    for each in objects:
        if not each.value:
            yield f"{each.tag}: expected a value, got an empty one"
