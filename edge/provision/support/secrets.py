"""What this object keeps secret, as the words that no text that leaves it may hold."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.encoding import b64
from edge.checkout.staff import BadStaffListError, read_staff
from edge.config import AccountSection, ObjectConfig

# A key or a secret is some hundred bytes; what is longer is something else that bears its name.
_BYTES_MAX: Final = 64 * 1024
# What is shorter in a JSON is a name: of the object, of the site. An address is no secret either.
_WORD_CHARACTERS_MIN: Final = 16
# Lines of a PEM that say what it is, and no more.
_MARKS: Final = ("-----BEGIN", "-----END")


def secrets_of(config: ObjectConfig) -> Iterator[str]:
    """The words of every secret that lies on this object, as far as it may be read by whoever asks."""
    for path in _files(config):
        yield from _words(path)
    if config.staff is not None:
        yield from _of_staff(config.staff)
    for tender in config.tenders:
        if isinstance(tender, AccountSection):
            yield tender.account


def _files(config: ObjectConfig) -> Iterator[Path]:
    """Keys, what seals them, and what was asked of the hub under which claim; the old ones too."""
    named = (getattr(config.key_source, field, None) for field in ("file", "secret"))
    yield from (Path(each) for each in named if each is not None)
    yield config.tls.key
    for pattern in ("*.key*", "*.secret*", "enrolment.json", "setup.json", "training-on"):
        yield from sorted(config.data_dir.glob(pattern))


def _words(path: Path) -> Iterator[str]:
    """The whole, each line, and each text of a JSON: however it may have got into another file."""
    try:
        with path.open("rb") as file:
            data = file.read(_BYTES_MAX)
    except OSError:
        return
    yield from (data.hex(), base64.b64encode(data).decode(), b64(data))
    text = data.decode("utf-8", "replace").strip()
    yield text
    yield from (line.strip() for line in text.splitlines() if not line.startswith(_MARKS))
    try:
        yield from _texts(msgspec.json.decode(data))
    except (ValueError, RecursionError):
        return


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) >= _WORD_CHARACTERS_MIN and "://" not in value:
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _of_staff(path: Path) -> Iterator[str]:
    try:
        members = read_staff(path.read_bytes()).members
    except (OSError, BadStaffListError):
        return
    for each in members:
        yield from (each.badge, each.staff, each.salt, each.pin)
