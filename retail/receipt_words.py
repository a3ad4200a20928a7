"""The words of a receipt in five languages; the page that verifies receipts says the same ones."""

from collections.abc import Mapping
from typing import Final

import msgspec

CARD: Final = "card"
"""What payments by card are called after, whichever provider took them."""

CARD_PROVIDERS: Final = frozenset({"zvt", "nexo", "stripe"})


class Words(msgspec.Struct, frozen=True):
    """The words of a receipt in one language.

    `{rate}` is a percentage, `{gross}` and `{net}` are amounts, `{number}` is that of another receipt.
    """

    receipt: str
    credit: str
    credit_for: str
    discount: str
    member_price: str
    subtotal: str
    total: str
    back: str
    tax: str
    tax_added: str
    rounding: str
    stored: str
    reference: str
    signed: str
    fiscal: str
    training: str
    paid: Mapping[str, str]
    """Provider, or `card`, -> what a shopper calls it; a provider that is not here says its own name."""


WORDS: Final = {
    "ar": Words(
        receipt="إيصال",
        credit="إيصال استرداد",
        credit_for="عن الإيصال {number}",
        discount="خصم",
        member_price="سعر الأعضاء",
        subtotal="المجموع قبل الضريبة",
        total="المجموع",
        back="المبلغ المسترد",
        tax="شامل ضريبة {rate} من {gross}",
        tax_added="زائد ضريبة {rate} على {net}",
        rounding="تقريب",
        stored="قُبل دون اتصال، ولم يتأكد بعد",
        reference="مرجع",
        signed="موقّع",
        fiscal="توقيع ضريبي",
        training="تدريب: ليس إيصالاً",
        paid={
            "alipay": "علي باي",
            "card": "بطاقة",
            "desk": "عند المكتب",
            "house-account": "على الحساب",
            "wallet": "محفظة الأعضاء",
            "wechat": "وي تشات باي",
        },
    ),
    "de": Words(
        receipt="Beleg",
        credit="Rückgabebeleg",
        credit_for="zu Beleg {number}",
        discount="Rabatt",
        member_price="Mitgliederpreis",
        subtotal="Summe ohne Steuer",
        total="Summe",
        back="Erstattung",
        tax="inkl. {rate} MwSt. aus {gross}",
        tax_added="zzgl. {rate} Steuer auf {net}",
        rounding="Rundung",
        stored="ohne Verbindung angenommen, noch nicht bestätigt",
        reference="Ref.",
        signed="Signiert",
        fiscal="Fiskalsignatur",
        training="ÜBUNG: KEIN BELEG",
        paid={
            "alipay": "Alipay",
            "card": "Karte",
            "desk": "An der Kasse",
            "house-account": "Auf Kundenkonto",
            "wallet": "Mitgliederguthaben",
            "wechat": "WeChat Pay",
        },
    ),
    "en": Words(
        receipt="Receipt",
        credit="Credit note",
        credit_for="for receipt {number}",
        discount="Discount",
        member_price="Member price",
        subtotal="Subtotal",
        total="Total",
        back="Given back",
        tax="incl. {rate} tax on {gross}",
        tax_added="plus {rate} tax on {net}",
        rounding="Rounding",
        stored="taken without a connection, not yet confirmed",
        reference="Ref.",
        signed="Signed",
        fiscal="Fiscal signature",
        training="TRAINING: NOT A RECEIPT",
        paid={
            "alipay": "Alipay",
            "card": "Card",
            "desk": "At the desk",
            "house-account": "On the house account",
            "wallet": "Member wallet",
            "wechat": "WeChat Pay",
        },
    ),
    "es": Words(
        receipt="Recibo",
        credit="Recibo de devolución",
        credit_for="del recibo {number}",
        discount="Descuento",
        member_price="Precio de socio",
        subtotal="Subtotal",
        total="Total",
        back="Devuelto",
        tax="IVA {rate} incluido en {gross}",
        tax_added="más {rate} de impuesto sobre {net}",
        rounding="Redondeo",
        stored="aceptado sin conexión, aún sin confirmar",
        reference="Ref.",
        signed="Firmado",
        fiscal="Firma fiscal",
        training="PRÁCTICA: NO ES UN RECIBO",
        paid={
            "alipay": "Alipay",
            "card": "Tarjeta",
            "desk": "En caja",
            "house-account": "A cuenta de la casa",
            "wallet": "Saldo de socio",
            "wechat": "WeChat Pay",
        },
    ),
    "zh": Words(
        receipt="收据",
        credit="退货单",
        credit_for="原收据 {number}",
        discount="优惠",
        member_price="会员价",
        subtotal="税前合计",
        total="合计",
        back="退款",
        tax="{gross} 含税 {rate}",
        tax_added="{net} 加税 {rate}",
        rounding="舍入",
        stored="离线收取 尚未确认",
        reference="参考号",
        signed="签名",
        fiscal="税控签名",
        training="培训 不是收据",
        paid={
            "alipay": "支付宝",
            "card": "银行卡",
            "desk": "柜台支付",
            "house-account": "记账",
            "wallet": "会员钱包",
            "wechat": "微信支付",
        },
    ),
}
"""Language without its region -> words."""


def words_of(language: str) -> Words:
    """The words of a language; English where a language has none."""
    return WORDS.get(language.partition("-")[0], WORDS["en"])


def paid_by(provider: str, words: Words) -> str:
    """What a shopper calls the way that a payment was made."""
    return words.paid.get(CARD if provider in CARD_PROVIDERS else provider, provider)
