"""What a screen says aloud: its words in the order in which they are read, its buttons last."""

import re
from html.parser import HTMLParser
from typing import Final, Protocol

from edge.display.screens import Screen, Staff

# What is drawn for the eye only, or stands on every screen.
_SILENT_CLASSES: Final = frozenset({"languages", "tongues", "fewer", "away", "qr", "icons", "place"})
_WITHOUT_END: Final = frozenset({"br", "hr", "img", "meta", "link", "input"})

# Each of these is a breath of its own; everything else runs on.
_BREATHS: Final = frozenset({"h1", "p", "li", "button", "section"})

# Chinese and Arabic have ends of their own.
_ENDS: Final = ".:?!…\u3002\uff1f\uff01\u061f"

# The longest screen has some 700 letters; a voice that speaks for two minutes helps nobody.
LETTERS_MAX: Final = 1500


def spoken(fragment: str) -> str:
    """The words of a painted screen; '' where it is drawn for nobody's ears."""
    reader = _Reader()
    reader.feed(fragment)
    reader.close()
    sentences = [" ".join(words.split()) for words in (*reader.said, *reader.buttons)]
    heard = [each if each[-1] in _ENDS else f"{each}." for each in sentences if re.search(r"\w", each)]
    return " ".join(heard)[:LETTERS_MAX]


class _Reader(HTMLParser):
    """Follows what is open, and keeps what is not silent."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = [""]
        self.buttons: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._in_button = False

    @property
    def _is_silent(self) -> bool:
        return self._open[-1][1] if self._open else False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element."""
        told = dict(attrs)
        classes = set((told.get("class") or "").split())
        silent = self._is_silent or told.get("aria-hidden") == "true" or bool(classes & _SILENT_CLASSES)
        if tag in _BREATHS and not silent:
            self._in_button = tag == "button"
            (self.buttons if self._in_button else self.said).append(told.get("aria-label") or "")
            silent = bool(told.get("aria-label"))
        if tag not in _WITHOUT_END:
            self._open.append((tag, silent))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content says nothing."""

    def handle_endtag(self, tag: str) -> None:
        """Leave an element: what follows is no part of it."""
        if tag in _WITHOUT_END or not self._open:
            return
        self._open.pop()
        if tag == "button":
            self._in_button = False
            self.said.append("")
        elif tag in _BREATHS and not self._is_silent:
            self.said.append("")

    def handle_data(self, data: str) -> None:
        """Words of the innermost open element."""
        if not self._is_silent:
            kept = self.buttons if self._in_button else self.said
            kept[-1] += data


class Speaking(Protocol):
    """All that is asked of a voice."""

    def say(self, words: str, language: str) -> None:
        """Say it, in the place of what is being said."""
        ...

    def hush(self) -> None:
        """Be quiet."""
        ...


class Reciter:
    """Says each screen once, for as long as somebody listens, and what changes on it anew."""

    def __init__(self, voice: Speaking) -> None:
        self._voice = voice
        self._last: tuple[str, str] | None = None

    def see(self, screen: Screen, fragment: str) -> None:
        """A screen is painted. What somebody of the shop does here is nobody's to hear."""
        if not screen.listens or isinstance(screen, Staff):
            if self._last is not None:
                self._voice.hush()
            self._last = None
            return
        said = spoken(fragment), screen.language
        if said != self._last:
            self._last = said
            self._voice.say(*said)
