"""The page on a phone and on a desk, by day and by night: clear, whole, and never frozen."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import expect

from cloud_sync.contract.fragment import fragment_of
from retail.custody import SOLD, Move
from tests.verify.open_page import OpenPage, as_file, exported
from tests.verify.paper_shop import (
    CARD_SALE,
    COUNTRIES,
    DEV,
    OTHER_ROOT,
    REFUND,
    STRANGER,
    certificate,
    changed,
    entry_of,
    ledger,
    resigned,
    rotation,
    sale,
    sale_in,
)

FLAWS: Final = (Path(__file__).parent / "flaws.js").read_text(encoding="utf-8")
GLASSES: Final = {"phone": (360, 740), "desk": (1280, 800)}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")

LONG: Final = "Extraordinarilylongandunbrokenproductname" * 3
LONG_SALE: Final = sale(
    items=1,
    number="K7QM-" + "9" * 40,
    total_minor=2**53 - 1,
    tender="a tender that nobody has heard of",
    lines=(type(sale().lines[0])("09520001100406", LONG, 999_999, 2**52, 2**53 - 1, "standard"),),
    moves=(Move("09520001100406", DEV, SOLD, 999_999),),
    postings=(),
)


def fragment(*arguments: str) -> str:
    return fragment_of(entry_of(sale()).jws(), *arguments)


RECEIPTS: Final = {
    "nothing": "",
    **{f"a receipt in {tag}": fragment_of(entry_of(sale_in(tag)).jws(), certificate()) for tag in COUNTRIES},
    "a card and two discounts": fragment_of(entry_of(CARD_SALE).jws(), certificate()),
    "a credit note": fragment_of(entry_of(REFUND).jws(), certificate()),
    "a long receipt": fragment_of(entry_of(sale(items=9)).jws(), certificate()),
    "absurd names and amounts": fragment_of(entry_of(LONG_SALE).jws(), certificate()),
    "nobody vouches": fragment(certificate(OTHER_ROOT)),
    "a forgery": fragment_of(changed(entry_of(sale()), b"5130", b"9130").jws(), certificate(dev="mirror-4")),
    "half a link": fragment(certificate())[:200],
}

BROKEN: Final = resigned(ledger(30), 20, STRANGER)
LEDGERS: Final = {
    "intact": [exported(ledger(30)), certificate().encode()],
    "nobody vouches": [exported(ledger(30))],
    "pruned, rotated": [exported(ledger(30, {5: rotation()}))],
    "many problems": [exported([entry for entry in BROKEN if entry.seq % 3])],
    "no ledger": [b"seq,kind\n"],
    "of somebody else": [exported(ledger(30)), certificate(dev="mirror-4").encode()],
}


@pytest.fixture
def page(verify_in: Callable[..., OpenPage]) -> OpenPage:
    return verify_in()


@pytest.mark.parametrize("link", RECEIPTS.values(), ids=RECEIPTS)
def test_every_verdict_on_a_receipt_is_clear_and_whole(page: OpenPage, link: str) -> None:
    page.arrive(link)
    assert flaws(page) == {}


@pytest.mark.parametrize("files", LEDGERS.values(), ids=LEDGERS)
def test_every_verdict_on_a_ledger_is_clear_and_whole(page: OpenPage, files: list[bytes]) -> None:
    page.arrive()
    page.give(*(as_file(data) for data in files))
    page.page.wait_for_selector("html:not([data-screen=start]):not([data-screen=working])")
    assert flaws(page) == {}


def flaws(page: OpenPage) -> dict[str, list[str]]:
    """What is wrong with a screen, everything unfolded: on a phone and a desk, by day and by night."""
    page.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found = {}
    for glass, (width, height) in GLASSES.items():
        page.page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.page.emulate_media(color_scheme=scheme)
            found[f"{glass}, {scheme}"] = page.page.evaluate(FLAWS)
    return {where: what for where, what in found.items() if what}


@pytest.fixture(scope="module")
def long_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "ledger.jws"
    path.write_bytes(exported(ledger(20_000)))
    return path


# What was painted of the progress, frame by frame.
WATCH: Final = """() => {
  globalThis.painted = new Set();
  const look = () => {
    const bar = document.querySelector("progress");
    if (bar) painted.add(bar.value);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_a_long_ledger_is_checked_while_the_page_goes_on_living(verify: OpenPage, long_ledger: Path) -> None:
    verify.arrive()
    verify.page.evaluate(WATCH)
    verify.give_path(long_ledger)
    verify.shows("nobody")
    assert verify.facts()["Entries"] == "20,000, from 1 to 20,000"
    # A page that froze would have painted the first and perhaps the last.
    assert verify.page.evaluate("painted.size") >= 8


# Somebody presses Stop as soon as the first pieces are through.
PRESS_STOP: Final = """() => {
  const press = () => {
    if ((document.querySelector("progress")?.value ?? 0) === 0) return setTimeout(press);
    globalThis.stopped_at = document.querySelector("progress").value;
    document.querySelector("main button").click();
  };
  press();
}"""


def test_a_check_is_stopped_in_the_middle(verify: OpenPage, long_ledger: Path) -> None:
    verify.arrive()
    verify.page.evaluate(PRESS_STOP)
    verify.give_path(long_ledger)
    verify.page.wait_for_function("globalThis.stopped_at > 0")
    verify.shows("start")
    assert verify.page.evaluate("stopped_at") < long_ledger.stat().st_size / 2
    expect(verify.see(".facts")).to_have_count(0)


def test_a_check_that_was_stopped_reads_no_further(verify: OpenPage) -> None:
    verify.arrive()
    ended = verify.page.evaluate(
        """async (line) => {
          const stop = new AbortController();
          let pieces = 0;
          const progress = () => { pieces += 1; stop.abort(); };
          const file = new File(Array(1000).fill(line), "ledger.jws");
          const report = await ledgers.check(file, { progress, signal: stop.signal });
          return [report, pieces];
        }""",
        exported(ledger(1)).decode(),
    )
    assert ended == [None, 1]


def test_the_latest_of_two_files_is_shown(verify: OpenPage, long_ledger: Path) -> None:
    verify.arrive()
    verify.give_path(long_ledger)
    verify.drop(**{"short.jws": exported(ledger(5)).decode()})
    verify.shows("nobody")
    assert verify.facts()["File"] == "short.jws"
