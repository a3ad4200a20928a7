"""Any sale that a till reckons comes out the same at the hub; one that was changed by a cent does not."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.contract.facts import Basis, CouponHeld, LeaseHeld, PackSold, Posting, Sale, SaleDiscount
from cloud_sync.hub.pricing.recomputing import differences, in_words
from edge.checkout.sale import Bought, draft_of
from edge.checkout.wares import Wares
from retail.pricing.basket import Basket, BasketLine, Measured, Member, Moment
from retail.pricing.book import PriceBook
from retail.pricing.promotions import Amount, Hours, Percent, Promotions, When
from retail.pricing.result import Priced
from retail.pricing.rules import price_basket, price_of_weight
from tests.hub.prices_again.till_world import BOOK, OFFERS, PRICES, SHOP, again, sold
from tests.retail.pricing.shop import NOON, NUTS, SOAP, TEA, WINE, bundle, offer
from tests.retail.pricing.test_pricing_holds import GTINS, Case, cases, promotion_bundles, shop


def found(sale: Sale, offers: Promotions | None = None, prices: PriceBook = BOOK) -> tuple[str, ...]:
    assert isinstance(sale.basis, Basis)
    return differences(sale, sale.basis, prices, offers)


def by_weight(weight_mg: int) -> Measured:
    price = price_of_weight(BOOK.by_gtin[NUTS], weight_mg, BOOK)
    assert price is not None
    return Measured(NUTS, price.amount_minor, weight_mg)


packs = st.one_of(
    st.builds(by_weight, st.integers(1_000, 2_000_000)),
    st.builds(Measured, st.sampled_from((*GTINS, NUTS)), st.integers(1, 5_000)),
)
baskets = st.builds(
    lambda units, own: Wares(units=units, packs=dict(enumerate(own, 1))),
    st.dictionaries(st.sampled_from(GTINS), st.integers(1, 9), min_size=1),
    st.lists(packs, max_size=4),
)
members = st.none() | st.builds(Member, st.sampled_from(("", "gold", "silver")))
moments = st.builds(Moment, st.integers(0, 4 * 10**12), st.booleans())


@given(baskets, promotion_bundles() | st.none(), members, moments, st.booleans())
def test_any_sale_of_a_till_comes_out_the_same(
    wares: Wares, offers: Promotions | None, member: Member | None, at: Moment, exclusive: bool
) -> None:
    prices = shop({"exclusive": exclusive})

    sale = sold(wares, offers, member, at, prices=prices)

    assert found(sale, offers, prices) == ()


@given(cases)
def test_coupons_and_leases_come_out_the_same(case: Case) -> None:
    prices = shop(case)
    lines = [line for line in case["lines"] if line.weight_mg is None] or [BasketLine(SOAP)]
    basket = Basket(tuple(lines), case["coupons"], case["leases"], "en")
    priced = price_basket(basket, prices, case["promotions"], case["member"], case["at"])

    basis = Basis(
        case["at"].wall_ms,
        clock=msgspec.UNSET if case["at"].trusted else "untrusted",
        level=msgspec.UNSET if case["member"] is None else case["member"].level,
        coupons=tuple(CouponHeld(each.id, each.promotion) for each in case["coupons"]) or msgspec.UNSET,
        leases=tuple(LeaseHeld(*each) for each in case["leases"].items()) or msgspec.UNSET,
    )

    assert found(_draft(priced, basis), case["promotions"], prices) == ()


def _draft(priced: Priced, basis: Basis) -> Sale:
    epcs = ((),) * len(priced.lines)
    return again(draft_of(SHOP, Bought("s-1", NOON.wall_ms, priced, epcs, PRICES, OFFERS, basis)))


TENTH = bundle(offer("tenth", Percent(1_000)))
WARES = Wares(units={SOAP: 2, TEA: 1}, packs={1: by_weight(250_000)})
HONEST = sold(WARES, TENTH)


def _line(at: int, **changes: Any) -> Callable[[Sale], Sale]:
    def change(sale: Sale) -> Sale:
        lines = list(sale.lines)
        lines[at] = msgspec.structs.replace(lines[at], **changes)
        return msgspec.structs.replace(sale, lines=tuple(lines))

    return change


def _tax(**changes: Any) -> Callable[[Sale], Sale]:
    def change(sale: Sale) -> Sale:
        row = msgspec.structs.replace(sale.taxes[0], **changes)
        return msgspec.structs.replace(sale, taxes=(row, *sale.taxes[1:]))

    return change


def _sale(**changes: Any) -> Callable[[Sale], Sale]:
    return lambda sale: msgspec.structs.replace(sale, **changes)


def _basis(**changes: Any) -> Callable[[Sale], Sale]:
    def change(sale: Sale) -> Sale:
        assert isinstance(sale.basis, Basis)
        return msgspec.structs.replace(sale, basis=msgspec.structs.replace(sale.basis, **changes))

    return change


def _one_cent_from_tax_to_revenue(sale: Sale) -> Sale:
    moved = {"revenue": -1, "tax/standard": 1}
    return msgspec.structs.replace(
        sale,
        postings=tuple(
            Posting(each.account, each.amount_minor + moved.get(each.account, 0), each.currency)
            for each in sale.postings
        ),
    )


CHANGES = {
    "a cent more": (_line(0, price_minor=300), "price of line 1"),
    "a cent less in all": (_line(0, total_minor=537), "total of line 1"),
    "a unit more": (_line(1, units=2), "total of line 2"),
    "no unit at all": (_line(1, units=0), "it cannot be priced"),
    "more units than a basket has": (_line(1, units=10**6), "it cannot be priced"),
    "other goods": (_line(1, gtin=WINE), "of line 2"),
    "goods that nobody sells": (_line(1, gtin="0" * 14), "it cannot be priced"),
    "another name": (_line(0, name="Soup"), "expected Goods 1, got Soup"),
    "another tax": (_line(0, tax="reduced"), "tax of line 1"),
    "another discount": (_line(0, discounts=(SaleDiscount("tenth", 61),)), "discounts of line 1"),
    "another promotion": (_line(0, discounts=(SaleDiscount("fifth", 60),)), "discounts of line 1"),
    "no discount": (_line(0, discounts=msgspec.UNSET), "discounts of line 1"),
    "other words": (
        _line(0, discounts=(SaleDiscount("tenth", 60, "A gift"),)),
        "words of tenth of line 1",
    ),
    "another rate": (_tax(rate_bp=701), "tax table"),
    "another tax in the table": (_tax(tax_minor=1), "tax table"),
    "another total": (_sale(total_minor=1), "total: expected"),
    "another currency": (_sale(currency="CHF"), "currency: expected EUR, got CHF"),
    "a line less": (lambda sale: msgspec.structs.replace(sale, lines=sale.lines[:2]), "it cannot be priced"),
    "lines in another order": (
        lambda sale: msgspec.structs.replace(sale, lines=(sale.lines[1], sale.lines[0], sale.lines[2])),
        "product of line 1",
    ),
    "a cent from tax to revenue": (_one_cent_from_tax_to_revenue, "money earned"),
    "another weight": (_basis(packs=(PackSold(2, 251_000),)), "price of line 3"),
    "a weight of what is sold by the piece": (_basis(packs=(PackSold(0, 5),)), "has no price by weight"),
    "a pack that is no line": (_basis(packs=(PackSold(3),)), "expected packs among 3 lines, got lines [3]"),
    "another year": (_basis(at_ms=10**15), "expected a moment of a calendar"),
    "before all time": (_basis(at_ms=-1), "expected a moment of a calendar"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_is_found(change: str) -> None:
    wrong, sentence = CHANGES[change]

    assert found(HONEST, TENTH) == ()
    assert sentence in "; ".join(found(again(wrong(HONEST)), TENTH))


def test_an_offer_that_did_not_run_or_was_for_others_is_found() -> None:
    late = When(hours=(Hours("17:00", "18:00"),))
    evening = bundle(offer("evening", Amount(100), when=late))
    gold = bundle(offer("gold", Amount(100), levels=("gold",)))
    at_five = Moment(NOON.wall_ms + 5 * 3_600_000)
    happy = sold(Wares(units={SOAP: 1}), evening, at=at_five)
    golden = sold(Wares(units={SOAP: 1}), gold, Member("gold"))

    assert (found(happy, evening), found(golden, gold)) == ((), ())
    assert found(again(_basis(at_ms=NOON.wall_ms)(happy)), evening)
    assert found(again(_basis(level=msgspec.UNSET)(golden)), gold)


def test_a_sale_keeps_the_moment_of_buying_however_long_it_takes_to_pay() -> None:
    sale = sold(WARES, at=Moment(NOON.wall_ms, trusted=False))

    assert sale.basis == Basis(NOON.wall_ms, clock="untrusted", packs=(PackSold(2, 250_000),))


def test_a_price_that_a_label_carries_is_believed() -> None:
    sale = sold(Wares(packs={4: Measured(NUTS, 123)}))

    assert sale.basis == Basis(NOON.wall_ms, packs=(PackSold(0),))
    assert found(sale) == ()


def test_what_is_said_of_a_wild_sale_has_limits() -> None:
    wild = _sale(lines=tuple(_line(0, name="x" * 9_000)(HONEST).lines) * 3)(HONEST)
    sentences = found(wild, TENTH)

    assert len(in_words(sentences)) < 2_000
    assert "more" in in_words((*sentences, "1", "2", "3", "4", "5"))


whole = st.integers(-(2**53) + 1, 2**53 - 1)


@given(
    st.fixed_dictionaries(
        {
            "units": whole,
            "price_minor": whole,
            "at_ms": whole,
            "line": whole,
            "weight_mg": whole | st.just(msgspec.UNSET),
            "uses": whole,
            "text": st.text(max_size=4),
        }
    )
)
def test_whatever_an_object_signs_is_answered_by_a_sentence(wild: dict[str, Any]) -> None:
    capped = bundle(offer("tenth", Percent(1_000), capped=True, coupon=True, counted="set"))
    sale = msgspec.structs.replace(
        _line(1, units=wild["units"], price_minor=wild["price_minor"], gtin=NUTS)(HONEST),
        language=wild["text"],
        basis=Basis(
            wild["at_ms"],
            level=wild["text"],
            packs=(PackSold(wild["line"] % 5, wild["weight_mg"]), PackSold(1, wild["weight_mg"])),
            coupons=(CouponHeld(wild["text"], "tenth"),),
            leases=(LeaseHeld("tenth", wild["uses"]),),
        ),
    )

    assert all(isinstance(each, str) for each in found(sale, capped))


def test_a_sale_of_nothing_cannot_be_priced() -> None:
    nothing = _sale(lines=(), basis=Basis(NOON.wall_ms))(HONEST)

    assert found(nothing) == ("it cannot be priced: expected goods in the basket, got none",)
