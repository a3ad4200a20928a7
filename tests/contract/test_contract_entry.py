"""Entries: any JOSE library reads them, nothing in them can be changed, and no money or goods are made."""

import json
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.registry import HeaderParameter

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import (
    BODY_BYTES_MAX,
    SignedEntry,
    check_body,
    check_entry,
    decode_body,
    encode_body,
    first_prev,
)
from cloud_sync.contract.facts import Posting, SaleLine, UnbalancedError, kind_of
from cloud_sync.contract.signing import BadSignatureError, Verifier
from retail.custody import Move
from retail.pricing.book import Version
from retail.units import INTEGER_MAX
from tests.contract import stranger
from tests.contract.paper_chain import EPOCH, body_of, chain, facts, jose_key, key, sale

GOLDEN: Final = Path(__file__).parent / "vectors" / "entries.json"


class GoldenEntry(msgspec.Struct):
    """An entry as it was written when the format was fixed."""

    jws: str
    hash: str
    kind: str


def golden() -> list[GoldenEntry]:
    return msgspec.json.decode(GOLDEN.read_bytes(), type=list[GoldenEntry])


def test_the_format_is_what_it_was_when_the_first_ledger_was_written() -> None:
    assert [entry.jws() for entry in chain()] == [entry.jws for entry in golden()]
    assert [entry.hash.hex() for entry in chain()] == [entry.hash for entry in golden()]
    assert [kind_of(decode_body(entry.body).fact) for entry in chain()] == [one.kind for one in golden()]


def test_a_strict_jose_library_verifies_an_entry_once_it_is_told_of_prev() -> None:
    public = jose_key()
    registry = jws.JWSRegistry(
        header_registry={"prev": HeaderParameter("hash of the entry before", "str", required=True)},
        algorithms=["ES256"],
    )
    for entry in golden():
        opened = jws.deserialize_compact(entry.jws, public, registry=registry)
        assert list(opened.protected) == ["alg", "kid", "prev"]
        assert json.loads(opened.payload)["dev"] == "mirror-4"
    with pytest.raises(JoseError, match="prev"):
        jws.deserialize_compact(golden()[0].jws, public)


def test_a_body_comes_back_as_it_went() -> None:
    for seq, fact in enumerate(facts(), 1):
        body = body_of(fact, seq)
        assert decode_body(encode_body(body)) == body


@given(st.text(max_size=200), st.integers(-INTEGER_MAX, INTEGER_MAX))
def test_whatever_a_product_is_called_a_stranger_writes_the_same_bytes(name: str, total_minor: int) -> None:
    line = SaleLine("09520001100307", name, 1, total_minor, total_minor, "standard")
    body = encode_body(body_of(sale(lines=(line,)), 3))
    assert stranger.canonical(body)["fact"]["lines"][0]["name"] == name
    assert check_body(body).fact == sale(lines=(line,))


# What a struct takes when it is made, and a body does not.
UNREADABLE = {
    "a float": {"total_minor": 3450.5},
    "a whole float": {"total_minor": 3450.0},
    "an amount past 2^53 - 1": {"total_minor": INTEGER_MAX + 1},
    "a version past 2^53 - 1": {"prices": Version(1, INTEGER_MAX + 1)},
    "a version before -(2^53 - 1)": {"prices": Version(-INTEGER_MAX - 1, 1)},
    "units past 2^53 - 1": {"moves": (Move("09520001100307", "floor", "sold", INTEGER_MAX + 1),)},
    "nothing where a text belongs": {"number": None},
    "half of a pair of code units": {"number": "\ud800"},
}


@pytest.mark.parametrize("changes", UNREADABLE.values(), ids=UNREADABLE)
def test_what_nobody_could_read_again_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Expected|expected|more than|surrogates not allowed"):
        encode_body(body_of(sale(**changes), 3))


def test_the_largest_numbers_are_written_and_read_again() -> None:
    largest = sale(total_minor=INTEGER_MAX, prices=Version(-INTEGER_MAX, INTEGER_MAX))
    assert check_body(encode_body(body_of(largest, 3, wall_ms=INTEGER_MAX))).fact == largest


def test_the_first_entry_is_chained_to_its_epoch_and_each_other_to_the_one_before() -> None:
    entries = chain()
    assert [entry.prev for entry in entries] == [first_prev(EPOCH), entries[0].hash, entries[1].hash]


def _changed(entry: SignedEntry) -> dict[str, SignedEntry]:
    body = entry.body.replace(b"3450", b"0450")
    return {
        "its price": msgspec.structs.replace(entry, body=body),
        "its place in the chain": msgspec.structs.replace(entry, prev=bytes(32)),
        "its key": msgspec.structs.replace(entry, kid="AAAAAAAA"),
        "its hash": msgspec.structs.replace(entry, hash=bytes(32)),
        "its signature": msgspec.structs.replace(entry, sig=entry.sig[:-1] + bytes([entry.sig[-1] ^ 1])),
        "half of its signature": msgspec.structs.replace(entry, sig=entry.sig[:32]),
    }


@pytest.mark.parametrize("what", list(_changed(chain()[-1])))
def test_an_entry_that_was_touched_is_seen(what: str) -> None:
    verifier = Verifier(key().public)
    check_entry(chain()[-1], verifier)
    with pytest.raises((BadSignatureError, ValueError), match=r"hash|signature|key"):
        check_entry(_changed(chain()[-1])[what], verifier)


def test_the_bytes_of_a_body_are_utf_8_json_with_fields_in_the_order_of_the_type_and_no_float() -> None:
    text = chain()[-1].body.decode()
    assert list(json.loads(text)) == [
        *("dev", "epoch", "seq", "idem", "boot", "mono_us", "wall_ms", "clock", "fact"),
    ]
    assert "Schal, grün" in text
    json.loads(text, parse_float=lambda number: pytest.fail(f"{number} is a float"))


UNBALANCED = {
    "money from nowhere": sale(postings=(Posting("revenue", -3450, "EUR"),)),
    "a cent too many": sale(
        postings=(Posting("receivable/a", 3451, "EUR"), Posting("revenue", -3450, "EUR"))
    ),
    "two currencies": sale(postings=(Posting("receivable/a", 3450, "EUR"), Posting("revenue", -3450, "USD"))),
    "a move of nothing": sale(moves=(Move("09520001100307", "floor", "sold", 0),)),
    "a move backwards": sale(moves=(Move("09520001100307", "floor", "sold", -1),)),
    "a move to itself": sale(moves=(Move("09520001100307", "floor", "floor", 1),)),
}


@pytest.mark.parametrize("fact", UNBALANCED.values(), ids=UNBALANCED)
def test_a_sale_that_makes_or_loses_anything_cannot_be_written(fact: object) -> None:
    with pytest.raises(UnbalancedError):
        encode_body(body_of(fact, 3))  # type: ignore[arg-type]


def test_a_basket_of_250_lines_fits_and_a_thousand_do_not() -> None:
    def lines(count: int) -> tuple[SaleLine, ...]:
        return tuple(SaleLine("09520001100307", "Scarf", 1, 1, 1, "standard") for _ in range(count))

    assert len(encode_body(body_of(sale(lines=lines(250)), 3))) <= BODY_BYTES_MAX
    with pytest.raises(ValueError, match="split the sale"):
        encode_body(body_of(sale(lines=lines(1_000)), 3))


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"\xff", b'{"dev":"x"}'])
def test_bytes_of_another_kind_are_no_body(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_body(body)


def test_the_header_of_an_entry_is_exactly_what_the_design_says() -> None:
    entry = chain()[1]
    header = f'{{"alg":"ES256","kid":"{key().public.kid}","prev":"{b64(entry.prev)}"}}'
    assert entry.jws().split(".")[0] == b64(header.encode())
