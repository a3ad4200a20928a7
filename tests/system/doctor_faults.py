"""The ledger of proofs: every code of the doctor's book, caused on purpose, and mended by its command."""

from typing import Final

from tests.system.ills import board, books, devices, disk, glass, line, services, versions
from tests.system.ills.ill import Round

# What a restart forgets comes first of all: it takes everything else along that was laid over.
BOARD: Final = (board.SINCE_THE_START, board.SUPPLY_AND_HEAT)
GLASS: Final = (glass.NO_PANEL, glass.ASTRAY, glass.DARK)
SERVICES: Final = (
    services.STOPPED,
    services.HANGING,
    services.FAILING,
    services.OFTEN,
    services.WRONG_FILE,
    services.UNKEPT,
    services.NO_PRICES,
)
DEVICES: Final = (
    devices.UNPLUGGED,
    devices.ANOTHER_TERMINAL,
    devices.HELD,
    devices.MISNAMED,
    devices.NUMBERED,
    devices.GARBLED,
    devices.SILENT,
)
LINE: Final = (
    line.NO_CABLE,
    line.NO_NAME,
    line.HUB_AWAY,
    line.HUB_OLD,
    line.NOT_ENROLLED,
    line.STRANGERS,
    line.NOT_RENEWED,
    line.ENDED,
    line.CLOCK,
)
DISK: Final = (
    disk.FILLING,
    disk.FULL,
    disk.NO_INODES,
    disk.LOCKED,
    disk.WORN,
    disk.FORGETFUL,
    disk.BROKEN,
    disk.ERRORS,
)
VERSIONS: Final = (versions.OLDER,)
# What ends a ledger comes last.
BOOKS: Final = (
    books.NO_KEY,
    books.BAD_KEY,
    books.KEY_AWAY,
    books.CHANGED,
    books.DAMAGED,
    books.SET_ASIDE,
)
ROUNDS: Final[tuple[Round, ...]] = (*BOARD, *GLASS, *SERVICES, *DEVICES, *LINE, *VERSIONS, *DISK, *BOOKS)

IN_THE_GUEST: Final = {
    "OP-2103": (
        "what_our_rules_give_to_the_service_is_missed_and_given_back_by_the_doctors_command",
        "what_debians_rules_give_to_the_service_is_missed_and_given_back_by_the_doctors_command",
    ),
}
"""Codes that need a kernel and a udev of their own: the proofs of tests/vm that cause and mend each."""
