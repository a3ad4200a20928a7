"""A bound price book answers as the document that it was made of, and a wrong document binds nothing."""

import io
import itertools
import json
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_sync.contract.encoding import encode
from edge.bindery import stream
from edge.bindery.binding import bind, opened, rebind
from edge.bindery.pages import PRODUCTS_KEPT, BoundBook
from edge.bindery.stream import Members
from retail.identity.gtin import completed
from retail.identity.standing import Recall
from retail.pricing.basket import Basket, BasketLine, Moment
from retail.pricing.book import VARIANTS_MAX, Names, PriceBook, Prices, Product
from retail.pricing.changes import PriceChanges, changed, changes_between
from retail.pricing.rules import price_basket

GTINS = [completed(952000100000 + number) for number in range(40)]
BASE = "ba5e" * 16


def product(gtin: str, price_minor: int = 199, **more: Any) -> Product:
    words = {"en": Names(f"Goods {gtin}"), "de": Names('Ware, "fein" }{', ("süß \\ 'ü' 漢字",))}
    return Product(gtin, words, price_minor, "standard", 0, 0, **more)


def book(*products: Product, **more: Any) -> PriceBook:
    return PriceBook("corner", "en", "EUR", {"standard": 1900, "reduced": 700}, products, **more)


THREE = book(*map(product, GTINS[:3]))


def bound(tmp_path: Path, source: PriceBook) -> BoundBook:
    (tmp_path / "book.json").write_bytes(encode(source))
    (tmp_path / "book.db").unlink(missing_ok=True)
    bind(tmp_path / "book.json", tmp_path / "book.db")
    return opened(tmp_path / "book.db")


def rebound(tmp_path: Path, changes: PriceChanges, sha256: str = BASE) -> BoundBook:
    (tmp_path / "changes.json").write_bytes(encode(changes))
    rebind(tmp_path / "book.db", tmp_path / "changes.json", sha256, tmp_path / "later.db")
    return opened(tmp_path / "later.db")


def said_by(prices: Prices) -> dict[str, Any]:
    """All that a sale can learn from a price book."""
    names = ("site", "language", "currency", "taxes", "tax_exclusive", "tax_rounding", "cash_step_minor")
    more = ("circulations", "region", "recalled", "spoken")
    return {name: getattr(prices, name) for name in names + more} | {"products": dict(prices.by_gtin)}


def test_a_bound_book_says_what_its_document_says(tmp_path: Path) -> None:
    rich = book(
        product(GTINS[1], min_age=18, allergens=("AM",), images=("ab" * 32,), categories=("wine",)),
        product(GTINS[0], attributes={"colour": "ink"}, member_prices={"*": 99}, tagged=False),
        tax_exclusive=True,
        tax_rounding="line",
        cash_step_minor=5,
        recalls=(Recall(GTINS[0], lot="7"),),
        circulations=("geo",),
        region="de",
    )
    assert said_by(bound(tmp_path, rich)) == said_by(rich)


def test_a_bound_book_knows_what_belongs_together_and_what_changed_in_that(tmp_path: Path) -> None:
    shirts = [product(gtin, model="shirt") for gtin in GTINS[:3]]
    first = book(*reversed(shirts), product(GTINS[3], model="hat"), product(GTINS[4]))
    later = book(
        shirts[0], product(GTINS[1], model="hat"), product(GTINS[3]), product(GTINS[5], model="shirt")
    )
    found = bound(tmp_path, first)
    assert found.of_model("shirt") == first.of_model("shirt") == tuple(shirts)
    assert found.of_model("") == first.of_model("") == ()
    again = rebound(tmp_path, changes_between(first, BASE, later))
    for model in ("shirt", "hat", "sock"):
        assert again.of_model(model) == later.of_model(model)


def test_of_more_sizes_than_anybody_chooses_from_the_first_ones_are_known(tmp_path: Path) -> None:
    many = [completed(952000200000 + number) for number in range(VARIANTS_MAX + 5)]
    shoes = book(*(product(gtin, model="shoe") for gtin in many))
    sizes = bound(tmp_path, shoes).of_model("shoe")
    assert [each.gtin for each in sizes] == sorted(many)[:VARIANTS_MAX]
    assert sizes == shoes.of_model("shoe")


def test_a_basket_costs_the_same_by_a_bound_book(tmp_path: Path) -> None:
    basket = Basket((BasketLine(GTINS[0], 2), BasketLine(GTINS[2])))
    prices = [price_basket(basket, each, None, None, Moment(0)) for each in (THREE, bound(tmp_path, THREE))]
    assert prices[0] == prices[1]


@pytest.mark.parametrize(
    "asked", ["", GTINS[5], GTINS[0][1:], f" {GTINS[0][1:]}", "\u0660" * 14, "9" * 20, "-0000000000001"]
)
def test_what_the_shop_does_not_sell_is_on_no_page(tmp_path: Path, asked: str) -> None:
    pages = bound(tmp_path, THREE).by_gtin
    assert asked not in pages
    assert pages.get(asked) is None
    with pytest.raises(KeyError):
        pages[asked]


def test_all_pages_are_there_in_order_however_many_are_kept_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.bindery.pages._NUMBERS_AT_ONCE", 7)
    many = [completed(952000200000 + number) for number in range(PRODUCTS_KEPT + 20)]
    pages = bound(tmp_path, book(*map(product, reversed(many)))).by_gtin
    assert list(pages) == sorted(many)
    assert len(pages) == len(many)
    assert all(pages[gtin].gtin == gtin for gtin in (*many, *many))


def test_an_old_book_is_read_on_after_its_file_is_gone(tmp_path: Path) -> None:
    pages = bound(tmp_path, THREE).by_gtin
    (tmp_path / "book.db").unlink()
    assert pages[GTINS[2]] == THREE.products[2]


def test_threads_may_look_things_up_at_the_same_time(tmp_path: Path) -> None:
    pages = bound(tmp_path, book(*map(product, GTINS))).by_gtin
    wrong: list[object] = []

    def look() -> None:
        for _ in range(30):
            wrong.extend(gtin for gtin in pages if pages[gtin].gtin != gtin)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def text_of(source: PriceBook, **changes: Any) -> str:
    return json.dumps(json.loads(encode(source)) | changes)


WRONG = {
    "nothing": ("", "the end"),
    "no object": ("[]", "expected {"),
    "no end": (encode(THREE).decode()[:-1], "the end"),
    "cut in a product": (encode(THREE).decode()[:200], "Expecting|Unterminated|Invalid"),
    "something after it": (encode(THREE).decode() + "{}", "after the object"),
    "another shape": ('{"site": 1}', "Expected `str`"),
    "a product twice": (encode(book(product(GTINS[0]), product(GTINS[0]))).decode(), "expected it once"),
    "a member twice": (encode(THREE).decode()[:-1] + ',"site":"corner"}', "once"),
    "a price of nothing": (encode(book(product(GTINS[0], 0))).decode(), "expected a price of 1"),
    "a price of a fraction": (text_of(THREE).replace("199", "199.5"), "Expected `int`"),
    "a number that is none": (encode(THREE).decode().replace(GTINS[0], "123"), "14 digits"),
    "a tax of another book": (text_of(THREE, taxes={"reduced": 700}), "expected a tax code"),
    "no products": (text_of(THREE, products=[]), "products: expected 1"),
    "products that are none": (text_of(THREE, products=7), "Expected `array`|malformed|Expected `object`"),
    "no UTF-8": ("\udcff", "can't decode"),
}


@pytest.mark.parametrize(("text", "why"), WRONG.values(), ids=WRONG)
def test_a_book_that_is_wrong_is_not_bound(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "book.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match=why):
        bind(tmp_path / "book.json", tmp_path / "book.db")


def test_a_file_that_is_no_bound_book_is_not_opened(tmp_path: Path) -> None:
    for data in (b"", b"SQLite format 3\x00" + b"\xff" * 5000):
        (tmp_path / "book.db").write_bytes(data)
        with pytest.raises(ValueError, match="bound price book"):
            opened(tmp_path / "book.db")


def test_a_disk_that_is_full_or_gone_is_said_as_such(tmp_path: Path) -> None:
    (tmp_path / "book.json").write_bytes(encode(THREE))
    with pytest.raises(OSError, match="nowhere"):
        bind(tmp_path / "book.json", tmp_path / "nowhere" / "book.db")


@st.composite
def books(draw: st.DrawFn) -> PriceBook:
    sold = draw(st.lists(st.sampled_from(GTINS), min_size=1, max_size=12, unique=True))
    prices = st.integers(1, 5)
    languages = st.sampled_from([{"en"}, {"en", "de"}])
    made = [product(gtin, draw(prices)) for gtin in sold]
    return book(
        *(
            msgspec.structs.replace(each, words={k: v for k, v in each.words.items() if k in draw(languages)})
            for each in made
        ),
        recalls=draw(st.sampled_from([msgspec.UNSET, (Recall(GTINS[0]),)])),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=books(), now=books())
def test_a_book_with_its_changes_is_the_book_of_today(
    tmp_path: Path, before: PriceBook, now: PriceBook
) -> None:
    changes = changes_between(before, BASE, now)
    bound(tmp_path, before)
    assert said_by(rebound(tmp_path, changes)) == said_by(now)
    assert said_by(changed(before, changes)) == said_by(now)


def test_changes_of_another_book_change_nothing(tmp_path: Path) -> None:
    bound(tmp_path, THREE)
    with pytest.raises(ValueError, match="expected changes of the book feed"):
        rebound(tmp_path, changes_between(THREE, BASE, THREE), "feed" * 16)
    assert not (tmp_path / "later.db").exists()


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (book(product(GTINS[9], -1)), "expected a price"),
        (book(), "products: expected 1"),
    ],
    ids=["a wrong product", "nothing is left"],
)
def test_changes_that_make_a_book_nobody_can_sell_by_are_refused(
    tmp_path: Path, now: PriceBook, why: str
) -> None:
    bound(tmp_path, THREE)
    with pytest.raises(ValueError, match=why):
        rebound(tmp_path, changes_between(THREE, BASE, now))


def test_a_tax_that_is_gone_is_missed_in_what_has_not_changed(tmp_path: Path) -> None:
    bound(tmp_path, THREE)
    changes = changes_between(THREE, BASE, msgspec.structs.replace(THREE, taxes={"reduced": 700}))
    assert changes.products == ()
    with pytest.raises(ValueError, match="expected a tax code"):
        rebound(tmp_path, changes)


DOCUMENT = '{ "a" : 12, "long": "}],\\"{" ,\n "items":[ {"x": [1, {"y": "]"}]}, 5 , "ü漢"], "b":-7.5e3 }'


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64])
def test_members_are_the_same_wherever_a_block_ends(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(stream, "BLOCK_BYTES", block)
    found = [(name, json.loads(text)) for name, text in Members(io.BytesIO(DOCUMENT.encode()), "items")]
    whole = json.loads(DOCUMENT)
    items = [("items", each) for each in whole["items"]]
    assert found == [("a", 12), ("long", whole["long"]), *items, ("b", -7500.0)]


def test_a_document_that_is_cut_anywhere_is_refused() -> None:
    data = DOCUMENT.encode()
    for end in range(len(data)):
        with pytest.raises(ValueError):  # noqa: PT011 - each place has a sentence of its own
            list(Members(io.BytesIO(data[:end]), "items"))


def test_a_value_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "VALUE_CHARACTERS_MAX", 1_000)
    endless = itertools.chain(b'{"a":"', itertools.repeat(ord("x")))

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return bytes(itertools.islice(endless, size))

    with pytest.raises(ValueError, match="at most 1000 characters"):
        list(Members(Endless(), "items"))  # type: ignore[arg-type]
