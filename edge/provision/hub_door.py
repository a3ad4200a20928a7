"""The hub's door as an object sees it that has only a claim: HTTPS, believed by one fingerprint.

The hub's root certificate is fetched first, from whoever answers, and thrown away unless it is the one that
the claim names. The claim itself is said only on a second connection, which that root has vouched for.
"""

import http.client
import ssl
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import msgspec

from cloud_sync.contract.enrolment import ENROLMENT_BYTES_MAX, PATH, Claim, EnrolmentSaid
from cloud_sync.security import PinnedSecurity, why
from edge.identity import ChainRefusedError, fingerprint_of

ROOT_PATH: Final = "/root.crt"
"""Where the hub shows its root certificate to anybody."""

# An answer takes the hub milliseconds; a line that a shop would sell over, seconds.
_SILENCE_S: Final = 10.0


class EnrolmentRefusedError(Exception):
    """There will be no enrolment under this claim as things stand: why, and what to do."""


class HubAwayError(Exception):
    """The hub did not answer, or not now: asking again may help."""


class HubDoor:
    """The door of the hub that `claim` names; `floor_ms` as `edge.identity.time_floor` makes it."""

    def __init__(self, claim: Claim, floor_ms: Callable[[], int | None]) -> None:
        parts = urlsplit(claim.hub)
        self._claim, self._floor_ms = claim, floor_ms
        self._host, self._below = parts.netloc, parts.path.rstrip("/")
        self._security: PinnedSecurity | None = None

    def ask(self, question: str) -> EnrolmentSaid:
        """Say a sealed `EnrolmentAsked`; what the hub answers. Raises HubAwayError, EnrolmentRefusedError."""
        if self._security is None:
            self._security = PinnedSecurity(self._root(), time_floor_ms=self._floor_ms)
        status, said = self._exchange(self._security.context(), "POST", PATH, question.encode("ascii"))
        if status != HTTPStatus.OK:
            raise self._refused(status, said)
        try:
            return msgspec.json.decode(said, type=EnrolmentSaid)
        except (ValueError, RecursionError) as error:
            raise EnrolmentRefusedError(f"{self._claim.hub} answered what no hub says: {error}") from error

    def _root(self) -> str:
        """The root certificate (PEM) of whoever answers, if it is the one that the claim names."""
        status, said = self._exchange(_believing_anybody(), "GET", ROOT_PATH, None)
        if status != HTTPStatus.OK:
            raise self._refused(status, said)
        pem = said.decode("ascii", "replace")
        try:
            fingerprint = fingerprint_of(pem)
        except ChainRefusedError:
            fingerprint = "none"
        if fingerprint != self._claim.fingerprint:
            raise EnrolmentRefusedError(
                f"{self._claim.hub} is not the hub of this claim (a captive portal?): the claim names the"
                f" root {self._claim.fingerprint}, and what answers has {fingerprint}"
            )
        return pem

    def _exchange(
        self, context: ssl.SSLContext, verb: str, path: str, body: bytes | None
    ) -> tuple[int, bytes]:
        """One question on a connection of its own: status and body of the answer."""
        connection = http.client.HTTPSConnection(self._host, timeout=_SILENCE_S, context=context)
        try:
            connection.request(verb, f"{self._below}{path}", body, {"Content-Type": "application/jose"})
            with connection.getresponse() as response:
                said = response.read(ENROLMENT_BYTES_MAX + 1)
        except ssl.SSLCertVerificationError as error:
            raise EnrolmentRefusedError(f"{self._claim.hub}: {why(error)}") from error
        except (OSError, http.client.HTTPException) as error:
            raise HubAwayError(f"{self._claim.hub} does not answer: {error}") from error
        finally:
            connection.close()
        if len(said) > ENROLMENT_BYTES_MAX:
            raise EnrolmentRefusedError(f"{self._claim.hub} answered more than {ENROLMENT_BYTES_MAX} bytes")
        return response.status, said

    def _refused(self, status: int, said: bytes) -> EnrolmentRefusedError | HubAwayError:
        """What an answer other than 200 means: 4xx is the hub's own word, the rest may pass."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            return HubAwayError(f"{self._claim.hub} answers {status}: it cannot now, or is starting")
        try:
            sentence = msgspec.json.decode(said, type=EnrolmentSaid).sentence
        except (ValueError, RecursionError):
            return EnrolmentRefusedError(
                f"{self._claim.hub} answers {status}: that is no hub (a captive portal?)"
            )
        return EnrolmentRefusedError(f"the hub refuses: {sentence}")


def _believing_anybody() -> ssl.SSLContext:
    """For what is compared with a fingerprint as soon as it is here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
