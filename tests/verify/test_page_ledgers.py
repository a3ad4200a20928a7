"""A stranger drops a ledger on the page: what it says of a good one, and of whatever was done to it."""

import random
from base64 import b64encode
from collections.abc import Sequence
from typing import Final

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry, signing_input
from cloud_sync.contract.facts import Genesis, KeyRotated
from cloud_sync.contract.signing import PublicKey
from tests.contract.paper_chain import EPOCH
from tests.verify.open_page import FORMATS, NOBODY_SIGNS, TAIL, OpenPage, as_file, exported, signed_by
from tests.verify.paper_shop import (
    NEXT,
    OBJECT,
    STRANGER,
    certificate,
    checkpoint,
    ledger,
    resigned,
    rewritten,
    with_changed,
)

LEDGER: Final = ledger(40)

TOUCHED: Final = (
    f"The signature does not fit: something was changed after the key {OBJECT.public.kid} signed it."
)
NOT_NEXT: Final = "It does not follow from the entry before it."
NO_KEY: Final = PublicKey("A" * 43, "A" * 43)


def in_the_objects_name(entry: SignedEntry) -> SignedEntry:
    """An entry whose header names the object's key, and that a stranger signed."""
    return replace(entry, sig=STRANGER.sign(signing_input(entry.kid, entry.prev, entry.body)))


def under_another_name(entry: SignedEntry) -> SignedEntry:
    """An entry that the object signed, whose header names a stranger's key."""
    kid = STRANGER.public.kid
    return replace(entry, kid=kid, sig=OBJECT.sign(signing_input(kid, entry.prev, entry.body)))


@pytest.mark.parametrize("form", FORMATS)
def test_a_ledger_and_its_certificate_are_intact(verify_anywhere: OpenPage, form: str) -> None:
    page = verify_anywhere
    page.arrive()
    page.give(as_file(exported(LEDGER, form)), as_file(certificate().encode(), "certificate.jws"))
    page.shows("intact")
    expect(page.see(".lead")).to_contain_text("Corner Coffee vouches for the key of shelf-b12")
    facts = page.facts()
    assert facts["Object"] == "shelf-b12"
    assert facts["Entries"] == "40, from 1 to 40"
    assert facts["Sales"] == "38"
    assert facts["Takings"] == "€1,056.30"
    assert facts["Hash of the last one, the head"] == b64(LEDGER[-1].hash)
    assert facts["Key of the object"].startswith(OBJECT.public.thumbprint)
    expect(page.see(".note")).to_have_text(TAIL)


Finding = tuple[Sequence[SignedEntry], list[tuple[str, str]]]
TAMPERED: Final[dict[str, Finding]] = {
    "one price": (
        with_changed(LEDGER, 12, b'"price_minor":1150', b'"price_minor":1151'),
        [("Entry 12", TOUCHED), ("Entry 13", NOT_NEXT)],
    ),
    "one price of the head": (
        with_changed(LEDGER, 40, b'"price_minor":1150', b'"price_minor":1151'),
        [("Entry 40", TOUCHED)],
    ),
    "its own number": (
        with_changed(LEDGER, 12, b'"seq":12', b'"seq":92'),
        [("Entry 12", TOUCHED), ("Entry 12", "It says that it is entry 92."), ("Entry 13", NOT_NEXT)],
    ),
    "a line is missing": (
        LEDGER[:11] + LEDGER[12:],
        [("Entry 13", "Entry 12 before it is missing.")],
    ),
    "ten lines are missing": (
        LEDGER[:11] + LEDGER[21:],
        [("Entry 22", "Entries 12 to 21 before it are missing.")],
    ),
    "the first lines are missing": (LEDGER[2:], [("Entry 3", NOBODY_SIGNS)]),
    "two lines are swapped": (
        [*LEDGER[:11], LEDGER[12], LEDGER[11], *LEDGER[13:]],
        [
            ("Entry 13", "Entry 12 before it is missing."),
            ("Entry 12", "It stands in the place of entry 14, or stands here twice."),
        ],
    ),
    "a line stands there twice": (
        [*LEDGER[:12], *LEDGER[11:]],
        [("Entry 12", "It stands in the place of entry 13, or stands here twice.")],
    ),
    "somebody else goes on": (resigned(LEDGER, 31, STRANGER), [("Entries 31 to 40", signed_by(STRANGER))]),
    "somebody else goes on in the object's name": (
        [*LEDGER[:30], *map(in_the_objects_name, LEDGER[30:])],
        [("Entries 31 to 40", TOUCHED)],
    ),
    "the object signs under another name": (
        [*LEDGER[:39], under_another_name(LEDGER[39])],
        [("Entry 40", signed_by(STRANGER))],
    ),
    "somebody else signed all but the beginning": (
        resigned(LEDGER, 2, STRANGER),
        [("Entries 2 to 40", signed_by(STRANGER))],
    ),
    "somebody else hands the ledger to himself": (
        resigned(ledger(40, {20: KeyRotated(STRANGER.public, "file")}), 20, STRANGER),
        [("Entries 20 to 40", signed_by(STRANGER))],
    ),
    "the next key is none": (
        ledger(40, {20: KeyRotated(NO_KEY, "tpm")}),
        [("Entry 21", "The key that it names is none."), ("Entries 21 to 40", signed_by(NEXT))],
    ),
    "a checkpoint names a stranger": (
        ledger(40, {20: checkpoint(STRANGER)}),
        [("Entry 20", "It hands the chain on to a key that did not sign it.")],
    ),
    "a second beginning": (
        ledger(40, {20: Genesis(STRANGER.public, "file")}),
        [("Entry 20", "The beginning of a ledger stands in the middle of one.")],
    ),
    "another beginning": (
        resigned([replace(LEDGER[0], prev=bytes(32)), *LEDGER[1:]], 1, OBJECT),
        [("Entry 1", NOT_NEXT)],
    ),
    "another object": (
        rewritten(LEDGER, 12, b'"dev":"shelf-b12"', b'"dev":"mirror-4"'),
        [("Entry 12", "It says that it is from mirror-4, but the key is that of shelf-b12.")],
    ),
    "another epoch": (
        rewritten(LEDGER, 12, EPOCH.encode(), EPOCH[::-1].encode()),
        [("Entry 12", "It belongs to another epoch.")],
    ),
    "a clock that went back": (
        rewritten(LEDGER, 12, b'"wall_ms":1769850720000', b'"wall_ms":1769850000000'),
        [("Entry 12", "Its clock stands before that of an entry before it.")],
    ),
    "money from nowhere": (
        rewritten(LEDGER, 12, b'"amount_minor":1150', b'"amount_minor":1152'),
        [("Entry 12", "Its postings should sum to nothing; they sum to €0.02.")],
    ),
    "goods from nowhere": (
        rewritten(LEDGER, 12, b'"taker":"sold","units":1', b'"taker":"sold","units":0'),
        [("Entry 12", "A move of 09520001100406 moves nothing.")],
    ),
}


@pytest.mark.parametrize(("entries", "problems"), TAMPERED.values(), ids=TAMPERED)
@pytest.mark.parametrize("form", FORMATS)
def test_what_was_done_to_a_ledger_is_named_with_its_entry(
    verify: OpenPage, form: str, entries: Sequence[SignedEntry], problems: list[tuple[str, str]]
) -> None:
    verify.arrive()
    verify.give(as_file(exported(entries, form)))
    verify.shows("changed")
    assert verify.problems() == problems


# Bodies that cannot be said in a line of JSON of ours, and yet were signed.
UNSAYABLE: Final = {
    "a number with a point": (b'"units":1,', b'"units":1.0,', "Its body can be read in two ways."),
    "a name that stands there twice": (
        b'"currency":"EUR","total_minor"',
        b'"currency":"USD","currency":"EUR","total_minor"',
        "Its body can be read in two ways.",
    ),
    "no JSON": (b'"units":1,', b'"units":,', "Its body cannot be read."),
    "no text": (b"Yirgacheffe", b"Yirg\xffcheffe", "Its bytes are no text."),
    "no kind": (b'"kind":"sale"', b'"kind":7', "Its body is not that of an entry."),
    "no number": (b'"seq":12', b'"seq":"12"', "Its body is not that of an entry."),
    "postings of another kind": (
        b'"amount_minor":1150',
        b'"amount_minor":"1150"',
        "Its postings cannot be read.",
    ),
    "a sale of another kind": (
        b'"total_minor":1150,"tender"',
        b'"total_minor":"1150","tender"',
        "It is a sale whose lines or amounts cannot be read.",
    ),
}


@pytest.mark.parametrize(("old", "new", "problem"), UNSAYABLE.values(), ids=UNSAYABLE)
def test_a_body_that_nobody_should_have_signed_is_named(
    verify: OpenPage, old: bytes, new: bytes, problem: str
) -> None:
    verify.arrive()
    verify.give(as_file(exported(rewritten(LEDGER, 12, old, new))))
    verify.shows("changed")
    assert verify.problems() == [("Entry 12", problem)]


COLUMNS: Final = {
    "seq": (b'"seq":12', b'"seq":13'),
    "kind": (b'"kind":"sale"', b'"kind":"boot"'),
    "idem": (b'"idem":"sale/12"', b'"idem":"sale/13"'),
    "hash": (b'"hash":"', b'"hash":"A'),
}


@pytest.mark.parametrize(("name", "lie"), COLUMNS.items(), ids=COLUMNS)
def test_a_line_that_says_something_else_than_its_signed_bytes_is_found(
    verify: OpenPage, name: str, lie: tuple[bytes, bytes]
) -> None:
    lines = exported(LEDGER, "jsonl").splitlines(keepends=True)
    lines[11] = lines[11].replace(*lie, 1)
    verify.arrive()
    verify.give(as_file(b"".join(lines)))
    verify.shows("changed")
    assert verify.problems() == [("Entry 12", f"The line says another {name} than the signed bytes.")]


@pytest.mark.parametrize("form", FORMATS)
def test_no_flipped_bit_of_a_file_is_overlooked(verify: OpenPage, form: str) -> None:
    data, luck = exported(LEDGER[:5], form), random.Random(form)
    places = [luck.randrange(8 * len(data)) for _ in range(300)]
    verify.arrive()
    overlooked = verify.page.evaluate(
        """async ([data, places]) => {
          const file = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const options = { progress: () => {}, signal: new AbortController().signal };
          const overlooked = [];
          for (const place of places) {
            file[place >> 3] ^= 1 << (place & 7);
            const report = await ledgers.check(new File([file], "ledger"), options);
            if (report.is === "ledger" && report.problems === 0) overlooked.push(place);
            file[place >> 3] ^= 1 << (place & 7);
          }
          return overlooked;
        }""",
        [b64encode(data).decode(), places],
    )
    assert overlooked == []


def test_a_line_that_is_longer_than_any_entry_is_passed_over_and_named(verify: OpenPage) -> None:
    lines = exported(LEDGER).splitlines(keepends=True)
    lines[11] = b"A" * 1_000_000 + b"\n"
    verify.arrive()
    verify.give(as_file(b"".join(lines)))
    verify.shows("changed")
    assert verify.problems() == [("Entry 12", "It is longer than any receipt or entry can be.")]


def test_so_many_problems_are_listed_and_the_rest_is_counted(verify: OpenPage) -> None:
    every_other = [entry for entry in ledger(1_203) if entry.seq == 1 or entry.seq % 2]
    verify.arrive()
    verify.give(as_file(exported(every_other)))
    verify.shows("changed")
    expect(verify.see("h1")).to_have_text("This ledger has 601 problems")
    expect(verify.see(".problems li")).to_have_count(500)
    expect(verify.see(".verdict .note").first).to_have_text("101 more are not listed")
