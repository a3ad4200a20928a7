"""WeChat Pay's servers for codes that shoppers show (APIv3), with orders and refunds of its own.

Written from pay.weixin.qq.com: doc/v3/merchant 4012382150 and 4012357147. `wallets` says what a code does.
"""

import base64
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from simulators.providers.cloud import Answered, Asked, Cloud

Habit = Literal["pays", "asks for a password", "is poor", "is expired", "system error"]
"""What comes of a code."""

_AUTHORIZATION: Final = re.compile(r'(\w+)="([^"]*)"')
_SERIAL: Final = "PLATFORM1"


@dataclass
class Order:
    """One order; `refunds` by their numbers."""

    number: str
    total: int
    state: str = "NOTPAY"
    refunds: dict[str, int] = field(default_factory=dict)


class _RefusedError(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class WeChatCloud(Cloud):
    """One merchant's account; `merchant` checks what it asks, `key` signs what it is answered."""

    serial = _SERIAL

    def __init__(self, mchid: str, merchant: rsa.RSAPublicKey, **where: Any) -> None:
        super().__init__(**where)
        self.key = rsa.generate_private_key(65537, 2048)
        self.wallets: dict[str, Habit] = {}
        self.orders: dict[str, Order] = {}
        self.codes: set[str] = set()
        self.forged = False
        """Whether answers come unsigned, as from somebody in between."""
        self._mchid, self._merchant = mchid, merchant

    def confirm(self, number: str) -> None:
        """The shopper enters the password."""
        with self.lock:
            if self.orders[number].state == "USERPAYING":
                self.orders[number].state = "SUCCESS"

    def refuse(self, number: str) -> None:
        """The shopper does not."""
        with self.lock:
            if self.orders[number].state == "USERPAYING":
                self.orders[number].state = "PAYERROR"

    def net_minor(self) -> int:
        """What the merchant has by these books."""
        paid = (each for each in self.orders.values() if each.state in {"SUCCESS", "REFUND"})
        return sum(each.total - sum(each.refunds.values()) for each in paid)

    def answer(self, asked: Asked) -> Answered:
        """Answer one question, signed."""
        try:
            self._check(asked)
            status, thing = self._answered(asked)
        except _RefusedError as refused:
            status, thing = refused.status, {"code": refused.code, "message": "refused"}
        body = json.dumps(thing).encode()
        return Answered(status, body, {} if self.forged else self._signature(body))

    def _answered(self, asked: Asked) -> tuple[int, Any]:
        said = json.loads(asked.body) if asked.body else {}
        match asked.method, *asked.route.strip("/").split("/"):
            case "POST", "v3", "pay", "transactions", "codepay":
                return 200, self._pay(said)
            case "GET", "v3", "pay", "transactions", "out-trade-no", number:
                if parse_qs(urlsplit(asked.path).query).get("mchid") != [self._mchid]:
                    raise _RefusedError(400, "PARAM_ERROR")
                return 200, self._told(self._order(number))
            case "POST", "v3", "pay", "transactions", "out-trade-no", number, "reverse":
                self._reverse(self._order(number))
                return 200, {"appid": said["appid"], "mchid": said["mchid"], "out_trade_no": number}
            case "POST", "v3", "refund", "domestic", "refunds":
                return 200, self._refund(said)
            case _:
                raise _RefusedError(404, "NOT_FOUND")

    def _pay(self, said: Any) -> Any:
        number, code = said["out_trade_no"], said["payer"]["auth_code"]
        if number in self.orders:
            raise _RefusedError(400, "OUT_TRADE_NO_USED")
        habit = self.wallets.get(code, "is expired")
        if habit == "is expired" or code in self.codes:
            raise _RefusedError(400, "AUTH_CODE_EXPIRED")
        self.codes.add(code)
        if habit == "is poor":
            raise _RefusedError(403, "NOT_ENOUGH")
        order = self.orders[number] = Order(number, said["amount"]["total"])
        order.state = "USERPAYING" if habit == "asks for a password" else "SUCCESS"
        if habit == "system error":
            raise _RefusedError(500, "SYSTEM_ERROR")
        return self._told(order)

    def _reverse(self, order: Order) -> None:
        if order.state == "SUCCESS":
            order.refunds["reverse"] = order.total
            order.state = "REVOKED"
        elif order.state in {"NOTPAY", "USERPAYING"}:
            order.state = "CLOSED"

    def _refund(self, said: Any) -> Any:
        order, number, amount = (
            self._order(said["out_trade_no"]),
            said["out_refund_no"],
            said["amount"]["refund"],
        )
        if order.state not in {"SUCCESS", "REFUND"}:
            raise _RefusedError(400, "INVALID_REQUEST")
        if number not in order.refunds:
            if sum(order.refunds.values()) + amount > order.total:
                raise _RefusedError(400, "INVALID_REQUEST")
            order.refunds[number], order.state = amount, "REFUND"
        return {
            "refund_id": f"50{order.number[-8:]}",
            "out_refund_no": number,
            "status": "SUCCESS",
            "amount": {"refund": order.refunds[number], "total": order.total, "currency": "CNY"},
        }

    def _order(self, number: str) -> Order:
        if number not in self.orders:
            raise _RefusedError(404, "ORDER_NOT_EXIST")
        return self.orders[number]

    def _told(self, order: Order) -> Any:
        return {
            "mchid": self._mchid,
            "out_trade_no": order.number,
            "transaction_id": f"42{order.number[-8:]}",
            "trade_state": order.state,
            "trade_state_desc": order.state.lower(),
            "amount": {"total": order.total, "currency": "CNY"},
        }

    def _check(self, asked: Asked) -> None:
        """Refuse what the merchant did not sign."""
        said = dict(_AUTHORIZATION.findall(asked.headers.get("authorization", "")))
        lines = (asked.method, asked.path, said.get("timestamp", ""), said.get("nonce_str", ""))
        text = b"".join(f"{line}\n".encode() for line in lines) + asked.body + b"\n"
        try:
            signature = base64.b64decode(said.get("signature", ""))
            self._merchant.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise _RefusedError(401, "SIGN_ERROR") from None

    def _signature(self, body: bytes) -> dict[str, str]:
        at, nonce = str(self.now_s()), secrets.token_hex(8)
        text = f"{at}\n{nonce}\n".encode() + body + b"\n"
        signature = self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return {
            "wechatpay-serial": _SERIAL,
            "wechatpay-timestamp": at,
            "wechatpay-nonce": nonce,
            "wechatpay-signature": base64.b64encode(signature).decode(),
        }
