"""Scales as a bench makes them, and what a test asks of them."""

import random
from typing import Any

from simulators.devices.catalogue import part
from simulators.devices.device import Device

SECOND_NS = 1_000_000_000


def scale(kind: str, seed: int = 1, mass_mg: int = 0, **options: Any) -> Device:
    """A scale that has been on for a while, with something at rest on it."""
    made = part({"type": kind, "name": "scale", "at": "pty:scale", **options})
    simulated = made.device(random.Random(seed))
    simulated.restore({"mass_mg": mass_mg}, 0)
    return simulated


def ask(simulated: Device, sent: bytes, now_ns: int = SECOND_NS) -> bytes:
    """What it answers at once."""
    simulated.hear(sent, now_ns)
    return b"".join(simulated.speak(now_ns))


def do(simulated: Device, verb: str, now_ns: int = SECOND_NS, **fields: Any) -> None:
    """Let a hand do something."""
    simulated.obey({"verb": verb, **fields}, now_ns)
