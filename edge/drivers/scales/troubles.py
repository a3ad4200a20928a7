"""The troubles of a scale: the same code and the same advice whatever protocol it speaks."""

from typing import Final

from edge.readings import DeviceFault

OVERLOAD: Final = DeviceFault("scale.overload", "Too much lies on the scale: take something off.")
UNDERLOAD: Final = DeviceFault(
    "scale.underload", "The scale reads below its range: put its plate back on, or set it to zero."
)
NOT_READY: Final = DeviceFault(
    "scale.not-ready", "The scale is not ready to weigh: leave it alone for a moment."
)
NEEDS_ZERO: Final = DeviceFault(
    "scale.needs-zero", "The scale has lost its zero: take everything off it and set it to zero."
)
ZERO_REFUSED: Final = DeviceFault(
    "scale.zero-refused",
    "The scale could not be set to zero: take everything off it, let it rest and try again.",
)
TARE_REFUSED: Final = DeviceFault(
    "scale.tare-refused", "The scale did not take the tare: let it rest, and check that it allows a tare."
)
PRICE_REFUSED: Final = DeviceFault(
    "scale.price-refused", "The scale did not take the price of a kilogram: weigh these goods elsewhere."
)
NOT_MOVED: Final = DeviceFault(
    "scale.not-moved", "The scale weighs the same goods only once: lift them, and put them back."
)
UNCALIBRATED: Final = DeviceFault(
    "scale.uncalibrated", "The scale is out of calibration: do not sell by it, and call its service."
)
BROKEN: Final = DeviceFault(
    "scale.broken", "The scale reports a fault of its own: switch it off and on, or call its service."
)
CHECKSUM_WANTED: Final = DeviceFault(
    "scale.checksum-wanted",
    "The scale weighs only for checkouts that its maker has approved: ask the maker for the polynomial.",
)
CHECKSUM_REFUSED: Final = DeviceFault(
    "scale.checksum-refused", "The scale did not accept our checksum: its polynomial is another one."
)
CELL_SATURATED: Final = DeviceFault(
    "cell.saturated",
    "The load cell is at the end of its range: take something off, and check its four wires.",
)


def silent(protocol: str) -> DeviceFault:
    """Of a scale that has not answered for too long."""
    return DeviceFault(
        "device.silent",
        f"The scale is connected but does not answer: check its power, baud rate and protocol ({protocol}).",
    )
