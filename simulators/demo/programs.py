"""The programs of a shop and their floors: broker, hub, and for each object bench, runtime and agent."""

from collections.abc import Iterator
from typing import Final

from simulators.demo.bad_days import find_mosquitto
from simulators.demo.errands import opos
from simulators.demo.layout import Layout
from simulators.demo.ports import HOST, Ports
from simulators.demo.processes import Program
from simulators.demo.shop_files import Shop

# Who is stopped first: whoever speaks to the others.
_BROKER, _HUB, _BENCH, _RUNTIME, _AGENT = range(5)

MOSQUITTO: Final = "mosquitto"
HUB: Final = "hub"


def surroundings(layout: Layout, shop: Shop, ports: Ports) -> Iterator[Program]:
    """What the objects find when they wake up: broker, hub, and their own devices."""
    yield Program(MOSQUITTO, (find_mosquitto(), "-c", str(layout.broker)), _BROKER)
    hub = opos("hub", "run", "--dir", layout.hub, "--port", str(ports.hub))
    yield Program(HUB, (*hub, "--broker", f"{HOST}:{ports.broker}"), _HUB)
    for plan in shop.objects:
        bench = opos("sim", "up", layout.bench_file(plan.id))
        yield Program(bench_of(plan.id), bench, _BENCH, layout.plugs(plan))


def objects(layout: Layout, shop: Shop) -> Iterator[Program]:
    """The objects themselves: what sells, and beside it what tells the hub."""
    for plan in shop.objects:
        file = layout.object_file(plan.id)
        yield Program(runtime_of(plan.id), opos("object", "run", file), _RUNTIME)
        yield Program(f"agent-{plan.id}", opos("sync", "run", file), _AGENT)


def bench_of(object_id: str) -> str:
    """The name of an object's bench among the processes."""
    return f"bench-{object_id}"


def runtime_of(object_id: str) -> str:
    """The name of an object's runtime among the processes."""
    return f"runtime-{object_id}"
