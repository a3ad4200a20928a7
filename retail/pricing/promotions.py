"""The promotion bundle: the signed document of what lowers a price, for which goods, when and for whom."""

from functools import cached_property
from typing import Final, Literal

import msgspec

OFFERS: Final = "offers"
"""The stacking group of a bundle that names none."""
ANY: Final = "*"
"""Any level of membership."""
ALONE: Final = -1
"""The group before all groups, where exclusive offers take their goods."""

Level = tuple[int, int]
"""The place of a stacking group, and the priority with its sign turned: levels are worked in order."""


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the bundle. What a reader does not know may be a condition: half of an offer is refused."""


class Goods(Document, frozen=True, omit_defaults=True):
    """Which goods a promotion speaks of.

    One of `gtins` or of one of `categories` (all, where neither is given), with all of `attributes`, and not
    among the exceptions.
    """

    gtins: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    except_gtins: tuple[str, ...] = ()
    except_categories: tuple[str, ...] = ()


class Percent(Document, frozen=True, tag_field="kind", tag="percent"):
    """`rate_bp` basis points off each unit, rounded half up unit by unit."""

    rate_bp: int


class Amount(Document, frozen=True, tag_field="kind", tag="amount"):
    """`amount_minor` off each unit; off each kilogram of goods that are sold by weight."""

    amount_minor: int


class FixedPrice(Document, frozen=True, tag_field="kind", tag="price"):
    """Each unit, or each kilogram of goods that are sold by weight, costs `price_minor`."""

    price_minor: int


class SpendAndSave(Document, frozen=True, tag_field="kind", tag="spend-and-save", omit_defaults=True):
    """Who buys for `spend_minor` saves `save_minor`, or `rate_bp` of all that was bought.

    Where it `repeats`, for each such sum again. With `spend_minor` 0 it is an amount off the whole.
    """

    spend_minor: int
    save_minor: int = 0
    rate_bp: int = 0
    repeats: bool = False


class BuyAndGet(Document, frozen=True, tag_field="kind", tag="buy-and-get", omit_defaults=True):
    """Who buys `buy` units gets `get` more at `rate_bp` off (10000: for nothing).

    Without `get_goods` they are of the same goods, and of each set the cheapest are those that one gets.
    """

    buy: int
    get: int
    rate_bp: int = 10_000
    get_goods: Goods | None = None


class NthCheaper(Document, frozen=True, tag_field="kind", tag="nth-cheaper"):
    """Of every `n` units, dearest first, the last is `rate_bp` cheaper."""

    n: int
    rate_bp: int


class Part(Document, frozen=True):
    """What a bundle wants so many units of."""

    goods: Goods
    units: int = 1


class Bundle(Document, frozen=True, tag_field="kind", tag="bundle", omit_defaults=True):
    """All parts together cost `price_minor`, or `save_minor` less, or `rate_bp` less: one of the three."""

    parts: tuple[Part, ...]
    price_minor: int | None = None
    save_minor: int = 0
    rate_bp: int = 0


Offer = Percent | Amount | FixedPrice | SpendAndSave | BuyAndGet | NthCheaper | Bundle


class Hours(Document, frozen=True):
    """From `begin` until before `end` (HH:MM); past midnight where `end` is the earlier."""

    begin: str
    end: str


class When(Document, frozen=True, omit_defaults=True):
    """Days and hours on the wall of the site; what is not given does not bind.

    Both days are included (YYYY-MM-DD), `weekdays` are those of ISO 8601 (1 is Monday). Hours past midnight
    belong to the day on which they began.
    """

    first_day: str | None = None
    last_day: str | None = None
    weekdays: tuple[int, ...] = ()
    hours: tuple[Hours, ...] = ()


class Promotion(Document, frozen=True, omit_defaults=True):
    """One offer: its id, its words in each language, what it does, and everything that it asks."""

    id: str
    words: dict[str, str]
    offer: Offer
    goods: Goods = Goods()
    """Of a bundle its parts say it."""
    when: When | None = None
    levels: tuple[str, ...] = ()
    """Levels of membership that it is for; `*` is any, none is everybody."""
    group: str = OFFERS
    """Its stacking group: a unit takes at most one offer of each group."""
    priority: int = 0
    """Within its group: the higher one takes its goods first, whatever the lower one would save."""
    exclusive: bool = False
    """Goods that take it take nothing else."""
    coupon: bool = False
    """It asks for a coupon, and uses it up."""
    capped: bool = False
    """Its uses are counted over all sales: it asks for a lease."""
    counted: Literal["sale", "set"] = "sale"
    """What one use (of a coupon, of a lease) is: the whole sale, or one set: a unit, a bundle, a step."""
    sets_max: int | None = None
    """At most so many sets in one sale."""


class Listed(msgspec.Struct, frozen=True):
    """A promotion in the order of conflicts, with what can be said of it before there is a basket."""

    promotion: Promotion
    level: Level
    parts: tuple[Goods, ...]
    """Of a bundle and of buy-and-get several: which goods fill each part."""
    units: tuple[int, ...]
    """How many units each part of a set has; none, where it takes as many as there are."""
    single: bool
    """Its offer is on each unit by itself."""


class Index(msgspec.Struct, frozen=True):
    """The promotions in the order of conflicts, and where to look for those of some goods."""

    listed: tuple[Listed, ...]
    by_gtin: dict[str, list[int]]
    by_category: dict[str, list[int]]
    everywhere: list[int]


class Promotions(Document, frozen=True, omit_defaults=True, dict=True):  # dict: room for the index
    """All promotions of a site, in the currency of its price book, by the clock on its wall."""

    site: str
    currency: str
    timezone: str
    """A name of the IANA time zone database, such as Europe/Berlin."""
    promotions: tuple[Promotion, ...]
    groups: tuple[str, ...] = (OFFERS,)
    """The stacking groups in the order in which they are worked: each acts on what the last one left."""

    @cached_property
    def index(self) -> Index:
        """The promotions by what they name; made once a bundle, at the first question."""
        order = sorted((self._level(each), each.id, place) for place, each in enumerate(self.promotions))
        index = Index(tuple(_listed(self.promotions[place], level) for level, _, place in order), {}, {}, [])
        for place, listed in enumerate(index.listed):
            # Goods for the first part are enough to look: without them there is no set.
            goods = listed.parts[0]
            for gtin in goods.gtins:
                index.by_gtin.setdefault(gtin, []).append(place)
            for category in goods.categories:
                index.by_category.setdefault(category, []).append(place)
            if not (goods.gtins or goods.categories):
                index.everywhere.append(place)
        return index

    def _level(self, promotion: Promotion) -> Level:
        return ALONE if promotion.exclusive else self.groups.index(promotion.group), -promotion.priority


def _listed(promotion: Promotion, level: Level) -> Listed:
    single = isinstance(promotion.offer, Percent | Amount | FixedPrice)
    return Listed(promotion, level, _parts(promotion), _units(promotion.offer), single)


def _parts(promotion: Promotion) -> tuple[Goods, ...]:
    match promotion.offer:
        case Bundle(parts=parts):
            return tuple(part.goods for part in parts)
        case BuyAndGet(get_goods=Goods() as get_goods):
            return promotion.goods, get_goods
        case _:
            return (promotion.goods,)


def _units(offer: Offer) -> tuple[int, ...]:
    match offer:
        case Bundle(parts=parts):
            return tuple([part.units for part in parts])
        case BuyAndGet(buy=buy, get=get, get_goods=None):
            return (buy + get,)
        case BuyAndGet(buy=buy, get=get):
            return buy, get
        case NthCheaper(n=n):
            return (n,)
        case SpendAndSave():
            return ()
        case _:
            return (1,)
