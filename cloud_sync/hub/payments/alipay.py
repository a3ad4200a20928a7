"""Alipay: the shopper shows a code, and what is unclear is asked about, and cancelled in the end.

Sources: alipay-sdk-python-all (signatures), opendocs.alipay.com/open/194/106039 (when to ask, when to cancel:
that ends what is unpaid, gives back what was paid, and keeps an order that has not come yet from being paid).
The codes of errors are from memory: one that is not in the table here is no decline but unknown.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, TypeVar

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from cloud_sync.hub.payments.rsa import is_signed, sign
from cloud_sync.hub.requests.provider import Attempt, Said, UnreachableError
from retail.payment_codes.wallet import wallet_of
from retail.tender import PaymentOutcome

URL: Final = "https://openapi.alipay.com"

Kind = TypeVar("Kind", bound="_Answer")

_PATH: Final = "/gateway.do"
_CURRENCY: Final = "CNY"
# Alipay cancels nothing that is older.
_CANCEL_MS_MAX: Final = 24 * 3600 * 1000
_CHINA: Final = timezone(timedelta(hours=8))
_YUAN: Final = re.compile(r"([0-9]{1,9})\.([0-9]{2})")

_DONE: Final = "10000"
_WAITING: Final = "10003"
_FAILED: Final = "40004"
_DECLINED: Final = frozenset(
    {
        "ACQ.BUYER_BALANCE_NOT_ENOUGH",
        "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH",
        "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR",
        "ACQ.ERROR_BALANCE_PAYMENT_DISABLE",
        "ACQ.INVALID_PARAMETER",
        "ACQ.PAYMENT_AUTH_CODE_INVALID",
        "ACQ.PAYMENT_FAIL",
        "ACQ.PULL_MOBILE_CASHIER_FAIL",
    }
)
_NOWHERE: Final = "ACQ.TRADE_NOT_EXIST"
_OUTCOMES: Final[Mapping[str, PaymentOutcome]] = {
    "WAIT_BUYER_PAY": "in-progress",
    "TRADE_SUCCESS": "captured",
    "TRADE_FINISHED": "captured",
    "TRADE_CLOSED": "cancelled",
}


class Merchant(msgspec.Struct, frozen=True):
    """Who asks, with the key that signs, and Alipay's own key."""

    app_id: str
    key: RSAPrivateKey
    alipay: RSAPublicKey
    notify_url: str = ""
    what: str = "Shopping"
    """What the shopper reads beside the amount."""

    def __repr__(self) -> str:
        """Without the key."""
        return f"Merchant({self.app_id})"


class _Answer(msgspec.Struct):
    code: str = ""
    sub_code: str = ""
    out_trade_no: str = ""
    trade_no: str = ""


class _Trade(_Answer):
    trade_status: str = ""
    total_amount: str = ""


class _Cancelled(_Answer):
    retry_flag: str = "N"
    action: str = ""


class _Back(_Answer):
    refund_status: str = ""
    refund_amount: str = ""
    out_request_no: str = ""


class Alipay:
    """One merchant. Threads may share it."""

    def __init__(self, merchant: Merchant, http: httpx.Client, clock_ms: Callable[[], int]) -> None:
        self._merchant, self._http, self._clock_ms = merchant, http, clock_ms

    def start(self, attempt: Attempt, code: str) -> Said:
        """Have the shopper's code pay."""
        if attempt.currency != _CURRENCY:
            return _so("declined", attempt, "currency")
        if wallet_of(code) != "alipay":
            return _so("declined", attempt, "code")
        order = {
            "out_trade_no": attempt.id,
            "scene": "bar_code",
            "auth_code": code,
            "subject": self._merchant.what,
            "total_amount": yuan(attempt.amount_minor),
        }
        trade = self._ask("alipay.trade.pay", order, _Trade)
        if trade.code == _WAITING:
            return _so("in-progress", attempt)
        if trade.code == _DONE:
            return _money("captured", attempt, trade)
        if trade.code == _FAILED and trade.sub_code in _DECLINED:
            return _so("declined", attempt, trade.sub_code.removeprefix("ACQ.").lower())
        raise UnreachableError(f"Alipay says {trade.code[:8]} {trade.sub_code[:40]}: it must be asked again")

    def query(self, attempt: Attempt) -> Said:
        """How the trade stands."""
        trade = self._ask("alipay.trade.query", {"out_trade_no": attempt.id}, _Trade)
        if trade.code == _FAILED and trade.sub_code == _NOWHERE:
            return _so("not-found", attempt)
        if trade.code != _DONE:
            raise UnreachableError(f"Alipay says {trade.code[:8]} {trade.sub_code[:40]} to a question")
        outcome = _OUTCOMES.get(trade.trade_status, "unknown")
        return _money(outcome, attempt, trade) if outcome == "captured" else _so(outcome, attempt)

    def cancel(self, attempt: Attempt) -> Said:
        """End the trade unless it is paid; one that Alipay does not know yet can never be paid after this."""
        said = self.query(attempt)
        is_over = self._clock_ms() - attempt.asked_ms > _CANCEL_MS_MAX
        if said.outcome not in {"in-progress", "not-found"} or is_over:
            return said
        done = self._ask("alipay.trade.cancel", {"out_trade_no": attempt.id}, _Cancelled)
        if done.code != _DONE or done.retry_flag == "Y":
            raise UnreachableError(f"Alipay says {done.code[:8]}: the trade must be cancelled again")
        return _so("cancelled", attempt)

    def capture(self, attempt: Attempt) -> Said:
        """Nothing is held here: how the trade stands."""
        return self.query(attempt)

    def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """Pay back, under a number of our own that Alipay refunds once; whether it went is asked apart."""
        which = {"out_trade_no": attempt.id, "out_request_no": refund}
        self._ask("alipay.trade.refund", {**which, "refund_amount": yuan(amount_minor)}, _Back)
        back = self._ask("alipay.trade.fastpay.refund.query", which, _Back)
        if back.code != _DONE or back.refund_status != "REFUND_SUCCESS" or back.out_request_no != refund:
            raise UnreachableError(f"Alipay says {back.code[:8]} {back.sub_code[:40]} to a refund")
        return Said("refunded", fen(back.refund_amount), _CURRENCY, back.trade_no)

    def _ask(self, method: str, thing: object, kind: type[Kind]) -> Kind:
        """One signed question and its answer, proven; raises UnreachableError."""
        merchant, at = self._merchant, datetime.fromtimestamp(self._clock_ms() // 1000, UTC)
        said = {
            "app_id": merchant.app_id,
            "method": method,
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": at.astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
            "biz_content": msgspec.json.encode(thing).decode(),
        }
        if merchant.notify_url and method == "alipay.trade.pay":
            said["notify_url"] = merchant.notify_url
        said["sign"] = sign(merchant.key, signed_text(said))
        try:
            answer = self._http.post(_PATH, data=said)
        except httpx.HTTPError as error:
            raise UnreachableError(f"Alipay does not answer: {type(error).__name__}") from error
        try:
            nodes = msgspec.json.decode(answer.content, type=dict[str, msgspec.Raw])
            # The signature is over the answer's own bytes, so they are taken as they came.
            node = bytes(nodes.get(f"{method.replace('.', '_')}_response", msgspec.Raw()))
            signature = msgspec.json.decode(nodes.get("sign", msgspec.Raw(b'""')), type=str)
            if not is_signed(merchant.alipay, node.decode(), signature):
                raise UnreachableError("an answer that Alipay did not sign")
            found = msgspec.json.decode(node, type=kind)
        except (ValueError, RecursionError) as error:
            raise UnreachableError("Alipay answers with something else than its protocol says") from error
        _check_trade(thing, found)
        return found


def _check_trade(asked: object, found: _Answer) -> None:
    """Raise UnreachableError if an answer is about another trade: a signed one of before, played again."""
    number = asked.get("out_trade_no") if isinstance(asked, dict) else None
    if found.code in {_DONE, _WAITING} and found.out_trade_no != number:
        raise UnreachableError("Alipay speaks of another trade")


def signed_text(said: Mapping[str, str]) -> str:
    """What a question is signed over: all that is said but the signature, in order, none of it encoded."""
    return "&".join(f"{name}={said[name]}" for name in sorted(said) if name != "sign" and said[name])


def yuan(minor: int) -> str:
    """An amount as Alipay writes it."""
    return f"{minor // 100}.{minor % 100:02}"


def fen(text: str) -> int:
    """An amount as we count it; raises UnreachableError."""
    if (match := _YUAN.fullmatch(text)) is None:
        raise UnreachableError(f"expected yuan with two decimals, got {text[:20]!r}")
    return int(match[1]) * 100 + int(match[2])


def _money(outcome: PaymentOutcome, attempt: Attempt, trade: _Trade) -> Said:
    return Said(outcome, fen(trade.total_amount), attempt.currency, trade.trade_no)


def _so(outcome: PaymentOutcome, attempt: Attempt, reason: str = "") -> Said:
    return Said(outcome, attempt.amount_minor, attempt.currency, reason=reason)
