"""What a label must name as an allergen, by the codes of GS1 and in five languages.

The list is Annex II of Regulation (EU) 1169/2011, as its versions in these languages word it where there is
one; the codes are those of the GS1 code list `AllergenTypeCode` (Global Data Dictionary).
"""

from collections.abc import Mapping
from typing import Final

_LANGUAGES: Final = ("en", "de", "es", "zh", "ar")

# Code, and the words in the order of the languages.
_TABLE: Final = (
    (
        "AW",
        "cereals with gluten",
        "glutenhaltiges Getreide",
        "cereales con gluten",
        "含麸质谷物",
        "حبوب بالغلوتين",
    ),
    ("UW", "wheat", "Weizen", "trigo", "小麦", "قمح"),
    ("NR", "rye", "Roggen", "centeno", "黑麦", "جاودار"),
    ("GB", "barley", "Gerste", "cebada", "大麦", "شعير"),
    ("GO", "oats", "Hafer", "avena", "燕麦", "شوفان"),
    ("GS", "spelt", "Dinkel", "espelta", "斯佩耳特小麦", "حنطة"),
    ("GK", "kamut", "Kamut", "kamut", "卡姆小麦", "قمح خراسان"),
    ("AC", "crustaceans", "Krebstiere", "crustáceos", "甲壳类", "قشريات"),
    ("AE", "eggs", "Eier", "huevos", "蛋类", "بيض"),
    ("AF", "fish", "Fische", "pescado", "鱼类", "أسماك"),
    ("AP", "peanuts", "Erdnüsse", "cacahuetes", "花生", "فول سوداني"),
    ("AY", "soya", "Soja", "soja", "大豆", "صويا"),
    ("AM", "milk", "Milch", "leche", "乳类", "حليب"),
    ("AN", "nuts", "Schalenfrüchte", "frutos de cáscara", "坚果", "مكسرات"),
    ("SA", "almonds", "Mandeln", "almendras", "杏仁", "لوز"),
    ("SH", "hazelnuts", "Haselnüsse", "avellanas", "榛子", "بندق"),
    ("SW", "walnuts", "Walnüsse", "nueces", "核桃", "جوز"),
    ("SC", "cashews", "Kaschunüsse", "anacardos", "腰果", "كاجو"),
    ("SP", "pecan nuts", "Pecannüsse", "pacanas", "碧根果", "جوز البقان"),
    ("SR", "Brazil nuts", "Paranüsse", "nueces de Brasil", "巴西坚果", "جوز برازيلي"),
    ("ST", "pistachios", "Pistazien", "pistachos", "开心果", "فستق"),
    ("SM", "macadamia nuts", "Macadamianüsse", "nueces de macadamia", "夏威夷果", "مكاديميا"),
    ("BC", "celery", "Sellerie", "apio", "芹菜", "كرفس"),
    ("BM", "mustard", "Senf", "mostaza", "芥末", "خردل"),
    ("AS", "sesame", "Sesam", "sésamo", "芝麻", "سمسم"),
    ("AU", "sulphites", "Sulfite", "sulfitos", "亚硫酸盐", "كبريتيت"),
    ("NL", "lupin", "Lupinen", "altramuces", "羽扇豆", "ترمس"),
    ("UM", "molluscs", "Weichtiere", "moluscos", "软体动物", "رخويات"),
)

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    code: dict(zip(_LANGUAGES, words, strict=True)) for code, *words in _TABLE
}
"""Code -> language -> what a shopper calls it."""


def allergen(code: str, language: str) -> str:
    """What a shopper calls an allergen; English where we do not know the language.

    A code that is not in the table stays as it is: an allergen that reads badly is better than none.
    """
    words = WORDS.get(code)
    return code if words is None else words.get(language.partition("-")[0], words["en"])
