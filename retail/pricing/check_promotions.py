"""Whether a promotion bundle may be priced by: what is wrong with it, in sentences for who wrote it."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Final, assert_never

from retail import locale
from retail.pricing.calendar import zone
from retail.pricing.check import PRICE_MINOR_MAX, PROBLEM_CHARACTERS_MAX, PROBLEMS_MAX
from retail.pricing.promotions import (
    Amount,
    Bundle,
    BuyAndGet,
    FixedPrice,
    Goods,
    NthCheaper,
    Percent,
    Promotion,
    Promotions,
    SpendAndSave,
    When,
)
from retail.pricing.reasons import MEMBER_PRICE
from retail.pricing.sets import ALL_BP

# Ten times the thickest leaflet that we measure with.
PROMOTIONS_MAX: Final = 2_000
GROUPS_MAX: Final = 16
# A menu has five parts; a case of wine has 12 bottles.
PARTS_MAX: Final = 8
SET_UNITS_MAX: Final = 100
WORDS_CHARACTERS_MAX: Final = 80
PRIORITY_MAX: Final = 1_000
HOURS_MAX: Final = 24

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TIME: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def check_promotions(bundle: Promotions) -> list[str]:
    """What is wrong with `bundle`, a sentence each, at most PROBLEMS_MAX of them; empty when nothing is."""
    return [problem[:PROBLEM_CHARACTERS_MAX] for problem in islice(_problems(bundle), PROBLEMS_MAX)]


def _problems(bundle: Promotions) -> Iterator[str]:
    yield from _of_the_bundle(bundle)
    for name, count in Counter(promotion.id for promotion in bundle.promotions).items():
        if count > 1:
            yield f"promotion {name!r}: expected it once, got it {count} times"
    for promotion in bundle.promotions:
        for problem in _of_a_promotion(promotion, bundle):
            yield f"promotion {promotion.id!r}: {problem}"


def _of_the_bundle(bundle: Promotions) -> Iterator[str]:
    if not bundle.site:
        yield "site: expected a name, got none"
    if not locale.is_currency(bundle.currency):
        yield f"currency: expected the letters of ISO 4217 such as EUR, got {bundle.currency!r}"
    try:
        zone(bundle.timezone)
    except locale.UnknownTimezoneError as error:
        yield f"timezone: {error}"
    if len(bundle.promotions) > PROMOTIONS_MAX:
        yield f"promotions: expected at most {PROMOTIONS_MAX}, got {len(bundle.promotions)}"
    if not 1 <= len(bundle.groups) <= GROUPS_MAX or len(set(bundle.groups)) < len(bundle.groups):
        yield f"groups: expected 1 to {GROUPS_MAX} different names, got {', '.join(bundle.groups)!r}"


def _of_a_promotion(promotion: Promotion, bundle: Promotions) -> Iterator[str]:
    if not _ID.fullmatch(promotion.id) or promotion.id == MEMBER_PRICE:
        yield f"expected an id of letters, digits, dots and hyphens other than {MEMBER_PRICE}"
    if not promotion.words:
        yield "expected words in one language at least, got none"
    for language, words in promotion.words.items():
        if not locale.is_language(language):
            yield f"expected a BCP 47 language, got words in {language!r}"
        if not (words.strip() and words.isprintable() and len(words) <= WORDS_CHARACTERS_MAX):
            yield f"expected 1 to {WORDS_CHARACTERS_MAX} plain characters in {language}, got {len(words)}"
    if promotion.group not in bundle.groups:
        yield f"expected a group of {', '.join(bundle.groups)}, got {promotion.group!r}"
    if abs(promotion.priority) > PRIORITY_MAX:
        yield f"expected a priority of at most {PRIORITY_MAX}, got {promotion.priority}"
    if promotion.sets_max is not None and promotion.sets_max < 1:
        yield f"expected sets_max of 1 or more, got {promotion.sets_max}"
    yield from _of_when(promotion.when)
    yield from _of_the_offer(promotion)


def _of_when(when: When | None) -> Iterator[str]:
    if when is None:
        return
    for text in (when.first_day, when.last_day):
        if text is not None and not _is_date(text):
            yield f"expected a date YYYY-MM-DD, got {text!r}"
    if when.first_day and when.last_day and when.first_day > when.last_day:
        yield f"expected the first day before the last, got {when.first_day} and {when.last_day}"
    if any(not 1 <= day <= 7 for day in when.weekdays):
        yield f"expected weekdays of 1 (Monday) to 7, got {', '.join(map(str, when.weekdays))}"
    if len(when.hours) > HOURS_MAX:
        yield f"expected at most {HOURS_MAX} spans of hours, got {len(when.hours)}"
    for span in when.hours:
        if not (_TIME.fullmatch(span.begin) and _TIME.fullmatch(span.end)) or span.begin == "24:00":
            yield f"expected hours such as 17:00 to 19:30, got {span.begin!r} to {span.end!r}"


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _of_the_offer(promotion: Promotion) -> Iterator[str]:
    match promotion.offer:
        case Percent(rate_bp=rate_bp):
            yield from _of_a_rate(rate_bp)
        case Amount(amount_minor=amount_minor):
            yield from _of_an_amount("amount_minor", amount_minor, 1)
        case FixedPrice(price_minor=price_minor):
            yield from _of_an_amount("price_minor", price_minor, 0)
        case SpendAndSave() as offer:
            yield from _of_a_sum(offer)
        case BuyAndGet(buy=buy, get=get, rate_bp=rate_bp):
            yield from _of_a_rate(rate_bp)
            yield from _of_units("buy", buy, 1)
            yield from _of_units("get", get, 1)
        case NthCheaper(n=n, rate_bp=rate_bp):
            yield from _of_a_rate(rate_bp)
            yield from _of_units("n", n, 2)
        case Bundle() as offer:
            yield from _of_a_bundle(offer, promotion)
        case _ as never:
            assert_never(never)


def _of_a_sum(offer: SpendAndSave) -> Iterator[str]:
    yield from _of_an_amount("spend_minor", offer.spend_minor, 0)
    if (offer.save_minor > 0) == (offer.rate_bp > 0):
        yield "expected save_minor or rate_bp, one of the two"
    if offer.save_minor:
        yield from _of_an_amount("save_minor", offer.save_minor, 1)
    if offer.rate_bp:
        yield from _of_a_rate(offer.rate_bp)
    if offer.repeats and not (offer.spend_minor and offer.save_minor):
        yield "expected spend_minor and save_minor where it repeats"


def _of_a_bundle(offer: Bundle, promotion: Promotion) -> Iterator[str]:
    if promotion.goods != Goods():
        yield "expected the goods of a bundle in its parts, got some beside them"
    if not 1 <= len(offer.parts) <= PARTS_MAX:
        yield f"expected 1 to {PARTS_MAX} parts, got {len(offer.parts)}"
    for part in offer.parts:
        yield from _of_units("units", part.units, 1)
    if (offer.price_minor is not None) + (offer.save_minor > 0) + (offer.rate_bp > 0) != 1:
        yield "expected price_minor, save_minor or rate_bp, one of the three"
    if offer.price_minor is not None:
        yield from _of_an_amount("price_minor", offer.price_minor, 0)
    if offer.save_minor:
        yield from _of_an_amount("save_minor", offer.save_minor, 1)
    if offer.rate_bp:
        yield from _of_a_rate(offer.rate_bp)


def _of_a_rate(rate_bp: int) -> Iterator[str]:
    if not 1 <= rate_bp <= ALL_BP:
        yield f"expected a rate of 1 to {ALL_BP} basis points, got {rate_bp}"


def _of_an_amount(name: str, amount_minor: int, least: int) -> Iterator[str]:
    if not least <= amount_minor <= PRICE_MINOR_MAX:
        yield f"expected {name} of {least} to {PRICE_MINOR_MAX}, got {amount_minor}"


def _of_units(name: str, units: int, least: int) -> Iterator[str]:
    if not least <= units <= SET_UNITS_MAX:
        yield f"expected {name} of {least} to {SET_UNITS_MAX}, got {units}"
