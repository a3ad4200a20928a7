"""What a fleet is asked to do, and where: plain words that cost no time to import."""

from pathlib import Path

import msgspec


class Where(msgspec.Struct, frozen=True):
    """A host and a port."""

    host: str
    port: int


class Shift(msgspec.Struct, frozen=True):
    """Objects, sales a minute of each, for how long, and sales of each before its line opens."""

    objects: int
    rate: float
    minutes: float
    offline: int
    seed: int

    @property
    def live(self) -> int:
        """The sales of all objects together while they have their lines."""
        return round(self.objects * self.rate * self.minutes)

    @property
    def sales(self) -> int:
        """All sales."""
        return self.objects * self.offline + self.live


class Place(msgspec.Struct, frozen=True):
    """A broker, a hub's address, and that hub's directory on this machine; `pids` of those we started."""

    broker: Where
    hub_url: str
    hub_dir: Path
    pids: dict[str, int] = {}
