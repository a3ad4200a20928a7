"""The session with a terminal: whose turn it is, what is asked next, and what silence means.

The rule of money: what moves it is sent once. Whatever happens then, silence, a lost port, an answer that
cannot be read, is told as UNKNOWN, and no other payment begins before the terminal was asked about it.
Timers are those of Portalum.Zvt and wirelane/ecrterm.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from edge.commands import (
    AskTerminal,
    CancelPayment,
    Command,
    Dispensed,
    DispenseResult,
    EndOfDay,
    RefundPayment,
    ReversePayment,
    StartPayment,
)
from edge.drivers.alarm import Alarm
from edge.drivers.terminals.zvt import asks, facts, goods, jobs, order, printing, settings
from edge.drivers.terminals.zvt.jobs import CARDS, DEEDS, ONCE, Job, Task
from edge.drivers.terminals.zvt.messages import Code, Message
from edge.drivers.terminals.zvt.order import MOVES, Said, Turn
from edge.drivers.terminals.zvt.settings import Settings
from edge.readings import (
    DeviceFault,
    Nanoseconds,
    Reading,
    TerminalDeed,
    TerminalOutcome,
    TerminalReady,
    TerminalResult,
    TerminalSaid,
)

_SECOND_NS: Final = 1_000_000_000
# T3: so long may the answer to a message take.
ANSWER_NS: Final = 5 * _SECOND_NS
# T4: so long may the terminal be silent while it works; each of its messages begins it anew.
WORK_NS: Final = 180 * _SECOND_NS
# However much it says, a payment is a matter of minutes: after so long a person wants to know.
WHOLE_NS: Final = 900 * _SECOND_NS
# What the terminal refuses, it is asked for again after so long.
_PAUSE_NS: Final = 10 * _SECOND_NS
# What moves no money is said so often before the terminal counts as silent.
TRIES_MAX: Final = 3

# A shop has one terminal and asks one thing at a time; more that waits to be told is a loop gone wrong.
_TOLD_MAX: Final = 64

_NO_TEXT_BLOCKS: Final = 0x9A
_UNSUPPORTED: Final = 0x83
# "84 00": one public client takes it for yes, another for no.
_EITHER: Final = 0x00

# It is still busy with what was asked before the port was lost.
_BUSY: Final = frozenset({0x9C, 0xA0})

_TO_INITIALISE: Final = 0x01
_TO_DIAGNOSE: Final = 0x02

SILENT: Final = DeviceFault(
    "device.silent", "The payment terminal does not answer: check its power, its cable and its address."
)
_REFUSES: Final = DeviceFault(
    "terminal.refused", "The payment terminal does not accept this till: check its password and its currency."
)
_DISPENSED_MORE: Final = DeviceFault(
    "terminal.dispensed-more",
    "The goods cost more than the card has approved: nothing was told to the terminal.",
)


class Session:
    """Knows what to send, and owns no port: it hears of messages, of commands and of the time.

    Before `opened` there is nobody to talk to: it only listens.
    """

    def __init__(self, known: Settings) -> None:
        self._settings = known
        self._turn = Turn.CLOSED
        self._job: Job | None = None
        # Jobs that follow this one, as a diagnosis follows a registration.
        self._next: deque[Job] = deque()
        self._doubt: str | None = None
        self._text_blocks = known.text_blocks
        self._ready: TerminalReady | None = None
        self._outgoing: list[tuple[bytes, bool]] = []
        self._told: deque[Reading] = deque(maxlen=_TOLD_MAX)
        self._silence = Alarm()
        self._whole = Alarm()

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the patience with the terminal is over, or something is to be told."""
        if self._told:
            return Nanoseconds(0)
        deadlines = (self._silence.deadline_ns, self._whole.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Begin anew on a port that has just been opened; what was under way has become unknown."""
        if self._job is not None and self._job.task in DEEDS:
            self._doubtful(self._job)
        self._job = None
        self._next.clear()
        self._outgoing.clear()
        self._whole.off()
        self._turn = Turn.REST
        self._register(now_ns)

    def to_send(self) -> list[tuple[bytes, bool]]:
        """What is to be sent now, each with whether it must never be sent again; handed out once."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def command(self, command: Command) -> None:
        """Have the terminal do it; what it cannot begin now is told as refused."""
        match command:
            case StartPayment(attempt):
                message = asks.payment(self._settings, command)
                self._wanted(Task.PAY, attempt, message, command.amount_minor if command.dispense else None)
            case ReversePayment(attempt):
                self._wanted(Task.REVERSE, attempt, asks.reversal(self._settings, command))
            case RefundPayment(attempt):
                self._wanted(Task.REFUND, attempt, asks.refund(self._settings, command))
            case EndOfDay(attempt):
                self._wanted(Task.END_DAY, attempt, asks.guarded(Code.END_OF_DAY, self._settings))
            case AskTerminal(attempt):
                self._ask(attempt)
            case CancelPayment(attempt):
                self._cancel(attempt)
            case DispenseResult(attempt):
                self._dispensed(command)
            case _:
                pass  # meant for another kind of device

    def said(self, message: Message) -> Iterator[Reading]:
        """What a message of the terminal means; each is answered, after its meaning was told."""
        said = order.said(message)
        answer = self._answer(message, said)
        # What follows from it is said behind the answer, though the answer waits until all was told.
        place = len(self._outgoing)
        if said is Said.NO:
            yield from self._refused(message.refusal)
        elif (turn := MOVES.get((self._turn, said))) is not None:
            self._moved(turn)
            yield from self._meaning(message, said)
        elif said is Said.NEWS:
            yield from self._meaning(message, said)
        if answer and self._turn is not Turn.CLOSED:
            self._outgoing.insert(place, (answer, False))

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: say again what may be said again, and tell of silence."""
        while self._told:
            yield self._told.popleft()
        whole = self._whole.rings(now_ns)
        if self._silence.rings(now_ns) or whole:
            yield from self._silent(now_ns)

    def _wanted(
        self, task: Task, attempt: str, message: bytes | None, dispensed_minor: int | None = None
    ) -> None:
        free = self._turn is Turn.REST and self._job is None and self._ready is not None
        if not free or message is None or self._doubt is not None:
            self._told.append(TerminalResult(attempt, DEEDS[task], TerminalOutcome.REFUSED))
            return
        self._begin(Job(task, message, attempt, dispensed_minor))

    def _ask(self, attempt: str) -> None:
        busy = self._job is not None and self._turn is not Turn.DOUBT
        if busy or self._turn is Turn.CLOSED or self._ready is None:
            self._told.append(TerminalResult(attempt, TerminalDeed.ENQUIRY, TerminalOutcome.REFUSED))
            return
        self._next.append(self._guarded(Task.REPEAT, Code.REPEAT_RECEIPT, attempt))
        self._begin(self._guarded(Task.ENQUIRE, Code.STATUS_ENQUIRY, attempt))

    def _cancel(self, attempt: str) -> None:
        job = self._job
        if job is None or job.attempt != attempt or job.task not in CARDS or job.cancelled:
            return
        job.cancelled = True
        # Before the terminal's "yes" it is not its turn to hear more: then it is said with that.
        if self._turn is not Turn.ASKED:
            self._send(asks.CANCEL)

    def _dispensed(self, command: DispenseResult) -> None:
        job = self._job
        if job is None or job.attempt != command.attempt or not job.dispense or job.dispensed is not None:
            return
        if command.dispensed is Dispensed.PARTLY:
            if command.amount_minor is None or not 0 < command.amount_minor <= job.charge_minor_max:
                self._told.append(_DISPENSED_MORE)
                return
            job.charged_minor = command.amount_minor
        job.dispensed = command.dispensed

    def _answer(self, message: Message, said: Said) -> bytes:
        """What is said to it, or nothing: an answer is not answered."""
        if said in {Said.YES, Said.NO}:
            return b""
        if said is Said.OTHER:
            return asks.UNSUPPORTED
        job = self._job
        if message.code == Code.STATUS_INFORMATION and job is not None and job.dispense:
            return goods.answer(job, message)
        return asks.ACCEPTED

    def _moved(self, turn: Turn) -> None:
        began = self._turn is Turn.ASKED and turn is Turn.WORK
        self._turn = turn
        self._silence.set(WORK_NS)
        if began and self._job is not None and self._job.cancelled:
            self._send(asks.CANCEL)

    def _meaning(self, message: Message, said: Said) -> Iterator[Reading]:
        match said:
            case Said.DONE:
                yield from self._completed(message)
            case Said.ABORTED:
                yield from self._aborted(int.from_bytes(message.value("error") or b"\xff"))
            case Said.NEWS:
                yield from self._news(message)
            case _:
                pass  # "yes" has moved the turn, and that is all

    def _news(self, message: Message) -> Iterator[Reading]:
        attempt = self._job.attempt if self._job else ""
        match message.code:
            case Code.INTERMEDIATE_STATUS:
                code = int.from_bytes(message.value("status") or b"\0")
                yield TerminalSaid(attempt, code, facts.needs(code), facts.words(message))
            case Code.STATUS_INFORMATION:
                yield from self._result(facts.evidence(message))
                if totals := facts.totals(message, attempt):
                    yield totals
            case Code.PRINT_LINE | Code.PRINT_TEXT:
                yield from printing.lines(message, attempt)
            case _:
                pass  # it sets our clock, which is set by others

    def _result(self, evidence: facts.Evidence) -> Iterator[Reading]:
        job = self._job
        if job is None or job.task not in DEEDS:
            yield jobs.unasked(evidence)
        elif job.heard(evidence) and job.approved:
            # A decline is told once, at the end: until then another card may be tried.
            yield job.result(TerminalOutcome.DONE, complete=False)

    def _completed(self, message: Message) -> Iterator[Reading]:
        job = self._job
        if job is not None and job.task is Task.REGISTER:
            self._ready = TerminalReady(
                (message.field(0x29) or b"").hex(), settings.currency(message.field(0x49))
            )
            self._troubles(int.from_bytes(message.field(0x19) or b"\0"))
        if job is not None and job.task is Task.ENQUIRE:
            self._go_on()  # its result is told with the receipt that follows
        else:
            yield from self._ended(job.completed() if job else None)

    def _aborted(self, error: int) -> Iterator[Reading]:
        job = self._job
        if job is not None and job.task is Task.ENQUIRE:
            self._go_on()
        else:
            yield from self._ended(job.aborted(error) if job else None, error)

    def _troubles(self, status: int) -> None:
        if status & _TO_INITIALISE:
            self._next.append(self._guarded(Task.INITIALISE, Code.INITIALISATION))
        if status & _TO_DIAGNOSE:
            self._next.append(Job(Task.DIAGNOSE, asks.plain(Code.DIAGNOSIS)))

    def _refused(self, error: int | None) -> Iterator[Reading]:
        job = self._job
        if self._turn is not Turn.ASKED or job is None:
            return  # it does not want to be cancelled, or answers late
        if error == _EITHER and job.task in ONCE:
            yield from self._unknown(job)
        elif error == _NO_TEXT_BLOCKS and job.task is Task.REGISTER and self._text_blocks:
            self._text_blocks = False
            self._register()
        elif error == _UNSUPPORTED and job.task is Task.ENQUIRE:
            self._go_on()
        else:
            self._next.clear()
            yield from self._ended(TerminalOutcome.REFUSED, error)

    def _ended(self, outcome: TerminalOutcome | None, error: int | None = None) -> Iterator[Reading]:
        """Tell what became of the job, and begin what follows it."""
        job, self._job = self._job, None
        self._turn = Turn.REST
        self._silence.off()
        self._whole.off()
        if job is None or outcome is None:
            return
        if job.task in DEEDS:
            self._settled(job, outcome)
            yield job.result(outcome, error)
        elif job.task is Task.REGISTER and outcome is not TerminalOutcome.DONE:
            self._silence.set(_PAUSE_NS)
            if error not in _BUSY:
                yield _REFUSES
            return
        if not self._go_on() and job.task not in DEEDS and self._ready is not None:
            yield self._ready

    def _settled(self, job: Job, outcome: TerminalOutcome) -> None:
        if outcome is TerminalOutcome.UNKNOWN:
            self._doubt = job.attempt
        elif job.task is Task.REPEAT or job.attempt == self._doubt:
            # What it said of its last receipt has been told: whoever asked knows what it knows.
            self._doubt = self._doubt if outcome is TerminalOutcome.REFUSED else None

    def _go_on(self) -> bool:
        """Begin what follows; whether there was anything."""
        self._job = None
        if not self._next:
            return False
        self._begin(self._next.popleft())
        return True

    def _silent(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        job = self._job
        if job is None:
            if self._turn is Turn.REST and self._ready is None:
                self._register(now_ns)
        elif job.task in ONCE:
            yield from self._unknown(job)
        elif self._turn is Turn.ASKED and job.tries < TRIES_MAX:
            job.tries += 1
            self._say(job, now_ns)
        else:
            yield from self._given_up(job, now_ns)

    def _unknown(self, job: Job) -> Iterator[Reading]:
        """Nobody knows; if it still works, it is asked once to stop, and all that it says is heard."""
        stop = self._turn is Turn.WORK and job.task in CARDS and not job.cancelled
        self._turn = Turn.DOUBT
        self._silence.off()
        self._whole.off()
        self._doubt = job.attempt
        if stop:
            job.cancelled = True
            self._send(asks.CANCEL)
        if not job.doubted:
            job.doubted = True
            yield job.result(TerminalOutcome.UNKNOWN)

    def _given_up(self, job: Job, now_ns: Nanoseconds) -> Iterator[Reading]:
        self._next.clear()
        self._job = None
        self._turn = Turn.REST
        if job.task in DEEDS:
            yield job.result(TerminalOutcome.UNKNOWN)
        yield SILENT
        self._ready = None
        self._whole.off()
        self._silence.set(_PAUSE_NS, now_ns)

    def _doubtful(self, job: Job) -> None:
        self._doubt = job.attempt
        if not job.doubted:
            self._told.append(job.result(TerminalOutcome.UNKNOWN))

    def _register(self, now_ns: Nanoseconds | None = None) -> None:
        self._ready = None
        message = asks.registration(self._settings, text_blocks=self._text_blocks)
        self._begin(Job(Task.REGISTER, message), now_ns)

    def _guarded(self, task: Task, code: Code, attempt: str = "") -> Job:
        return Job(task, asks.guarded(code, self._settings), attempt)

    def _begin(self, job: Job, now_ns: Nanoseconds | None = None) -> None:
        self._job = job
        self._whole.set(WHOLE_NS, now_ns)
        self._say(job, now_ns)

    def _say(self, job: Job, now_ns: Nanoseconds | None) -> None:
        self._turn = Turn.ASKED
        self._silence.set(ANSWER_NS, now_ns)
        self._outgoing.append((job.message, job.task in ONCE))

    def _send(self, message: bytes) -> None:
        self._outgoing.append((message, False))
