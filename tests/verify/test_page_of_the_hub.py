"""The page as the hub itself serves it: with the roots of its shop, under its own policy, also for /r."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, expect

from cloud_sync.contract.facts import SaleDiscount, SaleLine
from cloud_sync.contract.fragment import fragment_of
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.training import SUFFIX
from cloud_sync.hub.api.guard import Guard
from cloud_sync.hub.folder import Folder, Trust
from cloud_sync.hub.receipts.verifying import add_verifying
from edge.checkout.receipts import Links
from tests.verify.conftest import PAGE
from tests.verify.open_page import OpenPage
from tests.verify.paper_shop import DEV, ROOT, certificate, entry_of, sale


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The directory of a hub whose objects believe ROOT."""
    made = Folder(tmp_path_factory.mktemp("hub"))
    made.make_keys()
    trust = made.trust()
    made.keep_trust(Trust(trust.receipt, trust.documents, (ROOT.public,)))
    return made


@pytest.fixture(scope="module")
def home(folder: Folder) -> Iterator[str]:
    """Where a hub's door is."""
    app = FastAPI()
    app.add_middleware(Guard)
    add_verifying(app, folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        server.should_exit = True
        thread.join()


def test_every_file_of_the_page_is_served_and_nothing_else(home: str) -> None:
    names = [each.name for each in PAGE.iterdir() if each.suffix != ".md"]
    answers = {name: httpx.get(f"{home}r/{name}") for name in names}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert answers["page.js"].content == (PAGE / "page.js").read_bytes()
    assert answers["page.js"].headers["content-type"].startswith("text/javascript")
    for missing in ("README.md", "trust.json", "..%2ftrust.json", "receipt-key"):
        assert httpx.get(f"{home}r/{missing}").status_code == 404


def test_the_roots_are_those_of_the_shop_also_when_they_change(home: str, folder: Folder) -> None:
    assert ROOT.public.x in httpx.get(f"{home}r/roots.js").text
    before, another = folder.trust(), SoftwareKey.generate().public
    folder.keep_trust(Trust(before.receipt, before.documents, (*before.roots, another)))
    said = httpx.get(f"{home}r/roots.js")
    folder.keep_trust(before)
    assert another.x in said.text
    assert said.headers["cache-control"] == "no-cache"
    assert said.headers["etag"] != httpx.get(f"{home}r/roots.js").headers["etag"]


@pytest.mark.parametrize("name", ["", "page.js", "roots.js"])
def test_a_browser_that_has_a_file_is_not_sent_it_again(home: str, name: str) -> None:
    tag = httpx.get(f"{home}r/{name}").headers["etag"]
    for known in (tag, f"W/{tag}", f'"another", {tag}'):
        same = httpx.get(f"{home}r/{name}", headers={"if-none-match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    changed = httpx.get(f"{home}r/{name}", headers={"if-none-match": '"another"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, tag)


def test_a_link_of_an_object_is_verified_by_the_page_of_its_hub(chromium: Browser, home: str) -> None:
    line = SaleLine(
        *("09520001100406", "Ethiopia", 1, 1150, 1000, "reduced", ()),
        (SaleDiscount("happy", 150, "Happy hour <b>"),),
    )
    entry = entry_of(sale(lines=(line,), total_minor=1000, postings=(), moves=(), taxes=()))
    for page in (f"{home}r/", f"{home}r"):
        with OpenPage(chromium, home) as verify:
            link = Links(page, "", certificate()).of(entry)
            verify.page.goto(link)
            verify.shows("genuine")
            assert verify.page.url.startswith(f"{home}r/#"), "a fragment outlives the way to the page"
            expect(verify.see(".paper .less").first).to_have_text("Happy hour <b>")
            verify.asked = [url for url in verify.asked if "#" not in url]


def test_the_page_of_a_hub_is_kept_for_when_there_is_no_hub(chromium: Browser, home: str) -> None:
    """Its worker asks under the policy of the hub, and gives the page as whoever asks for `/r/` wants it."""
    with OpenPage(chromium, f"{home}r/", service_workers="allow") as verify:
        verify.arrive()
        expect(verify.see("#offline-note")).to_be_visible()
        kept = verify.page.evaluate(
            "caches.open('verify').then((cache) => cache.keys()).then((all) => all.length)"
        )
        assert kept == len([each for each in PAGE.iterdir() if each.name not in {"README.md", "offline.js"}])
        verify.page.context.set_offline(True)
        verify.page.goto(f"{home}r/#{fragment_of(entry_of(sale()).jws(), certificate())}")
        verify.page.reload()
        verify.shows("genuine")
        verify.asked = [url for url in verify.asked if "#" not in url]


def test_a_receipt_of_the_training_says_that_it_is_none(chromium: Browser, home: str) -> None:
    trained = f"{DEV}{SUFFIX}"
    fragment = fragment_of(entry_of(sale(), dev=trained).jws(), certificate(dev=trained))
    with OpenPage(chromium, f"{home}r/") as verify:
        verify.arrive(fragment)
        verify.shows("genuine")
        assert verify.see(".paper .training").all_inner_texts() == ["TRAINING: NOT A RECEIPT"] * 2


def test_a_hub_without_the_files_has_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud_sync.hub.receipts.verifying._directory", lambda: tmp_path / "not-there")
    app = FastAPI()
    add_verifying(app, Folder(tmp_path))
    assert not [route for route in app.routes if getattr(route, "path", "") in {"/r", "/r/"}]
