"""A panel with a printer and a card terminal, all of them processes; a hand brings its documents."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from math import inf
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.documents import PRICES, PROMOTIONS
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.signing import SoftwareKey, seal
from edge.offline_queue.reader import LedgerReader
from retail.identity.gtin import completed
from retail.pricing.book import Names, PriceBook, Product
from retail.pricing.promotions import Amount, Goods, Promotion, Promotions
from tests.object.delivered import deliver
from tests.object.real_hub import free_port
from tests.simulators.bench_process import BenchProcess, wait_for, write_bench

SCARF, COFFEE = completed(952000100001), completed(952000100002)
# What is seen again within a second is still the same pack: edge.sensors.codes.
_ANOTHER_LOOK_S: Final = 1.05
_BENCH: Final = """
[[device]]
name = "scanner"
type = "serial-scanner"
at = "pty:scanner"
[[device]]
name = "printer"
type = "esc-pos"
at = "pty:printer"
boot_ms = 0
lines_a_second = 500
[[device]]
name = "terminal"
type = "zvt"
at = "tcp:127.0.0.1:{terminal}"
taps = "visa"
taps_after_ms = 20
merchant = "Café Ecke"
"""
_OBJECT: Final = """
[object]
id = "panel-7"
kind = "panel"
name = "Panel 7"
tenant = "demo"
site = "corner"
sells_from = "panel-7"
timezone = "Europe/Berlin"
[display]
port = {glass}
[receipt]
page = "https://shop.example/r/"
hub = "https://hub.example"
shop = "Café Ecke"
imprint = ["Hauptstraße 1, 10115 Berlin", "USt-IdNr. DE 123456789"]
copies = {copies}
[[tender]]
kind = "zvt"
uri = "tcp:127.0.0.1:{terminal}?profile=zvt-tcp"
[[tender]]
kind = "house-account"
account = "a7KxQ2mQ9vR4t"
[sync]
broker = "127.0.0.1:1"
hub = "http://127.0.0.1:1"
[[peripheral]]
role = "scanner"
uri = "serial:{folder}/scanner?profile=serial-scanner"
[[peripheral]]
role = "printer"
uri = "serial:{folder}/printer?profile=esc-pos"
"""


class ReceiptShop:
    """The panel; `buy` buys, `paper` is what came off the printer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._glass, self._terminal = free_port(), free_port()
        self.bench = BenchProcess(write_bench(folder, _BENCH.format(terminal=self._terminal))).started()
        self.file = folder / "object.toml"
        self._retailer, self.root, self._key = (SoftwareKey.generate() for _ in range(3))
        keys = {"receipt": [], "documents": [self._retailer.public], "roots": [self.root.public]}
        (folder / "trust.json").write_bytes(msgspec.json.encode(keys))
        self.data = folder / "data"
        self.data.mkdir()
        (self.data / "object.key").write_bytes(self._key.to_pem())
        (self.data / "object.key").chmod(0o600)
        self._process: subprocess.Popen[bytes] | None = None
        self._scanned_s: dict[str, float] = {}
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self._glass}", timeout=10)

    def certify(self) -> None:
        """The hub's root vouches for the key of the panel."""
        said = CertifiedKey("panel-7", "demo", self._key.public, "file", 1)
        (self.data / "certificate.jws").write_text(seal(self.root, CERTIFICATE_TYPE, said))

    def start(self, copies: int = 0) -> None:
        """Start the object, or start it again."""
        self.file.write_text(
            _OBJECT.format(glass=self._glass, terminal=self._terminal, folder=self.folder, copies=copies)
        )
        command = [sys.executable, "-m", "opos", "object", "run", str(self.file)]
        with (self.folder / "object.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: bool(self.state()), "the glass is there")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, kindly or not."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(20)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop(signal.SIGKILL)
        self.http.close()
        self.bench.stop()

    def stock(self) -> None:
        """The retailer's price book and promotions arrive."""
        book = PriceBook(
            "corner",
            "de",
            "EUR",
            {"standard": 1900, "reduced": 700},
            (
                Product(SCARF, {"de": Names("Schal, grün"), "en": Names("Scarf")}, 3450, "standard", 1, 1),
                Product(COFFEE, {"de": Names("Kaffee für Große")}, 1150, "reduced", 1, 1),
            ),
        )
        words = {"de": "Zwei Euro Frühling", "en": "Two euros of spring"}
        spring = Promotion("spring", words, Amount(200), Goods(gtins=(SCARF,)))
        offers = Promotions("corner", "EUR", "Europe/Berlin", (spring,))
        asyncio.run(deliver(self.folder, self._retailer, {PRICES: encode(book), PROMOTIONS: encode(offers)}))
        wait_for(lambda: self.state().get("screen") == "attract", "there is something to buy")

    def state(self) -> dict[str, Any]:
        """What the glass shows; nothing while nobody answers."""
        try:
            said: dict[str, Any] = self.http.get("/state").json()
        except httpx.TransportError:
            return {}
        return said

    def tap(self, action: str, value: str | None = None) -> str:
        """Tap on what is shown; as a person does, once more where the screen has changed under the finger."""
        answer = "stale"
        for _ in range(5):
            tapped = {"action": action, "screen": self.state()["number"], "value": value}
            answer = str(self.http.post("/tap", json=tapped).json()["answer"])
            if answer != "stale":
                break
        return answer

    def sees(self, screen: str, **shown: Any) -> dict[str, Any]:
        """Wait for a screen on which all of that is shown."""
        wanted = {"screen": screen, **shown}
        wait_for(
            lambda: wanted.items() <= {k: v for k, v in self.state().items() if k in wanted}.items(),
            str(wanted),
        )
        return self.state()

    def buy(self, *gtins: str, way: str = "zvt") -> dict[str, Any]:
        """Scan, buy, pay: what the glass shows then."""
        for units, gtin in enumerate(gtins, start=1):
            self._scan(gtin)
            self.sees("basket", units=units)
            self._scanned_s[gtin] = time.monotonic()
        assert self.tap("buy") == "accepted"
        self.sees("pay")
        assert self.tap("method", way) == "accepted"
        return self.sees("done")

    def _scan(self, gtin: str) -> None:
        """Hold goods before the scanner, not within a second of their like: that would be one look."""
        ready_s = self._scanned_s.get(gtin, -inf) + _ANOTHER_LOOK_S
        wait_for(lambda: time.monotonic() > ready_s, "another look is another pack")
        self.bench.do("scanner", "scan", text=gtin.lstrip("0"))

    def leave(self) -> None:
        assert self.tap("done") == "accepted"
        self.sees("attract")

    def last(self) -> SignedEntry:
        """The entry of the last sale."""
        with contextlib.closing(LedgerReader(self.data / "ledger.db")) as reader:
            return [each for each in reader.after(0, reader.head()) if b'"kind":"sale"' in each.body][-1]

    def paper(self) -> list[list[str]]:
        """All that was cut off, line by line; a code as what it holds."""
        receipts = self.bench.status()["printer"]["receipts"]
        return [[line.get("qr") or line["text"].rstrip() for line in each["lines"]] for each in receipts]

    def log(self) -> str:
        return (self.folder / "object.log").read_text(errors="replace")
