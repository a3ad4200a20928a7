"""The receipt's fragment: what goes in comes out to the byte, it fits a QR code, and nothing else is one."""

import zlib
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.contract.certificate import CERTIFICATE_TYPE
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import BODY_BYTES_MAX, sign_entry, signing_input
from cloud_sync.contract.facts import Paid, SaleDiscount, SaleLine
from cloud_sync.contract.fragment import (
    CERTIFICATE_BYTES_MAX,
    DICTIONARY,
    FRAGMENT_CHARS_MAX,
    PLAIN_CHARS_MAX,
    BadFragmentError,
    FragmentTooLongError,
    fragment_of,
    link_of,
    parse,
)
from cloud_sync.contract.signing import seal
from retail.custody import Move
from tests.verify.paper_shop import DEV, OBJECT, ROOT, certificate, entry_of, sale

# Printed when the form was fixed: it must be read for ever.
PRINTED: Final = (Path(__file__).parent / "printed_receipt.txt").read_text(encoding="ascii").strip()

NAMES: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
EPCS: Final = st.binary(min_size=12, max_size=12).map(lambda data: data.hex().upper())
GTINS: Final = st.integers(0, 10**13 - 1).map(lambda number: f"0{number:013d}")
AMOUNTS: Final = st.integers(1, 10**6)
WORDS: Final = (
    *("merino", "linen", "coffee", "candle", "notebook", "stoneware", "scarf"),
    *("wool", "fig", "dotted", "blue", "green", "oat"),
)
LINES: Final = st.builds(
    lambda gtin, name, amount, epc: SaleLine(gtin, name, 1, amount, amount, "standard", (epc,)),
    GTINS, NAMES, AMOUNTS, EPCS,
)  # fmt: skip


def jws_of(lines: tuple[SaleLine, ...]) -> str:
    moves = tuple(Move(line.gtin, DEV, "sold", line.units) for line in lines)
    return entry_of(sale(lines=lines, moves=moves)).jws()


def test_a_receipt_that_was_printed_is_read_for_ever() -> None:
    assert parse(PRINTED) == (entry_of(sale()).jws(), certificate())


@given(lines=st.lists(LINES, min_size=3, max_size=3))
def test_any_sale_of_three_tagged_items_fits_and_comes_back_to_the_byte(lines: list[SaleLine]) -> None:
    entry = jws_of(tuple(lines))
    fragment = fragment_of(entry, certificate())
    assert len(fragment) <= FRAGMENT_CHARS_MAX
    assert parse(fragment) == (entry, certificate())


@given(lines=st.lists(LINES, max_size=20))
def test_a_receipt_comes_back_to_the_byte_or_is_said_to_be_too_long(lines: list[SaleLine]) -> None:
    entry = jws_of(tuple(lines))
    try:
        fragment = fragment_of(entry, certificate())
    except FragmentTooLongError:
        assert len(lines) > 3
    else:
        assert parse(fragment) == (entry, certificate())


@pytest.mark.parametrize(("items", "epcs"), [(12, True), (18, False)])
def test_a_long_receipt_of_different_goods_still_fits(items: int, epcs: bool) -> None:
    lines = tuple(
        SaleLine(
            f"0{(n + 7) * 761_838_257_287 % 10**13:013d}",
            f"{WORDS[n % 13].title()} {WORDS[n * 5 % 13]} {WORDS[n * 7 % 12]} {'SML'[n % 3]}",
            1,
            1000 + 371 * n,
            1000 + 371 * n,
            ("standard", "reduced")[n % 2],
            sale(n + 1, items=1).lines[0].epcs if epcs else (),
        )
        for n in range(items)
    )
    assert len(fragment_of(jws_of(lines), certificate())) <= FRAGMENT_CHARS_MAX


def test_nine_tagged_items_with_a_discount_each_and_a_card_still_fit() -> None:
    lines = tuple(
        SaleLine(
            f"0{(n + 7) * 761_838_257_287 % 10**13:013d}",
            f"{WORDS[n % 13].title()} {WORDS[n * 5 % 13]} {WORDS[n * 7 % 12]} {'SML'[n % 3]}",
            *(1, 1000 + 371 * n, 900 + 371 * n, ("standard", "reduced")[n % 2]),
            sale(n + 1, items=1).lines[0].epcs,
            (SaleDiscount("happy-hour", 100),),
        )
        for n in range(9)
    )
    moves = tuple(Move(line.gtin, DEV, "sold", 1) for line in lines)
    paid = (Paid("AwQFBgcICQoLDA0O", "zvt", 5130, "000123", card="Visa 4242"),)
    entry = entry_of(sale(lines=lines, moves=moves, tender="zvt", payments=paid)).jws()
    assert parse(fragment_of(entry, certificate())) == (entry, certificate())


def test_the_link_is_never_longer_than_its_code_holds() -> None:
    entry = entry_of(sale())
    fragment = fragment_of(entry.jws(), certificate())
    hub = f"https://hub.example/r/{DEV}/{entry.seq}/{b64(entry.hash)}"
    for spare, wanted in ((0, "page"), (1, "hub")):
        page = "p" * (FRAGMENT_CHARS_MAX - len(fragment) - 1 + spare)
        link = link_of(entry.jws(), certificate(), page, "https://hub.example")
        assert link == (f"{page}#{fragment}" if wanted == "page" else hub)
    assert link_of(entry.jws(), "", "page", "https://hub.example") == hub
    with pytest.raises(FragmentTooLongError):
        link_of(entry.jws(), certificate(), "p" * FRAGMENT_CHARS_MAX, "")


def test_a_receipt_that_is_too_long_says_what_to_do() -> None:
    lines = tuple(sale(n, items=1).lines[0] for n in range(1, 60))
    with pytest.raises(
        FragmentTooLongError, match=r"at most 1500 characters, got \d+: link to .* by its hash"
    ):
        fragment_of(jws_of(lines), certificate())


def test_a_fragment_needs_no_escaping_in_a_url() -> None:
    assert set(PRINTED) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_the_plain_form_is_the_two_jws_themselves() -> None:
    entry = entry_of(sale()).jws()
    assert parse(f"{entry}~{certificate()}") == (entry, certificate())


def squeezed(data: bytes) -> str:
    press = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    return b64(press.compress(data) + press.flush())


def with_part(place: int, text: str) -> str:
    parts = PRINTED.split(".")
    parts[place] = text
    return ".".join(parts)


BODY: Final = entry_of(sale()).body
BAD_FRAGMENTS: Final = {
    "nothing": "",
    "words": "opos",
    "another form": with_part(0, "2"),
    "one part too few": PRINTED.rpartition(".")[0],
    "one part too many": f"{PRINTED}.AA",
    "cut off in the middle": PRINTED[:400],
    "not base64url": with_part(3, "+/+/"),
    "not deflate": with_part(3, b64(b"\xff" * 40)),
    "half of a stream": with_part(3, PRINTED.split(".")[3][:200]),
    "more than a stream": with_part(3, f"{PRINTED.split('.')[3][:-2]}AAAA"),
    "a bomb": with_part(3, squeezed(bytes(500_000))),
    "no line feed": with_part(3, squeezed(BODY)),
    "no body": with_part(3, squeezed(b"{}\n{}")),
    "a body past its limit": with_part(3, squeezed(b" " * (BODY_BYTES_MAX + 1) + b"\n{}")),
    "a certificate past its limit": with_part(3, squeezed(BODY + b"\n" + b" " * (CERTIFICATE_BYTES_MAX + 1))),
    "a kid of nine letters": with_part(1, "123456789"),
    "a header that was smuggled in": with_part(1, 'x","a":"'),
    "a hash that is none": with_part(2, "A"),
    "another root": with_part(5, "???"),
    "longer than a code": with_part(3, "A" * FRAGMENT_CHARS_MAX),
    "no ASCII": with_part(4, "ä"),
    "half of the plain form": f"{entry_of(sale()).jws()}~",
    "two entries": f"{entry_of(sale()).jws()}~{entry_of(sale()).jws()}",
    "three words in plain": f"{entry_of(sale()).jws()}~{certificate()}~",
    "too long in plain": f"{'A' * PLAIN_CHARS_MAX}~",
}


@pytest.mark.parametrize("text", BAD_FRAGMENTS.values(), ids=BAD_FRAGMENTS)
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(BadFragmentError, match="expected"):
        parse(text)


@given(text=st.one_of(st.text(), st.text("ABCabc-_.~1")))
def test_any_text_is_a_receipt_or_is_refused(text: str) -> None:
    with pytest.raises(BadFragmentError):
        parse(text)


@given(data=st.data())
def test_a_letter_that_was_changed_never_passes_for_the_same_receipt(data: Any) -> None:
    place = data.draw(st.integers(0, len(PRINTED) - 1))
    letter = data.draw(st.sampled_from("Ax_-.~9"))
    changed = PRINTED[:place] + letter + PRINTED[place + 1 :]
    try:
        same = parse(changed) == parse(PRINTED)
    except BadFragmentError:
        return
    assert same == (changed == PRINTED) or changed.split(".")[3] != PRINTED.split(".")[3]


def _signed(body: bytes) -> str:
    return sign_entry(OBJECT, 1, bytes(32), body).jws()


NO_PAIRS: Final = {
    "no entry": ("e30.e30.AA", certificate()),
    "no JWS": ("opos", certificate()),
    "a body of two lines": (_signed(BODY.replace(b'{"dev"', b'{\n"dev"')), certificate()),
    "a certificate as entry": (certificate(), certificate()),
    "no certificate": (entry_of(sale()).jws(), ""),
    "an entry as certificate": (entry_of(sale()).jws(), entry_of(sale()).jws()),
    "a receipt of the hub": (entry_of(sale()).jws(), seal(ROOT, "opos-receipt", {})),
    "a long certificate": (entry_of(sale()).jws(), seal(ROOT, CERTIFICATE_TYPE, " " * 3000)),
}


@pytest.mark.parametrize("pair", NO_PAIRS.values(), ids=NO_PAIRS)
def test_only_an_entry_and_a_certificate_make_a_fragment(pair: tuple[str, str]) -> None:
    with pytest.raises(BadFragmentError, match="expected"):
        fragment_of(*pair)


def test_what_was_signed_is_rebuilt_and_not_written_anew() -> None:
    """A body with spaces is not our encoder's, and is carried as it is: the signature is over its bytes."""
    spaced = BODY.replace(b'"seq":', b'"seq": ')
    entry, _ = parse(fragment_of(_signed(spaced), certificate()))
    assert entry.rpartition(".")[0].encode() == signing_input(OBJECT.public.kid, bytes(32), spaced)
