"""`opos decode qr-payment` and `opos decode bolt11`: a code in, what it asks for or why not out."""

from typing import BinaryIO, Final

import click
import msgspec

from edge.cli.lines import MALFORMED, answer_lines, why
from retail.payment_codes import schemes
from retail.payment_codes.emv import objects
from retail.payment_codes.emv.merchant import MerchantCode
from retail.payment_codes.emv.networks import Network
from retail.payment_codes.lightning import invoice
from retail.payment_codes.lightning.fields import Hop
from retail.payment_codes.recognition import scheme_of
from retail.payment_codes.refusal import Refused

# The largest QR code holds 7089 characters, and JSON may write each as six.
LINE_BYTES_MAX: Final = 64 * 1024

_QR_EXAMPLES: Final = """\b
Examples:
  echo '{"input": "upi://pay?pa=shop@bank&am=149.50&cu=INR"}' |
      opos decode qr-payment
  echo '{"input": "BCD\\n002\\n1\\nSCT\\n\\nShop\\nDE71110220330123456789\\nEUR1"}' |
      opos decode qr-payment
"""

_INVOICE_EXAMPLES: Final = """\b
Examples:
  echo '{"input": "lnbc2500u1pvjluez..."}' | opos decode bolt11
"""


class PaymentLine(msgspec.Struct, frozen=True):
    """A payment code as text; its own lines, where it has some, parted by LF or given one by one."""

    input: str | list[str]


class PaymentAnswer(msgspec.Struct, frozen=True):
    """What the code asks for, or why it asks for nothing.

    `objects` are its outermost [tag, value]; of a code that a shopper pays with, nothing that a thief wants.
    """

    valid: bool = False
    error: str | None = None
    field: str | None = None
    scheme: str | None = None
    amount: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    objects: tuple[tuple[str, str], ...] = ()
    networks: tuple[Network, ...] = ()
    departures: tuple[str, ...] = ()


class InvoiceAnswer(msgspec.Struct, frozen=True):
    """What the invoice asks for, or why it is refused; hashes and keys in hexadecimal, amount in BTC."""

    valid: bool = False
    error: str | None = None
    field: str | None = None
    network: str | None = None
    amount: str | None = None
    amount_msat: int | None = None
    currency: str | None = None
    timestamp_s: int | None = None
    expiry_s: int | None = None
    payment_hash: str | None = None
    payment_secret: str | None = None
    description: str | None = None
    description_hash: str | None = None
    payee: str | None = None
    min_final_cltv_expiry_delta: int | None = None
    fallbacks: tuple[str, ...] = ()
    routes: tuple[tuple[Hop, ...], ...] = ()
    metadata: str | None = None
    features: tuple[int, ...] = ()
    signature: str | None = None
    recovery_id: int | None = None
    objects: tuple[tuple[str, str], ...] = ()


@click.command("qr-payment", epilog=_QR_EXAMPLES)
@click.argument("lines", type=click.File("rb"), default="-", metavar="[FILE]")
def qr_payment(lines: BinaryIO) -> None:
    """Decode a payment code: EMVCo, SEPA, Swiss, UPI, Bitcoin, WeChat Pay or Alipay.

    Reads JSON lines {"input": TEXT} and writes one JSON line for each, in order.
    """
    answer_lines(lines, LINE_BYTES_MAX, answered)


@click.command("bolt11", epilog=_INVOICE_EXAMPLES)
@click.argument("lines", type=click.File("rb"), default="-", metavar="[FILE]")
def bolt11(lines: BinaryIO) -> None:
    """Decode an invoice of Lightning (BOLT 11), and check its signature.

    Reads JSON lines {"input": INVOICE} and writes one JSON line for each, in order.
    """
    answer_lines(lines, LINE_BYTES_MAX, answered_invoice)


def answered(line: bytes) -> PaymentAnswer:
    """The answer to one line; a line that cannot be read is answered too."""
    text = _text(line)
    if isinstance(text, Refused):
        return PaymentAnswer(error=text.sentence, field=text.field)
    found = schemes.read(text)
    if isinstance(found, Refused):
        scheme = scheme_of(text)
        parts = objects.split(text.rstrip("\r\n")) if scheme == "emv-mpm" else ()
        whole = () if isinstance(parts, Refused) else parts
        return PaymentAnswer(error=found.sentence, field=found.field, scheme=scheme, objects=whole)
    return PaymentAnswer(
        valid=True,
        scheme=found.scheme,
        amount=found.amount.text if found.amount else None,
        amount_minor=found.amount.minor if found.amount else None,
        currency=found.currency,
        objects=found.objects,
        networks=found.networks if isinstance(found, MerchantCode) else (),
        departures=found.departures,
    )


def answered_invoice(line: bytes) -> InvoiceAnswer:
    """The answer to one line that holds an invoice."""
    text = _text(line)
    found = text if isinstance(text, Refused) else invoice.read(text.strip())
    if isinstance(found, Refused):
        return InvoiceAnswer(error=found.sentence, field=found.field)
    return InvoiceAnswer(
        valid=True,
        network=found.network,
        amount=found.amount.text if found.amount else None,
        amount_msat=found.amount_msat,
        currency=found.currency,
        timestamp_s=found.timestamp_s,
        signature=found.signature,
        recovery_id=found.recovery_id,
        objects=found.objects,
        **(msgspec.structs.asdict(found.meaning) | {"payee": found.payee}),
    )


def _text(line: bytes) -> str | Refused:
    try:
        given = msgspec.json.decode(line, type=PaymentLine).input
    except MALFORMED as error:
        return Refused(
            "line", f'expected a JSON object {{"input": TEXT}}: {why(line, LINE_BYTES_MAX, error)}'
        )
    return given if isinstance(given, str) else "\n".join(given)
