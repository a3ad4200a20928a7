"""`opos decode zvt`: one JSON line out for each line in, in order, masked, whatever the line is."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from edge.cli.decode_zvt import zvt
from tests.drivers.zvt.paper import rows


def decoded(*lines: object) -> list[dict[str, Any]]:
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    result = CliRunner().invoke(zvt, [], input=text)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_public_capture_is_answered_with_its_fields_and_its_own_bytes() -> None:
    captures = rows("captures.json")
    answers = decoded(*({"input": row["hex"]} for row in captures))
    for row, answer in zip(captures, answers, strict=True):
        assert (answer["valid"], answer["error"], answer["encoded"]) == (True, None, row["hex"])
        assert {name: answer["fields"].get(name) for name in row["expect"]} == row["expect"]


def test_a_line_may_be_hexadecimal_alone_in_either_case_and_with_spaces() -> None:
    one, two, three = decoded({"input": "060F00"}, "06 0F 00", "060f00")
    assert one == two == three
    assert (one["command"], one["kind"], one["encoded"]) == ("060f", "completion", "060f00")


def test_a_serial_frame_is_unframed_and_framed_again() -> None:
    (answer,) = decoded("1002060107040000000010100010036291")
    assert answer["fields"] == {"amount": 1000}
    assert answer["encoded"] == "1002060107040000000010100010036291"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", None),
        ("{", "expected a JSON object"),
        ({"output": "00"}, "expected a JSON object"),
        ("xyz", "input: expected bytes in hexadecimal"),
        ({"input": "06"}, "expected a class, an instruction and a length, got 1 bytes"),
        ({"input": "060F05"}, "expected a message of 8 bytes, got 3"),
        ({"input": "060F0000"}, "expected a message of 3 bytes, got 4"),
        ({"input": "06D3FFFFFF"}, "expected a message of at most"),
        ({"input": "10028000001003F510"}, "expected one serial frame with a right checksum"),
        ({"input": "1002061003"}, "expected one serial frame"),
        ({"input": "040F0255AA"}, "field 55: expected a known field"),
    ],
)
def test_a_line_that_is_no_message_is_answered_with_the_reason(line: object, why: str | None) -> None:
    answers = decoded(line, "060F00")
    assert answers[-1]["valid"]
    if why is not None:
        assert not answers[0]["valid"]
        assert answers[0]["encoded"] is None
        assert why in answers[0]["error"]


def test_a_refusal_is_called_one_and_an_unknown_command_has_its_number() -> None:
    refused, other = decoded("849C00", "06E000")
    assert (refused["kind"], refused["fields"]) == ("refused", {"error": 0x9C})
    assert (other["kind"], other["command"]) == (None, "06e0")


def test_a_line_without_end_is_answered_and_the_next_one_too() -> None:
    answers = decoded("0" * 300_000, "060F00")
    assert [answer["valid"] for answer in answers] == [False, True]
