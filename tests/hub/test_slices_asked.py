"""A slice asked for on the request lane, and its spending counted with everything else that journals say."""

import msgspec

from cloud_sync.contract.escrow import SLICE_TYPE, Slice, SliceAsked, SliceGiven, SliceRefused, shown_by
from cloud_sync.contract.facts import Paid
from cloud_sync.contract.signing import Verifier, unseal
from cloud_sync.hub.members import wallets
from cloud_sync.hub.projections.projector import Projector
from tests.checkout.purses import draft
from tests.hub.hub_world import TENANT, HubWorld, PaperJournal
from tests.hub.request_world import RequestCounter

CODE = "GIFT-2K7Q-9XWM"


def opened_wallet(hub: HubWorld, put_minor: int = 5_000) -> str:
    with hub.store.writing() as connection:
        name = wallets.open_wallet(connection, TENANT, CODE, "EUR", 0)
        wallets.put(connection, name, "sold", put_minor, 0)
    return name


def ask(journal: PaperJournal, need_minor: int, code: str = CODE) -> SliceAsked:
    return SliceAsked(shown_by(code), journal.epoch, "EUR", need_minor)


def lent(hub: HubWorld, answer: object) -> Slice:
    assert isinstance(answer, SliceGiven)
    key = hub.receipt_key.public
    return unseal(answer.slice, SLICE_TYPE, {key.kid: Verifier(key)}, Slice)


def test_an_object_is_lent_a_slice_and_never_an_older_one(hub: HubWorld, mirror: PaperJournal) -> None:
    counter, name = RequestCounter(hub, mirror), opened_wallet(hub)
    hub.send(mirror, 1)
    hub.project()
    first = lent(hub, counter.ask(ask(mirror, 2_000)))
    hub.clock.now_ms += 60_000
    again = lent(hub, counter.ask(ask(mirror, 2_000)))

    assert (first.serial, first.amount_minor) == (again.serial, again.amount_minor)
    assert again.at_ms - first.at_ms >= 60_000
    with hub.store.reading() as connection:
        assert wallets.look(connection, name).out_minor == 2_750  # and a quarter of the rest, to spare


def test_a_wallet_that_nobody_has_lends_nothing(hub: HubWorld, mirror: PaperJournal) -> None:
    counter = RequestCounter(hub, mirror)
    assert counter.ask(ask(mirror, 2_000, "GIFT-OF-NOBODY")) == SliceRefused("wallet.unknown")


def test_what_a_journal_says_was_spent_is_counted_once_and_again_after_a_rebuild(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    counter, name = RequestCounter(hub, mirror), opened_wallet(hub)
    hub.send(mirror, 1)
    hub.project()
    serial = lent(hub, counter.ask(ask(mirror, 2_000))).serial
    paid = Paid("attempt-of-sale-1", "wallet", 1_200, serial)
    sale = msgspec.structs.replace(draft("sale-number-0001", 1_200), payments=(paid,))
    hub.send(mirror, mirror.write(sale).seq)
    for _ in range(2):
        hub.project()
        with hub.store.reading() as connection:
            look = wallets.look(connection, name)
        assert (look.balance_minor, look.out_minor, look.spent_minor) == (2_250, 1_550, 1_200)
        Projector(hub.store).rebuild()
