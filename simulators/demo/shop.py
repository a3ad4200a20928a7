"""A shop in one directory, from the first file to open doors: the composition root of the demo."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import httpx

from simulators.demo.asking import Dark
from simulators.demo.bad_days import BadDayError, check_room, find_mosquitto, on_this_disk
from simulators.demo.bench import Bench
from simulators.demo.first_start import first_start
from simulators.demo.glass import Glass
from simulators.demo.hub import Hub
from simulators.demo.layout import Layout, devices_of, loudness_dbm, write_all
from simulators.demo.lock import locked
from simulators.demo.ports import HOST, Ports, check_free
from simulators.demo.processes import HopelessError, Supervisor
from simulators.demo.programs import bench_of, objects, runtime_of, surroundings
from simulators.demo.shop_files import ObjectPlan, Shop, read_shop
from simulators.demo.shopper import NotSeenError, Shopper
from simulators.demo.waiting import looks
from simulators.demo.world import World, open_world

# The first start of all processes on a small board with a cold disk.
_OPENING_PATIENCE_S: Final = 60.0
# How soon a bench that was started again learns what a hand has done in the meantime.
_AGREE_EVERY_S: Final = 0.25
# unix(7): a socket's path has at most 107 bytes and a NUL.
_SOCKET_PATH_BYTES_MAX: Final = 107


class OpenShop:
    """A shop whose processes run: its supervisor, its world, its hub, and a shopper at every object."""

    def __init__(
        self, shop: Shop, layout: Layout, ports: Ports, supervisor: Supervisor, client: httpx.AsyncClient
    ) -> None:
        self.shop = shop
        self.directory = layout.root.resolve()
        self.layout = layout
        self.ports = ports
        self.supervisor = supervisor
        self.fresh = not layout.world.exists()
        self.world: World = open_world(layout.world, shop)
        self.hub = Hub(client, f"http://{HOST}:{ports.hub}")
        self.shoppers = {plan.id: self._shopper(plan, client) for plan in shop.objects}

    def _shopper(self, plan: ObjectPlan, client: httpx.AsyncClient) -> Shopper:
        roles = [role for role, _ in devices_of(plan.kind)]
        bench = Bench(self.layout.bench_socket(plan.id), roles, loudness_dbm(plan.kind))
        glass = Glass(client, f"http://{HOST}:{self.ports.glass[plan.id]}")
        return Shopper(plan, self.world, bench, glass, lambda: self._lives(plan))

    def _lives(self, plan: ObjectPlan) -> int:
        """How often the process of an object was started again."""
        children = self.supervisor.children
        return children[runtime_of(plan.id)].restarts if runtime_of(plan.id) in children else 0

    async def open_doors(self) -> None:
        """Start everything; return when every glass offers to sell and the hub answers."""
        self.supervisor.start(surroundings(self.layout, self.shop, self.ports))
        try:
            # The goods lie on the shelf before the shelf wakes up: nobody has taken them.
            await asyncio.gather(*(shopper.agree() for shopper in self.shoppers.values()))
            self.supervisor.start(objects(self.layout, self.shop))
            await self._see_open()
        except NotSeenError as error:
            raise BadDayError(f"{error}: see `tail {self.layout.logs}/*.log`.") from error

    async def _see_open(self) -> None:
        async for _ in looks(_OPENING_PATIENCE_S):
            if not (closed := await self._closed()):
                return
        raise NotSeenError(f"{closed} did not open within {_OPENING_PATIENCE_S:.0f} s")

    async def _closed(self) -> str:
        """Who is not open yet, if anybody."""
        for shopper in self.shoppers.values():
            look = await shopper.glass.look()
            if isinstance(look, Dark) or not look.open:
                return shopper.plan.id
        return "the hub" if isinstance(await self.hub.figures(), Dark) else ""

    async def keep_agreeing(self, shopper: Shopper) -> None:
        """Make bench and object agree with the world whenever one was started again, for ever."""
        bench = self.supervisor.children[bench_of(shopper.plan.id)]
        agreed_at = bench.restarts, self._lives(shopper.plan)
        while True:
            await asyncio.sleep(_AGREE_EVERY_S)
            now = bench.restarts, self._lives(shopper.plan)
            if agreed_at != now and await shopper.agrees():
                agreed_at = now


@asynccontextmanager
async def open_shop(
    directory: Path, shop_dir: Path, ports: Ports, address: str = "without a page"
) -> AsyncIterator[OpenShop]:
    """Open the shop of `shop_dir` in `directory`, close it at the end; raises BadDayError.

    `address` is what a second supervisor in the same directory is told of this one.
    """
    shop = read_shop(shop_dir)
    with _directory(directory, shop, address) as root:
        layout = Layout(root)
        find_mosquitto()
        check_free(ports)
        write_all(layout, shop, ports)
        await first_start(layout, shop, shop_dir)
        try:
            async with _running(shop, layout, ports) as opened:
                yield opened
        except HopelessError:
            check_room(root)  # a full disk is the shorter story
            raise


@asynccontextmanager
async def _running(shop: Shop, layout: Layout, ports: Ports) -> AsyncIterator[OpenShop]:
    supervisor = Supervisor(layout.logs)
    agreeing: list[asyncio.Task[None]] = []
    try:
        async with httpx.AsyncClient() as client:
            opened = OpenShop(shop, layout, ports, supervisor, client)
            await supervisor.while_well(opened.open_doors())
            agreeing = [asyncio.create_task(opened.keep_agreeing(each)) for each in opened.shoppers.values()]
            yield opened
    finally:
        for task in agreeing:
            task.cancel()
        await supervisor.stop()


@contextmanager
def _directory(directory: Path, shop: Shop, address: str) -> Iterator[Path]:
    """`directory`, made and locked, under a name that is short enough for sockets."""
    with on_this_disk(directory):
        directory.mkdir(parents=True, exist_ok=True)
        check_room(directory)
        layout = Layout(directory.absolute())
        with locked(layout.lock, address), _short(layout, shop.objects) as root:
            yield root


@contextmanager
def _short(layout: Layout, plans: Sequence[ObjectPlan]) -> Iterator[Path]:
    """The root of `layout`, or a short link to it where sockets in it would have too long a name."""
    sockets = [layout.ledger(plan.id).with_name("journal.sock") for plan in plans]
    if max(len(os.fsencode(socket)) for socket in sockets) <= _SOCKET_PATH_BYTES_MAX:
        yield layout.root
        return
    with tempfile.TemporaryDirectory(prefix="opos-") as near:
        link = Path(near) / "d"
        link.symlink_to(layout.root)
        yield link
