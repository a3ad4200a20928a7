"""A till that asks a terminal and notes what it hears; its seal is its own, from the protocol sheet."""

import base64
import functools
import hashlib
import hmac
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from simulators.terminals.nexo.hand import Mischief
from simulators.terminals.nexo.setup import Setup
from simulators.terminals.nexo.terminal import NexoTerminal, Said

DATA = Path(os.environ.get("OPOS_DATA", Path(__file__).parents[5] / "shared" / "data")) / "payments" / "adyen"
SECOND_NS = 1_000_000_000
# 2026-11-22, 14:30:15 UTC.
NOON_NS = 1_795_357_815 * SECOND_NS
POI = "V400m-123456789"
WORDS, NAME, VERSION = "p@ssw0rd123456", "CryptoKeyIdentifier12345", 1
AT = "2026-11-22T14:30:15.000Z"

Message = dict[str, Any]


def data(file: str) -> Any:
    """A public file; the test is skipped where it is not at hand."""
    if not DATA.is_dir():
        pytest.skip(f"the public vectors are not at {DATA}: set OPOS_DATA")
    return json.loads((DATA / file).read_text(encoding="utf-8"))


@functools.cache
def _validator(name: str) -> jsonschema.Draft202012Validator | None:
    if not DATA.is_dir():
        return None
    schemas = data("TerminalAPI-v1.openapi.json")["components"]
    return jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": schemas})


def problems(name: str, message: Message) -> list[str]:
    """What a message has against a schema of the OpenAPI document; nothing where that is not at hand."""
    validator = _validator(name)
    return [] if validator is None else [error.message for error in validator.iter_errors(message)]


# The seal.


@functools.cache
def stretched(words: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha1", words.encode(), b"AdyenNexoV1Salt", 4000, 80)


def _crypt(nonce: bytes, words: str) -> Cipher[modes.CBC]:
    secret = stretched(words)
    vector = bytes(a ^ b for a, b in zip(secret[64:], nonce, strict=True))
    return Cipher(algorithms.AES(secret[32:64]), modes.CBC(vector))


def seal(message: Message, nonce: bytes = b"sixteen bytes ok", words: str = WORDS) -> Message:
    """Shut a message; its header stands outside too."""
    (kind, content), plain = next(iter(message.items())), json.dumps(message).encode()
    pad = 16 - len(plain) % 16
    encryptor = _crypt(nonce, words).encryptor()
    blob = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
    trailer = {
        "AdyenCryptoVersion": 1,
        "KeyIdentifier": NAME,
        "KeyVersion": VERSION,
        "Nonce": base64.b64encode(nonce).decode(),
        "Hmac": base64.b64encode(hmac.digest(stretched(words)[:32], plain, "sha256")).decode(),
    }
    blob_text = base64.b64encode(blob).decode()
    return {
        kind: {"MessageHeader": content["MessageHeader"], "NexoBlob": blob_text, "SecurityTrailer": trailer}
    }


def unseal(message: Message, words: str = WORDS) -> tuple[Message, bool]:
    """Open a message; and whether its HMAC is right."""
    content = next(iter(message.values()))
    trailer = content["SecurityTrailer"]
    decryptor = _crypt(base64.b64decode(trailer["Nonce"]), words).decryptor()
    padded = decryptor.update(base64.b64decode(content["NexoBlob"])) + decryptor.finalize()
    plain = padded[: -padded[-1]]
    right = hmac.digest(stretched(words)[:32], plain, "sha256") == base64.b64decode(trailer["Hmac"])
    return json.loads(plain), right


# Messages.


def request(
    category: str, body: Message, service: str, *, sale: str = "till-1", kind: str = "Service"
) -> Message:
    """A whole question."""
    header = {
        "ProtocolVersion": "3.0",
        "MessageClass": kind,
        "MessageCategory": category,
        "MessageType": "Request",
        "ServiceID": service,
        "SaleID": sale,
        "POIID": POI,
    }
    return {"SaleToPOIRequest": {"MessageHeader": header, f"{category}Request": body}}


def payment(service: str, amount: float = 19.95, *, currency: str = "EUR", **data_of: Any) -> Message:
    """Take this."""
    sale = {"SaleTransactionID": {"TransactionID": f"sale-{service}", "TimeStamp": AT}}
    amounts = {"AmountsReq": {"Currency": currency, "RequestedAmount": amount}}
    more = {"PaymentData": data_of} if data_of else {}
    return request("Payment", {"SaleData": sale, "PaymentTransaction": amounts, **more}, service)


def status(service: str, of: str, category: str = "Payment") -> Message:
    """Ask what became of it."""
    reference = {"MessageCategory": category, "SaleID": "till-1", "ServiceID": of}
    return request("TransactionStatus", {"MessageReference": reference}, service)


def abort(service: str, of: str, sale: str = "till-1") -> Message:
    """Stop it."""
    reference = {"MessageCategory": "Payment", "SaleID": sale, "ServiceID": of}
    return request("Abort", {"MessageReference": reference, "AbortReason": "MerchantAbort"}, service)


def reversal(service: str, transaction: Message, amount: float | None = None) -> Message:
    """Take it back."""
    body: Message = {
        "OriginalPOITransaction": {"POITransactionID": transaction},
        "ReversalReason": "MerchantCancel",
    }
    return request("Reversal", body | ({"ReversedAmount": amount} if amount is not None else {}), service)


def login(service: str) -> Message:
    """A till begins."""
    software = {
        "ManufacturerID": "OPOS",
        "ApplicationName": "till",
        "SoftwareVersion": "1",
        "CertificationCode": "none",
    }
    body = {"DateTime": AT, "SaleSoftware": software, "OperatorLanguage": "de"}
    return request("Login", body, service)


def display(service: str, *lines: str, output_format: str = "Text") -> Message:
    """Show this."""
    content = {"OutputFormat": output_format, "OutputText": [{"Text": line} for line in lines]}
    output = {"Device": "CustomerDisplay", "InfoQualify": "Display", "OutputContent": content}
    return request("Display", {"DisplayOutput": [output]}, service, kind="Device")


JUNK: tuple[Any, ...] = (None, True, -1, 1.5, "", "x", [], {}, [None], {"x": 1})


def spoilt(message: Message) -> Iterator[Message]:
    """The message with each of its parts taken out, and with each replaced by each kind of junk."""
    for path in _paths(message, ()):
        for junk in (..., *JUNK):
            copy = json.loads(json.dumps(message))
            part: Any = copy
            for name in path[:-1]:
                part = part[name]
            if junk is ...:
                del part[path[-1]]
            else:
                part[path[-1]] = junk
            yield copy


def _paths(part: Any, above: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, each in inside:
        yield (*above, name)
        yield from _paths(each, (*above, name))


# The till.


def terminal(**options: Any) -> NexoTerminal:
    """A terminal that is on, at half past two; a card taps itself unless the options say otherwise."""
    quick = {"taps": "visa", "taps_after_ms": 0, "name": "terminal", "at": "tcp:127.0.0.1:0"}
    device = NexoTerminal(random.Random(1), Setup(**{**quick, **options}), began_ns=NOON_NS)
    device.power_on(0)
    return device


class Till:
    """Asks, and lets time pass only where somebody has to wait.

    All that is said fits the schemas, but for the questions of a `sloppy` till.
    """

    def __init__(self, device: NexoTerminal, *, sealed: bool = True) -> None:
        self.device = device
        self.sloppy = False
        self.sealed = sealed
        self.now_ns = 0
        self.caller = 0
        self.heard: dict[int, Said] = {}

    def send(self, message: Message) -> int:
        """Ask, and do not wait; the caller's number."""
        assert self.sloppy or problems("TerminalAPIRequest", message) == []
        return self.send_raw(json.dumps(seal(message) if self.sealed else message).encode())

    def send_raw(self, body: bytes) -> int:
        """Ask in whatever words."""
        self.caller += 1
        self.device.ask(self.caller, body, self.now_ns)
        self.listen()
        return self.caller

    def listen(self) -> None:
        """Hear what is said by now."""
        for said in self.device.said(self.now_ns):
            self.heard[said.caller] = said

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        end_ns = self.now_ns + int(seconds * SECOND_NS)
        while (wakes_ns := self.device.wakes_ns) is not None and wakes_ns <= end_ns:
            self.now_ns = max(self.now_ns, wakes_ns)
            self.listen()
        self.now_ns = end_ns

    def answer(self, caller: int) -> Message:
        """The whole answer to a question, opened; waits for it."""
        for _ in range(100):
            if caller in self.heard:
                break
            wakes_ns = self.device.wakes_ns
            assert wakes_ns is not None, "the terminal never answers"
            self.now_ns = max(self.now_ns, wakes_ns)
            self.listen()
        return self.opened(self.heard[caller])

    def opened(self, said: Said) -> Message:
        """Open what was said, and hold it against the schemas."""
        assert said.bytes_max is None, "the line broke"
        if not said.body:
            return {}
        told: Message = json.loads(said.body)
        if "SaleToPOIRequest" in told:
            assert problems("TerminalAPIRequest", told) == []
            return told
        if self.sealed:
            outside = told["SaleToPOIResponse"]["MessageHeader"]
            assert problems("SecurityTrailer", told["SaleToPOIResponse"]["SecurityTrailer"]) == []
            told, right = unseal(told)
            assert right, "the HMAC is wrong"
            assert told["SaleToPOIResponse"]["MessageHeader"] == outside
        assert problems("TerminalAPIResponse", told) == []
        return told

    def do(self, message: Message) -> Message:
        """A question and the body of its answer."""
        whole = self.answer(self.send(message))
        asked = message["SaleToPOIRequest"]["MessageHeader"]
        if "SaleToPOIRequest" in whole:
            event: Message = whole["SaleToPOIRequest"]["EventNotification"]
            return event
        content: Message = whole["SaleToPOIResponse"]
        assert content.pop("MessageHeader") == asked | {"MessageType": "Response"}
        body: Message = next(iter(content.values()))
        return body

    def hand(self, verb: str, **order: Any) -> None:
        """Let a hand do something."""
        self.device.obey({"verb": verb, **order}, self.now_ns)
        self.listen()

    def trouble(self, what: Mischief, times: int = 1) -> None:
        """Let something go wrong."""
        self.hand("trouble", what=what.value, times=times)

    @property
    def books(self) -> Message:
        """What the terminal has written."""
        books: Message = self.device.world()["books"]
        return books

    @property
    def held(self) -> int:
        """The money that the acquirer owes the merchant."""
        held: int = self.device.world()["held_minor"]
        return held


def outcome(body: Message) -> tuple[str, str]:
    """Result and ErrorCondition."""
    return body["Response"]["Result"], body["Response"].get("ErrorCondition", "")


def transaction(body: Message) -> Message:
    """The terminal's name for it."""
    named: Message = body["POIData"]["POITransactionID"]
    return named
