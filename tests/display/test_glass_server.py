"""The doors of the glass: who may come in, what a tap must look like, and what becomes of it."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from edge.checkout.state import Tap
from edge.display.guard import EmbedderError
from edge.display.sample_goods import IDLE, SWEATER, line, offered
from edge.display.screens import Glass, Product, Screen
from edge.display.server import TAP_BYTES_MAX, glass_app
from edge.display.stream import WATCHERS_MAX
from tests.display.scripted_till import ScriptedTill, WallClockAt

HOME = "http://127.0.0.1:8101"
BUY = {"action": "buy", "screen": 7, "value": None}


class Client:
    """A browser without a screen, wired to the app itself."""

    def __init__(self, glass: Starlette) -> None:
        self._glass = glass

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._glass)
            async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
                return await client.request(method, path, **options)

        return asyncio.run(asked())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("POST", path, **options)


class Status(msgspec.Struct):
    """What a runtime may say of itself."""

    object: str
    sales: int


@pytest.fixture
def till() -> ScriptedTill:
    return ScriptedTill(offered(line(SWEATER), number=7))


def app(till: ScriptedTill, *embedders: str) -> Starlette:
    status = Status("mirror-4", 3)
    return glass_app(
        till, Glass("mirror", "Fitting room 4"), lambda: status, embedders=embedders, clock=WallClockAt()
    )


@pytest.fixture
def client(till: ScriptedTill) -> Client:
    return Client(app(till))


def test_the_page_shows_the_screen_at_once(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert 'data-screen="product"' in answer.text
    assert "Merino Crew Sweater" in answer.text


def test_the_state_is_the_screen_as_json(client: Client) -> None:
    answer = client.get("/state")
    assert answer.headers["content-type"] == "application/json"
    screen = msgspec.json.decode(answer.content, type=Screen)
    assert isinstance(screen, Product)
    assert (screen.number, screen.tag.name) == (7, "Merino Crew Sweater")


def test_the_status_is_what_the_runtime_says(client: Client) -> None:
    assert client.get("/status").json() == {"object": "mirror-4", "sales": 3}


def test_a_status_of_bytes_is_passed_on_as_it_is(till: ScriptedTill) -> None:
    glass = glass_app(till, Glass("shelf", "B12"), lambda: b'{"sales":1}', clock=WallClockAt())
    assert Client(glass).get("/status").content == b'{"sales":1}'


ANSWERS = [
    ({"action": "buy", "screen": 7, "value": None}, "accepted"),
    ({"action": "language", "screen": 7, "value": "de"}, "accepted"),
    ({"action": "buy", "screen": 6}, "stale"),
    ({"action": "done", "screen": 7}, "refused"),
    ({"action": "language", "screen": 7, "value": "tlh"}, "refused"),
]


@pytest.mark.parametrize(("tap", "answer"), ANSWERS)
def test_a_tap_is_answered(client: Client, till: ScriptedTill, tap: dict[str, object], answer: str) -> None:
    assert client.post("/tap", json=tap).json() == {"answer": answer}
    assert till.taps == [(Tap(tap["action"]), tap["screen"], tap.get("value"))]


def test_the_second_of_two_taps_on_one_screen_is_stale(client: Client) -> None:
    answers = [client.post("/tap", json=BUY).json()["answer"] for _ in range(2)]
    assert answers == ["accepted", "stale"]


NO_TAPS = [
    (b"", "application/json", 400, "expected"),
    (b"{", "application/json", 400, "expected"),
    (b"[]", "application/json", 400, "expected"),
    (b"\xff\xfe", "application/json", 400, "expected"),
    (b'{"x":' + b"[" * 1000, "application/json", 400, "expected"),
    (b'{"action":"\xff"}', "application/json", 400, "expected"),
    (b'{"action":"buy"}', "application/json", 400, "screen"),
    (b'{"action":"steal","screen":7}', "application/json", 400, "steal"),
    (b'{"action":"buy","screen":"7"}', "application/json", 400, "int"),
    (b'{"action":"buy","screen":7.5}', "application/json", 400, "int"),
    (b'{"action":"buy","screen":7,"value":5}', "application/json", 400, "value"),
    (b'{"action":"buy","screen":7,"price":1}', "application/json", 400, "price"),
    (b'{"action":"buy","screen":7}', "text/plain", 415, "application/json"),
    (b'{"action":"buy","screen":7}', "application/x-www-form-urlencoded", 415, "application/json"),
    (b'{"action":"buy","screen":7}', "", 415, "application/json"),
    (b" " * (TAP_BYTES_MAX + 1), "application/json", 413, "1024"),
]


@pytest.mark.parametrize(("body", "kind", "status", "word"), NO_TAPS)
def test_what_is_no_tap_is_answered_by_a_sentence(
    body: bytes, kind: str, status: int, word: str, till: ScriptedTill
) -> None:
    answer = Client(app(till)).post("/tap", content=body, headers={"content-type": kind})
    assert (answer.status_code, till.taps) == (status, [])
    assert word in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_content_type_may_name_its_letters(client: Client) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert client.post("/tap", content=msgspec.json.encode(BUY), headers=headers).status_code == 200


STRANGERS = [
    {"origin": "http://evil.example"},
    {"origin": "http://127.0.0.1:8100"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": HOME},
    {"sec-fetch-site": "same-origin", "origin": "http://evil.example"},
    {"host": "evil.example:8101", "origin": "http://evil.example:8101", "sec-fetch-site": "same-origin"},
    {"host": "127.0.0.1.evil.example"},
    {"host": "[::1"},
    {"host": ""},
]


@pytest.mark.parametrize("headers", STRANGERS)
def test_a_page_of_somebody_else_cannot_tap(
    client: Client, till: ScriptedTill, headers: dict[str, str]
) -> None:
    answer = client.post("/tap", json=BUY, headers=headers)
    assert (answer.status_code, till.taps) == (403, [])


@pytest.mark.parametrize("path", ["/events", "/state", "/status"])
def test_a_page_of_somebody_else_cannot_listen(client: Client, path: str) -> None:
    assert client.get(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403


OWN = [
    {},
    {"origin": HOME, "sec-fetch-site": "same-origin"},
    {"host": "localhost:8101", "origin": "http://localhost:8101"},
    {"host": "[::1]:8101"},
]


@pytest.mark.parametrize("headers", OWN)
def test_the_objects_own_page_and_programs_on_the_machine_can_tap(
    client: Client, headers: dict[str, str]
) -> None:
    assert client.post("/tap", json=BUY, headers=headers).json() == {"answer": "accepted"}


@pytest.mark.parametrize("path", ["/", "/state", "/tap", "/static/glass.js", "/nowhere"])
def test_every_answer_keeps_the_page_to_itself(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'; "
    )
    assert headers["content-security-policy"].endswith("frame-ancestors 'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_only_named_embedders_may_show_the_glass_in_a_frame(till: ScriptedTill) -> None:
    embedders = ("http://127.0.0.1:8100", "https://bench.example")
    answer = Client(app(till, *embedders)).get("/", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors http://127.0.0.1:8100 https://bench.example")


@pytest.mark.parametrize(
    "embedder", ["*", "http:", "http://a;script-src *", "http://a/b", "http://a b", "'self'"]
)
def test_an_embedder_that_is_no_origin_is_refused(till: ScriptedTill, embedder: str) -> None:
    with pytest.raises(EmbedderError, match="expected an origin"):
        Client(app(till, embedder)).get("/")


@pytest.mark.parametrize("file", ["glass.js", "glass.css", "mirror.css", "shelf.css", "icon.svg"])
def test_the_pages_files_are_served(client: Client, file: str) -> None:
    assert client.get(f"/static/{file}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/static/../server.py", "/static/%2e%2e/server.py", "/static/", "/templates"]
)
def test_nothing_but_the_pages_files_is_served(client: Client, path: str) -> None:
    assert client.get(path).status_code in {403, 404}


def test_when_too_many_look_the_next_is_told_so() -> None:
    till = ScriptedTill(IDLE)
    glass = app(till)
    glass.state.watchers._bells.update(object() for _ in range(WATCHERS_MAX))
    answer = Client(glass).get("/events")
    assert answer.status_code == 503
    assert "too many" in answer.text


def test_our_own_javascript_is_small_and_nobody_elses() -> None:
    client = Client(app(ScriptedTill(IDLE)))
    script = client.get("/static/glass.js").text
    assert len(script.splitlines()) < 120
    assert "http" not in script
