"""The hub's two doors for HTTP: one on this machine for people and programs, one with TLS for objects."""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Final

import msgspec
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

_log = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = ("::", "0.0.0.0")  # noqa: S104 - objects come from the shop's network: this door has TLS
"""All addresses of this machine; one family may be missing."""

# An answer that is on its way gets so long after the signal.
_GRACE_S: Final = 2
# A request is answered in milliseconds; more at once wait with the objects, which ask again.
_REQUESTS_MAX: Final = 256
# A caller who has not said a whole request after so long is keeping a place for nothing.
_REQUEST_S: Final = 10.0
# How soon a renewed certificate is shown: it is renewed months before it has to be.
_CERTIFICATE_ROUND_S: Final = 10.0


class PortTakenError(OSError):
    """A port for HTTP cannot be listened on: why, and what to do."""


class Certificate(msgspec.Struct, frozen=True):
    """The files of the certificate that a door shows: the chain, and its key."""

    chain: Path
    key: Path


_TRIES: Final = 8


def listen(port: int, addresses: Sequence[str] = (LOOPBACK,), option: str = "--port") -> list[socket.socket]:
    """Sockets that listen on `addresses` (port 0: any, the same on all).

    Raises PortTakenError with a sentence that names the command's `option`.
    """
    for _ in range(_TRIES if port == 0 else 0):  # the kernel's choice for one may be taken on another
        with suppress(PortTakenError):
            return _listening(port, addresses, option)
    return _listening(port, addresses, option)


def _listening(port: int, addresses: Sequence[str], option: str) -> list[socket.socket]:
    listening: list[socket.socket] = []
    for address in addresses:
        try:
            listening.append(_bound(address, listening[0].getsockname()[1] if listening else port))
        except OSError as error:
            if error.errno in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL} and tuple(addresses) == EVERYWHERE:
                continue  # a machine without IPv6, or without IPv4
            for each in listening:
                each.close()
            taken = error.errno == errno.EADDRINUSE
            why = "is taken by another program" if taken else f"cannot be used: {error.strerror}"
            raise PortTakenError(
                f"port {port} of {address} {why}: choose another one with {option}"
            ) from error
    return listening


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # the other has its own socket
        listening.bind((address, port))
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


class Door:
    """One HTTP server, to be run on any one thread; with a certificate it speaks TLS.

    Raises OSError with a sentence if the certificate cannot be used.
    """

    def __init__(self, app: FastAPI, certificate: Certificate | None = None) -> None:
        self._certificate = certificate
        if certificate is not None:
            _check(certificate)
        self._config = uvicorn.Config(
            app,
            http=Impatient,
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            limit_concurrency=_REQUESTS_MAX,
            timeout_graceful_shutdown=_GRACE_S,
            ssl_certfile=None if certificate is None else certificate.chain,
            ssl_keyfile=None if certificate is None else certificate.key,
        )
        self._config.load()
        self._server = uvicorn.Server(self._config)

    def serve(self, listening: list[socket.socket]) -> None:
        """Answer until `close`. On the main thread SIGTERM and SIGINT close it too, and are raised again."""
        self._server.run(sockets=listening)

    def close(self) -> None:
        """Answer what was asked, and no more; from any thread or signal handler."""
        self._server.should_exit = True

    def follow(self, closing: Event) -> None:
        """Show a renewed certificate to whoever comes after it, until `closing`."""
        assert self._certificate is not None
        shown = self._certificate.chain.stat().st_mtime_ns
        while not closing.wait(_CERTIFICATE_ROUND_S):
            shown = self._show(shown)

    def _show(self, shown: int) -> int:
        """Load the files if they are newer than `shown`; what is shown now."""
        assert self._certificate is not None
        assert self._config.ssl is not None
        try:
            there = self._certificate.chain.stat().st_mtime_ns
            if there != shown:
                self._config.ssl.load_cert_chain(self._certificate.chain, self._certificate.key)
        except OSError as error:  # key and chain are replaced one after the other: the next look finds both
            _log.warning("%s cannot be shown yet: %s", self._certificate.chain, error)
            return shown
        return there


def _check(certificate: Certificate) -> None:
    """Say which file is wrong, which OpenSSL does not."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate.chain, certificate.key)
    except OSError as error:
        raise OSError(f"{certificate.chain}: cannot be shown to objects: {error.strerror}") from error


class Impatient(H11Protocol):
    """A connection that is hung up on when its caller takes too long to say what it wants."""

    _hurry: asyncio.TimerHandle | None = None
    _was_waiting = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._hurry = self.loop.call_later(_REQUEST_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        if self._hurry is not None:
            self._hurry.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        cycle = getattr(self, "cycle", None)  # None until the first request, whatever its type says
        answered = cycle is None or cycle.response_complete
        # Between two requests uvicorn has a (shorter) patience of its own.
        waiting = answered and self.timeout_keep_alive_task is None
        if waiting and (self._was_waiting or cycle is None):
            self.transport.close()
            return
        self._was_waiting = waiting
        self._hurry = self.loop.call_later(_REQUEST_S, self._look)
