"""Chips on an I2C bus, in records: bytes to write, number of bytes to read -> error, bytes read.

To the link: `len_write u8, len_read u8, bytes to write`. From it, one for each: `error u8 (errno, 0 is none),
len u8, bytes read`. A record is one transaction, its write and its read joined by a repeated start. A chip
that does not answer is an error in its record: the bus is there, and its driver knows what that means.
"""

from collections.abc import Iterator

from smbus2 import SMBus, i2c_msg

from edge.drivers.links.asked import AskedLink
from edge.drivers.links.file import is_pty, open_file
from edge.drivers.links.link import Link
from edge.drivers.links.port import PortLink
from edge.drivers.uris import I2cAddress, PeripheralUri


async def opened(uri: PeripheralUri) -> Link:
    """Open the bus."""
    assert isinstance(uri.address, I2cAddress), "parse_uri gives this way a chip"
    path, chip = uri.address.path, uri.address.chip
    if is_pty(path):
        return PortLink(open_file(path))
    bus = SMBus(path)

    def answered(records: bytes) -> bytes:
        return b"".join(_done(bus, chip, *each) for each in _records(records))

    return AskedLink(answered, bus.close)


def _records(data: bytes) -> Iterator[tuple[bytes, int]]:
    """What is to be written and how much is to be read, for each record; drivers send whole ones."""
    while data:
        end = 2 + data[0]
        assert len(data) >= end, "a driver sends whole records"
        yield data[2:end], data[1]
        data = data[end:]


def _done(bus: SMBus, chip: int, written: bytes, read_bytes: int) -> bytes:
    reading = i2c_msg.read(chip, read_bytes)
    messages = [i2c_msg.write(chip, written)] if written or not read_bytes else []
    if read_bytes:
        messages.append(reading)
    try:
        bus.i2c_rdwr(*messages)
    except OSError as error:
        return bytes([error.errno or 0xFF, 0])
    return bytes([0, read_bytes]) + bytes(reading)
