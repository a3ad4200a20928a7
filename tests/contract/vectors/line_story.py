"""What else is said on the line of the story's mirror: questions, orders, keys, and how it enrolled."""

from typing import Final

from cloud_sync.contract.certificate import CERTIFICATE_TYPE
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.enrolment import Claim, EnrolmentAsked, EnrolmentSaid, confirmation_code
from cloud_sync.contract.keyring import Keyring
from cloud_sync.contract.orders import CloseDoors, Deed, Identify, OpenDoors, Order, RotateKey, SyncNow
from cloud_sync.contract.requests import (
    Answer,
    Ask,
    CertificateAsked,
    CertificateIssued,
    CommandDone,
    Noted,
    PaymentAsked,
    PaymentSaid,
    Refused,
    Reply,
    Request,
    TimeAsked,
    TimeTold,
)
from cloud_sync.contract.signing import seal
from cloud_sync.contract.stock import StockAsked, StockTold
from cloud_sync.contract.telemetry import TelemetryItem, TelemetryPiece
from retail.pricing.book import Version
from tests.contract.vectors import story
from tests.contract.vectors.keys import HUB, OBJECT, ROOT

_DEV: Final = "mirror-4"
_AT_MS: Final = 1_763_700_100_000
_CSR: Final = "-----BEGIN CERTIFICATE REQUEST-----\nMIH...\n-----END CERTIFICATE REQUEST-----\n"
_CHAIN: Final = "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n"
_CERTIFICATE: Final = seal(ROOT, CERTIFICATE_TYPE, list(story.certificates())[-1])
_ATTEMPT: Final = "9fJ2kQ0aXw7Lr5Tz"

_ASKED: Final[tuple[Ask, ...]] = (
    TimeAsked(),
    CertificateAsked(_CSR),
    CommandDone("d3xPq8sVn1YcB0me", ok=True),
    PaymentAsked("start", _ATTEMPT, "stripe", 3450, "EUR"),
    StockAsked("floor", ("09520001100307", "09520001200106")),
)
_ANSWERED: Final[tuple[Answer, ...]] = (
    TimeTold(),
    CertificateIssued(_CHAIN, _CERTIFICATE),
    Noted(),
    PaymentSaid(_ATTEMPT, "captured", 3450, "EUR", "pi_3PQ"),
    Refused("expected the amount of the intent, 34.50 EUR: start the attempt anew"),
    StockTold(
        _AT_MS, {"09520001100307": 2, "09520001200106": 0}, {"09520001100307": 9, "09520001200106": 40}
    ),
)
_ORDERED: Final[tuple[Deed, ...]] = (Identify(20), CloseDoors(), OpenDoors(), RotateKey(), SyncNow())

CLAIM: Final = Claim("https://hub.example:8443", b64(bytes(range(32))), "c7Wd0kRt", b64(bytes(range(16))))
KEYRING: Final = Keyring(
    "demo", Version(1, 2), (HUB.public, OBJECT.public), (HUB.public,), (ROOT.public, OBJECT.public)
)
ENROLMENT: Final = EnrolmentAsked(CLAIM.id, CLAIM.secret, _DEV, "mirror", OBJECT.public, "file", _CSR)
ANSWERS_TO_IT: Final = (
    EnrolmentSaid("waiting", confirmation_code(CLAIM.id, OBJECT.public, CLAIM.fingerprint)),
    EnrolmentSaid("refused", sentence="a person has refused it"),
)
PIECE: Final = TelemetryPiece(
    _DEV, "Zk3vQ1xN", 2, 0, (TelemetryItem(7, "Took", _AT_MS, b'{"epcs":["3036450E0409CB8000000001"]}'),)
)


def requests() -> list[Request]:
    """A question of each kind."""
    return [Request(_DEV, f"question-0000-0{n}", _AT_MS + n, ask) for n, ask in enumerate(_ASKED)]


def replies() -> list[Reply]:
    """An answer of each kind."""
    return [Reply(_DEV, f"question-0000-0{n}", _AT_MS + n, answer) for n, answer in enumerate(_ANSWERED)]


def orders() -> list[Order]:
    """An order of each kind."""
    return [
        Order(_DEV, f"order-0000-0000-{n}", _AT_MS, _AT_MS + 60_000, deed) for n, deed in enumerate(_ORDERED)
    ]
