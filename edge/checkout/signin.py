"""Signing in: a member shows their code, or types the digits of their number, and is known until they go."""

from typing import Final

from edge.checkout.asked import SigningIn
from edge.checkout.membership import Membership
from edge.checkout.ports import Clock
from edge.checkout.state import NoticeKind, Tap

# A customer number of 13 digits is a long one.
_DIGITS_MAX: Final = 13

# Whoever mistypes has three more tries; whoever counts through the numbers of others gets nowhere.
_WRONG_MAX: Final = 4
_WRONG_KEPT_NS: Final = 10 * 60 * 1_000_000_000


class SignIn:
    """One glass's sign-in, while it is open."""

    def __init__(self, membership: Membership, clock: Clock) -> None:
        self._membership = membership
        self._clock = clock
        self._typed = ""
        self._asked = False
        self._wrong = 0
        self._wrong_ns = 0

    def begin(self) -> None:
        """A shopper wants to sign in."""
        self._typed, self._asked = "", False
        self._membership.said = None

    @property
    def shown(self) -> SigningIn:
        """The sign-in as the glass shows it."""
        said = "unknown" if self._membership.said is NoticeKind.MEMBER_UNKNOWN and not self._typed else ""
        return SigningIn(self._typed, said, self._membership.asks, pad=self._may_type)  # type: ignore[arg-type]

    def tap(self, tap: Tap, value: str | None) -> bool:
        """A key of the pad; False where there is no such key."""
        if self._membership.asks or not self._may_type:
            return False
        match tap:
            case Tap.DIGIT if value and len(value) == 1 and value in "0123456789":
                self._typed += value if len(self._typed) < _DIGITS_MAX else ""
            case Tap.ERASE:
                self._typed = self._typed[:-1]
            case Tap.ENTER if self._typed:
                self._asked = True
                self._membership.look_up(self._typed)
                self._typed = ""
            case _:
                return False
        return True

    def heard(self) -> None:
        """An answer came: a number that nobody has counts."""
        if self._asked and not self._membership.asks:
            self._asked = False
            if self._membership.said is NoticeKind.MEMBER_UNKNOWN:
                self._wrong += 1
                self._wrong_ns = self._clock.now_ns()

    @property
    def _may_type(self) -> bool:
        if self._clock.now_ns() - self._wrong_ns > _WRONG_KEPT_NS:
            self._wrong = 0
        return self._wrong < _WRONG_MAX
