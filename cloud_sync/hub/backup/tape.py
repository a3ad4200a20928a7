"""A backup as a file: a first line, one zstd stream of records, and the SHA-256 of all before it.

A record is its length (4 bytes, big-endian) and so many bytes of msgpack: a `Heading`, then `Rows` and
`KeptFile`s in the order in which they go back, then `End`. The file belongs to no engine, and whoever reads
it holds one record in memory at a time.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import zstandard

MAGIC: Final = b"OPOS-HUB-BACKUP 1\n"
TRAILER_BYTES: Final = 32
"""The SHA-256 at the end, over all bytes before it."""

RECORD_BYTES_MAX: Final = 64 * 1024 * 1024
"""No writer of ours makes a longer record (256 rows of at most 128 KiB); a reader believes no longer one."""

_LENGTH_BYTES: Final = 4
_PIECE_BYTES: Final = 1024 * 1024


class DamagedBackupError(ValueError):
    """A file that is no whole backup: which one, and what is wrong with it."""


class Heading(msgspec.Struct, frozen=True, array_like=True, tag="heading"):
    """What the tape holds, as the database was at one moment: `rows` says how many of each table."""

    at_ms: int
    schema: str
    generation: int
    rows: dict[str, int]


class Rows(msgspec.Struct, frozen=True, array_like=True, tag="rows"):
    """Some rows of one table in their order; a value is a whole number, a text, bytes, or None."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class KeptFile(msgspec.Struct, frozen=True, array_like=True, tag="file"):
    """A file of the hub's directory: a key or a certificate, by its path in there."""

    name: str
    data: bytes


class End(msgspec.Struct, frozen=True, array_like=True, tag="end"):
    """Nothing follows."""


Record = Heading | Rows | KeptFile | End

_RECORDS: Final[msgspec.msgpack.Decoder[Record]] = msgspec.msgpack.Decoder(Record)


class TapeWriter:
    """Writes a new file that only its owner can read. Left with an exception it leaves nothing behind.

    Left well, everything is on the disk, and `sha256` (hex) is the trailer.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=_PIECE_BYTES)
        self._hash = hashlib.sha256()
        # The bytes of frames are compressed already; level 3 gets what the bodies have to give.
        self._zstd = zstandard.ZstdCompressor(level=3).compressobj()
        self._write(MAGIC)
        self.sha256 = ""

    def __enter__(self) -> Self:
        return self

    def put(self, record: Record) -> None:
        """Write one record."""
        data = msgspec.msgpack.encode(record)
        assert len(data) <= RECORD_BYTES_MAX
        self._write(self._zstd.compress(len(data).to_bytes(_LENGTH_BYTES, "big") + data))

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._file.close()
            if not self.sha256:
                self._path.unlink()

    def _finish(self) -> None:
        self._write(self._zstd.flush())
        trailer = self._hash.digest()
        self._file.write(trailer)
        self._file.flush()
        os.fsync(self._file.fileno())
        # What is read from now on comes from the disk, as far as the system lets us ask for it.
        os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        self.sha256 = trailer.hex()

    def _write(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)


class Tape:
    """A whole backup: opening it has read it from the first byte to the last, and found it true.

    Raises DamagedBackupError, also while it is read.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.sha256: Final = _checked(path)
        first = next(self._records())
        if not isinstance(first, Heading):
            raise DamagedBackupError(f"{path}: expected a backup that begins with its heading")
        self.heading: Final = first

    def rows(self) -> Iterator[Rows]:
        """All rows, in the order in which they go back."""
        return (record for record in self._records() if isinstance(record, Rows))

    def files(self) -> Iterator[KeptFile]:
        """The files that were kept along; they come before the first row."""
        for record in self._records():
            if isinstance(record, Rows):
                return
            if isinstance(record, KeptFile):
                yield record

    def _records(self) -> Iterator[Record]:
        with self.path.open("rb", buffering=_PIECE_BYTES) as file:
            file.seek(len(MAGIC))
            with zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as stream:
                try:
                    while not isinstance(record := _next(stream), End):
                        yield record
                except (zstandard.ZstdError, msgspec.DecodeError, EOFError) as error:
                    raise DamagedBackupError(f"{self.path}: the backup cannot be read: {error}") from error


def _checked(path: Path) -> str:
    """The SHA-256 (hex) of the file, if it is the one at its end."""
    left = path.stat().st_size - TRAILER_BYTES
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while left > 0 and (piece := file.read(min(left, _PIECE_BYTES))):
            digest.update(piece)
            left -= len(piece)
        trailer = file.read(TRAILER_BYTES + 1)  # a file without an end is none of ours
        file.seek(0)
        if file.read(len(MAGIC)) != MAGIC:
            raise DamagedBackupError(f"{path}: this is no backup of a hub")
    if trailer != digest.digest():
        raise DamagedBackupError(
            f"{path}: the backup is damaged or cut short: its SHA-256 is not the one at its end"
        )
    return digest.hexdigest()


def _next(stream: zstandard.ZstdDecompressionReader) -> Record:
    size = int.from_bytes(_exactly(stream, _LENGTH_BYTES), "big")
    if size > RECORD_BYTES_MAX:
        raise EOFError(f"expected a record of at most {RECORD_BYTES_MAX} bytes, got one of {size}")
    return _RECORDS.decode(_exactly(stream, size))


def _exactly(stream: zstandard.ZstdDecompressionReader, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        if not (piece := stream.read(size - len(data))):
            raise EOFError("it ends in the middle of a record")
        data += piece
    return bytes(data)
