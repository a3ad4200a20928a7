"""A card says that it has synced, and has not: what anybody has seen is missed, what nobody saw is not."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from shutil import copytree

import apsw
import pytest

from edge.offline_queue.outcomes import JournalForkedError
from edge.offline_queue.witness import FileWitness, loss
from tests.offline_queue.faults.keeper import Keeper, label, problems_of, read_entries
from tests.offline_queue.faults.lying import Told, lying_world
from tests.offline_queue.faults.shop import staged


def test_a_loss_that_was_witnessed_is_found_and_nothing_else_is_called_one(
    tell: Callable[[str], None],
) -> None:
    told = Counter(lying_world(seed) for seed in range(60))
    by_whom = ", ".join(f"{count} {who.name}" for who, count in sorted(told.items(), key=str))
    tell(f"lying card: seeds 0 to 59: {by_whom}")
    assert min(told[each] for each in Told) > 0, told


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Keeper]:
    """A keeper in the middle of a day, with a copy of the card as it was before the last sale."""
    (tmp_path / "card").mkdir()
    keeper = Keeper(tmp_path / "card" / "ledger.db")
    with staged(Random(1)):
        keeper.open()
        keeper.sell("kept")
        keeper.close()
        copytree(tmp_path / "card", tmp_path / "earlier")
        keeper.open()
        keeper.sell("lost")
        yield keeper
        keeper.close()


@pytest.fixture
def rolled_back(shop: Keeper, tmp_path: Path) -> Iterator[Keeper]:
    """Who goes on with the card as it was."""
    heir = Keeper(tmp_path / "earlier" / shop.path.name)
    heir.open()
    yield heir
    heir.close()


def test_a_receipt_for_what_was_lost_is_refused(shop: Keeper, rolled_back: Keeper) -> None:
    shop.send(shop.pen.head)
    assert shop.receipt is not None
    with pytest.raises(JournalForkedError, match="this ledger ends at"):
        rolled_back.pen.acknowledge(*shop.receipt)


def test_a_receipt_for_what_was_lost_is_refused_after_other_sales_too(
    shop: Keeper, rolled_back: Keeper
) -> None:
    shop.send(shop.pen.head)
    rolled_back.sell("other", "goods")
    assert shop.receipt is not None
    with pytest.raises(JournalForkedError, match="another entry"):
        rolled_back.pen.acknowledge(*shop.receipt)


def test_a_counter_on_another_medium_misses_what_it_has_seen(
    shop: Keeper, rolled_back: Keeper, tmp_path: Path
) -> None:
    counter = FileWitness(tmp_path / "seen")
    counter.see(shop.pen.epoch, shop.pen.head)
    assert loss(counter.seen(), shop.pen.epoch, shop.pen.head) is None
    assert "was rolled back" in (loss(counter.seen(), rolled_back.pen.epoch, rolled_back.pen.head) or "")


def test_a_cursor_on_the_card_misses_the_entries_that_it_has_read(shop: Keeper) -> None:
    shop.fold()
    shop.close()
    head = max(shop.promised)
    with apsw.Connection(str(shop.path)) as db:
        guards = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            db.execute(f"DROP TRIGGER {name}")
        db.execute("DELETE FROM entry WHERE seq = ?", (head,))
        for _, statement in guards:
            db.execute(str(statement))
    db.close()
    reasons = [problem.reason for problem in problems_of(shop.path)]
    assert f"projection 'shop' has read entry {head}, and the ledger ends at {head - 1}" in reasons


def test_what_nobody_has_seen_is_missed_by_nobody(shop: Keeper, rolled_back: Keeper, tmp_path: Path) -> None:
    """The limit of every ledger on one card: docs/journal.md says so, and says who else can know."""
    counter = FileWitness(tmp_path / "seen")
    counter.see(shop.pen.epoch, 3)
    shop.send(3)
    assert shop.receipt is not None
    rolled_back.sell("other")
    assert rolled_back.pen.acknowledge(*shop.receipt) == 3
    assert loss(counter.seen(), rolled_back.pen.epoch, rolled_back.pen.head) is None
    rolled_back.close()
    assert problems_of(rolled_back.path) == []
    assert "sale lost" not in {label(entry) for entry in read_entries(rolled_back.path)}
