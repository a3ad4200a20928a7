"""What a person types to let objects in and to put them out, and what a program reads of it."""

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from cloud_sync.contract.enrolment import read_claim
from cloud_sync.hub.cli import hub, options
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity.claims import State
from cloud_sync.hub.identity.enrolling import Counter, confirm
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from tests.hub.hub_processes import DEADLINE_S, OPOS, eventually
from tests.hub.identity.door import Door, Newcomer

Run = Callable[..., Result]
NOW_MS = 1_900_000_000_000


@pytest.fixture
def run(door: Door, monkeypatch: pytest.MonkeyPatch) -> Run:
    """One command in this hub, at a time that stands still."""
    for module in ("claims", "identity"):
        monkeypatch.setattr(f"cloud_sync.hub.cli.{module}.now_ms", lambda: NOW_MS)

    monkeypatch.setattr("cloud_sync.hub.cli.identity._TELLING_S", 0.0)

    def command(*words: str, ok: bool = True) -> Result:
        done = CliRunner().invoke(hub, [*words, "--dir", str(door.folder.path)])
        assert (done.exit_code == 0) is ok, done.output
        return done

    return command


@pytest.fixture
def knock(store: Store, folder: Folder) -> Callable[[Newcomer, str], Any]:
    """An object knocks with the text of a claim."""
    counter = Counter(store, folder, lambda: NOW_MS)
    return lambda newcomer, text: counter.ask(newcomer.question(read_claim(text))).said


def claimed(run: Run, *more: str) -> str:
    place = ("--object", "mirror-4", "--tenant", "demo", "--site", "corner")
    told = json.loads(run("claim", *place, "--json", *more).stdout.splitlines()[0])
    assert told["object"] == "mirror-4"
    text: str = told["claim"]
    return text


def test_a_claim_a_code_and_a_word_let_an_object_in(run: Run, knock: Any) -> None:
    newcomer, text = Newcomer(), claimed(run)
    code = knock(newcomer, text).code
    assert code in run("claims").stdout
    assert json.loads(run("confirm", code, "--json").stdout) == {"object": "mirror-4", "state": "confirmed"}
    assert knock(newcomer, text).state == "enrolled"
    assert json.loads(run("claims", "--json").stdout)["claims"][0]["state"] == "enrolled"


def test_a_wrong_code_lets_nobody_in_and_a_refusal_voids_the_claim(run: Run, knock: Any) -> None:
    newcomer, text = Newcomer(), claimed(run)
    knock(newcomer, text)
    assert "no object that waits" in run("confirm", "000 001", ok=False).output
    assert "say the CODE" in run("confirm", ok=False).output
    run("refuse", "--object", "mirror-4")
    assert knock(newcomer, text).state == "refused"


def test_a_fleet_has_a_table_of_claims_which_its_owner_alone_can_read(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "fleet.csv"
    place = ("--tenant", "demo", "--site", "corner", "--kind", "shelf")
    run("claim", "--count", "3", "--prefix", "shelf-", "--csv", str(table), "--yes", *place)
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["object"] for row in rows] == ["shelf-0001", "shelf-0002", "shelf-0003"]
    assert len({read_claim(row["claim"]).secret for row in rows}) == 3
    assert table.stat().st_mode & 0o777 == 0o600
    again = run("claim", "--count", "3", "--prefix", "s", "--csv", str(table), *place, ok=False)
    assert "is there already" in again.output


MEANT_BY_NOBODY = (
    ("--object", "a", "--count", "2"),
    ("--count", "2"),
    ("--object", "a", "--prefix", "p"),
    (),
    ("--count", "2", "--prefix", "p", "--wait"),
    ("--object", "a", "--timezone", "Mars/Base"),
    ("--object", "a", "--minutes", "0"),
    ("--object", "a/b"),
)


def test_an_order_that_cannot_be_meant_is_refused_with_a_sentence(run: Run) -> None:
    for words in MEANT_BY_NOBODY:
        done = run("claim", "--tenant", "demo", "--site", "corner", *words, ok=False)
        assert "Error:" in done.output


def test_who_waits_for_an_object_reads_line_by_line_what_becomes_of_it(store: Store, folder: Folder) -> None:
    counter = Counter(store, folder, options.now_ms)
    place = ("--object", "mirror-4", "--tenant", "demo", "--site", "corner")
    words = [*OPOS, "hub", "claim", "--dir", str(folder.path), *place, "--json", "--wait"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        newcomer, claim = Newcomer(), read_claim(json.loads(waiting.stdout.readline())["claim"])
        counter.ask(newcomer.question(claim))
        assert json.loads(waiting.stdout.readline())["state"] == State.WAITING.value
        confirm(store, folder, claim.id, folder.root_key(), options.now_ms())
        counter.ask(newcomer.question(claim))
        last = [json.loads(line)["state"] for line in waiting.stdout][-1]
        assert waiting.wait(DEADLINE_S) == 0
    assert last == State.ENROLLED.value


def test_who_waits_in_vain_is_told_so(store: Store, run: Run) -> None:
    place = ("--object", "mirror-4", "--tenant", "demo", "--site", "corner")

    def void() -> None:
        with store.writing() as connection:
            connection.execute(update(schema.claim).values(refused_ms=NOW_MS))

    def made() -> bool:
        with store.reading() as connection:
            return connection.execute(select(schema.claim.c.id)).first() is not None

    done: list[Result] = []
    waiting = Thread(target=lambda: done.append(run("claim", *place, "--wait", ok=False)))
    waiting.start()
    eventually(made, "the claim is made")
    void()
    waiting.join(DEADLINE_S)
    assert "was not let in: its claim is refused" in done[0].output


def test_the_place_of_the_hub_is_said_once_and_shown(run: Run, folder: Folder) -> None:
    told = json.loads(
        run("broker", "--host", "hub.example", "--host", "::1", "--port", "9883", "--json").stdout
    )
    assert told["broker"] == "mqtts://hub.example:9883"
    assert told["hub"] == "https://hub.example:8443"
    assert Path(told["conf"]).read_text().count("listener 9883") == 1
    shown = json.loads(run("ca", "show", "--json").stdout)
    assert (shown["names"], shown["root_is_here"]) == (["hub.example", "::1", "localhost"], True)
    assert "its key is here" in run("ca", "show").stdout
    assert (folder.broker / "acl").exists()


def test_the_root_goes_to_the_safe_and_back(run: Run, folder: Folder, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    assert str(safe) in run("ca", "export-root", "--to", str(safe)).stdout
    assert "is away" in run("ca", "renew", ok=False).output
    (safe / "root2.key").rename(folder.roots()[1])
    run("ca", "renew")


def test_keys_are_shown_replaced_and_retired(run: Run, knock: Any) -> None:
    knock(Newcomer(), claimed(run, "--yes"))
    before = json.loads(run("keys", "show", "--json").stdout)
    kid = json.loads(run("keys", "rotate", "receipt", "--json").stdout)["kid"]
    assert kid in run("keys", "show").stdout
    after = json.loads(run("keys", "show", "--json").stdout)
    assert after["versions"]["demo"]["n"] == before["versions"]["demo"]["n"] + 1
    assert len(json.loads(run("keys", "retire", "--json").stdout)["retired"]) == 1
    assert "no key was waiting" in run("keys", "retire").stdout
    assert len(json.loads(run("keys", "show", "--json").stdout)["trust"]["receipt"]) == 1


def test_a_root_that_lies_elsewhere_is_named(run: Run, folder: Folder, tmp_path: Path) -> None:
    elsewhere = folder.roots()[0].rename(tmp_path / "usb.key")
    assert "is away" in run("keys", "rotate", "receipt", ok=False).output
    run("keys", "rotate", "receipt", "--root-key", str(elsewhere))
    wrong = tmp_path / "wrong.key"
    wrong.write_text("no key")
    assert "Error:" in run("keys", "rotate", "receipt", "--root-key", str(wrong), ok=False).output


def test_a_lost_object_is_put_out(run: Run, knock: Any) -> None:
    knock(Newcomer(), claimed(run, "--yes"))
    told = json.loads(run("revoke", "mirror-4", "--last", "e1:7", "--why", "stolen", "--json").stdout)
    assert (told["object"], told["last"]) == ("mirror-4", {"epoch": "e1", "seq": 7})
    assert "was never admitted" in run("revoke", "mirror-5", "--why", "?", ok=False).output
    assert "EPOCH:SEQ" in run("revoke", "mirror-4", "--last", "7", "--why", "?", ok=False).output
