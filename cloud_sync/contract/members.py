"""Members at an object: what was shown is asked about, and answered with a level and, if they like, a name.

Neither what was shown nor the name stands in any entry: a sale says the level that it was priced by.
"""

import hashlib
import secrets
from typing import Annotated, Final

import msgspec

from cloud_sync.contract.encoding import b64

MEMBER_PREFIX: Final = "opos:member:"
"""What stands before a member's code, where it is this hub that made it."""

# As many random bits as nobody guesses, and as few as make a code that any camera reads.
_CODE_BYTES: Final = 15

_Shown = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
_Level = Annotated[str, msgspec.Meta(max_length=64)]
_Name = Annotated[str, msgspec.Meta(max_length=40)]


class MemberAsked(msgspec.Struct, frozen=True, tag_field="what", tag="member"):
    """A question on the request lane: whose code is this? `shown` is the SHA-256 of it (base64url)."""

    shown: _Shown


class MemberKnown(msgspec.Struct, frozen=True, tag_field="what", tag="member"):
    """A member of the shop: the level that prices know, and the first name to greet by, or ''."""

    level: _Level
    name: _Name = ""

    def __repr__(self) -> str:
        """Without the name."""
        return f"MemberKnown({self.level})"


class MemberUnknown(msgspec.Struct, frozen=True, tag_field="what", tag="member.unknown"):
    """Nobody of this shop's has this code, or nobody has it any more."""


def new_code() -> str:
    """A fresh code, as it stands in the picture that a member shows."""
    return MEMBER_PREFIX + b64(secrets.token_bytes(_CODE_BYTES))


def shown_by(code: str) -> str:
    """What hub and objects know a code by: the SHA-256 (base64url) of what was read."""
    return b64(hashlib.sha256(code.strip().encode(errors="surrogatepass")).digest())
