"""From the till's state to a screen: what each screen says, and what it never says."""

import msgspec
import pytest
from msgspec.structs import replace

from edge.checkout.asked import AgeAsked, Away, SigningIn
from edge.checkout.staffed import Staffed
from edge.checkout.state import Notice, NoticeKind, Stage, State
from edge.display import screens
from edge.display.sample_goods import (
    HUILA,
    IDLE,
    JEANS,
    LONG_NOTICE,
    NOTICE,
    SCARF,
    SWEATER,
    YIRGACHEFFE,
    euros,
    line,
    offered,
    offline,
    receipt,
    sold,
)
from edge.display.samples import states
from edge.display.screens import Glass, Rest, name_of
from edge.display.showing import screen_of

MIRROR = Glass("mirror", "Fitting room 4")
SHELF = Glass("shelf", "Shelf B12 · Coffee")
TRAY = Glass("tray", "Tray 1")
PANEL = Glass("panel", "Panel 2")
GLASSES = [MIRROR, SHELF, TRAY, PANEL]

NAMES = [
    (MIRROR, "unpaired", "unpaired"),
    (MIRROR, "idle", "attract"),
    (MIRROR, "few", "product"),
    (MIRROR, "many", "basket"),
    (MIRROR, "recording", "wait"),
    (MIRROR, "done", "done"),
    (MIRROR, "disagree", "sensors"),
    (MIRROR, "closed", "out-of-service"),
    (MIRROR, "starting", "out-of-service"),
    (SHELF, "unpaired", "unpaired"),
    (SHELF, "idle", "attract"),
    (SHELF, "few", "basket"),
    (SHELF, "many", "basket"),
    (SHELF, "recording", "wait"),
    (SHELF, "done", "done"),
    (SHELF, "foreign item", "sensors"),
    (SHELF, "closed", "out-of-service"),
    (TRAY, "idle", "attract"),
    (TRAY, "listing", "listing"),
    (TRAY, "few", "basket"),
    (TRAY, "untagged item", "sensors"),
    (PANEL, "few", "basket"),
    (PANEL, "done", "done"),
    (MIRROR, "choosing", "pay"),
    (SHELF, "paying at the desk", "wait"),
    (TRAY, "declined: declined", "declined"),
    (PANEL, "cancelled", "declined"),
    (MIRROR, "unknown", "unknown"),
    (MIRROR, "age", "age"),
    (SHELF, "sign-in", "signin"),
    (PANEL, "offline: paying", "offline"),
    (TRAY, "accepted offline", "offline-accepted"),
    (SHELF, "checking the last payment", "out-of-service"),
]


@pytest.mark.parametrize(("glass", "moment", "name"), NAMES)
def test_every_moment_of_the_till_has_its_screen(glass: Glass, moment: str, name: str) -> None:
    assert name_of(screen_of(states(glass.kind)[moment], glass)) == name


ASIDES = {Stage.AGE: AgeAsked(18), Stage.SIGNIN: SigningIn(), Stage.OFFLINE: Away("pay")}


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("glass", GLASSES)
def test_no_stage_is_without_a_screen(glass: Glass, stage: Stage) -> None:
    goods, sale = offered(line(YIRGACHEFFE)), sold(offered(line(YIRGACHEFFE))).sold
    staffed = Staffed("menu") if stage is Stage.STAFF else None
    state = replace(goods, sold=sale, stage=stage, number=77, staffed=staffed, aside=ASIDES.get(stage))
    screen = screen_of(state, glass)
    assert (screen.number, screen.kind, screen.place) == (77, glass.kind, glass.place)


def test_one_item_at_the_mirror_is_a_product_and_two_of_it_are_a_basket() -> None:
    assert isinstance(screen_of(offered(line(SWEATER)), MIRROR), screens.Product)
    basket = screen_of(offered(line(SWEATER, 2)), MIRROR)
    assert isinstance(basket, screens.Basket)
    assert (basket.units, basket.charge.total) == (2, euros(11980))


def test_one_item_in_a_hand_at_the_shelf_is_a_basket() -> None:
    assert isinstance(screen_of(offered(line(YIRGACHEFFE)), SHELF), screens.Basket)


def test_an_idle_shelf_shows_its_offer_and_an_idle_mirror_none() -> None:
    idle = replace(IDLE, offer=YIRGACHEFFE)
    on_shelf, on_mirror = screen_of(idle, SHELF), screen_of(idle, MIRROR)
    assert isinstance(on_shelf, screens.Attract)
    assert isinstance(on_mirror, screens.Attract)
    assert on_shelf.offer is not None
    assert (on_shelf.offer.price, on_shelf.offer.unit_price, on_shelf.offer.here) == (
        euros(1150),
        euros(4600),
        6,
    )
    assert on_mirror.offer is None


LONG_BASKETS = [
    (MIRROR, 6, 6, None),
    (MIRROR, 7, 5, Rest(2, euros(2 * 990))),
    (SHELF, 4, 4, None),
    (SHELF, 5, 3, Rest(2, euros(2 * 990))),
    (PANEL, 6, 6, None),
    (PANEL, 7, 5, Rest(2, euros(2 * 990))),
]


@pytest.mark.parametrize(("glass", "products", "shown", "rest"), LONG_BASKETS)
def test_of_a_long_basket_the_last_row_says_what_the_others_come_to(
    glass: Glass, products: int, shown: int, rest: Rest | None
) -> None:
    basket = screen_of(offered(*[line(HUILA)] * products), glass)
    assert isinstance(basket, screens.Basket)
    assert (len(basket.lines), basket.rest, basket.units) == (shown, rest, products)


RECEIPTS = [(1, "receipt"), (1500, "receipt"), (1501, "number"), (0, "number")]


@pytest.mark.parametrize(("characters", "qr_is"), RECEIPTS)
def test_the_qr_code_holds_the_receipt_where_it_fits_else_its_number(characters: int, qr_is: str) -> None:
    jws = receipt(characters)
    done = screen_of(sold(offered(line(SWEATER)), jws), MIRROR)
    assert isinstance(done, screens.Done)
    assert (done.charged.qr_is, done.charged.qr) == (qr_is, jws if qr_is == "receipt" else "K7QM-0031")


ROOM = [
    # notices, something was scanned; the rows that are left of twelve
    (MIRROR, 0, False, 6),
    (MIRROR, 2, True, 2),
    (SHELF, 1, False, 3),
    (SHELF, 1, True, 2),
    (PANEL, 0, True, 5),
    (PANEL, 1, True, 3),
]


@pytest.mark.parametrize(("glass", "notices", "was_scanned", "rows"), ROOM)
def test_rows_give_way_to_notices_and_buttons(
    glass: Glass, notices: int, was_scanned: bool, rows: int
) -> None:
    state = replace(
        offered(*[line(HUILA)] * 12), scanned=was_scanned, notices=(NOTICE, LONG_NOTICE)[:notices]
    )
    basket = screen_of(state, glass)
    assert isinstance(basket, screens.Basket)
    assert len(basket.lines) + 1 == rows
    assert basket.rest is not None
    assert len(basket.lines) + basket.rest.units == 12


@pytest.mark.parametrize(("glass", "shown"), [(MIRROR, 2), (SHELF, 1), (TRAY, 2)])
def test_notices_stand_beside_an_offer_and_never_beside_a_sale(glass: Glass, shown: int) -> None:
    with_notices = replace(offered(line(HUILA)), notices=(LONG_NOTICE, NOTICE, NOTICE))
    assert len(screen_of(with_notices, glass).notices) == shown
    assert screen_of(replace(sold(with_notices), notices=(NOTICE,)), glass).notices == ()


def test_a_choice_is_offered_where_there_is_room_for_it() -> None:
    unsure = replace(IDLE, notices=(Notice(NoticeKind.CHOOSE),), candidates=(HUILA, SCARF))
    panel, shelf = screen_of(unsure, PANEL), screen_of(unsure, SHELF)
    assert [(each.name, each.gtin) for each in panel.choices] == [
        ("Colombia Huila 250 g", HUILA.gtin),
        ("Lambswool Scarf", SCARF.gtin),
    ]
    assert (shelf.choices, [each.kind for each in shelf.notices]) == ((), [NoticeKind.SCAN_AGAIN])


def test_out_of_service_after_a_sale_still_says_what_was_charged() -> None:
    closed = screen_of(states("shelf")["closed after a sale"], SHELF)
    assert isinstance(closed, screens.OutOfService)
    assert closed.charged is not None
    assert closed.charged.total == euros(2300)


CLOSED = [("device.waiting", "starting"), ("journal", "checking"), ("reader", "closed"), ("disk", "closed")]


@pytest.mark.parametrize(("trouble", "why"), CLOSED)
def test_out_of_service_says_why_in_the_shoppers_terms(trouble: str, why: str) -> None:
    closed = screen_of(replace(IDLE, stage=Stage.OUT_OF_SERVICE, trouble=trouble), MIRROR)
    assert isinstance(closed, screens.OutOfService)
    assert closed.why == why


def test_what_is_taken_next_is_not_shown_as_what_was_bought() -> None:
    next_basket = offered(line(HUILA))
    done = screen_of(replace(sold(next_basket), lines=next_basket.lines, offer=YIRGACHEFFE), SHELF)
    assert isinstance(done, screens.Done)
    assert done.offer is not None
    assert done.offer.name == "Ethiopia Yirgacheffe 250 g"


SPOKEN = [
    # chosen, the site's, what the product has; the language of the screen, the name
    ("de", ("en", "de"), {"en": "Coffee", "de": "Kaffee"}, "de", "Kaffee"),
    ("de", ("en", "de"), {"en": "Coffee"}, "de", "Coffee"),
    ("de", ("it", "de"), {"en": "Coffee", "it": "Caffè"}, "de", "Caffè"),
    ("it", ("it", "de"), {"it": "Caffè"}, "de", "Caffè"),
    ("it", ("it",), {"it": "Caffè"}, "en", "Caffè"),
    ("en", ("en",), {"fr": "Café"}, "en", "Café"),
    ("en", ("en",), {}, "en", YIRGACHEFFE.gtin),
]


@pytest.mark.parametrize(("chosen", "site", "names", "language", "name"), SPOKEN)
def test_words_that_are_missing_in_one_language_are_said_in_the_sites_own(
    chosen: str, site: tuple[str, ...], names: dict[str, str], language: str, name: str
) -> None:
    offer = replace(YIRGACHEFFE, names=names)
    screen = screen_of(replace(IDLE, language=chosen, languages=site, offer=offer), SHELF)
    assert isinstance(screen, screens.Attract)
    assert screen.offer is not None
    assert (screen.language, screen.offer.name) == (language, name)


def test_only_languages_that_the_glass_speaks_can_be_chosen() -> None:
    assert screen_of(replace(IDLE, languages=("en", "tlh", "de")), MIRROR).languages == ("de",)


def test_offline_is_said_and_no_number_is_vouched_for() -> None:
    product = screen_of(offline(offered(line(SWEATER))), MIRROR)
    assert isinstance(product, screens.Product)
    assert (product.offline, product.tag.here) == (True, None)


@pytest.mark.parametrize("glass", GLASSES)
def test_a_screen_is_the_same_after_a_trip_as_json(glass: Glass) -> None:
    decoder = msgspec.json.Decoder(screens.Screen)
    for state in states(glass.kind).values():
        screen = screen_of(state, glass)
        assert decoder.decode(msgspec.json.encode(screen)) == screen


def test_a_basket_of_two_products_is_listed_in_the_tills_order() -> None:
    basket = screen_of(offered(line(SCARF), line(JEANS, 2)), MIRROR)
    assert isinstance(basket, screens.Basket)
    assert [(row.tag.name, row.units, row.total) for row in basket.lines] == [
        ("Lambswool Scarf", 1, euros(3500)),
        ("Straight Jeans", 2, euros(17900)),
    ]


def test_a_sale_that_the_till_says_is_done_must_be_there() -> None:
    with pytest.raises(AssertionError, match="no sale"):
        screen_of(State(1, Stage.DONE, online=True, language="en", languages=("en",)), MIRROR)
