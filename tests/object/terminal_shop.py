"""A panel that is paid at a card terminal, and by cards at the hub: all of them are processes but Stripe."""

import json
import signal
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from simulators.providers.stripe import StripeCloud
from tests.agent.line_world import Cable
from tests.object.real_hub import eventually, free_port
from tests.object.wallet_shop import WalletShop
from tests.simulators.bench_process import BenchProcess, write_bench

READER: Final = "tmr_panel"
GOODS: Final = ("9520001200106", "9520001200205")
_TERMINAL: Final = """
[[device]]
name = "terminal"
type = "zvt"
at = "tcp:127.0.0.1:{port}"
answer_ms = 400
card_ms = 60000
"""
_TENDERS: Final = """
[[tender]]
kind = "zvt"
uri = "tcp:127.0.0.1:{port}?profile=zvt-tcp"
[[tender]]
kind = "cloud"
provider = "stripe"
"""
_ACCOUNTS: Final = """
[stripe]
key = "sk_test_paper"
url = "{url}"
[stripe.readers]
panel-7 = "{reader}"
"""


class TerminalShop(WalletShop):
    """The terminal hangs on a cable that can be pulled; hands are `do`."""

    def __init__(self, directory: Path) -> None:
        port = free_port()
        self.bench = BenchProcess(write_bench(directory, _TERMINAL.format(port=port))).started()
        self.cable = Cable(port)
        self.stripe = StripeCloud(READER)
        self.stripe.start()
        self.tenders = _TENDERS.format(port=self.cable.port)
        # A scanner sends a code again and again while it is in view: each shopper takes something else.
        self._goods = cycle(GOODS)
        super().__init__(directory)

    def before_hub(self) -> None:
        """The hub has an account."""
        accounts = self.hub.path / "payments.toml"
        accounts.write_text(_ACCOUNTS.format(url=self.stripe.url, reader=READER))
        accounts.chmod(0o600)

    def do(self, verb: str, **how: Any) -> None:
        """A hand at the terminal."""
        self.bench.do("terminal", verb, **how)

    def kill_runtime(self) -> None:
        """Kill -9, and the next one starts."""
        self._runtime.kill()
        self._runtime.wait()
        self.start()

    def sold_minor(self, way: str) -> int:
        """What sales say that they were paid by this way."""
        paid = [paid for sale in self.sales() for paid in sale.payments or ()]
        return sum(each.amount_minor for each in paid if each.provider == way)

    @property
    def held_minor(self) -> int:
        """What the terminal's own books have of us."""
        return int(self.bench.status()["terminal"]["held_minor"])

    def prompted(self, prompt: str) -> None:
        """Wait until the glass says what the terminal waits for."""
        self.sees(lambda state: (state.get("asks") or {}).get("prompt") == prompt, f"it is said: {prompt}")

    def sees(self, true: Callable[[Any], bool], what: str) -> Any:
        """Wait until the glass shows something."""
        eventually(lambda: true(self.state()), what)
        return self.state()

    def pay_by(self, way: str) -> None:
        """Somebody takes a packet of coffee, and wants to pay for it so."""
        self.scanner.show(next(self._goods))
        self.shows("basket")
        self.tap("buy")
        self.shows("pay")
        self.tap("method", way)

    def leave(self) -> None:
        self.tap("done")
        self.shows("attract")

    def until_idle(self) -> None:
        """Wait until the next one may come; a receipt that is still shown is put away."""
        eventually(self._is_idle, "it waits for a shopper")

    def _is_idle(self) -> bool:
        screen = self.state()["screen"]
        if screen == "done":
            self.tap("done")
        elif screen == "basket":
            self.tap("cancel")
        return bool(screen == "attract")

    def troubles(self) -> list[Any]:
        """What the hub calls a person to."""
        found: list[Any] = json.loads(self.hub.command("status", "--json"))["troubles"]
        return found

    def close(self) -> None:
        super().close()
        self.cable.close()
        self.bench.stop(signal.SIGTERM)
        self.stripe.stop()
