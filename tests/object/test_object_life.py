"""The life of an object at a real hub: two commands to the first receipt, another key, and as new again."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.encoding import unb64
from cloud_sync.contract.entry import read_entry
from cloud_sync.contract.fragment import parse
from cloud_sync.contract.signing import Verifier, unseal
from edge.checkout.books import ShopProjection
from edge.cli.enroll import enroll
from edge.cli.ledger import ledger as ledger_
from edge.cli.object import object_
from edge.config import load
from edge.keys import load_signer
from edge.offline_queue.pen import Order, Pen
from tests.agent.process_world import sale
from tests.object.enrolled import PaperClock
from tests.object.real_hub import OPOS, RealHub, eventually, free_port, running


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RealHub]:
    hub = RealHub(tmp_path / "hub")
    try:
        hub.open()
        yield hub
    finally:
        hub.close()


def enrol(claim: str, directory: Path, *words: str) -> dict[str, str]:
    command = [claim, "--dir", str(directory), "--port", str(free_port()), "--json", *words]
    done = CliRunner().invoke(enroll, command)
    assert done.exit_code == 0, done.output
    said: dict[str, str] = json.loads(done.output.splitlines()[-1])
    return said


def unsynced(file: Path) -> int:
    command = [*OPOS, "sync", "status", str(file), "--json"]
    said = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    status = json.loads(said)
    return int(status["unsynced"]) if status["acked"] else -1


def test_from_a_claim_to_the_first_receipt_with_two_commands(hub: RealHub, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    command = ("from edge.cli.enroll import enroll; enroll()", hub.claim(), "--dir", str(mirror), "--json")
    asked = subprocess.Popen(  # the first command: it waits for a person
        [OPOS[0], "-c", *command, "--port", str(free_port())], stdout=subprocess.PIPE
    )
    eventually(lambda: bool(hub.waiting()), "the object asks to be let in")
    thief = CliRunner().invoke(enroll, [command[1], "--dir", str(tmp_path / "thief"), "--wait-s", "5"])
    assert "another key" in thief.output, "a claim is good for one object"
    (code,) = hub.waiting()
    hub.command("confirm", code)
    steps, _ = asked.communicate(timeout=60)
    waiting, enrolled = (json.loads(line) for line in steps.splitlines())
    assert waiting == {"state": "waiting", "code": code}, "both sides show the same code"
    assert enrolled["state"] == "enrolled"
    file = Path(enrolled["file"])
    with (tmp_path / "up.log").open("wb") as log, running(file, log):  # the second
        eventually((mirror / "data" / "ledger.db").exists, "the object has begun its journal")
        eventually(lambda: unsynced(file) == 0, "the hub has confirmed everything")
        said = b"mirror-4: the hub has confirmed everything up to entry"
        eventually(lambda: said in (tmp_path / "up.log").read_bytes(), "the installer may go home")


def test_an_object_is_let_in_again_and_gets_another_key_and_is_made_new(hub: RealHub, tmp_path: Path) -> None:
    file = Path(enrol(hub.claim("--yes"), tmp_path / "mirror")["file"])
    ledger = tmp_path / "mirror" / "data" / "ledger.db"
    with (tmp_path / "up1.log").open("wb") as log, running(file, log):
        eventually(lambda: ledger.exists() and unsynced(file) == 0, "the hub has confirmed everything")
    done = CliRunner().invoke(object_, ["rotate", str(file), "--json"])
    assert done.exit_code == 0, done.output
    refused = CliRunner().invoke(object_, ["reset", str(file)])
    assert "has 1 entry that the hub has not confirmed" in refused.output
    before = (tmp_path / "mirror" / "data" / "tls.crt").read_bytes()
    enrol(hub.claim("--yes", "--replace"), tmp_path / "mirror")
    assert (tmp_path / "mirror" / "data" / "tls.crt").read_bytes() != before, "another claim renews its line"
    with (tmp_path / "up2.log").open("wb") as log, running(file, log):
        eventually(lambda: unsynced(file) == 0, "the hub has taken the new key over")
    reset = CliRunner().invoke(object_, ["reset", str(file)])
    assert reset.exit_code == 0, reset.output
    assert list((tmp_path / "mirror").iterdir()) == []
    file = Path(enrol(hub.claim("--yes", "--replace"), tmp_path / "mirror")["file"])
    with (tmp_path / "up3.log").open("wb") as log, running(file, log):
        eventually(lambda: ledger.exists() and unsynced(file) == 0, "the hub knows the object again")
    problems = json.loads(hub.command("status", "--json"))["troubles"]
    assert problems == [], "nobody has done anything wrong"


def test_a_running_object_believes_new_keys_of_its_hub_and_takes_another_of_its_own(
    hub: RealHub, tmp_path: Path
) -> None:
    file = Path(enrol(hub.claim("--yes"), tmp_path / "mirror")["file"])
    ledger = tmp_path / "mirror" / "data" / "ledger.db"
    with (tmp_path / "up.log").open("wb") as log, running(file, log):
        eventually(lambda: ledger.exists() and unsynced(file) == 0, "the hub has confirmed everything")
        before = shown(file)
        for purpose in ("receipt", "documents"):
            hub.command("keys", "rotate", purpose)
        eventually(lambda: shown(file)["keyring"] == "1.3", "the object has the newest keyring")
        assert "done" in hub.command("order", "mirror-4", "rotate-key", "--wait")
        assert "done" in hub.command("order", "mirror-4", "identify", "--seconds", "1", "--wait")
        assert shown(file)["kid"] != before["kid"]
        eventually(lambda: unsynced(file) == 0, "the hub confirms with its new key")
    assert json.loads(hub.command("status", "--json"))["troubles"] == [], "nobody has done anything wrong"


def test_after_another_key_each_receipt_has_the_certificate_of_the_key_that_signed_it(
    hub: RealHub, tmp_path: Path
) -> None:
    file = Path(enrol(hub.claim("--yes"), tmp_path / "mirror")["file"])
    old = shown(file)["kid"]
    sell(file, 1)
    with (tmp_path / "up.log").open("wb") as log, running(file, log):
        eventually(lambda: unsynced(file) == 0, "the hub has confirmed everything")
        assert "done" in hub.command("order", "mirror-4", "rotate-key", "--wait")
        new = shown(file)["kid"]
        kept = load(file).certificate
        eventually(lambda: kid_in(kept) == new, "a root has certified the new key")
    sell(file, 2)
    for number, kid in ((1, old), (2, new)):
        found = receipt(file, f"r-{number}")
        entry, certificate = parse(found["code"].partition("#")[2])
        assert entry == found["jws"]
        assert read_entry(entry).kid == kid
        roots = {key.kid: Verifier(key) for key in load(file).trust.roots}
        assert unseal(certificate, CERTIFICATE_TYPE, roots, CertifiedKey).key.kid == kid
    assert json.loads(hub.command("status", "--json"))["troubles"] == [], "nobody has done anything wrong"


def sell(file: Path, number: int) -> None:
    """One sale, into the ledger of an object that stands still."""
    config = load(file)
    with closing(
        Pen(config.ledger, load_signer(config), "mirror-4", PaperClock(), [ShopProjection()])
    ) as pen:
        pen.begin("0.1.0")
        pen.write([Order(sale(number), f"sale/{number}")])


def receipt(file: Path, number: str) -> dict[str, str]:
    command = ["receipt", str(load(file).ledger), number, "--json"]
    said: dict[str, str] = json.loads(CliRunner().invoke(ledger_, command).output)
    return said


def kid_in(certificate: Path) -> str:
    payload = unb64(certificate.read_text().split(".")[1])
    return msgspec.json.decode(payload, type=CertifiedKey).key.kid


def shown(file: Path) -> dict[str, str]:
    said: dict[str, str] = json.loads(CliRunner().invoke(object_, ["show", str(file), "--json"]).output)
    return said
