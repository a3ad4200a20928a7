"""The messages that we send: one function for each, from the shop's command and the terminal's settings."""

from typing import Final

from edge.commands import RefundPayment, ReversePayment, StartPayment
from edge.drivers.terminals.zvt import bcd, bmp, settings, tlv
from edge.drivers.terminals.zvt.apdu import framed
from edge.drivers.terminals.zvt.messages import REFUSALS, Code, message
from edge.drivers.terminals.zvt.settings import Settings

ACCEPTED: Final = framed(Code.ACCEPTED)
"""The answer to everything that a terminal says."""

UNSUPPORTED: Final = framed(REFUSALS << 8 | 0x83)
"""What it asks of us, we cannot do: a keyboard, a modem, a picture."""

STILL_DISPENSING: Final = framed(REFUSALS << 8 | 0x9C)
NOT_DISPENSED: Final = framed(REFUSALS << 8 | 0x66)

CANCEL: Final = framed(Code.CANCEL)

_PERMITTED: Final = 0x26
_COMMAND: Final = 0x0A

AMOUNT_MINOR_MAX: Final = 10**12 - 1
RECEIPT_MAX: Final = 9999


def registration(known: Settings, *, text_blocks: bool) -> bytes:
    """Say who we are, and what we take over from the terminal."""
    number = settings.number(known.currency)
    assert number is not None, "the settings have been checked"
    permitted = tlv.built(_COMMAND, Code.PRINT_TEXT.to_bytes(2))
    tags = (tlv.built(_PERMITTED, parts=(permitted,)),)
    return message(
        Code.REGISTRATION,
        bmp.built(0x03, b"\0"),
        *([bmp.built(bmp.TLV, tags=tags)] if text_blocks else []),
        password=known.password_bytes,
        config_byte=known.configuration,
        currency=number,
    )


def payment(known: Settings, wanted: StartPayment) -> bytes | None:
    """Have a card pay; None where the amount or the currency cannot be said."""
    fields = _money(wanted.amount_minor, wanted.currency)
    if not fields or not wanted.amount_minor:
        return None
    if known.payment_type is not None:
        fields.append(bmp.built(0x19, bytes([known.payment_type])))
    if wanted.dispense:
        fields.append(bmp.built(0x02, bytes([known.dispense_repeats])))
    return message(Code.AUTHORISATION, *fields)


def reversal(known: Settings, wanted: ReversePayment) -> bytes | None:
    """Take the payment of a receipt back; None where there is no such receipt."""
    if not 0 <= wanted.receipt <= RECEIPT_MAX:
        return None
    return message(
        Code.REVERSAL, bmp.built(0x87, bcd.packed(wanted.receipt, 2)), password=known.password_bytes
    )


def refund(known: Settings, wanted: RefundPayment) -> bytes | None:
    """Give money to a card; None where the amount or the currency cannot be said."""
    fields = _money(wanted.amount_minor, wanted.currency)
    if not fields or not wanted.amount_minor:
        return None
    return message(Code.REFUND, *fields, password=known.password_bytes)


def partly_dispensed(amount_minor: int) -> bytes:
    """Not all goods came out: charge this much."""
    return framed(REFUSALS << 8 | 0x9D, bmp.built(0x04, bcd.packed(amount_minor, 6)).encoded)


def guarded(code: Code, known: Settings) -> bytes:
    """A message that is a password and nothing else."""
    return message(code, password=known.password_bytes)


def plain(code: Code) -> bytes:
    """A message that is nothing but its name."""
    return framed(code)


def _money(amount_minor: int, currency: str) -> list[bmp.Field]:
    number = settings.number(currency)
    if number is None or not 0 <= amount_minor <= AMOUNT_MINOR_MAX:
        return []
    return [bmp.built(0x04, bcd.packed(amount_minor, 6)), bmp.built(0x49, number)]
