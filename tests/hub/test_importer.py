"""A shop's own files become signed documents and stock, once; what is wrong in them is said with place."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cloud_sync.contract.documents import DELIVERIES, MANIFEST_TYPE, PRICES, Deliveries, Manifest
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from cloud_sync.hub.documents.importer import Imported, import_shop
from cloud_sync.hub.documents.sheet import ImportRefusedError
from cloud_sync.hub.documents.shop import read_shop
from retail.pricing.book import PriceBook, Version
from tests.hub.hub_world import COFFEE, HubWorld, PaperJournal, sums

DOCUMENTS_KEY = SoftwareKey.generate()

SHOP_TOML = """
tenant = "demo"
site = "corner"
name = "The shop at the corner"
language = "en"
currency = "EUR"
[taxes]
standard = 1900
reduced = 700
[[objects]]
id = "mirror-4"
kind = "mirror"
name = "Fitting room 4"
sells_from = "floor"
tender = "house-account"
[[objects]]
id = "shelf-b12"
kind = "shelf"
name = "Shelf B12"
sells_from = "shelf-b12"
"""
PRODUCTS_CSV = """gtin,price_minor,tax,pack_mg,pack_tolerance_mg,net_mg,name_en,details_en,name_de,details_de
09520001100307,3450,standard,152000,4000,,Lambswool Scarf,Oatmeal | 180 x 30 cm,Schal,Hafer
09520001200106,1150,reduced,262000,5000,250000,Ethiopia Yirgacheffe,"Whole bean | Light, floral",,
"""
DELIVERIES_CSV = """transfer,holder,gtin,epcs
t-1,floor,09520001100307,3036450E0409CB80000003E9 3036450E0409CB80000003EA
t-2,shelf-b12,09520001200106,3036450E04138A80000003E9 3036450e04138a80000003ea 3036450E04138A80000003EB
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    directory = tmp_path / "shop"
    directory.mkdir()
    (directory / "shop.toml").write_text(SHOP_TOML, encoding="utf-8")
    (directory / "products.csv").write_text(PRODUCTS_CSV, encoding="utf-8")
    (directory / "deliveries.csv").write_text(DELIVERIES_CSV, encoding="utf-8")
    return directory


def take_in(hub: HubWorld, shop: Path) -> Imported:
    return import_shop(hub.store, read_shop(shop), DOCUMENTS_KEY, hub.clock())


def change(path: Path, old: str, new: str) -> None:
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")


def manifest(hub: HubWorld, name: str) -> Manifest:
    """The newest manifest of a document, its signature checked."""
    jws = [row for row in hub.rows("document") if row[3] == name][-1][7]
    keys = {DOCUMENTS_KEY.public.kid: Verifier(DOCUMENTS_KEY.public)}
    return unseal(jws, MANIFEST_TYPE, keys, Manifest)


def document(hub: HubWorld, name: str) -> bytes:
    """The bytes of a document, put together from its chunks by hash."""
    told = manifest(hub, name)
    chunks = dict(hub.rows("chunk"))
    data = b"".join(chunks[sha256] for sha256 in told.chunks)
    assert hashlib.sha256(data).hexdigest() == told.sha256
    assert len(data) == told.size
    return data


def test_a_shop_becomes_a_signed_price_book_in_every_language_it_has(hub: HubWorld, shop: Path) -> None:
    take_in(hub, shop)

    book = msgspec.json.decode(document(hub, PRICES), type=PriceBook)
    assert (book.site, book.language, book.currency) == ("corner", "en", "EUR")
    assert book.taxes == {"standard": 1900, "reduced": 700}
    scarf, coffee = book.products
    assert (scarf.price_minor, scarf.tax, scarf.net_mg) == (3450, "standard", None)
    assert scarf.words["de"].name == "Schal"
    assert coffee.words["en"].details == ("Whole bean", "Light, floral")
    assert set(coffee.words) == {"en"}
    assert (coffee.pack_mg, coffee.pack_tolerance_mg, coffee.net_mg) == (262000, 5000, 250000)
    assert manifest(hub, PRICES).version == Version(1, 1)


def test_a_product_has_tags_and_is_sold_by_the_piece_unless_its_columns_say_otherwise(shop: Path) -> None:
    scarf, coffee = read_shop(shop).book.products
    assert (scarf.tagged, scarf.weighed) == (coffee.tagged, coffee.weighed) == (UNSET, UNSET)
    heads = "gtin,price_minor,tax,pack_mg,pack_tolerance_mg,net_mg,name_en,tagged,weighed"
    rows = (
        "09520001100307,199,reduced,150000,4000,,Apple,no,",
        "09520001200106,990,reduced,0,0,1000000,Cheese,,yes",
    )
    (shop / "products.csv").write_text("\n".join((heads, *rows)), encoding="utf-8")
    apple, cheese = read_shop(shop).book.products
    assert (apple.tagged, apple.weighed) == (False, UNSET)
    assert (cheese.tagged, cheese.weighed) == (UNSET, True)


def test_deliveries_tell_objects_their_items_and_leave_the_supplier(hub: HubWorld, shop: Path) -> None:
    take_in(hub, shop)

    told = msgspec.json.decode(document(hub, DELIVERIES), type=Deliveries).deliveries
    assert [(each.transfer, each.holder, each.units) for each in told] == [
        ("t-1", "floor", 2),
        ("t-2", "shelf-b12", 3),
    ]
    assert told[1].epcs[1] == "3036450E04138A80000003EA"
    assert hub.stock() == {
        ("supplier", "09520001100307"): -2,
        ("floor", "09520001100307"): 2,
        ("supplier", COFFEE): -3,
        ("transit", COFFEE): 3,
    }
    assert set(sums(hub.stock()).values()) == {0}


def test_the_same_files_again_change_nothing(hub: HubWorld, shop: Path) -> None:
    first = take_in(hub, shop)
    names = ("site", "listing", "product", "delivery", "stock", "document", "chunk")
    before = {name: hub.rows(name) for name in names}

    second = take_in(hub, shop)

    assert {name: hub.rows(name) for name in names} == before
    assert first.new_transfers == ("t-1", "t-2")
    assert [each.changed for each in first.documents] == [True, True]
    assert second.new_transfers == ()
    assert [each.changed for each in second.documents] == [False, False]


def test_a_new_price_is_a_new_version_of_prices_alone(hub: HubWorld, shop: Path) -> None:
    take_in(hub, shop)
    change(shop / "products.csv", ",3450,", ",2990,")

    imported = take_in(hub, shop)

    assert [(each.name, each.version, each.changed) for each in imported.documents] == [
        (PRICES, Version(1, 2), True),
        (DELIVERIES, Version(1, 1), False),
    ]
    book = msgspec.json.decode(document(hub, PRICES), type=PriceBook)
    assert book.products[0].price_minor == 2990


def test_a_delivery_that_is_taken_out_of_the_file_is_not_forgotten(hub: HubWorld, shop: Path) -> None:
    take_in(hub, shop)
    (shop / "deliveries.csv").write_text("transfer,holder,gtin,epcs,units\nt-3,floor,09520001100307,,7\n")

    assert take_in(hub, shop).new_transfers == ("t-3",)

    told = msgspec.json.decode(document(hub, DELIVERIES), type=Deliveries).deliveries
    assert [each.transfer for each in told] == ["t-1", "t-2", "t-3"]
    assert hub.stock()["floor", "09520001100307"] == 9


def test_a_transfer_that_says_something_else_now_is_refused(hub: HubWorld, shop: Path) -> None:
    take_in(hub, shop)
    change(shop / "deliveries.csv", " 3036450E0409CB80000003EA", "")
    change(shop / "products.csv", ",3450,", ",2990,")
    before = {name: hub.rows(name) for name in ("delivery", "document", "stock")}

    with pytest.raises(ImportRefusedError) as refused:
        take_in(hub, shop)

    assert str(refused.value) == (
        "deliveries.csv, line 2, column transfer: t-1 was imported before with something else (2 of"
        " 09520001100307 for floor): a delivery is never changed, give what is new a transfer of its own"
    )
    assert {name: hub.rows(name) for name in ("delivery", "document", "stock")} == before


def test_an_import_waits_for_no_object_and_an_object_receives_what_was_sent(
    hub: HubWorld, shop: Path, shelf: PaperJournal
) -> None:
    take_in(hub, shop)
    shelf.receive("t-2", COFFEE, 3)
    hub.send(shelf, 1)
    hub.project()

    assert hub.stock()["shelf-b12", COFFEE] == 3
    assert ("transit", COFFEE) not in hub.stock()


# What a person may have written: file, old text, new text, and what the refusal says of it.
MISTAKES = [
    (
        "products.csv",
        ",3450,",
        ',"34,50",',
        "products.csv, line 2, column price_minor: expected the price in",
    ),
    ("products.csv", ",3450,", ",0,", "products.csv, line 2: expected a price of 1 to"),
    ("products.csv", ",3450,", ",,", "column price_minor: expected the price in minor units, such as 7990"),
    ("products.csv", ",3450,", ",-3450,", "products.csv, line 2, column price_minor"),
    ("products.csv", "307,3450,standard", "307,3450,luxury", "products.csv, line 2: expected a tax code"),
    (
        "products.csv",
        "09520001100307",
        "09520001100308",
        "line 2, column gtin: expected check digit 7, got 8",
    ),
    ("products.csv", "09520001200106", "9520001100307", "line 3, column gtin: expected each product once"),
    ("products.csv", "Lambswool Scarf", "", "products.csv, line 2: expected words in en"),
    ("products.csv", "Lambswool Scarf", "S" * 81, "name in en: expected 1 to 80 characters, got 81"),
    ("products.csv", ",152000,4000,,", ",152000,4000,", "products.csv, line 2: expected 10 cells"),
    ("products.csv", "price_minor,", "", "products.csv, line 1, column price_minor: expected this column"),
    ("products.csv", "name_en", "name_fr", "products.csv, line 1, column name_en: expected this column"),
    ("products.csv", '"Whole', '"Whole"x', "products.csv, line 3: expected CSV"),
    (
        "products.csv",
        "details_de\n",
        "tagged\n",
        "line 2, column tagged: expected yes, no, or nothing, got 'Hafer'",
    ),
    ("deliveries.csv", ",floor,", ",cellar,", "line 2, column holder: expected what an object sells from"),
    (
        "deliveries.csv",
        "t-2",
        "t-1",
        "line 3, column transfer: expected each transfer once, got one of line 2",
    ),
    ("deliveries.csv", "t-2", "t/2", "deliveries.csv, line 3, column transfer: expected letters"),
    ("deliveries.csv", "09520001200106", "09520001200205", "column gtin: expected a product of products.csv"),
    (
        "deliveries.csv",
        "3036450E0409CB80000003EA",
        "3036450E04138A80000003E8",
        "column epcs: expected items of",
    ),
    ("deliveries.csv", "3036450E0409CB80000003EA", "3036450E0409CB", "line 2, column epcs: expected 24"),
    ("deliveries.csv", "3036450E04138A80000003EB", "3036450E04138A80000003EBZ", "line 3, column epcs"),
    (
        "deliveries.csv",
        "3036450E0409CB80000003E9 3036450E0409CB80000003EA",
        "",
        "line 2, column units: expected how many units come",
    ),
    ("deliveries.csv", "transfer,holder,gtin,epcs", "transfer;holder;gtin;epcs", "line 1: expected commas"),
    ("shop.toml", 'site = "corner"', 'site = "cor/ner"', "shop.toml: site: expected letters"),
    ("shop.toml", 'tenant = "demo"', "", "shop.toml: Object missing required field `tenant`"),
    ("shop.toml", 'sells_from = "floor"', 'sells_from = "sold"', "'sold' is an edge of the shop's world"),
    ("shop.toml", 'id = "shelf-b12"', 'id = "mirror-4"', "objects: expected each id once"),
    ("shop.toml", 'currency = "EUR"', 'currency = "Euro"', "shop.toml: currency: expected the letters"),
    ("shop.toml", "standard = 1900", "standard = 19000", "shop.toml: tax 'standard': expected a rate"),
    ("shop.toml", "standard = 1900", "standard = 19 %", "shop.toml: "),
    ("shop.toml", 'language = "en"', 'langauge = "en"', "shop.toml: Object"),
]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_with_its_place_and_nothing_is_taken(
    hub: HubWorld, shop: Path, mistake: tuple[str, str, str, str]
) -> None:
    file, old, new, said = mistake
    change(shop / file, old, new)

    with pytest.raises(ImportRefusedError) as refused:
        take_in(hub, shop)

    assert said in str(refused.value)
    assert file in str(refused.value)
    assert hub.rows("document") == hub.rows("delivery") == hub.rows("site") == []


def test_all_mistakes_of_a_file_are_said_at_once(shop: Path) -> None:
    change(shop / "products.csv", ",3450,", ",x,")
    change(shop / "products.csv", ",1150,", ",y,")

    with pytest.raises(ImportRefusedError) as refused:
        read_shop(shop)

    assert [problem.line for problem in refused.value.problems] == [2, 3]


BROKEN: list[tuple[str, Callable[[Path], object], str]] = [
    ("products.csv", Path.unlink, "products.csv: cannot be read: No such file or directory"),
    ("shop.toml", Path.unlink, "shop.toml: cannot be read: No such file or directory"),
    (
        "products.csv",
        lambda path: path.write_bytes(b"gtin\n\xff\xfe"),
        "products.csv, line 2: expected UTF-8",
    ),
    (
        "products.csv",
        lambda path: path.write_bytes(b""),
        "products.csv, line 1, column gtin: expected this column",
    ),
    ("deliveries.csv", lambda path: path.write_bytes(b"a,b\n"), "column transfer: expected this column"),
    ("shop.toml", lambda path: path.write_bytes(b"\xff"), "shop.toml: 'utf-8' codec"),
]


@pytest.mark.parametrize(("file", "breaking", "said"), BROKEN)
def test_a_file_that_is_not_one_is_said_by_name(
    shop: Path, file: str, breaking: Callable[[Path], object], said: str
) -> None:
    breaking(shop / file)

    with pytest.raises(ImportRefusedError) as refused:
        read_shop(shop)

    assert said in str(refused.value)


def test_a_spreadsheets_mark_in_front_of_the_file_does_no_harm(hub: HubWorld, shop: Path) -> None:
    content = (shop / "products.csv").read_text(encoding="utf-8").replace("\n", "\r\n")
    (shop / "products.csv").write_bytes(b"\xef\xbb\xbf" + content.encode())

    assert len(take_in(hub, shop).documents) == 2


def test_a_document_that_was_issued_is_never_changed(hub: HubWorld, shop: Path) -> None:
    take_in(hub, shop)

    for statement in ("UPDATE document SET n = 2", "DELETE FROM chunk", "UPDATE delivery SET units = 1"):
        with pytest.raises(IntegrityError, match="never changed"), hub.store.writing() as connection:
            connection.execute(text(statement))


FACTS = """gtin,price_minor,tax,pack_mg,pack_tolerance_mg,net_mg,name_en,price_per_kg_minor,\
member_price_gold,categories,attributes,allergens,min_age,images,no_offers,model,goes_with
09520001100307,3450,standard,152000,4000,,Scarf,,2990,wool | winter,colour=ink | size=M,,,\
front.webp|back.webp,,scarf,9520001200106
09520001200106,,reduced,0,0,,Cheese,2490,,,,AM|UM,18,,yes,,
"""


def with_pictures(shop: Path) -> dict[str, bytes]:
    (shop / "pictures").mkdir()
    pictures = {"front.webp": b"front", "back.webp": b"back"}
    for name, data in pictures.items():
        (shop / "pictures" / name).write_bytes(data)
    (shop / "products.csv").write_text(FACTS, encoding="utf-8")
    return {hashlib.sha256(data).hexdigest(): data for data in pictures.values()}


def test_what_is_known_of_goods_is_in_the_book_and_their_pictures_are_chunks(
    hub: HubWorld, shop: Path
) -> None:
    pictures = with_pictures(shop)
    change(shop / "shop.toml", 'currency = "EUR"', 'currency = "EUR"\ncash_step_minor = 5\nregion = "de"')
    take_in(hub, shop)
    book = msgspec.json.decode(document(hub, PRICES), type=PriceBook)
    scarf, cheese = book.products
    assert (book.cash_step_minor, book.region, book.tax_exclusive) == (5, "de", UNSET)
    assert (scarf.categories, scarf.attributes) == (("wool", "winter"), {"colour": "ink", "size": "M"})
    assert (scarf.member_prices, scarf.min_age, scarf.no_offers) == ({"gold": 2990}, UNSET, UNSET)
    assert scarf.images == tuple(pictures)
    assert (scarf.model, scarf.goes_with) == ("scarf", ("09520001200106",))
    assert (cheese.model, cheese.goes_with) == (UNSET, UNSET)
    assert (cheese.price_minor, cheese.price_per_kg_minor) == (0, 2490)
    assert (cheese.allergens, cheese.min_age, cheese.no_offers) == (("AM", "UM"), 18, True)
    assert (cheese.images, cheese.categories, cheese.member_prices) == (UNSET, UNSET, UNSET)
    assert pictures.items() <= dict(hub.rows("chunk")).items()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("colour=ink", "colour", "expected a name, = and a value"),
        ("front.webp", "side.webp", "expected a file in pictures/"),
        ("front.webp", "../shop.toml", "expected a file in pictures/"),
        (",18,", ",young,", "expected years, such as 18"),
        (",18,", ",180,", "least age"),
        ("scarf,9520001200106", "scarf,9520001200107", "check digit"),
    ],
)
def test_facts_that_cannot_be_are_named_with_their_place(shop: Path, old: str, new: str, why: str) -> None:
    with_pictures(shop)
    change(shop / "products.csv", old, new)
    with pytest.raises(ImportRefusedError, match=why):
        read_shop(shop)


def test_a_picture_that_is_too_large_to_be_fetched_at_once_is_refused(shop: Path) -> None:
    with_pictures(shop)
    (shop / "pictures" / "back.webp").write_bytes(bytes(96 * 1024 + 1))
    with pytest.raises(ImportRefusedError, match="expected a picture of at most 98304 bytes"):
        read_shop(shop)
