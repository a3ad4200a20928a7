"""The session with an LLRP reader: what is asked in which order, and what becomes of whatever goes wrong."""

import struct

import pytest

from edge.drivers.rfid.llrp import Llrp, Settings, driver
from edge.readings import DeviceDescribed, DeviceFault, DeviceReady, Nanoseconds, Reading, RoundEnded, TagSeen
from tests.drivers.llrp.paper import (
    EPC,
    KEEPALIVE,
    ROUND_OVER,
    SUCCESS,
    at,
    event,
    greeting,
    message,
    parameter,
    report,
    status,
)

GET_CAPABILITIES, GET_CONFIG, SET_CONFIG, SET_VERSION = 1, 2, 3, 47
ADD, DELETE, START, ENABLE, ENABLE_EVENTS = 20, 21, 22, 24, 64
SET_UP = [GET_CAPABILITIES, GET_CONFIG, SET_CONFIG, DELETE, ADD, ENABLE, ENABLE_EVENTS]

CAPABILITIES = parameter(
    137,
    struct.pack(">HHII", 4, 0x4000, 25882, 2001002),
    struct.pack(">H", 5) + b"5.4.0",
    parameter(139, bytes(4)),
)
CONFIGURATION = (
    parameter(218, bytes.fromhex("000008001625FFFF1125D6"))
    + parameter(221, bytes.fromhex("8000010000"))
    + parameter(221, bytes.fromhex("0000020000"))
)


def said(sent: bytes) -> list[tuple[int, int, int, bytes]]:
    """Version, type, id and body of each message that was sent."""
    found = []
    while sent:
        head, size, number = struct.unpack_from(">HII", sent)
        found.append((head >> 10, head & 1023, number, sent[10:size]))
        sent = sent[size:]
    return found


class Reader:
    """A reader that answers by the book, but for what a test tells it to refuse."""

    def __init__(self, refuses: dict[int, int] | None = None, version: int = 1) -> None:
        self.refuses = refuses or {}
        self.version = version
        self.asked: list[int] = []
        self.bodies: dict[int, bytes] = {}

    def answer(self, version: int, kind: int, number: int, body: bytes) -> bytes:
        self.asked.append(kind)
        self.bodies[kind] = body
        if version != self.version and kind != SET_VERSION:
            return message(100, status(110, "wrong version"), number, self.version)
        if kind in {ENABLE_EVENTS, 72}:
            return b""
        parts = {GET_CAPABILITIES: CAPABILITIES, GET_CONFIG: CONFIGURATION}.get(kind, b"")
        code = self.refuses.get(kind, 0)
        return message(kind + 10, status(code, "no" if code else "") + parts, number, version)


def talk(host: Llrp, reader: Reader, now: Nanoseconds) -> list[Reading]:
    """Let both talk until neither has anything to say."""
    heard: list[Reading] = []
    while sent := host.to_send():
        for each in said(sent):
            heard += host.receive(reader.answer(*each))
        heard += host.tick(now)
    return heard


def at_work(settings: Settings | None = None, reader: Reader | None = None) -> tuple[Llrp, Reader]:
    """A driver and a reader in the middle of their work."""
    host, reader = Llrp(settings), reader or Reader()
    host.opened(at(0))
    list(host.receive(greeting()))
    list(host.tick(at(0)))
    talk(host, reader, at(0))
    list(host.receive(ROUND_OVER))
    list(host.tick(at(0)))
    reader.asked.clear()
    return host, reader


def codes(heard: list[Reading]) -> list[str]:
    return [reading.code for reading in heard if isinstance(reading, DeviceFault)]


def test_it_waits_for_the_greeting_and_then_sets_the_reader_up_for_rounds_without_end() -> None:
    host, reader = Llrp(), Reader()
    host.opened(at(0))
    assert host.to_send() == b""
    assert [*host.receive(greeting())] == [DeviceReady()]
    described = DeviceDescribed("Impinj", "Speedway R420", "5.4.0")
    named = DeviceDescribed("Impinj", "Speedway R420", "5.4.0", "00:16:25:FF:FF:11:25:D6")
    assert talk(host, reader, at(0)) == [described, named]
    assert reader.asked == SET_UP
    assert [*host.receive(report() + ROUND_OVER)] == [TagSeen(EPC, -48, 1), RoundEnded()]


def test_what_it_asks_before_the_reader_has_said_what_it_is_changes_nothing() -> None:
    host, reader = Llrp(), Reader()
    host.opened(at(0))
    list(host.receive(greeting()))
    first = said(host.to_send())
    assert [kind for _, kind, _, _ in first] == [GET_CAPABILITIES]
    list(host.receive(reader.answer(*first[0])))
    assert [kind for _, kind, _, _ in said(host.to_send())] == [GET_CONFIG]


def test_a_reader_that_does_not_greet_is_asked_after_a_second() -> None:
    host, reader = Llrp(), Reader()
    host.opened(at(0))
    list(host.tick(at(0)))
    assert host.deadline_ns == at(1)
    assert [*host.tick(at(1))] == []
    assert DeviceReady() in talk(host, reader, at(1))
    assert reader.asked == SET_UP


ROSPEC = """
    00B1 0057 00000001 00 00
    00B2 0012 00B3 0005 01 00B6 0009 00 00000000
    00B7 002E 0001 0000 00B8 0009 01 00000064
    00BA 001D 0001 01 00DE 0016 0000 014A 0010 00 0150 000B 00 0020 00000000
    00ED 000D 01 0000 00EE 0006 1400
"""
TWO_ANTENNAS = """
    00B1 0043 00000001 00 00
    00B2 0012 00B3 0005 01 00B6 0009 00 00000000
    00B7 001A 0002 0001 0004 00B8 0009 01 000000C8
    00BA 0007 0001 01
    00ED 000D 01 0000 00EE 0006 1400
"""


@pytest.mark.parametrize(
    ("settings", "rospec"),
    [
        (Settings(), ROSPEC),
        (Settings(antennas=(1, 4), round_ms=200, gen2_session=None), TWO_ANTENNAS),
    ],
    ids=["as it comes", "as it is set"],
)
def test_the_rounds_that_it_asks_for_are_as_the_standard_writes_them(settings: Settings, rospec: str) -> None:
    _, reader = at_work(settings)
    assert reader.bodies[ADD] == bytes.fromhex(rospec.replace("\n", " "))
    assert reader.bodies[DELETE] == bytes(4)
    assert reader.bodies[ENABLE] == bytes([0, 0, 0, 1])


def test_it_hears_of_keepalives_antennas_and_rounds_but_not_of_hops_and_resets_nothing() -> None:
    _, reader = at_work(Settings(keepalive_ms=5000))
    body = reader.bodies[SET_CONFIG]
    states = {body[at + 5]: body[at + 6] >> 7 for at in range(5, 5 + 9 * 7, 7)}
    assert body[0] == 0
    assert states == {0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 5: 0, 6: 1, 7: 0, 8: 1}
    assert body[68:] == bytes.fromhex("00DC 0009 01 00001388 00E2 0005 00")


def test_a_keepalive_is_acknowledged_with_its_own_number_and_version() -> None:
    host, _ = at_work()
    assert [*host.receive(KEEPALIVE + message(62, number=9, version=2))] == []
    assert said(host.to_send()) == [(1, 72, 7, b""), (2, 72, 9, b"")]
    assert host.to_send() == b""


def test_keepalives_that_were_never_answered_do_not_pile_up() -> None:
    host, _ = at_work()
    list(host.receive(KEEPALIVE * 1000))
    assert len(host.to_send()) == 8 * 10


def test_a_driver_that_only_listens_sends_nothing_and_waits_for_nothing() -> None:
    host = Llrp()
    list(host.receive(greeting() + KEEPALIVE + report() + message(11, SUCCESS)))
    assert host.to_send() == b""
    assert host.deadline_ns is None


def test_a_reader_that_is_talked_to_by_another_says_so_once_however_often_it_is_tried() -> None:
    host = Llrp()
    heard: list[Reading] = []
    for attempt in range(5):
        host.opened(at(attempt))
        heard += [*host.receive(greeting(2)), *host.tick(at(attempt))]
        assert host.to_send() == b""
    assert codes(heard) == ["reader.taken"]
    host.opened(at(9))
    assert [*host.receive(greeting())] == [DeviceReady()]
    host.opened(at(10))
    assert codes([*host.receive(greeting(2))]) == ["reader.taken"]


def test_that_somebody_else_was_sent_away_is_none_of_our_business() -> None:
    host, _ = at_work()
    assert [*host.receive(greeting(4))] == []
    assert host.to_send() == b""


@pytest.mark.parametrize("kind", [SET_CONFIG, ADD, ENABLE])
def test_a_refusal_that_is_in_the_way_is_a_fault_in_the_readers_words_and_is_tried_again(kind: int) -> None:
    host, reader = Llrp(), Reader({kind: 401})
    host.opened(at(0))
    list(host.receive(greeting()))
    heard = talk(host, reader, at(0))
    assert codes(heard) == ["reader.refused"]
    assert "no (LLRP status 401)" in str(heard[-1])
    assert reader.asked[-1] == kind
    reader.refuses.clear()
    assert [*host.tick(at(4.9))] == []
    list(host.tick(at(5)))
    assert codes(talk(host, reader, at(5))) == []
    assert [*host.receive(ROUND_OVER)] == [DeviceReady(), RoundEnded()]


def test_what_is_not_in_the_way_may_be_refused() -> None:
    host, reader = Llrp(), Reader({GET_CAPABILITIES: 100, GET_CONFIG: 109, DELETE: 300})
    host.opened(at(0))
    list(host.receive(greeting()))
    assert codes(talk(host, reader, at(0))) == []
    assert reader.asked == SET_UP


def test_an_answer_to_an_older_question_is_none_to_this_one() -> None:
    host = Llrp()
    host.opened(at(0))
    list(host.receive(greeting()))
    [(_, _, number, _)] = said(host.to_send())
    list(host.receive(message(11, SUCCESS, number + 1)))
    assert host.to_send() == b""


def test_lost_answers_are_asked_for_again_from_the_beginning() -> None:
    host, reader = Llrp(), Reader()
    host.opened(at(0))
    list(host.receive(greeting()))
    assert len(said(host.to_send())) == 1  # and it never comes to an answer
    list(host.tick(at(0)))
    list(host.tick(at(5)))
    talk(host, reader, at(5))
    assert reader.asked == SET_UP


@pytest.mark.parametrize(("greets", "speaks"), [(1, 1), (2, 2), (1, 2), (2, 1)])
def test_it_speaks_the_version_that_the_reader_understands(greets: int, speaks: int) -> None:
    host, reader = Llrp(), Reader(version=speaks)
    host.opened(at(0))
    list(host.receive(greeting(version=greets)))
    assert codes(talk(host, reader, at(0))) == []
    assert reader.asked[-len(SET_UP) :] == SET_UP


@pytest.mark.parametrize("refuses", [{}, {SET_VERSION: 110}], ids=["agreed", "declined"])
def test_where_a_profile_wants_1_1_it_is_asked_for_and_may_be_declined(refuses: dict[int, int]) -> None:
    host, reader = driver({"version": "1.1"}), Reader(refuses)
    host.opened(at(0))
    list(host.receive(greeting()))
    [first] = said(host.to_send())
    assert first[:2] == (2, SET_VERSION)
    assert first[3] == bytes([2])
    list(host.receive(reader.answer(*first)))
    reader.version = 1 if refuses else 2
    assert codes(talk(host, reader, at(0))) == []
    assert reader.asked == [SET_VERSION, *SET_UP]


def test_a_reader_that_begins_anew_is_set_up_anew() -> None:
    host, reader = at_work()
    assert [*host.receive(greeting())] == [DeviceReady()]
    talk(host, reader, at(3))
    assert reader.asked == SET_UP


def test_rounds_that_stop_are_started_again() -> None:
    host, reader = at_work()
    list(host.receive(KEEPALIVE))
    list(host.tick(at(1)))
    assert [kind for _, kind, _, _ in said(host.to_send())] == [72, START]
    assert reader.asked == []


def test_a_reader_that_has_forgotten_its_rounds_is_set_up_anew() -> None:
    host, reader = at_work(reader=Reader({START: 300}))
    list(host.tick(at(1)))
    assert codes(talk(host, reader, at(1))) == []
    assert reader.asked == [START, *SET_UP]


def test_a_reader_that_answers_but_looks_for_no_tags_is_a_fault_until_it_does() -> None:
    host, reader = at_work()
    heard: list[Reading] = []
    for tenths in range(1, 200):
        heard += [*host.receive(KEEPALIVE), *host.tick(at(tenths / 10)), *talk(host, reader, at(tenths / 10))]
    assert codes(heard) == ["reader.idle"]
    assert SET_CONFIG in reader.asked
    assert [*host.receive(report())] == [DeviceReady(), TagSeen(EPC, -48, 1)]


def test_a_reader_that_falls_silent_is_a_fault_once_and_is_asked_so_that_a_dead_line_shows() -> None:
    host, _ = at_work()
    heard: list[Reading] = []
    questions = 0
    for tenths in range(300):
        heard += host.tick(at(tenths / 10))
        questions += len(said(host.to_send()))
    assert codes(heard) == ["device.silent"]
    assert questions >= 5
    assert [*host.receive(ROUND_OVER)] == [DeviceReady(), RoundEnded()]


def test_a_lost_antenna_is_told_by_its_number_and_is_over_when_all_are_back() -> None:
    host, _ = at_work()
    off = [event(255, bytes([0, 0, number])) for number in (1, 2)]
    on = [event(255, bytes([1, 0, number])) for number in (1, 2)]
    heard = [*host.receive(off[0] * 2 + off[1])]
    assert codes(heard) == ["reader.antenna-gone"] * 2
    assert "Antenna 2" in str(heard[1])
    assert [*host.receive(report() + on[0])] == [TagSeen(EPC, -48, 1)]
    assert [*host.receive(on[1] + ROUND_OVER)] == [DeviceReady(), RoundEnded()]


def test_an_antenna_that_we_do_not_look_with_may_come_off() -> None:
    host, _ = at_work(Settings(antennas=(1,)))
    assert [*host.receive(event(255, bytes([0, 0, 4])))] == []


def test_an_antenna_that_we_look_with_and_that_is_not_there_is_told_at_once() -> None:
    host, reader = Llrp(Settings(antennas=(1, 2))), Reader()
    host.opened(at(0))
    list(host.receive(greeting()))
    heard = talk(host, reader, at(0))
    assert codes(heard) == ["reader.antenna-gone"]
    assert "Antenna 2" in str(heard[-1])


def test_an_exception_is_told_in_the_readers_words_and_is_over_with_the_next_round() -> None:
    host, _ = at_work()
    exception = event(252, struct.pack(">H", 8) + b"PA fault")
    [fault] = [*host.receive(exception * 2)]
    assert isinstance(fault, DeviceFault)
    assert (fault.code, "PA fault" in fault.sentence) == ("reader.exception", True)
    assert [*host.receive(ROUND_OVER)] == [DeviceReady(), RoundEnded()]


def test_what_came_before_the_port_was_lost_is_forgotten() -> None:
    host, reader = at_work()
    list(host.receive(report()[:20]))
    host.opened(at(9))
    assert (host.pending, host.to_send()) == (0, b"")
    assert [*host.receive(greeting())] == [DeviceReady()]
    talk(host, reader, at(9))
    assert reader.asked == SET_UP


def test_its_deadline_is_always_ahead_once_it_has_ticked() -> None:
    host, reader = at_work()
    now = at(0)
    for step in range(300):
        if step % 3 == 0:
            list(host.receive((b"", report()[:9], KEEPALIVE, ROUND_OVER)[step % 4]))
        list(host.tick(now))
        for each in said(host.to_send())[: step % 2]:
            list(host.receive(reader.answer(*each)))
        list(host.tick(now))
        assert host.deadline_ns is not None
        assert host.deadline_ns > now
        now = host.deadline_ns


def test_it_wakes_once_a_round_at_most_while_all_is_well() -> None:
    host, _ = at_work()
    list(host.receive(ROUND_OVER))
    list(host.tick(at(0.1)))
    assert host.deadline_ns == at(1.1)
