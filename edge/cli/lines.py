"""Lines in, one JSON line out for each: what the commands that decode have in common."""

import codecs
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import click
import msgspec

# msgspec says the second of a string that is not UTF-8, the third of brackets in brackets without end.
MALFORMED: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def answer_lines(stream: BinaryIO, limit: int, answer: Callable[[bytes], msgspec.Struct]) -> None:
    """Write the answer to each line of `stream`; a longer one than `limit` is answered once."""
    for line in lines_of(stream, limit):
        click.echo(msgspec.json.encode(answer(line)))  # echo flushes: who pipes lines in sees each at once


def lines_of(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    """Each line, cut at the limit, without the mark that some editors put before the first."""
    mark = codecs.BOM_UTF8
    while line := stream.readline(limit):
        yield line.removeprefix(mark)
        mark = b""
        while len(line) == limit and not line.endswith(b"\n"):
            line = stream.readline(limit)


def is_cut(line: bytes, limit: int) -> bool:
    """Whether `line` is only the beginning of one that is too long."""
    return len(line) >= limit and not line.endswith(b"\n")


def why(line: bytes, limit: int, error: Exception) -> str:
    """What keeps `line` from being read, in words for a person; nothing of what it holds."""
    if not line.strip():
        return "got an empty line"
    if is_cut(line, limit):
        return f"got a line of more than {limit} bytes"
    if isinstance(error, UnicodeDecodeError):
        return f"got a byte that is no UTF-8 (byte {error.start})"
    return str(error)
