"""Lines of a GPIO chip: edges come as the kernel's `struct gpio_v2_line_event`, levels go out as pairs.

Every line begins as an input. The first level that is written to a line makes it an output, so the direction
stands in one place, the driver. Pulls are left as the board has them: whoever wires a bare switch sets one.
"""

import os
from collections.abc import Mapping

import gpiod
from gpiod.line import Direction, Edge, Value

from edge.drivers.links.file import is_pty, open_file
from edge.drivers.links.link import Link, LinkLostError
from edge.drivers.links.port import PortLink
from edge.drivers.uris import GpioAddress, PeripheralUri


async def opened(uri: PeripheralUri) -> Link:
    """Take the lines for us alone."""
    assert isinstance(uri.address, GpioAddress), "parse_uri gives this way lines"
    if is_pty(uri.address.path):
        return PortLink(open_file(uri.address.path))
    inputs = gpiod.LineSettings(direction=Direction.INPUT, edge_detection=Edge.BOTH)
    lines = gpiod.request_lines(uri.address.path, {uri.address.lines: inputs}, consumer="opos")
    return GpioLink(lines, dict.fromkeys(uri.address.lines, inputs))


class GpioLink(PortLink):
    """Lines that were requested from the kernel."""

    def __init__(self, lines: gpiod.LineRequest, settings: dict[int, gpiod.LineSettings]) -> None:
        os.set_blocking(lines.fd, False)
        super().__init__(_Lines(lines))
        self._lines = lines
        self._settings = settings

    def write(self, data: bytes) -> None:
        """Set levels: pairs of a line's offset and 0 or 1, the last one of a line counts."""
        levels = dict(zip(data[::2], data[1::2], strict=True))
        try:
            self._set({line: Value.ACTIVE if level else Value.INACTIVE for line, level in levels.items()})
        except OSError as error:
            raise LinkLostError(error) from error

    def _set(self, levels: Mapping[int, Value]) -> None:
        if strangers := sorted(levels.keys() - self._settings.keys()):
            raise OSError(f"line {strangers[0]} is none of {', '.join(map(str, sorted(self._settings)))}")
        if any(self._settings[line].direction is not Direction.OUTPUT for line in levels):
            for line, level in levels.items():
                self._settings[line] = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=level)
            # All of them: gpiod sets a line that is left out back to nothing.
            self._lines.reconfigure_lines(dict(self._settings.items()))
        elif levels:
            self._lines.set_values(dict(levels.items()))


class _Lines:
    """A request of lines in the words of a port."""

    def __init__(self, lines: gpiod.LineRequest) -> None:
        self._lines = lines

    def fileno(self) -> int:
        return self._lines.fd

    def close(self) -> None:
        self._lines.release()
