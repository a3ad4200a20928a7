"""Which touches of a panel are taps that may buy something, and which are a palm, a sleeve or a fly."""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.events import LongPressed, Tapped
from edge.readings import DeviceFault, DeviceReady, Heard, Touched, TouchPhase

# A fingertip that taps is down for 83 to 96 ms on a maXTouch panel (recorded in whot/evemu-devices); nobody
# is quicker than 30 ms, so that is a spark; who stays longer than 800 ms means something else by it.
TAP_US_MIN: Final = 30_000
TAP_US_MAX: Final = 800_000
# Who leans on the picture for longer than 5 s presses nothing.
LONG_US_MAX: Final = 5_000_000
# A fingertip rolls by less than 3 % of the picture; what moves more is a drag.
MOVE_PPM_MAX: Final = 30_000
# The shopper's second, nervous tap comes after 140 ms or so and must not buy a second time.
LOCK_OUT_US: Final = 500_000


class TapRules(msgspec.Struct, frozen=True):
    """What a panel must report for a tap to be one."""

    shortest_us: int = TAP_US_MIN
    move_ppm: int = MOVE_PPM_MAX


# Cameras and light beams above the glass see a finger before it lands, and a sleeve that passes: only what
# holds nearly still, for as long as a finger that has landed, is a tap.
ABOVE_THE_GLASS: Final = TapRules(shortest_us=60_000, move_ppm=10_000)


class _Contact(msgspec.Struct):
    """A contact since it came down: where that was, and whether it may still become a tap."""

    x_ppm: int
    y_ppm: int
    at_us: int
    clean: bool


class TapSense:
    """Tapped and LongPressed from the touches of one panel; nothing is ever said before the finger lifts.

    One contact alone, nearly still, neither too short nor too long. While another contact is there, or was
    there at any time during it, it is a hand that leans on the glass.
    """

    def __init__(self, source: str, rules: TapRules | None = None) -> None:
        self._source = source
        self._rules = rules or TapRules()
        self._contacts: dict[int, _Contact] = {}
        self._locked_at_us: int | None = None

    def hear(self, heard: Heard) -> Iterator[Tapped | LongPressed]:
        """What one reading means."""
        if heard.source != self._source:
            return
        match heard.reading:
            case Touched(phase=TouchPhase.DOWN) as touch:
                self._down(touch)
            case Touched(phase=TouchPhase.MOVED) as touch:
                self._moved(touch)
            case Touched(phase=TouchPhase.UP) as touch:
                yield from self._up(touch)
            case Touched(contact=contact):
                self._contacts.pop(contact, None)
                self._spoil()
            case DeviceFault() | DeviceReady():
                self._contacts.clear()
            case _:
                return

    def _down(self, touch: Touched) -> None:
        clean = not self._contacts and not self._locked(touch.at_us)
        self._spoil()
        self._contacts[touch.contact] = _Contact(touch.x_ppm, touch.y_ppm, touch.at_us, clean)

    def _moved(self, touch: Touched) -> None:
        contact = self._contacts.get(touch.contact)
        if contact is not None and self._far(contact, touch):
            contact.clean = False

    def _up(self, touch: Touched) -> Iterator[Tapped | LongPressed]:
        self._moved(touch)
        contact = self._contacts.pop(touch.contact, None)
        if contact is None or not contact.clean:
            return
        lasted_us = touch.at_us - contact.at_us
        if self._rules.shortest_us <= lasted_us <= TAP_US_MAX:
            self._locked_at_us = touch.at_us
            yield Tapped(contact.x_ppm, contact.y_ppm)
        elif TAP_US_MAX < lasted_us <= LONG_US_MAX:
            self._locked_at_us = touch.at_us
            yield LongPressed(contact.x_ppm, contact.y_ppm)

    def _spoil(self) -> None:
        for contact in self._contacts.values():
            contact.clean = False

    def _locked(self, at_us: int) -> bool:
        """Whether the last tap was just now; a panel whose time has begun anew knows of none."""
        return self._locked_at_us is not None and 0 <= at_us - self._locked_at_us < LOCK_OUT_US

    def _far(self, contact: _Contact, touch: Touched) -> bool:
        away_ppm = max(abs(touch.x_ppm - contact.x_ppm), abs(touch.y_ppm - contact.y_ppm))
        return away_ppm >= self._rules.move_ppm
