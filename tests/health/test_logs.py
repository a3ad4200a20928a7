"""The log of a unit: fields for programs, a sentence for people, and nothing of a shopper in either."""

import logging
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_sync.logs import (
    MESSAGE_BYTES_MAX,
    JournalHandler,
    datagram,
    fields_of,
    is_journal,
    message_id,
)


class PaperJournald:
    """A socket as journald has it, and its own reading of the protocol."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(path))

    def read(self) -> dict[str, str]:
        rest, fields = self._line.recv(1 << 20), {}
        while rest:
            head, _, rest = rest.partition(b"\n")
            name, mark, value = head.partition(b"=")
            if not mark:
                (length,) = struct.unpack_from("<Q", rest)
                value, rest = rest[8 : 8 + length], rest[9 + length :]
            fields[name.decode()] = value.decode()
        return fields

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[PaperJournald]:
    running = PaperJournald(tmp_path / "socket")
    yield running
    running.close()


@pytest.fixture
def log(tmp_path: Path, journald: PaperJournald) -> Iterator[logging.Logger]:  # noqa: ARG001 (it has to listen)
    handler = JournalHandler(
        {"SYSLOG_IDENTIFIER": "opos-edge", "OPOS_OBJECT": "mirror-4"}, tmp_path / "socket"
    )
    logger = logging.Logger("opos.runtime")  # noqa: LOG001 (one that nothing else of the suite hears)
    logger.addHandler(handler)
    yield logger
    handler.close()


def test_a_sentence_arrives_with_its_object_its_place_and_its_id(
    log: logging.Logger, journald: PaperJournald
) -> None:
    log.warning("the %s is gone", "scale")
    read = journald.read()
    assert read.pop("MESSAGE") == "the scale is gone"
    assert (read["PRIORITY"], read["OPOS_OBJECT"], read["OPOS_ROOM"]) == ("4", "mirror-4", "opos.runtime")
    assert read["MESSAGE_ID"] == message_id("opos.runtime", "the %s is gone")
    assert Path(read["CODE_FILE"]).name == "test_logs.py"


def test_two_objects_say_a_sentence_under_one_id_and_two_sentences_have_two(
    log: logging.Logger, journald: PaperJournald
) -> None:
    ids = []
    for sentence, word in (
        ("the %s is gone", "scale"),
        ("the %s is gone", "reader"),
        ("the %s is back", "scale"),
    ):
        log.error(sentence, word)
        ids.append(journald.read()["MESSAGE_ID"])
    assert ids[0] == ids[1] != ids[2]
    assert all(len(each) == 32 for each in ids)


def test_what_is_all_argument_has_no_id(log: logging.Logger, journald: PaperJournald) -> None:
    log.error("%s", "anything")
    assert "MESSAGE_ID" not in journald.read()


def test_lines_stay_in_their_message_and_make_no_field(log: logging.Logger, journald: PaperJournald) -> None:
    log.error("%s", "refused\nOPOS_OBJECT=shelf-b12\n\nPRIORITY=0")
    read = journald.read()
    assert (read["OPOS_OBJECT"], read["PRIORITY"]) == ("mirror-4", "3")
    assert read["MESSAGE"] == "refused\nOPOS_OBJECT=shelf-b12\n\nPRIORITY=0"


def test_an_error_says_where_it_came_from(log: logging.Logger, journald: PaperJournald) -> None:
    try:
        int("no number")
    except ValueError:
        log.exception("the reader")
    assert journald.read()["MESSAGE"].splitlines()[-1].startswith("ValueError: invalid literal")


def test_what_is_handed_along_is_no_field(log: logging.Logger, journald: PaperJournald) -> None:
    log.info("shown", extra={"member": "M-4711", "code": "6789"})
    assert "M-4711" not in str(journald.read())


def test_a_dump_is_cut(log: logging.Logger, journald: PaperJournald) -> None:
    log.info("%s", "ü" * MESSAGE_BYTES_MAX)
    message = journald.read()["MESSAGE"]
    assert message.endswith("ü...")
    assert len(message.encode()) <= MESSAGE_BYTES_MAX + 3


def test_arguments_that_do_not_fit_hold_nobody_up(
    log: logging.Logger, journald: PaperJournald, capsys: pytest.CaptureFixture[str]
) -> None:
    log.warning("%d entries", "seven")
    log.warning("the next one")
    assert journald.read()["MESSAGE"] == "the next one"
    assert "%d entries" in capsys.readouterr().err


def test_a_journal_that_takes_nothing_holds_nobody_up(log: logging.Logger, journald: PaperJournald) -> None:
    for number in range(5_000):
        log.info("sentence %d", number)
    assert journald.read()["MESSAGE"] == "sentence 0"


def test_a_journal_that_has_gone_holds_nobody_up(log: logging.Logger, journald: PaperJournald) -> None:
    journald.close()
    log.info("nobody hears it")
    assert log.handlers[0].filter(logging.makeLogRecord({})) is not None  # it is there still


def test_where_nobody_listens_there_is_no_handler(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        JournalHandler({}, tmp_path / "nobody")


def test_only_the_stream_that_systemd_names_is_the_journal(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        there = os.fstat(stream.fileno())
        assert is_journal(stream.fileno(), f"{there.st_dev}:{there.st_ino}")
        assert not is_journal(stream.fileno(), f"{there.st_dev}:{there.st_ino + 1}")
        assert not is_journal(stream.fileno(), "")
    assert not is_journal(10_000, "1:2")


@pytest.mark.parametrize(
    ("level", "priority"), [(50, "2"), (40, "3"), (30, "4"), (20, "6"), (10, "7"), (35, "4")]
)
def test_every_level_has_a_priority_of_syslog(level: int, priority: str) -> None:
    record = logging.LogRecord("opos", level, "a.py", 1, "said", (), None)
    assert fields_of(record, "said")["PRIORITY"] == priority


def test_a_datagram_is_what_the_protocol_says() -> None:
    assert datagram({"A": "b", "C": "d\ne"}) == b"A=b\nC\n\x03\0\0\0\0\0\0\0d\ne\n"


UNIT = """
import logging, os, sys
from pathlib import Path
from cloud_sync import logs
logs.JOURNAL = Path(sys.argv[1])
there = os.fstat(2)
if sys.argv[2] == "unit":
    os.environ["JOURNAL_STREAM"] = f"{there.st_dev}:{there.st_ino}"
logs.log_to_journal_or_terminal("opos-edge", {"OPOS_OBJECT": "mirror-4"})
logging.getLogger("opos.runtime").warning("the %s is gone", "scale")
"""


def started_by(whom: str, journal: Path) -> str:
    """What a process that says one sentence writes to its stderr."""
    command = [sys.executable, "-c", UNIT, str(journal), whom]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def test_a_unit_writes_fields_and_no_lines(tmp_path: Path, journald: PaperJournald) -> None:
    assert started_by("unit", tmp_path / "socket") == ""
    read = journald.read()
    assert (read["MESSAGE"], read["SYSLOG_IDENTIFIER"]) == ("the scale is gone", "opos-edge")


@pytest.mark.parametrize("whom", ["person", "unit"])
def test_without_a_journal_the_same_sentence_is_a_line(whom: str, tmp_path: Path) -> None:
    said = started_by(whom, tmp_path / "nobody")
    assert said.endswith(" WARNING opos.runtime: the scale is gone\n")
