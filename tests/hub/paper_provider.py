"""A payment provider on paper: it keeps its own books, and its line breaks wherever a test wants it to."""

from collections import Counter
from enum import Enum

from cloud_sync.hub.requests.provider import Attempt, Said, UnreachableError
from retail.tender import PaymentOutcome


class PowerCutError(BaseException):
    """The hub's machine is gone in the middle of a question; nothing of the hub's may catch this."""


class Break(Enum):
    """What happens to one question."""

    NOWHERE = "nowhere"
    ON_THE_WAY = "on the way"  # the provider never hears of it
    ON_THE_WAY_BACK = "on the way back"  # it is done, and the answer is lost
    HUB_BEFORE = "the hub, before it asks"
    HUB_AFTER = "the hub, after it was answered"


class PaperProvider:
    """Charges whatever it is asked to; `moods` says where the next questions break, one after another.

    It is as careless as a provider may be: a second `start` charges a second time.
    """

    def __init__(self, *, verdict: PaymentOutcome = "captured") -> None:
        self.verdict: PaymentOutcome = verdict
        self.moods: list[Break] = []
        self.state: dict[str, PaymentOutcome] = {}
        self.charged, self.refunded = Counter[str](), Counter[str]()
        self.asked: list[str] = []
        self.codes: list[str] = []
        self.backs: dict[str, int] = {}
        self._refunding = ("", 0)
        self.sum_minor: int | None = None
        """What it says that it has charged, if not what it was asked for."""

    def start(self, attempt: Attempt, code: str) -> Said:
        self.codes.append(code)
        return self._over_the_line("start", attempt)

    def query(self, attempt: Attempt) -> Said:
        return self._over_the_line("query", attempt)

    def cancel(self, attempt: Attempt) -> Said:
        return self._over_the_line("cancel", attempt)

    def capture(self, attempt: Attempt) -> Said:
        return self._over_the_line("capture", attempt)

    def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        self._refunding = refund, amount_minor
        said = self._over_the_line("refund", attempt)
        if refund not in self.backs:
            return said
        return Said("refunded", self.backs[refund], attempt.currency, said.reference)

    def settle(self, attempt_id: str, outcome: PaymentOutcome) -> None:
        """The shopper has decided at last."""
        self.state[attempt_id] = outcome
        self.charged[attempt_id] += outcome == "captured"

    def _over_the_line(self, verb: str, attempt: Attempt) -> Said:
        mood = self.moods.pop(0) if self.moods else Break.NOWHERE
        if mood is Break.HUB_BEFORE:
            raise PowerCutError
        if mood is Break.ON_THE_WAY:
            raise UnreachableError("no route to the provider")
        self.asked.append(verb)
        getattr(self, f"_{verb}")(attempt)
        if mood is Break.ON_THE_WAY_BACK:
            raise UnreachableError("the provider does not answer")
        if mood is Break.HUB_AFTER:
            raise PowerCutError
        minor = attempt.amount_minor if self.sum_minor is None else self.sum_minor
        return Said(self.state.get(attempt.id, "not-found"), minor, attempt.currency, f"psp-{attempt.id[:4]}")

    def _start(self, attempt: Attempt) -> None:
        self.settle(attempt.id, self.verdict)

    def _query(self, attempt: Attempt) -> None:
        """Looking changes nothing."""

    def _cancel(self, attempt: Attempt) -> None:
        if self.state.get(attempt.id) in {"in-progress", "authorised"}:
            self.state[attempt.id] = "cancelled"

    def _capture(self, attempt: Attempt) -> None:
        if self.state.get(attempt.id) == "authorised":
            self.settle(attempt.id, "captured")

    def _refund(self, attempt: Attempt) -> None:
        key, minor = self._refunding
        if self.state.get(attempt.id) != "captured" or key in self.backs:
            return
        self.backs[key] = minor
        if minor == attempt.amount_minor:
            self.state[attempt.id] = "refunded"
        self.refunded[attempt.id] += 1
