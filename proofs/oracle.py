"""What must be so at the end of every world, said without the rules by which the product makes it so."""

from collections import Counter
from contextlib import closing
from typing import Final

from edge.offline_queue.reader import LedgerReader
from proofs.chronicle import Chronicle, insist
from proofs.ground import hub_file
from proofs.kept import Journal, Kept, kept_in
from proofs.objects import ShopObject
from proofs.shop import OBJECTS, TRANSFERS, UNITS_A_TRANSFER, sums_of, transfer
from proofs.world import World
from retail.custody import SUPPLIER, TRANSIT

# What may happen to the meaning of an entry when a card was put back: its object writes the same fact again.
_DOUBLED: Final = "doubled"


def judge(world: World) -> None:
    """Raise BrokenPromiseError unless everything is where it must be, once."""
    kept, chronicle = kept_in(hub_file()), world.chronicle
    for journal, entries in kept.journals.items():
        _check_history(journal, entries, chronicle)
    for each in world.objects:
        _check_ledger(each, kept)
    _check_nothing_is_lost(kept, chronicle)
    _check_figures(kept)
    _check_reports(world, kept)
    if world.luck.random() < 0.1:
        world.hub.rebuild()
        _check_figures(kept_in(hub_file()))


def _check_history(journal: Journal, entries: dict[int, tuple[bytes, bytes]], chronicle: Chronicle) -> None:
    """What the hub has of a journal is one history that its object wrote, from the first entry on."""
    insist(sorted(entries) == list(range(1, len(entries) + 1)), f"{journal}: the hub has {sorted(entries)}")
    before: bytes | None = None
    for seq, (digest, body) in sorted(entries.items()):
        written = chronicle.written[journal].get((seq, digest))
        insist(written is not None, f"{journal}: the hub has an entry {seq} that nobody wrote")
        assert written is not None
        insist(written.body == body, f"{journal}: entry {seq} has other bytes at the hub")
        insist(before in (None, written.prev), f"{journal}: entry {seq} follows another one at the hub")
        before = digest


def _check_ledger(each: ShopObject, kept: Kept) -> None:
    """What is on an object's card now is at the hub, to the byte, and the object knows that."""
    with closing(LedgerReader(each.card.ledger)) as reader:
        identity, confirmed = reader.identity(), reader.receipt()
        assert identity is not None
        journal = identity.dev, identity.epoch
        there = kept.journals.get(journal, {})
        for entry in reader.entries(reader.floor()):
            insist(
                there.get(entry.seq) == (entry.hash, entry.body),
                f"{journal}: entry {entry.seq} of its card is not what the hub has",
            )
        insist(
            confirmed.seq == reader.head() == len(there), f"{journal}: {confirmed}, the hub has {len(there)}"
        )


def _check_nothing_is_lost(kept: Kept, chronicle: Chronicle) -> None:
    """Every entry that was ever promised, unless somebody has taken its card away or made two of it."""
    for journal, written in chronicle.written.items():
        if journal not in chronicle.doctored | chronicle.gone:
            here = {(seq, digest) for seq, (digest, _) in kept.journals.get(journal, {}).items()}
            insist(here == written.keys(), f"{journal}: of {len(written)} entries {len(here)} are at the hub")


def _check_figures(kept: Kept) -> None:
    """Money and stock are those of the entries that are here, each sale and each delivery once."""
    sums = sums_of(body for entries in kept.journals.values() for _, body in entries.values())
    stock: Counter[tuple[str, str]] = sums.moved
    for name in OBJECTS:
        for number in range(TRANSFERS):
            gtin = transfer(name, number)[1]
            stock[SUPPLIER, gtin] -= UNITS_A_TRANSFER
            stock[TRANSIT, gtin] += UNITS_A_TRANSFER
    for what, ours, theirs in (
        ("money", sums.money, kept.money),
        ("stock", stock, kept.stock),
        ("sales", sums.sales, kept.sales),
    ):
        insist(
            _without_zeros(ours) == _without_zeros(theirs), f"{what}: expected {ours}, the hub has {theirs}"
        )


def _check_reports(world: World, kept: Kept) -> None:
    """Whoever is told of a fork is told the truth, and what was refused is counted, no more and no less."""
    chronicle, hub = world.chronicle, world.hub
    false = (chronicle.told | hub.ever_forked) - chronicle.doctored
    insist(not false, f"a fork was reported of {false}, which nobody has cloned or put back")
    silent = chronicle.contradicted - chronicle.told
    insist(not silent, f"{silent}: a receipt proved that the card was put back, and nobody was told")
    insist(
        not chronicle.divided - hub.ever_forked, f"{chronicle.divided}: a frame forked, and nobody was told"
    )
    insist(kept.evidence == hub.forked, f"forks of {hub.forked} were seen, evidence is of {kept.evidence}")
    alarms = Counter({"fork": kept.alarms["fork"], "refused": kept.alarms.total() - kept.alarms["fork"]})
    insist(
        _without_zeros(alarms) == _without_zeros(hub.alarms), f"expected {hub.alarms}, alarms are {alarms}"
    )
    touched = {dev for dev, _ in chronicle.doctored}
    for (dev, reason), times in kept.doubts.items():
        insist(reason == _DOUBLED and dev in touched, f"{times} entries of {dev} are doubted: {reason}")
    if not (world.broker.counted["messages spoilt"] or world.broker.counted["messages strayed"] or touched):
        refused = sum(each.refused_so_far for each in world.objects)
        insist(refused == 0, f"{refused} receipts were refused that nobody had touched")


def _without_zeros(counter: "Counter[str] | Counter[tuple[str, str]]") -> dict[object, int]:
    return {key: count for key, count in counter.items() if count}
