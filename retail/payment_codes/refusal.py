"""Why a payment code is refused: the field that is to blame, and what was expected of it."""

import msgspec


class Refused(msgspec.Struct, frozen=True):
    """The text asks for no money that we could pay: `field` is named as its specification names it."""

    field: str
    reason: str

    @property
    def sentence(self) -> str:
        """The field and the reason, for a person who looks at the code."""
        return f"{self.field}: {self.reason}"


class UnwritableError(ValueError):
    """A code was to be written that every reader would refuse."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.sentence)
        self.refused = refused


def shown(text: str) -> str:
    """`text` as a message may hold it: quoted, and cut at 40 characters since a code can be a whole page."""
    return repr(text if len(text) <= 40 else text[:40] + "...")
