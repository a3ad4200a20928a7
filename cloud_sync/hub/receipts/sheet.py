"""A receipt as a page of HTML, for a browser and for a letter: no script, nothing from elsewhere."""

from pathlib import Path
from typing import Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from cloud_sync.hub.receipts.finding import Found
from retail.receipt import rows

STYLE: Final = (Path(__file__).parent / "static" / "receipt.css").read_text(encoding="utf-8")

_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})

_pages: Final = Environment(
    loader=PackageLoader("cloud_sync.hub.receipts"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class PageWords(msgspec.Struct, frozen=True):
    """The words around a receipt in one language; `{number}` and `{shop}` are filled in."""

    title: str
    link: str
    proof: str
    not_here: str
    wait: str
    mail: str
    send: str
    sent: str
    enough: str
    later: str
    no_address: str


PAGE_WORDS: Final = {
    "ar": PageWords(
        title="إيصال {number} من {shop}",
        link="هذا الإيصال على صفحة المتجر",
        proof="وقّع الجهاز الذي باع لك القيد الذي يحمل هذه البصمة.",
        not_here="هذا الإيصال ليس هنا",
        wait="يرسله الجهاز حالما يتصل بالشبكة. حاول مرة أخرى لاحقاً.",
        mail="أرسله إلى عنوان البريد الإلكتروني",
        send="إرسال",
        sent="الإيصال في طريقه إليك.",
        enough="أُرسل هذا الإيصال من قبل.",
        later="لا يمكن إرساله الآن. حاول لاحقاً.",
        no_address="هذا ليس عنوان بريد إلكتروني.",
    ),
    "de": PageWords(
        title="Beleg {number} von {shop}",
        link="Dieser Beleg auf der Seite des Geschäfts",
        proof="Den Eintrag mit diesem Hash hat das Objekt unterschrieben, an dem gekauft wurde.",
        not_here="Dieser Beleg ist nicht hier",
        wait="Das Objekt schickt ihn, sobald es eine Verbindung hat. Bitte später noch einmal versuchen.",
        mail="An diese E-Mail-Adresse schicken",
        send="Schicken",
        sent="Der Beleg ist unterwegs.",
        enough="Dieser Beleg wurde schon verschickt.",
        later="Das geht gerade nicht. Bitte später noch einmal versuchen.",
        no_address="Das ist keine E-Mail-Adresse.",
    ),
    "en": PageWords(
        title="Receipt {number} from {shop}",
        link="This receipt on the page of the shop",
        proof="The object that sold it signed the entry with this hash.",
        not_here="This receipt is not here",
        wait="Its object sends it as soon as it has a connection. Please try again later.",
        mail="Send it to this e-mail address",
        send="Send",
        sent="The receipt is on its way.",
        enough="This receipt was sent already.",
        later="It cannot be sent now. Please try again later.",
        no_address="This is no e-mail address.",
    ),
    "es": PageWords(
        title="Recibo {number} de {shop}",
        link="Este recibo en la página de la tienda",
        proof="El objeto que lo vendió firmó la entrada con este hash.",
        not_here="Este recibo no está aquí",
        wait="Su objeto lo envía en cuanto tiene conexión. Inténtelo de nuevo más tarde.",
        mail="Enviarlo a esta dirección de correo",
        send="Enviar",
        sent="El recibo está en camino.",
        enough="Este recibo ya se envió.",
        later="Ahora no se puede enviar. Inténtelo más tarde.",
        no_address="No es una dirección de correo.",
    ),
    "zh": PageWords(
        title="{shop} 收据 {number}",
        link="在商店页面上查看此收据",
        proof="售出商品的设备已对此哈希的条目签名。",
        not_here="此收据尚不在这里",
        wait="设备一有网络就会发送。请稍后再试。",
        mail="发送到此电子邮箱",
        send="发送",
        sent="收据已寄出。",
        enough="此收据已发送过。",
        later="暂时无法发送。请稍后再试。",
        no_address="这不是电子邮箱地址。",
    ),
}


def page_words(language: str) -> PageWords:
    """The words of a language; English where a language has none."""
    return PAGE_WORDS.get(language.partition("-")[0], PAGE_WORDS["en"])


def title_of(found: Found) -> str:
    """What a page or a letter with this receipt is called."""
    return page_words(found.slip.language).title.format(number=found.slip.number, shop=found.slip.shop)


def page(found: Found, link: str = "", style: str = "", mail: str = "") -> str:
    """The receipt as HTML: `link` is where it is shown, `mail` where one asks for a letter.

    `style` is a style sheet to carry along; without it the page asks for that of its server.
    """
    language = found.slip.language
    return _pages.get_template("receipt.html").render(
        rows=rows(found.slip),
        words=page_words(language),
        title=title_of(found),
        language=language,
        direction=direction(language),
        link=link,
        style=style,
        mail=mail,
    )


def note(title: str, said: str, language: str) -> str:
    """A page that says one thing, such as what became of a wish."""
    return _pages.get_template("note.html").render(
        title=title, said=said, language=language, direction=direction(language)
    )


def direction(language: str) -> str:
    """Which way a language is written."""
    return "rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
