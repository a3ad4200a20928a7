"""The page in Chromium, as a retailer hosts it: a copy of docs/verify with the retailer's root filled in."""

import functools
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.verify.open_page import OpenPage
from tests.verify.paper_shop import ROOT

CHROMIUM: Final = Path("/usr/bin/chromium")
QUIET: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGE: Final = Path(__file__).parents[2] / "docs" / "verify"

expect.set_options(timeout=20_000)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail("The page is tested in Chromium, which is not there: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a retailer who has filled in the roots."""
    folder = tmp_path_factory.mktemp("hosted") / "verify"
    shutil.copytree(PAGE, folder)
    roots = json.dumps([ROOT.public.jwk()])
    (folder / "roots.js").write_text(f'"use strict";\nwindow.OPOS_ROOTS = {roots};\n', encoding="utf-8")
    return folder


class Silent(SimpleHTTPRequestHandler):
    """A static server that says nothing, and has the roots asked for again, since they may change."""

    def end_headers(self) -> None:
        if self.path.endswith("roots.js"):
            self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def served(hosted: Path) -> Iterator[str]:
    """Where a static server serves that folder."""
    handler = functools.partial(Silent, directory=str(hosted))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def request_log() -> list[str]:
    """Every request line that reached the server, as it came."""
    return []


@contextmanager
def logging_server(folder: Path, log: list[str]) -> Iterator[str]:
    """Where a server of its own serves a folder, and writes down what it is asked."""

    class Logging(Silent):
        def log_request(self, *_: Any) -> None:
            log.append(self.requestline)

    handler = functools.partial(Logging, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def logged(hosted: Path, request_log: list[str]) -> Iterator[str]:
    """A server of its own, for one test."""
    with logging_server(hosted, request_log) as home:
        yield home


@pytest.fixture(scope="module")
def on_server(chromium: Browser, served: str) -> Iterator[OpenPage]:
    with OpenPage(chromium, served) as page:
        yield page


@pytest.fixture(scope="module")
def on_disk(chromium: Browser, hosted: Path) -> Iterator[OpenPage]:
    with OpenPage(chromium, f"{hosted.as_uri()}/") as page:
        yield page


@pytest.fixture
def verify(on_server: OpenPage) -> Iterator[OpenPage]:
    """The page on a server; what it complains of, and whom else it asks, fails the test."""
    yield on_server
    on_server.check()


@pytest.fixture(params=["server", "disk"])
def verify_anywhere(
    request: pytest.FixtureRequest, on_server: OpenPage, on_disk: OpenPage
) -> Iterator[OpenPage]:
    """The page on a server, and opened from a disk."""
    page = on_server if request.param == "server" else on_disk
    yield page
    page.check()


@pytest.fixture
def verify_in(chromium: Browser, served: str) -> Iterator[Callable[..., OpenPage]]:
    """The page in a browser of its own kind: what it can do, how large it is, how dark."""
    pages: list[OpenPage] = []

    def opened(script: str = "", **options: Any) -> OpenPage:
        pages.append(OpenPage(chromium, served, **options))
        pages[-1].page.add_init_script(script)
        return pages[-1]

    yield opened
    for page in pages:
        page.page.close()
    for page in pages:
        page.check()
