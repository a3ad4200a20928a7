"""A scenario's file: which bench, who listens, and the steps of hands, waits and expectations."""

from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import yaml
from msgspec import Meta

from simulators.devices.device import RefusedError, understood

SUFFIX: Final = ".scenario.yaml"
# A day of a shop in a file is a few hundred steps.
STEPS_MAX: Final = 2000
# The longest that anything on a bench takes is a scale that waits five seconds for rest.
WITHIN_MS: Final = 6000
# As many steps take a tenth of it; a file that never ends (/dev/zero) must not fill the memory.
_CHARACTERS_MAX: Final = 2_000_000

Fields = dict[str, Any]
Milliseconds = Annotated[int, Meta(ge=0, le=600_000)]


class Hand(msgspec.Struct, frozen=True):
    """An order to a device: a verb and its fields, as `opos sim` gives them."""

    device: str
    verb: str
    fields: Fields

    def __str__(self) -> str:
        fields = "".join(f" {key}={value}" for key, value in self.fields.items())
        return f"{self.verb} {self.device}{fields}"


class Wait(msgspec.Struct, frozen=True):
    """Let so much time pass."""

    ms: Milliseconds

    def __str__(self) -> str:
        return f"wait {self.ms} ms"


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"listener": "from"}):
    """A reading must be heard, with at least these fields; what comes before it is passed over."""

    listener: str
    reading: Fields
    within_ms: Milliseconds = WITHIN_MS

    def __str__(self) -> str:
        return f"expect from {self.listener}: {_words(self.reading)}"


class Never(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"listener": "from"}):
    """No such reading may be heard, since the last step that listened and for so long."""

    listener: str
    reading: Fields
    for_ms: Milliseconds = 0

    def __str__(self) -> str:
        return f"never from {self.listener}: {_words(self.reading)}"


class Status(msgspec.Struct, frozen=True):
    """The device itself must say this."""

    device: str
    fields: Fields

    def __str__(self) -> str:
        return f"status of {self.device}: {_words(self.fields)}"


Step = Hand | Wait | Expect | Never | Status


class ScenarioFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, its steps still unread."""

    about: str
    bench: str
    steps: Annotated[list[Fields], Meta(min_length=1, max_length=STEPS_MAX)]
    listen: dict[str, str] = {}


class Scenario(msgspec.Struct, frozen=True):
    """A scenario as its file describes it; `listen` is name -> URI with `{at}` for its place."""

    file: Path
    about: str
    bench: Path
    listen: dict[str, str]
    steps: tuple[Step, ...]


def read_scenario(file: Path) -> Scenario:
    """Read a scenario; RefusedError names the file, the step, and what is wrong in it."""
    try:
        with file.open(encoding="utf-8") as opened:
            fields = yaml.safe_load(opened.read(_CHARACTERS_MAX))
    except OSError as error:
        raise RefusedError(f"{file} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(f"{file} is no YAML: {error}") from error
    read: ScenarioFile = understood(fields, ScenarioFile, str(file))
    steps = tuple(_step(file, number, fields) for number, fields in enumerate(read.steps, 1))
    for number, step in enumerate(steps, 1):
        if isinstance(step, Expect | Never) and step.listener not in read.listen:
            nobody = f"nobody listens as {step.listener!r}: name a URI for it under `listen`"
            raise RefusedError(f"{file}, step {number}: {nobody}")
    return Scenario(file, read.about, file.absolute().parent / read.bench, read.listen, steps)


def _step(file: Path, number: int, fields: Fields) -> Step:
    where = f"{file}, step {number}"
    if len(fields) != 1:
        raise RefusedError(f"{where}: expected one word, as in `- wait_ms: 200`, got {', '.join(fields)}")
    word, said = next(iter(fields.items()))
    match word:
        case "wait_ms":
            return Wait(understood(said, Milliseconds, f"{where}, wait_ms"))
        case "expect":
            expect: Expect = understood(said, Expect, f"{where}, expect")
            return expect
        case "never":
            never: Never = understood(said, Never, f"{where}, never")
            return never
        case _:
            return _order(where, word, said)


def _order(where: str, word: str, said: Any) -> Hand | Status:
    if not isinstance(said, dict) or not isinstance(said.get("device"), str):
        raise RefusedError(f"{where}: expected `{word}: {{device: NAME, ...}}`, got {said!r}")
    rest = {key: value for key, value in said.items() if key != "device"}
    return Status(said["device"], rest) if word == "status" else Hand(said["device"], word, rest)


def _words(fields: Fields) -> str:
    return " ".join(f"{key}={value}" for key, value in fields.items())
