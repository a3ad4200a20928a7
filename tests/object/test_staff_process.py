"""Somebody of the shop at a real object: badge, PIN, receipt; the money goes back once, over a kill."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from click.testing import CliRunner

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Fact, Operator, PaymentClosed, Refund
from edge.cli.staff import staff
from edge.offline_queue.reader import LedgerReader
from tests.object.receipt_shop import COFFEE, SCARF, ReceiptShop
from tests.simulators.bench_process import wait_for

PIN = "482915"
SECTION = '[staff]\nlist = "staff.json"\n[returns]\nvoid_minutes = 5\n'


class StaffedPanel(ReceiptShop):
    """The panel, with a list of staff; `badge` is what the one of them shows."""

    def start(self, copies: int = 0) -> None:
        self.list = self.folder / "staff.json"
        if not self.list.exists():
            words = ["new", str(self.list), "--may", "return", "--may", "void", "--pin-stdin", "--json"]
            made = CliRunner().invoke(staff, words, input=f"{PIN}\n")
            self.badge = str(json.loads(made.output)["code"])
            super().start(copies)
            self.stop()
            self.file.write_text(self.file.read_text() + SECTION)
        command = [sys.executable, "-m", "opos", "object", "run", str(self.file)]
        with (self.folder / "object.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: bool(self.state()), "the glass is there")

    def show(self, text: str) -> None:
        self.bench.do("scanner", "scan", text=text)

    def work(self) -> dict[str, Any]:
        """What staff sees; nothing while nobody of the shop is here."""
        found: dict[str, Any] = self.state().get("work") or {}
        return found

    def at(self, step: str) -> dict[str, Any]:
        wait_for(lambda: self.work().get("step") == step and not self.work()["busy"], step)
        return self.work()

    def type(self, pin: str) -> None:
        for digit in pin:
            assert self.tap(f"digit:{digit}") == "accepted"
        assert self.tap("enter") == "accepted"

    def enter(self, pin: str) -> None:
        """Type a right PIN; after wrong ones it has to wait for its turn."""

        def is_in() -> bool:
            if self.work()["step"] == "pin":
                self.type(pin)
            return bool(self.work()["step"] == "menu")

        wait_for(is_in, "the PIN is taken")

    def facts(self) -> list[Fact]:
        with closing(LedgerReader(self.data / "ledger.db")) as reader:
            return [decode_body(each.body).fact for each in reader.after(0, reader.head())]


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaffedPanel]:
    made = StaffedPanel(tmp_path_factory.mktemp("panel"))
    try:
        made.certify()
        made.start()
        made.stock()
        yield made
    finally:
        made.close()


def test_what_comes_back_is_paid_back_by_its_card_once_whatever_is_killed(panel: StaffedPanel) -> None:
    receipt = str(panel.buy(SCARF, COFFEE)["charged"]["qr"])
    panel.leave()
    panel.show(panel.badge)
    panel.at("pin")
    panel.type("000000")
    assert panel.at("pin")["said"] == "wrong"
    panel.enter(PIN)
    assert panel.at("menu")["acts"] == ["return.receipt", "sale.void"]
    assert panel.tap("deed:return.receipt") == "accepted"
    panel.show(receipt)
    assert [line["most"] for line in panel.at("lines")["lines"]] == [1, 1]
    panel.show(COFFEE.lstrip("0"))
    wait_for(lambda: sum(line["units"] for line in panel.work()["lines"]) == 1, "the coffee is counted")
    rest = [line["units"] for line in panel.work()["lines"]].index(0)
    assert panel.tap(f"line:{rest}") == "accepted"
    assert panel.tap("enter") == "accepted"
    assert panel.at("confirm")["amount"]["amount_minor"] == 4400
    assert panel.tap("enter") == "accepted"
    panel.stop(signal.SIGKILL)
    panel.start()

    def ended() -> list[PaymentClosed]:
        closed = (fact for fact in panel.facts() if isinstance(fact, PaymentClosed))
        return [fact for fact in closed if fact.outcome in {"refunded", "person"}]

    wait_for(lambda: bool(ended()), "the money has gone back, or a person has it")
    facts = panel.facts()
    refunds = [fact for fact in facts if isinstance(fact, Refund)]
    assert [(each.total_minor, each.moves[0].taker) for each in refunds] == [(4400, "quarantine")]
    assert [fact.outcome for fact in ended()] == ["refunded"]
    deeds = [fact.act for fact in facts if isinstance(fact, Operator)]
    assert deeds == ["pin.wrong", "return.receipt"]
    assert PIN not in panel.log()
    assert panel.badge not in panel.log()
    panel.sees("attract")  # the receipt was put away before


def test_the_list_is_read_anew_for_each_badge_and_each_pin(panel: StaffedPanel) -> None:
    panel.sees("attract")
    assert panel.tap("staff") == "accepted"
    panel.sees("attract", called=True)
    words = ["new", str(panel.list), "--pin-stdin", "--json"]
    code = str(json.loads(CliRunner().invoke(staff, words, input=f"{PIN}\n").output)["code"])
    panel.show(code)
    panel.at("pin")
    assert panel.state()["called"] is False
    dropped = CliRunner().invoke(staff, ["drop", str(panel.list), code.rpartition(":")[2]])
    assert dropped.exit_code == 0
    panel.type(PIN)
    assert panel.at("pin")["said"] == "wrong"
    assert panel.tap("leave") == "accepted"
    panel.sees("attract")
