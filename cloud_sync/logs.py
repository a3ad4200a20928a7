"""Where a process writes what it has to say: to the machine's journal in fields, or to a terminal in lines.

The native protocol is https://systemd.io/JOURNAL_NATIVE_PROTOCOL/, the names of the fields are in
systemd.journal-fields(7). No field holds what a shopper said or showed: all fields stand below, and nothing
that is handed to `logging` as `extra` becomes one.
"""

import contextlib
import logging
import os
import socket
import struct
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

JOURNAL: Final = Path("/run/systemd/journal/socket")

# A socket's buffer takes some 200 KiB; a sentence that needs 16 KiB is a dump, and a dump may hold anything.
MESSAGE_BYTES_MAX: Final = 16 * 1024

# syslog(3): what journalctl colours and filters by.
_PRIORITIES: Final = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.NOTSET, 7),
)
# Any number would do, but it has to stay: ids of sentences are made from it.
_IDS: Final = uuid.UUID("6f706f73-2e6c-4f67-8a2e-736e74656e63")
# Of a sentence that is all argument there is nothing to tell it from another one by.
_ALL_ARGUMENT: Final = frozenset({"%s", "%r"})


class JournalHandler(logging.Handler):
    """Writes each record as one datagram; `fields` go with every one of them."""

    def __init__(self, fields: Mapping[str, str], path: Path) -> None:
        """Raises OSError where nobody listens at `path`."""
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))  # `basicConfig` would put its own words in front
        self._fields = dict(fields)
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            self._line.connect(str(path))
        except OSError:
            self._line.close()
            raise
        self._line.setblocking(False)  # whoever sells does not wait for whoever takes notes

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; one that cannot be written is lost, as a line on a full pipe would hold us up."""
        try:
            message = self.format(record)
        except (TypeError, ValueError, KeyError):  # its arguments do not fit: that ends nobody
            self.handleError(record)
            return
        with contextlib.suppress(OSError):
            self._line.send(datagram({**self._fields, **fields_of(record, message)}))

    def close(self) -> None:
        """Hang up."""
        self._line.close()
        super().close()


def fields_of(record: logging.LogRecord, message: str) -> dict[str, str]:
    """What the journal is told of one record."""
    fields = {
        "MESSAGE": _cut(message),
        "PRIORITY": str(_priority(record.levelno)),
        "OPOS_ROOM": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
    }
    if (name := message_id(record.name, str(record.msg))) is not None:
        fields["MESSAGE_ID"] = name
    return fields


def message_id(room: str, sentence: str) -> str | None:
    """The id of a sentence without its arguments: the same on every machine, for as long as it reads so."""
    return None if sentence in _ALL_ARGUMENT else uuid.uuid5(_IDS, f"{room}\n{sentence}").hex


def datagram(fields: Mapping[str, str]) -> bytes:
    """The fields as the journal takes them: NAME=value lines, and one of several lines with its length."""
    return b"".join(_field(name, value) for name, value in fields.items())


def log_to_journal_or_terminal(program: str, fields: Mapping[str, str] | None = None) -> None:
    """From here on `logging` writes to the journal if that is where our stderr ends, and else to stderr.

    `program` is what journalctl shows in front; `fields` (OPOS_OBJECT and such) go with every sentence.
    """
    logging.basicConfig(level=logging.INFO, handlers=[_handler(program, fields or {})])


def is_journal(descriptor: int, stream: str) -> bool:
    """Whether a file descriptor is the one that $JOURNAL_STREAM (systemd.exec(5)) speaks of."""
    try:
        there = os.fstat(descriptor)
    except OSError:
        return False
    return stream == f"{there.st_dev}:{there.st_ino}"


def _handler(program: str, fields: Mapping[str, str]) -> logging.Handler:
    if is_journal(2, os.environ.get("JOURNAL_STREAM", "")):
        # A sandbox may be without the socket: what is said on stderr reaches the journal, too.
        with contextlib.suppress(OSError):
            return JournalHandler({"SYSLOG_IDENTIFIER": program, **fields}, JOURNAL)
    terminal = logging.StreamHandler()
    terminal.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return terminal


def _field(name: str, value: str) -> bytes:
    octets = value.encode("utf-8", "replace")
    if b"\n" not in octets:
        return name.encode() + b"=" + octets + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(octets)) + octets + b"\n"


def _cut(message: str) -> str:
    octets = message.encode("utf-8", "replace")
    if len(octets) <= MESSAGE_BYTES_MAX:
        return message
    return octets[:MESSAGE_BYTES_MAX].decode("utf-8", "ignore") + "..."


def _priority(level: int) -> int:
    return next(priority for least, priority in _PRIORITIES if level >= least)
