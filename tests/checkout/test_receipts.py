"""A receipt says what was sold, by its number, and its signed form is the entry itself."""

import asyncio
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from joserfc import jws
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from edge.checkout.receipts import receipt_number
from edge.checkout.state import Tap
from edge.cli.ledger import ledger
from edge.events import Presented
from tests.checkout.till_hand import SWEATER, Hand, catalogue, item


@pytest.fixture
def sold(hands: Callable[[str], Hand]) -> tuple[Hand, list[str]]:
    """A mirror that has sold two sweaters, one after the other."""
    hand = hands("mirror")
    till = hand.till()
    till.use(catalogue())
    numbers = []
    for serial in (1, 2):
        till.hear(Presented(item(SWEATER, serial)))
        asyncio.run(till.tap(Tap.BUY, till.state.number))
        assert till.state.sold is not None
        numbers.append(till.state.sold.number)
        asyncio.run(till.tap(Tap.DONE, till.state.number))
    return hand, numbers


def ask(hand: Hand, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(ledger, ["receipt", str(hand.directory / "ledger.db"), *arguments])
    return result.exit_code, result.output


def test_a_receipt_is_found_by_its_number_and_the_last_one_without(sold: tuple[Hand, list[str]]) -> None:
    hand, (first, last) = sold
    code, said = ask(hand, first)
    assert (code, first in said, "Merino sweater" in said, "€59.90" in said) == (0, True, True, True)
    assert last in ask(hand)[1]


def test_the_signed_form_verifies_with_a_library_that_knows_nothing_of_us(
    sold: tuple[Hand, list[str]],
) -> None:
    hand, (first, _) = sold
    key = ECKey.import_key(dict(hand.key.public.jwk()))
    registry = jws.JWSRegistry({"prev": HeaderParameter("hash before", "str")}, algorithms=["ES256"])
    token = jws.deserialize_compact(ask(hand, first, "--jws")[1].strip(), key, registry=registry)
    assert first.encode() in token.payload


def test_a_receipt_that_is_not_there_is_a_sentence(sold: tuple[Hand, list[str]]) -> None:
    code, said = ask(sold[0], "XXXX-0001")
    assert code == 1
    assert "there is no receipt XXXX-0001" in said


def test_numbers_of_two_epochs_are_told_apart() -> None:
    assert receipt_number("epoch one", 7)[4:] == "-0007"
    assert receipt_number("epoch one", 7) != receipt_number("epoch two", 7)
