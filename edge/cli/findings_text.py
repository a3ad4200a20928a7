"""The doctor's pages as text: for a terminal, and for docs/findings.md, which is made of them."""

import shutil
import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

import click

from edge.provision.doctor.pages import Page

# Wider lines are hard to read, whatever the terminal can.
_COLUMNS_MAX: Final = 88

_HEAD: Final = """\
# Findings of the doctor

What `opos doctor` can find on an object and its machine. Words in braces are filled in with what was found.
The command under each finding is the one that mends it; those marked with *safe* are what `opos doctor --fix`
runs by itself. Exit codes of `opos doctor`: 0 all is well, 1 something was found, 2 wrong usage, 4 a person
of the shop has to let the object in.

<!-- made by `opos explain --markdown`, never edited by hand -->
"""

SUBJECTS: Final[Mapping[str, str]] = {
    "power": "Power",
    "heat": "Heat",
    "memory": "Memory",
    "disk": "Disk",
    "clock": "Clock",
    "devices": "Devices",
    "glass": "Touch and display",
    "network": "Network",
    "broker": "Broker",
    "hub": "Hub",
    "identity": "Identity and keys",
    "ledger": "Ledger",
    "queue": "What waits for the hub",
    "terminal": "Payment terminal",
    "file": "The object's file",
    "units": "Services",
    "versions": "Versions",
}


def index(pages: Mapping[str, Page]) -> Iterator[str]:
    """A line for each code, under the name of its subject."""
    for subject in dict.fromkeys(page.subject for page in pages.values()):
        yield click.style(SUBJECTS[subject], bold=True)
        yield from (f"  {code}  {page.title}" for code, page in pages.items() if page.subject == subject)


def page_text(code: str, page: Page) -> Iterator[str]:
    """A page for a terminal of any width."""
    yield click.style(f"{code}  {page.title}", bold=True)
    yield ""
    yield from wrapped(page.meaning)
    yield ""
    if page.hand:
        yield from wrapped(f"By hand: {page.hand}")
    yield f"Command: {click.style(page.mend, fg='green')}"
    if page.safe:
        yield "`opos doctor --fix` runs it by itself."


def wrapped(text: str, first: str = "", later: str = "") -> list[str]:
    """`text` in lines that fit into the terminal, commands whole where they can be."""
    columns = min(shutil.get_terminal_size().columns, _COLUMNS_MAX)
    return textwrap.wrap(
        " ".join(text.split()),
        columns,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def markdown(pages: Mapping[str, Page]) -> str:
    """All pages as one document."""
    parts = [_HEAD]
    for subject, codes in groupby(pages, lambda code: pages[code].subject):
        parts.append(f"\n## {SUBJECTS[subject]}\n")
        parts += [_section(code, pages[code]) for code in codes]
    return "".join(parts)


def _section(code: str, page: Page) -> str:
    hand = f"\n{page.hand}\n" if page.hand else ""
    safe = " (*safe*)" if page.safe else ""
    return (
        f"\n### {code}: {page.title}\n\n> {page.sentence}\n\n{page.meaning.strip()}\n{hand}"
        f"\nCommand: `{page.mend}`{safe}\n"
    )
