"""What the key of one object is good for: that object's own entries, and nothing that is made of nothing."""

import random

import msgspec

from cloud_sync.contract.facts import SaleLine
from cloud_sync.contract.signing import SoftwareKey
from tests.hostile.insider import Insider
from tests.hub.hub_world import SCARF, HubWorld, PaperJournal


def test_what_an_insider_signs_is_his_own_and_makes_neither_money_nor_goods(
    hub: HubWorld, mirror: PaperJournal, keys: list[SoftwareKey]
) -> None:
    hub.send(mirror, 1)
    insider = Insider(hub.admit(PaperJournal("shelf-b12", keys[1], holder="shelf-b12")))
    hub.send(insider.journal, 1)
    luck = random.Random(17)
    for _ in range(60):
        hub.intake.take(insider.journal.topic, insider.frame(luck))
    hub.project()

    assert hub.kept(insider.journal) == [entry.body for entry in insider.journal.entries]
    assert hub.kept(mirror) == [entry.body for entry in mirror.entries]
    assert sum(hub.stock().values()) == 0
    assert {row[1] for row in hub.rows("quarantine")} <= {"shelf-b12"}
    assert len(hub.rows("quarantine")) > 20


def test_the_hub_counts_a_sale_at_whatever_price_its_object_signs(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    """A limit, and not a wish: nobody at the hub compares a sale with the price book of its day."""
    hub.send(mirror, 1)
    honest = mirror.sale(SCARF, 1, 1)
    (line,) = honest.lines
    assert (line.price_minor, honest.total_minor) == (1, 1)
    mirror.write(msgspec.structs.replace(honest, lines=(SaleLine(*msgspec.structs.astuple(line)),)))
    hub.send(mirror, 4)
    hub.project()
    assert len(hub.rows("sale")) == 2
    assert not hub.rows("quarantine")
