"""The documents of a printer: sent in slices, confirmed piece by piece, each told once what became of it.

After each piece of whole commands the printer is asked to confirm. Only two pieces are ever unconfirmed, so a
roll that ends leaves little in the printer's buffer, and a power cut leaves a confirmation missing.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from edge.readings import Nanoseconds, Printed, PrintOutcome

# Small enough for the line's own buffer, large enough for few wake-ups.
SLICE_BYTES: Final = 256
# A shop prints a receipt at a time; eight that wait are a printer that nobody looks after.
WAITING_MAX: Final = 8
# One piece prints while the next is on its way.
OWED_MAX: Final = 2
# What a printer still owes of a document that was given up comes while it prints, or never: after so long
# without a confirmation, though it is able to print, the debt was lost with its power.
LATE_NS: Final = 3_000_000_000


class _Document:
    """A document on its way; a slice that ends whole commands says so."""

    def __init__(self, name: str, pieces: Sequence[bytes]) -> None:
        self.name = name
        self.begun = False
        self.slices: deque[tuple[bytes, bool]] = deque()
        for piece in _grouped(pieces):
            for at in range(0, len(piece), SLICE_BYTES):
                self.slices.append((piece[at : at + SLICE_BYTES], at + SLICE_BYTES >= len(piece)))


def _grouped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Short pieces together, as long as they fit into one slice."""
    group = b""
    for piece in pieces:
        if group and len(group) + len(piece) > SLICE_BYTES:
            yield group
            group = b""
        group += piece
    if group:
        yield group


class PrintQueue:
    """At most WAITING_MAX documents; `confirm` is the question, empty for a printer that never answers."""

    def __init__(self, bytes_per_s: int, patience_ns: int, confirm: bytes) -> None:
        self._bytes_per_s = bytes_per_s
        self._patience_ns = patience_ns
        self._confirm = confirm
        self._documents: deque[_Document] = deque()
        self._told: deque[Printed] = deque()
        self._able = False
        self._owed = 0
        self._late = False
        self._whole = True
        self._stirred = False
        self._turned = False
        self._since_ns = Nanoseconds(0)
        self._able_ns = Nanoseconds(0)
        self._send_at_ns = Nanoseconds(0)

    @property
    def between_commands(self) -> bool:
        """Whether something else may be said to the printer now, and not into the middle of a command."""
        return self._whole

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        if self._stirred or self._turned or self._told:
            return Nanoseconds(0)
        deadlines = []
        if self._may_send:
            deadlines.append(self._send_at_ns)
        if self._late and self._able:
            deadlines.append(self._forgiven_ns)
        if self._documents:
            deadlines.append(Nanoseconds(self._since_ns + self._patience_ns))
        return min(deadlines, default=None)

    def add(self, name: str, pieces: Sequence[bytes]) -> None:
        """Print it after all that waits; one too many is told as failed at once."""
        if len(self._documents) >= WAITING_MAX:
            self._told.append(Printed(name, PrintOutcome.FAILED))
            return
        self._stirred = self._stirred or not self._documents
        self._documents.append(_Document(name, pieces))

    def opened(self, *, able: bool) -> None:
        """The port is another one: what was on its way is told as failed, what only waited still waits."""
        if self._documents and self._documents[0].begun:
            self._told.append(Printed(self._documents.popleft().name, PrintOutcome.FAILED))
        self._able = able
        self._owed = 0
        self._late = False
        self._whole = True
        self._stirred = True

    def able(self, *, able: bool) -> None:
        """Whether the printer can print now: what cannot be printed is not sent."""
        self._turned = self._turned or able != self._able
        self._able = able

    def confirmed(self) -> Iterator[Printed]:
        """The printer has printed one more piece."""
        if not self._owed:
            return
        self._owed -= 1
        self._stirred = True
        if self._late:
            self._late = self._owed > 0
        elif self._documents and not self._documents[0].slices and not self._owed:
            yield Printed(self._documents.popleft().name, PrintOutcome.PRINTED)

    def tick(self, now_ns: Nanoseconds) -> Iterator[Printed]:
        """Take note of the time: forget a debt, give up."""
        if self._stirred:
            self._stirred = False
            self._since_ns = now_ns
        if self._turned:
            self._turned = False
            self._able_ns = now_ns
        while self._told:
            yield self._told.popleft()
        if self._late and self._able and now_ns >= self._forgiven_ns:
            self._late = False
            self._owed = 0
        if self._documents and now_ns >= self._since_ns + self._patience_ns:
            yield from self._given_up()
        if not self._confirm and self._documents and not self._documents[0].slices:
            yield Printed(self._documents.popleft().name, PrintOutcome.UNKNOWN)
            self._stirred = True

    def to_send(self, now_ns: Nanoseconds) -> bytes:
        """The next slice, if it is time."""
        if not self._may_send or now_ns < self._send_at_ns:
            return b""
        document = self._documents[0]
        document.begun = True
        piece, self._whole = document.slices.popleft()
        if self._whole and self._confirm:
            piece += self._confirm
            self._owed += 1
        self._send_at_ns = Nanoseconds(now_ns + len(piece) * 1_000_000_000 // self._bytes_per_s)
        self._stirred = True
        return piece

    @property
    def _forgiven_ns(self) -> Nanoseconds:
        return Nanoseconds(max(self._since_ns, self._able_ns) + LATE_NS)

    @property
    def _may_send(self) -> bool:
        ready = self._able and not self._late and self._owed < OWED_MAX
        return ready and bool(self._documents) and bool(self._documents[0].slices)

    def _given_up(self) -> Iterator[Printed]:
        """Nothing has happened for so long that nothing will: all that waits is told as failed."""
        while self._documents:
            yield Printed(self._documents.popleft().name, PrintOutcome.FAILED)
        self._late = self._owed > 0
        self._whole = True
        self._stirred = True
