"""How a simulated terminal is set up, and what stays of it when its power goes."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.terminals.zvt.books import Books
from simulators.terminals.zvt.cards import Shown
from simulators.terminals.zvt.hand import CardName, Host, Mischief

Patience = Annotated[int, Meta(ge=1, le=3_600_000)]
Millis = Annotated[int, Meta(ge=0, le=3_600_000)]


# The password of the protocol as it leaves the factory; it keeps out mistakes, not people.
FACTORY_CODE: Final = "000000"


class Setup(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """What a bench's file may say of a terminal.

    Its messages stand in frames with a CRC at a pty, and bare at a TCP port, unless `frames` says otherwise.
    `taps` is a card that taps itself `taps_after_ms` after it is asked for. `receipts` says how receipts come
    to a till that prints: as it was registered (`asked`), or always as lines, as blocks, or not at all.
    `shows` pan or track2 is a terminal that hides nothing, to see that others do. `details` few is a status
    as short as one can be. Without `auto_reversal` a payment stands even if the till never heard of it.
    """

    password: Annotated[str, Meta(pattern="^[0-9]{6}$")] = FACTORY_CODE
    terminal_id: Annotated[int, Meta(ge=0, le=99_999_999)] = 12_345_678
    currency: Annotated[int, Meta(ge=1, le=999)] = 978
    contract: Annotated[str, Meta(pattern="^[ -~]{1,15}$")] = "100461763"
    merchant: Annotated[str, Meta(min_length=1, max_length=32)] = "OPOS Testladen"
    frames: Literal["by port", "always", "never"] = "by port"
    must_register: bool = False
    auto_reversal: bool = True
    details: Literal["few", "many"] = "many"
    shows: Shown = "masked"
    receipts: Literal["asked", "lines", "blocks", "none"] = "asked"
    taps: CardName | Literal[""] = ""
    taps_after_ms: Millis = 500
    limit_minor: Annotated[int, Meta(ge=1, le=999_999_999_999)] = 999_999
    pin_above_minor: Annotated[int, Meta(ge=0, le=999_999_999_999)] = 5000
    card_ms: Patience = 60_000
    remove_ms: Patience = 30_000
    answer_ms: Patience = 5000
    goods_ms: Patience = 1000
    utc_offset_minutes: Annotated[int, Meta(ge=-1440, le=1440)] = 0


class World(msgspec.Struct):
    """What stays: the books, the card in the slot, paper, and how host and mischief were left.

    `printed` are the last receipts of the terminal's own roll.
    """

    books: Books = msgspec.field(default_factory=Books)
    slot: str = ""
    paper: Literal["ok", "out"] = "ok"
    printed: list[list[str]] = []
    host: Host = Host()
    declines: int = 0
    decline_result: int = 0x21
    failures: int = 0
    failure_result: int = 0xFF
    troubles: dict[Mischief, int] = {}
