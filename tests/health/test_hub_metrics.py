"""The numbers of a hub: to everybody on its machine, elsewhere to who brings the token; none is of money."""

import asyncio
import http
from pathlib import Path
from typing import Final

import httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.state import Fault, ObjectState
from cloud_sync.hub.api.app import make_app, make_object_app
from cloud_sync.hub.cli import hub as commands
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.ingest.presence import Presence
from cloud_sync.hub.metrics import MEASURES
from cloud_sync.hub.status import sentences, status_of
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, HubWorld, PaperJournal

# What is only told once it is there: the rest is told of every hub.
_LATER: Final = {
    "opos_hub_backup_timestamp_seconds",
    "opos_hub_certificate_end_timestamp_seconds",
    "opos_hub_troubles",
}

WORRIED: Final = ObjectState(True, "e1", 3, 3, 1, program="0.1.0", faults=(Fault("device.gone", "reader"),))


@pytest.fixture(scope="module")
def mirror(hub: HubWorld) -> PaperJournal:
    """A mirror that has sold once, and says that it misses its reader."""
    journal = hub.admit(PaperJournal("mirror-4", SoftwareKey.generate()))
    journal.begin()
    journal.sell(COFFEE, 1, COFFEE_MINOR)
    hub.send(journal, 1)
    hub.project()
    Presence(hub.store, hub.clock).take(journal.address.up("state"), encode(WORRIED), retained=False)
    return journal


def get(app: FastAPI, base: str, token: str = "", path: str = "/metrics") -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base) as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


def test_on_its_own_machine_everybody_reads_them(hub: HubWorld, mirror: PaperJournal) -> None:
    answer = get(make_app(hub.store, hub.clock, lambda: True), "http://127.0.0.1:8110")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = [each for family in text_string_to_metric_families(answer.text) for each in family.samples]
    told = {each.name: each for each in samples}
    assert {each.name for each in MEASURES} - told.keys() <= _LATER
    assert told["opos_hub_broker_up"].value == 1
    assert told["opos_hub_object_sales_total"].value == 1
    assert told["opos_hub_object_info"].labels["program"] == "0.1.0"
    assert told["opos_hub_object_fault"].labels == {
        "tenant": mirror.address.tenant,
        "site": mirror.address.site,
        "object": "mirror-4",
        "code": "device.gone",
        "source": "reader",
    }


def test_people_read_on_the_page_and_in_the_status_what_an_object_says(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    page = get(make_app(hub.store, hub.clock, lambda: True), "http://127.0.0.1:8110", path="/").text
    assert "version 0.1.0" in page
    assert "device.gone (reader)" in page
    with hub.store.reading() as connection:
        lines = list(sentences(status_of(connection, hub.clock()), hub.clock()))
    assert f"  {mirror.address.object}: online" in "\n".join(lines)
    assert "    it says: device.gone (reader)" in lines


def test_no_amount_of_money_is_among_them(hub: HubWorld, mirror: PaperJournal) -> None:
    answer = get(make_app(hub.store, hub.clock, lambda: True), "http://127.0.0.1:8110")
    assert mirror.address.object in answer.text
    assert "EUR" not in answer.text
    assert COFFEE not in answer.text


def test_the_last_will_leaves_what_the_object_said_before(hub: HubWorld, mirror: PaperJournal) -> None:
    presence, topic = Presence(hub.store, hub.clock), mirror.address.up("state")
    presence.take(topic, encode(ObjectState(False)), retained=False)
    with hub.store.reading() as connection:
        (standing,) = status_of(connection, hub.clock()).objects
    presence.take(topic, encode(WORRIED), retained=False)
    assert standing.online is False
    assert standing.program == "0.1.0"
    assert [(fault.code, fault.source) for fault in standing.faults] == [("device.gone", "reader")]


@pytest.mark.parametrize(
    "told",
    [
        {"program": "x" * 41},
        {"program": "1.0\n"},
        {"faults": [{"code": "Device.Gone", "source": "reader"}]},
        {"faults": [{"code": "device.gone", "source": "<script>"}]},
        {"faults": [{"code": "device.gone", "source": "reader"}] * 17},
    ],
)
def test_words_that_no_object_has_are_refused(
    hub: HubWorld, mirror: PaperJournal, told: dict[str, object]
) -> None:
    state = {"online": True, "epoch": "e9", "head": 9, "acked": 9, **told}
    presence = Presence(hub.store, hub.clock)
    presence.take(mirror.address.up("state"), encode(state), retained=False)
    assert "e9" not in {row[2] for row in hub.rows("presence")}


@pytest.mark.parametrize(
    ("kept", "brought", "code"),
    [
        (None, "", 404),
        (None, "anything", 404),
        ("right", "", 401),
        ("right", "wrong", 401),
        ("", "x", 401),
        ("right", "right", 200),
        ("right", "right of way", 401),
    ],
)
def test_elsewhere_only_the_token_opens(
    hub: HubWorld, tmp_path: Path, kept: str | None, brought: str, code: int
) -> None:
    folder = Folder(tmp_path)
    if kept is not None:
        folder.metrics_token.write_text(f"{kept}\n")
    app = make_object_app(hub.store, folder, hub.clock, lambda: True)
    answer = get(app, "https://hub.example:8443", brought)
    assert (answer.status_code, answer.headers.get("www-authenticate")) == (
        code,
        "Bearer" if code == http.client.UNAUTHORIZED else None,
    )


def test_the_command_makes_a_token_that_only_its_owner_reads_and_prints_the_numbers(tmp_path: Path) -> None:
    where = ["--dir", str(tmp_path / "hub")]
    run = CliRunner()
    assert run.invoke(commands, ["init", *where]).exit_code == 0
    first, second = (
        run.invoke(commands, ["metrics", *where, "--new-token"]).output.strip() for _ in range(2)
    )
    token = Folder(tmp_path / "hub").metrics_token
    assert first != second == token.read_text().strip()
    assert token.stat().st_mode & 0o777 == 0o600
    assert "\nopos_hub_objects 0\n" in run.invoke(commands, ["metrics", *where]).output
