"""What `opos ledger export` writes, checked by two strangers: a JOSE library with hashlib, and the page."""

import hashlib
import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any, Final

import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter
from playwright.sync_api import expect

from cloud_sync.contract.signing import SoftwareKey
from tests.cli.ledgers import DAY, DEV, Ledgers, ask, put, sale
from tests.verify.open_page import OpenPage, as_file
from tests.verify.paper_shop import ledger

# A strict library refuses a header that it was not told of.
REGISTRY: Final = jws.JWSRegistry(
    header_registry={"prev": HeaderParameter("hash of the entry before", "str", required=True)},
    algorithms=["ES256"],
)


def key_of(fact: dict[str, Any]) -> ECKey:
    return ECKey.import_key({"kty": "EC", "crv": "P-256", **fact["key"]})


def verified(lines: list[str]) -> list[dict[str, Any]]:
    """The bodies of an export, each signed and chained to the one before; nothing of ours takes part in it.

    Raises JoseError, ValueError or AssertionError on the first line that does not fit.
    """
    bodies: list[dict[str, Any]] = []
    key, prev = None, None
    for line in lines:
        said = json.loads(jws.extract_compact(line.encode()).payload)
        if key is None:  # a genesis, or the checkpoint that a pruned ledger begins with
            key = key_of(said["fact"])
            prev = b64(hashlib.sha256(said["epoch"].encode())) if said["seq"] == 1 else None
        opened = jws.deserialize_compact(line, key, registry=REGISTRY)
        assert opened.protected["kid"] == key.thumbprint()[:8]
        assert opened.protected["prev"] == prev or (prev is None and said["fact"]["kind"] == "checkpoint")
        assert not bodies or said["seq"] == bodies[-1]["seq"] + 1
        bodies.append(said)
        prev = b64(hashlib.sha256(line.rpartition(".")[0].encode()))
        if said["fact"]["kind"] == "key.rotated":
            key = key_of(said["fact"])
    return bodies


def b64(digest: Any) -> str:
    return urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def export(path: Path, form: str) -> bytes:
    result = ask("export", path, "--format", form)
    assert result.exit_code == 0, result.output
    return result.stdout_bytes


@pytest.fixture
def ledgers(tmp_path: Path) -> Ledgers:
    return Ledgers(tmp_path)


def test_a_jose_library_verifies_every_entry_and_hashlib_the_chain(ledgers: Ledgers) -> None:
    lines = export(ledgers.write(*DAY), "jws").decode("ascii").splitlines()
    bodies = verified(lines)
    assert [body["fact"]["kind"] for body in bodies] == [
        *("genesis", "boot", "document.applied", "stock.move"),
        *["sale"] * 5,
    ]
    assert {body["dev"] for body in bodies} == {DEV}


def test_it_follows_a_key_that_was_handed_on(ledgers: Ledgers) -> None:
    pen = ledgers.pen()
    put(pen, *DAY)
    ledgers.key = SoftwareKey.generate()
    pen.rotate(ledgers.key)
    put(pen, sale(6, "Socks"))
    pen.close()
    bodies = verified(export(ledgers.path, "jws").decode("ascii").splitlines())
    assert [body["fact"]["kind"] for body in bodies[-2:]] == ["key.rotated", "sale"]


def test_it_verifies_a_pruned_ledger_from_its_checkpoint(ledgers: Ledgers) -> None:
    ledgers.write(*DAY)
    floor = ledgers.pruned()
    assert floor > 1
    bodies = verified(export(ledgers.path, "jws").decode("ascii").splitlines())
    assert (bodies[0]["seq"], bodies[0]["fact"]["kind"]) == (floor, "checkpoint")


def test_it_finds_what_was_done_to_an_export() -> None:
    lines = [entry.jws() for entry in ledger(12)]
    assert len(verified(lines)) == 12
    with pytest.raises(AssertionError):
        verified(lines[:5] + lines[6:])
    with pytest.raises(AssertionError):
        verified([*lines[:5], lines[6], lines[5], *lines[7:]])
    head, body, signature = lines[5].split(".")
    for touched in (
        f"{head}.{lines[6].split('.')[1]}.{signature}",
        f"{head}.{body}.{lines[6].split('.')[2]}",
    ):
        with pytest.raises(BadSignatureError):
            verified([*lines[:5], touched, *lines[6:]])


def test_a_strict_library_must_be_told_of_prev() -> None:
    first = ledger(1)[0].jws()
    key = key_of(json.loads(jws.extract_compact(first.encode()).payload)["fact"])
    with pytest.raises(JoseError, match="prev"):
        jws.deserialize_compact(first, key)


@pytest.mark.parametrize("form", ["jws", "jsonl"])
def test_the_page_verifies_the_same_export_hostile_names_and_all(
    verify: OpenPage, ledgers: Ledgers, form: str
) -> None:
    ledgers.write(*DAY)
    verify.arrive()
    verify.give(as_file(export(ledgers.path, form)), as_file(ledgers.certify().encode()))
    verify.shows("nobody")  # intact: the root that this shop was given is a fresh one, which no page knows
    facts = verify.facts()
    assert facts["Object"] == DEV
    assert facts["Takings"] == "€194.41 | ¥1,200 | KWD 1.500".replace("KWD ", "KWD\u00a0")
    assert facts["Sales"] == "5"


def test_the_link_that_the_ledger_prints_leads_to_the_receipt(verify: OpenPage, ledgers: Ledgers) -> None:
    path = ledgers.write(*DAY)
    ledgers.certify()
    told = ask("receipt", path, "K7QM-0002", "--page", f"{verify.home}index.html", "--json")
    verify.page.goto(json.loads(told.stdout)["code"])
    verify.shows("unvouched")  # the root of this ledger is a fresh one, which no page knows
    expect(verify.page.get_by_role("article", name="Beleg K7QM-0002")).to_contain_text("134,50")


@pytest.mark.parametrize("form", ["jws", "jsonl"])
def test_the_page_verifies_a_pruned_export(verify: OpenPage, ledgers: Ledgers, form: str) -> None:
    ledgers.write(*DAY)
    floor = ledgers.pruned()
    verify.arrive()
    verify.give(as_file(export(ledgers.path, form)))
    verify.shows("nobody")
    expect(verify.see(".note").first).to_contain_text(f"It begins at entry {floor}, a checkpoint")


def test_the_page_says_what_a_table_for_a_spreadsheet_lacks(verify: OpenPage, ledgers: Ledgers) -> None:
    verify.arrive()
    verify.give(as_file(export(ledgers.write(*DAY), "csv")))
    verify.shows("no-ledger")
    assert verify.reasons() == ["It is a table for a spreadsheet, which carries no signatures."]


def test_the_page_says_that_it_cannot_open_the_ledger_itself(verify: OpenPage, ledgers: Ledgers) -> None:
    path = ledgers.write(*DAY)
    ledgers.settle()
    verify.arrive()
    verify.give_path(path)
    verify.shows("no-ledger")
    assert verify.reasons() == ["It is the ledger's own file, which only the object opens."]
