"""A device in an object's file: its line is written or changed, and every other byte stays as it is."""

from pathlib import Path
from typing import Any, Final

import msgspec
import tomlkit
from tomlkit.items import AoT

from edge.config import PeripheralSection
from edge.provision.rewriting import rewrite

_SECTION: Final = "peripheral"


def with_peripheral(text: str, device: PeripheralSection) -> str:
    """`text` of an object.toml with this device in the place of the one of its role and name."""
    document = tomlkit.parse(text)
    listed: Any = document.setdefault(_SECTION, tomlkit.aot())
    for each in listed:
        if (each["role"], each.get("name")) == (device.role, device.name):
            each["uri"] = device.uri
            return tomlkit.dumps(document)
    fields = {name: value for name, value in msgspec.to_builtins(device).items() if value is not None}
    new = tomlkit.table() if isinstance(listed, AoT) else tomlkit.inline_table()
    new.update(fields)
    listed.append(new)
    return tomlkit.dumps(document)


def put_in_place(file: Path, device: PeripheralSection) -> bool:
    """Write the device into `file`, once the whole was checked; False where it stands there already.

    What was there before is kept beside it. Raises ConfigError, OSError.
    """
    before = file.read_bytes().decode()  # as it is: `read_text` would give every line Unix's end
    after = with_peripheral(before, device)
    if after == before:
        return False
    rewrite(file, after.encode())
    return True
