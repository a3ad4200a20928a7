"""A bundle that says something wrong is told so, in a sentence for whoever wrote it."""

from typing import Any

import msgspec
import pytest

from retail.pricing.check import PROBLEM_CHARACTERS_MAX, PROBLEMS_MAX
from retail.pricing.check_promotions import PROMOTIONS_MAX, check_promotions
from retail.pricing.promotions import (
    Amount,
    Bundle,
    BuyAndGet,
    FixedPrice,
    Goods,
    Hours,
    NthCheaper,
    Part,
    Percent,
    Promotion,
    Promotions,
    SpendAndSave,
    When,
)
from tests.retail.pricing.shop import SOAP, bundle, offer, some

PARTS = (Part(some(SOAP)),)
TENTH = Percent(1_000)

WRONG: list[tuple[Promotion, str]] = [
    (offer("o", Percent(0)), "expected a rate of 1 to 10000 basis points, got 0"),
    (offer("o", Percent(10_001)), "expected a rate"),
    (offer("o", Amount(0)), "expected amount_minor of 1"),
    (offer("o", FixedPrice(-1)), "expected price_minor of 0"),
    (offer("o", SpendAndSave(100)), "expected save_minor or rate_bp, one of the two"),
    (offer("o", SpendAndSave(100, 10, 10)), "expected save_minor or rate_bp, one of the two"),
    (offer("o", SpendAndSave(-1, 10)), "expected spend_minor of 0"),
    (offer("o", SpendAndSave(0, 10, repeats=True)), "where it repeats"),
    (offer("o", BuyAndGet(0, 1)), "expected buy of 1"),
    (offer("o", BuyAndGet(1, 101)), "expected get of 1 to 100, got 101"),
    (offer("o", NthCheaper(1, 5_000)), "expected n of 2"),
    (offer("o", Bundle((), price_minor=1)), "expected 1 to 8 parts, got 0"),
    (offer("o", Bundle(PARTS)), "expected price_minor, save_minor or rate_bp, one of the three"),
    (offer("o", Bundle(PARTS, 100, 10)), "one of the three"),
    (offer("o", Bundle((Part(Goods(), 0),), 100)), "expected units of 1"),
    (offer("o", Bundle(PARTS, 100), some(SOAP)), "expected the goods of a bundle in its parts"),
    (offer("", TENTH), "expected an id"),
    (offer("member-price", TENTH), "other than member-price"),
    (offer("o", TENTH, group="nowhere"), "expected a group of offers, got 'nowhere'"),
    (offer("o", TENTH, priority=1_001), "expected a priority"),
    (offer("o", TENTH, sets_max=0), "expected sets_max of 1"),
    (offer("o", TENTH, when=When(first_day="2026-02-30")), "expected a date YYYY-MM-DD, got '2026-02-30'"),
    (offer("o", TENTH, when=When(first_day="20260201")), "expected a date"),
    (offer("o", TENTH, when=When("2026-02-02", "2026-02-01")), "expected the first day before the last"),
    (offer("o", TENTH, when=When(weekdays=(0,))), "expected weekdays"),
    (offer("o", TENTH, when=When(hours=(Hours("7:00", "19:00"),))), "expected hours such as"),
    (offer("o", TENTH, when=When(hours=(Hours("24:00", "01:00"),))), "expected hours such as"),
    (offer("o", TENTH, when=When(hours=(Hours("07:00", "08:00"),) * 25)), "at most 24 spans"),
    (Promotion("o", {}, TENTH), "expected words in one language"),
    (Promotion("o", {"xx-nowhere": "o"}, TENTH), "expected a BCP 47 language"),
    (Promotion("o", {"en": "a\nb"}, TENTH), "plain characters in en"),
]

WRONG_BUNDLES: list[tuple[dict[str, Any], str]] = [
    ({"site": ""}, "site: expected a name"),
    ({"currency": "EURO"}, "currency: expected the letters of ISO 4217"),
    ({"timezone": "Europe/Atlantis"}, "timezone: expected a time zone"),
    ({"groups": ()}, "groups: expected 1 to 16 different names"),
    ({"groups": ("offers", "offers")}, "groups: expected"),
    ({"promotions": (offer("o", TENTH),) * 2}, "promotion 'o': expected it once, got it 2 times"),
]


@pytest.mark.parametrize(("promotion", "sentence"), WRONG)
def test_a_promotion_that_is_wrong_is_told_so(promotion: Promotion, sentence: str) -> None:
    problems = check_promotions(bundle(promotion))
    assert any(sentence in problem for problem in problems), problems


@pytest.mark.parametrize(("change", "sentence"), WRONG_BUNDLES)
def test_a_bundle_that_is_wrong_is_told_so(change: dict[str, Any], sentence: str) -> None:
    problems = check_promotions(msgspec.structs.replace(bundle(offer("o", TENTH)), **change))
    assert any(sentence in problem for problem in problems), problems


def test_a_bundle_with_nothing_wrong_has_no_problems() -> None:
    assert check_promotions(bundle(offer("o", TENTH, when=When(hours=(Hours("22:00", "02:00"),))))) == []


def test_what_is_told_has_limits() -> None:
    problems = check_promotions(bundle(*(offer(f"{'x' * 500} {n}", Percent(0)) for n in range(200))))
    assert len(problems) == PROBLEMS_MAX
    assert max(map(len, problems)) <= PROBLEM_CHARACTERS_MAX
    many = bundle(*(offer(f"o{n}", TENTH) for n in range(PROMOTIONS_MAX + 1)))
    assert check_promotions(many) == [
        f"promotions: expected at most {PROMOTIONS_MAX}, got {PROMOTIONS_MAX + 1}"
    ]


@pytest.mark.parametrize(
    "condition", [b'"only_at": "till 3"', b'"goods": {"brands": ["x"]}', b'"when": {"moon": "full"}']
)
def test_a_bundle_with_a_condition_that_nobody_knows_is_refused(condition: bytes) -> None:
    text = (
        b'{"site": "corner", "currency": "EUR", "timezone": "UTC", "promotions": [{"id": "o", '
        b'"words": {"en": "o"}, "offer": {"kind": "percent", "rate_bp": 100}, ' + condition + b"}]}"
    )
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(text, type=Promotions)
