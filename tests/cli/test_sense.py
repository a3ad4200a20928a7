"""`opos sense`: readings in, what they mean out, and a session that forgets the one before it."""

import json
from typing import Any

from click.testing import CliRunner, Result

from edge.cli.sense import sense

TAG = "3034257BF400000000000001"
Line = dict[str, Any]


def told(kind: str, *lines: Line | str) -> Result:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return CliRunner().invoke(sense, [kind], input=text + "\n", prog_name="opos sense")


def rounds(count: int, *, begin_ms: int = 0, epc: str | None = TAG) -> list[Line]:
    """So many rounds of a mirror that hears a tag from near by."""
    lines: list[Line] = []
    for number in range(count):
        at_ns = (begin_ms + number * 50) * 1_000_000
        if epc:
            lines.append(reading(at_ns, {"type": "TagSeen", "epc": epc, "rssi_dbm": -45, "antenna": 1}))
        lines.append(reading(at_ns, {"type": "RoundEnded", "antenna": 1}))
    return lines


def reading(at_ns: int, what: Line) -> Line:
    return {"source": "reader", "at_ns": at_ns, "reading": what}


def events(result: Result) -> list[tuple[str, str]]:
    assert result.exit_code == 0, result.output
    answers = [json.loads(line) for line in result.output.splitlines()]
    return [(each["session"], each["event"]["type"]) for each in answers]


def test_what_is_held_up_to_a_mirror_is_said_once() -> None:
    assert events(told("mirror", {"session": "a"}, *rounds(40))) == [("a", "Presented")]


def test_a_new_session_forgets_what_was_there() -> None:
    lines = [{"session": "a"}, *rounds(40), {"session": "b"}, *rounds(40, begin_ms=9_000)]
    assert events(told("mirror", *lines)) == [("a", "Presented"), ("b", "Presented")]


def test_what_is_taken_from_a_shelf_is_said_at_the_time_of_the_reading() -> None:
    goods = {TAG: {"mass_mg": 262_000, "tolerance_mg": 5_000}}
    lines: list[Line] = [{"session": "s", "goods": goods}]
    for number in range(200):
        at_ns, there = number * 50_000_000, number < 100
        if there:
            lines.append(reading(at_ns, {"type": "TagSeen", "epc": TAG, "rssi_dbm": -50}))
        lines.append(reading(at_ns, {"type": "RoundEnded"}))
        weighed = {"type": "Weighed", "weight_mg": 262_000 if there else 0, "steady": True}
        lines.append({"source": "scale", "at_ns": at_ns, "reading": weighed})
    result = told("shelf", *lines)
    assert events(result) == [("s", "Took")]
    assert json.loads(result.output)["at_ns"] > 5_000_000_000


def test_a_line_that_is_no_reading_is_named() -> None:
    for line in ("{", "[]", '{"reading": {"type": "Guessed"}}', '{"at": 1}'):
        result = told("mirror", {"session": "a"}, line)
        assert result.exit_code == 1
        assert result.output.startswith("Error: line 2: expected a reading or a session")
