"""Sensings that believe one kind of sensor alone, or none: a table without their faults is worthless."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

Line = dict[str, Any]
Told = tuple[str, str]

# What is missed in so many rounds is gone, to somebody in a hurry.
HASTY_ROUNDS = 3
# What changes the weight by more than this is a thing that moved.
HASTY_MG = 30_000


class ByTags:
    """Charges what it does not hear for a moment; shows, and lists, what it hears."""

    def __init__(self, begins: Line) -> None:
        self.goods = set(begins.get("goods", ()))
        self.missed: dict[str, int] = dict.fromkeys(self.goods, 0)
        self.charged: set[str] = set()

    def hear(self, reading: Line) -> Iterator[Told]:
        if reading["type"] == "TagSeen":
            self.missed[reading["epc"]] = 0
            if reading["epc"] in self.charged:
                self.charged.remove(reading["epc"])
                yield "PutBack", reading["epc"]
        elif reading["type"] == "RoundEnded":
            for epc in self.missed:
                self.missed[epc] += 1
                if self.missed[epc] > HASTY_ROUNDS and epc not in self.charged:
                    self.charged.add(epc)
                    yield "Took", epc


class ByWeight:
    """Charges what would be about as heavy as what is missing."""

    def __init__(self, begins: Line) -> None:
        self.there = {epc: pack["mass_mg"] for epc, pack in begins.get("goods", {}).items()}
        self.loose = {gtin: heap["pack"]["mass_mg"] for gtin, heap in begins.get("loose", {}).items()}
        self.weight_mg: int | None = None

    def hear(self, reading: Line) -> Iterator[Told]:
        if reading["type"] != "Weighed" or not reading["steady"]:
            return
        before_mg, self.weight_mg = self.weight_mg, reading["weight_mg"]
        if before_mg is None or before_mg - self.weight_mg < HASTY_MG:
            return
        lost_mg = before_mg - self.weight_mg
        if self.loose:
            yield "TookUnits", min(self.loose, key=lambda gtin: abs(self.loose[gtin] - lost_mg))
        if not self.there:
            return
        epc = min(self.there, key=lambda epc: abs(self.there[epc] - lost_mg))
        del self.there[epc]
        yield "Took", epc


class ByHearsay:
    """Shows, and lists, whatever tag is heard once."""

    def __init__(self, _begins: Line) -> None:
        self.heard: set[str] = set()

    def hear(self, reading: Line) -> Iterator[Told]:
        if reading["type"] == "TagSeen" and reading["epc"] not in self.heard:
            self.heard.add(reading["epc"])
            yield "Presented", reading["epc"]
            yield "Listed", reading["epc"]


class Asleep:
    """Says nothing."""

    def __init__(self, _begins: Line) -> None:
        pass

    def hear(self, _reading: Line) -> Iterator[Told]:
        yield from ()


MUTANTS: dict[str, Callable[[Line], ByTags | ByWeight | ByHearsay | Asleep]] = {
    "by-tags": ByTags,
    "by-weight": ByWeight,
    "by-hearsay": ByHearsay,
    "asleep": Asleep,
}


def main(name: str) -> None:
    session = ""
    sensing = MUTANTS[name]({})
    listed: list[str] = []
    for text in sys.stdin:
        line = json.loads(text)
        if "session" in line:
            session, sensing, listed = line["session"], MUTANTS[name](line), []
            continue
        for kind, epc in sensing.hear(line["reading"]):
            event: Line = {"type": kind, "epc": epc}
            if kind == "Listed":
                listed.append(epc)
                event = {"type": kind, "epcs": listed}
            elif kind == "TookUnits":
                event = {"type": kind, "gtin": epc, "units": 1}
            print(json.dumps({"session": session, "at_ns": line["at_ns"], "event": event}))  # noqa: T201 (its answer)


if __name__ == "__main__":
    main(sys.argv[1])
