"""Who is at work at the bench: by the badge on the object's list of staff, or by the pseudonym itself."""

import re
from typing import Final

from edge.checkout.staff import BadStaffListError, read_staff
from edge.config import ObjectConfig

_PSEUDONYM: Final = re.compile(r"\w{12,32}")


class UnknownPersonError(ValueError):
    """Nobody is known by this word; the message says what was expected."""


def pseudonym_of(config: ObjectConfig, word: str) -> str:
    """The pseudonym that the journal has for `word`. Raises UnknownPersonError, OSError."""
    if config.staff is not None:
        try:
            listed = read_staff(config.staff.read_bytes()).members
        except BadStaffListError as error:
            raise UnknownPersonError(f"{config.staff}: {error}") from error
        for each in listed:
            if word in {each.badge, each.staff}:
                return each.staff
        raise UnknownPersonError(
            f"{config.staff}: nobody has the badge {word!r}: `opos staff list` shows all"
        )
    if not _PSEUDONYM.fullmatch(word):
        raise UnknownPersonError(
            f"expected a pseudonym of 12 to 32 letters and digits (`opos staff new` makes one), got {word!r}:"
            " it stands in the journal for good, so it is no name"
        )
    return word
