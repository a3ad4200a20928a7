"""The goods that samples of the glass are about, and the till that offers, scans and sells them."""

from base64 import urlsafe_b64encode
from hashlib import shake_256
from typing import Final

from msgspec.structs import replace

from edge.checkout.state import BasketLine, Goods, Notice, NoticeKind, Sold, Stage, State, TaxShown
from edge.display.screens import LANGUAGES
from retail.units import Money


def euros(cents: int) -> Money:
    """So many cents of a euro."""
    return Money(cents, "EUR")


SWEATER: Final = Goods(
    gtin="09520001000015",
    names={
        "en": "Merino Crew Sweater",
        "de": "Merinopullover mit Rundhals",
        "zh-Hans": "美利奴圆领毛衣",
        "es": "Jersey de merino de cuello redondo",
        "ar": "كنزة مرينو بياقة مستديرة",
    },
    details={
        "en": ("Ink blue", "Size M", "100% wool"),
        "de": ("Tintenblau", "Größe M", "100 % Wolle"),
        "zh-Hans": ("墨蓝色", "M 码", "100% 羊毛"),
        "es": ("Azul tinta", "Talla M", "100 % lana"),
        "ar": ("أزرق حبري", "مقاس M", "صوف 100%"),
    },
    price=euros(5990),
    unit_price=None,
    here=4,
)
JEANS: Final = Goods(
    gtin="09520001000022",
    names={
        "en": "Straight Jeans",
        "de": "Gerade Jeans",
        "zh-Hans": "直筒牛仔裤",
        "es": "Vaqueros rectos",
        "ar": "جينز مستقيم",
    },
    details={
        "en": ("Mid blue", "32/32"),
        "de": ("Mittelblau", "32/32"),
        "zh-Hans": ("中蓝色", "32/32"),
        "es": ("Azul medio", "32/32"),
        "ar": ("أزرق متوسط", "32/32"),
    },
    price=euros(8950),
    unit_price=None,
    here=2,
)
SCARF: Final = Goods(
    gtin="09520001000039",
    names={
        "en": "Lambswool Scarf",
        "de": "Schal aus Lammwolle",
        "zh-Hans": "羔羊毛围巾",
        "es": "Bufanda de lana de cordero",
        "ar": "وشاح من صوف الحملان",
    },
    details={
        "en": ("Oat",),
        "de": ("Hafer",),
        "zh-Hans": ("燕麦色",),
        "es": ("Avena",),
        "ar": ("شوفاني",),
    },
    price=euros(3500),
    unit_price=None,
    here=3,
)
YIRGACHEFFE: Final = Goods(
    gtin="09520001000046",
    names={
        "en": "Ethiopia Yirgacheffe 250 g",
        "de": "Äthiopien Yirgacheffe 250 g",
        "zh-Hans": "埃塞俄比亚耶加雪菲 250 克",
        "es": "Etiopía Yirgacheffe 250 g",
        "ar": "قهوة يرغاتشيف الإثيوبية 250 غ",
    },
    details={
        "en": ("Whole bean", "Light roast", "Organic"),
        "de": ("Ganze Bohne", "Helle Röstung", "Bio"),
        "zh-Hans": ("咖啡豆", "浅度烘焙", "有机"),
        "es": ("En grano", "Tueste claro", "Ecológico"),
        "ar": ("حبوب كاملة", "تحميص فاتح", "عضوي"),
    },
    price=euros(1150),
    unit_price=euros(4600),
    here=6,
)
HUILA: Final = Goods(
    gtin="09520001000053",
    names={
        "en": "Colombia Huila 250 g",
        "de": "Kolumbien Huila 250 g",
        "zh-Hans": "哥伦比亚惠兰 250 克",
        "es": "Colombia Huila 250 g",
        "ar": "قهوة هويلا الكولومبية 250 غ",
    },
    details={
        "en": ("Whole bean", "Medium roast"),
        "de": ("Ganze Bohne", "Mittlere Röstung"),
        "zh-Hans": ("咖啡豆", "中度烘焙"),
        "es": ("En grano", "Tueste medio"),
        "ar": ("حبوب كاملة", "تحميص متوسط"),
    },
    price=euros(990),
    unit_price=euros(3960),
    here=5,
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
