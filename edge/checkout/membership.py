"""Membership: who buys, as far as prices and a greeting need it, and only for as long as they are here.

What was shown is asked of the hub, which alone knows whose it is; without a line there are no prices for
members, and the glass says so. Nothing of a member is kept: a sale says the level that it was priced by.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import msgspec

from cloud_sync.contract.members import MemberKnown, MemberUnknown
from edge.checkout.notices import Notices
from edge.checkout.ports import Clock, Members
from edge.checkout.state import Greeted, Notice, NoticeKind
from retail.pricing.basket import Member

# Nobody has touched anything for so long, and nothing is in the basket: the member has gone.
GONE_NS: Final = 30_000_000_000

_Find = Callable[[], Awaitable[MemberKnown | MemberUnknown]]


class Room(msgspec.Struct, frozen=True):
    """Whom membership asks, and whom it tells."""

    members: Members
    notices: Notices
    on_change: Callable[[], None]


class Membership:
    """The member at one till, one at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._room: Room | None = None
        self._known: MemberKnown | None = None
        self._asking: asyncio.Task[None] | None = None
        self.said: NoticeKind | None = None
        """Why what was shown last helped nobody."""

    @property
    def is_open(self) -> bool:
        """Whether members can be known here."""
        return self._room is not None

    @property
    def asks(self) -> bool:
        """Whether the hub is being asked."""
        return self._asking is not None

    def open(self, room: Room) -> None:
        """From here on members are known."""
        self._room = room

    @property
    def member(self) -> Member | None:
        """Who buys, as prices know them; None is anybody."""
        return None if self._known is None else Member(self._known.level)

    @property
    def greeted(self) -> Greeted | None:
        """Who buys, as the glass greets them."""
        return None if self._known is None else Greeted(self._known.level, self._known.name)

    def show(self, ticket: int) -> bool:
        """A member's code was shown: the last one counts. False where nobody can be asked."""
        if self._room is None:
            return False
        self._begin(self._room, partial(self._room.members.find, ticket))
        return True

    def look_up(self, number: str) -> None:
        """A member has typed the digits of their number, instead of showing a code."""
        assert self._room is not None, "a number is typed where members are known"
        self._begin(self._room, partial(self._room.members.find_number, number))

    def leave(self) -> None:
        """The member has gone, or has bought: whoever comes next is nobody until they show who they are."""
        self._known = None
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def tick(self, idle_ns: int, *, has_goods: bool) -> None:
        """Time has passed since somebody touched anything."""
        if idle_ns > GONE_NS and not has_goods:
            self.leave()

    def _begin(self, room: Room, find: _Find) -> None:
        self.leave()
        self.said = None
        self._asking = asyncio.ensure_future(self._ask(room, find))

    async def _ask(self, room: Room, find: _Find) -> None:
        try:
            answer = await find()
        except OSError:
            self._say(room, NoticeKind.MEMBER_AWAY)
        else:
            if isinstance(answer, MemberUnknown):
                self._say(room, NoticeKind.MEMBER_UNKNOWN)
            else:
                self._known = answer
        self._asking = None
        room.on_change()

    def _say(self, room: Room, kind: NoticeKind) -> None:
        self.said = kind
        room.notices.say(Notice(kind), self._clock.now_ns())
