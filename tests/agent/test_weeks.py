"""An agent runs for weeks: after thousands of connections it is as big as after the first hundreds."""

import asyncio
import gc
import logging
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cloud_sync.agent.duty import ALWAYS, METERED, Duty
from proofs.loop import SimulatedLoop
from tests.agent.weeks_world import Weeks, Whose
from tests.long_form import LONG

WARM, LATE = (100, 300) if LONG else (75, 240)
# Strings that are longer by then, and what lies in a queue at that moment. One small object that is kept of
# each message would be 240 KiB or more.
GROWTH_BYTES_MAX = 64 * 1024


async def weeks(world: Weeks) -> tuple[int, int, int]:
    """Bytes in use after the first connections and after all of them, and the tasks at the end."""
    world.agent.came()
    world.agent.opened(world.journal, Whose())
    running = asyncio.create_task(world.agent.run())
    in_use = []
    for connections in (WARM, LATE):
        await world.live(connections)
        await world.calm()
        gc.collect()
        in_use.append(tracemalloc.get_traced_memory()[0])
    tasks = len(asyncio.all_tasks())
    running.cancel()
    return in_use[0], in_use[1], tasks


class Counting(logging.Handler):
    """Counts what is logged and keeps none of it: what pytest keeps would look like a leak."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += record.levelno >= logging.WARNING


@contextmanager
def traced() -> Iterator[Counting]:
    """Count lines of the log, and trace memory; inside of the test, or pytest would listen all the same."""
    counting, agent = Counting(), logging.getLogger("cloud_sync.agent")
    agent.propagate = False
    agent.addHandler(counting)
    tracemalloc.start()
    try:
        yield counting
    finally:
        tracemalloc.stop()
        agent.removeHandler(counting)
        agent.propagate = True


@pytest.mark.parametrize(("duty", "seed"), [(ALWAYS, 1), (METERED, 2)], ids=["always", "metered"])
def test_weeks_of_broken_connections_leave_nothing_behind(tmp_path: Path, duty: Duty, seed: int) -> None:
    loop = SimulatedLoop()
    with traced() as log:
        world = Weeks(loop, tmp_path, duty, seed)
        before, after, tasks = loop.live(weeks(world))
    assert after - before < GROWTH_BYTES_MAX
    assert tasks <= 12
    assert world.seq == world.journal.entries == world.journal.confirmed.seq
    status = world.agent.status()
    assert (status.stage, status.in_flight, status.trouble) == ("flowing", 0, None)
    assert world.agent.requests.open <= 1
    # Whatever a hostile broker says is counted, and the log speaks of it ever more seldom.
    assert min(status.receipts_refused, status.orders_refused, status.documents_refused) > WARM + LATE
    assert log.lines < 200
    # Each order was told twice, and obeyed once if there was time for it.
    assert 0 < world.runtime.obeyed <= world.orders
    assert (world.items > 0) is duty.telemetry
    # The machine's clock jumps by years; the certificate of three days is renewed when two of them are over.
    days = loop.time() / 86_400
    assert days / 3 - 2 < world.papers.kept <= days / 2
    assert (world.papers.kept > 3) is duty.lingers_alone
