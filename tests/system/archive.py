"""A Debian package as a file: what dpkg reads about it is changed, what it brings stays byte for byte.

deb(5): an archive of ar's with three members, of which the second holds what dpkg reads about the package.
"""

import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

_MAGIC: Final = b"!<arch>\n"
# ar(5): name, time, owner, group, mode, size and an end of two bytes.
_HEAD_BYTES: Final = 60
_SIZE: Final = slice(48, 58)
_NAME: Final = slice(0, 16)

Change = Callable[[str, str], str]
"""The name of a file and its text: the text that it gets."""


def rewrite(source: Path, target: Path, change: Change) -> None:
    """Write `source` to `target`, with the texts of its control archive changed."""
    with target.open("wb") as file:
        file.write(_MAGIC)
        for head, body in _members(source.read_bytes()):
            if head[_NAME].startswith(b"control.tar"):
                _write(file, head, _changed(body, _packed(head), change))
            else:
                _write(file, head, body)


def _members(package: bytes) -> Iterator[tuple[bytes, bytes]]:
    assert package.startswith(_MAGIC), "an archive of ar's"
    at = len(_MAGIC)
    while at < len(package):
        head = package[at : at + _HEAD_BYTES]
        size = int(head[_SIZE])
        yield head, package[at + _HEAD_BYTES : at + _HEAD_BYTES + size]
        at += _HEAD_BYTES + size + size % 2


def _write(file: io.BufferedWriter, head: bytes, body: bytes) -> None:
    size = str(len(body)).encode().ljust(_SIZE.stop - _SIZE.start)
    file.write(head[: _SIZE.start] + size + head[_SIZE.stop :] + body + b"\n" * (len(body) % 2))


def _packed(head: bytes) -> Literal["w:gz", "w:xz"]:
    return "w:xz" if head[_NAME].rstrip(b" /").endswith(b".xz") else "w:gz"


def _changed(control: bytes, mode: Literal["w:gz", "w:xz"], change: Change) -> bytes:
    made = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(control)) as old,
        tarfile.open(fileobj=made, mode=mode, format=tarfile.GNU_FORMAT) as new,
    ):
        for member in old:
            content = old.extractfile(member)
            if content is None:
                new.addfile(member)
                continue
            text = change(member.name, content.read().decode()).encode()
            member.size = len(text)
            new.addfile(member, io.BytesIO(text))
    return made.getvalue()
