"""A receipt is sent by e-mail: in the shopper's language, whole, to one address, and to nobody's log."""

import asyncio
import email
import logging
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.facts import Refund, SaleDiscount, SaleLine
from cloud_sync.hub.receipts.door import Mail, add_receipts
from cloud_sync.hub.receipts.finding import Found, receipt_at
from cloud_sync.hub.receipts.letter import NoAddressError, Sender, check_address, letter
from cloud_sync.hub.receipts.post import (
    LADDER_MS,
    LETTERS_A_RECEIPT_MAX,
    TRIES_MAX,
    WAITING_MAX,
    Outbox,
    Queued,
    Sent,
    Server,
    send,
)
from cloud_sync.hub.receipts.sheet import PAGE_WORDS
from retail.receipt import text
from tests.hub.hub_world import SCARF, HubWorld, PaperJournal
from tests.hub.receipts.mail_server import MailServer, Whim, mail_server

SENDER: Final = Sender("Corner Coffee", "receipts@shop.example", "https://hub.example")
SHOPPER: Final = "ada.shopper+1@mail.example"
NAMES: Final = {"ar": "وشاح أخضر", "de": "Schal, grün", "en": "Scarf", "es": "Bufanda año", "zh": "绿色围巾"}
FIELDS: Final = [
    "subject",
    "from",
    "to",
    "date",
    "message-id",
    "content-language",
    "auto-submitted",
    "mime-version",
    "content-type",
]


@pytest.fixture
def post_office() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def server_of(post_office: MailServer, **changes: Any) -> Server:
    return Server(**{"host": "127.0.0.1", "port": post_office.port, "security": "none", **changes})


def sold(hub: HubWorld, mirror: PaperJournal, language: str = "en", **changes: Any) -> SignedEntry:
    """A scarf with a discount, in the hub's books."""
    fact = mirror.sale(SCARF, 1, 3450)
    discounts = (SaleDiscount("spring", 300), SaleDiscount("old-scarf", 200, "Old scarf for new <i>"))
    line = SaleLine(SCARF, NAMES.get(language, "Scarf"), 1, 3950, 3450, "standard", (), discounts)
    fields = {field: getattr(fact, field) for field in fact.__struct_fields__}
    entry = mirror.write(type(fact)(**{**fields, "language": language, "lines": (line,), **changes}))
    hub.send(mirror, 1)
    hub.project()
    return entry


def found(hub: HubWorld, mirror: PaperJournal, entry: SignedEntry) -> Found | None:
    with hub.store.reading() as connection:
        return receipt_at(connection, mirror.address.object, entry.seq, entry.hash)


def certainly(hub: HubWorld, mirror: PaperJournal, entry: SignedEntry) -> Found:
    receipt = found(hub, mirror, entry)
    assert receipt is not None
    return receipt


def read(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("language", NAMES)
def test_the_letter_that_arrives_says_what_the_receipt_says_in_its_language(
    hub: HubWorld, mirror: PaperJournal, post_office: MailServer, language: str
) -> None:
    entry = sold(hub, mirror, language)
    receipt = certainly(hub, mirror, entry)
    assert send(server_of(post_office), letter(receipt, SENDER, SHOPPER, hub.clock())) is Sent.TAKEN
    ((sender, to, data),) = post_office.letters
    assert (SENDER.address in sender, [SHOPPER in each for each in to]) == (True, [True])
    arrived = read(data)
    assert [name for name in FIELDS if name not in map(str.lower, arrived)] == []
    assert str(arrived["to"]) == SHOPPER
    assert receipt.slip.number in str(arrived["subject"])
    plain, html = arrived.get_body(["plain"]), arrived.get_body(["html"])
    assert plain is not None
    assert html is not None
    said = plain.get_content().replace("\r\n", "\n")
    assert said.startswith("\n".join(text(receipt.slip)))
    assert f"https://hub.example/r/{mirror.address.object}/{entry.seq}/{b64(entry.hash)}" in said
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in html.get_content()
    assert f"<bdi>{NAMES[language]}</bdi>" in html.get_content()
    assert "<script" not in html.get_content()


def test_no_line_of_a_letter_is_longer_than_mail_allows(hub: HubWorld, mirror: PaperJournal) -> None:
    receipt = certainly(hub, mirror, sold(hub, mirror, "zh"))
    sent = bytes(letter(receipt, SENDER, SHOPPER, 0))
    assert max(len(line) for line in sent.split(b"\r\n")) <= 998


def test_a_name_that_would_begin_a_header_stays_in_its_place(hub: HubWorld, mirror: PaperJournal) -> None:
    receipt = certainly(hub, mirror, sold(hub, mirror, number="R1\r\nBcc: everybody@mail.example"))
    message = read(bytes(letter(receipt, Sender("A\r\nBcc: x", *("a@b.example", "h")), SHOPPER, 0)))
    assert message["bcc"] is None
    assert "<script>" not in bytes(message).decode()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@mail.example",
        "ada@mail",
        "ada@mail.example, eve@mail.example",
        "ada@mail.example\r\nRCPT TO:<eve@mail.example>",
        "ada@mail.example\n",
        "ada..b@mail.example",
        "<ada@mail.example>",
        '"a b"@mail.example',
        "ada@[127.0.0.1]",
        "ädä@mail.example",
        f"{'a' * 65}@mail.example",
        f"ada@{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 63}.example",
        "a" * 100_000,
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(NoAddressError) as refused:
        check_address(address)
    assert not address or address not in str(refused.value)


@pytest.mark.parametrize("address", [SHOPPER, "a@b.co", "o'neil@mail.example", "x@xn--bcher-kva.example"])
def test_what_is_an_address_is_taken(address: str) -> None:
    check_address(address)


# How a session goes, and what becomes of the letter.
WHIMS: Final[list[tuple[Whim, Sent]]] = [
    ("ok", Sent.TAKEN),
    ("busy", Sent.LATER),
    ("no-such-user", Sent.REFUSED),
    ("gone-before-data", Sent.LATER),
    ("lost-reply", Sent.LATER),
]


def a_letter(name: str = "one") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = SENDER.address, SHOPPER, f"<{name}@shop.example>"
    message.set_content("hello")
    return message


@pytest.mark.parametrize(("whim", "sent"), WHIMS)
def test_whatever_a_mail_server_does_is_one_of_three_outcomes(
    post_office: MailServer, whim: Whim, sent: Sent
) -> None:
    post_office.whims.append(whim)
    assert send(server_of(post_office), a_letter()) is sent


def test_a_server_that_is_away_is_asked_later() -> None:
    assert send(Server("127.0.0.1", 1, "none"), a_letter()) is Sent.LATER


def test_a_letter_is_never_sent_in_clear_where_tls_is_wanted(post_office: MailServer) -> None:
    for security in ("starttls", "tls"):
        server = server_of(post_office, security=security, user="shop", password="secret")  # noqa: S106
        post_office.whims.append("ok")
        if security == "starttls":
            assert send(server, a_letter()) is Sent.LATER
    assert post_office.letters == []
    assert not any("secret" in said or "AUTH" in said or "MAIL" in said for said in post_office.heard)


def test_a_letter_is_tried_again_until_it_is_taken_and_is_the_same_one(post_office: MailServer) -> None:
    outbox = Outbox(lambda message: send(server_of(post_office), message))
    post_office.whims.extend(["busy", "lost-reply", "ok"])
    assert outbox.add("hash", a_letter(), 0) is Queued.WAITS
    now_ms = 0
    while (due_ms := outbox.round(now_ms)) is not None:
        assert due_ms > now_ms
        now_ms = due_ms
    assert now_ms == LADDER_MS[0] + LADDER_MS[1]
    ids = {str(read(data)["message-id"]) for _, _, data in post_office.letters}
    assert (len(post_office.letters), len(ids)) == (2, 1)  # a lost reply costs a twin, which mailboxes drop
    assert (len(outbox), outbox.given_up) == (0, 0)


def test_a_letter_that_nobody_takes_is_given_up_and_counted() -> None:
    tried: list[int] = []

    def never(_message: EmailMessage) -> Sent:
        tried.append(1)
        return Sent.LATER

    outbox = Outbox(never)
    outbox.add("hash", a_letter(), 0)
    now_ms: int | None = 0
    while now_ms is not None:
        now_ms = outbox.round(now_ms)
    assert (len(tried), outbox.given_up) == (TRIES_MAX, 1)


def test_a_receipt_is_no_way_to_write_to_strangers() -> None:
    outbox = Outbox(lambda _message: Sent.TAKEN)
    asked = [outbox.add("hash", a_letter(), 0) for _ in range(LETTERS_A_RECEIPT_MAX + 1)]
    assert asked == [Queued.WAITS] * LETTERS_A_RECEIPT_MAX + [Queued.ENOUGH]
    rest = [outbox.add(f"hash {n}", a_letter(), 0) for n in range(WAITING_MAX)]
    assert (rest[0], rest[-1], len(outbox)) == (Queued.WAITS, Queued.FULL, WAITING_MAX)


class Browser:
    """Asks an app without a network."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app)

    def get(self, path: str, **rest: Any) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, **rest))

    def post(self, path: str, **rest: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, **rest))

    async def _ask(self, method: str, path: str, **rest: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=self._transport, base_url="http://hub.example") as client:
            return await client.request(method, path, **rest)


def visit(hub: HubWorld, outbox: Outbox | None = None) -> Browser:
    app = FastAPI()
    mail = Mail(SENDER, outbox) if outbox is not None else None
    add_receipts(app, hub.store, hub.clock, mail)
    return Browser(app)


def path_of(mirror: PaperJournal, entry: SignedEntry) -> str:
    return f"/r/{mirror.address.object}/{entry.seq}/{b64(entry.hash)}"


def test_whoever_holds_the_link_sees_the_receipt_and_nobody_else_does(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    entry = sold(hub, mirror)
    browser = visit(hub)
    shown = browser.get(path_of(mirror, entry))
    assert (shown.status_code, "Scarf" in shown.text, "€39.50" in shown.text) == (200, True, True)
    assert "Discount spring" in shown.text
    assert "Old scarf for new &lt;i&gt;" in shown.text, "in the words that the shopper saw"
    other = PaperJournal("mirror-9", mirror.key)
    wrong = [
        path_of(other, entry),
        f"/r/{mirror.address.object}/{entry.seq + 1}/{b64(entry.hash)}",
        f"/r/{mirror.address.object}/{entry.seq}/{'A' * 43}",
        f"/r/{mirror.address.object}/{entry.seq}/{'-' * 42}B",
        path_of(mirror, mirror.entries[0]),
    ]
    for path in wrong:
        assert browser.get(path).status_code == 404, path
    assert browser.get(f"/r/{mirror.address.object}/x/{b64(entry.hash)}").status_code == 422


@pytest.mark.parametrize("language", PAGE_WORDS)
def test_a_receipt_that_has_not_come_yet_says_so_in_the_readers_language(
    hub: HubWorld, mirror: PaperJournal, language: str
) -> None:
    entry = mirror.write(mirror.sale(SCARF, 1, 3450))
    said = visit(hub).get(path_of(mirror, entry), headers={"accept-language": f"xx, {language}-XX;q=0.9"})
    assert said.status_code == 404
    assert PAGE_WORDS[language].wait in said.text


STRANGE: Final[list[dict[str, Any]]] = [
    {"business_date": "yesterday"},
    {"language": "no language"},
    {"number": "<script>alert(1)</script>"},
]


@pytest.mark.parametrize("changes", STRANGE, ids=str)
def test_an_object_that_signs_nonsense_does_not_break_the_page(
    hub: HubWorld, mirror: PaperJournal, changes: dict[str, Any]
) -> None:
    said = visit(hub).get(path_of(mirror, sold(hub, mirror, **changes)))
    assert said.status_code in {200, 404}
    assert "<script" not in said.text


def test_a_refund_is_a_credit_note_for_the_receipt_of_its_sale(hub: HubWorld, mirror: PaperJournal) -> None:
    first = sold(hub, mirror)
    sale = hub.rows("sale")[0]
    line = SaleLine(SCARF, "Scarf", 1, 3450, 3450, "standard")
    fact = Refund(
        *("r-1", str(sale[2]), "a-1", "stripe", "e1-R0001", "2026-03-03", "en", "EUR", 3450),
        *((line,), (), (), ()),
    )
    entry = mirror.write(fact)
    hub.send(mirror, first.seq + 1)
    hub.project()
    shown = visit(hub).get(path_of(mirror, entry)).text
    assert "Credit note e1-R0001" in shown
    assert f"for receipt {sale[3]}" in shown


def test_a_shopper_asks_for_a_letter_and_the_address_is_nowhere_afterwards(
    hub: HubWorld, mirror: PaperJournal, post_office: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    entry = sold(hub, mirror)
    outbox = Outbox(lambda message: send(server_of(post_office), message))
    browser = visit(hub, outbox)
    asked = browser.post(f"{path_of(mirror, entry)}/mail", data={"to": SHOPPER})
    assert (asked.status_code, "The receipt is on its way." in asked.text) == (202, True)
    assert SHOPPER not in asked.text
    post_office.whims.extend(["busy", "ok"])
    due_ms = outbox.round(hub.clock())
    assert due_ms is not None
    assert outbox.round(due_ms) is None
    assert [to for _, to, _ in post_office.letters] == [[f"rcpt TO:<{SHOPPER}>"]]
    assert SHOPPER not in caplog.text
    tables = ["entry", "frame", "alarm", "quarantine", "sale", "telemetry", "command"]
    assert not any(SHOPPER in repr(hub.rows(name)) for name in tables)


REFUSALS: Final = [
    (b"to=ada", 422),
    (b"", 422),
    (b"to=ada%40mail.example%0d%0aBcc%3aeve%40mail.example", 422),
    (b"to=" + b"a" * 2_000, 413),
]


@pytest.mark.parametrize(("body", "status"), REFUSALS)
def test_a_wish_without_an_address_is_refused(
    hub: HubWorld, mirror: PaperJournal, body: bytes, status: int
) -> None:
    outbox = Outbox(lambda _message: Sent.TAKEN)
    asked = visit(hub, outbox).post(f"{path_of(mirror, sold(hub, mirror))}/mail", content=body)
    assert (asked.status_code, len(outbox)) == (status, 0)


@pytest.mark.parametrize("language", PAGE_WORDS)
def test_the_page_asks_for_an_address_where_there_is_a_mail_server(
    hub: HubWorld, mirror: PaperJournal, language: str
) -> None:
    path = path_of(mirror, sold(hub, mirror, language))
    words = PAGE_WORDS[language]
    assert "<form" not in visit(hub).get(path).text
    browser = visit(hub, Outbox(lambda _message: Sent.TAKEN))
    shown = browser.get(path).text
    assert f'action="{path}/mail"' in shown
    assert all(said in shown for said in (words.mail, words.send))
    answers = [browser.post(f"{path}/mail", data={"to": SHOPPER}) for _ in range(LETTERS_A_RECEIPT_MAX + 1)]
    assert words.sent in answers[0].text
    assert (answers[-1].status_code, words.enough in answers[-1].text) == (429, True)
    assert words.no_address in browser.post(f"{path}/mail", data={"to": "ada"}).text


def test_a_form_of_somebody_elses_is_no_wish(hub: HubWorld, mirror: PaperJournal) -> None:
    path = path_of(mirror, sold(hub, mirror))
    browser = visit(hub, Outbox(lambda _message: Sent.TAKEN))
    assert browser.post(f"{path}/mail", content=b"to=a&b=1&c=1&d=1&e=1").status_code == 422


def test_a_letter_is_sent_for_a_receipt_that_is_here_only(hub: HubWorld, mirror: PaperJournal) -> None:
    outbox = Outbox(lambda _message: Sent.TAKEN)
    path = f"/r/{mirror.address.object}/7/{'A' * 43}/mail"
    assert visit(hub, outbox).post(path, data={"to": SHOPPER}).status_code == 404
    assert visit(hub).post(path, data={"to": SHOPPER}).status_code in {404, 405}
