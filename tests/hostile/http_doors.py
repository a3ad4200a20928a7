"""The hub's HTTP doors on trial: the counter where objects knock, and every path that the OpenAPI names."""

import asyncio
import random
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx
from fastapi import FastAPI

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.enrolment import ENROLMENT_TYPE
from cloud_sync.contract.signing import SoftwareKey, seal
from cloud_sync.hub.api.app import make_app, make_object_app
from tests.hostile.bending import NASTY, TEXTS, bent, bent_jws
from tests.hostile.hub_doors import counts_in
from tests.hub.identity.door import Door, Newcomer

VERBS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "X" * 40)

WORDS: Final = (
    *TEXTS,
    "%00",
    "\x00",
    "..%2f..%2fhub.db",
    "-1",
    "0",
    "1e9",
    "9" * 30,
    "a" * 64,
    "A" * 64,
    "g" * 64,
)
"""Values of a parameter; some are of its form."""

HEADERS: Final[tuple[Mapping[str, str], ...]] = (
    {},
    {"content-type": "application/json", "accept": "text/html;q=" + "9" * 400},
    {"content-length": "5"},
    {"transfer-encoding": "chunked", "expect": "100-continue"},
    {"range": "bytes=9999999999999-", "if-none-match": "*", "x-forwarded-host": "evil.example"},
)


class Wire:
    """Requests to an application without a socket; whatever it raises comes out here."""

    def __init__(self, app: FastAPI, host: str) -> None:
        self.app = app
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=host)

    def ask(self, verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> int:
        return self.answer(verb, path, body, headers).status_code

    def answer(
        self, verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return self._runner.run(self._client.request(verb, path, content=body, headers=headers))

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()


def inside(door: Door) -> Wire:
    """The door for this machine."""
    return Wire(make_app(door.store, door.clock, lambda: True), "http://127.0.0.1:8110")


def outside(door: Door) -> Wire:
    """The door for objects."""
    return Wire(
        make_object_app(door.store, door.folder, door.clock, lambda: True), "https://hub.example:8443"
    )


def walk(app: FastAPI, luck: random.Random) -> Iterator[tuple[str, str, bytes, Mapping[str, str]]]:
    """Every path of the description and some that are not in it, asked for in ways that nobody would."""
    described: dict[str, Any] = app.openapi()["paths"]
    for path in (*sorted(described), "/static/{file}", "/", "/{anything}", "/openapi.json"):
        for verb in VERBS:
            query = "".join(f"&{name}={quote(luck.choice(WORDS))}" for name in ("limit", "sha256", "more"))
            body = luck.choice((b"", b"{}", b"[" * 20_000, b"\x00\xff", b"a=b"))
            yield verb, _filled(path, luck) + "?" + query[1:], body, luck.choice(HEADERS)


def _filled(path: str, luck: random.Random) -> str:
    parts = [quote(luck.choice(WORDS), safe="%") if "{" in part else part for part in path.split("/")]
    return "/".join(parts)


class EnrolmentDoor:
    """Somebody knocks who has no claim, or another's, or an own key for what he makes up; one is honest."""

    def __init__(self, door: Door) -> None:
        self.door, self.wire = door, outside(door)
        self.newcomer, self.thief = Newcomer(), SoftwareKey.generate()
        self.claim = door.claim()
        self.honest = self.newcomer.question(self.claim).encode("ascii")
        self.prove()

    def bent(self, luck: random.Random) -> bytes:
        kind = luck.randrange(3)
        if kind < 2:
            return (bent if kind else bent_jws)(self.honest, luck)
        word: dict[str, Any] = {
            "claim": luck.choice((self.claim.id, "claim-of-nobody")),
            "secret": "A" * 22 if luck.random() < 0.01 else luck.choice((*TEXTS, None)),
            "dev": "mirror-4",
            "kind": "mirror",
            "key": {"x": self.thief.public.x, "y": self.thief.public.y},
            "tier": "file",
            "csr": "-----BEGIN CERTIFICATE REQUEST-----\n",
        }
        word[luck.choice(sorted(word))] = luck.choice(NASTY[:-6])
        if luck.random() < 0.3:
            word["key"] = {"x": luck.choice((*TEXTS, "A" * 43)), "y": self.thief.public.y}
        assert encode(word)
        return seal(self.thief, ENROLMENT_TYPE, word).encode("ascii")

    def knock(self, payload: bytes) -> None:
        status = self.wire.ask("POST", "/enrol", payload)
        assert status in {400, 403, 409, 413} or payload == self.honest

    def kept(self) -> object:
        return counts_in(self.door.store), self.door.state(self.claim)

    def prove(self) -> None:
        assert self.wire.ask("POST", "/enrol", self.honest) == 200

    def close(self) -> None:
        self.wire.close()
