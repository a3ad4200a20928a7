"""A bundle for support holds what helps and no secret, however many were planted wherever they could be."""

import base64
import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli.support import support
from edge.provision.support.bundle import (
    LIST,
    PART_CHARACTERS_MAX,
    BundleExistsError,
    Collected,
    LeftOut,
    collected,
    listed,
    write_bundle,
)
from edge.provision.support.case import case_of
from edge.provision.support.contents import Part, parts
from edge.provision.support.redaction import Redactor
from edge.provision.support.secrets import secrets_of

KEY = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7kq9Vb1Yt0ZJ3v5sXy2c"
PEM = f"-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END PRIVATE KEY-----\n"
SEAL = "correct-horse-battery-staple"
PIN_HASH = "q0" + "Zx9" * 13 + "Ab"
STAFF = {
    "members": [
        {"badge": "48291730", "staff": "st4Ff0nEtw0x", "salt": "A" * 21 + "1", "pin": PIN_HASH, "acts": []}
    ]
}
CLAIM = "OPOS1.eyJodWIiOiJodHRwczovL2h1YiJ9"

FORBIDDEN = {
    "the key of the journal": KEY,
    "the key in another writing": base64.b64encode(PEM.encode()).decode(),
    "what seals it": SEAL,
    "a claim": CLAIM,
    "the hash of a PIN": PIN_HASH,
    "a badge": "48291730",
    "a pseudonym": "st4Ff0nEtw0x",
    "a member's code": "bTq3mVx1Zz8kLw90rT5y",
    "the code of a wallet": "W8x-12_yQz77aLpV00==",
    "a card": "4111 1111 1111 1111",
    "the same card": "4111111111111111",
    "a card of 15 digits": "378282246310005",
    "a shopper's pay code": "134567890123456789",
    "a signed text": "eyJhbGciOiJFUzI1NiJ9.eyJzYWxlIjoxfQ.c2lnbmF0dXJl",
    "a token": "Zm9vYmFyYmF6cXV4",
    "a password": "hunter2hunter2",
    "another password": 'with "quotes" in it',
    "the login of an address": "edgar:s3cr3t",
    "a provider's key": "sk_live_51H8aBcDeFgHiJkL",
    "somebody's address": "edgar.meyer@example.com",
    "somebody's telephone": "+49 170 1234567",
    "a raw key": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}

LOG = f"""
kernel: usb 1-1.3: new full-speed USB device number 4 using xhci_hcd
opos: the scale at /dev/ttyUSB0 is connected
opos: pasted {CLAIM} and opos:member:{FORBIDDEN["a member's code"]}
opos: scanned 'opos:wallet:{FORBIDDEN["the code of a wallet"]}' opos:badge:48291730 by st4Ff0nEtw0x
opos: pay {FORBIDDEN["a card"]} or {FORBIDDEN["the same card"]}, {FORBIDDEN["a card of 15 digits"]}
opos: shows {FORBIDDEN["a shopper's pay code"]}
opos: handed on {FORBIDDEN["a signed text"]}
opos: Authorization: Bearer {FORBIDDEN["a token"]}
opos: api_token={FORBIDDEN["a token"]}; MQTT_PASSWORD: {FORBIDDEN["a password"]}
opos: {json.dumps({"password": FORBIDDEN["another password"]})}
opos: GET https://{FORBIDDEN["the login of an address"]}@hub.example/x with {FORBIDDEN["a provider's key"]}
opos: call {FORBIDDEN["somebody's telephone"]} or write to {FORBIDDEN["somebody's address"]}
opos: {PEM} {SEAL} {FORBIDDEN["a raw key"]} {FORBIDDEN["the key in another writing"]}
opos: sold 09520001100109 for 1190 on 2026-11-22T21:40:40 as ABCD-000017, entry 4217, wall 1795383640123
"""
KEPT = (
    *("usb 1-1.3: new full-speed", "the scale at /dev/ttyUSB0 is connected", "hub.example/x"),
    *("sold 09520001100109 for 1190", "ABCD-000017", "entry 4217", "1795383640123", "9f86d081[...]"),
)

OBJECT = """
[object]
id = "panel-7"
kind = "panel"
name = "Panel 7"
tenant = "demo"
site = "corner"
sells_from = "panel-7"
[display]
port = 1
[[tender]]
kind = "house-account"
account = "a7KxQ2mQ9vR4t"
[sync]
broker = "127.0.0.1:1"
hub = "http://127.0.0.1:1"
[key]
kind = "sealed-file"
secret = "seal.secret"
[staff]
list = "staff.json"
[[peripheral]]
role = "scanner"
uri = "tcp:127.0.0.1:1?profile=serial-scanner"
"""
TEXT = f"{OBJECT}# {CLAIM} and {SEAL}, as somebody noted\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An object with a secret wherever one can be."""
    file, data = tmp_path / "object.toml", tmp_path / "data"
    data.mkdir()
    file.write_text(TEXT)
    (tmp_path / "seal.secret").write_text(f"{SEAL}\n")
    (tmp_path / "staff.json").write_text(json.dumps(STAFF))
    (data / "object.key").write_text(PEM)
    (data / "tls.key").write_text(PEM)
    (data / "enrolment.json").write_text(
        json.dumps({"claim": CLAIM, "hub": "https://hub.example.com/claims"})
    )
    (data / "calibrations.json").write_text(f"damaged by {PEM}")
    return file


def _planted(file: Path) -> list[Part]:
    """Every real part, and a part that says everything in a log."""
    slow = {"doctor.txt", "journal.txt", "units.txt"}
    return [each for each in parts(case_of(file)) if each.name not in slow] + [
        Part("log", "a log", lambda: LOG)
    ]


def test_a_secret_that_lies_everywhere_is_in_no_part(file: Path) -> None:
    redactor = Redactor(secrets_of(case_of(file)).words)
    found = collected(_planted(file), redactor, lambda _: None)
    said = [*((held.name, data.decode()) for held, data in found.files), (LIST, listed("panel-7", found))]
    assert [(what, name) for what, secret in FORBIDDEN.items() for name, text in said if secret in text] == []
    assert {"object.toml", "log"} <= {held.name for held, _ in found.files if held.redacted}
    assert "calibrations.json" in {each.name for each in found.left_out}


def test_what_helps_is_still_there(file: Path) -> None:
    log = Redactor(secrets_of(case_of(file)).words).redact(LOG).text
    assert [each for each in KEPT if each not in log] == []


def test_even_without_knowing_any_secret_their_forms_are_enough_for_most() -> None:
    log = Redactor(()).redact(LOG).text
    needs_knowledge = {"what seals it", "a pseudonym", "a badge"}
    assert {what for what, secret in FORBIDDEN.items() if secret in log} <= needs_knowledge


def test_the_bundle_lists_what_it_holds_and_is_its_owners_alone(tmp_path: Path) -> None:
    out = tmp_path / "panel-7.tar.gz"
    told: list[str] = []
    found = collected([Part("log", "a log", lambda: LOG)], Redactor(()), told.append)
    write_bundle(out, "panel-7", found, 1_700_000_000)
    assert out.stat().st_mode & 0o077 == 0
    with tarfile.open(out) as tar:
        names = tar.getnames()
        listed = tar.extractfile(f"panel-7/{LIST}")
        assert listed is not None
        assert "log" in (words := listed.read().decode())
    assert (names, told) == ([f"panel-7/{LIST}", "panel-7/log"], ["log"])
    assert "card number" in words


def test_a_bundle_never_replaces_another_one(tmp_path: Path) -> None:
    out = tmp_path / "bundle.tar.gz"
    out.write_bytes(b"the one of yesterday")
    with pytest.raises(BundleExistsError, match="choose another name"):
        write_bundle(out, "panel-7", Collected((), ()), 0)
    assert out.read_bytes() == b"the one of yesterday"


def _fails() -> str:
    raise OSError("the card is gone")


def test_a_part_that_cannot_be_found_out_is_left_out_and_says_why() -> None:
    found = collected([Part("x", "a part", _fails)], Redactor(()), lambda _: None)
    assert found == Collected((), (LeftOut("x", "the card is gone"),))


def test_of_a_long_part_the_newest_lines_stay_after_its_secrets_are_gone() -> None:
    half = PART_CHARACTERS_MAX - len("\nthe end")
    text = f"password: {'hunter2' * 3}{'a' * half}\nthe end"
    ((held, data),) = collected([Part("x", "a part", lambda: text)], Redactor(()), lambda _: None).files
    assert (data, held.is_cut) == (b"password: [secret]\nthe end", False)
    text = "line\n" * PART_CHARACTERS_MAX
    ((held, data),) = collected([Part("x", "a part", lambda: text)], Redactor(()), lambda _: None).files
    assert (data[:11], held.is_cut, len(data) <= PART_CHARACTERS_MAX + 6) == (b"[cut]\nline\n", True, True)


def test_without_anybody_to_ask_the_missing_name_is_named(file: Path) -> None:
    result = CliRunner().invoke(support, ["bundle", str(file)])
    assert (result.exit_code, "--out" in result.output) == (2, True)


def test_where_it_cannot_be_written_nothing_is_collected_first(file: Path) -> None:
    done = CliRunner().invoke(support, ["bundle", str(file), "--out", "/proc/none/x.tar.gz", "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "/proc/none" in done.stderr
    assert "Errno" not in done.stderr
