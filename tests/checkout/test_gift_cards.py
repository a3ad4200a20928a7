"""A gift card at the till: it pays what it has, the rest is paid otherwise, and its code is nobody's else."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.checkout.payments.cashier import Cashier
from edge.checkout.payments.counter import TOO_LITTLE, Counter, Lent, Reveal
from edge.checkout.payments.provider import Attempt, Said
from edge.checkout.state import Stage, Tap
from edge.events import CodeShown, Presented, Purpose
from retail.units import Money
from tests.checkout.pay_shop import Machine, PayShop
from tests.checkout.till_hand import SWEATER, item

CODE = "opos:wallet:7K3M-9QXW-2B4C-8DTR"
TOTAL_MINOR = 5_990


class Card(Machine):
    """A card with `has_minor` on it, as a wallet says it; `why` is what it says whatever is on it."""

    def __init__(self, has_minor: int, why: str = "") -> None:
        super().__init__("wallet", "scan")
        self.has_minor, self.why = has_minor, why
        self.slow_s = 0.1

    def left_minor(self, code: str, currency: str) -> int:
        assert (code, currency) == (CODE, "EUR")
        return self.has_minor

    async def start(self, attempt: Attempt) -> Said:
        if self.why or attempt.amount_minor > self.has_minor:
            self.attempts.append(attempt)
            self._stands[attempt.id] = "declined"
            await asyncio.sleep(self.slow_s)
            return Said("declined", reason=self.why or TOO_LITTLE)
        self.has_minor -= attempt.amount_minor
        return await super().start(attempt)


class WithCard(Counter):
    """A counter that knows which of its ways lends."""

    def __init__(self, cashier: Cashier, methods: Sequence[str], reveal: Reveal) -> None:
        lent = cashier.providers["wallet"]
        assert isinstance(lent, Card)
        card: Lent = lent
        super().__init__(cashier, methods, reveal, card)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def opened(place: Path, card: Card) -> PayShop:
    shop = PayShop(place, Machine(), card, account="", counter=WithCard)
    shop.till.link(up=True)
    shop.till.hear(Presented(item(SWEATER, 1)))
    shop.shown[7] = CODE
    return shop


def test_a_card_with_too_little_pays_what_it_has_and_the_rest_is_paid_otherwise(place: Path) -> None:
    shop = opened(place, Card(2_000))

    async def story() -> None:
        await shop.tap(Tap.BUY)
        shop.till.hear(CodeShown(Purpose.WALLET, 7))
        await asyncio.sleep(0)
        await shop.until(Stage.CHOOSING)
        paying = shop.state.paying
        assert (paying.paid, paying.left) == (Money(2_000, "EUR"), Money(TOTAL_MINOR - 2_000, "EUR"))
        await shop.tap(Tap.METHOD, "zvt")
        await shop.until(Stage.DONE)

    shop.live(story)
    (sale,) = shop.sales()
    assert [(paid.provider, paid.amount_minor) for paid in sale.payments or ()] == [
        ("wallet", 2_000),
        ("zvt", TOTAL_MINOR - 2_000),
    ]
    assert not any(CODE[-9:] in repr(fact) for fact in shop.facts())
    shop.close()


WHY = [
    ("wallet.unknown", "code"),
    ("wallet.blocked", "code"),
    ("wallet.empty", "too-little"),
    ("wallet.offline", "unreachable"),
]


@pytest.mark.parametrize(("why", "outcome"), WHY)
def test_why_a_card_brought_nothing_is_told(place: Path, why: str, outcome: str) -> None:
    card = Card(TOTAL_MINOR, why)
    shop = opened(place, card)

    async def story() -> None:
        await shop.tap(Tap.BUY)
        shop.till.hear(CodeShown(Purpose.WALLET, 7))
        await shop.until(Stage.DECLINED)
        assert shop.state.paying.outcome == outcome

    shop.live(story)
    assert (len(card.attempts), shop.sales()) == (1, [])
    shop.close()


def test_a_card_that_has_nothing_left_by_now_is_declined_once(place: Path) -> None:
    card = Card(0)
    shop = opened(place, card)

    async def story() -> None:
        await shop.tap(Tap.BUY)
        shop.till.hear(CodeShown(Purpose.WALLET, 7))
        await shop.until(Stage.DECLINED)
        assert shop.state.paying.outcome == "too-little"

    shop.live(story)
    assert len(card.attempts) == 1
    shop.close()


def test_a_shopper_who_has_had_enough_meanwhile_pays_no_part(place: Path) -> None:
    card = Card(2_000)
    card.slow_s = 5
    shop = opened(place, card)

    async def story() -> None:
        await shop.tap(Tap.BUY)
        shop.till.hear(CodeShown(Purpose.WALLET, 7))
        await shop.until(Stage.PAYING)
        await asyncio.sleep(1)
        await shop.tap(Tap.CANCEL)
        await shop.until(Stage.DECLINED)

    shop.live(story)
    assert (card.has_minor, len(card.attempts)) == (2_000, 1)
    shop.close()


@pytest.mark.parametrize("purpose", [Purpose.MEMBER, Purpose.CARD, Purpose.OTHER, Purpose.WECHAT])
def test_no_other_code_is_a_gift_card(place: Path, purpose: Purpose) -> None:
    card = Card(TOTAL_MINOR)
    shop = opened(place, card)

    async def story() -> None:
        await shop.pay_by("wallet")
        shop.till.hear(CodeShown(purpose, 7))
        await asyncio.sleep(1)
        assert shop.state.paying.wants_code

    shop.live(story)
    assert card.attempts == []
    shop.close()
