"""The goods that samples of the glass are about, and the till that offers, scans and sells them."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import shake_256
from typing import Final

from msgspec.structs import replace

from edge.checkout.state import BasketLine, Goods, Notice, NoticeKind, Sold, Stage, State, TaxShown
from edge.display.screens import LANGUAGES
from retail.units import Money


def euros(cents: int) -> Money:
    """So many cents of a euro."""
    return Money(cents, "EUR")


_Words = tuple[str, *tuple[str, ...]]


def _goods(gtin: str, cents: int, here: int, words: Mapping[str, _Words], kilogram_cents: int = 0) -> Goods:
    """A product; `words` are its name and what else is to be known of it, by language."""
    return Goods(
        gtin=gtin,
        names={language: name for language, (name, *_) in words.items()},
        details={language: tuple(details) for language, (_, *details) in words.items()},
        price=euros(cents),
        unit_price=euros(kilogram_cents) if kilogram_cents else None,
        here=here,
    )


SWEATER: Final = _goods(
    *("09520001000015", 5990, 4),
    {
        "en": ("Merino Crew Sweater", "Ink blue", "Size M", "100% wool"),
        "de": ("Merinopullover mit Rundhals", "Tintenblau", "Größe M", "100 % Wolle"),
        "zh-Hans": ("美利奴圆领毛衣", "墨蓝色", "M 码", "100% 羊毛"),
        "es": ("Jersey de merino de cuello redondo", "Azul tinta", "Talla M", "100 % lana"),
        "ar": ("كنزة مرينو بياقة مستديرة", "أزرق حبري", "مقاس M", "صوف 100%"),
    },
)
JEANS: Final = _goods(
    *("09520001000022", 8950, 2),
    {
        "en": ("Straight Jeans", "Mid blue", "32/32"),
        "de": ("Gerade Jeans", "Mittelblau", "32/32"),
        "zh-Hans": ("直筒牛仔裤", "中蓝色", "32/32"),
        "es": ("Vaqueros rectos", "Azul medio", "32/32"),
        "ar": ("جينز مستقيم", "أزرق متوسط", "32/32"),
    },
)
SCARF: Final = _goods(
    *("09520001000039", 3500, 3),
    {
        "en": ("Lambswool Scarf", "Oat"),
        "de": ("Schal aus Lammwolle", "Hafer"),
        "zh-Hans": ("羔羊毛围巾", "燕麦色"),
        "es": ("Bufanda de lana de cordero", "Avena"),
        "ar": ("وشاح من صوف الحملان", "شوفاني"),
    },
)
YIRGACHEFFE: Final = _goods(
    *("09520001000046", 1150, 6),
    {
        "en": ("Ethiopia Yirgacheffe 250 g", "Whole bean", "Light roast", "Organic"),
        "de": ("Äthiopien Yirgacheffe 250 g", "Ganze Bohne", "Helle Röstung", "Bio"),
        "zh-Hans": ("埃塞俄比亚耶加雪菲 250 克", "咖啡豆", "浅度烘焙", "有机"),
        "es": ("Etiopía Yirgacheffe 250 g", "En grano", "Tueste claro", "Ecológico"),
        "ar": ("قهوة يرغاتشيف الإثيوبية 250 غ", "حبوب كاملة", "تحميص فاتح", "عضوي"),
    },
    kilogram_cents=4600,
)
HUILA: Final = _goods(
    *("09520001000053", 990, 5),
    {
        "en": ("Colombia Huila 250 g", "Whole bean", "Medium roast"),
        "de": ("Kolumbien Huila 250 g", "Ganze Bohne", "Mittlere Röstung"),
        "zh-Hans": ("哥伦比亚惠兰 250 克", "咖啡豆", "中度烘焙"),
        "es": ("Colombia Huila 250 g", "En grano", "Tueste medio"),
        "ar": ("قهوة هويلا الكولومبية 250 غ", "حبوب كاملة", "تحميص متوسط"),
    },
    kilogram_cents=3960,
)
ENDLESS: Final = replace(
    SWEATER,
    names={
        "en": "Double-faced Merino Cashmere Crew Neck Sweater with Raglan Sleeves",
        "de": "Doppelseitiger Merino-Kaschmir-Rundhalspullover mit Raglanärmeln",
        "zh-Hans": "双面美利奴羊毛羊绒混纺圆领插肩袖针织毛衣秋冬加厚保暖款",
        "es": "Jersey de doble cara de merino y cachemira de cuello redondo con mangas raglán",
        "ar": "كنزة مزدوجة الوجه من صوف المرينو والكشمير بياقة مستديرة وأكمام راغلان",
    },
    price=euros(1_234_567),
    unit_price=euros(98_765),
    here=1200,
)
ATTACK: Final = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>%(price)s{{ 7*7 }}"
HOSTILE: Final = replace(
    SWEATER,
    names=dict.fromkeys(LANGUAGES, ATTACK),
    details=dict.fromkeys(LANGUAGES, ("</main><b>bold</b>", "a & b")),
)

# A notice that is as long as they come, and one of the short ones.
LONG_NOTICE: Final = Notice(NoticeKind.NO_PRICE, ENDLESS.gtin, ENDLESS.names)
NOTICE: Final = Notice(NoticeKind.UNKNOWN)

IDLE: Final = State(1, Stage.IDLE, online=True, language="en", languages=tuple(LANGUAGES))


def receipt(characters: int) -> str:
    """Letters and digits as a compact JWS has them, the same ones each time."""
    return urlsafe_b64encode(shake_256(b"a receipt").digest(characters)).decode("ascii")[:characters]


def line(goods: Goods, units: int = 1) -> BasketLine:
    """So many units on the bill."""
    return BasketLine(goods, units, goods.price.times(units))


def offered(*lines: BasketLine, number: int = 1) -> State:
    """The goods are there, priced, and can be bought."""
    total = euros(sum(each.total.amount_minor for each in lines))
    taxes = (TaxShown(1900, euros(total.amount_minor * 19 // 119)),)
    return replace(IDLE, number=number, stage=Stage.OFFERED, lines=lines, total=total, taxes=taxes)


def abroad(state: State, currency: str) -> State:
    """The same goods for as many of the smallest coins of another currency."""

    def there(money: Money) -> Money:
        return Money(money.amount_minor, currency)

    lines = tuple(
        replace(each, goods=replace(each.goods, price=there(each.goods.price)), total=there(each.total))
        for each in state.lines
    )
    taxes = tuple(replace(each, tax=there(each.tax)) for each in state.taxes)
    return replace(state, lines=lines, taxes=taxes, total=state.total and there(state.total))


def sold(state: State, jws: str = "") -> State:
    """The same, once it is in the journal."""
    assert state.total is not None, "nothing was offered"
    sale = Sold("s1", "K7QM-0031", state.total, sum(each.units for each in state.lines), jws)
    return replace(
        state, number=state.number + 1, stage=Stage.DONE, sold=sale, lines=(), total=None, taxes=()
    )


def scanned(state: State, *notices: Notice) -> State:
    """The same, if all of it was scanned."""
    lines = tuple(replace(each, remove=each.goods.gtin) for each in state.lines)
    return replace(state, lines=lines, scanned=True, notices=notices)


def offline(state: State) -> State:
    """The hub is out of reach: nobody can vouch for how many there are."""
    lines = tuple(replace(each, goods=replace(each.goods, here=None)) for each in state.lines)
    offer = None if state.offer is None else replace(state.offer, here=None)
    return replace(state, online=False, lines=lines, offer=offer)
