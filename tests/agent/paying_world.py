"""An object that is paid at the hub: real ledger, bell, agent, broker and hub; the provider is of paper."""

import asyncio
import contextlib
import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, TypeVar

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import SoftwareKey
from edge.bindery import binding
from edge.checkout.backroom import Backroom
from edge.checkout.books import Books, ShopProjection
from edge.checkout.documents import Documents
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier, Ended
from edge.checkout.payments.cloud import CloudProvider
from edge.checkout.payments.givingback import GivingBack
from edge.checkout.payments.provider import Capabilities
from edge.checkout.register import Register
from edge.checkout.sale import Shop
from edge.checkout.till import Till
from edge.clock import HubClock, SystemClock
from edge.config import load
from edge.errands import Errands, Rooms
from edge.offline_queue.bell import Bell
from edge.offline_queue.journal import open_journal
from edge.offline_queue.lanes import TelemetryLane
from edge.offline_queue.questions import Questions
from edge.offline_queue.reader import LedgerReader
from edge.readings import Nanoseconds
from tests.agent.line_world import Broker, Cable, until
from tests.agent.process_world import ADDRESS, OBJECT
from tests.checkout.counter import TOTAL_MINOR, draft
from tests.hub import paying_hub
from tests.hub.hub_processes import HubProcess

_T = TypeVar("_T")

CODE: Final = "134567890123456789"
"""What the shopper shows; nobody may write it down."""
_SECOND: Final = 10**9
# As patient as a test can be.
WAY: Final = Capabilities("code", True, Nanoseconds(60 * _SECOND), (Nanoseconds(_SECOND // 4),))


class PayingHub(HubProcess):
    """The hub with an account at the provider, whose books are a file."""

    def __init__(self, path: Path, broker_port: int) -> None:
        self.books = path.with_name("provider.json")
        paying_hub.write(self.books, paying_hub.Books())
        super().__init__(path, broker_port)

    def words(self, part: str = "run") -> list[str]:
        own = [sys.executable, "-m", "tests.hub.paying_hub", str(self.books), "hub", part]
        return [*own, "--port", str(self.port), *self._where()]

    @property
    def lives(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    def told(self) -> paying_hub.Books:
        """The provider's books."""
        return paying_hub.read(self.books)

    def wish(self, **how: Any) -> None:
        """The provider is to behave like this."""
        with paying_hub.held(self.books):
            books = self.told()
            for name, value in how.items():
                setattr(books, name, value)
            paying_hub.write(self.books, books)


class Life:
    """One life of the object's process, with everything but devices and glass; its loop has a thread."""

    def __init__(self, file: Path, key: SoftwareKey) -> None:
        config, clock = load(file), HubClock(SystemClock())
        shop = Shop(config.object.id, config.object.sells_from, "a7Kx", "UTC")
        self.journal = open_journal(config.ledger, key, shop.object, clock, [ShopProjection()])
        self.journal.start("1.0")
        with contextlib.closing(LedgerReader(config.ledger)) as reader:
            books = Books.load(reader.select, self.journal.epoch)
            book = PaymentBook.load(reader.select)
        self._telemetry = TelemetryLane(config.telemetry)
        till = Till(shop, self.journal, books, clock, new_sale=lambda: "none")
        documents = Documents(config.documents, config.object.site, config.trust.documents, binding)
        backroom = Backroom(shop, documents, self.journal, till)
        self.questions = Questions(config.object.id, config.trust.receipt)
        rooms = Rooms(
            *(self.journal, documents, backroom, till, self._telemetry, clock),
            forked=_forked,
            questions=self.questions,
        )
        self.bell = Bell(config.bell, Errands(config, rooms).do)
        self.questions.through(self.bell)
        register = Register(shop, self.journal, books)
        providers = {
            "paper": CloudProvider("paper", WAY, self.questions, lambda: b64(secrets.token_bytes(16)))
        }
        self.cashier = Cashier(register, book, providers, clock, lambda: b64(secrets.token_bytes(16)))
        self.ended: list[Ended] = []
        self.cashier.on_ended = self.ended.append
        self._giving = GivingBack(self.cashier, register, clock)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.journal.on_head = lambda head: _ignore(self.begin(self.bell.ring(head)))
        self.do(self.bell.open())
        self.do(self.bell.ring(self.journal.head))
        self.begin(self.cashier.recover())

    def begin(self, work: Coroutine[Any, Any, _T]) -> "Future[_T]":
        """Have something done beside the test."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def do(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Have something done, and wait for it."""
        return self.begin(work).result(60)

    def pay(self, sale: str = "s1", minor: int = TOTAL_MINOR) -> "Future[Ended]":
        """A shopper shows a code."""
        return self.begin(self.cashier.pay(draft(sale), "paper", minor, CODE))

    def give_back(self) -> "Future[None]":
        """What is due goes back, from now on."""
        return self.begin(self._giving.run())

    def end(self) -> None:
        """The process is gone, in the middle of whatever it did."""
        self.do(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.journal.close()
        self._telemetry.close()

    async def _hang_up(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await self.bell.close()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _forked(_: Receipt, why: str) -> None:
    raise AssertionError(why)


def _fresh() -> str:
    return b64(secrets.token_bytes(16))


def _ignore(_: "Future[None]") -> None:
    """The bell rings by itself."""


class PayingWorld:
    """All of it, running."""

    def __init__(self, directory: Path, broker: Broker, cable: Cable) -> None:
        self._directory, self.cable = directory, cable
        self.hub = PayingHub(directory / "hub", broker.port)
        self.file = directory / "object.toml"
        self.file.write_text(OBJECT.format(broker=cable.port, hub=f"http://127.0.0.1:{self.hub.port}"))
        self._key = SoftwareKey.generate()
        data = directory / "data"
        data.mkdir()
        (data / "object.key").write_bytes(self._key.to_pem())
        (data / "object.key").chmod(0o600)
        place = ("--object", ADDRESS.object, "--tenant", ADDRESS.tenant, "--site", ADDRESS.site)
        self.hub.command("admit", *place, "--key", json.dumps(self._key.public.jwk()))
        (directory / "trust.json").write_text(self.hub.command("trust"))
        self.hub.start()
        self._agents: list[subprocess.Popen[bytes]] = []
        self.start_agent()
        self.life = Life(self.file, self._key)
        self.until_up()

    def start_agent(self) -> None:
        with (self._directory / "agent.log").open("ab") as log:
            words = [sys.executable, "-m", "opos", "sync", "run", str(self.file)]
            self._agents.append(subprocess.Popen(words, stderr=log))

    def kill_agent(self) -> None:
        """Kill -9."""
        self._agents[-1].kill()
        self._agents[-1].wait()

    def change_agent(self) -> None:
        """Kill -9, and the next one starts."""
        self.kill_agent()
        self.start_agent()

    def tend_hub(self) -> None:
        """Start it again if it was killed."""
        if not self.hub.lives:
            self.hub.start()

    def kill_object(self) -> None:
        """Its process ends, and the next one comes up."""
        self.life.end()
        self.life = Life(self.file, self._key)

    def until_up(self) -> None:
        self.until(lambda: self.life.questions.hub_answers, "the hub answers")

    def until(self, true: Callable[[], object], what: str) -> None:
        until(true, what)

    def charged(self) -> list[int]:
        """How often each attempt was charged that was charged at all."""
        return [times for times in self.hub.told().charged.values() if times]

    def written(self) -> dict[str, bytes]:
        """Everything that anybody has written down."""
        files = [path for path in self._directory.rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in files}

    def close(self) -> None:
        for agent in self._agents:
            if agent.poll() is None:
                agent.kill()
            agent.wait()
        self.life.end()
        self.hub.kill()
