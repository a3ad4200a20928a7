"""An invoice of Lightning (BOLT 11): what it says, and how it is read from and written to text."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final

import msgspec

from retail.payment_codes import amounts, bech32
from retail.payment_codes.amounts import Amount
from retail.payment_codes.bech32 import Bech32
from retail.payment_codes.lightning import fields, secp256k1
from retail.payment_codes.lightning.fields import Field, Meaning
from retail.payment_codes.refusal import Refused, UnwritableError, shown
from retail.units import INTEGER_MAX

_URI: Final = "lightning:"
# ln, the network (bcrt before bc, tbs before tb), an amount without leading zeros, its multiplier.
_PREFIX: Final = re.compile(r"ln(bcrt|bc|tbs|tb)(?:([1-9][0-9]*)([munp]?))?")

# An amount is in bitcoins, of 10^11 millisatoshi: what one unit of each multiplier is in tenths of those.
_TENTHS_MSAT: Final = {"": 10**12, "m": 10**9, "u": 10**6, "n": 10**3, "p": 1}
_MSAT_DECIMALS: Final = 11

_TIME_WORDS: Final = 7
_SIGNATURE_WORDS: Final = 104

Signer = Callable[[bytes], bytes]
"""Signs a SHA-256 with the key of the node: 32 bytes of r and 32 of s. The key itself never comes here."""


class Invoice(msgspec.Struct, frozen=True):
    """What a node asks for. `payee` is its public key, recovered from the signature or named and verified.

    `fields` are as they came, those that are to be ignored too; `meaning` is what they say.
    """

    network: str
    amount_msat: int | None
    timestamp_s: int
    fields: tuple[Field, ...]
    meaning: Meaning
    payee: str
    signature: str
    recovery_id: int

    scheme: str = "bolt11"
    departures: tuple[str, ...] = ()
    currency: str = "BTC"

    @property
    def amount(self) -> Amount | None:
        """The amount in bitcoins, without zeros at the end."""
        if self.amount_msat is None:
            return None
        text = amounts.of_minor(self.amount_msat, _MSAT_DECIMALS).text
        return Amount(text.rstrip("0").rstrip("."), self.amount_msat)

    @property
    def objects(self) -> tuple[tuple[str, str], ...]:
        """The tagged fields by their letter, with their words."""
        return tuple(fields.lettered(each) for each in self.fields)


class Draft(msgspec.Struct, frozen=True):
    """An invoice that nobody has signed; `payee` is the compressed key of the node, in hexadecimal."""

    network: str
    amount_msat: int | None
    timestamp_s: int
    meaning: Meaning
    payee: str


def read(text: str) -> Invoice | Refused:
    """The invoice, when its checksum, signature and fields are right; `lightning:` may stand before it."""
    found = bech32.read(text[len(_URI) :] if text[: len(_URI)].lower() == _URI else text)
    if isinstance(found, Refused):
        return found
    if found.kind != bech32.PLAIN:
        return Refused("checksum", "expected that of bech32, got that of bech32m")
    if len(found.words) < _TIME_WORDS + _SIGNATURE_WORDS:
        return Refused("data", f"expected a time and a signature, got {len(found.words)} words")
    head = _head(found.prefix)
    return head if isinstance(head, Refused) else _body(found, *head)


def write(invoice: Invoice) -> str:
    """The text of an invoice that was read: the same, letter by letter, in small letters."""
    body = bech32.number_words(invoice.timestamp_s, _TIME_WORDS) + fields.join(invoice.fields)
    signature = bytes.fromhex(invoice.signature) + bytes([invoice.recovery_id])
    return bech32.write(_prefix(invoice.network, invoice.amount_msat), body + bech32.to_words(signature))


def sign(draft: Draft, signer: Signer) -> str:
    """The text of a new invoice, with the lower s."""
    prefix = _prefix(draft.network, draft.amount_msat)
    body = bech32.number_words(draft.timestamp_s, _TIME_WORDS) + fields.join(fields.made(draft.meaning))
    digest = _digest(prefix, body)
    signature = secp256k1.lowered(signer(digest))
    key = bytes.fromhex(draft.payee)
    recovery = next((each for each in range(4) if secp256k1.recover(digest, signature, each) == key), None)
    if recovery is None:
        raise UnwritableError(Refused("signature", f"expected one by {draft.payee}, got another's"))
    text = bech32.write(prefix, body + bech32.to_words(signature + bytes([recovery])))
    found = read(text)
    if isinstance(found, Refused):
        raise UnwritableError(found)
    if found.meaning != draft.meaning:
        raise UnwritableError(Refused("fields", "expected what reads back, such as fallbacks of the network"))
    return text


def _body(found: Bech32, network: str, amount_msat: int | None) -> Invoice | Refused:
    signed, signature = found.words[:-_SIGNATURE_WORDS], bech32.to_bytes(found.words[-_SIGNATURE_WORDS:])
    given = fields.split(signed[_TIME_WORDS:])
    if isinstance(given, Refused):
        return given
    meaning = fields.read(given, network)
    if isinstance(meaning, Refused):
        return meaning
    payee = _payee(_digest(found.prefix, signed), signature, meaning)
    if isinstance(payee, Refused):
        return payee
    return Invoice(
        network=network,
        amount_msat=amount_msat,
        timestamp_s=bech32.number(signed[:_TIME_WORDS]),
        fields=given,
        meaning=meaning,
        payee=payee,
        signature=signature[:-1].hex(),
        recovery_id=signature[-1],
    )


def _head(prefix: str) -> tuple[str, int | None] | Refused:
    match = _PREFIX.fullmatch(prefix)
    if match is None:
        return Refused(
            "prefix", f"expected ln, a network and an amount with m, u, n or p, got {shown(prefix)}"
        )
    network, digits, multiplier = match[1], match[2], match[3]
    if digits is None:
        return network, None
    if len(digits) > len(str(INTEGER_MAX)):
        return Refused("amount", f"expected fewer digits, got {len(digits)}")
    amount_msat, rest = divmod(int(digits) * _TENTHS_MSAT[multiplier], 10)
    if rest:
        return Refused("amount", f"expected whole millisatoshis, got {digits}{multiplier}")
    if amount_msat > INTEGER_MAX:
        return Refused("amount", f"expected at most {INTEGER_MAX} millisatoshis, got {digits}{multiplier}")
    return network, amount_msat


def _prefix(network: str, amount_msat: int | None) -> str:
    """The shortest way to write the amount: the largest multiplier that leaves a whole number."""
    if amount_msat is None:
        return f"ln{network}"
    for multiplier, tenths in _TENTHS_MSAT.items():
        if 10 * amount_msat % tenths == 0:
            return f"ln{network}{10 * amount_msat // tenths}{multiplier}"
    raise AssertionError("ten tenths are a millisatoshi")


def _digest(prefix: str, words: bytes) -> bytes:
    """What is signed: the part for people, and all words but the signature, filled up to whole bytes."""
    spare = -5 * len(words) % 8
    value = bech32.number(words) << spare
    return sha256(prefix.encode() + value.to_bytes((5 * len(words) + spare) // 8, "big")).digest()


def _payee(digest: bytes, signature: bytes, meaning: Meaning) -> str | Refused:
    scalars, recovery = signature[:-1], signature[-1]
    if meaning.payee is not None:
        if not secp256k1.is_low(scalars):
            return Refused("signature", "expected the lower s where n names the payee, got the higher")
        if secp256k1.verified(digest, scalars, bytes.fromhex(meaning.payee)):
            return meaning.payee
        return Refused("signature", "expected one by the key in n, got another's")
    key = secp256k1.recover(digest, scalars, recovery)
    return Refused("signature", "expected one that a key can be recovered from") if key is None else key.hex()
