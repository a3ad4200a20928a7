"""A contact that a host switches: whether it is on, how often it went on, and for how long the last time."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

MS: Final = 1_000_000


class Contact(msgspec.Struct):
    """What can be seen of it, and what it remembers; `last_on_ms` is told when it is off again."""

    on: bool = False
    switches: Annotated[int, Meta(ge=0)] = 0
    last_on_ms: Annotated[int, Meta(ge=0)] = 0


class Switch:
    """The contact in time."""

    def __init__(self, contact: Contact) -> None:
        self.contact = contact
        self._since_ns = 0

    def turn(self, now_ns: int, *, on: bool) -> None:
        """Be on or off from now on."""
        if on and not self.contact.on:
            self.contact.switches += 1
            self._since_ns = now_ns
        elif self.contact.on and not on:
            self.contact.last_on_ms = (now_ns - self._since_ns) // MS
        self.contact.on = on

    def put_back(self, contact: Contact) -> None:
        """Remember what another bench saw of it; without power it is off."""
        self.contact = msgspec.structs.replace(contact, on=False)
