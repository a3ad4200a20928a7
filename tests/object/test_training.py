"""Training never touches what is real: each of its promises, and somebody who tries to break it."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import PaymentIntent, Sale
from edge.checkout.books import Books, ShopProjection
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier, Result
from edge.checkout.payments.provider import Attempt
from edge.checkout.receipts import Beside, slip_of
from edge.checkout.register import Register
from edge.checkout.sale import Shop
from edge.checkout.state import Stage, State
from edge.config import ObjectConfig, Trust, without_trust
from edge.keys import make_key
from edge.offline_queue.outcomes import Appended, ForeignLedgerError
from edge.offline_queue.pen import Order, Pen
from edge.readings import Nanoseconds
from edge.training import (
    Entering,
    NotApartError,
    Rehearsal,
    check_apart,
    check_real,
    check_rehearsed,
    is_training,
    may_enter,
    prepare,
    rehearsals,
    training_of,
)
from proofs.loop import SimulatedLoop
from tests.checkout.counter import draft

OBJECT = """
[object]
id = "mirror-1"
kind = "mirror"
name = "Mirror 1"
tenant = "demo"
site = "corner"
sells_from = "floor"
witness = "witness.json"
[display]
port = 8090
[[tender]]
kind = "zvt"
uri = "tcp:10.0.0.9:20007?profile=zvt-tcp"
[[tender]]
kind = "cloud"
provider = "stripe"
[[tender]]
kind = "house-account"
account = "a7KxQ2mQ9vR4t"
[sync]
broker = "127.0.0.1:1883"
hub = "http://127.0.0.1:8080"
[[peripheral]]
role = "reader"
uri = "tcp:127.0.0.1:1?profile=r200"
"""


@pytest.fixture
def real(tmp_path: Path) -> ObjectConfig:
    file = tmp_path / "object.toml"
    file.write_text(OBJECT)
    (tmp_path / "data").mkdir()
    config = msgspec.structs.replace(without_trust(file), trust=Trust((), ()))
    config.documents.mkdir()
    (config.documents / "catalogue-1-7.json").write_text("signed")
    make_key(config)
    return config


class Time:
    """A clock that stands still."""

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(0)

    def wall_ms(self) -> int:
        return 1_790_000_000_000

    def quality(self) -> Any:
        return "trusted"


class Life:
    """An object's ledger, and a cashier that is paid by rehearsals."""

    def __init__(self, config: ObjectConfig, ways: tuple[str, ...] = ()) -> None:
        self.pen = Pen(config.ledger, make_key(config), config.object.id, Time(), [ShopProjection()])
        self.pen.begin("1.0")
        self.books = Books()
        register = Register(Shop(config.object.id, "floor", "", "UTC"), self, self.books)
        providers = rehearsals(ways)
        check_rehearsed(providers)
        self.cashier = Cashier(register, PaymentBook(), providers, Time(), lambda: "attempt-0000001")

    @property
    def epoch(self) -> str:
        return self.pen.epoch

    async def append(self, fact: Any, idem: str) -> Appended:
        (done,) = self.pen.write([Order(fact, idem)])
        assert isinstance(done, Appended)
        return done

    def bodies(self) -> list[Any]:
        rows: list[Any] = self.pen._db.execute("SELECT body FROM entry ORDER BY seq").fetchall()
        return [decode_body(body) for (body,) in rows]


def snapshot(directory: Path) -> dict[str, bytes]:
    """Every file of the real object."""
    files = (each for each in directory.rglob("*") if each.is_file() and "training" not in each.parts)
    return {str(each): each.read_bytes() for each in files}


def test_a_sale_in_training_leaves_everything_real_as_it_was(real: ObjectConfig) -> None:
    before = Life(real)
    kid, epoch = before.pen._signer.public.kid, before.epoch
    before.pen.close()
    files = snapshot(real.data_dir)

    made = prepare(real)
    life = Life(made.config, made.config.rehearses)
    ended = SimulatedLoop().live(_paid(life))
    assert ended is Result.PAID
    assert life.pen._signer.public.kid != kid
    assert life.epoch != epoch
    bodies = life.bodies()
    life.pen.close()
    assert all(is_training(body) for body in bodies)
    assert any(isinstance(body.fact, Sale) for body in bodies)
    assert snapshot(real.data_dir) == files
    assert (made.config.documents / "catalogue-1-7.json").read_text() == "signed"


async def _paid(life: Life) -> Result:
    return (await life.cashier.pay(draft(), "zvt", 1_190)).result


def test_its_receipts_say_that_they_are_none(real: ObjectConfig) -> None:
    made = prepare(real)
    life = Life(made.config, made.config.rehearses)
    SimulatedLoop().live(_paid(life))
    body = next(body for body in life.bodies() if isinstance(body.fact, Sale))
    life.pen.close()
    assert slip_of(body.fact, "Shop", Beside(training=is_training(body))).training
    assert not is_training(msgspec.structs.replace(body, dev="mirror-1"))


@pytest.mark.parametrize("turned", [False, True])
def test_neither_writes_in_the_ledger_of_the_other(real: ObjectConfig, turned: bool) -> None:
    training = prepare(real).config
    owner, stranger = (training, real) if turned else (real, training)
    Life(owner).pen.close()
    with pytest.raises(ForeignLedgerError):
        Pen(owner.ledger, make_key(stranger), stranger.object.id, Time(), [ShopProjection()])


def _linked_directory(real: ObjectConfig) -> None:
    (real.data_dir / "training").symlink_to(real.data_dir)


def _linked_elsewhere(real: ObjectConfig) -> None:
    elsewhere = real.data_dir.parent / "elsewhere"
    elsewhere.mkdir()
    (real.data_dir / "training").symlink_to(elsewhere)


def _linked_documents(real: ObjectConfig) -> None:
    (real.data_dir / "training").mkdir()
    (real.data_dir / "training" / "documents").symlink_to(real.documents)


def _same_key(real: ObjectConfig) -> None:
    (real.data_dir / "training").mkdir()
    os.link(real.key, real.data_dir / "training" / "object.key")


def _same_ledger(real: ObjectConfig) -> None:
    (real.data_dir / "training").mkdir()
    Life(real).pen.close()
    os.link(real.ledger, real.data_dir / "training" / "ledger.db")


def _linked_ledger(real: ObjectConfig) -> None:
    (real.data_dir / "training").mkdir()
    (real.data_dir / "training" / "ledger.db").symlink_to(real.ledger)


@pytest.mark.parametrize(
    "trick",
    [_linked_directory, _linked_elsewhere, _linked_documents, _same_key, _same_ledger, _linked_ledger],
)
def test_no_link_leads_from_training_to_what_is_real(
    real: ObjectConfig, trick: Callable[[ObjectConfig], None]
) -> None:
    trick(real)
    with pytest.raises(NotApartError):
        prepare(real)


def test_a_link_among_the_copies_is_replaced_and_not_followed(real: ObjectConfig) -> None:
    training = real.data_dir / "training" / "documents"
    training.mkdir(parents=True)
    (training / "catalogue-1-7.json").symlink_to(real.key)
    key = real.key.read_bytes()
    prepare(real)
    assert real.key.read_bytes() == key
    assert not (training / "catalogue-1-7.json").is_symlink()


def test_its_configuration_leads_nowhere(real: ObjectConfig) -> None:
    made = training_of(real)
    text = msgspec.json.encode(made.config, enc_hook=str).decode()
    for secret in ("10.0.0.9", "20007", "1883", "8080", "a7KxQ2mQ9vR4t", "witness.json"):
        assert secret not in text
    assert (made.config.sync.broker, made.config.sync.hub) == (
        "mqtts://training.invalid:8883",
        "https://training.invalid",
    )
    assert made.config.rehearses == ("zvt", "stripe", "house-account")
    assert [each.name for each in made.config.tenders] == ["house-account"]
    assert made.config.trust.receipt == ()


def test_no_real_object_bears_the_name_of_one_in_training(real: ObjectConfig) -> None:
    named = msgspec.structs.replace(real.object, id="mirror-1.training")
    with pytest.raises(NotApartError):
        check_real(msgspec.structs.replace(real, object=named))
    with pytest.raises(NotApartError):
        training_of(training_of(real).config)
    with pytest.raises(NotApartError):
        check_apart(real, msgspec.structs.replace(training_of(real).config, object=real.object))


def test_only_rehearsals_are_paid_by() -> None:
    class Real(Rehearsal):
        """A terminal that passes itself off as a rehearsal."""

    check_rehearsed(rehearsals(("zvt", "stripe", "house-account")))
    with pytest.raises(NotApartError):
        check_rehearsed({"zvt": Real("zvt")})


def test_a_rehearsal_knows_nothing_after_a_restart() -> None:
    async def story() -> None:
        attempt = Attempt("attempt-1", "s", "zvt", 100, "EUR")
        before, after = Rehearsal("zvt", 0), Rehearsal("zvt", 0)
        assert (await before.start(attempt)).outcome == "captured"
        assert (await before.query(attempt)).outcome == "captured"
        assert (await after.query(attempt)).outcome == "not-found"
        assert (await after.cancel(attempt)).outcome == "not-found"
        assert [each.amount_minor for each in await before.taken()] == [100]

    asyncio.run(story())


def test_a_rehearsal_can_be_cancelled_until_it_is_as_good_as_paid() -> None:
    loop, attempt = SimulatedLoop(), Attempt("attempt-1", "s", "zvt", 100, "EUR")

    async def story() -> None:
        zvt = Rehearsal("zvt")
        paying = asyncio.ensure_future(zvt.start(attempt))
        await asyncio.sleep(1)
        assert (await zvt.query(attempt)).outcome == "in-progress"
        assert (await zvt.cancel(attempt)).outcome == "cancelled"
        assert (await paying).outcome == "cancelled"
        assert await zvt.taken() == ()
        assert (await zvt.start(attempt)).outcome == "captured"
        assert (await zvt.cancel(attempt)).outcome == "captured"

    loop.live(story())


def state(stage: Stage, **more: Any) -> State:
    return State(1, stage, online=True, language="en", languages=("en",), **more)


def test_nobody_trains_with_an_open_basket_or_a_payment_under_way() -> None:
    empty = PaymentBook()
    assert may_enter(state(Stage.IDLE), empty) is Entering.YES
    assert may_enter(state(Stage.UNPAIRED), empty) is Entering.YES
    for stage in set(Stage) - {Stage.IDLE, Stage.UNPAIRED}:
        assert may_enter(state(stage), empty) is Entering.OPEN_BASKET
    doors = state(Stage.OUT_OF_SERVICE, trouble="doors")
    assert may_enter(doors, empty) is Entering.YES, "the shop has closed it"
    line: Any = object()
    assert may_enter(state(Stage.IDLE, lines=(line,)), empty) is Entering.OPEN_BASKET


def test_nobody_trains_while_money_hangs(real: ObjectConfig) -> None:
    life = Life(real)
    book = life.cashier.book
    (meant,) = life.pen.write(
        [Order(PaymentIntent("s1", "attempt-1", "zvt", 100, "EUR"), "intent/attempt-1")]
    )
    assert isinstance(meant, Appended)
    book.apply(meant.body)
    life.pen.close()
    assert may_enter(state(Stage.IDLE), book) is Entering.PAYING
