"""The page as a person has it open: links that arrive, files that are dropped, what is read off it."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from playwright.sync_api import Browser, FilePayload, Locator, expect

from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.signing import SoftwareKey
from edge.offline_queue.export import FORMS
from tests.verify.paper_shop import OBJECT

PHONE: Final = (360, 740)

FORMATS: Final = ("jws", "jsonl")
"""What `opos ledger export` writes that carries signatures."""

TAIL: Final = "No file shows what was cut off at its end: compare the head with the one that the shop knows."
NOBODY_SIGNS: Final = (
    "The file begins here, neither with a beginning nor with a checkpoint:"
    " nobody can say whose key signs. Add the certificate."
)


def signed_by(signer: SoftwareKey) -> str:
    """What the page says of an entry that somebody else signed."""
    return f"It is signed by the key {signer.public.kid}, not by {OBJECT.public.kid}."


# What Playwright says in the place of the worker that keeps the page for later; few tests need that one.
_BLOCKED: Final = "Service Worker registration blocked by Playwright"

# Drops files on the page as a file manager does; an input would be a way of its own.
_DROP: Final = """(files) => {
  const carried = new DataTransfer();
  for (const [name, text] of files) carried.items.add(new File([text], name));
  for (const type of ["dragover", "drop"]) {
    const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried });
    document.body.dispatchEvent(event);
  }
}"""


def exported(entries: Sequence[SignedEntry], form: str = "jws") -> bytes:
    """Entries as `opos ledger export` writes them."""
    return FORMS[form].head + b"".join(FORMS[form].line(entry) for entry in entries)


def as_file(data: bytes, name: str = "ledger.jws") -> FilePayload:
    """A file in a person's hand."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


class OpenPage:
    """One page in a browser. It may ask for the files beside it, and say nothing to the console."""

    def __init__(self, chromium: Browser, home: str, **options: Any) -> None:
        width, height = PHONE
        quiet = {"reduced_motion": "reduce", "service_workers": "block"}
        options = {"viewport": {"width": width, "height": height}, **quiet, **options}
        self.home = home
        self.page = chromium.new_page(**options)
        self.page.set_default_timeout(20_000)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def __enter__(self) -> "OpenPage":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.page.close()
        if kind is None:
            self.check()

    def check(self) -> None:
        """Nothing was complained of, and nobody was asked but for the page's own files."""
        said, self.said = self.said, []
        asked, self.asked = self.asked, []
        heard = [text for text in said if _BLOCKED not in text]
        assert heard == [], heard
        assert [url for url in asked if not url.startswith(self.home) or "#" in url or "?" in url] == []

    def arrive(self, fragment: str = "") -> None:
        """Follow a receipt's link, or none, into a page that was just opened."""
        self.page.goto("about:blank")
        self.follow(fragment)

    def follow(self, fragment: str) -> None:
        """Follow a link where the page is open already."""
        self.page.goto(f"{self.home}index.html{'#' if fragment else ''}{fragment}")
        self.page.locator("html[data-screen]").wait_for()

    def give(self, *files: FilePayload) -> None:
        """Choose files with the button."""
        self.page.set_input_files("#file", list(files))

    def give_path(self, path: Path) -> None:
        """Choose a file on the disk."""
        self.page.set_input_files("#file", path)

    def drop(self, **files: str) -> None:
        """Drop files on the page."""
        self.page.evaluate(_DROP, list(files.items()))

    def shows(self, screen: str) -> None:
        """Wait until a screen is there, and its title has been said to whoever listens."""
        expect(self.page.locator("html")).to_have_attribute("data-screen", screen)
        expect(self.page.locator("h1")).to_be_focused()

    def see(self, selector: str) -> Locator:
        """A part of the screen."""
        return self.page.locator(selector)

    def reasons(self) -> list[str]:
        """What does not fit, in sentences."""
        return self.see(".reasons li").all_inner_texts()

    def problems(self) -> list[tuple[str, str]]:
        """Where the problems of a ledger are, and what they are."""
        rows = self.see(".problems li").evaluate_all(
            """rows => rows.map((row) => ["b", "span"].map((part) => row.querySelector(part).innerText))"""
        )
        return [(where, what) for where, what in rows]

    def facts(self) -> dict[str, str]:
        """The summary and the details, folded or not."""
        rows = self.see(".facts > div").evaluate_all(
            "rows => rows.map((row) => [...row.children].map((part) => part.textContent))"
        )
        return {name: " | ".join(values) for name, *values in rows}
