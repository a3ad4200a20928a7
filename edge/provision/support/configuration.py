"""An object's file that is wrong, for other eyes: what is harmless by its name stays, and the rest is x.

No net for secrets holds in a file that does not parse: a name that lost a letter, or a quote that is missing,
hides a secret from whoever looks for it. So nothing stays but what is known to be harmless: the names that an
object's file may have, and the values of those that are no secret. Lines and columns stay as they are, since
the sentence that says what is wrong counts them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from msgspec import inspect

from edge.config.sections import ObjectFile

# A value on one line, closed or not; an address with a login in it is none.
_VALUE: Final = (
    r""" "[^"\\@]*" | '[^'@]*' | ["'][^\s"'\\@#]* | [\w.:+-]+ | \[ (?:\s*"[^"\\@]*"\s*,?)* \s*\] """
)
_PAIR: Final = re.compile(
    rf"(?P<before>\s*)(?P<name>[\w-]+)(?P<is>\s*=\s*)(?:(?P<value>{_VALUE})(?=\s*(?:\#|$)))?(?P<rest>.*)",
    re.VERBOSE | re.DOTALL,
)
_HEADER: Final = re.compile(r"(?P<header>\s*\[{1,2}(?P<name>[\w-]+)\]{0,2})(?P<rest>\s*(?:#.*)?)", re.DOTALL)
_LETTER: Final = re.compile(r"""[^\s"'=#,\[\]{}]""")
# No line that an object's file needs is longer, and no name.
_LINE_CHARACTERS_MAX: Final = 400
_NAME_CHARACTERS_MAX: Final = 24
# "sitte" is 0.89 like "site"; what is less like any name is no name that somebody mistyped.
_LIKE: Final = 0.8


def _names_in(form: inspect.Type) -> Iterator[str]:
    """Every name in a form of msgspec's, however deep."""
    match form:
        case inspect.StructType():
            if form.tag_field is not None:
                yield form.tag_field
            for field in form.fields:
                yield field.encode_name
                yield from _names_in(field.type)
        case inspect.UnionType():
            for each in form.types:
                yield from _names_in(each)
        case inspect.VarTupleType():
            yield from _names_in(form.item_type)
        case _:  # a value has no names in it
            return


def _sections(form: inspect.Type) -> Iterator[tuple[str, frozenset[str]]]:
    assert isinstance(form, inspect.StructType)
    for field in form.fields:
        yield field.encode_name, frozenset(_names_in(field.type))


SECTIONS: Final[Mapping[str, frozenset[str]]] = dict(_sections(inspect.type_info(ObjectFile)))
"""The sections that an object's file may have, and what each may name."""
SECRET: Final = frozenset({"account", "secret", "key"})
"""Names of them whose values are nobody else's business, or that a secret's own name may end in."""

_NAMES: Final = frozenset[str]().union(SECTIONS, *SECTIONS.values())


def crossed_out(text: str) -> str:
    """`text` of an object's file, whatever is wrong with it, with x for all that may be a secret."""
    return "\n".join(_lines(text.split("\n")))


def _lines(lines: Iterable[str]) -> Iterator[str]:
    harmless = frozenset[str]()
    for line in lines:
        if len(line) > _LINE_CHARACTERS_MAX:
            yield _x(line)
        elif header := _HEADER.fullmatch(line):
            harmless = SECTIONS.get(header["name"], frozenset()) - SECRET
            yield (header["header"] if _is_name(header["name"]) else _x(header["header"])) + _x(
                header["rest"]
            )
        elif pair := _PAIR.fullmatch(line):
            yield _pair(pair, harmless)
        else:
            yield _x(line)


def _pair(pair: re.Match[str], harmless: frozenset[str]) -> str:
    """A name and its value: one that is no name of ours is nobody's to see, but for one mistyped."""
    before, name, equals, value, rest = (
        pair[each] or "" for each in ("before", "name", "is", "value", "rest")
    )
    value = value if name in harmless else _x(value)
    return f"{before}{name if _is_name(name) else _x(name)}{equals}{value}{_x(rest)}"


def _is_name(word: str) -> bool:
    """Whether it is a name that an object's file may have, or was meant to be one."""
    if word in _NAMES:
        return True
    return len(word) <= _NAME_CHARACTERS_MAX and bool(get_close_matches(word, _NAMES, n=1, cutoff=_LIKE))


def _x(text: str) -> str:
    return _LETTER.sub("x", text)
