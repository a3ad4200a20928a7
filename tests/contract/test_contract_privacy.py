"""Privacy: every text of every body is accounted for, and none of them is about a person."""

from typing import Any

import msgspec
import pytest

from cloud_sync.contract.entry import Body, check_body, read_entry
from cloud_sync.contract.facts import Posting, SaleLine
from tests.contract.privacy import TEXTS, personal, text_fields
from tests.contract.test_contract_vectors import ENTRIES
from tests.contract.vectors import story


def bodies() -> list[Body]:
    return [check_body(read_entry(entry["jws"]).body) for entry in ENTRIES]


def test_every_text_of_every_fact_is_accounted_for() -> None:
    """A new field is a question: what does it hold, of whom, and how long may it be."""
    assert set(text_fields()) == set(TEXTS)


def test_a_new_text_would_be_seen() -> None:
    class Loyal(msgspec.Struct):
        note: str
        members: tuple[str, ...]
        line: SaleLine | None = None
        nick: str | None = None
        units: int = 0

    assert {name for name in text_fields(Loyal) if name.startswith("Loyal")} == {
        *("Loyal.note", "Loyal.members", "Loyal.nick"),
    }
    assert "SaleLine.name" in set(text_fields(Loyal))


def test_no_body_of_the_vectors_says_anything_of_a_person() -> None:
    assert [found for body in bodies() for found in personal(body)] == []


NAMES = {
    "an e-mail address": "Schal für ada@example.org",
    "a telephone's number": "call +49 171 1234567",
    "a number of the country": "Tel. 0171/123 45 67",
    "a card's number": "4111 1111 1111 1111",
    "a card's number without spaces": "card 5555555555554444.",
    "a card's number with dashes": "3782-822463-10005",
}
STRANGE: dict[str, dict[str, Any]] = {
    **{what: {"name": name} for what, name in NAMES.items()},
    "a name where a pseudonym belongs": {"account": "receivable/Ada Lovelace"},
    "a member's number where a pseudonym belongs": {"account": "receivable/4711"},
    "an address where a pseudonym belongs": {"account": "receivable/ada@example.org"},
}


@pytest.mark.parametrize("what", STRANGE)
def test_what_is_about_a_person_is_found(what: str) -> None:
    planted = STRANGE[what]
    sale = story.TWO_SCARVES
    lines = (msgspec.structs.replace(sale.lines[0], name=planted.get("name", "Schal")),)
    postings = (Posting(planted.get("account", "revenue"), 0, "EUR"),)
    fact = msgspec.structs.replace(sale, lines=lines, postings=postings)
    honest = next(body for body in bodies() if body.fact == sale)
    assert len(list(personal(msgspec.structs.replace(honest, fact=fact)))) >= 1


@pytest.mark.parametrize(
    "name", ["Schal 180 x 30 cm", "Jeans 32/32", "Kaffee 2025", "7 Up 330", "4711 800 ml"]
)
def test_an_ordinary_product_is_nobody(name: str) -> None:
    sale = story.TWO_SCARVES
    lines = (msgspec.structs.replace(sale.lines[0], name=name),)
    honest = next(body for body in bodies() if body.fact == sale)
    body = msgspec.structs.replace(honest, fact=msgspec.structs.replace(sale, lines=lines))
    assert list(personal(body)) == []
