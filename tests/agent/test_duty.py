"""A line that is paid for by the byte: full batches or a minute, and whoever hurries is sent at once."""

from cloud_sync.agent.duty import METERED
from cloud_sync.agent.herald import Herald
from cloud_sync.agent.uplink import Outcome, Uplink
from cloud_sync.contract.state import ObjectState
from tests.agent.paper_line import ADDRESS
from tests.agent.test_uplink import pour
from tests.agent.uplink_world import MS, Confirmed, Luckless, NumberJournal, receipt

S = 1_000 * MS


def flowing(head: int) -> Uplink:
    """A metered uplink that the hub has answered, with nothing out."""
    uplink = Uplink(NumberJournal(head, Confirmed(head, 1)), Luckless(), METERED)
    uplink.connected(0)
    assert pour(uplink) == [(head, head)]
    assert uplink.received(receipt(head), 0) is Outcome.REPEATED
    return uplink


def test_an_entry_alone_waits_a_minute_for_company() -> None:
    uplink = flowing(5)
    uplink.grown(6, 10 * S)
    uplink.grown(9, 40 * S)
    assert uplink.deadline_ns == 70 * S
    assert pour(uplink, 69 * S) == []
    assert pour(uplink, 70 * S) == [(6, 9)]


def test_a_full_batch_waits_for_nobody() -> None:
    uplink = flowing(5)
    uplink.grown(5 + 256, 10 * S)
    assert pour(uplink, 10 * S) == [(6, 261)]


def test_whoever_hurries_is_sent_what_is_here_and_later_entries_wait_again() -> None:
    uplink = flowing(5)
    uplink.grown(7, 10 * S)
    uplink.hurry()
    assert uplink.deadline_ns == 0
    assert pour(uplink, 11 * S) == [(6, 7)]
    uplink.grown(8, 12 * S)
    assert pour(uplink, 13 * S) == []


def test_a_new_connection_asks_at_once_all_the_same() -> None:
    uplink = flowing(5)
    uplink.grown(6, 10 * S)
    uplink.disconnected()
    uplink.connected(20 * S)
    assert uplink.deadline_ns == 20 * S
    assert pour(uplink, 20 * S) == [(6, 6)]


def test_the_state_is_told_every_quarter_of_an_hour_and_an_end_at_once() -> None:
    herald = Herald(ADDRESS, METERED)
    online = ObjectState(True, "e1", 5, 4)
    herald.told(online, 0)
    assert herald.deadline_ns(ObjectState(True, "e1", 6, 4)) == 900 * S
    assert herald.deadline_ns(ObjectState(online=False)) == 0
