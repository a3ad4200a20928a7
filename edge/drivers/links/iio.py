"""Values that the kernel measures (Industrial I/O): a text, read once for each line feed that is sent."""

import os
from typing import Final

from edge.drivers.links.asked import AskedLink
from edge.drivers.links.file import is_pty, open_file
from edge.drivers.links.link import Link
from edge.drivers.links.port import PortLink
from edge.drivers.uris import FileAddress, PeripheralUri

# An integer of 64 bits has 20 digits and a sign.
_TEXT_BYTES_MAX: Final = 64


async def opened(uri: PeripheralUri) -> Link:
    """Read the file when asked: a converter may let a read wait for its next value, 100 ms on an HX711."""
    assert isinstance(uri.address, FileAddress), "parse_uri gives this way a path"
    path = uri.address.path
    if is_pty(path):
        return PortLink(open_file(path))
    return AskedLink(lambda asked: b"".join(_text(path) for _ in range(asked.count(b"\n"))))


def _text(path: str) -> bytes:
    """What the file says now; it is opened each time, since a file that was replaced has another text."""
    port = os.open(path, os.O_RDONLY)
    try:
        return os.read(port, _TEXT_BYTES_MAX)
    finally:
        os.close(port)
