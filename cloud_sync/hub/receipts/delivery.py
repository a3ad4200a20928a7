"""How letters leave a hub: what its `mail.toml` says, and the thread that hands them to the mail server."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from cloud_sync.hub.receipts.door import Mail
from cloud_sync.hub.receipts.letter import NoAddressError, Sender, check_address
from cloud_sync.hub.receipts.post import Outbox, Server, send

FILE: Final = "mail.toml"
"""In the hub's directory; without it no letters are sent."""

# Who asks for a letter waits at most so long until the first try.
_LOOK_S: Final = 1.0


class BadMailFileError(OSError):
    """A `mail.toml` that cannot be used: what was expected in it."""


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: the mail server, who writes, and the address that this hub has for browsers."""

    host: Annotated[str, Meta(min_length=1, max_length=253)]
    sender: str
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    hub: Annotated[str, Meta(pattern=r"^https://[^/?#]+$")]
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password_file: str = ""
    """Where the password is, since other people read settings than passwords."""


def mail_of(folder: Path) -> Mail | None:
    """How letters leave the hub of this directory; None if it sends none. Raises BadMailFileError."""
    file = folder / FILE
    if not file.exists():
        return None
    try:
        settings = msgspec.convert(tomllib.loads(file.read_text("utf-8")), _Settings)
        check_address(settings.sender)
        secret = folder / settings.password_file
        password = secret.read_text("utf-8").strip() if settings.password_file else ""
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, NoAddressError, OSError) as error:
        raise BadMailFileError(f"{file}: {error}") from error
    if settings.security == "none" and password:
        raise BadMailFileError(f"{file}: a password is never sent without tls: set `security`")
    server = Server(settings.host, settings.port, settings.security, settings.user, password)
    return Mail(
        Sender(settings.name, settings.sender, settings.hub), Outbox(lambda message: send(server, message))
    )


def deliver(outbox: Outbox, clock_ms: Callable[[], int], stop: Event) -> None:
    """Hand letters to the server until `stop`; to be run in a thread of its own."""
    while not stop.wait(_LOOK_S):
        outbox.round(clock_ms())
