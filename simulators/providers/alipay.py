"""Alipay's gateway for codes that shoppers show, with trades and refunds of its own.

Written from opendocs.alipay.com and the public alipay-sdk-python-all. `wallets` says what a code does; a
trade that was cancelled before it came is never paid.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from simulators.providers.cloud import Answered, Asked, Cloud

Habit = Literal["pays", "asks for a password", "is poor", "is expired", "system error"]
"""What comes of a code."""

Said = dict[str, Any]


@dataclass
class Trade:
    """One trade in fen; `backs` are its refunds by their numbers."""

    number: str
    total: int
    status: str = "WAIT_BUYER_PAY"
    backs: dict[str, int] = field(default_factory=dict)


class AlipayCloud(Cloud):
    """One merchant's account; `merchant` checks what it asks, `key` signs what it is answered."""

    def __init__(self, merchant: rsa.RSAPublicKey, **where: Any) -> None:
        super().__init__(**where)
        self.key = rsa.generate_private_key(65537, 2048)
        self.wallets: dict[str, Habit] = {}
        self.trades: dict[str, Trade] = {}
        self.forged = False
        self.unsure = 0
        """So many cancellations are answered with "again, please"."""
        self._merchant = merchant
        self._dead: set[str] = set()

    def confirm(self, number: str) -> None:
        """The shopper enters the password."""
        with self.lock:
            if self.trades[number].status == "WAIT_BUYER_PAY":
                self.trades[number].status = "TRADE_SUCCESS"

    def net_minor(self) -> int:
        """What the merchant has by these books."""
        paid = (each for each in self.trades.values() if each.status == "TRADE_SUCCESS")
        return sum(each.total - sum(each.backs.values()) for each in paid)

    def notification(self, number: str) -> bytes:
        """What is pushed about a trade."""
        trade = self.trades[number]
        said = {
            "notify_id": "n1",
            "out_trade_no": number,
            "trade_status": trade.status,
            "total_amount": _yuan(trade.total),
        }
        text = "&".join(f"{name}={said[name]}" for name in sorted(said))
        return urlencode({**said, "sign_type": "RSA2", "sign": self._sign(text)}).encode()

    def answer(self, asked: Asked) -> Answered:
        """Answer one question, signed."""
        said = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        method = said.get("method", "")
        if not self._is_honest(said):
            node = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-signature"}
        else:
            node = self._answered(method, json.loads(said["biz_content"]))
        text = json.dumps(node, ensure_ascii=False)
        signature = "" if self.forged else self._sign(text)
        name = method.replace(".", "_") + "_response"
        return Answered(200, f'{{"{name}":{text},"sign":{json.dumps(signature)}}}'.encode())

    def _answered(self, method: str, said: Said) -> Said:
        match method:
            case "alipay.trade.pay":
                return self._pay(said)
            case "alipay.trade.query":
                return self._query(said)
            case "alipay.trade.cancel":
                return self._cancel(said)
            case "alipay.trade.refund":
                return self._refund(said)
            case "alipay.trade.fastpay.refund.query":
                return self._back(said)
            case _:
                return {"code": "40001", "sub_code": "isv.invalid-method"}

    def _pay(self, said: Said) -> Said:
        number = said["out_trade_no"]
        if number in self._dead:
            return _no("ACQ.TRADE_HAS_CLOSE")
        if number in self.trades:
            return _no("ACQ.CONTEXT_INCONSISTENT")
        habit = self.wallets.pop(said["auth_code"], "is expired")
        if habit == "is expired":
            return _no("ACQ.PAYMENT_AUTH_CODE_INVALID")
        if habit == "is poor":
            return _no("ACQ.BUYER_BALANCE_NOT_ENOUGH")
        whole, _, cents = said["total_amount"].partition(".")
        trade = self.trades[number] = Trade(number, int(whole) * 100 + int(cents))
        if habit == "asks for a password":
            return {**self._told(trade), "code": "10003"}
        trade.status = "TRADE_SUCCESS"
        return (
            {"code": "20000", "sub_code": "aop.ACQ.SYSTEM_ERROR"}
            if habit == "system error"
            else self._told(trade)
        )

    def _query(self, said: Said) -> Said:
        trade = self.trades.get(said["out_trade_no"])
        return _no("ACQ.TRADE_NOT_EXIST") if trade is None else self._told(trade)

    def _cancel(self, said: Said) -> Said:
        number = said["out_trade_no"]
        if self.unsure:
            self.unsure -= 1
            return {"code": "10000", "out_trade_no": number, "retry_flag": "Y"}
        self._dead.add(number)
        trade = self.trades.get(number)
        action = "close"
        if trade is not None and trade.status == "TRADE_SUCCESS":
            action, trade.backs["cancel"] = "refund", trade.total
        if trade is not None:
            trade.status = "TRADE_CLOSED"
        return {"code": "10000", "out_trade_no": number, "retry_flag": "N", "action": action}

    def _refund(self, said: Said) -> Said:
        trade, number = self.trades[said["out_trade_no"]], said["out_request_no"]
        whole, _, cents = said["refund_amount"].partition(".")
        amount = int(whole) * 100 + int(cents)
        if number not in trade.backs:
            if sum(trade.backs.values()) + amount > trade.total:
                return _no("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
            trade.backs[number] = amount
        return {"code": "10000", "out_trade_no": trade.number, "refund_fee": _yuan(sum(trade.backs.values()))}

    def _back(self, said: Said) -> Said:
        trade, number = self.trades[said["out_trade_no"]], said["out_request_no"]
        if number not in trade.backs:
            return {"code": "10000", "out_trade_no": trade.number}
        back = {"out_request_no": number, "refund_amount": _yuan(trade.backs[number])}
        return {"code": "10000", "out_trade_no": trade.number, "refund_status": "REFUND_SUCCESS", **back}

    def _told(self, trade: Trade) -> Said:
        return {
            "code": "10000",
            "msg": "Success",
            "out_trade_no": trade.number,
            "trade_no": f"2026{trade.number[-8:]}",
            "trade_status": trade.status,
            "total_amount": _yuan(trade.total),
            "buyer_logon_id": "张**",
        }

    def _is_honest(self, said: dict[str, str]) -> bool:
        text = "&".join(f"{name}={value}" for name, value in sorted(said.items()) if name != "sign" and value)
        try:
            signature = base64.b64decode(said.get("sign", ""))
            self._merchant.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    def _sign(self, text: str) -> str:
        return base64.b64encode(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def _no(sub_code: str) -> Said:
    return {"code": "40004", "msg": "Business Failed", "sub_code": sub_code}


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"
