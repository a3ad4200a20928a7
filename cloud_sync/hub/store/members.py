"""The table of members: a pseudonym, what its shopper shows, and the level that prices know.

It is a part of `schema`, which is where everybody finds it. A row that is deleted is a member forgotten: no
entry of any journal names one.
"""

from sqlalchemy import UniqueConstraint

from cloud_sync.hub.store.columns import table, text, whole

# Of what a member shows only the SHA-256, base64url; the first name is what the glass may greet by, or ''.
member = table(
    "member",
    text("member", primary_key=True),
    text("tenant"),
    text("shown"),
    text("level"),
    text("name"),
    whole("made_ms"),
    UniqueConstraint("tenant", "shown", name="one_member_is_shown"),
)
