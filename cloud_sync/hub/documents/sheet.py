"""A CSV file of a shop, read so that whatever is wrong can be said with its line and column."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

# 100,000 products with words in five languages are 60 MB.
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
# Enough to see what went wrong; a file with more mistakes has one mistake.
PROBLEMS_MAX: Final = 50
# What is quoted of a wrong cell: a line of a terminal.
_QUOTED_CHARACTERS_MAX: Final = 60

_WHOLE: Final = re.compile(r"[0-9]{1,15}")


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong in a file, where, and what was expected; line 0 is the file as a whole."""

    file: str
    line: int
    column: str
    sentence: str

    def __str__(self) -> str:
        line = f", line {self.line}" if self.line else ""
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}{line}{column}: {self.sentence}"


class ImportRefusedError(ValueError):
    """A shop's files cannot be worked by: all that is wrong with them. Nothing of them was taken."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems[:PROBLEMS_MAX]))
        self.problems = tuple(problems[:PROBLEMS_MAX])


class Row:
    """One row: its line in the file, and its cells by column; what is wrong in it goes to `problems`."""

    def __init__(self, file: str, line: int, cells: dict[str, str], problems: list[Problem]) -> None:
        self.line, self._file, self._cells, self._problems = line, file, cells, problems

    def text(self, column: str) -> str:
        """The cell without the spaces around it; empty where the file has no such column."""
        return self._cells.get(column, "").strip()

    def whole(self, column: str, what: str) -> int:
        """A whole number; 0 and a problem if the cell has none. `what` says what of, with an example."""
        text = self.text(column)
        if not _WHOLE.fullmatch(text):
            self.wrong(column, f"expected {what}, got {quoted(text)}")
            return 0
        return int(text)

    def wrong(self, column: str, sentence: str) -> None:
        """Note a problem with a cell."""
        self._problems.append(Problem(self._file, self.line, column, sentence))


class Sheet:
    """A CSV file: its columns and rows. Raises ImportRefusedError if it cannot be read as a table at all."""

    def __init__(self, path: Path, needed: Sequence[str]) -> None:
        self.file = path.name
        self.problems: list[Problem] = []
        self._text = _text(path)
        self._needed = needed
        self.columns: tuple[str, ...] = ()

    def rows(self) -> Iterator[Row]:
        """The rows below the header, blank lines left out."""
        reader = csv.reader(io.StringIO(self._text, newline=""), strict=True)
        line = 1
        try:
            for cells in reader:
                if cells and self.columns:
                    yield from self._row(line, cells)
                elif cells:
                    self._read_header(cells)
                line = reader.line_num + 1
        except csv.Error as error:
            raise ImportRefusedError(
                [Problem(self.file, line, "", f"expected CSV, got this: {error}")]
            ) from error
        if not self.columns:
            self._read_header([])

    def _row(self, line: int, cells: list[str]) -> Iterator[Row]:
        if len(cells) == len(self.columns):
            yield Row(self.file, line, dict(zip(self.columns, cells, strict=True)), self.problems)
        else:
            sentence = f"expected {len(self.columns)} cells as in the header, got {len(cells)}"
            self.problems.append(Problem(self.file, line, "", sentence))

    def _read_header(self, cells: list[str]) -> None:
        self.columns = tuple(cell.strip() for cell in cells)
        missing = [column for column in self._needed if column not in self.columns]
        if len(cells) == 1 and ";" in cells[0]:
            sentence = "expected commas between the columns, got semicolons: save it as CSV with commas"
            raise ImportRefusedError([Problem(self.file, 1, "", sentence)])
        if missing:
            raise ImportRefusedError(
                [Problem(self.file, 1, name, "expected this column") for name in missing]
            )
        if len(set(self.columns)) != len(self.columns):
            raise ImportRefusedError([Problem(self.file, 1, "", "expected each column once")])


def quoted(text: str) -> str:
    """A wrong cell as a sentence quotes it."""
    return repr(text[:_QUOTED_CHARACTERS_MAX]) if text else "nothing"


def read(path: Path) -> bytes:
    """The bytes of a shop's file; raises ImportRefusedError with the reason."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ImportRefusedError([Problem(path.name, 0, "", f"cannot be read: {error.strerror}")]) from error
    if len(data) > FILE_BYTES_MAX:
        raise ImportRefusedError([Problem(path.name, 0, "", f"expected at most {FILE_BYTES_MAX} bytes")])
    return data


def _text(path: Path) -> str:
    data = read(path)
    try:
        return data.decode("utf-8-sig")  # spreadsheets put a byte order mark in front
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        sentence = "expected UTF-8, got other bytes: save it as CSV UTF-8"
        raise ImportRefusedError([Problem(path.name, line, "", sentence)]) from error
