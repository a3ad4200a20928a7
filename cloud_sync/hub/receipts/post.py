"""The post: letters wait here, in memory alone, until a mail server has taken them.

An address is personal data of somebody who only wanted a receipt: it is in no table, no log and no entry, and
gone when the letter is. Who asked before a restart asks again.
"""

import logging
import smtplib
import ssl
from collections import deque
from collections.abc import Callable
from email.message import EmailMessage
from enum import Enum
from threading import Lock
from typing import Final, Literal

import msgspec

_log: Final = logging.getLogger(__name__)

# A mail server that does not answer within this is asked again later.
_PATIENCE_S: Final = 20.0

# A shop's busiest hour has some hundred receipts; more than this is a server that is away for long.
WAITING_MAX: Final = 500

# Between one try and the next; RFC 5321, 4.5.4.1 wants half an hour sooner or later, and a shopper waits.
LADDER_MS: Final = (10_000, 60_000, 300_000, 1_800_000)
# A letter that was not taken in so many tries is given up: four hours.
TRIES_MAX: Final = 12

# A receipt goes to its shopper, and again after a typo; it is no way to write to strangers.
LETTERS_A_RECEIPT_MAX: Final = 3
# The receipts of which we remember how often they were sent: those of some days.
_REMEMBERED_MAX: Final = 10_000

# Answers of a server that mean "not this letter, ever" begin with 5 (RFC 5321, 4.2.1).
_FOR_GOOD: Final = 500


class Server(msgspec.Struct, frozen=True):
    """The shop's mail server; `password` comes from a file that only the hub reads."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = ""


class Sent(Enum):
    """What became of a letter in one try."""

    TAKEN = "taken"  # the server has it, and answers for it
    REFUSED = "refused"  # it will never take it
    LATER = "later"  # it did not answer, or not now


class Queued(Enum):
    """What became of a wish."""

    WAITS = "waits"
    ENOUGH = "enough"  # this receipt was sent often enough
    FULL = "full"  # too many letters wait


def send(server: Server, message: EmailMessage, context: ssl.SSLContext | None = None) -> Sent:
    """Hand one letter to the server. A line that breaks after the letter is LATER: it may come twice."""
    context = context or ssl.create_default_context()
    try:
        with _connected(server, context) as line:
            if server.security == "starttls":
                line.starttls(context=context)
            if server.user:
                line.login(server.user, server.password)
            line.send_message(message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
        codes = _codes(error)
        _log.warning("the mail server answers %s", codes)  # never its words: they repeat the address
        return Sent.REFUSED if codes and min(codes) >= _FOR_GOOD else Sent.LATER
    except (OSError, smtplib.SMTPException) as error:
        _log.warning("the mail server %s cannot be asked: %s", server.host, type(error).__name__)
        return Sent.LATER
    return Sent.TAKEN


def _connected(server: Server, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE_S, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=_PATIENCE_S)


def _codes(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code]


class _Letter(msgspec.Struct):
    message: EmailMessage
    due_ms: int
    tries: int = 0


class Outbox:
    """Letters that wait; `add` from any thread, `round` from one that may wait for the server."""

    def __init__(self, send_one: Callable[[EmailMessage], Sent]) -> None:
        self._send = send_one
        self._waiting: deque[_Letter] = deque()
        self._sent: dict[str, int] = {}
        self._lock = Lock()
        self.given_up = 0
        """Letters that no server took, since the start: a person looks at the server."""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, receipt: str, message: EmailMessage, now_ms: int) -> Queued:
        """Send `message`, the letter with the receipt of this hash."""
        with self._lock:
            times = self._sent.get(receipt, 0)
            if times >= LETTERS_A_RECEIPT_MAX:
                return Queued.ENOUGH
            if len(self._waiting) >= WAITING_MAX:
                return Queued.FULL
            self._sent[receipt] = times + 1
            if len(self._sent) > _REMEMBERED_MAX:
                del self._sent[next(iter(self._sent))]
            self._waiting.append(_Letter(message, now_ms))
            return Queued.WAITS

    def round(self, now_ms: int) -> int | None:
        """Try every letter whose turn it is; when the next turn comes (None: nothing waits)."""
        for _ in range(len(self._waiting)):
            with self._lock:
                letter = self._waiting.popleft()
            if letter.due_ms > now_ms or not self._is_done(letter, now_ms):
                with self._lock:
                    self._waiting.append(letter)
        return min((letter.due_ms for letter in self._waiting), default=None)

    def _is_done(self, letter: _Letter, now_ms: int) -> bool:
        match self._send(letter.message):
            case Sent.TAKEN:
                return True
            case Sent.REFUSED:
                self.given_up += 1
                return True
            case Sent.LATER:
                letter.due_ms = now_ms + LADDER_MS[min(letter.tries, len(LADDER_MS) - 1)]
                letter.tries += 1
                self.given_up += letter.tries >= TRIES_MAX
                return letter.tries >= TRIES_MAX
