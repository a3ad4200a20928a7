"""WeChat Pay, APIv3: the shopper shows a code, and what is unclear is asked about, and reversed in the end.

Sources: pay.weixin.qq.com, doc/v3/merchant 4012382150 (codepay), 4012357147 (signatures), doc/v2/merchant
4011937125 (when to ask and when to reverse). The codes of errors are from memory of its pages: one that is
not in the table here is no decline but unknown, so that a code too few costs a question and never money.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from cloud_sync.hub.payments.rsa import is_signed, sign
from cloud_sync.hub.requests.provider import Attempt, Said, UnreachableError
from retail.payment_codes.wallet import wallet_of
from retail.tender import PaymentOutcome

URL: Final = "https://api.mch.weixin.qq.com"
Kind = TypeVar("Kind")

_CURRENCY: Final = "CNY"
# What is reversed sooner may still be on its way to be paid (doc/v2/merchant 4011937125).
_REVERSE_AFTER_MS: Final = 15_000
_ORDER_CHARS_MAX: Final = 32
# An answer's clock and ours may differ by so much (the page on signatures says five minutes).
_AGE_S_MAX: Final = 300

# A refund that a person made in WeChat's own console counts as all of it: nobody sells for it any more.
_OUTCOMES: Final[Mapping[str, PaymentOutcome]] = {
    "SUCCESS": "captured",
    "REFUND": "refunded",
    "NOTPAY": "in-progress",
    "USERPAYING": "in-progress",
    "ACCEPT": "in-progress",
    "CLOSED": "cancelled",
    "REVOKED": "cancelled",
    "PAYERROR": "declined",
}
_DECLINED: Final = frozenset(
    {
        "ACCOUNT_ERROR",
        "APPID_MCHID_NOT_MATCH",
        "AUTH_CODE_ERROR",
        "AUTH_CODE_EXPIRED",
        "AUTH_CODE_INVALID",
        "BUYER_MISMATCH",
        "MCH_NOT_EXISTS",
        "NOT_ENOUGH",
        "NOT_SUPPORT_CARD",
        "NO_AUTH",
        "PARAM_ERROR",
        "RULE_LIMIT",
    }
)
_NOWHERE: Final = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
_BACK: Final[Mapping[str, PaymentOutcome]] = {
    "SUCCESS": "refunded",
    "PROCESSING": "in-progress",
    "CLOSED": "declined",
    "ABNORMAL": "declined",
}


class Merchant(msgspec.Struct, frozen=True):
    """Who asks, with the key that signs (`serial` names it), and WeChat Pay's own keys by their numbers."""

    appid: str
    mchid: str
    serial: str
    key: RSAPrivateKey
    platform: Mapping[str, RSAPublicKey]
    store: str = "1"
    what: str = "Shopping"
    """What the shopper reads beside the amount."""

    def __repr__(self) -> str:
        """Without the key."""
        return f"Merchant({self.mchid})"


class _Amount(msgspec.Struct):
    total: int
    currency: str = _CURRENCY


class _Order(msgspec.Struct):
    trade_state: str
    out_trade_no: str
    amount: _Amount | None = None
    transaction_id: str = ""


class _BackAmount(msgspec.Struct):
    refund: int
    currency: str = _CURRENCY


class _Refund(msgspec.Struct):
    status: str
    out_refund_no: str
    amount: _BackAmount
    refund_id: str = ""


class _Wrong(msgspec.Struct):
    code: str = ""


class _RefusedError(Exception):
    """An answer that says no, in its own words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class WeChatPay:
    """One merchant. Threads may share it; `nonce` gives a fresh random text."""

    def __init__(
        self, merchant: Merchant, http: httpx.Client, clock_ms: Callable[[], int], nonce: Callable[[], str]
    ) -> None:
        self._merchant, self._http, self._clock_ms, self._nonce = merchant, http, clock_ms, nonce

    def start(self, attempt: Attempt, code: str) -> Said:
        """Have the shopper's code pay."""
        if attempt.currency != _CURRENCY:
            return _no(attempt, "currency")
        if wallet_of(code) != "wechat":
            return _no(attempt, "code")
        merchant = self._merchant
        order = {
            "appid": merchant.appid,
            "mchid": merchant.mchid,
            "description": merchant.what,
            "out_trade_no": order_number(attempt.id),
            "payer": {"auth_code": code},
            "amount": {"total": attempt.amount_minor, "currency": _CURRENCY},
            "scene_info": {"store_info": {"id": merchant.store}},
        }
        try:
            return self._said(attempt, self._ask("POST", "/v3/pay/transactions/codepay", order, _Order))
        except _RefusedError as refused:
            if refused.code in _DECLINED:
                return _no(attempt, refused.code.lower())
            raise UnreachableError(f"WeChat Pay says {refused.code[:40]}: it must be asked again") from None

    def query(self, attempt: Attempt) -> Said:
        """How the order stands."""
        number, merchant = order_number(attempt.id), quote(self._merchant.mchid)
        path = f"/v3/pay/transactions/out-trade-no/{number}?mchid={merchant}"
        try:
            return self._said(attempt, self._ask("GET", path, None, _Order))
        except _RefusedError as refused:
            if refused.code in _NOWHERE:
                return Said("not-found", attempt.amount_minor, attempt.currency)
            raise UnreachableError(f"WeChat Pay says {refused.code[:40]} to a question") from None

    def cancel(self, attempt: Attempt) -> Said:
        """Reverse the order, unless it is paid or may be any moment; what it is after that, WeChat says.

        A reversal that was lost is simply asked for again, since it closes an order once.
        """
        said = self.query(attempt)
        is_early = self._clock_ms() - attempt.asked_ms < _REVERSE_AFTER_MS
        if said.outcome not in {"in-progress", "not-found"}:
            return said
        if is_early:  # an order that nobody knows yet may still arrive: it is not given up
            return Said("in-progress", attempt.amount_minor, attempt.currency)
        merchant = self._merchant
        path = f"/v3/pay/transactions/out-trade-no/{order_number(attempt.id)}/reverse"
        try:
            self._ask("POST", path, {"appid": merchant.appid, "mchid": merchant.mchid}, _Wrong)
        except _RefusedError as refused:
            if refused.code not in _NOWHERE:
                raise UnreachableError(f"WeChat Pay says {refused.code[:40]} to a reversal") from None
        return self.query(attempt)

    def capture(self, attempt: Attempt) -> Said:
        """Nothing is held here: how the order stands."""
        return self.query(attempt)

    def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """Pay back, under a number of our own that WeChat refunds once."""
        asked = {
            "out_trade_no": order_number(attempt.id),
            "out_refund_no": refund,
            "amount": {"refund": amount_minor, "total": attempt.amount_minor, "currency": _CURRENCY},
        }
        try:
            back = self._ask("POST", "/v3/refund/domestic/refunds", asked, _Refund)
        except _RefusedError as refused:
            raise UnreachableError(f"WeChat Pay says {refused.code[:40]} to a refund") from None
        if back.out_refund_no != refund:
            raise UnreachableError("WeChat Pay speaks of another refund")
        outcome = _BACK.get(back.status, "unknown")
        return Said(outcome, back.amount.refund, back.amount.currency, back.refund_id)

    def _said(self, attempt: Attempt, order: _Order) -> Said:
        if order.out_trade_no != order_number(attempt.id):
            raise UnreachableError("WeChat Pay speaks of another order")
        outcome = _OUTCOMES.get(order.trade_state, "unknown")
        amount = order.amount or _Amount(0, "")
        if outcome in {"captured", "refunded"}:
            return Said(outcome, amount.total, amount.currency, order.transaction_id)
        reason = order.trade_state.lower() if outcome == "declined" else ""
        return Said(outcome, attempt.amount_minor, attempt.currency, order.transaction_id, reason)

    def _ask(self, method: str, path: str, thing: object, kind: type[Kind]) -> Kind:
        """One signed question and its answer; raises _RefusedError, UnreachableError."""
        body = "" if thing is None else msgspec.json.encode(thing).decode()
        headers = {"authorization": self._authorization(method, path, body), "accept": "application/json"}
        if body:
            headers["content-type"] = "application/json"
        try:
            answer = self._http.request(method, path, content=body.encode(), headers=headers)
        except httpx.HTTPError as error:
            raise UnreachableError(f"WeChat Pay does not answer: {type(error).__name__}") from error
        self._check(answer)
        try:
            if answer.is_success:
                return msgspec.json.decode(answer.content or b"{}", type=kind)
            code = msgspec.json.decode(answer.content, type=_Wrong).code
        except (ValueError, RecursionError) as error:
            raise UnreachableError("WeChat Pay answers with something else than its protocol says") from error
        raise _RefusedError(code)

    def _authorization(self, method: str, path: str, body: str) -> str:
        merchant, at_s, nonce = self._merchant, self._clock_ms() // 1000, self._nonce()
        signature = sign(merchant.key, request_text(method, path, at_s, nonce, body))
        said = {
            "mchid": merchant.mchid,
            "nonce_str": nonce,
            "timestamp": str(at_s),
            "serial_no": merchant.serial,
            "signature": signature,
        }
        return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{value}"' for name, value in said.items())

    def _check(self, answer: httpx.Response) -> None:
        """Raise UnreachableError unless WeChat Pay has signed this answer just now: others are forged."""
        key = self._merchant.platform.get(answer.headers.get("wechatpay-serial", ""))
        at = answer.headers.get("wechatpay-timestamp", "")
        nonce, signature = (answer.headers.get(f"wechatpay-{each}", "") for each in ("nonce", "signature"))
        is_now = at.isdecimal() and abs(self._clock_ms() // 1000 - int(at[:12])) <= _AGE_S_MAX
        if key is None or not is_now or not is_signed(key, f"{at}\n{nonce}\n{answer.text}\n", signature):
            raise UnreachableError(f"an answer ({answer.status_code}) that WeChat Pay did not sign")


def request_text(method: str, path: str, at_s: int, nonce: str, body: str) -> str:
    """What a question is signed over: five lines, each with its end."""
    return f"{method}\n{path}\n{at_s}\n{nonce}\n{body}\n"


def order_number(attempt_id: str) -> str:
    """The attempt's order number: its own id where that fits, and else a part of its hash."""
    if len(attempt_id) <= _ORDER_CHARS_MAX:
        return attempt_id
    return hashlib.sha256(attempt_id.encode()).hexdigest()[:_ORDER_CHARS_MAX]


def _no(attempt: Attempt, why: str) -> Said:
    return Said("declined", attempt.amount_minor, attempt.currency, reason=why)
