"""A runtime that goes over to training and comes back: neither touches what is the other's, to the byte.

The process is the real one. Its scanner is a socket of this test, and so is its card terminal, which counts
who speaks to it.
"""

import hashlib
import http.client
import json
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from click.testing import CliRunner

from cloud_sync.contract.documents import PRICES
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Arrived, DocumentApplied, Sale
from edge.checkout.books import ShopProjection
from edge.cli.object import object_, training
from edge.clock import SystemClock
from edge.config import ObjectConfig, load
from edge.keys import make_key
from edge.offline_queue.outcomes import ForeignLedgerError
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.reader import LedgerReader
from edge.runtime.training import TrainingWord
from edge.training import Training, training_of
from retail.custody import TRANSIT, Move
from retail.pricing.book import Version
from tests.checkout.till_hand import COFFEE, SWEATER, price_book
from tests.object.real_hub import HOST, OPOS, eventually, free_port

OBJECT: Final = """
[object]
id = "panel-7"
kind = "panel"
name = "Panel 7"
tenant = "demo"
site = "{site}"
sells_from = "panel-7"
[display]
port = {glass}
[[tender]]
kind = "house-account"
account = "a7KxQ2mQ9vR4t"
[[tender]]
kind = "zvt"
uri = "tcp:127.0.0.1:{terminal}?profile=zvt-tcp"
[sync]
broker = "127.0.0.1:1"
hub = "http://127.0.0.1:1"
[[peripheral]]
role = "scanner"
uri = "tcp:127.0.0.1:{scanner}?profile=serial-scanner"
"""
UNITS: Final = 5


class Gadget:
    """A device that the object calls: it keeps every line, and can say something on the last one."""

    def __init__(self) -> None:
        self._door = socket.create_server((HOST, 0))
        self.port = int(self._door.getsockname()[1])
        self.lines: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, said: bytes) -> None:
        self.lines[-1].sendall(said)

    def close(self) -> None:
        for line in (self._door, *self.lines):
            line.close()

    def _listen(self) -> None:
        while True:
            try:
                self.lines.append(self._door.accept()[0])
            except OSError:
                return


class Panel:
    """One panel: its file, its devices, and the process that runs it."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "object.toml"
        self.scanner, self.terminal = Gadget(), Gadget()
        self._glass = free_port()
        self._goods = cycle((COFFEE, SWEATER))  # the same again within a second is the same look
        ports = {"glass": self._glass, "scanner": self.scanner.port, "terminal": self.terminal.port}
        self.file.write_text(OBJECT.format(site=price_book().site, **ports))
        (directory / "trust.json").write_bytes(b'{"receipt": [], "documents": []}')
        self.config = load(self.file)
        _stock(self.config)
        self._log = (directory / "runtime.log").open("wb")
        self.start()

    def start(self) -> None:
        command = (*OPOS, "object", "run", str(self.file))
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        eventually(lambda: bool(self.asked("/status")), "the object runs")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(number)
        self._process.wait(30)

    def close(self) -> None:
        self.end(signal.SIGKILL)
        self._log.close()
        self.scanner.close()
        self.terminal.close()

    def asked(self, path: str, body: bytes | None = None) -> Any:
        """What the glass answers; nothing while it does not."""
        line = http.client.HTTPConnection(HOST, self._glass, timeout=10)
        try:
            kind = {"Content-Type": "application/json"}
            line.request("GET" if body is None else "POST", path, body, kind)
            text = line.getresponse().read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            line.close()
        return text.decode() if path == "/" else json.loads(text)

    def shows(self, screen: str) -> Any:
        eventually(lambda: (self.asked("/state") or {}).get("screen") == screen, f"the glass shows {screen}")
        return self.asked("/state")

    def waits(self, screen: str) -> None:
        """Nobody is there any more: a sale of the last minute is shown again after a start, and put away."""

        def alone() -> bool:
            shown = (self.asked("/state") or {}).get("screen")
            if shown == "done":
                self.tap("done")
            return bool(shown == screen)

        eventually(alone, f"the glass shows {screen}")

    def tap(self, action: str) -> None:
        body = {"action": action, "screen": self.asked("/state")["number"]}
        assert self.asked("/tap", json.dumps(body).encode()) == {"answer": "accepted"}

    def scan(self) -> None:
        before = self.asked("/state")["number"]
        eventually(lambda: bool(self.scanner.lines), "the scanner is called")
        self.scanner.say(f"{next(self._goods)[1:]}\r\n".encode())
        eventually(lambda: self.asked("/state")["number"] > before, "the scan is heard")

    def sell(self, way: str) -> Any:
        """Sell one, and return what the glass says of it."""
        self.scan()
        self.shows("basket")
        self.tap("buy")
        self.shows("pay")
        self.tap(f"method:{way}")
        done = self.shows("done")
        self.tap("done")
        return done

    def trains(self, mode: str) -> str:
        done = CliRunner().invoke(object_, ["training", mode, str(self.file), "--json"])
        assert done.exit_code == 0, done.output
        return str(json.loads(done.output)["training"])


def _stock(config: ObjectConfig) -> None:
    """The object works by a price book, and has goods."""
    config.documents.mkdir(parents=True)
    book = msgspec.json.encode(price_book())
    (config.documents / f"{PRICES}-1-1.json").write_bytes(book)
    applied = DocumentApplied(PRICES, Version(1, 1), hashlib.sha256(book).hexdigest())
    arrived = Arrived("t1", tuple(Move(gtin, TRANSIT, "panel-7", UNITS) for gtin in (COFFEE, SWEATER)))
    with closing(Pen(config.ledger, make_key(config), "panel-7", SystemClock(), [ShopProjection()])) as pen:
        pen.begin("1.0")
        pen.write([Order(applied, "document/prices/1/1"), Order(arrived, "transfer/t1")])


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    made = Panel(tmp_path)
    try:
        yield made
    finally:
        made.close()


def files(directory: Path, *without: str) -> dict[str, bytes]:
    """Every file of an object, but locks and what is in folders called so."""
    found = (each for each in sorted(directory.rglob("*")) if each.is_file() and each.suffix != ".lock")
    return {str(each): each.read_bytes() for each in found if not {*without} & {*each.parts}}


def sales(config: ObjectConfig) -> list[Sale]:
    with closing(LedgerReader(config.ledger)) as reader:
        bodies = [decode_body(entry.body) for entry in reader.entries(1)]
    assert {body.dev for body in bodies} == {config.object.id}
    return [body.fact for body in bodies if isinstance(body.fact, Sale)]


def units(config: ObjectConfig) -> int:
    with closing(LedgerReader(config.ledger)) as reader:
        question = "SELECT sum(units) FROM stock WHERE holder = 'panel-7'"
        return int(next(iter(reader.select(question)))[0])


def test_training_leaves_what_is_real_as_it_is_and_the_other_way_round(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Training = training_of(panel.config)
    assert panel.sell("house-account")["charged"]["number"].endswith("-0001")
    called = len(panel.terminal.lines)
    assert called > 0, "an object that sells calls its terminal"

    # Somebody is in front of it: it goes over when they have gone, and not before.
    panel.scan()
    panel.shows("basket")
    monkeypatch.setattr(training, "_PATIENCE_S", 1.0)
    assert panel.trains("on") == "open-basket"
    assert not made.config.ledger.exists()
    panel.tap("cancel")
    panel.shows("training")
    assert panel.trains("on") == "on"
    real = files(panel.config.data_dir, "training")
    called = len(panel.terminal.lines)

    # A day of training, with a power cut in it.
    for way in ("house-account", "zvt"):
        done = panel.sell(way)
        assert done["training"] is True
        assert done["charged"]["qr"].startswith("TRAINING ")
    panel.end(signal.SIGKILL)
    panel.start()
    panel.waits("training")
    assert 'class="training"' in panel.asked("/")
    assert panel.sell("zvt")["charged"]["number"].endswith("-0003")
    assert files(panel.config.data_dir, "training") == real
    assert len(panel.terminal.lines) == called, "nobody has spoken to the terminal"
    assert not panel.config.bell.exists()

    # It sells again, where it had left off.
    monkeypatch.setattr(training, "_PATIENCE_S", 15.0)
    assert panel.trains("off") == "off"
    rehearsed = files(made.config.data_dir)
    panel.waits("attract")
    assert panel.sell("house-account")["charged"]["number"].endswith("-0002")
    assert files(made.config.data_dir) == rehearsed
    panel.end()
    assert [sale.tender for sale in sales(panel.config)] == ["house-account", "house-account"]
    assert [sale.tender for sale in sales(made.config)] == ["house-account", "zvt", "zvt"]
    assert (units(panel.config), units(made.config)) == (2 * UNITS - 2, 2 * UNITS - 1 - 3)

    _check_damage(panel, made)
    _check_strangers(panel, made)


def _check_damage(panel: Panel, made: Training) -> None:
    """A training that cannot go on keeps nobody from selling."""
    word = TrainingWord(panel.config)
    word.say()
    word.begin(word.wanted)
    whole = made.config.ledger.read_bytes()
    made.config.ledger.write_bytes(b"no ledger" * 1000)
    panel.start()
    panel.waits("attract")
    assert panel.asked("/status")["training"] == "off"
    panel.end()
    made.config.ledger.write_bytes(whole)


def _check_strangers(panel: Panel, made: Training) -> None:
    """The ledger of the training, in the place of the real one, is not sold by."""
    (panel.config.ledger).rename(panel.config.ledger.with_name("real.db"))
    made.config.ledger.rename(panel.config.ledger)
    with pytest.raises(ForeignLedgerError):
        Pen(panel.config.ledger, make_key(panel.config), "panel-7", SystemClock(), [ShopProjection()])
    done = CliRunner().invoke(object_, ["run", str(panel.file)])
    assert done.exit_code == 1
    assert "panel-7.training" in done.output, done.output


def test_no_object_of_an_objects_file_bears_the_name_of_one_in_training(tmp_path: Path) -> None:
    file = tmp_path / "object.toml"
    file.write_text(
        OBJECT.format(site="corner", glass=free_port(), terminal=1, scanner=1).replace(
            '"panel-7"', '"panel-7.training"', 1
        )
    )
    (tmp_path / "trust.json").write_bytes(b'{"receipt": [], "documents": []}')
    for words in (["run", str(file)], ["training", "on", str(file)]):
        done = CliRunner().invoke(object_, words)
        assert done.exit_code == 1
        assert "choose a name that does not end in .training" in done.output
