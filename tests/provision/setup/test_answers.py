"""Answers from a file: read whole or refused with the word that was meant."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from edge.config import PeripheralSection
from edge.provision.setup.answers import EXAMPLE, Answers, AnswersError, read_answers, terminal_uri

READER = 'role = "reader"\nuri = "serial:/dev/ttyUSB0?profile=r200"\n'

WRONG = {
    'climb = "x"': "'climb' is no answer: did you mean 'claim'?",
    'oven = "hot"': "'oven' is no answer: expected some of claim, kind, peripheral",
    f"[[peripheral]]\n{READER}rol = 1": "peripheral 1: 'rol' is no answer: did you mean 'role'?",
    'kind = "fridge"': "kind: expected one of mirror, shelf, tray, panel, got 'fridge'",
    "port = 0": "port: expected a whole number >= 1",
    "wait_s = 86401": "wait_s: expected a whole number <= 86400",
    'glass = "yes"': "glass: expected true or false, got a text",
    "claim = 7": "claim: expected a text",
    "wait-s = 7": "'wait-s' is no answer: did you mean 'wait_s'?",
    'Kind = "shelf"': "'Kind' is no answer: did you mean 'kind'?",
    'account = ""': "account: expected a pseudonym",
    '[[peripheral]]\nrole = "oven"\nuri = "x"': "peripheral 1: role: expected one of reader, scale",
    '[[peripheral]]\nrole = "scale"': "peripheral 1: object missing required field 'uri'",
    f'[[peripheral]]\n{READER}[[peripheral]]\n{READER}name = "A b"': "peripheral 2: name: expected",
    "[peripheral]\nrole = 'reader'": "peripheral: expected a list, got a table",
    'terminal = "tcp:10.0.0.9:1?profile=mt-sics"': "is a scale: expected a payment terminal",
    'terminal = "not a host/"': "expected none, HOST:PORT or a URI",
    '[[peripheral]]\nrole = "scale"\nuri = "serial:/dev/ttyUSB0?profile=mt-sic"': "but mt-sics",
    "peripheral = 3": "peripheral",
    'look = ["x"]': "look: expected a path (/dev/ttyS0) or HOST:PORT, got 'x'",
    "[[peripheral]": "line 1",
    "\N{LATIN SMALL LETTER E WITH ACUTE} = 1": "Invalid",
    f"look = {['/dev/ttyS0'] * 17}": "look",
}


@pytest.mark.parametrize("text", WRONG)
def test_an_answer_that_is_wrong_is_refused_with_what_was_expected(tmp_path: Path, text: str) -> None:
    file = tmp_path / "answers.toml"
    file.write_text(text)
    with pytest.raises(AnswersError) as refused:
        read_answers(file)
    assert WRONG[text] in str(refused.value)
    assert str(refused.value).startswith(f"{file}: ")
    assert not any(each in str(refused.value) for each in ("`$", "null", "bool"))


STRANGE = {
    b"look = " + b"[" * 5000 + b"]" * 5000: "brackets in brackets",
    b'kind = "shelf" # \xe9': "byte 17 is no UTF-8: save the file as UTF-8",
    b"# a\n" * 20_000 + b'kind = "shelf"': "is longer than 64 KiB",
}


@pytest.mark.parametrize("raw", STRANGE, ids=STRANGE.values())
def test_what_no_file_of_answers_can_be_is_refused_whole(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "answers.toml"
    file.write_bytes(raw)
    with pytest.raises(AnswersError) as refused:
        read_answers(file)
    assert STRANGE[raw] in str(refused.value)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AnswersError, match="No such file"):
        read_answers(tmp_path / "answers.toml")


def test_the_example_answers_everything_that_can_be_answered(tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text(EXAMPLE.replace("# look", "look").replace("# account", "account"))
    answers = read_answers(file)
    unsaid = {name for name, value in msgspec.structs.asdict(answers).items() if value is None}
    assert unsaid == set()
    assert tomllib.loads(EXAMPLE)["claim"] == answers.claim


TERMINALS = {
    "none": "none",
    "None": "none",
    "no": "none",
    "10.0.0.9": "tcp:10.0.0.9:20007?profile=zvt-tcp",
    "10.0.0.9:5577": "tcp:10.0.0.9:5577?profile=zvt-tcp",
    "pay.corner.example": "tcp:pay.corner.example:20007?profile=zvt-tcp",
    "[2001:db8::9]:5577": "tcp:[2001:db8::9]:5577?profile=zvt-tcp",
    "serial:/dev/ttyUSB1?profile=zvt-serial": "serial:/dev/ttyUSB1?profile=zvt-serial",
}


@pytest.mark.parametrize("text", TERMINALS)
def test_a_terminal_is_named_as_short_as_its_box_does(text: str) -> None:
    assert terminal_uri(text) == TERMINALS[text]


def test_a_flag_counts_more_than_the_file() -> None:
    devices = (PeripheralSection("reader", "tcp:1.2.3.4:5?profile=r200"),)
    file = Answers(kind="mirror", glass=True, port=9000, peripheral=devices)
    assert Answers(kind="shelf", glass=False).over(file) == Answers(
        kind="shelf", glass=False, port=9000, peripheral=devices
    )
