"""The far ends of the line, broker and hub: who answers there, and whether it lets this object in."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography import x509

from cloud_sync.security import Security, why
from edge.clock import Clock
from edge.config import ObjectConfig
from edge.identity import IdentityUnusableError, line_security
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject, UnknownError, config_of
from edge.provision.doctor.units import SYNC, units_of

# A hub across a country answers within a second; connection and answer must fit into an examination.
_PATIENCE_S: Final = 2.5
# TLS 1.3 tells a client whose certificate is refused only after its handshake, with the first bytes.
_REFUSAL_S: Final = 0.4
# The hub renews at two thirds of a life of 90 days: with two weeks left something is wrong.
_DAYS_LEAST: Final = 14
_ANSWER_BYTES_MAX: Final = 1024


class Answer(Enum):
    """What became of a connection."""

    OURS = "ours"
    NONE = "none"
    STRANGER = "stranger"
    REFUSED_US = "refused-us"


class End(msgspec.Struct, frozen=True):
    """Who answers at an address; `days_left` of its certificate, None in the clear."""

    host: str
    port: int
    answer: Answer
    said: str = ""
    days_left: int | None = None
    agent_stage: str = ""
    """Where the agent is that has no line; '' where it has one, or where there is none."""


def broker_of(patient: Patient) -> Iterator[End]:
    """The broker, and whether the agent speaks to it."""
    config = _believer(patient)
    sync = config.sync
    security = _security(config, patient.clock) if sync.broker_is_secure else None
    end = connect(sync.broker_host, sync.broker_port, security, b"", patient.clock)
    yield msgspec.structs.replace(end, agent_stage=_agent_stage(patient))


def _agent_stage(patient: Patient) -> str:
    agent = patient.agent
    if agent is not None:
        return "" if agent.online else agent.stage
    runs = any(unit.active == "active" for unit in units_of(patient.run, SYNC))
    return "it runs, and does not answer" if runs else ""


def hub_of(patient: Patient) -> Iterator[End]:
    """The hub's own door."""
    config = _believer(patient)
    parts = urlsplit(config.sync.hub_url)
    host, secure = parts.hostname or "", config.sync.hub_is_secure
    security = _security(config, patient.clock) if secure else None
    ask = f"GET {parts.path}/healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    yield connect(host, parts.port or (443 if secure else 80), security, ask, patient.clock)


def _believer(patient: Patient) -> ObjectConfig:
    config = config_of(patient)
    if patient.stranger:
        raise UnknownError("the object is not enrolled: nobody is there whom it could believe")
    return config


def _security(config: ObjectConfig, clock: Clock) -> Security | None:
    try:
        return line_security(config, clock)
    except IdentityUnusableError as error:
        raise UnknownError(f"the object has nothing to show there: {error}") from error


def connect(host: str, port: int, security: Security | None, ask: bytes, clock: Clock) -> End:
    """Connect to HOST:PORT, believe only whom `security` believes, say `ask`, hear whether we are let in."""
    try:
        with socket.create_connection((host, port), _PATIENCE_S) as plain:
            if security is None:
                return End(host, port, *_said(plain, ask))
            with security.context().wrap_socket(plain, server_hostname=host) as line:
                days = _days_left(line.getpeercert(binary_form=True) or b"", clock)
                return End(host, port, *_said(line, ask), days_left=days)
    except socket.gaierror as error:
        raise UnknownError(f"nobody knows the name {host}") from error
    except ssl.SSLCertVerificationError as error:
        return End(host, port, Answer.STRANGER, why(error))
    except ssl.SSLError as error:
        refused = "alert" in (error.reason or "").lower()
        return End(host, port, Answer.REFUSED_US if refused else Answer.STRANGER, _tls(error))
    except OSError as error:
        return End(host, port, Answer.NONE, error.strerror or str(error) or type(error).__name__)


def _said(line: socket.socket, ask: bytes) -> tuple[Answer, str]:
    """Whether the far end takes us: one that waits for our first word does, and answers what it is asked."""
    line.settimeout(_REFUSAL_S)
    with contextlib.suppress(TimeoutError):
        if line.recv(1):
            return Answer.STRANGER, "it speaks unasked"
        return Answer.NONE, "it hangs up at once"
    if not ask:
        return Answer.OURS, ""
    line.settimeout(_PATIENCE_S)
    line.sendall(ask)
    if line.recv(_ANSWER_BYTES_MAX).startswith(b"HTTP/"):
        return Answer.OURS, ""
    return Answer.STRANGER, "what answers is no web server"


def _tls(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


def _days_left(certificate_der: bytes, clock: Clock) -> int:
    """Whole days until the other one's certificate ends."""
    ends = x509.load_der_x509_certificate(certificate_der).not_valid_after_utc
    return (ends - datetime.fromtimestamp(clock.wall_ms() / 1000, UTC)).days


def answers(code: str, wanted: Answer) -> Callable[[End], Finding | None]:
    """The check that finds `code` where the answer is `wanted`."""

    def check(end: End) -> Finding | None:
        if end.answer is not wanted:
            return None
        return found(code, host=end.host, port=end.port, said=end.said)

    return check


def ends_soon(end: End) -> Finding | None:
    """A certificate of the hub's that nobody renews."""
    if end.days_left is None or end.days_left >= _DAYS_LEAST:
        return None
    return found("OP-3204", host=end.host, port=end.port, days=end.days_left)


def not_connected(end: End) -> Finding | None:
    """An agent that has no line although there could be one."""
    if end.answer is not Answer.OURS or not end.agent_stage:
        return None
    return found("OP-3104", stage=end.agent_stage)


BROKER: Final = Subject(
    broker_of,
    answers("OP-3101", Answer.NONE),
    answers("OP-3102", Answer.STRANGER),
    answers("OP-3103", Answer.REFUSED_US),
    ends_soon,
    not_connected,
)
HUB: Final = Subject(
    hub_of,
    answers("OP-3201", Answer.NONE),
    answers("OP-3202", Answer.STRANGER),
    answers("OP-3203", Answer.REFUSED_US),
    ends_soon,
)
