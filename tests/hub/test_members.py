"""Members at the hub: a code shown at an object is a level and perhaps a name, until it is forgotten."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from cloud_sync.contract.members import MEMBER_PREFIX, MemberAsked, MemberKnown, MemberUnknown, shown_by
from cloud_sync.hub.cli import hub as hub_command
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.members import levels
from cloud_sync.hub.members.levels import TakenCodeError
from cloud_sync.hub.store import database, schema
from tests.hub.hub_world import TENANT, HubWorld, PaperJournal
from tests.hub.request_world import RequestCounter
from tests.hub.test_hub_commands import KEY, SHOP

CODE = "opos:member:Qx7hR2mW9kTz4VbN1sLd"
ASKED = MemberAsked(shown_by(CODE))


def enrolled(hub: HubWorld, tenant: str = TENANT) -> str:
    with hub.store.writing() as connection:
        return levels.enrol(connection, tenant, CODE, MemberKnown("gold", "Ann"), 1).member


def test_an_object_is_told_level_and_name_as_they_are_now(hub: HubWorld, mirror: PaperJournal) -> None:
    counter = RequestCounter(hub, mirror)
    assert counter.ask(ASKED) == MemberUnknown()
    name = enrolled(hub)
    assert counter.ask(ASKED) == MemberKnown("gold", "Ann")
    with hub.store.writing() as connection:
        levels.promote(connection, name, "silver")
    assert counter.ask(ASKED) == MemberKnown("silver", "Ann")

    with hub.store.writing() as connection:
        levels.forget(connection, name)

    assert counter.ask(ASKED) == MemberUnknown()
    assert hub.rows("member") == []


def test_a_member_of_another_shop_is_nobody_here(hub: HubWorld, mirror: PaperJournal) -> None:
    enrolled(hub, "another")

    assert RequestCounter(hub, mirror).ask(ASKED) == MemberUnknown()

    with hub.store.writing() as connection:
        connection.execute(update(schema.member).values(tenant=TENANT))
    assert RequestCounter(hub, mirror).ask(ASKED) == MemberKnown("gold", "Ann")


def test_a_code_is_one_members(hub: HubWorld) -> None:
    enrolled(hub)

    with pytest.raises(TakenCodeError, match="somebody shows this code already"):
        enrolled(hub)


def test_no_name_stands_in_what_is_said_of_an_answer() -> None:
    assert repr(MemberKnown("gold", "Ann")) == "MemberKnown(gold)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "hub"
    place = ("--object", "mirror-4", "--tenant", "demo", "--site", "corner", "--key", json.dumps(KEY.jwk()))
    for words in (("init",), ("import", SHOP), ("admit", *place)):
        assert CliRunner().invoke(hub_command, [*map(str, words), "--dir", str(path)]).exit_code == 0
    return path


def member(place: Path, *words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(hub_command, ["member", *words, "--dir", str(place)], input=typed)


def told(place: Path, *words: str) -> dict[str, Any]:
    done = member(place, *words, "--json")
    assert done.exit_code == 0, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_members_are_kept_from_the_command_line(folder: Path) -> None:
    made = told(folder, "new", "--level", "gold", "--name", "Ann")
    name, text = made["member"]["member"], made["text"]
    assert text.startswith(MEMBER_PREFIX)
    with closing(database.connect(Folder(folder).database)) as store, store.reading() as connection:
        found = levels.known_by(connection, "mirror-4", MemberAsked(shown_by(text)))
    assert found == MemberKnown("gold", "Ann")

    assert told(folder, "level", name, "silver")["member"]["level"] == "silver"
    assert [each["level"] for each in told(folder, "list")["members"]] == ["silver"]
    assert f"{name}  silver, Ann" in member(folder, "list").output
    assert told(folder, "forget", name) == {"forgotten": name}
    assert "no members" in member(folder, "list").output


def test_a_code_is_drawn_for_whoever_stands_there(folder: Path) -> None:
    drawn = member(folder, "new").output

    assert "no level" in drawn
    assert MEMBER_PREFIX in drawn
    assert "█" in drawn


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("level", "nobody", "gold"), "expected a member, got 'nobody'"),
        (("forget", "nobody"), "expected a member, got 'nobody'"),
        (("new", "--tenant", "nobody"), "expected a tenant of an imported shop"),
        (("new", "--name", "x" * 41), "expected at most 40 characters on one line"),
        (("new", "--level", "a\nb"), "expected at most 64 characters on one line"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    folder: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = member(folder, *words)

    assert done.exit_code in {1, 2}
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_a_number_that_can_be_typed_is_one_members_and_no_short_one(folder: Path) -> None:
    assert told(folder, "new", "--number", "48291730")["text"] == MEMBER_PREFIX + "48291730"
    for number in ("48291730", "4711", "4829173x"):
        assert member(folder, "new", "--number", number).exit_code != 0
