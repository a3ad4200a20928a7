"""A script: what shoppers and a clumsy electrician do in the shop, step by step, read from a YAML file."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
import yaml

from simulators.demo.bad_days import BadDayError
from simulators.demo.shop_files import Shop

# A long day; a file beyond it is no script.
_SCRIPT_BYTES_MAX: Final = 256 * 1024
_STEPS_MAX: Final = 2_000
_COUNT_MAX: Final = 100

ALL: Final = "all"
RECEIPTS: Final = "receipts"


class Verb(Enum):
    """What can be done in a step."""

    HOLD = "hold"  # hold an item up to a mirror
    AWAY = "away"  # take it away from the mirror: back to the rail, or out of the shop if it was bought
    TAKE = "take"  # take packs from a shelf
    PUT_BACK = "put back"  # put them back on the shelf
    LAY = "lay"  # lay items into a tray
    TAKE_OUT = "take out"  # take them out of it: back to the rail
    SCAN = "scan"  # show the codes of items to a panel
    CARRY_OUT = "carry out"  # leave the shop with what was bought
    BUY = "buy"  # tap "Buy now", and see that it is yours
    CUT = "cut"  # pull the network cable
    PLUG = "plug"  # plug it in again
    WAIT = "wait"  # wait until the hub has confirmed everything


_GOODS: Final = frozenset({Verb.HOLD, Verb.TAKE, Verb.PUT_BACK, Verb.LAY, Verb.TAKE_OUT, Verb.SCAN})
_CABLES: Final = frozenset({Verb.CUT, Verb.PLUG})
_KINDS: Final = {
    Verb.HOLD: {"mirror"},
    Verb.AWAY: {"mirror"},
    Verb.TAKE: {"shelf"},
    Verb.PUT_BACK: {"shelf"},
    Verb.LAY: {"tray"},
    Verb.TAKE_OUT: {"tray"},
    Verb.SCAN: {"panel"},
    Verb.CARRY_OUT: {"shelf", "tray", "panel"},
}


class Step(msgspec.Struct, frozen=True):
    """One step: its line in the file, what is done, at which object, with how many units of what."""

    line: int
    verb: Verb
    object: str
    item: str = ""
    count: int = 1

    def __str__(self) -> str:
        words = [self.verb.value, self.object, self.item, f"x {self.count}" if self.count > 1 else ""]
        return " ".join(word for word in words if word)


class _WrongScriptError(Exception):
    """What was expected, and the place in the file where something else stands."""

    def __init__(self, node: yaml.Node | None, expected: str) -> None:
        super().__init__(expected)
        self.line = 1 if node is None else _line(node)


def read_script(path: Path, shop: Shop) -> tuple[Step, ...]:
    """The steps in `path`, checked against the shop; raises BadDayError: the line, and what was expected."""
    try:
        with path.open("rb") as file:
            data = file.read(_SCRIPT_BYTES_MAX + 1)
    except OSError as error:
        raise BadDayError(f"The script {path} cannot be read ({error.strerror}): see `ls {path}`.") from error
    if len(data) > _SCRIPT_BYTES_MAX:
        raise BadDayError(f"The script {path} is longer than {_SCRIPT_BYTES_MAX} bytes: split it in two.")
    try:
        return tuple(_steps(data, shop))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _bad_line(path, line, f"expected YAML, got something else ({error.problem})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _bad_line(path, 1, "expected YAML in UTF-8, got other bytes") from error
    except _WrongScriptError as error:
        raise _bad_line(path, error.line, str(error)) from error


def _bad_line(path: Path, line: int, what: str) -> BadDayError:
    return BadDayError(f"{path}, line {line}: {what}; mend it with `nano +{line} {path}`.")


def _steps(data: bytes, shop: Shop) -> Iterator[Step]:
    root = yaml.compose(data.decode("utf-8"), Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.SequenceNode) or not root.value:
        raise _WrongScriptError(root, "expected a list of steps, such as `- buy: mirror-4`")
    if len(root.value) > _STEPS_MAX:
        raise _WrongScriptError(root.value[_STEPS_MAX], f"expected at most {_STEPS_MAX} steps")
    for node in root.value:
        yield _step(node, shop)


def _step(node: yaml.Node, shop: Shop) -> Step:
    if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
        raise _WrongScriptError(node, "expected one step, such as `- buy: mirror-4`")
    key, value = node.value[0]
    verb = _verb(key)
    if verb in _GOODS:
        return _with_goods(verb, key, value, shop)
    if verb is Verb.WAIT:
        return Step(_line(key), verb, _one_of(value, [RECEIPTS]))
    names = _objects(verb, shop) + ([ALL] if verb in _CABLES else [])
    return Step(_line(key), verb, _one_of(value, names))


def _verb(node: yaml.Node) -> Verb:
    return Verb(_one_of(node, [verb.value for verb in Verb]))


def _with_goods(verb: Verb, key: yaml.Node, value: yaml.Node, shop: Shop) -> Step:
    if not isinstance(value, yaml.MappingNode):
        raise _WrongScriptError(value, f"expected `{verb.value}: {{object: ..., item: ...}}`")
    fields = {_one_of(name, ["object", "item", "count"]): node for name, node in value.value}
    if missing := {"object", "item"} - fields.keys():
        raise _WrongScriptError(key, f"expected {min(missing)!r} after {verb.value!r}")
    return Step(
        _line(key),
        verb,
        _one_of(fields["object"], _objects(verb, shop)),
        _one_of(fields["item"], sorted({product.name for product in shop.products})),
        _count(fields.get("count"), 1 if verb is Verb.HOLD else _COUNT_MAX),
    )


def _count(node: yaml.Node | None, most: int) -> int:
    if node is None:
        return 1
    text = _text(node)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
        raise _WrongScriptError(node, f"expected a count from 1 to {most}, got {text!r}")
    return int(text)


def _objects(verb: Verb, shop: Shop) -> list[str]:
    kinds = _KINDS.get(verb)
    return [plan.id for plan in shop.objects if kinds is None or plan.kind in kinds]


def _one_of(node: yaml.Node, names: list[str]) -> str:
    text = _text(node)
    if text not in names:
        raise _WrongScriptError(node, f"expected one of {', '.join(names)}, got {text!r}")
    return text


def _text(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _WrongScriptError(node, "expected a word, got a list or a mapping")
    return str(node.value)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
