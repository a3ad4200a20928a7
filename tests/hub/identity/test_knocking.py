"""An object knocks at the door for objects, over HTTP: what it may send, and what it is answered."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from cloud_sync.contract.enrolment import ENROLMENT_BYTES_MAX, EnrolmentSaid
from cloud_sync.hub.api.app import make_object_app
from cloud_sync.hub.api.enrol import ROOT_PATH
from tests.hub.identity.door import Door, Newcomer


class Wire:
    """Requests to the application, without a socket."""

    def __init__(self, door: Door) -> None:
        self._app = make_object_app(door.store, door.folder, door.clock, lambda: True)

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, b""))

    def post(self, body: bytes | AsyncIterator[bytes], path: str = "/enrol") -> httpx.Response:
        return asyncio.run(self._ask("POST", path, body))

    async def _ask(self, verb: str, path: str, body: bytes | AsyncIterator[bytes]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="https://hub.example:8443") as client:
            return await client.request(verb, path, content=body)


@pytest.fixture
def wire(door: Door) -> Wire:
    return Wire(door)


def said(response: httpx.Response) -> EnrolmentSaid:
    return msgspec.json.decode(response.content, type=EnrolmentSaid)


def test_from_the_root_to_the_last_answer(door: Door, wire: Wire) -> None:
    newcomer, claim = Newcomer(), door.claim()
    assert wire.get(ROOT_PATH).text == (door.folder.tls / "root.crt").read_text()
    question = newcomer.question(claim).encode()
    first = wire.post(question)
    assert (first.status_code, said(first).state) == (200, "waiting")
    door.confirm(claim)
    last = wire.post(question)
    assert (last.status_code, said(last).state) == (200, "enrolled")
    assert len(last.content) < ENROLMENT_BYTES_MAX
    assert last.headers["cache-control"] == "no-store"


def test_each_refusal_has_its_number_and_a_sentence(door: Door, wire: Wire) -> None:
    claim, newcomer = door.claim(), Newcomer()
    refused = {
        400: b"noise",
        403: newcomer.question(claim, secret="C" * 22).encode(),
        409: newcomer.question(claim, dev="mirror-5").encode(),
        413: b"a" * (ENROLMENT_BYTES_MAX + 1),
    }
    for status, body in refused.items():
        answer = wire.post(body)
        assert (answer.status_code, said(answer).state) == (status, "refused")
        assert said(answer).sentence
    door.pass_minutes()
    assert wire.post(newcomer.question(claim).encode()).status_code == 410


def test_a_body_without_an_end_is_not_read_to_its_end(wire: Wire) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1024
            yield b"a" * 1024

    async def two_megabytes() -> AsyncIterator[bytes]:
        async for piece in endless():
            yield piece
            if read > 2 * 1024 * 1024:
                return

    assert wire.post(two_megabytes()).status_code == 413


def test_when_the_root_is_away_an_object_is_told_to_come_again(door: Door, wire: Wire) -> None:
    newcomer, claim = Newcomer(), door.claim(confirmed=True)
    root = door.folder.roots()[0]
    away = root.rename(root.with_suffix(".away"))
    question = newcomer.question(claim).encode()
    assert wire.post(question).status_code == 503
    away.rename(root)
    assert said(wire.post(question)).state == "enrolled"


def test_no_figure_of_the_shop_is_behind_this_door(wire: Wire) -> None:
    for path in ("/", "/api/figures", "/api/objects", "/api/sales", "/docs"):
        assert wire.get(path).status_code == 404
