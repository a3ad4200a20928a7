"""The answers to what `opos setup` asks, from flags, a file or a person: checked before any is used."""

import re
import string
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Annotated, Final, get_args

import msgspec

from edge.config import Kind, PeripheralSection, Role
from edge.drivers.profiles import load
from edge.drivers.uris import PeripheralUriError, parse_uri, tcp_address
from edge.provision.object_file import NO_TERMINAL

PORT: Final = 8101
"""Where the glass of an object is served unless somebody says otherwise."""
WAIT_S: Final = 600
"""A person's way from the object to the hub and back."""
WAIT_S_MAX: Final = 86_400

# Terminals of this kind listen in the network; its profile knows where unless one was set otherwise.
_TERMINAL: Final = "zvt-tcp"
# As people say that there is none: no machine is called so.
_NONE: Final = frozenset({NO_TERMINAL, "no", "n", "-"})
_HOST_CHARACTERS: Final = frozenset(f"{string.ascii_letters}{string.digits}-._:")

# A file that is longer holds something else.
_BYTES_MAX: Final = 64 * 1024
_LOOK_MAX: Final = 16
# It stands in every entry that bills to it.
_ACCOUNT_CHARS_MAX: Final = 64

_Seconds = Annotated[int, msgspec.Meta(ge=1, le=WAIT_S_MAX)]
_Port = Annotated[int, msgspec.Meta(ge=1, le=65_535)]


# What msgspec calls the sorts of values, in words.
_WORDS: Final[Mapping[str, str]] = {
    "int": "a whole number",
    "float": "a number with a point",
    "str": "a text in quotes",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}
_NUMBER: Final = re.compile(r"\[(\d+)\]")


class AnswersError(ValueError):
    """An answer that cannot be worked by: which one, and what was expected."""


class MissingAnswerError(AnswersError):
    """Nobody is there to be asked, and there is no answer: the flag that gives one."""


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is answered so far; None is what nobody has said anything about.

    `claim` is the claim itself, a file that holds it, `-` for stdin or `scan` for a scanner; `look` names
    more places to look for devices at. The words are those of the file and, with dashes, of the flags.
    """

    claim: str | None = None
    kind: Kind | None = None
    peripheral: tuple[PeripheralSection, ...] | None = None
    terminal: str | None = None
    glass: bool | None = None
    look: Annotated[tuple[str, ...], msgspec.Meta(max_length=_LOOK_MAX)] = ()
    port: _Port | None = None
    account: str | None = None
    wait_s: _Seconds | None = None

    def over(self, other: "Answers") -> "Answers":
        """These, and for what they leave open those of `other`."""
        unsaid = msgspec.structs.asdict(Answers())
        said = {name: value for name, value in msgspec.structs.asdict(self).items() if value != unsaid[name]}
        return msgspec.structs.replace(other, **said)


class Decisions(msgspec.Struct, frozen=True):
    """All answers, complete: what is set up. Without a `claim` an object that is enrolled stays so.

    The `terminal` is a URI or NO_TERMINAL; None leaves the ways to pay of an object that is there.
    """

    claim: str
    kind: Kind
    peripherals: tuple[PeripheralSection, ...]
    terminal: str | None
    glass: bool
    port: int = PORT
    account: str | None = None
    wait_s: int = WAIT_S


def answers_of(decisions: Decisions) -> Answers:
    """The answers that have led to these decisions."""
    return Answers(
        claim=decisions.claim or None,
        kind=decisions.kind,
        peripheral=decisions.peripherals,
        terminal=decisions.terminal,
        glass=decisions.glass,
        port=decisions.port,
        account=decisions.account,
        wait_s=decisions.wait_s,
    )


def read_answers(path: Path) -> Answers:
    """The answers in a TOML file; raises AnswersError with the name that was meant for one that is wrong."""
    try:
        with path.open("rb") as file:
            return answers_in(str(path), file)
    except OSError as error:
        raise AnswersError(f"{path}: cannot be read: {error.strerror}") from error


def answers_in(name: str, file: IO[bytes]) -> Answers:
    """The same out of what is open already and is called `name`. Raises AnswersError, OSError."""
    try:
        told = tomllib.loads(_text(file))
    except RecursionError as error:  # tomllib says so of brackets in brackets without end
        raise AnswersError(f"{name}: brackets in brackets without end: these are no answers") from error
    except UnicodeDecodeError as error:
        raise AnswersError(f"{name}: byte {error.start} is no UTF-8: save the file as UTF-8") from error
    except ValueError as error:
        raise AnswersError(f"{name}: {error}") from error
    try:
        _refuse_strangers(told)
        answers = msgspec.convert(told, type=Answers)
        check(answers)
    except msgspec.ValidationError as error:
        raise AnswersError(f"{name}: {in_words(str(error))}") from error
    except AnswersError as error:
        raise AnswersError(f"{name}: {error}") from error
    return answers


def in_words(said: str) -> str:
    """What msgspec says of a value, for a person: where first, and no word of a programmer's."""
    what, _, where = said.replace(" | null`", "`").rstrip("`").partition(" - at `$")
    for name, words in _WORDS.items():
        what = what.replace(f"`{name}`", words)
    what = what.replace("`", "'")
    place = _NUMBER.sub(lambda found: f" {int(found[1]) + 1}", where).strip(". ").replace(".", ": ")
    return f"{place}: {what[:1].lower()}{what[1:]}" if place else what


def _text(file: IO[bytes]) -> str:
    """All of a file that is short enough: what is cut off would be missing. Raises OSError, ValueError."""
    raw = file.read(_BYTES_MAX + 1)
    if len(raw) > _BYTES_MAX:
        raise ValueError(f"it is longer than {_BYTES_MAX // 1024} KiB: these are no answers")
    return raw.decode()


def check(answers: Answers) -> None:
    """Return if every address and name in `answers` could be one. Raises AnswersError."""
    for device in answers.peripheral or ():
        if device.role != "camera":  # its address is read by the camera's own process
            _check_uri(device.uri)
    for place in answers.look:
        _check_place(place)
    if answers.terminal is not None:
        terminal_uri(answers.terminal)
    if answers.account is not None:
        check_account(answers.account)


def check_account(account: str) -> None:
    """Return if a house account may be called so. Raises AnswersError."""
    if not 0 < len(account) <= _ACCOUNT_CHARS_MAX or not account.isprintable() or " " in account:
        raise AnswersError(
            f"account: expected a pseudonym of 1 to {_ACCOUNT_CHARS_MAX} characters without blanks, got"
            f" {account!r}"
        )


def terminal_uri(text: str) -> str:
    """The URI of a card terminal, or NO_TERMINAL: `none`, HOST, HOST:PORT or a URI. Raises AnswersError."""
    if text.strip().lower() in _NONE:
        return NO_TERMINAL
    if "?" not in text:
        return _terminal_at(text)
    profile = _check_uri(text)
    if profile != "payment terminal":
        raise AnswersError(f"terminal: {text!r} is a {profile}: expected a payment terminal")
    return text


def _terminal_at(where: str) -> str:
    """The URI of a terminal in the network that is named as its box does."""
    named = f"{where}:{load(_TERMINAL).tcp_port}" if ":" not in where or where.endswith("]") else where
    try:
        address = tcp_address(named)
    except PeripheralUriError as error:
        raise AnswersError(f"terminal: expected none, HOST:PORT or a URI, got {where!r}") from error
    if not address.host or set(address.host) - _HOST_CHARACTERS or (":" in address.host) != ("[" in named):
        raise AnswersError(f"terminal: expected none, HOST:PORT or a URI, got {where!r}")
    return f"tcp:{named}?profile={_TERMINAL}"


def _check_place(where: str) -> None:
    """A place to look at: a path, or a port in the network."""
    try:
        if not where.startswith("/"):
            tcp_address(where)
    except PeripheralUriError as error:
        raise AnswersError(f"look: expected a path (/dev/ttyS0) or HOST:PORT, got {where!r}") from error


def _check_uri(text: str) -> str:
    """What kind of device is at `text`."""
    try:
        return parse_uri(text).profile.device
    except PeripheralUriError as error:
        raise AnswersError(str(error)) from error


def _refuse_strangers(told: dict[str, object]) -> None:
    """A word that is not understood is never ignored: what it was to say would be missing."""
    _refuse_names("", told, Answers)
    _refuse_other("kind", told.get("kind"), get_args(Kind))
    devices = told.get("peripheral")
    for number, device in enumerate(devices if isinstance(devices, list) else (), 1):
        if isinstance(device, dict):
            _refuse_names(f"peripheral {number}: ", device, PeripheralSection)
            _refuse_other(f"peripheral {number}: role", device.get("role"), get_args(Role))


def _refuse_names(where: str, told: dict[str, object], form: type[msgspec.Struct]) -> None:
    names = form.__struct_fields__
    for name in told:
        if name not in names:
            near = get_close_matches(name.replace("-", "_").lower(), names, n=1)
            meant = f": did you mean {near[0]!r}?" if near else f": expected some of {', '.join(names)}"
            raise AnswersError(f"{where}{name!r} is no answer{meant}")


def _refuse_other(where: str, word: object, words: tuple[str, ...]) -> None:
    if isinstance(word, str) and word not in words:
        raise AnswersError(f"{where}: expected one of {', '.join(words)}, got {word!r}")


EXAMPLE: Final = """\
# Answers for `opos setup --answers FILE`. Every line may go: what nobody answers is asked, or where nobody is
# there to be asked, taken from what was found. Each is a flag as well: `opos setup --help`.

# The claim that the hub made (`opos hub claim`): its text, or the file that holds it. It is good once.
claim = "/etc/opos/claim"

# mirror, shelf, tray or panel. The claim must be for the same.
kind = "shelf"

# A card terminal: HOST, HOST:PORT or a URI; "none" where sales go on the house account.
terminal = "none"

# The house account that sales then go on; without one it is the same for all objects of the site.
# account = "a7KxQ2mQ9vR4"

# Whether this machine drives a glass of its own (opos-kiosk); without one the glass is a page at `port`.
glass = false
port = 8101

# More places to look for devices at, beside what is plugged in: a path, or HOST:PORT in the network.
# look = ["/dev/serial0", "10.0.0.9:4001"]

# How long to wait for a person to confirm the code at the hub, in seconds.
wait_s = 600

# The devices. Without any of these those that are found are taken.
[[peripheral]]
role = "scale"
uri = "serial:/dev/opos/scale0?profile=mt-sics"

[[peripheral]]
role = "reader"
uri = "serial:/dev/opos/reader0?profile=r200"
"""
"""A file of answers with all that can be said in it."""
