"""A JSON object that is longer than memory: its members one after the other, one array item by item."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

# Read at once; a product with words in five languages is one or two of a thousand bytes.
BLOCK_BYTES: Final = 64 * 1024
# Ten thousand recalls are below a megabyte; a single value that is longer has no place in a document.
VALUE_CHARACTERS_MAX: Final = 4 * 1024 * 1024

# The empty string is in it: a value that ends with its block may go on.
_OF_A_NUMBER: Final = "0123456789+-.eE"
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_DECODER: Final = json.JSONDecoder()


class Members:
    """The members of one JSON object in `file`; `items` is the name of the array that comes in pieces.

    Each value is what stands in the file, for a strict decoder to read. Raises ValueError where it is not
    one JSON object.
    """

    def __init__(self, file: BinaryIO, items: str) -> None:
        self._file = file
        self._items = items
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._ended = False

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Name and text of each member, and of each item under the name of its array."""
        self._expect("{")
        if self._next() == "}":
            self._at += 1
        else:
            while True:
                name: str = json.loads(self._value('"'))
                self._expect(":")
                yield from self._member(name)
                if self._expect(",}") == "}":
                    break
        if self._next():
            raise ValueError("expected nothing after the object")

    def _member(self, name: str) -> Iterator[tuple[str, str]]:
        if name != self._items or self._next() != "[":
            yield name, self._value()
            return
        self._at += 1
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield name, self._value()
            if self._expect(",]") == "]":
                return

    def _value(self, first: str = "") -> str:
        """The text of the value that comes next; the file is read on until all of it is there."""
        if (found := self._next()) == "" or (first and found != first):
            raise ValueError(f"expected {first or 'a value'}, got {found or 'the end'}")
        while True:
            try:
                _, end = _DECODER.raw_decode(self._text, self._at)
            except (json.JSONDecodeError, RecursionError):
                if self._ended:
                    raise
            else:
                # What ends a number with its block may be the middle of it: -7 and .5e3.
                if self._ended or self._text[end : end + 1] not in _OF_A_NUMBER:
                    text, self._at = self._text[self._at : end], end
                    return text
            self._read_on()

    def _expect(self, characters: str) -> str:
        found = self._next()
        if found == "" or found not in characters:
            raise ValueError(f"expected {' or '.join(characters)}, got {found or 'the end'}")
        self._at += 1
        return found

    def _next(self) -> str:
        """The next character that is no space, where it stands; nothing at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            assert match is not None, "no space is space too"
            self._at = match.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._read_on()

    def _read_on(self) -> None:
        if len(self._text) - self._at > VALUE_CHARACTERS_MAX:
            raise ValueError(f"expected values of at most {VALUE_CHARACTERS_MAX} characters")
        data = self._file.read(max(BLOCK_BYTES, len(self._text) - self._at))
        self._ended = not data
        self._text = self._text[self._at :] + self._utf8.decode(data, final=not data)
        self._at = 0
