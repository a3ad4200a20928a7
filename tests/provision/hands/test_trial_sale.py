"""A trial sale goes through the whole object and leaves nothing; where it stops, a sentence says why."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli.trial_sale import trial_sale
from edge.clock import SystemClock
from edge.drivers.uris import parse_uri
from edge.provision.trial.glass import Counted, Glass, Shown, Way
from edge.provision.trial.sale import Deed, Trial, TrialFailedError
from edge.provision.trial.terminal import penny
from edge.readings import Nanoseconds
from tests.simulators.bench_process import BenchProcess, write_bench

WAYS = (Way("house-account"), Way("zvt"))
TERMINAL = """
[[device]]
name = "terminal"
type = "zvt"
at = "tcp:127.0.0.1:0"
taps = "girocard"
taps_after_ms = 50
"""
WENT_WELL = [Deed.TRAIN, Deed.SHOW, Deed.BUY, Deed.PAY, Deed.DONE, Deed.SELL]


class Time:
    """A clock that only waiting turns on."""

    def __init__(self) -> None:
        self.now = 0

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self.now)

    def wall_ms(self) -> int:
        return 0

    def quality(self) -> str:
        return "trusted"

    def wait(self, pause_s: float) -> None:
        self.now += round(pause_s * 1e9)


class Object:
    """An object as a trial sees it: screens that follow each other, and the word that it trains by."""

    def __init__(
        self, *screens: str, training: str = "on", sales: int = 7, ways: tuple[Way, ...] = WAYS
    ) -> None:
        self.wanted = b""
        self._ways = ways
        self.taps: list[str] = []
        self._screens = [*screens]
        self._training, self._sales = training, sales
        self.sold_meanwhile = 0

    def say(self) -> None:
        self.wanted = b"word"

    def take_back(self) -> None:
        self.wanted = b""

    def counted(self) -> Counted | None:
        if self.wanted:
            return Counted(0, self._training)
        return Counted(self._sales + (self.sold_meanwhile if self.taps else 0), "off")

    def shown(self) -> Shown | None:
        screen = self._screens[0]
        if screen in {"attract", "wait", "out-of-service"} and len(self._screens) > 1:
            return Shown(self._screens.pop(0), 1)
        return Shown(screen, 1, self._ways if screen == "pay" else ())

    def tap(self, action: str, number: int) -> bool:
        assert number == 1
        self.taps.append(action)
        if len(self._screens) > 1:
            self._screens.pop(0)
        return True


def tried(there: Object, way: str | None = None) -> tuple[list[Deed], Callable[[], object]]:
    told: list[Deed] = []
    time = Time()
    trial = Trial(there, there, time, time.wait, told.append)  # type: ignore[arg-type]
    return told, lambda: trial.run(way, 60)


def test_goods_are_bought_paid_and_receipted_and_the_object_sells_again() -> None:
    there = Object("attract", "basket", "pay", "wait", "done", "attract")
    told, run = tried(there)
    run()
    assert (told, there.taps) == (WENT_WELL, ["buy", "method:house-account", "done"])
    assert there.wanted == b""


def test_an_object_whose_devices_are_not_there_yet_is_waited_for() -> None:
    there = Object("out-of-service", "out-of-service", "attract", "basket", "pay", "done", "attract")
    told, run = tried(there)
    run()
    assert told == WENT_WELL


def test_where_nobody_is_asked_how_to_pay_nothing_is_chosen() -> None:
    there = Object("attract", "product", "wait", "done", "attract")
    told, run = tried(there)
    run()
    assert (told, there.taps) == ([each for each in WENT_WELL if each is not Deed.PAY], ["buy", "done"])


def test_the_receipt_of_the_sale_before_is_put_away_first() -> None:
    there = Object("done", "basket", "pay", "done", "attract")
    _, run = tried(there, "zvt")
    run()
    assert there.taps == ["done", "buy", "method:zvt", "done"]


@pytest.mark.parametrize(
    ("there", "way", "sentence"),
    [
        (Object("attract"), None, "no goods within 60 s"),
        (Object("unpaired"), None, "no prices yet"),
        (Object("out-of-service"), None, "opos doctor"),
        (Object("attract", "age"), None, "take others"),
        (Object("attract", "basket", "pay"), "wallet", "house-account, zvt, not wallet"),
        (Object("attract", "basket", "pay", ways=()), None, "asks for no way to pay"),
        (Object("attract", "basket", "declined"), None, "declined"),
        (Object("attract", "basket", "pay", "wait"), None, "does not end"),
        (Object("attract", training="refused: no room"), None, "no room"),
        (Object("attract", training="open-basket"), None, "stands in front of it"),
    ],
)
def test_an_object_that_does_not_sell_says_where_it_stopped_and_trains_no_more(
    there: Object, way: str | None, sentence: str
) -> None:
    told, run = tried(there, way)
    with pytest.raises(TrialFailedError, match=sentence):
        run()
    assert (there.wanted, told[-1]) == (b"", Deed.SELL)


def test_a_sale_too_many_in_the_real_books_is_no_success() -> None:
    there = Object("attract", "basket", "pay", "done", "attract")
    there.sold_meanwhile = 1
    _, run = tried(there)
    with pytest.raises(TrialFailedError, match="8 sales and 7 before"):
        run()


def test_an_object_that_does_not_run_is_said_to_and_nothing_is_left_behind(tmp_path: Path) -> None:
    assert Glass("127.0.0.1", 1).counted() is None
    assert list(tmp_path.iterdir()) == []


def test_without_anybody_to_ask_the_missing_yes_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(trial_sale, [str(tmp_path / "object.toml")])
    assert (result.exit_code, "--void" in result.output) == (2, True)


def test_a_trial_of_the_terminal_that_is_broken_off_says_what_is_left_to_a_hand() -> None:
    async def broken_off() -> None:
        nobody = parse_uri("tcp:127.0.0.1:1?profile=zvt-tcp")
        trial = asyncio.ensure_future(penny(nobody, 1, SystemClock(), lambda _: None))
        await asyncio.sleep(0)
        trial.cancel()
        await trial

    with pytest.raises(TrialFailedError, match="if it took something reverse it by hand"):
        asyncio.run(broken_off())


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchProcess]:
    bench = BenchProcess(write_bench(tmp_path_factory.mktemp("terminal"), TERMINAL)).started()
    yield bench
    bench.stop()


def test_a_card_terminal_takes_a_penny_and_gives_it_back(terminal: BenchProcess) -> None:
    host, port = terminal.address("terminal")
    told: list[str] = []
    uri = parse_uri(f"tcp:{host}:{port}?profile=zvt-tcp")
    done = asyncio.run(penny(uri, 1, SystemClock(), told.append))
    assert (told, done.amount_minor) == (["card", "reversal"], 1)
    assert terminal.status()["terminal"]["held_minor"] == 0
