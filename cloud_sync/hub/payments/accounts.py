"""The shop's accounts at payment providers, as `payments.toml` in the hub's directory says.

    [stripe]
    key = "sk_live_..."
    push_secrets = ["whsec_..."]
    holds = false
    [stripe.readers]
    mirror-4 = "tmr_..."

    [wechat]
    appid = "wx..."
    mchid = "1900000109"
    serial = "the number of the merchant's certificate"
    key = "wechat.pem"
    [wechat.platform]
    PUB_KEY_ID_... = "wechat-platform.pem"

    [alipay]
    app_id = "2021..."
    key = "alipay.pem"
    alipay = "alipay-public.pem"
    notify_url = "https://shop.example/payments/alipay"

The file is for its owner alone. Files of keys are named from the same directory. `url` in any of them is
another server than the provider's.
"""

import secrets
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from cloud_sync.hub.payments.alipay import URL as ALIPAY
from cloud_sync.hub.payments.alipay import Alipay
from cloud_sync.hub.payments.alipay import Merchant as AlipayMerchant
from cloud_sync.hub.payments.pushes import Reader, alipay_reader, stripe_reader
from cloud_sync.hub.payments.wechat import URL as WECHAT
from cloud_sync.hub.payments.wechat import Merchant as WeChatMerchant
from cloud_sync.hub.payments.wechat import WeChatPay
from cloud_sync.hub.requests.provider import Provider

NAME: Final = "payments.toml"

# A provider that is silent for longer is asked again, by another question.
_ANSWER_S: Final = 20.0
_OTHERS: Final = 0o077


class AccountsError(OSError):
    """What is wrong with the file, in a sentence."""


class Accounts(msgspec.Struct, frozen=True):
    """Providers by their codes, and who reads what they push."""

    providers: Mapping[str, Provider] = {}
    readers: Mapping[str, Reader] = {}


class _Stripe(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    push_secrets: list[str] = []
    holds: bool = False
    readers: dict[str, str] = {}
    url: str = ""


class _WeChat(msgspec.Struct, forbid_unknown_fields=True):
    appid: str
    mchid: str
    serial: str
    key: str
    platform: dict[str, str]
    store: str = "1"
    what: str = "Shopping"
    url: str = WECHAT


class _Alipay(msgspec.Struct, forbid_unknown_fields=True):
    app_id: str
    key: str
    alipay: str
    notify_url: str = ""
    what: str = "Shopping"
    url: str = ALIPAY


class _File(msgspec.Struct, forbid_unknown_fields=True):
    stripe: _Stripe | None = None
    wechat: _WeChat | None = None
    alipay: _Alipay | None = None


def accounts_in(folder: Path, clock_ms: Callable[[], int]) -> Accounts:
    """The accounts of a hub's directory, none without the file; raises AccountsError."""
    path = folder / NAME
    if not path.exists():
        return Accounts()
    if path.stat().st_mode & _OTHERS:
        raise AccountsError(f"{path}: others can read the shop's secrets: run `chmod 600 {path}`")
    try:
        said = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _File)
    except ValueError as error:  # of TOML, of UTF-8, or of what is expected there
        raise AccountsError(f"{path}: {error}") from error
    return _opened(folder, said, clock_ms)


def _opened(folder: Path, said: _File, clock_ms: Callable[[], int]) -> Accounts:
    providers: dict[str, Provider] = {}
    readers: dict[str, Reader] = {}
    if (ours := said.stripe) is not None:
        # Imported here: who has no account there does without 20 MB of its library.
        from cloud_sync.hub.payments.stripe_terminal import StripeTerminal, connected  # noqa: PLC0415

        client = connected(ours.key, ours.url)
        providers["stripe"] = StripeTerminal(client, ours.readers, clock_ms, holds=ours.holds)
        if ours.push_secrets:
            readers["stripe"] = stripe_reader(ours.push_secrets, clock_ms)
    if (wallet := said.wechat) is not None:
        platform = {name: _public(folder / file) for name, file in wallet.platform.items()}
        key = _private(folder / wallet.key)
        names = wallet.appid, wallet.mchid, wallet.serial
        merchant = WeChatMerchant(*names, key, platform, wallet.store, wallet.what)
        providers["wechat"] = WeChatPay(merchant, _http(wallet.url), clock_ms, lambda: secrets.token_hex(16))
    if (purse := said.alipay) is not None:
        theirs = _public(folder / purse.alipay)
        key = _private(folder / purse.key)
        shop = AlipayMerchant(purse.app_id, key, theirs, purse.notify_url, purse.what)
        providers["alipay"] = Alipay(shop, _http(purse.url), clock_ms)
        readers["alipay"] = alipay_reader(theirs, lambda number: number)
    return Accounts(providers, readers)


def _http(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=_ANSWER_S)


def _public(path: Path) -> RSAPublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise AccountsError(f"{path}: expected a public key in PEM: {error}") from error
    if not isinstance(key, RSAPublicKey):
        raise AccountsError(f"{path}: expected a key of RSA, got another one")
    return key


def _private(path: Path) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, TypeError, ValueError) as error:  # TypeError: it is under a password
        raise AccountsError(f"{path}: expected a private key in PEM without a password: {error}") from error
    if not isinstance(key, RSAPrivateKey):
        raise AccountsError(f"{path}: expected a key of RSA, got another one")
    return key
