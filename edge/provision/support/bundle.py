"""The bundle: every part redacted, then packed with a list of what it holds; there is no other door."""

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from edge.identity import keep_file
from edge.provision.support.contents import Part, text_of
from edge.provision.support.redaction import Redactor

LIST: Final = "CONTENTS.txt"

_WORDS: Final = """\
This is about one object of a shop: {name}. It was made by `opos support bundle`.
It holds no key, claim, code of a member, number of a card, and nobody's name, as far as a program can know:
what was taken out has a word in [brackets] in its place. Read it before you send it.

"""


class Held(msgspec.Struct, frozen=True):
    """One file of a bundle: what it is, how long it is, and how much of which kind was taken out of it."""

    name: str
    what: str
    bytes: int
    sha256: str
    redacted: dict[str, int]


class BundleExistsError(Exception):
    """A file of this name is there already."""


def collected(
    parts: Sequence[Part], redactor: Redactor, told: Callable[[str], None]
) -> list[tuple[Held, bytes]]:
    """What every part says, without its secrets; `told` hears each name."""
    found = []
    for part in parts:
        told(part.name)
        redacted = redactor.redact(text_of(part))
        data = redacted.text.encode()
        digest = hashlib.sha256(data).hexdigest()
        found.append((Held(part.name, part.what, len(data), digest, redacted.found), data))
    return found


def check_place(out: Path) -> None:
    """Return if a bundle may be written to `out`: asked before all of it is collected.

    Raises BundleExistsError, OSError.
    """
    if out.exists():
        raise BundleExistsError(f"{out} is there already: choose another name, or remove it")
    with tempfile.TemporaryFile(dir=out.absolute().parent):
        pass


def write_bundle(out: Path, name: str, found: Sequence[tuple[Held, bytes]], at_s: int) -> None:
    """Write the bundle of the object `name` to `out`, for its owner's eyes alone.

    Raises BundleExistsError, OSError.
    """
    check_place(out)
    listed = _WORDS.format(name=name) + "".join(_line(held) for held, _ in found)
    files = [(LIST, listed.encode()), *((held.name, data) for held, data in found)]
    keep_file(out, _packed(files, out.name, at_s), mode=0o600)


def _line(held: Held) -> str:
    taken = ", ".join(f"{count} {name}" for name, count in held.redacted.items())
    return f"{held.name:<20}{held.bytes:>9} bytes  {held.what}{f' (taken out: {taken})' if taken else ''}\n"


def _packed(files: Iterable[tuple[str, bytes]], name: str, at_s: int) -> bytes:
    """A .tar.gz in memory: a part has its limit, and there are a dozen."""
    folder = name.partition(".")[0] or "opos-support"
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tar:
        for path, data in files:
            entry = tarfile.TarInfo(f"{folder}/{path}")
            entry.size, entry.mtime, entry.mode = len(data), at_s, 0o600
            tar.addfile(entry, io.BytesIO(data))
    return whole.getvalue()
