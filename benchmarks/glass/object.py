"""Objects that sell, each the real runtime as a process: a panel with a scanner, a mirror with a reader."""

import asyncio
import contextlib
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.journal.promise import room
from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.documents import PRICES
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.signing import SoftwareKey, seal
from retail.identity import epc
from retail.identity.gtin import completed
from retail.pricing.book import Names, PriceBook, Product
from tests.object.delivered import deliver
from tests.object.wallet_shop import Scanner
from tests.simulators.bench_process import READER, BenchProcess, write_bench

HOST: Final = "127.0.0.1"
# A scanner that sees a code again within a second has not looked away: neighbours take different packs.
PRODUCTS: Final = 60
# Nobody waits so long for an object that works.
PATIENCE_S: Final = 60.0
_OBJECT: Final = """
[object]
id = "object-7"
kind = "{kind}"
name = "Object 7"
tenant = "bench"
site = "corner"
sells_from = "object-7"
timezone = "Europe/Berlin"
[display]
port = {glass}
[receipt]
page = "https://shop.example/r/"
hub = "https://hub.example"
shop = "The corner shop"
imprint = ["1 Main Street"]
[[tender]]
kind = "house-account"
account = "a7KxQ2mQ9vR4t"
[sync]
broker = "127.0.0.1:1"
hub = "http://127.0.0.1:1"
[[peripheral]]
role = "{role}"
uri = "{uri}"
"""


class ObjectProcess:
    """One object, whose glass is at `port`; its one device is at `uri`."""

    def __init__(self, folder: Path, port: int, kind: str, role: str, uri: str) -> None:
        self.port = port
        self._folder, self._file = folder, folder / "object.toml"
        self._file.write_text(_OBJECT.format(glass=port, kind=kind, role=role, uri=uri), "utf-8")
        retailer = _trusted(folder)
        self.start()
        asyncio.run(_stocked(folder, retailer))
        until(lambda: self.state().get("screen") == "attract", "there is something to buy")

    @property
    def url(self) -> str:
        """The address of its glass."""
        return f"http://{HOST}:{self.port}/"

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def start(self) -> None:
        """Start its process, and wait for nothing."""
        command = [sys.executable, "-m", "opos", "object", "run", str(self._file)]
        with (self._folder / "object.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603

    def kill(self) -> None:
        """Kill -9."""
        self._process.kill()
        self._process.wait()

    def state(self) -> dict[str, Any]:
        """What the glass shows; nothing while nobody answers."""
        line = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            line.request("GET", "/state")
            said: dict[str, Any] = json.loads(line.getresponse().read())
        except (OSError, http.client.HTTPException):
            return {}
        finally:
            line.close()
        return said


@contextmanager
def panel(port: int) -> Iterator[tuple[ObjectProcess, Callable[[int], None]]]:
    """A panel on the real disk, and a hand that holds the pack of the next shopper to its scanner."""
    scanner = Scanner()
    with room() as folder, contextlib.closing(scanner):
        uri = f"tcp:{HOST}:{scanner.port}?profile=serial-scanner"
        running = ObjectProcess(folder, port, "panel", "scanner", uri)
        try:
            yield running, lambda shopper: scanner.show(_gtin(shopper % PRODUCTS).lstrip("0"))
        finally:
            running.kill()


@contextmanager
def mirror(port: int) -> Iterator[ObjectProcess]:
    """A mirror on the real disk; two garments are held up to it."""
    with room() as folder:
        bench = BenchProcess(write_bench(folder, READER)).started()
        running = ObjectProcess(folder, port, "mirror", "reader", f"serial:{folder}/reader?profile=r200")
        try:
            for garment in (1, 2):
                tag = epc.encode(epc.item_of(_gtin(garment), garment, company_digits=7))
                bench.do("reader", "put", epc=tag, rssi_dbm=-42)
            yield running
        finally:
            running.kill()
            bench.stop()


def until(true: Callable[[], bool], what: str) -> None:
    """Wait until something is true."""
    end_s, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while not true():
        assert time.monotonic() < end_s, f"never seen: {what}"
        pause.wait(0.01)


def _trusted(folder: Path) -> SoftwareKey:
    """Give the object its key, the hub's word for it, and those whom it trusts; the key of the retailer."""
    retailer, root, own = (SoftwareKey.generate() for _ in range(3))
    keys = {"receipt": [], "documents": [retailer.public], "roots": [root.public]}
    (folder / "trust.json").write_bytes(msgspec.json.encode(keys))
    data = folder / "data"
    data.mkdir()
    (data / "object.key").touch(0o600)
    (data / "object.key").write_bytes(own.to_pem())
    said = CertifiedKey("object-7", "bench", own.public, "file", 1)
    (data / "certificate.jws").write_text(seal(root, CERTIFICATE_TYPE, said), "utf-8")
    return retailer


async def _stocked(folder: Path, retailer: SoftwareKey) -> None:
    """The retailer's price book arrives, as the agent brings it."""
    async with asyncio.timeout(PATIENCE_S):
        await deliver(folder, retailer, {PRICES: encode(_book())})


def _gtin(number: int) -> str:
    return completed(952000100001 + number)


def _book() -> PriceBook:
    products = tuple(
        Product(_gtin(n), {"en": Names(f"Pack {n}", ("Whole bean",))}, 1000 + n, "standard", 1, 1)
        for n in range(PRODUCTS)
    )
    return PriceBook("corner", "en", "EUR", {"standard": 1900}, products)
