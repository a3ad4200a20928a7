"""Ports that the kernel makes, as far as they can be seen without one; the rest is proved in tests/vm."""

import asyncio
from pathlib import Path

from simulators.devices.personas import InputPersona
from simulators.devices.touch.events import EV_KEY, frame
from simulators.virtual import UinputPort

STROKE_NS = 500_000
KEYS = range(2, 30)


class Kernel:
    """Takes events as uinput does."""

    def __init__(self) -> None:
        self.said: list[tuple[int, int, int]] = []

    def write(self, kind: int, code: int, value: int) -> None:
        self.said.append((kind, code, value))


def test_a_code_that_comes_late_is_still_typed_key_by_key(tmp_path: Path) -> None:
    kernel, port = Kernel(), UinputPort(tmp_path / "scanner", InputPersona("scanner"))
    port._device = kernel

    async def typed() -> int:
        for number, key in enumerate(KEYS):
            port.write(frame([(EV_KEY, key, 1)], number * STROKE_NS))
        at_once = len(kernel.said)
        async with asyncio.timeout(20):
            while len(kernel.said) < 2 * len(KEYS):
                await asyncio.sleep(0.001)
        return at_once

    assert asyncio.run(typed()) < len(KEYS)
    assert [code for kind, code, _ in kernel.said if kind == EV_KEY] == list(KEYS)
