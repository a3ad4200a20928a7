"""The bundle: every part redacted, then packed with a list of what it holds; there is no other door."""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from edge.provision.support.contents import NotFoundOutError, Part, text_of
from edge.provision.support.redaction import Redactor

LIST: Final = "CONTENTS.txt"

# What somebody far away reads; the newest of a longer text stays.
PART_CHARACTERS_MAX: Final = 1_000_000
# As much of a text that never ends is looked through for secrets: some seconds on a board.
_READ_CHARACTERS_MAX: Final = 4_000_000
_CUT: Final = "[cut]\n"

_WORDS: Final = """\
This is about one object of a shop: {name}. It was made by `opos support bundle`.
It holds no key, claim, code of a member, number of a card, and nobody's name, as far as a program can know:
what was taken out has a word in [brackets] in its place. Read it before you send it.

"""
_LEFT_OUT: Final = """
Left out on purpose: the keys and what seals them, the claim, the list of staff, what was sold, wallets.
"""
_NO_MORE: Final = "Left out though it was wanted: nothing.\n"
_MORE: Final = "Left out though it was wanted:\n"


class Held(msgspec.Struct, frozen=True):
    """One file of a bundle: what it is, how long it is, and how much of which kind was taken out of it."""

    name: str
    what: str
    bytes: int
    sha256: str
    redacted: dict[str, int]
    is_cut: bool = False
    """Whether it was longer: its end is there."""


class LeftOut(msgspec.Struct, frozen=True):
    """What is not in a bundle, or not whole, and why."""

    name: str
    why: str


class BundleExistsError(Exception):
    """A file of this name is there already."""


class Collected(msgspec.Struct, frozen=True):
    """What there is to pack."""

    files: tuple[tuple[Held, bytes], ...]
    left_out: tuple[LeftOut, ...]


def collected(
    parts: Sequence[Part], redactor: Redactor, told: Callable[[str], None], known: Sequence[LeftOut] = ()
) -> Collected:
    """What every part says, without its secrets; `told` hears each name.

    What is `known` to be missing is said in those words.
    """
    files, left_out = [], [LeftOut(each.name, redactor.redact(each.why).text) for each in known]
    for part in parts:
        told(part.name)
        try:
            text = text_of(part)
        except NotFoundOutError as error:
            if part.name not in {each.name for each in known}:
                left_out.append(LeftOut(part.name, redactor.redact(str(error)).text))
            continue
        redacted = redactor.redact(_newest(text, _READ_CHARACTERS_MAX))
        data = _newest(redacted.text, PART_CHARACTERS_MAX).encode("utf-8", "backslashreplace")
        digest, is_cut = hashlib.sha256(data).hexdigest(), data.startswith(_CUT.encode())
        files.append((Held(part.name, part.what, len(data), digest, redacted.found, is_cut), data))
    return Collected(tuple(files), tuple(left_out))


def _newest(text: str, most: int) -> str:
    """The end of a long text, in whole lines: half a secret is one that nobody would know."""
    return text if len(text) <= most else f"{_CUT}{text[-most:].partition(chr(10))[2]}"


def check_place(out: Path) -> None:
    """Return if a bundle may be written to `out`: asked before all of it is collected.

    Raises BundleExistsError, OSError.
    """
    if out.exists() or out.is_symlink():
        raise _exists(out)
    try:
        with tempfile.TemporaryFile(dir=out.absolute().parent):
            pass
    except OSError as error:
        raise _elsewhere(out.absolute().parent, error) from error


def write_bundle(out: Path, name: str, found: Collected, at_s: int) -> None:
    """Write the bundle of the object `name` to `out`, for its owner's eyes alone: whole, or not at all.

    Raises BundleExistsError, OSError.
    """
    files = [(LIST, listed(name, found).encode()), *((held.name, data) for held, data in found.files)]
    packed = _packed(files, out.name, at_s)
    try:
        # Straight to its name: a stick of somebody's may know no links, and nothing is ever written over.
        file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise _exists(out) from error
    except OSError as error:
        raise _elsewhere(out, error) from error
    with ExitStack() as half:
        half.callback(out.unlink, missing_ok=True)  # also at Ctrl-C: half a bundle is none
        try:
            with os.fdopen(file, "wb", buffering=0) as opened:
                _write(opened.fileno(), packed)
        except OSError as error:
            raise _elsewhere(out, error) from error
        half.pop_all()


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.fsync(file)


def _elsewhere(place: Path, error: OSError) -> OSError:
    return OSError(error.errno, f"{error.strerror}: choose another place by --out", str(place))


def _exists(out: Path) -> BundleExistsError:
    return BundleExistsError(f"{out} is there already: choose another name, or remove it")


def listed(name: str, found: Collected) -> str:
    """What a bundle of the object `name` holds, and what it does not and why."""
    held = "".join(_line(held) for held, _ in found.files)
    wanted = "".join(f"{each.name}: {each.why}\n" for each in found.left_out)
    return _WORDS.format(name=name) + held + _LEFT_OUT + (f"{_MORE}{wanted}" if wanted else _NO_MORE)


def _line(held: Held) -> str:
    taken = ", ".join(f"{count} {name}" for name, count in held.redacted.items())
    notes = [f" (taken out: {taken})"] if taken else []
    notes += [" (its end alone)"] if held.is_cut else []
    return f"{held.name:<20}{held.bytes:>9} bytes  {held.what}{''.join(notes)}\n"


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
