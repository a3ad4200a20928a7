"""The file of accounts: who is opened by it, and the sentence for whoever wrote it wrongly."""

import asyncio
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fastapi import FastAPI

from cloud_sync.hub.api.pushes import Pushed, add_pushes
from cloud_sync.hub.payments.accounts import AccountsError, accounts_in
from cloud_sync.hub.payments.pushes import PUSH_BYTES_MAX, Hint
from simulators.providers.stripe import StripeCloud

KEY = rsa.generate_private_key(65537, 2048)
GOOD = """
[stripe]
key = "sk_test_1"
push_secrets = ["whsec_test"]
[stripe.readers]
mirror-4 = "tmr_1"
[wechat]
appid = "wx1"
mchid = "19"
serial = "M1"
key = "ours.pem"
[wechat.platform]
P1 = "theirs.pem"
[alipay]
app_id = "2021"
key = "ours.pem"
alipay = "theirs.pem"
"""


def now_ms() -> int:
    return 1_700_000_000_000


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "payments.toml"
    path.write_text(text)
    path.chmod(mode)
    private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ours.pem").write_bytes(private)
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "theirs.pem").write_bytes(public)
    curve = ec.generate_private_key(ec.SECP256R1())
    (folder / "curve.pem").write_bytes(curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder


def test_without_a_file_there_is_no_account(tmp_path: Path) -> None:
    assert accounts_in(tmp_path, now_ms).providers == {}


def test_each_account_is_a_provider_and_those_who_push_are_read(tmp_path: Path) -> None:
    accounts = accounts_in(written(tmp_path, GOOD), now_ms)
    assert sorted(accounts.providers) == ["alipay", "stripe", "wechat"]
    assert sorted(accounts.readers) == ["alipay", "stripe"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[stripe", "payments.toml"),
        ("[strype]\nkey='1'", "strype"),
        ("[stripe]\nkey=1", r"\$.stripe.key"),
        ("[stripe]\n", "key"),
        (GOOD.replace('"ours.pem"', '"none.pem"'), "none.pem"),
        (GOOD.replace('"ours.pem"', '"theirs.pem"'), "expected a private key"),
        (GOOD.replace('"ours.pem"', '"curve.pem"'), "expected a key of RSA"),
        (GOOD.replace('"theirs.pem"', '"ours.pem"'), "expected a public key"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(AccountsError, match=said):
        accounts_in(written(tmp_path, text), now_ms)


def test_a_file_that_others_can_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AccountsError, match="chmod 600"):
        accounts_in(written(tmp_path, GOOD, 0o644), now_ms)


class Listener:
    """A gateway that remembers what it is to look at, or has no line."""

    def __init__(self) -> None:
        self.hints: list[tuple[str, Hint]] = []
        self.away = False

    def look(self, provider: str, hint: Hint) -> None:
        self.hints.append((provider, hint))
        if self.away:
            raise OSError("no route to the provider")


def test_a_push_is_heard_refused_or_asked_for_again(tmp_path: Path) -> None:
    accounts, listener, app = accounts_in(written(tmp_path, GOOD), now_ms), Listener(), FastAPI()
    add_pushes(app, Pushed(listener, accounts.readers))
    cloud = StripeCloud(now_s=lambda: now_ms() // 1000)
    cloud.close()
    event = {"type": "payment_intent.succeeded", "data": {"object": {"metadata": {"opos_attempt": "a-1"}}}}
    body, header = cloud.signed(event, "whsec_test")
    other, other_header = cloud.signed({"type": "payout.paid", "data": {"object": {}}}, "whsec_test")

    assert [pushed(app, body, header), pushed(app, other, other_header)] == [200, 200]
    assert pushed(app, body + b" ", header) == 400
    assert pushed(app, body, header, "nobody") == 404
    assert pushed(app, b"x" * (PUSH_BYTES_MAX + 1), header) == 413
    listener.away = True
    assert pushed(app, body, header) == 503
    assert listener.hints == [("stripe", Hint("a-1"))] * 2


def pushed(app: FastAPI, content: bytes, signature: str, to: str = "stripe") -> int:
    """The status that a provider gets for its push."""

    async def push() -> int:
        line = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=line, base_url="https://hub") as door:
            headers = {"stripe-signature": signature}
            return (await door.post(f"/payments/{to}", content=content, headers=headers)).status_code

    return asyncio.run(push())
