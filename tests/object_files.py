"""The object.toml of a mirror on paper: one reader, a glass, a way to be paid, a line to a hub."""

from typing import Final

DESK: Final = 'kind = "desk"'
HOUSE_ACCOUNT: Final = 'kind = "house-account"\naccount = "a7Kx"'
NO_READER: Final = "serial:/nowhere?profile=r200"

_TEXT: Final = """\
[object]
id = "{name}"
kind = "mirror"
name = "{name}"
tenant = "demo"
site = "corner"
sells_from = "floor"
[display]
port = {port}
[tender]
{tender}
[sync]
broker = "{broker}"
hub = "{hub}"
[[peripheral]]
role = "reader"
uri = "{reader}"
"""


def mirror(
    name: str,
    *,
    port: int = 1,
    tender: str = HOUSE_ACCOUNT,
    broker: str = "127.0.0.1:1",
    hub: str = "http://127.0.0.1:1",
    reader: str = NO_READER,
) -> str:
    """The words of its object.toml; nobody listens at the ports 1, and no device is at `reader`."""
    return _TEXT.format(name=name, port=port, tender=tender, broker=broker, hub=hub, reader=reader)
