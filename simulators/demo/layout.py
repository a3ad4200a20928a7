"""What lies where in the directory of a demo, and the text of the files that its programs start with."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from simulators.demo.ports import HOST, Ports
from simulators.demo.shop_files import ObjectPlan, Shop

# A payload has less than 128 KiB; its packet has a topic and properties too.
_PACKET_BYTES_MAX: Final = 132 * 1024
# What the broker lets be on its way at once, to and from each client.
_INFLIGHT_MESSAGES: Final = 64
# What the broker keeps for a slow reader.
_QUEUED_MESSAGES_MAX: Final = 1000


# How somebody has set a device up: the scanner tells the kind of each code.
_SETTINGS: Final = {"serial-scanner": ("aim = true",)}


class Layout(msgspec.Struct, frozen=True):
    """The paths of a demo under `root`."""

    root: Path

    @property
    def lock(self) -> Path:
        """Held while a supervisor runs; says which one."""
        return self.root / "demo.lock"

    @property
    def world(self) -> Path:
        """Where the goods are."""
        return self.root / "world.json"

    @property
    def opened(self) -> Path:
        """What the first start did, so that the next ones need not."""
        return self.root / "opened.json"

    @property
    def logs(self) -> Path:
        """One log a process."""
        return self.root / "logs"

    @property
    def hub(self) -> Path:
        """The hub's own directory."""
        return self.root / "hub"

    @property
    def trust(self) -> Path:
        """The hub's public keys, as every object is given them."""
        return self.root / "trust.json"

    @property
    def broker(self) -> Path:
        """The broker's configuration."""
        return self.root / "mosquitto.conf"

    def object(self, object_id: str) -> Path:
        """The directory of one object."""
        return self.root / object_id

    def object_file(self, object_id: str) -> Path:
        """An object's configuration."""
        return self.object(object_id) / "object.toml"

    def certificate(self, object_id: str) -> Path:
        """The hub's word for an object's key, beside its ledger."""
        return self.object(object_id) / "data" / "certificate.jws"

    def bench_file(self, object_id: str) -> Path:
        """The simulated devices of an object."""
        return self.object(object_id) / "bench.toml"

    def bench_socket(self, object_id: str) -> Path:
        """Where the bench of an object takes the orders of a hand."""
        return self.object(object_id) / "bench.sock"

    def plugs(self, plan: ObjectPlan) -> tuple[Path, ...]:
        """The links to the ptys of an object's devices."""
        return tuple(
            self.object(plan.id) / role for role, _ in devices_of(plan.kind) if not in_network(plan, role)
        )

    def ledger(self, object_id: str) -> Path:
        """An object's journal."""
        return self.object(object_id) / "data" / "ledger.db"


def write_all(layout: Layout, shop: Shop, ports: Ports) -> None:
    """Write every configuration anew: ports change from one start to the next, data never does."""
    layout.logs.mkdir(exist_ok=True)
    layout.broker.write_text(broker_text(ports), encoding="utf-8")
    for plan in shop.objects:
        layout.object(plan.id).mkdir(exist_ok=True)
        layout.object_file(plan.id).write_text(object_text(layout, shop, plan, ports), encoding="utf-8")
        layout.bench_file(plan.id).write_text(bench_text(plan, ports), encoding="utf-8")


def broker_text(ports: Ports) -> str:
    """mosquitto.conf(5): nothing of value lives in the broker, so it keeps nothing."""
    return _lines(
        f"listener {ports.broker} {HOST}",
        "allow_anonymous true",
        "persistence false",
        "set_tcp_nodelay true",
        f"max_inflight_messages {_INFLIGHT_MESSAGES}",
        f"max_packet_size {_PACKET_BYTES_MAX}",
        f"max_queued_messages {_QUEUED_MESSAGES_MAX}",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        *_staying_root(),
    )


def _staying_root() -> list[str]:
    # Started by root it would become another user, which takes it off the supervisor's leash (prctl(2)).
    return ["user root"] if os.geteuid() == 0 else []


def object_text(layout: Layout, shop: Shop, plan: ObjectPlan, ports: Ports) -> str:
    """object.toml: who the object is, its glass, its tender, its line and its devices."""
    cable = ports.cables[plan.id]
    origins = [f"http://{HOST}:{ports.control}", f"http://localhost:{ports.control}"]
    return _lines(
        "[object]",
        f"id = {_quoted(plan.id)}",
        f"kind = {_quoted(plan.kind)}",
        f"name = {_quoted(plan.name)}",
        f"tenant = {_quoted(shop.tenant)}",
        f"site = {_quoted(shop.site)}",
        f"sells_from = {_quoted(plan.sells_from)}",
        f"timezone = {_quoted(plan.timezone)}",
        'data = "data"',
        'trust = "../trust.json"',
        "[display]",
        f"host = {_quoted(HOST)}",
        f"port = {ports.glass[plan.id]}",
        f"embedders = {json.dumps(origins)}",
        "[tender]",
        f"kind = {_quoted(plan.tender)}",
        f"account = {_quoted(plan.account)}",
        "[sync]",
        f"broker = {_quoted(f'{HOST}:{cable.broker}')}",
        f"hub = {_quoted(f'http://{HOST}:{cable.hub}')}",
        *_peripherals(layout, plan, ports),
    )


def bench_text(plan: ObjectPlan, ports: Ports) -> str:
    """bench.toml: the simulated devices of an object, and the cable that leads to broker and hub."""
    cable = ports.cables[plan.id]
    routes = [
        [f"{HOST}:{cable.broker}", f"{HOST}:{ports.broker}"],
        [f"{HOST}:{cable.hub}", f"{HOST}:{ports.hub}"],
    ]
    devices = [
        line
        for role, maker in devices_of(plan.kind)
        for line in (
            "[[device]]",
            f'name = "{role}"',
            f'type = "{maker}"',
            f"at = {_quoted(_end_of(plan, role, ports))}",
            *_SETTINGS.get(maker, ()),
        )
    ]
    return _lines(
        "[bench]", 'control = "bench.sock"', 'state = "bench.json"', *devices,
        "[[device]]", 'name = "cable"', 'type = "cable"', f"routes = {json.dumps(routes)}",
    )  # fmt: skip


def in_network(plan: ObjectPlan, role: str) -> bool:
    """Whether a device is reached over TCP: the reader of a shelf is; all others have a serial line."""
    return (plan.kind, role) == ("shelf", "reader")


def _end_of(plan: ObjectPlan, role: str, ports: Ports) -> str:
    return f"tcp:{HOST}:{ports.readers[plan.id]}" if in_network(plan, role) else f"pty:{role}"


def devices_of(kind: str) -> tuple[tuple[str, str], ...]:
    """Role and type of the devices that an object of `kind` has."""
    reader, scale, scanner = ("reader", "r200"), ("scale", "mt-sics"), ("scanner", "serial-scanner")
    return {"mirror": (reader,), "shelf": (scale, reader), "tray": (scale, reader), "panel": (scanner,)}[kind]


def loudness_dbm(kind: str) -> int:
    """How loud goods are to the reader of an object: those in a tray lie on its antenna."""
    return -42 if kind == "tray" else -55


def _peripherals(layout: Layout, plan: ObjectPlan, ports: Ports) -> Iterable[str]:
    for role, profile in devices_of(plan.kind):
        yield "[[peripheral]]"
        yield f'role = "{role}"'
        where = f"serial:{layout.object(plan.id) / role}"
        if in_network(plan, role):
            where = f"tcp:{HOST}:{ports.readers[plan.id]}"
        yield f"uri = {_quoted(f'{where}?profile={profile}')}"
    if plan.camera:
        yield "[[peripheral]]"
        yield 'role = "camera"'
        yield f"uri = {_quoted(f'camera:{plan.camera}')}"


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string (https://toml.io/en/v1.0.0, "String").
    return json.dumps(text, ensure_ascii=False)


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
