"""A USB device that the guest plugs into itself: the kernel is both ends of a controller that is not there.

Source: the kernel's Documentation/usb/gadget_configfs.rst, usb/gadget_serial.rst, usb/gadget_printer.rst
and usb/gadget_hid.rst.
"""

import asyncio
import errno
import os
import tty
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

# An identity that pid.codes keeps free for tests.
VENDOR, PRODUCT = "0x1209", "0x0003"
_GADGETS: Final = Path("/sys/kernel/config/usb_gadget")
_CONTROLLER: Final = "dummy_udc.0"
_READ_BYTES: Final = 4096
# The host has asked a device for everything within a second or two.
_LOOKS: Final = 500
# Function of a gadget -> where the device itself speaks and hears.
_NODES: Final = {"acm": "/dev/ttyGS0", "printer": "/dev/g_printer0", "hid": "/dev/hidg0"}


class GadgetPort:
    """The device's end of a USB cable; a bench plugs it in and out as any other port.

    `settings` are what the kernel must be told of the function, by the name of its file.
    """

    host_baud = None

    def __init__(self, function: str, settings: Mapping[str, bytes]) -> None:
        self._function = function
        self._settings = settings
        self._gadget = _GADGETS / function
        self._fd: int | None = None

    @property
    def address(self) -> str:
        """Its function."""
        return f"usb:{self._function}"

    async def open(self, heard: Callable[[bytes], None]) -> None:
        """Plug it in."""
        if not self._gadget.exists():
            self._make()
        (self._gadget / "UDC").write_text(_CONTROLLER)
        self._fd = fd = await _opened(_NODES[self._function])
        if os.isatty(fd):
            tty.setraw(fd)
        asyncio.get_running_loop().add_reader(fd, lambda: heard(os.read(fd, _READ_BYTES)))

    def write(self, data: bytes) -> None:
        """Say it; what the host does not take is lost."""
        assert self._fd is not None, "only what is plugged in speaks"
        try:
            os.write(self._fd, data)
        except (BlockingIOError, BrokenPipeError):  # its line is full; the host has not set it up
            return

    def close(self) -> None:
        """Pull it out."""
        if self._fd is None:
            return
        asyncio.get_running_loop().remove_reader(self._fd)
        (self._gadget / "UDC").write_text("\n")
        os.close(self._fd)
        self._fd = None

    def _make(self) -> None:
        texts = {"idVendor": VENDOR, "idProduct": PRODUCT, "strings/0x409/manufacturer": "OPOS"}
        texts |= {
            "strings/0x409/product": f"Simulated {self._function}",
            "strings/0x409/serialnumber": "0001",
        }
        function, configuration = f"{self._function}.usb0", self._gadget / "configs/c.1"
        for folder in (self._gadget / "strings/0x409", self._gadget / "functions" / function, configuration):
            folder.mkdir(parents=True)
        for name, text in texts.items():
            (self._gadget / name).write_text(text)
        for name, data in self._settings.items():
            (self._gadget / "functions" / function / name).write_bytes(data)
        (configuration / function).symlink_to(self._gadget / "functions" / function)


async def _opened(node: str) -> int:
    """Open the device's end; that of a printer is no device before the host has set it up."""
    for _ in range(_LOOKS):
        try:
            return os.open(node, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise
        await asyncio.sleep(0.02)
    raise TimeoutError(f"the host has not set up {node}")
