"""Members of a shop: who shows what, at which level, and how they are forgotten.

A member is a pseudonym, the hash of what they show, a level and perhaps a first name, here and nowhere else.
"""

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from cloud_sync.contract.members import MemberAsked, MemberKnown, MemberUnknown, shown_by
from cloud_sync.hub.members.wallets import fresh_name
from cloud_sync.hub.store.members import member
from cloud_sync.hub.store.schema import object_

_COLUMNS: Final = (member.c.member, member.c.level, member.c.name, member.c.made_ms)


class NoMemberError(ValueError):
    """No member is called that."""


class TakenCodeError(ValueError):
    """Somebody shows this code already."""


class Member(msgspec.Struct, frozen=True):
    """A member by pseudonym; `name` is a first name, or ''."""

    member: str
    level: str
    name: str
    made_ms: int


def known_by(connection: Connection, dev: str, ask: MemberAsked) -> MemberKnown | MemberUnknown:
    """The answer to an object that was shown a member's code; only its own tenant's members are known."""
    tenant = select(object_.c.tenant).where(object_.c.id == dev).scalar_subquery()
    query = select(member.c.level, member.c.name).where(
        member.c.tenant == tenant, member.c.shown == ask.shown
    )
    row = connection.execute(query).first()
    return MemberUnknown() if row is None else MemberKnown(row.level, row.name)


def enrol(connection: Connection, tenant: str, code: str, found: MemberKnown, now_ms: int) -> Member:
    """A new member who shows `code`. Raises TakenCodeError."""
    shown = shown_by(code)
    query = select(member.c.member).where(member.c.tenant == tenant, member.c.shown == shown)
    if connection.execute(query).first() is not None:
        raise TakenCodeError("somebody shows this code already: give them another level, or forget them")
    made = Member(fresh_name(), found.level, found.name, now_ms)
    row = insert(member).values(tenant=tenant, shown=shown, **msgspec.structs.asdict(made))
    connection.execute(row)
    return made


def promote(connection: Connection, name: str, level: str) -> Member:
    """Give a member another level, from the next time on that they show their code. Raises NoMemberError."""
    connection.execute(update(member).where(member.c.member == name).values(level=level))
    return find(connection, name)


def forget(connection: Connection, name: str) -> Member:
    """Forget a member; what they bought stays, and names nobody. Raises NoMemberError."""
    found = find(connection, name)
    connection.execute(delete(member).where(member.c.member == name))
    return found


def find(connection: Connection, name: str) -> Member:
    """A member by pseudonym. Raises NoMemberError."""
    row = connection.execute(select(*_COLUMNS).where(member.c.member == name)).first()
    if row is None:
        raise NoMemberError(f"expected a member, got {name[:80]!r}: see `opos hub member list`")
    return _member(row)


def newest(connection: Connection, limit: int) -> list[Member]:
    """The members, the newest first."""
    order = member.c.made_ms.desc(), member.c.member
    return [_member(row) for row in connection.execute(select(*_COLUMNS).order_by(*order).limit(limit))]


def _member(row: Row[Any, Any, Any, Any]) -> Member:
    return Member(row.member, row.level, row.name, row.made_ms)
