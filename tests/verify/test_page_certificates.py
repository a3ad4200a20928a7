"""Whose ledger it is: keys that are handed on, certificates, pruned ledgers, and files that are none."""

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from playwright.sync_api import expect

from cloud_sync.contract.facts import Fact, Genesis, KeyRotated
from tests.verify.open_page import FORMATS, NOBODY_SIGNS, TAIL, OpenPage, as_file, exported, signed_by
from tests.verify.paper_shop import (
    NEXT,
    OBJECT,
    OTHER_ROOT,
    STRANGER,
    certificate,
    checkpoint,
    ledger,
    resigned,
    rotation,
    under_the_name_of_the_root,
)

LEDGER: Final = ledger(40)
ROTATED: Final = ledger(40, {20: rotation()})
CHECKED: Final = ledger(40, {10: rotation(), 20: checkpoint(NEXT)})
PRUNED: Final = (
    "It begins at entry 20, a checkpoint: what was pruned below it is believed as the checkpoint signed it."
)
SLICE: Final = (
    "It begins at entry 31: what was before is not in this file, and the key is that of the certificate."
)


@pytest.mark.parametrize("form", FORMATS)
def test_a_key_is_handed_on_by_the_one_before_it(verify: OpenPage, form: str) -> None:
    verify.arrive()
    verify.give(as_file(exported(ROTATED, form)), as_file(certificate(key=NEXT).encode()))
    verify.shows("intact")
    keys = [
        row.text_content() for row in verify.see(".facts div:has(dt:text-is('Key of the object')) dd").all()
    ]
    assert keys == [
        *(OBJECT.public.thumbprint, "signs from entry 1 on", "kept in a sealed file"),
        *(NEXT.public.thumbprint, "signs from entry 21 on", "kept in a TPM"),
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_a_pruned_ledger_is_checked_from_its_checkpoint_and_the_page_says_so(
    verify: OpenPage, form: str
) -> None:
    verify.arrive()
    verify.give(as_file(exported(CHECKED[19:], form)), as_file(certificate(key=NEXT).encode()))
    verify.shows("intact")
    assert verify.see(".note").all_inner_texts() == [PRUNED, TAIL]
    assert verify.facts()["Entries"] == "21, from 20 to 40"


def test_a_part_of_a_ledger_is_checked_by_the_key_of_its_certificate(verify: OpenPage) -> None:
    verify.arrive()
    verify.give(as_file(exported(LEDGER[30:])))
    verify.shows("changed")
    assert verify.problems() == [("Entry 31", NOBODY_SIGNS)]
    verify.page.get_by_label("Certificate of the object").fill(certificate())
    verify.page.get_by_role("button", name="Use this certificate").click()
    verify.shows("intact")
    assert verify.see(".note").all_inner_texts() == [SLICE, TAIL]


def test_whose_key_it_is_a_ledger_cannot_say_by_itself(verify: OpenPage) -> None:
    verify.arrive()
    verify.give(as_file(exported(resigned(LEDGER, 1, OBJECT))))
    verify.shows("nobody")
    field = verify.page.get_by_label("Certificate of the object")
    field.fill("no certificate at all")
    field.press("Enter")
    expect(verify.see("[role=alert]")).to_have_text("This is no certificate of an object's key.")
    field.fill(f"\n{certificate()}\n")
    field.press("Enter")
    verify.shows("intact")


MADE_UP: Final[dict[str, Mapping[int, Fact]]] = {
    "all of it": {1: Genesis(STRANGER.public, "file")},
    # The object's key is the last one in the chain, and yet it signed nothing.
    "and handed to the object at its end": {
        1: Genesis(STRANGER.public, "file"),
        40: KeyRotated(OBJECT.public, "sealed-file"),
    },
}


@pytest.mark.parametrize("facts", MADE_UP.values(), ids=MADE_UP)
def test_a_ledger_that_somebody_made_up_is_not_that_of_the_certificate(
    verify: OpenPage, facts: Mapping[int, Fact]
) -> None:
    made_up = resigned(ledger(40, facts), 1, STRANGER)
    verify.arrive()
    verify.give(as_file(exported(made_up)), as_file(certificate().encode()))
    verify.shows("disowned")
    assert verify.reasons() == [signed_by(STRANGER)]


DISOWNED: Final = {
    "of another object": (
        certificate(dev="mirror-4"),
        "It says that it is from shelf-b12, but the key is that of mirror-4.",
    ),
    "that a stranger signed in the root's name": (
        under_the_name_of_the_root(),
        "The certificate names a root key of this page, which did not sign it.",
    ),
}


@pytest.mark.parametrize(("certified", "reason"), DISOWNED.values(), ids=DISOWNED)
def test_a_certificate_that_does_not_fit_is_named(verify: OpenPage, certified: str, reason: str) -> None:
    verify.arrive()
    verify.give(as_file(exported(LEDGER)), as_file(certified.encode()))
    verify.shows("disowned")
    assert verify.reasons() == [reason]


def test_a_certificate_of_a_root_that_nobody_here_knows_vouches_for_nothing(verify: OpenPage) -> None:
    verify.arrive()
    verify.give(as_file(certificate(OTHER_ROOT).encode()))
    expect(verify.see(".side .note")).to_have_text("The certificate of shelf-b12 is here. Now its ledger.")
    verify.drop(**{"ledger.jws": exported(LEDGER).decode()})
    verify.shows("nobody")
    expect(verify.see(".lead")).to_contain_text("not signed by a root key that this page knows")
    verify.drop(**{"certificate.jws": certificate()})
    verify.shows("intact")


@pytest.mark.parametrize("ending", [b"", b"\n\n"])
@pytest.mark.parametrize("form", FORMATS)
def test_line_ends_are_nobodys_business(verify: OpenPage, form: str, ending: bytes) -> None:
    data = exported(LEDGER, form).replace(b"\n", b"\r\n").rstrip() + ending
    verify.arrive()
    verify.give(as_file(data))
    verify.shows("nobody")
    assert verify.facts()["Entries"] == "40, from 1 to 40"


NO_LEDGERS: Final = {
    "nothing": (b"", "It is empty."),
    "a table": (
        b"seq,kind,idem\r\n1,genesis,x\r\n",
        "It is a table for a spreadsheet, which carries no signatures.",
    ),
    "the ledger itself": (
        b"SQLite format 3\0" + bytes(100_000),
        "It is the ledger's own file, which only the object opens.",
    ),
    "words": (b"To whom it may concern\n" * 1_000, "None of its lines is an entry."),
    "one endless line": (b"x" * 3_000_000, "None of its lines is an entry."),
    "other JSON": (b'{"seq":1}\n{"seq":2}\n', "None of its lines is an entry."),
    "a certificate of the hub": (certificate().encode() * 20, "None of its lines is an entry."),
}


@pytest.mark.parametrize(("data", "reason"), NO_LEDGERS.values(), ids=NO_LEDGERS)
def test_a_file_that_is_no_ledger_is_named_and_the_way_to_get_one(
    verify: OpenPage, data: bytes, reason: str
) -> None:
    verify.arrive()
    verify.give(as_file(data))
    verify.shows("no-ledger")
    assert verify.reasons() == [reason]
    expect(verify.see("pre")).to_contain_text("opos ledger export")
    verify.give(as_file(exported(LEDGER)))
    verify.shows("nobody")


GONE: Final = (
    "Blob.prototype.stream = () => new ReadableStream({ start(it) { it.error(new DOMException('gone')); } })"
)


def test_a_file_that_goes_away_meanwhile_is_not_called_false(verify_in: Callable[..., OpenPage]) -> None:
    page = verify_in(GONE)
    page.arrive()
    page.give(as_file(exported(LEDGER)))
    page.shows("unread")
    page.page.get_by_role("button", name="Check another").click()
    page.shows("start")
