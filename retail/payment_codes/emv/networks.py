"""Accounts inside a merchant-presented code: Pix, PayNow, PromptPay, QRIS and UPI, each read and written."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar, Final

import msgspec

from retail.payment_codes.emv.objects import Object, join, split
from retail.payment_codes.refusal import Refused, UnwritableError, shown

_NAME: Final = "00"


class Network(msgspec.Struct, frozen=True, tag_field="network"):
    """An account of a payment network, in the object `at`."""

    at: str

    zero_is_open: ClassVar[bool] = False
    """Whether an amount of zero means that the payer fills it in."""


class Pix(Network, frozen=True, tag="pix"):
    """Brazil (BCB, Manual de Padroes para Iniciacao do Pix): a key, or where a charge is, without https://."""

    key: str | None = None
    note: str | None = None
    url: str | None = None

    # BCB says so of codes whose amount is left open: 0.00 is as good as no amount.
    zero_is_open: ClassVar[bool] = True


class PayNow(Network, frozen=True, tag="paynow"):
    """Singapore (SGQR): `kind` 0 is a mobile number, 2 a UEN; `expires` is YYYYMMDD or YYYYMMDDHHMMSS."""

    kind: str
    proxy: str
    editable: bool = False
    expires: str | None = None


class PromptPay(Network, frozen=True, tag="promptpay"):
    """Thailand: one of a mobile number (0066 and 9 digits), an id of 13, an e-wallet or a biller of 15."""

    mobile: str | None = None
    national_id: str | None = None
    e_wallet: str | None = None
    biller: str | None = None
    references: tuple[str, ...] = ()


class Qris(Network, frozen=True, tag="qris"):
    """Indonesia: `merchant_id` is the national one (NMID) in 51, or that of an acquirer in 26 to 45."""

    domain: str
    pan: str | None = None
    merchant_id: str | None = None
    criteria: str | None = None


class UpiAccount(Network, frozen=True, tag="upi"):
    """India (BharatQR): the payment address in 26, the reference of the transaction in 27."""

    address: str | None = None
    reference: str | None = None


Objects = Mapping[str, str]
_ACCOUNTS: Final = range(26, 52)


def read(objects: Iterable[Object]) -> tuple[tuple[Network, ...], tuple[str, ...]]:
    """The accounts of networks that we know, and what is wrong with those that we know but cannot use."""
    known: list[Network] = []
    odd: list[str] = []
    given = [each for each in objects if int(each.tag) in _ACCOUNTS]
    # An acquirer of Indonesia has a name of its own: it is told by the national account beside it.
    acquired = any(QRIS in value.upper() for _, value in given)
    for tag, value in given:
        inside = split(value)
        if isinstance(inside, Refused):
            odd.append(f"{tag}: expected objects inside, but {inside.sentence}")
            continue
        found = _network(tag, dict(inside), acquired=acquired)
        if isinstance(found, Refused):
            odd.append(found.sentence)
        elif found is not None:
            known.append(found)
    return tuple(known), tuple(odd)


def account(network: Network) -> Object:
    """The object that holds the account."""
    values = {tag: value for tag, value in _values(network) if value is not None}
    made = Object(network.at, template(values))
    found = _network(network.at, values, acquired=isinstance(network, Qris))
    if isinstance(found, Refused):
        raise UnwritableError(found)
    if found != network:
        raise UnwritableError(Refused(network.at, f"expected what reads back, got {found}"))
    return made


def template(values: Mapping[str, str]) -> str:
    """Objects inside an object."""
    text = join(values.items())
    if len(text) > 99:
        raise UnwritableError(Refused("template", f"expected at most 99 characters, got {len(text)}"))
    return text


def _network(tag: str, inside: Objects, *, acquired: bool) -> Network | Refused | None:
    reader = _READERS.get(inside.get(_NAME, "").upper(), _qris if acquired and _NAME in inside else None)
    return reader(tag, inside) if reader else None


def _pix(tag: str, inside: Objects) -> Network | Refused:
    key, url = inside.get("01"), inside.get("25")
    if (key is None) == (url is None):
        return Refused(f"{tag}.01", "expected either a key or, in 25, an address")
    if url is not None and "://" in url:
        return Refused(f"{tag}.25", f"expected an address without scheme, got {shown(url)}")
    return Pix(tag, key, inside.get("02"), url)


_PROXY_KINDS: Final = frozenset("0123")
_EXPIRY: Final = re.compile(r"[0-9]{8}(?:[0-9]{6})?")


def _paynow(tag: str, inside: Objects) -> Network | Refused:
    kind, proxy, editable = inside.get("01", ""), inside.get("02"), inside.get("03", "0")
    if kind not in _PROXY_KINDS:
        return Refused(f"{tag}.01", f"expected 0 for a mobile number or 2 for a UEN, got {shown(kind)}")
    if not proxy:
        return Refused(f"{tag}.02", "expected a mobile number or a UEN, got none")
    if editable not in {"0", "1"}:
        return Refused(f"{tag}.03", f"expected 0 or 1, got {shown(editable)}")
    expires = inside.get("04")
    if expires is not None and not _EXPIRY.fullmatch(expires):
        return Refused(f"{tag}.04", f"expected YYYYMMDD or YYYYMMDDHHMMSS, got {shown(expires)}")
    return PayNow(tag, kind, proxy, editable == "1", expires)


_PROMPT_PAY: Final = {"01": r"00[0-9]{11}", "02": r"[0-9]{13}", "03": r"[0-9]{15}"}


def _promptpay(tag: str, inside: Objects) -> Network | Refused:
    given = [each for each in _PROMPT_PAY if each in inside]
    if len(given) != 1:
        return Refused(f"{tag}.01", f"expected one of 01, 02 and 03, got {len(given)}")
    if not re.fullmatch(_PROMPT_PAY[given[0]], inside[given[0]]):
        return Refused(
            f"{tag}.{given[0]}", f"expected {_PROMPT_PAY[given[0]]}, got {shown(inside[given[0]])}"
        )
    return PromptPay(tag, inside.get("01"), inside.get("02"), inside.get("03"))


def _biller(tag: str, inside: Objects) -> Network | Refused:
    if not re.fullmatch(r"[0-9]{15}", biller := inside.get("01", "")):
        return Refused(f"{tag}.01", f"expected a biller of 15 digits, got {shown(biller)}")
    references = tuple(inside[each] for each in ("02", "03") if each in inside)
    return PromptPay(tag, biller=biller, references=references)


def _qris(tag: str, inside: Objects) -> Network | Refused:
    if not inside.get("01") and not inside.get("02"):
        return Refused(f"{tag}.02", "expected the id of a merchant, got none")
    return Qris(tag, inside[_NAME], inside.get("01"), inside.get("02"), inside.get("03"))


def _upi(tag: str, inside: Objects) -> Network | Refused:
    if tag == "27":
        return UpiAccount(tag, reference=inside.get("01"))
    if "@" not in (address := inside.get("01", "")):
        return Refused(f"{tag}.01", f"expected a payment address such as name@bank, got {shown(address)}")
    return UpiAccount(tag, address)


PIX: Final = "BR.GOV.BCB.PIX"
PAYNOW: Final = "SG.PAYNOW"
PROMPTPAY: Final = "A000000677010111"
PROMPTPAY_BILLER: Final = "A000000677010112"
UPI: Final = "A000000524"
QRIS: Final = "ID.CO.QRIS.WWW"

_READERS: Final[Mapping[str, Callable[[str, Objects], Network | Refused]]] = {
    PIX: _pix,
    PAYNOW: _paynow,
    PROMPTPAY: _promptpay,
    PROMPTPAY_BILLER: _biller,
    UPI: _upi,
    QRIS: _qris,
}
"""Globally unique identifier (object 00 of the account), in capitals -> who reads the rest."""


def _values(network: Network) -> Iterator[tuple[str, str | None]]:
    match network:
        case Pix():
            yield from ((_NAME, PIX), ("01", network.key), ("02", network.note), ("25", network.url))
        case PayNow():
            yield from ((_NAME, PAYNOW), ("01", network.kind), ("02", network.proxy))
            yield from (("03", str(int(network.editable))), ("04", network.expires))
        case PromptPay(biller=None):
            yield from ((_NAME, PROMPTPAY), ("01", network.mobile), ("02", network.national_id))
            yield "03", network.e_wallet
        case PromptPay():
            yield from ((_NAME, PROMPTPAY_BILLER), ("01", network.biller))
            yield from zip(("02", "03"), network.references, strict=False)
        case Qris():
            yield from ((_NAME, network.domain), ("01", network.pan))
            yield from (("02", network.merchant_id), ("03", network.criteria))
        case UpiAccount():
            yield from ((_NAME, UPI), ("01", network.address or network.reference))
        case _:
            raise AssertionError(f"a network of ours has no objects: {network}")
