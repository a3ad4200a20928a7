"""Redaction: what must not leave an object is taken out of every text by what it is, and by how it looks.

Two nets, since each has holes. The values that this object keeps secret are known, and are looked for as they
are. And what nobody can know beforehand (a card's number in a log, a claim that somebody pasted) is known by
its form. Where a form fits something harmless too, it goes as well.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import msgspec

# A shorter word than this is no secret, and would be found in every text.
SECRET_CHARACTERS_MIN: Final = 6

_LUHN_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
# Numbers of cards (ISO/IEC 7812-1): so many digits; since Luhn's sum alone would fit one GTIN in ten, only
# those that begin as cards do.
_CARD_DIGITS: Final = range(13, 20)

# So many characters of what is long and looks random stay, for whoever compares it with another one.
_KEPT_CHARACTERS: Final = 8

_NAMES: Final = r"pass(?:word|wd|phrase)?|secret|token|api[_-]?key|private[_-]?key|psk|pin|claim|salt|badge"


class Redacted(msgspec.Struct, frozen=True):
    """A text without what must not leave, and how often each kind of it was found."""

    text: str
    found: dict[str, int]


class Form(msgspec.Struct, frozen=True):
    """How one kind of secret looks, and what stands in its place; None leaves what matched as it is."""

    name: str
    pattern: re.Pattern[str]
    instead: Callable[[re.Match[str]], str | None]


def _gone(name: str) -> Callable[[re.Match[str]], str]:
    return lambda _: f"[{name}]"


def _shortened(found: re.Match[str]) -> str:
    return f"{found[0][:_KEPT_CHARACTERS]}[...]"


def _card(found: re.Match[str]) -> str | None:
    digits = [int(each) for each in found[0] if each.isdigit()]
    if len(digits) not in _CARD_DIGITS or digits[0] not in range(2, 7):
        return None
    total = sum(_LUHN_DOUBLED[each] if at % 2 else each for at, each in enumerate(reversed(digits)))
    return "[card number]" if total % 10 == 0 else None


FORMS: Final = (
    Form(
        "private key",
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
        ),
        _gone("private key"),
    ),
    Form("claim", re.compile(r"OPOS1\.[\w-]+"), _gone("claim")),
    Form("code", re.compile(r"opos:(?:member|badge|wallet):[^\s\"'<>]+"), _gone("code")),
    Form("signed text", re.compile(r"\beyJ[\w-]*\.[\w-]*\.[\w-]*"), _gone("signed text")),
    Form("key of a provider", re.compile(r"\b(?:sk|rk|pk|whsec)_\w{8,}"), _gone("key of a provider")),
    Form("slice of a wallet", re.compile(r"(?<=\bpurse/)[\w=-]{4,}"), _gone("slice of a wallet")),
    # Before a host, and before anything else where the address is damaged.
    Form(
        "login",
        re.compile(r"(?<=://)[^/\s@\"']+(?=@)|[^\s/@\"':=]{1,64}:[^\s/@\"']{1,128}(?=@)"),
        _gone("login"),
    ),
    Form(
        "secret",
        re.compile(
            rf"(?i)(?<![a-z])((?:\w{{1,40}}[_-])?(?:{_NAMES})\w{{0,40}}[\"']?\s*[:=]\s*)"
            r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[^\s,;}\]]+)"""
        ),
        lambda found: f"{found[1]}[secret]",
    ),
    Form("secret", re.compile(r"(?i)\b(bearer|basic)\s+[\w+/=.-]{8,}"), lambda found: f"{found[1]} [secret]"),
    Form(
        "e-mail address", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), _gone("e-mail address")
    ),
    Form(
        "telephone number",
        re.compile(r"(?<![\w.+])\+\d(?:[ ()/-]?\d){7,14}(?!\d)"),
        _gone("telephone number"),
    ),
    Form("card number", re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?!\d)"), _card),
    # What shoppers' wallets show: WeChat Pay 18 digits from 10 to 15, Alipay 16 to 24 from 25 to 30, UnionPay
    # 19 that begin with 62 (see retail.payment_codes).
    Form(
        "payment code",
        re.compile(r"(?<!\d)(?:1[0-5]\d{16}|(?:2[5-9]|30)\d{14,22}|62\d{17})(?!\d)"),
        _gone("payment code"),
    ),
    # A raw key is 32 bytes: 64 digits in hexadecimal, 43 characters in base64. So are hashes, of which the
    # beginning is enough to compare them.
    Form("long word", re.compile(r"(?<![\w-])(?=[\w-]*\d)[\w-]{40,}={0,2}"), _shortened),
    Form("long word", re.compile(r"(?<![\w+/])(?=[\w+/]*\d)[\w+/]{43,}={0,2}"), _shortened),
)
"""Every form, in the order in which they are looked for: the whole before its parts."""


class Redactor:
    """Takes secrets out of texts: the known ones, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted(
            {each for each in secrets if len(each) >= SECRET_CHARACTERS_MIN}, key=len, reverse=True
        )
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def redact(self, text: str) -> Redacted:
        """The same text, with a word for what was taken out in its place."""
        found = Counter[str]()
        if self._known is not None:
            text, count = self._known.subn("[known secret]", text)
            found["known secret"] = count
        for form in FORMS:
            text = form.pattern.sub(partial(_replaced, form, found), text)
        return Redacted(text, {name: count for name, count in sorted(found.items()) if count})


def _replaced(form: Form, found: Counter[str], match: re.Match[str]) -> str:
    instead = form.instead(match)
    if instead is None:
        return match[0]
    found[form.name] += 1
    return instead
