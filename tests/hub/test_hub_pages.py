"""What the hub answers over HTTP: figures to the cent, chunks for objects, and a page nobody can write on."""

import asyncio
import hashlib
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI
from sqlalchemy import insert

from cloud_sync.contract.documents import split
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.facts import SaleLine
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.state import ObjectState
from cloud_sync.hub.api.app import make_app
from cloud_sync.hub.console.words import age
from cloud_sync.hub.documents.edition import Press, Site
from cloud_sync.hub.ingest.presence import Presence
from cloud_sync.hub.projections.projector import announce
from cloud_sync.hub.store import schema
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, SCARF, SCARF_MINOR, SITE, TENANT, HubWorld, PaperJournal

Ask = Callable[..., httpx.Response]
MARKUP = "<script>alert('x')</script>\"><img src=x onerror=y>&amp;"


def answer(app: FastAPI, path: str, host: str = "127.0.0.1:8110") -> httpx.Response:
    """What a program on this machine gets for a GET."""

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.get(path)

    return asyncio.run(get())


@pytest.fixture
def ask(hub: HubWorld) -> Ask:
    """GET a path of the hub."""
    return partial(answer, make_app(hub.store, hub.clock, lambda: True))


def deliver(hub: HubWorld, transfer: str, holder: str, gtin: str, units: int) -> None:
    taker = "transit" if holder == "shelf-b12" else holder
    place = {"tenant": TENANT, "site": SITE}
    row: dict[str, Any] = {**place, "transfer": transfer, "holder": holder, "gtin": gtin, "units": units}
    with hub.store.writing() as connection:
        connection.execute(insert(schema.delivery).values(**row, epcs="", taker=taker, made_ms=1))
        announce(connection, [{**row, "taker": taker}])


def name_the_shop(hub: HubWorld, name: str) -> None:
    place = {"tenant": TENANT, "site": SITE}
    with hub.store.writing() as connection:
        connection.execute(insert(schema.site).values(**place, name=name, language="en", currency="EUR"))
        connection.execute(
            insert(schema.listing).values(
                **place, object="mirror-4", kind="mirror", name=name, sells_from="floor"
            )
        )
        connection.execute(insert(schema.product).values(**place, gtin=SCARF, name=name))


def test_figures_are_those_of_the_journals(
    hub: HubWorld, mirror: PaperJournal, shelf: PaperJournal, ask: Ask
) -> None:
    deliver(hub, "t-1", "floor", SCARF, 4)
    deliver(hub, "t-2", "shelf-b12", COFFEE, 6)
    deliver(hub, "t-3", "shelf-b12", COFFEE, 5)
    shelf.receive("t-2", COFFEE, 6)
    shelf.sell(COFFEE, 2, COFFEE_MINOR)
    hub.send(mirror, 1)
    hub.send(shelf, 1)

    before = ask("/api/figures").json()
    hub.project()

    assert (before["entries"], before["pending"]) == (0, 7)
    assert before["sales"] == {"mirror-4": 0, "shelf-b12": 0}
    assert ask("/api/figures").json() == {
        "sales": {"mirror-4": 1, "shelf-b12": 1},
        "money": {"EUR": SCARF_MINOR + 2 * COFFEE_MINOR},
        "stock": {SCARF: 3, COFFEE: 9},
        "sold": {SCARF: 1, COFFEE: 2},
        "acked": {"mirror-4": 3, "shelf-b12": 4},
        "entries": 7,
        "pending": 0,
    }


def test_a_hub_that_knows_nobody_says_so_in_figures(ask: Ask) -> None:
    assert ask("/api/figures").json() == {
        "sales": {},
        "money": {},
        "stock": {},
        "sold": {},
        "acked": {},
        "entries": 0,
        "pending": 0,
    }


def test_goods_that_are_sold_out_are_still_named_with_zero(
    hub: HubWorld, mirror: PaperJournal, ask: Ask
) -> None:
    deliver(hub, "t-1", "floor", SCARF, 1)
    hub.send(mirror, 1)
    hub.project()

    assert ask("/api/figures").json()["stock"] == {SCARF: 0}


def test_an_object_is_as_far_as_its_present_journal(hub: HubWorld, mirror: PaperJournal, ask: Ask) -> None:
    hub.send(mirror, 1)
    reborn = PaperJournal("mirror-4", mirror.key, epoch="e2")
    reborn.begin()
    hub.send(reborn, 1)
    presence = Presence(hub.store, hub.clock)
    state = ObjectState(online=True, epoch="e2", head=9, acked=2, at_ms=1)
    presence.take(mirror.address.up("state"), encode(state), retained=False)

    (standing,) = ask("/api/objects").json()

    assert (standing["object"], standing["epoch"], standing["acked"], standing["head"]) == (
        "mirror-4",
        "e2",
        2,
        9,
    )
    assert standing["online"] is True
    assert standing["heard_ms"] == hub.clock.now_ms
    hub.project()
    assert ask("/api/figures").json()["entries"] == 5


def test_the_last_sales_come_with_their_lines(hub: HubWorld, mirror: PaperJournal, ask: Ask) -> None:
    for n in range(3):
        mirror.sell(COFFEE, n + 1, COFFEE_MINOR)
    hub.send(mirror, 1)
    hub.project()

    found = ask("/api/sales?limit=2").json()

    assert [each["units"] for each in found] == [3, 2]
    assert found[0]["lines"] == [
        {"gtin": COFFEE, "name": f"Product {COFFEE}", "units": 3, "total_minor": 3450}
    ]
    assert found[0]["place"] == "mirror-4"
    assert len(ask("/api/sales").json()) == 4


@pytest.mark.parametrize("limit", ["0", "501", "-1", "many"])
def test_a_limit_that_is_none_is_refused(ask: Ask, limit: str) -> None:
    assert ask(f"/api/sales?limit={limit}").status_code == 422


def test_a_chunk_is_served_by_its_hash_and_never_changes(hub: HubWorld, ask: Ask) -> None:
    data = bytes(range(256)) * 1000
    with hub.store.writing() as connection:
        Press(connection, SoftwareKey.generate(), Site(TENANT, SITE), 1).issue("prices", data)

    chunks = [ask(f"/chunks/{hashlib.sha256(chunk).hexdigest()}") for chunk in split(data)]

    assert b"".join(chunk.content for chunk in chunks) == data
    assert {chunk.headers["cache-control"] for chunk in chunks} == {"public, max-age=31536000, immutable"}


@pytest.mark.parametrize(
    ("sha256", "status"), [("0" * 64, 404), ("A" * 64, 422), ("..%2fhub.db", 404), ("0" * 63, 422)]
)
def test_a_chunk_that_is_none_is_not_there(ask: Ask, sha256: str, status: int) -> None:
    assert ask(f"/chunks/{sha256}").status_code == status


def test_the_hub_says_that_it_is_well(hub: HubWorld) -> None:
    deaf = make_app(hub.store, hub.clock, lambda: False)

    assert answer(deaf, "/healthz").json() == {"ok": True, "broker": False, "generation": 1}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:8110@evil.example"])
def test_nobody_reads_the_figures_under_a_foreign_name(ask: Ask, host: str) -> None:
    refused = ask("/api/figures", host)

    assert refused.status_code == 403
    assert "money" not in refused.text


@pytest.mark.parametrize("path", ["/", "/api/figures", "/static/console.js", "/nowhere", "/chunks/x"])
def test_every_answer_keeps_the_browser_at_home(ask: Ask, path: str) -> None:
    headers = ask(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_the_description_of_the_api_is_served_and_fetches_nothing_from_elsewhere(ask: Ask) -> None:
    described = ask("/openapi.json").json()["paths"]

    assert {"/api/figures", "/api/objects", "/api/sales", "/chunks/{sha256}", "/healthz"} == set(described)
    assert ask("/docs").status_code == 404


class Tags(HTMLParser):
    """All tags of a page, with their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_markup_in_any_name_is_shown_as_text(hub: HubWorld, mirror: PaperJournal, ask: Ask) -> None:
    name_the_shop(hub, MARKUP)
    deliver(hub, "t-1", "floor", SCARF, 4)
    line = SaleLine(SCARF, MARKUP[:50], 1, SCARF_MINOR, SCARF_MINOR, "standard")
    mirror.write(mirror.sale(SCARF, 1, SCARF_MINOR, lines=(line,), number="<b>1</b>"))
    mirror.write_bytes(b'{"dev":"' + MARKUP.replace('"', "'").encode() + b'"}')
    hub.send(mirror, 1)
    hub.intake.take(f"opos/1/{MARKUP}/0/x/y/up/journal", b"")
    hub.project()

    page = Tags(ask("/").text)

    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert "b" in page.tags
    assert not [name for name in page.attributes if name.startswith("on") or name == "style"]
    assert page.text.count(MARKUP) >= 3
    assert "<b>1</b>" in page.text


def test_the_page_says_who_is_away_and_what_needs_a_look(
    hub: HubWorld, mirror: PaperJournal, shelf: PaperJournal, ask: Ask
) -> None:
    presence = Presence(hub.store, hub.clock)
    presence.take(mirror.address.up("state"), encode(ObjectState(True, "e1", 8, 3, 1)), retained=False)
    presence.take(shelf.address.up("state"), encode(ObjectState(False)), retained=True)
    mirror.write_bytes(b"poison")
    hub.send(mirror, 1)
    hub.project()

    text = " ".join(Tags(ask("/").text).text.split())

    assert "1 of 2 objects not online" in text
    assert "it can still sell" in text
    assert "Online" in text
    assert "An entry that nobody understands" in text
    assert "4 of 8" in text
    assert "€34" in text


def test_the_page_of_a_new_hub_says_what_to_do_first(ask: Ask) -> None:
    text = " ".join(Tags(ask("/").text).text.split())

    assert "No object is admitted yet" in text
    assert "opos hub admit" in text
    assert "opos hub import" in text
    assert "Nothing needs a person." in text


def test_a_page_without_a_broker_says_so(hub: HubWorld) -> None:
    deaf = make_app(hub.store, hub.clock, lambda: False)

    assert "The hub hears no broker" in answer(deaf, "/").text


AGES = [
    (0, "never"),
    (1_000_000_000, "just now"),
    (1_000_001_000, "just now"),
    (999_998_000, "2 s ago"),
    (999_941_000, "59 s ago"),
    (999_940_000, "1 min ago"),
    (996_400_000, "1 h ago"),
    (913_600_000, "1 d ago"),
]


@pytest.mark.parametrize(("at_ms", "said"), AGES)
def test_ages_are_said_as_people_say_them(at_ms: int, said: str) -> None:
    assert age(at_ms, 1_000_000_000) == said


STATES = [
    b"",
    b"{}",
    b'{"online":"yes"}',
    b'{"online":true,"epoch":"\xff"}',
    b'{"online":true,"x":' + b"[" * 20_000,
    msgspec.json.encode({"online": True, "head": -1}),
    msgspec.json.encode({"online": True, "head": 2**63}),
    msgspec.json.encode({"online": True, "epoch": "e" * 65}),
    msgspec.json.encode({"online": True, "epoch": "e\x00"}),
]


@pytest.mark.parametrize("payload", STATES)
def test_a_state_that_is_none_is_refused_and_counted(
    hub: HubWorld, mirror: PaperJournal, payload: bytes
) -> None:
    Presence(hub.store, hub.clock).take(mirror.address.up("state"), payload, retained=False)

    assert hub.rows("presence") == []
    assert [row[1:3] for row in hub.rows("alarm")] == [("state", "mirror-4")]


def test_a_last_will_leaves_what_the_object_said_of_itself(hub: HubWorld, mirror: PaperJournal) -> None:
    presence = Presence(hub.store, hub.clock)
    topic = mirror.address.up("state")
    presence.take(topic, encode(ObjectState(True, "e1", 8, 3, 1)), retained=False)
    heard_ms = hub.clock.now_ms
    presence.take(topic, encode(ObjectState(False)), retained=True)

    assert hub.rows("presence") == [("mirror-4", 0, "e1", 8, 3, heard_ms)]


def test_nobody_speaks_for_an_object_that_was_never_admitted(hub: HubWorld, keys: list[SoftwareKey]) -> None:
    stranger = PaperJournal("mirror-9", keys[0])
    Presence(hub.store, hub.clock).take(
        stranger.address.up("state"), encode(ObjectState(True)), retained=False
    )

    assert hub.rows("presence") == []
    assert [row[1] for row in hub.rows("alarm")] == ["unknown"]
