"""An insider: whoever has an object's key signs what he likes, and it must harm nobody but that object."""

import random
from typing import Any, Final

import msgspec
import zstandard

from cloud_sync.contract.batch import FRAME_VERSION
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.entry import Body, first_prev
from cloud_sync.contract.facts import Posting, Sale
from retail.custody import SOLD, Move
from tests.hostile.bending import BOMBS, NASTY, TEXTS, bent
from tests.hub.hub_world import SCARF, SCARF_MINOR, PaperJournal

_NUL: Final = "a\x00b"
"""No text in PostgreSQL may have one."""


class Insider:
    """Signs with the real key of `journal`, which is his."""

    def __init__(self, journal: PaperJournal) -> None:
        self.journal = journal
        journal.begin()

    def frame(self, luck: random.Random) -> bytes:
        """A well signed frame: of a strange entry, or a strange frame of good ones."""
        if luck.random() < 0.6:
            self._write(luck)
            return self.journal.frame(len(self.journal.entries), len(self.journal.entries))
        return self._strange(luck)

    def _write(self, luck: random.Random) -> None:
        sale = self.journal.sale
        kind = luck.randrange(5)
        if kind == 0:
            self.journal.write_bytes(bent(self.journal.entries[0].body, luck)[:32_000])
        elif kind == 1:  # money from nothing
            self._sign(sale(SCARF, 1, SCARF_MINOR, postings=(Posting("revenue", -1, "EUR"),)))
        elif kind == 2:  # goods of a neighbour
            moves = (Move(SCARF, "mirror-4", SOLD, luck.choice((1, -5, 10**9))),)
            self._sign(sale(SCARF, 1, SCARF_MINOR, moves=moves))
        elif kind == 3:  # in a neighbour's name
            self._sign(sale(SCARF, 1, SCARF_MINOR), dev="mirror-4")
        else:  # a member as no sale has it
            strange: dict[str, Any] = msgspec.json.decode(self._body(sale(SCARF, 1, SCARF_MINOR)))
            name = luck.choice(sorted(strange["fact"]))
            strange["fact"][name] = luck.choice((*TEXTS, _NUL, None, -1, 2**53, 1.5, [], {}))
            self.journal.write_bytes(msgspec.json.encode(strange))

    def _sign(self, fact: Sale, dev: str = "shelf-b12") -> None:
        self.journal.write_bytes(self._body(fact, dev))

    def _body(self, fact: Sale, dev: str = "shelf-b12") -> bytes:
        """A body that nobody has looked at: an honest object signs none that does not balance."""
        seq = len(self.journal.entries) + 1
        return encode(Body(dev, "e1", seq, f"e1-{seq}", "b1", seq, 1, "trusted", fact))

    def _strange(self, luck: random.Random) -> bytes:
        """Header or payload as no batch has them, and a true signature over both."""
        entry = self.journal.entries[0]
        fields: dict[str, Any] = {
            "version": FRAME_VERSION,
            "dev": "shelf-b12",
            "epoch": luck.choice(("e1", "e2", _NUL, "x" * 65, "")),
            "kid": self.journal.key.public.kid,
            "first": luck.choice((1, 2, 2**53 - 1)),
            "n": 1,
            "prev": first_prev("e1"),
            "head": entry.hash,
        }
        fields[luck.choice(sorted(fields))] = luck.choice([*NASTY[:-6], bytes(31)])
        header = msgspec.msgpack.encode(list(fields.values()))
        plain = msgspec.msgpack.encode([entry.body] * luck.choice((1, 1, 2, 300)))
        payload = luck.choice((zstandard.ZstdCompressor().compress(plain), *BOMBS))
        return msgspec.msgpack.encode([header, payload, self.journal.key.sign(header + payload)])
