"""Who is at the other end of a TLS connection: only a hub or a broker that our own pinned root vouches for.

No other authority counts, so that a captive portal, a bought certificate or a machine's list of authorities
changes nothing. A board without a clock of its own must connect before it knows the time: then chain and name
are verified as always, and the time of the certificate against the latest moment that surely has passed.
"""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

# X509_V_FLAG_NO_CHECK_TIME of OpenSSL (include/openssl/x509_vfy.h); Python has no name for it.
_NO_CHECK_TIME: Final = 0x200000
# Verification errors of OpenSSL (the same file), as people should hear them.
_STRANGERS: Final = frozenset({2, 18, 19, 20, 21})
_OTHER_NAMES: Final = frozenset({62, 64})
_NOT_YET: Final = 9
_EXPIRED: Final = 10


class WrongPeerError(ssl.SSLCertVerificationError):
    """The other end is not who it should be: a sentence. An SSLError, as TLS libraries expect one here."""

    def __init__(self, sentence: str) -> None:
        super().__init__(1, sentence)


class OwnCertificateError(OSError):
    """Our own certificate or its key cannot be used: which file, and why."""


class Security(Protocol):
    """All that a connection asks: whom to believe, and what to show of ourselves."""

    def context(self) -> ssl.SSLContext:
        """What the next connection is made with; its handshakes end with `check`. Raises OSError.

        It is asked for anew each time, so that a renewed certificate is shown from the next connection on.
        """
        ...

    def check(self, peer_der: bytes) -> None:
        """Judge the certificate of a peer whose chain and name are verified; raises WrongPeerError."""
        ...


class PinnedSecurity:
    """Believes `root_pem` alone, and shows the certificate in `chain_path`, if any, with its key.

    `time_floor_ms` tells a moment that has surely passed (milliseconds since 1970, UTC) while the machine's
    clock cannot be trusted, and None while it can.
    """

    def __init__(
        self,
        root_pem: str,
        chain_path: Path | None = None,
        key_path: Path | None = None,
        time_floor_ms: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._root_pem, self._chain_path, self._key_path = root_pem, chain_path, key_path
        self._time_floor_ms = time_floor_ms
        # Of the last context: a clock that is set between handshake and check must not leave out both.
        self._floor_ms: int | None = None

    def context(self) -> ssl.SSLContext:
        """A client's side: the pinned root, TLS 1.3, the name of the host, our certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(cadata=self._root_pem)
        self._show_own(context)
        self._floor_ms = self._time_floor_ms()
        if self._floor_ms is not None:
            context.verify_flags |= _NO_CHECK_TIME
        context.sslsocket_class, context.sslobject_class = _checking(self.check)
        return context

    def check(self, peer_der: bytes) -> None:
        """Refuse a certificate that ended before the floor.

        How long ago the floor was nobody knows: one that begins after it may well be valid by now.
        """
        if self._floor_ms is None:
            return  # OpenSSL has compared it with a clock that is right
        # Imported here: a process that opens no such line, as the object's own, has no room for it (1 MB).
        from cryptography import x509  # noqa: PLC0415

        ended = x509.load_der_x509_certificate(peer_der).not_valid_after_utc
        floor = datetime.fromtimestamp(self._floor_ms / 1000, UTC)
        if ended < floor:
            raise WrongPeerError(
                f"its certificate ended on {ended:%Y-%m-%d}, and today is {floor:%Y-%m-%d} or later: renew it"
            )

    def _show_own(self, context: ssl.SSLContext) -> None:
        if self._chain_path is None:
            return
        try:
            context.load_cert_chain(self._chain_path, self._key_path)
        except OSError as error:  # an SSLError too
            raise OwnCertificateError(f"{self._chain_path}: cannot be used as our own: {error}") from error


def why(error: OSError) -> str:
    """What went wrong with a connection, for a person: what TLS says of certificates in plain words."""
    if isinstance(error, WrongPeerError) or not isinstance(error, ssl.SSLCertVerificationError):
        return str(error)
    code = error.verify_code
    if code in _STRANGERS:
        return "somebody else answers (a captive portal?): our hub's root does not vouch for its certificate"
    if code in _OTHER_NAMES:
        return "its certificate is of our hub, but for another name: call it by the name that it has"
    if code == _EXPIRED:
        return "its certificate has ended: renew it there (or this machine's clock is ahead)"
    if code == _NOT_YET:
        return "its certificate is not valid yet: this machine's clock is behind"
    return f"its certificate cannot be believed: {error.verify_message}"


def _checking(check: Callable[[bytes], None]) -> tuple[type[ssl.SSLSocket], type[ssl.SSLObject]]:
    """Sockets, and what asyncio has in their place, that judge the peer and close after a bad handshake."""

    class CheckingSocket(ssl.SSLSocket):
        def do_handshake(self, *arguments: Any) -> None:
            try:
                super().do_handshake(*arguments)
                check(self.getpeercert(binary_form=True) or b"")
            except ssl.SSLWantReadError:
                raise  # not a failure: it goes on when there are more bytes
            except OSError:
                self.close()
                raise

    class CheckingObject(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            check(self.getpeercert(binary_form=True) or b"")

    return CheckingSocket, CheckingObject
