"""EMVCo consumer-presented codes: the shopper shows a card in a wallet, the terminal reads it as BER-TLV.

EMV QR Code Specification for Payment Systems, Consumer-Presented Mode, version 1.1. The QR code is base64 of
85 (payload format indicator), 61 for each application, 62 for what they share, 63 and 64 for the rest.
"""

import base64
import re
from typing import Final

import msgspec

from retail.payment_codes.emv.tlv import Node, join, split, walk
from retail.payment_codes.refusal import Refused, UnwritableError

_INDICATOR: Final = "85"
_APPLICATION: Final = "61"
_KNOWN: Final = frozenset({_INDICATOR, _APPLICATION, "62", "63", "64"})
_VERSION: Final = re.compile(rb"CPV[0-9]{2}")
_HEXADECIMAL: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")

# The specification keeps the bytes of a code to 512.
_BYTES_MAX: Final = 512

_AID: Final = "4F"
_LABEL: Final = "50"


class Application(msgspec.Struct, frozen=True):
    """A card in the wallet: `aid` says of which scheme, in hexadecimal."""

    aid: str
    label: str | None = None


class ConsumerCode(msgspec.Struct, frozen=True):
    """What a wallet shows: account numbers and tracks are masked but for the last four digits."""

    nodes: tuple[Node, ...]
    applications: tuple[Application, ...] = ()
    departures: tuple[str, ...] = ()

    scheme: str = "emv-cpm"
    amount: None = None
    currency: None = None

    @property
    def objects(self) -> tuple[tuple[str, str], ...]:
        """The outermost objects in hexadecimal, masked."""
        return tuple((node.tag, (join(node.nodes) or node.value).hex().upper()) for node in self.nodes)


def read(text: str) -> ConsumerCode | Refused:
    """The code, from base64 as the QR code has it or from hexadecimal as its specification prints it."""
    data = _bytes(text)
    nodes = data if isinstance(data, Refused) else split(data)
    if isinstance(nodes, Refused):
        return nodes
    if not nodes or nodes[0].tag != _INDICATOR or not _VERSION.fullmatch(nodes[0].value):
        return Refused(_INDICATOR, "expected the payload format indicator CPV01 first")
    applications = _applications([node for node in nodes if node.tag == _APPLICATION])
    if isinstance(applications, Refused):
        return applications
    return ConsumerCode(nodes, applications, tuple(_departures(nodes)))


def write(code: ConsumerCode) -> str:
    """The base64 of the code; what was masked stays so, and only a code without a card is its old self."""
    text = base64.b64encode(join(code.nodes)).decode()
    found = read(text)
    if isinstance(found, Refused):
        raise UnwritableError(found)
    return text


def build(applications: tuple[Application, ...]) -> ConsumerCode:
    """A code with nothing but its applications, for a shopper who is simulated."""
    nodes = [Node(_INDICATOR, b"CPV01")]
    for each in applications:
        inside = [Node(_AID, bytes.fromhex(each.aid))]
        inside += [Node(_LABEL, each.label.encode())] if each.label else []
        nodes.append(Node(_APPLICATION, b"", tuple(inside)))
    found = read(join(nodes).hex())
    if isinstance(found, Refused):
        raise UnwritableError(found)
    return found


def _bytes(text: str) -> bytes | Refused:
    try:
        hexadecimal = _HEXADECIMAL.fullmatch(text) and text.startswith(_INDICATOR)
        data = bytes.fromhex(text) if hexadecimal else base64.b64decode(text, validate=True)
    except ValueError:
        return Refused("code", "expected base64 or hexadecimal")
    if len(data) > _BYTES_MAX:
        return Refused("code", f"expected at most {_BYTES_MAX} bytes, got {len(data)}")
    return data


def _applications(nodes: list[Node]) -> tuple[Application, ...] | Refused:
    found = []
    for node in nodes:
        values = {each.tag: each.value for each in walk(node.nodes)}
        aid, label = values.get(_AID, b""), values.get(_LABEL)
        if not 5 <= len(aid) <= 16:
            return Refused(f"{_APPLICATION}.{_AID}", "expected the id of an application, 5 to 16 bytes")
        found.append(Application(aid.hex().upper(), None if label is None else label.decode("latin-1")))
    return tuple(found)


def _departures(nodes: tuple[Node, ...]) -> list[str]:
    odd = [
        f"{node.tag}: expected one of 61 to 64" for node in nodes[1:] if node.tag not in _KNOWN - {_INDICATOR}
    ]
    if all(node.tag != _APPLICATION for node in nodes):
        odd.append(f"{_APPLICATION}: expected an application, got none")
    return odd
