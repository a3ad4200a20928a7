"""Serial ports, ptys among them."""

import serial

from edge.drivers.links.file import is_pty
from edge.drivers.links.link import Link
from edge.drivers.links.port import PortLink
from edge.drivers.profiles import SerialLine
from edge.drivers.uris import FileAddress, PeripheralUri


async def opened(uri: PeripheralUri) -> Link:
    """Open without blocking, locked for this process alone.

    The lock is flock's and not TIOCEXCL's: it dies with the process, even where the far side of a pty holds
    the terminal open. Line-control calls that a port lacks (ENOTTY on a pty) are tolerated by pyserial. A pty
    carries whole bytes and refuses to be set to seven bits.
    """
    line = uri.profile.serial
    assert isinstance(uri.address, FileAddress), "parse_uri gives this way a path"
    assert line is not None, "no profile has this way without a line"
    if is_pty(uri.address.path):
        line = SerialLine(line.baud)
    return PortLink(
        serial.Serial(
            uri.address.path,
            baudrate=line.baud,
            bytesize=line.bits,
            parity=line.parity,
            stopbits=line.stop,
            rtscts=line.flow == "rtscts",
            xonxoff=line.flow == "xonxoff",
            dsrdtr=line.flow == "dsrdtr",
            timeout=0,
            write_timeout=0,
            exclusive=True,
        )
    )
