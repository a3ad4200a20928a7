"""What the end of an attempt is to the shopper: why it brought nothing."""

from typing import Final

from edge.checkout.payments.cashier import Ended, Result
from edge.checkout.state import Outcome

# What of an end the shopper should know; others have a word of their own.
_OUTCOMES: Final[dict[Result, Outcome]] = {
    Result.DECLINED: "declined",
    Result.CANCELLED: "too-late",
    Result.GIVES_BACK: "goes-back",
    Result.UNAVAILABLE: "unreachable",
}
_BY_REASON: Final[dict[str, Outcome]] = {
    "busy": "busy",
    "code.gone": "code",
    "code.not-readable": "code",
    "wallet.code": "code",
    "wallet.unknown": "code",
    "wallet.blocked": "code",
    "wallet.currency": "code",
    "wallet.balance": "too-little",
    "wallet.empty": "too-little",
    "wallet.offline": "unreachable",
    "wallet.later": "unreachable",
    "wallet.epoch": "unreachable",
}
"""What a way to pay says is more than its yes or no."""


def outcome_of(ended: Ended) -> Outcome:
    """Why an attempt brought nothing; for one that is neither paid nor a person's."""
    return _BY_REASON.get(ended.reason, _OUTCOMES[ended.result])
