"""What the hub's signed words say of the time and of the certificate, on a machine whose clock is wrong."""

import asyncio
import random
from collections.abc import Callable

import pytest

from cloud_sync.agent.hub_keys import Believed, HubKeys, KeyringDoor
from cloud_sync.agent.hub_time import HubTime, TimeKeeper
from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.renewal import Renewal
from cloud_sync.agent.requests import Answered, NoAnswerError
from cloud_sync.contract.requests import (
    Answer,
    Ask,
    CertificateAsked,
    CertificateIssued,
    Noted,
    Refused,
    Reply,
    TimeAsked,
    TimeTold,
)
from cloud_sync.contract.signing import PublicKey, SoftwareKey
from tests.agent.paper_line import WALL_MS, PaperLine, during, scene
from tests.agent.weeks_world import Trusted

TRUE_MS = 1_763_700_000_000


def told(answer: Answer, at_ms: int = TRUE_MS) -> Reply:
    return Reply("mirror-4", "0123456789abcdef", at_ms, answer)


def test_before_the_hub_has_spoken_the_machines_clock_is_all_there_is() -> None:
    async def play(line: PaperLine) -> None:
        time = HubTime(line)
        assert (time.known, time.offset_ms, time.now_ms()) == (False, None, WALL_MS)

    scene(play)


def test_a_receipt_proves_that_it_is_not_earlier_and_time_goes_on_from_there() -> None:
    async def play(line: PaperLine) -> None:
        time = HubTime(line)
        time.proved(TRUE_MS)
        await asyncio.sleep(10)
        assert (time.known, time.offset_ms, time.now_ms()) == (True, None, TRUE_MS + 10_000)
        time.proved(TRUE_MS)  # an old word, kept back by somebody, takes nothing away
        assert time.now_ms() == TRUE_MS + 10_000

    scene(play)


def test_an_answer_says_what_time_it_is_in_the_middle_of_its_way() -> None:
    async def play(line: PaperLine) -> None:
        time = HubTime(line)
        await asyncio.sleep(4)
        assert time.told(TRUE_MS, asked_ns=0, heard_ns=line.now_ns())
        assert time.now_ms() == TRUE_MS + 2_000
        assert time.offset_ms == TRUE_MS + 2_000 - WALL_MS - 4_000
        time.proved(TRUE_MS + 5_000)  # a receipt of the same moment knows better
        assert time.now_ms() == TRUE_MS + 5_000

    scene(play)


def test_an_answer_that_took_long_only_proves_that_it_is_not_earlier() -> None:
    async def play(line: PaperLine) -> None:
        time = HubTime(line)
        await asyncio.sleep(30)
        assert not time.told(TRUE_MS, asked_ns=0, heard_ns=line.now_ns())
        assert (time.offset_ms, time.now_ms()) == (None, TRUE_MS)

    scene(play)


def test_a_crystal_that_runs_fast_is_set_right_by_the_next_answer() -> None:
    async def play(line: PaperLine) -> None:
        time = HubTime(line)
        time.told(TRUE_MS, 0, 0)
        await asyncio.sleep(100_000)
        time.told(TRUE_MS + 99_995_000, line.now_ns(), line.now_ns())
        assert time.now_ms() == TRUE_MS + 99_995_000

    scene(play)


class PaperHub:
    """Answers each question by the next of `answers`; None is no answer."""

    def __init__(self, line: PaperLine, *answers: Answer | None) -> None:
        self._line = line
        self._answers = list(answers)
        self.asked: list[Ask] = []

    async def ask(self, ask: Ask) -> Answered:
        self.asked.append(ask)
        answer = self._answers.pop(0) if self._answers else None
        if answer is None:
            raise NoAnswerError("the hub is silent")
        now_ns = self._line.now_ns()
        return Answered(told(answer, TRUE_MS + now_ns // 1_000_000), now_ns, now_ns, "")


def test_the_hub_is_asked_for_the_time_once_it_answers_and_again_a_few_times_a_day() -> None:
    async def play(line: PaperLine) -> None:
        hub = PaperHub(line, None, TimeTold(), TimeTold(), TimeTold(), TimeTold())
        time, heard = HubTime(line), list[int]()
        keeper = TimeKeeper(time, hub.ask, random.Random(1))
        keeper.on_told = lambda: heard.append(time.now_ms())
        working = asyncio.create_task(keeper.run())
        await asyncio.sleep(1_000)
        assert hub.asked == []
        keeper.flow(True)
        await asyncio.sleep(100)  # the first question finds no answer
        assert (hub.asked, len(heard)) == ([TimeAsked(), TimeAsked()], 1)
        await asyncio.sleep(12 * 3600)
        assert len(heard) == 3
        keeper.flow(False)
        await asyncio.sleep(24 * 3600)
        assert len(heard) == 3
        working.cancel()

    scene(play)


class Papers:
    """A certificate that is due from `due_ms` on; `wrong` is what is wrong with the next chain.

    The object signs with key `kid`, and has a root's word for the keys in `certified`.
    """

    def __init__(self, due_ms: int) -> None:
        self.due_ms = due_ms
        self.kept: list[str] = []
        self.kid = ""
        self.certified = [""]
        self.unreadable = False
        self.wrong: ValueError | OSError | None = None

    def due(self, now_ms: int) -> bool:
        if self.unreadable:
            self.unreadable = False
            raise ValueError("the file of the certificate cannot be read")
        return (now_ms >= self.due_ms and not self.kept) or self.kid not in self.certified

    def new_csr(self) -> str:
        return "csr"

    def keep_chain(self, pem: str) -> None:
        if self.wrong is not None:
            wrong, self.wrong = self.wrong, None
            raise wrong
        self.kept.append(pem)

    def keep_certificate(self, jws: str) -> None:
        if jws != self.kid:
            raise ValueError("a certificate for another key")
        self.certified.append(jws)


ISSUED = CertificateIssued("chain")
RENEWALS: list[tuple[str, list[Answer | None], ValueError | OSError | None, int]] = [
    ("at once", [ISSUED], None, 1),
    ("after silence", [None, None, ISSUED], None, 3),
    ("after a refusal", [Refused("revoked"), ISSUED], None, 2),
    ("after nonsense", [Noted(), ISSUED], None, 2),
    ("after another key's", [ISSUED, ISSUED], ValueError("not ours"), 2),
    ("after a full disk", [ISSUED, ISSUED], OSError(28, "No space left on device"), 2),
]


@pytest.mark.parametrize(
    ("answers", "wrong", "asked"), [row[1:] for row in RENEWALS], ids=[r[0] for r in RENEWALS]
)
def test_a_certificate_is_renewed_by_the_hubs_time_until_it_is_there(
    answers: list[Answer | None], wrong: ValueError | OSError | None, asked: int
) -> None:
    async def play(line: PaperLine) -> None:
        papers, hub, time = Papers(TRUE_MS + 7_200_000), PaperHub(line, *answers), HubTime(line)
        papers.wrong = wrong
        renewal = Renewal(papers, time, hub.ask, random.Random(1))
        time.proved(TRUE_MS)
        renewal.flow(True)
        working = asyncio.create_task(renewal.run())
        await asyncio.sleep(7_000)
        assert hub.asked == []
        await asyncio.sleep(20_000)
        assert (papers.kept, renewal.renewed) == (["chain"], 1)
        assert hub.asked == [CertificateAsked("csr")] * asked
        working.cancel()

    scene(play)


def test_another_key_is_certified_as_soon_as_the_hub_knows_it() -> None:
    async def play(line: PaperLine) -> None:
        papers, hub = Papers(2**60), PaperHub(line, CertificateIssued("chain", "new"))
        renewal = Renewal(papers, HubTime(line), hub.ask, random.Random(1))
        renewal.flow(True)
        working = asyncio.create_task(renewal.run())
        await asyncio.sleep(1)
        papers.kid = "new"
        renewal.stir()
        await asyncio.sleep(1)
        assert (papers.certified, papers.kept) == (["", "new"], ["chain"])
        renewal.stir()  # nothing is missing: nobody is asked
        await asyncio.sleep(1_000)
        assert len(hub.asked) == 1
        working.cancel()

    scene(play)


def test_a_hub_whose_root_is_away_is_asked_once_a_day_and_renews_the_line_all_the_same() -> None:
    async def play(line: PaperLine) -> None:
        papers, hub = Papers(2**60), PaperHub(line, *[CertificateIssued("chain")] * 9)
        papers.kid = "new"
        renewal = Renewal(papers, HubTime(line), hub.ask, random.Random(1))
        renewal.flow(True)
        await during(renewal.run(), 3 * 24 * 3600)
        assert (papers.certified, papers.kept) == ([""], ["chain"] * len(hub.asked))
        assert 3 <= len(hub.asked) <= 4

    scene(play)


def test_a_certificate_for_another_key_does_not_cost_the_object_its_line() -> None:
    async def play(line: PaperLine) -> None:
        papers, hub = Papers(0), PaperHub(line, CertificateIssued("chain", "of a key that it does not have"))
        renewal = Renewal(papers, HubTime(line), hub.ask, random.Random(1))
        renewal.flow(True)
        await during(renewal.run(), 100)
        assert (papers.certified, papers.kept) == ([""], ["chain"])

    scene(play)


def test_a_certificate_that_cannot_be_read_is_looked_at_again_later() -> None:
    async def play(line: PaperLine) -> None:
        papers, hub = Papers(0), PaperHub(line, ISSUED)
        papers.unreadable = True
        renewal = Renewal(papers, HubTime(line), hub.ask, random.Random(1))
        renewal.flow(True)
        await during(renewal.run(), 10_000)
        assert papers.kept == ["chain"]

    scene(play)


NEW = SoftwareKey.generate().public


class Rings:
    """A keyring door, what it hands on, and an `apply` that knows two rings by name."""

    def __init__(self, hand: Callable[[str], Handed] = lambda _jws: Handed()) -> None:
        self.keys = HubKeys([SoftwareKey.generate().public], [SoftwareKey.generate().public])
        self.handed: list[str] = []
        self.applied: list[str] = []
        self._hand = hand
        self.door = KeyringDoor(self.keys, self.apply, self.hand)

    def apply(self, jws: str) -> Believed:
        if jws != "newer":
            raise ValueError("older")
        self.applied.append(jws)
        return Trusted((NEW,), (NEW,))

    async def hand(self, jws: str) -> Handed:
        self.handed.append(jws)
        return self._hand(jws)


def kids(*keys: PublicKey) -> set[str]:
    return {key.kid for key in keys}


def test_a_newer_keyring_is_believed_at_once_and_handed_to_each_runtime() -> None:
    async def play(_: PaperLine) -> None:
        rings = Rings()
        receipts = rings.keys.receipt
        rings.door.told(b"newer")
        rings.door.told(b"newer")  # it is retained, and comes with each connection
        assert receipts.keys() == rings.keys.documents.keys() == kids(NEW)
        assert (rings.applied, rings.door.refused) == (["newer"], 0)
        await during(rings.door.run(), 1)
        rings.door.runtime_came()
        await during(rings.door.run(), 1)
        assert rings.handed == ["newer", "newer"]

    scene(play)


@pytest.mark.parametrize("payload", [b"older", b"\xff", b""])
def test_a_keyring_that_is_refused_changes_nothing(payload: bytes) -> None:
    async def play(_: PaperLine) -> None:
        rings = Rings()
        before = dict(rings.keys.receipt)
        rings.door.told(payload)
        await during(rings.door.run(), 1)
        assert (rings.keys.receipt, rings.handed, rings.door.refused) == (before, [], 1)

    scene(play)


def test_a_keyring_waits_for_a_runtime_that_is_away_and_outlives_its_refusal() -> None:
    def away(_: str) -> Handed:
        raise RuntimeAwayError("none")

    async def play(_: PaperLine) -> None:
        for hand, times in ((away, 2), (lambda _jws: Handed("not ours"), 2)):
            rings = Rings(hand)
            rings.door.told(b"newer")
            await during(rings.door.run(), 1)
            rings.door.runtime_came()
            await during(rings.door.run(), 1)
            assert len(rings.handed) == times

    scene(play)
