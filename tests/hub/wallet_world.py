"""A hub with two wallets, and two objects that it knows."""

from pathlib import Path

from cloud_sync.contract.entry import Body, encode_body
from cloud_sync.contract.escrow import SLICE_TYPE, Slice, SliceAsked, SliceRefused
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from cloud_sync.contract.topics import Address
from cloud_sync.hub.members import wallets
from cloud_sync.hub.members.counting import count
from cloud_sync.hub.members.escrow import Escrow, Terms
from cloud_sync.hub.members.wallets import Wallet
from cloud_sync.hub.projections.meaning import Told
from tests.checkout.purses import BEGAN_MS
from tests.hub.hub_world import SITE, TENANT, HubWorld, PaperJournal

CODES = ("GIFT-2K7Q-9XWM", "MEMBER-88120")
PUT_MINOR = 5_000
EXACT = Terms(spare_minor_max=0)
NOW_MS = BEGAN_MS


class Counter:
    """A hub whose wallets are looked at, and objects that it knows."""

    def __init__(self, place: Path | str, keys: list[SoftwareKey], terms: Terms = EXACT) -> None:
        self.world = HubWorld(place)
        self.key = self.world.receipt_key
        self.escrow = Escrow(self.key, terms)
        self.journals = [
            self.world.admit(PaperJournal(name, key))
            for name, key in zip(("mirror-4", "shelf-1"), keys, strict=False)
        ]
        with self.world.store.writing() as connection:
            self.names = [wallets.open_wallet(connection, TENANT, code, "EUR", NOW_MS) for code in CODES]
            for name in self.names:
                wallets.put(connection, name, "sold", PUT_MINOR, NOW_MS)

    def look(self, which: int = 0) -> Wallet:
        with self.world.store.reading() as connection:
            return wallets.look(connection, self.names[which])

    def lend(self, dev: str, ask: SliceAsked, now_ms: int = NOW_MS) -> Slice | str:
        """The slice, or why not."""
        with self.world.store.writing() as connection:
            answer = self.escrow.lend(connection, dev, ask, now_ms)
        if isinstance(answer, SliceRefused):
            return answer.reason
        keys = {self.key.public.kid: Verifier(self.key.public)}
        return unseal(answer.slice, SLICE_TYPE, keys, Slice)

    def count(self, dev: str, *bodies: Body) -> None:
        with self.world.store.writing() as connection:
            count(connection, [(told(dev, body), body) for body in bodies])

    def alarms(self) -> list[str]:
        return [row[3] for row in self.world.rows("alarm") if row[1] == "wallet"]


def told(dev: str, body: Body) -> Told:
    number = (1 if dev == "mirror-4" else 2) * 1_000_000 + body.seq
    return Told(number, Address(TENANT, SITE, dev), body.epoch, body.seq, b"", encode_body(body), NOW_MS)
