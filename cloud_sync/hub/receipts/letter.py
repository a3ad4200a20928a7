"""A receipt as an e-mail: plain text and HTML in the shopper's language, with its link."""

import hashlib
import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

import msgspec

from cloud_sync.hub.receipts.finding import Found
from cloud_sync.hub.receipts.sheet import STYLE, page, page_words, title_of
from retail.receipt import text

# RFC 5321, 4.5.3.1: 64 octets before the sign, 254 in all. Quoted names and addresses in brackets are left
# out: nobody has one, and each of them is a way to say something else.
_ADDRESS_CHARS_MAX: Final = 254
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_LOCAL_CHARS_MAX: Final = 64


class NoAddressError(ValueError):
    """A text that is no e-mail address; the text itself is nobody's business but its owner's."""


class Sender(msgspec.Struct, frozen=True):
    """Who writes: a name for people, an address, and the hub's own address that links begin with."""

    name: str
    address: str
    hub: str


def check_address(address: str) -> None:
    """Raise NoAddressError unless `address` is one that mail can be sent to."""
    local = address.partition("@")[0]
    fits = len(address) <= _ADDRESS_CHARS_MAX and len(local) <= _LOCAL_CHARS_MAX
    if not fits or not _ADDRESS.fullmatch(address):
        raise NoAddressError(f"expected an e-mail address, got {len(address)} characters of something else")


def letter(found: Found, sender: Sender, to: str, at_ms: int) -> EmailMessage:
    """The receipt for `to`; the same receipt for the same address has the same Message-ID at any time.

    Raises NoAddressError.
    """
    check_address(to)
    link = f"{sender.hub}/r/{found.dev}/{found.seq}/{found.hash}"
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_one_line(sender.name), addr_spec=sender.address)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = _one_line(title_of(found))
    message["Date"] = format_datetime(datetime.fromtimestamp(at_ms // 1000, UTC))
    message["Message-ID"] = f"<{_id(found, to)}@{sender.address.partition('@')[2]}>"
    # RFC 3834: no holiday notes in answer to a receipt.
    message["Auto-Submitted"] = "auto-generated"
    words = page_words(found.slip.language)
    message.set_content("\n".join([*text(found.slip), "", words.proof, "", words.link, link, ""]))
    message.add_alternative(page(found, link, STYLE), subtype="html")
    message["Content-Language"] = _one_line(found.slip.language)
    return message


def _id(found: Found, to: str) -> str:
    return hashlib.sha256(f"{found.hash} {to}".encode()).hexdigest()[:32]


def _one_line(said: str) -> str:
    """A name from a catalogue or a shop's file cannot begin a header of its own."""
    return " ".join("".join(each if each.isprintable() else " " for each in said).split())
