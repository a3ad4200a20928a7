"""What a shopper keeps: the page without a network, and the receipt as a file and on paper."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Download, expect

from tests.verify.conftest import PAGE, logging_server
from tests.verify.open_page import OpenPage
from tests.verify.paper_shop import CARD_SALE, changed, entry_of, sale, sale_in
from tests.verify.test_page_receipts import receipt

GOOD: Final = receipt(entry_of(CARD_SALE))
KEPT: Final = re.compile(r'"([\w-]+\.\w+)"')


def test_the_worker_keeps_every_file_of_the_page_and_no_other() -> None:
    files = (PAGE / "offline.js").read_text(encoding="utf-8").split("const FILES = [")[1].split("]")[0]
    there = {each.name for each in PAGE.iterdir()} - {"README.md", "offline.js"}
    assert set(KEPT.findall(files)) == there


def test_a_page_that_was_open_once_opens_again_without_a_network(
    chromium: Browser, hosted: Path, tmp_path: Path, request_log: list[str]
) -> None:
    shutil.copytree(hosted, tmp_path / "r")
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    with logging_server(tmp_path, request_log) as home:
        page.goto(f"{home}r/")
        expect(page.locator("#offline-note")).to_be_visible()
    page.close()
    page = context.new_page()
    page.goto(f"{home}r/#{GOOD}")  # nobody listens there any more
    expect(page.locator("h1")).to_have_text("This receipt is genuine")
    assert not [line for line in request_log if GOOD[:20] in line]
    context.close()


def test_the_worker_gives_the_shop_s_new_roots_at_once(
    chromium: Browser, hosted: Path, tmp_path: Path, request_log: list[str]
) -> None:
    shutil.copytree(hosted, tmp_path / "r")
    context = chromium.new_context()
    page = context.new_page()
    with logging_server(tmp_path, request_log) as home:
        page.goto(f"{home}r/")
        expect(page.locator("#offline-note")).to_be_visible()
        (tmp_path / "r" / "roots.js").write_text("window.OPOS_ROOTS = [];\n", encoding="utf-8")
        page.goto("about:blank")
        page.goto(f"{home}r/#{GOOD}")
        expect(page.locator("html")).to_have_attribute("data-screen", "unvouched")
        assert page.goto(f"{home}r/shelf-b12/7/none").status == 404, "what is not the page's is the server's"  # type: ignore[union-attr]
    context.close()


def saved(page: OpenPage) -> Download:
    with page.page.expect_download() as waiting:
        page.see(".keep .main").click()
    return waiting.value


def test_a_receipt_is_saved_as_one_file_that_asks_nobody_and_is_checked_again(
    verify: OpenPage, chromium: Browser, tmp_path: Path
) -> None:
    verify.arrive(GOOD)
    verify.shows("genuine")
    shown = verify.see(".paper").inner_text()
    download = saved(verify)
    assert download.suggested_filename == "receipt-K7QM-0001.html"
    download.save_as(tmp_path / "receipt.html")
    text = (tmp_path / "receipt.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert GOOD in text

    with OpenPage(chromium, tmp_path.as_uri()) as kept:
        kept.page.goto((tmp_path / "receipt.html").as_uri())
        assert kept.see(".paper").inner_text() == shown
        assert kept.see("a").get_attribute("href") == f"{verify.home}index.html#{GOOD}"

    verify.arrive()
    verify.drop(**{"receipt.html": text})
    verify.shows("genuine")


def test_a_saved_file_that_was_changed_is_not_genuine(verify: OpenPage) -> None:
    forged = receipt(changed(entry_of(sale()), b"5130", b"9130"))
    verify.arrive()
    verify.drop(**{"receipt.html": f'<p id="signature" dir="ltr">{forged}</p>'})
    verify.shows("false")
    assert verify.reasons() != []


def test_a_page_on_a_disk_saves_a_receipt_too(on_disk: OpenPage) -> None:
    on_disk.arrive(GOOD)
    on_disk.shows("genuine")
    text = Path(saved(on_disk).path()).read_text(encoding="utf-8")
    assert GOOD in text
    assert "file:" not in text, "where it lay on this disk is nobody's business"


def test_a_name_full_of_markup_stays_text_in_the_saved_file(verify: OpenPage) -> None:
    name = "</style><script>alert(1)</script>"
    line = type(sale().lines[0])("09520001100406", name, 1, 5130, 5130, "reduced")
    verify.arrive(receipt(entry_of(sale(lines=(line,), moves=()))))
    verify.shows("genuine")
    text = Path(saved(verify).path()).read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;/style&gt;&lt;script&gt;" in text


@pytest.mark.parametrize("language", ["en", "ar"])
def test_paper_holds_the_receipt_and_its_code_and_nothing_else(
    verify_in: Callable[..., OpenPage], language: str
) -> None:
    page = verify_in(color_scheme="dark")
    page.arrive(receipt(entry_of(sale_in(language))))
    page.shows("genuine")
    page.page.emulate_media(media="print", color_scheme="dark")
    for hidden in (".top", ".foot", ".keep", ".more", "h1"):
        expect(page.see(hidden)).to_be_hidden()
    expect(page.see(".paper .total")).to_be_visible()
    expect(page.see(".proof .code")).to_be_visible()
    ink = "e => [getComputedStyle(e).color, getComputedStyle(document.body).backgroundColor]"
    assert page.see(".paper .name").evaluate(ink) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]


LINKS: Final = {
    "one letter": "A",
    "version 6": "B" * 120,
    "version 7, the first that names itself": "C" * 150,
    "a short receipt": "https://shop.example/r/#" + receipt(entry_of(sale(items=1))),
    "the longest receipt": "https://shop.example/r/#" + "1.gyQiNUvl." + "aZ-_09" * 248,
    "the longest code": "D" * 2953,
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_the_code_on_the_paper_is_read_by_a_phone(verify: OpenPage, link: str) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    numpy = pytest.importorskip("numpy")
    verify.arrive()
    modules = numpy.array(verify.page.evaluate("text => qr.modules(text)", link), dtype=bool)
    picture = numpy.pad(~modules * numpy.uint8(255), 4, constant_values=255)
    read = zxingcpp.read_barcodes(picture.repeat(3, 0).repeat(3, 1))
    assert [one.text for one in read] == [link]


def test_what_is_too_long_has_no_code(verify: OpenPage) -> None:
    verify.arrive()
    assert verify.page.evaluate("qr.modules('x'.repeat(2954))") is None


def test_the_printed_code_leads_to_the_receipt(verify: OpenPage) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    cv2, numpy = pytest.importorskip("cv2"), pytest.importorskip("numpy")
    verify.arrive(GOOD)
    verify.shows("genuine")
    verify.page.emulate_media(media="print")
    picture = numpy.frombuffer(verify.see(".proof .code").screenshot(), dtype=numpy.uint8)
    verify.page.emulate_media(media="screen")
    large = cv2.imdecode(picture, cv2.IMREAD_GRAYSCALE).repeat(4, 0).repeat(4, 1)
    assert [one.text for one in zxingcpp.read_barcodes(large)] == [f"{verify.home}index.html#{GOOD}"]
