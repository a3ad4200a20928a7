"""A shopper opens the link of a receipt: what the page says of a good one, and of each kind of forgery."""

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import asdict, replace
from playwright.sync_api import Browser, expect

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry, sign_entry, signing_input
from cloud_sync.contract.facts import Arrived, SaleLine, TaxLine
from cloud_sync.contract.fragment import DICTIONARY, fragment_of
from cloud_sync.contract.signing import PublicKey, SoftwareKey, seal
from cloud_sync.contract.slip import slip_of
from retail.custody import SOLD, Move
from retail.locale import amount
from retail.receipt import TIMES, rows
from retail.receipt_words import WORDS
from retail.units import MINOR_DIGITS, Money
from tests.verify.conftest import PAGE, logging_server
from tests.verify.open_page import OpenPage
from tests.verify.paper_shop import (
    CARD_SALE,
    COUNTRIES,
    DEV,
    OBJECT,
    OTHER_ROOT,
    REFUND,
    ROOT,
    STRANGER,
    certificate,
    changed,
    entry_of,
    sale,
    sale_in,
    under_the_name_of_the_root,
)

GOOD: Final = fragment_of(entry_of(sale()).jws(), certificate())


def receipt(entry: SignedEntry, certified: str = "") -> str:
    return fragment_of(entry.jws(), certified or certificate())


def plain(body: bytes, certified: str = "") -> str:
    """A receipt with a body that no encoder of ours would write, signed all the same."""
    return f"{sign_entry(OBJECT, 1, bytes(32), body).jws()}~{certified or certificate()}"


def under_another_name() -> SignedEntry:
    """An entry that the object signed, whose header names a stranger's key."""
    entry, kid = entry_of(sale()), STRANGER.public.kid
    return replace(entry, kid=kid, sig=OBJECT.sign(signing_input(kid, entry.prev, entry.body)))


def bomb() -> str:
    parts = GOOD.split(".")
    press = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    parts[3] = b64(press.compress(bytes(700_000)) + press.flush())
    return ".".join(parts)


def test_a_good_receipt_is_genuine_and_reads_like_one(verify_anywhere: OpenPage) -> None:
    page = verify_anywhere
    page.arrive(GOOD)
    page.shows("genuine")
    expect(page.see("h1")).to_have_text("This receipt is genuine")
    expect(page.see(".lead")).to_have_text("Corner Coffee issued it, and nothing in it was changed since.")
    paper = page.page.get_by_role("article", name="Receipt K7QM-0001")
    assert [line for line in paper.inner_text().split("\n") if line] == [
        *("Corner Coffee", "shelf-b12", "Receipt K7QM-0001", "Jan 31, 2026"),
        *("Ethiopia Yirgacheffe 250 g, whole bean", "€11.50"),
        *("Colombia Huila 250 g", "€10.90"),
        *("House blend 1 kg", "€28.90"),
        *("Total", "€51.30", "€5130"),  # what is heard, and what is seen with its cents raised
        *("incl. 7% tax on €51.30", "€3.36"),
        *("On the house account", "€51.30"),
    ]


def test_the_details_are_folded_away_and_say_all_that_was_checked(verify: OpenPage) -> None:
    verify.arrive(GOOD)
    verify.shows("genuine")
    expect(verify.see("pre")).to_be_hidden()
    verify.see("summary").click()
    expect(verify.see("pre")).to_have_text(entry_of(sale()).body.decode())
    facts = verify.facts()
    assert facts["Hash (SHA-256)"] == b64(entry_of(sale()).hash)
    assert facts["Hash of the entry before"] == b64(entry_of(sale()).prev)
    assert facts["Key of the object"] == f"{OBJECT.public.thumbprint} | kept in a sealed file"
    assert facts["Root keys that this page knows"] == ROOT.public.kid
    assert facts["Written"] == "Feb 1, 2026, 5:04:00 AM UTC | by a clock that nobody had confirmed"


def test_the_plain_form_is_read_too(verify: OpenPage) -> None:
    verify.arrive(f"{entry_of(sale()).jws()}~{certificate()}")
    verify.shows("genuine")
    assert verify.reasons() == []


def test_a_receipt_that_was_printed_when_the_form_was_fixed_is_still_read(verify: OpenPage) -> None:
    verify.arrive((PAGE.parents[1] / "tests" / "verify" / "printed_receipt.txt").read_text().strip())
    verify.shows("genuine")
    assert verify.reasons() == []


@pytest.mark.parametrize("language", COUNTRIES)
def test_a_receipt_speaks_the_language_and_the_money_of_its_sale(verify: OpenPage, language: str) -> None:
    sold = sale_in(language)
    verify.arrive(receipt(entry_of(sold)))
    verify.shows("genuine")
    expect(verify.see(".paper")).to_have_attribute("lang", language)
    expect(verify.see(".paper")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(verify.see(".lines .name")).to_have_text(sold.lines[0].name)
    said = verify.see(".total .heard").text_content() or ""
    ours = amount(Money(sold.total_minor, sold.currency), language)
    # Browsers and babel may differ in spaces and marks of direction, never in figures or the currency.
    assert "".join(filter(visible, said)) == "".join(filter(visible, ours))


def test_the_page_and_the_object_say_the_same_words_and_the_same_amounts(verify: OpenPage) -> None:
    verify.arrive()
    ours = {language: {**asdict(said)} for language, said in WORDS.items()}
    assert verify.page.evaluate("PAPER_WORDS") == ours
    currencies = [*MINOR_DIGITS, "EUR", "CNY", "HUF", "RSD"]
    said = verify.page.evaluate("names => names.map((name) => paper.amount(1234567, name, 'en'))", currencies)
    told = [amount(Money(1_234_567, currency), "en") for currency in currencies]
    assert ["".join(filter(visible, one)) for one in said] == ["".join(filter(visible, one)) for one in told]


def visible(letter: str) -> bool:
    return not letter.isspace() and letter not in "\u200e\u200f\u061c"


def on_the_paper(page: OpenPage) -> list[str]:
    return [line.replace("\u00a0", " ") for line in page.see(".paper").inner_text().split("\n") if line]


def test_discounts_and_every_payment_are_on_the_receipt(verify: OpenPage) -> None:
    verify.arrive(receipt(entry_of(CARD_SALE)))
    verify.shows("genuine")
    assert on_the_paper(verify)[4:] == [
        *("Ethiopia Yirgacheffe", "€23.00", f"2 {TIMES} €11.50"),
        *("Discount happy-hour", "-€2.60", "Member price", "-€1.00"),
        *("House blend 1 kg", "€28.90"),
        *("Total", "€48.30", "€4830"),
        *("incl. 7% tax on €48.30", "€3.16"),
        *("Member wallet", "€20.00", "Ref. slice-1"),
        *("Card Visa 4242", "€28.30", "taken without a connection, not yet confirmed", "Ref. 000123"),
    ]


def test_a_refund_is_a_credit_note(verify: OpenPage) -> None:
    verify.arrive(receipt(entry_of(REFUND)))
    verify.shows("genuine")
    assert on_the_paper(verify) == [
        *("Corner Coffee", "shelf-b12", "Rückgabebeleg K7QM-R0001", "01.02.2026"),
        *("Hausmischung 1 kg", "28,90 €"),
        *("Erstattung", "28,90 €", "2890 €"),
        *("inkl. 7 % MwSt. aus 28,90 €", "1,89 €"),
        *("Karte", "28,90 €"),
    ]


def test_tax_that_comes_on_top_stands_above_the_total(verify: OpenPage) -> None:
    line = SaleLine("09520001100420", "House blend", 1, 10_000, 10_000, "city")
    taxes = (TaxLine("city", 888, 10_888, 888),)
    sold = sale(language="en-US", currency="USD", total_minor=10_888, lines=(line,), taxes=taxes)
    verify.arrive(receipt(entry_of(replace(sold, postings=(), moves=()))))
    verify.shows("genuine")
    assert on_the_paper(verify)[4:10] == [
        *("House blend", "$100.00", "Subtotal", "$100.00", "plus 8.88% tax on $100.00", "$8.88"),
    ]


def test_every_amount_of_a_receipt_is_the_one_that_the_object_prints(verify: OpenPage) -> None:
    for fact in (CARD_SALE, sale(), REFUND):
        verify.arrive(receipt(entry_of(fact)))
        verify.shows("genuine")
        printed = [row.end for row in rows(slip_of(fact, DEV))[2:] if row.end]
        shown = verify.see(".paper .sum, .paper .total .heard").all_text_contents()
        assert sorted(map(seen, shown)) == sorted(map(seen, printed))


def seen(said: str) -> str:
    return "".join(filter(visible, said))


def test_nothing_is_asked_of_anybody_when_the_shop_is_offline(
    chromium: Browser, hosted: Path, request_log: list[str], logged: str
) -> None:
    """The page comes once; after that its server is told nothing, and the receipt never leaves the phone."""
    page = OpenPage(chromium, logged)
    page.arrive()
    asked = list(request_log)
    assert all("#" not in line and GOOD not in line for line in asked)
    assert {line.split()[1] for line in asked} <= {
        "/index.html",
        *(f"/{each.name}" for each in hosted.iterdir()),
    }
    page.page.context.set_offline(True)
    page.page.evaluate("fragment => { location.hash = fragment; }", receipt(entry_of(CARD_SALE)))
    page.shows("genuine")
    assert request_log == asked
    page.page.context.set_offline(False)
    page.page.close()
    page.check()


def test_a_link_without_a_slash_behind_its_page_is_read_too(
    chromium: Browser, hosted: Path, tmp_path: Path, request_log: list[str]
) -> None:
    """`https://shop.example/r#...`: the server leads to `/r/`, and a browser takes the fragment along."""
    shutil.copytree(hosted, tmp_path / "r")
    with logging_server(tmp_path, request_log) as home:
        page = OpenPage(chromium, f"{home}r")
        page.page.goto(f"{home}r#{GOOD}")
        page.shows("genuine")
        page.page.close()
        page.check()
    assert {line.split()[1] for line in request_log} >= {"/r", "/r/", "/r/receipt.js"}
    assert not any(GOOD[:20] in line for line in request_log)


FORGED_TOTAL: Final = changed(entry_of(sale()), b'"total_minor":5130,"tender"', b'"total_minor":130,"tender"')
KID: Final = OBJECT.public.kid
CHANGED: Final = f"The signature does not fit: something was changed after the key {KID} signed it."
FORGERIES: Final[dict[str, tuple[str, list[str]]]] = {
    "a forged total": (receipt(FORGED_TOTAL), [CHANGED]),
    "another place in the chain": (
        receipt(sign_entry(STRANGER, 1, bytes(32), entry_of(sale()).body)),
        [f"It is signed by the key {STRANGER.public.kid}, not by {KID}."],
    ),
    "the name of another key": (
        receipt(under_another_name()),
        [f"It is signed by the key {STRANGER.public.kid}, not by {KID}."],
    ),
    "another object": (
        receipt(entry_of(sale()), certificate(dev="mirror-4")),
        ["It says that it is from shelf-b12, but the key is that of mirror-4."],
    ),
    "another object's key": (
        receipt(entry_of(sale()), certificate(key=STRANGER, dev="mirror-4")),
        [
            f"It is signed by the key {KID}, not by {STRANGER.public.kid}.",
            "It says that it is from shelf-b12, but the key is that of mirror-4.",
        ],
    ),
    "a certificate in the root's name": (
        receipt(entry_of(sale()), under_the_name_of_the_root()),
        ["The certificate names a root key of this page, which did not sign it."],
    ),
    "an entry that sold nothing": (
        receipt(entry_of(Arrived("t1", (Move("09520001100406", "transit", DEV, 6),)))),
        ["It is an entry of a ledger, but nothing was sold with it."],
    ),
    "a discount that is no number": (
        plain(entry_of(CARD_SALE).body.replace(b'"amount_minor":260}', b'"amount_minor":"2.60"}')),
        ["It is a sale whose lines or amounts cannot be read."],
    ),
    "payments that are none": (
        plain(entry_of(CARD_SALE).body.replace(b'"provider":"wallet"', b'"provider":7')),
        ["It is a sale whose lines or amounts cannot be read."],
    ),
    "a refund without lines": (
        plain(entry_of(REFUND).body.replace(b'"units":1', b'"units":null')),
        ["It is a refund whose lines or amounts cannot be read."],
    ),
    "money from nowhere": (
        plain(entry_of(sale()).body.replace(b'"amount_minor":5130', b'"amount_minor":5131')),
        ["Its postings should sum to nothing; they sum to €0.01."],
    ),
    "goods that go nowhere": (
        plain(entry_of(sale()).body.replace(b'"taker":"sold"', b'"taker":"shelf-b12"')),
        [
            f"A move of {gtin} moves nothing."
            for gtin in ("09520001100406", "09520001100413", "09520001100420")
        ],
    ),
    "an amount that is no number": (
        plain(
            entry_of(sale()).body.replace(b'"total_minor":5130,"tender"', b'"total_minor":"51.30","tender"')
        ),
        ["It is a sale whose lines or amounts cannot be read."],
    ),
}


@pytest.mark.parametrize(("fragment", "reasons"), FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_not_genuine_and_the_page_says_why(
    verify: OpenPage, fragment: str, reasons: list[str]
) -> None:
    verify.arrive(fragment)
    verify.shows("false")
    assert verify.reasons() == reasons
    expect(verify.see("h1")).to_have_text("This receipt is not genuine")
    # Nothing that looks like a receipt: somebody would take a picture of it.
    expect(verify.see(".paper")).to_have_count(0)


OFF_THE_CURVE: Final = CertifiedKey(DEV, "demo", PublicKey("A" * 43, "A" * 43), "file", 0)
# Base64url that says the same in two ways would let two texts have one signature.
SLOPPY: Final = ["QQ==", "QQ=", "QR", "Q", "Q Q", "QQ\n", "+/+/", "QUI="]


def test_base64url_is_read_only_as_it_is_written(verify: OpenPage) -> None:
    verify.arrive()
    written = [b64(bytes(range(size))) for size in range(20)] + [b64(bytes(range(255, 0, -1)))]
    again = """texts => texts.map((text) => {
        try { return jose.b64Text(jose.unb64(jose.utf8(text))); } catch (error) { return error.code; }
    })"""
    assert verify.page.evaluate(again, written) == written
    assert verify.page.evaluate(again, SLOPPY) == ["letters"] * len(SLOPPY)


UNREADABLE: Final = {
    "cut off": (GOOD[:400], "It does not have the parts of a receipt."),
    "cut off in its last part": (GOOD[:-3], "Letters are missing or were changed."),
    "cut off in the middle of a part": (
        GOOD.replace(GOOD.split(".")[3], GOOD.split(".")[3][:201]),
        "Letters",
    ),
    "garbage": ("opos", "It does not have the parts of a receipt."),
    "letters of another alphabet": ("ä.ö.ü", "It does not have the parts of a receipt."),
    "half of the plain form": (f"{entry_of(sale()).jws()}~", "Parts of it are missing."),
    "a bomb": (bomb(), "It is longer than any receipt or entry can be."),
    "longer than any code": (GOOD + "A" * 1_000, "It is longer than any receipt or entry can be."),
    "longer than any plain form": ("A" * 70_000 + "~", "It is longer than any receipt or entry can be."),
    "a certificate of nothing": (
        plain(entry_of(sale()).body, seal(ROOT, CERTIFICATE_TYPE, {"key": 7})),
        "Its certificate cannot be read.",
    ),
    "a receipt of the hub as certificate": (
        plain(entry_of(sale()).body, seal(ROOT, "opos-receipt", {})),
        "Its certificate cannot be read.",
    ),
    "a key beside the curve": (
        plain(entry_of(sale()).body, seal(ROOT, CERTIFICATE_TYPE, OFF_THE_CURVE)),
        "The key that it names is none.",
    ),
    "a number that is written twice": (
        plain(entry_of(sale()).body.replace(b'"seq":', b'"seq":9,"seq":')),
        "Its body can be read in two ways.",
    ),
    "brackets without end": (plain(b'{"dev":' + b"[" * 20_000), "Its body cannot be read."),
    "bytes that are no text": (plain(b'{"dev":"\xff"}'), "Its bytes are no text."),
    "a body of something else": (plain(b'{"dev":"x"}'), "Its body is not that of an entry."),
}


@pytest.mark.parametrize(("fragment", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_whole_receipt_proves_nothing(verify: OpenPage, fragment: str, reason: str) -> None:
    verify.arrive(fragment)
    expect(verify.see(".verdict.bad h1")).to_be_visible()
    assert [said for said in verify.reasons() if said.startswith(reason)] != []
    expect(verify.see(".paper")).to_have_count(0)


def test_a_root_that_nobody_here_knows_vouches_for_nothing(verify: OpenPage) -> None:
    verify.arrive(receipt(entry_of(sale()), certificate(OTHER_ROOT)))
    verify.shows("unvouched")
    expect(verify.see("h1")).to_have_text("Nobody here vouches for this receipt")
    expect(verify.see(".lead")).to_contain_text("the key behind it is not known to this page")


def test_a_page_whose_roots_nobody_filled_in_vouches_for_nothing(chromium: Browser) -> None:
    with OpenPage(chromium, f"{PAGE.as_uri()}/") as page:
        page.arrive(GOOD)
        page.shows("unvouched")
        expect(page.see(".lead")).to_contain_text("does not know any shop yet")


def test_a_link_is_pasted_and_checked_with_the_keyboard_alone(verify: OpenPage) -> None:
    verify.arrive()
    verify.shows("start")
    verify.page.keyboard.press("Tab")
    expect(verify.page.get_by_label("Link of the receipt")).to_be_focused()
    broken = f"{GOOD[:500]}\n {GOOD[500:]}"  # as a mail program breaks it
    verify.page.keyboard.insert_text(f"https://shop.example/verify/index.html#{broken}")
    verify.page.keyboard.press("Enter")
    verify.shows("genuine")
    verify.page.keyboard.press("Shift+Tab")
    expect(verify.page.get_by_label("Language")).to_be_focused()
    verify.page.keyboard.press("Shift+Tab")
    verify.page.keyboard.press("Enter")
    verify.shows("start")


def test_another_link_in_the_same_page_is_another_verdict(verify: OpenPage) -> None:
    verify.arrive(GOOD)
    verify.shows("genuine")
    verify.follow(receipt(FORGED_TOTAL))
    verify.shows("false")
    assert verify.reasons() != []
    verify.page.go_back()
    verify.shows("genuine")
    assert verify.reasons() == []


def test_a_name_full_of_markup_is_read_and_not_run(verify_in: Callable[..., OpenPage]) -> None:
    name = '<img src=x onerror="alert(1)"><script>alert(2)</script>{gross}\u202e'
    line = sale().lines[0]
    lines = (type(line)(line.gtin, name, 1, 5130, 5130, "reduced"),)
    page = verify_in()
    page.page.on("dialog", lambda dialog: pytest.fail(f"the name ran: {dialog.message}"))
    page.arrive(receipt(entry_of(sale(lines=lines, moves=(Move(line.gtin, DEV, SOLD, 1),)))))
    page.shows("genuine")
    expect(page.see(".lines .name")).to_have_text(name)
    assert page.see("main script, main img").count() == 0


OLD: Final = {
    "a page without https": "Object.defineProperty(crypto, 'subtle', { value: undefined })",
    "a browser of 2019": "delete globalThis.DecompressionStream",
}


@pytest.mark.parametrize("script", OLD.values(), ids=OLD)
def test_a_browser_that_cannot_check_is_told_what_to_do(
    verify_in: Callable[..., OpenPage], script: str
) -> None:
    page = verify_in(script)
    page.arrive(GOOD)
    page.shows("old")
    expect(page.see(".lead")).to_contain_text("over https")


def test_the_page_itself_may_ask_nobody(chromium: Browser, served: str) -> None:
    page = chromium.new_page()
    page.goto(f"{served}index.html")
    for ask in ("fetch('x')", "fetch('https://example.com/')", "new Image().decode.call(0)"):
        assert page.evaluate(f"{ask}.then(() => 'answered', () => 'refused')") == "refused"
    answer: Any = page.evaluate("""() => new Promise((done) => {
        const script = document.createElement("script");
        script.onload = () => done("ran");
        script.onerror = () => done("refused");
        script.src = "https://example.com/x.js";
        document.head.append(script);
    })""")
    assert answer == "refused"
    page.close()


def test_every_key_signs_for_its_own_object_only() -> None:
    """What the tests above stand on: the keys of this shop are different ones."""
    keys: list[SoftwareKey] = [OBJECT, ROOT, OTHER_ROOT, STRANGER]
    assert len({key.public.kid for key in keys}) == len(keys)
