"""The fleet's own codec against ours, and against the examples that everybody has."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.contract.batch import ENTRIES_MAX, PLAIN_BYTES_MAX, Batch, unpack
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import check_body
from cloud_sync.contract.facts import Genesis, Sale
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import PublicKey, SoftwareKey, Verifier, seal
from cloud_sync.contract.topics import Address
from simulators.fleet.book import Book
from simulators.fleet.contract import BadWordError, Checker, entry_hash, kid_of, read_receipt, root_of, unb64
from simulators.fleet.trader import Trader
from tests.contract.stranger import entry as stranger_entry

VECTORS = Path(__file__).parents[1] / "contract" / "vectors"


def book(sales: int) -> Book:
    """The book of an object that has sold so often."""
    trader = Trader("fleet-0001", seed=1)
    trader.open(1_000, 1_790_000_000_000)
    for n in range(sales):
        trader.sell(2_000 + n, 1_790_000_000_000 + n, "2026-01-31")
    return trader.book


def opened(written: Book, frame: bytes) -> Batch:
    return unpack(frame, Verifier(PublicKey(**written.key.public)))


def test_a_frame_of_the_fleet_is_one_that_our_hub_opens() -> None:
    written = book(sales=3)
    frame, last = written.batch(1)
    batch = opened(written, frame)
    assert (batch.header.dev, batch.header.epoch) == (written.dev, written.epoch)
    assert (batch.header.first, batch.header.n, last) == (1, 5, 5)
    assert b64(batch.header.head) == written.hash_of(5)


def test_every_body_is_written_in_the_one_way_and_balanced() -> None:
    written = book(sales=20)
    bodies = [check_body(body) for body in opened(written, written.batch(1)[0]).bodies]
    assert isinstance(bodies[0].fact, Genesis)
    assert sum(isinstance(body.fact, Sale) for body in bodies) == 20
    assert [body.seq for body in bodies] == list(range(1, 23))


def test_a_reader_that_knows_neither_of_us_reads_what_the_fleet_wrote() -> None:
    written = book(sales=1)
    batch = opened(written, written.batch(1)[0])
    prev = batch.header.prev
    for body, digest in zip(batch.bodies, batch.hashes, strict=True):
        header = f'{{"alg":"ES256","kid":"{written.key.kid}","prev":"{b64(prev)}"}}'
        signing_input = f"{b64(header.encode())}.{b64(body)}"
        compact = f"{signing_input}.{b64(written.key.sign(signing_input.encode()))}"
        key = {"kty": "EC", "crv": "P-256", "kid": written.key.kid, **written.key.public}
        assert stranger_entry(compact, key, b64(prev))["dev"] == written.dev
        prev = digest


def test_a_frame_holds_no_more_than_one_may() -> None:
    written, first, frames = book(sales=600), 1, 0
    while first <= written.head:
        frame, last = written.batch(first)
        batch = opened(written, frame)
        assert batch.header.n <= ENTRIES_MAX
        assert sum(map(len, batch.bodies)) <= PLAIN_BYTES_MAX
        first, frames = last + 1, frames + 1
    assert frames > 2


EXAMPLES: list[dict[str, Any]] = [
    each
    for epoch in json.loads((VECTORS / "chain.json").read_text("utf-8"))["epochs"]
    for each in epoch["entries"]
]


def test_the_hash_of_every_example_is_the_one_that_it_says() -> None:
    assert len(EXAMPLES) > 8
    for each in EXAMPLES:
        prev = json.loads(each["header"])["prev"]
        assert b64(entry_hash(each["kid"], unb64(prev), each["body"].encode())) == each["hash"]


def test_a_key_has_the_name_that_everybody_gives_it() -> None:
    key = SoftwareKey.generate().public
    assert kid_of({"x": key.x, "y": key.y}) == key.kid


@pytest.mark.parametrize("name", ["mirror-4", "fleet-3f9a1c-0999", "a"])
def test_topics_are_those_of_the_contract(name: str) -> None:
    assert root_of("demo", "corner", name) == Address("demo", "corner", name).root


HUB, OTHER = SoftwareKey.generate(), SoftwareKey.generate()
SAID = Receipt("fleet-0001", "e", 7, "h", 2, 3, 4)


def trusted() -> list[Checker]:
    """The keys of two hubs: one of them is ours."""
    publics = (SoftwareKey.generate().public, HUB.public)
    return [Checker({"x": each.x, "y": each.y}) for each in publics]


def test_a_receipt_of_our_hub_is_read() -> None:
    read = read_receipt(seal(HUB, RECEIPT_TYPE, SAID).encode(), trusted())
    assert (read.dev, read.epoch, read.seq, read.hash) == ("fleet-0001", "e", 7, "h")
    assert (read.generation, read.safe, read.at_ms) == (2, 3, 4)


def damaged(jws: str) -> str:
    head, payload, signature = jws.split(".")
    return f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


WRONG = {
    "of another hub": seal(OTHER, RECEIPT_TYPE, SAID),
    "of another type": seal(HUB, "opos-reply", SAID),
    "with a changed signature": damaged(seal(HUB, RECEIPT_TYPE, SAID)),
    "of something else": seal(HUB, RECEIPT_TYPE, {"seq": "7"}),
    "cut": seal(HUB, RECEIPT_TYPE, SAID)[:-10],
    "empty": "",
    "no text": "\x00\xff",
}


@pytest.mark.parametrize("what", WRONG)
def test_a_receipt_is_refused_that_is(what: str) -> None:
    with pytest.raises(BadWordError):
        read_receipt(WRONG[what].encode(), trusted())
