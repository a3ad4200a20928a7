"""`opos decode`: one JSON line out for each line in, in order, whatever the line is."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from click.testing import CliRunner

from edge.cli import decode as module
from edge.cli.decode import decode

WEIGHT = "53205320202020203130302E303020670D0A"
CAPTURE = "AA02220011C73000E28068900000500E88C6A4A7119B29DD"
CAPTURED = {"type": "TagSeen", "epc": "E28068900000500E88C6A4A7", "rssi_dbm": -57, "antenna": 0}
NO_TAG = "BB 01 FF 00 01 15 16 7E"


def decoded(arguments: Sequence[str], *lines: object) -> list[dict[str, Any]]:
    text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    result = CliRunner().invoke(decode, list(arguments), input=text)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def wire(profile: str, *lines: object) -> list[dict[str, Any]]:
    return decoded(["wire", "--profile", profile], *lines)


@pytest.mark.parametrize(
    ("profile", "data", "readings"),
    [
        ("mt-sics", WEIGHT, [{"type": "Weighed", "weight_mg": 100_000, "steady": True, "net": False}]),
        (
            "mt-sics",
            b"S D      -0.05 kg\r\nS S       1.00 g\r\n".hex(),
            [
                {"type": "Weighed", "weight_mg": -50_000, "steady": False, "net": False},
                {"type": "Weighed", "weight_mg": 1000, "steady": True, "net": False},
            ],
        ),
        ("mt-sics", b'I4 A "1"\r\n'.hex(), [{"type": "DeviceReady"}]),
        ("r200", CAPTURE, [CAPTURED]),
        ("yrm100", CAPTURE.lower(), [CAPTURED]),
        ("r200", NO_TAG, [{"type": "RoundEnded", "antenna": 0}]),
        ("r200", "BB 01 28 00 01 00 2A 7E", []),
    ],
)
def test_what_a_device_said_is_its_readings(profile: str, data: str, readings: list[dict[str, Any]]) -> None:
    assert wire(profile, {"input": data}) == [{"readings": readings, "valid": True, "error": None}]


def test_an_overload_is_a_fault_and_a_valid_line() -> None:
    [answer] = wire("mt-sics", {"input": b"S +\r\n".hex()})
    assert answer["valid"]
    assert [(r["type"], r["code"]) for r in answer["readings"]] == [("DeviceFault", "scale.overload")]


@pytest.mark.parametrize(
    ("profile", "data", "error"),
    [
        ("r200", CAPTURE[:-4] + "00DD", "checksum: expected 29, got 00"),
        ("r200", CAPTURE[:-2], "expected the end of a frame, got 23 bytes that are no whole frame"),
        ("r200", CAPTURE + "00", "expected the end of a frame, got 1 bytes that are no whole frame"),
        ("r200", "00" + CAPTURE, "expected a frame, got 1 bytes that are none"),
        ("mt-sics", WEIGHT[:-2], "expected the end of a frame, got 17 bytes that are no whole frame"),
        ("mt-sics", b"ES\r\n".hex(), "the scale did not understand the command (ES)"),
        ("r200", "", "input: expected at least one byte, got none"),
        ("r200", "AA0", "input: expected bytes in hexadecimal, two digits each"),
        ("r200", "hello", "input: expected bytes in hexadecimal, two digits each"),
    ],
)
def test_bytes_that_are_no_whole_frame_are_invalid_and_say_why(profile: str, data: str, error: str) -> None:
    [answer] = wire(profile, {"input": data})
    assert not answer["valid"]
    assert answer["error"] == error


def test_a_frame_with_a_wrong_checksum_is_no_tag() -> None:
    [answer] = wire("r200", {"input": CAPTURE[:-4] + "00DD"})
    assert [reading["type"] for reading in answer["readings"]] == ["Garbled"]


def test_a_line_goes_on_from_the_one_before_only_where_it_says_more() -> None:
    halves = {"input": CAPTURE[:20]}, {"input": CAPTURE[20:], "more": True}
    first, second, alone = wire("r200", *halves, {"input": CAPTURE[20:]})
    assert (first["readings"], first["valid"]) == ([], False)
    assert second == {"readings": [CAPTURED], "valid": True, "error": None}
    assert (alone["readings"], alone["valid"]) == ([], False)


def raw(data: bytes, profile: str = "r200") -> list[dict[str, Any]]:
    result = CliRunner().invoke(decode, ["wire", "--profile", profile, "--raw"], input=data)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_raw_bytes_are_read_by_one_driver_in_one_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RAW_BYTES_MAX", 7)
    answers = raw(bytes.fromhex(CAPTURE * 2 + NO_TAG))
    assert [reading for answer in answers for reading in answer["readings"]] == [
        CAPTURED,
        CAPTURED,
        {"type": "RoundEnded", "antenna": 0},
    ]
    assert all(answer["valid"] for answer in answers)


@pytest.mark.parametrize(
    ("data", "read", "errors"),
    [
        (CAPTURE, 1, [None]),
        (CAPTURE[:-2], 0, ["expected the end of a frame, got 23 bytes that are no whole frame"]),
        (
            CAPTURE + "AA02",
            1,
            [None, "expected the end of a frame, got 2 bytes that are no whole frame"],
        ),
        ("00" + CAPTURE, 2, ["expected a frame, got 1 bytes that are none"]),
        ("", 0, ["input: expected at least one byte, got none"]),
        ("BB 01 28 00 01 00 2A 7E", 0, []),
    ],
    ids=["whole", "cut", "one and a bit", "noise before it", "nothing", "an answer that means nothing"],
)
def test_raw_bytes_are_answered_in_one_line_and_a_last_one_for_what_is_left_over(
    data: str, read: int, errors: list[str | None]
) -> None:
    answers = raw(bytes.fromhex(data))
    assert [answer["error"] for answer in answers] == errors
    assert sum(len(answer["readings"]) for answer in answers) == read


def test_raw_bytes_are_answered_as_they_come() -> None:
    program = [sys.executable, "-c", "from edge.cli.decode import decode; decode()", "wire", "--raw"]
    program += ["--profile", "r200"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write(bytes.fromhex(CAPTURE))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["readings"] == [CAPTURED]
        process.stdin.close()
    assert process.returncode == 0


MALFORMED = [
    "\n",
    "{\n",
    "[]\n",
    "7\n",
    '{"inputs": "AA"}\n',
    '{"input": 7}\n',
    "\x00\n",
    '{"x":' + "[" * 100_000 + "\n",
]


@pytest.mark.parametrize("kind", [["wire", "--profile", "r200"], ["code"]])
def test_a_line_that_is_no_json_of_ours_is_answered_in_its_place(kind: list[str]) -> None:
    good = {"input": NO_TAG} if kind[0] == "wire" else {"input": "4006381333931", "form": "ean"}
    answers = decoded(kind, good, *MALFORMED, good)
    assert [answer["valid"] for answer in answers] == [True, *[False] * len(MALFORMED), True]
    assert all(answer["error"].startswith("expected a JSON object") for answer in answers[1:-1])


def test_bytes_that_are_no_text_are_a_malformed_line() -> None:
    result = CliRunner().invoke(decode, ["code"], input=b'\xff\xfe\n{"input": "", "form": "\xff"}\n')
    assert result.exit_code == 0
    assert [json.loads(line)["valid"] for line in result.stdout.splitlines()] == [False, False]


def test_what_else_a_line_holds_is_the_business_of_who_wrote_it() -> None:
    [answer] = wire("r200", {"name": "an empty round", "input": NO_TAG, "expected": {"valid": True}})
    assert answer["valid"]


def test_a_line_without_end_is_one_malformed_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINE_BYTES_MAX", 100)
    long, short = wire("r200", {"input": NO_TAG * 100}, {"input": NO_TAG})
    assert not long["valid"]
    assert long["error"].endswith("got a line of more than 100 bytes")
    assert short["valid"]


# What is wrong with a line -> the sentence that says so: nothing of it repeats what the line holds.
UNREADABLE = [
    (b"\n", "got an empty line"),
    (b"  \r\n", "got an empty line"),
    (b'{"input": "ros\xe9"}\n', "got a byte that is no UTF-8"),
]


@pytest.mark.parametrize(("line", "why"), UNREADABLE)
@pytest.mark.parametrize("kind", ["code", "qr-payment", "bolt11"])
def test_what_is_wrong_with_a_line_is_said_in_words(kind: str, line: bytes, why: str) -> None:
    result = CliRunner().invoke(decode, [kind], input=line)
    assert result.exit_code == 0
    assert why in json.loads(result.stdout)["error"]


def test_the_mark_that_an_editor_puts_before_the_first_line_is_no_part_of_it() -> None:
    line = b'{"input": "4006381333931", "form": "ean"}\r\n'
    result = CliRunner().invoke(decode, ["code"], input=b"\xef\xbb\xbf" + line * 2)
    assert [json.loads(answer)["valid"] for answer in result.stdout.splitlines()] == [True, True]


def test_a_message_of_a_terminal_that_never_ends_is_called_too_long() -> None:
    result = CliRunner().invoke(decode, ["zvt"], input="06" * 10**6 + "\n060F00\n")
    long, short = (json.loads(line) for line in result.stdout.splitlines())
    assert "expected a line of at most" in long["error"]
    assert short["valid"]


def test_an_ean_is_its_product() -> None:
    [answer] = decoded(["code"], {"input": "4006381333931", "form": "ean"})
    assert {key: value for key, value in answer.items() if value} == {
        "gtin14": "04006381333931",
        "lookup_code": "4006381333931",
        "symbology": "EAN13",
        "valid": True,
    }


def test_an_epc_is_its_item() -> None:
    [answer] = decoded(["code"], {"input": "3034257BF7194E4000001A85", "form": "epc"})
    assert {key: value for key, value in answer.items() if value} == {
        "gtin14": "80614141123458",
        "lookup_code": "80614141123458",
        "serial": "6789",
        "scheme": "sgtin-96",
        "ais": [["01", "80614141123458"], ["21", "6789"]],
        "element_string": "(01)80614141123458(21)6789",
        "bare_identifier": "gtin=80614141123458;serial=6789",
        "digital_link": "https://id.gs1.org/01/80614141123458/21/6789",
        "tag_uri": "urn:epc:tag:sgtin-96:1.0614141.812345.6789",
        "pure_identity_uri": "urn:epc:id:sgtin:0614141.812345.6789",
        "valid": True,
    }


@pytest.mark.parametrize("form", ["qr", "", "EAN"])
def test_a_form_that_nobody_reads_says_which_are_read(form: str) -> None:
    [answer] = decoded(["code"], {"input": "4006381333931", "form": form})
    assert not answer["valid"]
    assert answer["gtin14"] is None
    assert "ean" in answer["error"]
    assert "epc" in answer["error"]


def test_a_code_that_names_nothing_says_why() -> None:
    [answer] = decoded(["code"], {"input": "4006381333932", "form": "ean"})
    assert not answer["valid"]
    assert answer["error"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["wire"], "--profile"),
        (["wire", "--profile", "nobodys"], "opos devices profiles"),
        (["smell"], "No such command"),
        (["wire", "--profile", "r200", "no-such-file"], "no-such-file"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_right(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(decode, arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_each_line_is_answered_before_the_next_one_is_sent() -> None:
    program = [
        sys.executable,
        "-c",
        "from edge.cli.decode import decode; decode()",
        "wire",
        "--profile",
        "r200",
    ]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write(json.dumps({"input": NO_TAG}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["valid"]
        process.stdin.close()
    assert process.returncode == 0


def test_decoding_opens_no_port() -> None:
    heavy = "{'serial', 'asyncio', 'edge.drivers.transports'}"
    program = f"import sys, edge.cli.decode; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
