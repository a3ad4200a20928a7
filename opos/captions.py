"""What a module is for: the first line of its docstring, read from its source without importing it."""

import re
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Final

# A docstring stands at the top, below a shebang and a licence at most: none that we met is half as long.
HEAD_CHARS_MAX: Final = 4096
BLANKS_AND_COMMENTS = r"(?:[ \t]*(?:#[^\n]*)?\n)*"
DOCSTRING = re.compile(
    BLANKS_AND_COMMENTS + r"[rRuU]?(?P<quote>\"{3}|'{3}|\"|')\\?\s*(?P<caption>.*?)(?:(?P=quote)|\n|\Z)"
)


class NoModuleError(Exception):
    """A module's source is not where Python would look for it."""


def caption(module: str) -> str:
    """Say what `module` is for; empty when it does not say so itself.

    Raises NoModuleError when there is no such module. Nothing is imported: a command line that only lists its
    commands must not pay for them.
    """
    source = _source(module)
    if source is None or source.suffix != ".py":
        return ""
    try:
        with source.open(encoding="utf-8-sig", errors="replace") as file:
            head = file.read(HEAD_CHARS_MAX)
    except OSError as error:
        raise NoModuleError(f"{source}: {error.strerror}") from error
    found = DOCSTRING.match(head)
    return found["caption"].strip() if found else ""


def _source(module: str) -> Path | None:
    """Walk down from the top package, since `find_spec` of a dotted name would import its parents.

    A namespace package has no source.
    """
    top, *below = module.split(".")
    spec = _at_the_top(top)
    for name in below:
        # By its last name alone: that is all that a finder of files looks at.
        spec = PathFinder.find_spec(name, spec.submodule_search_locations or []) if spec else None
    if spec is None:
        raise NoModuleError(f"no module named {module!r}")
    return Path(spec.origin) if spec.origin else None


def _at_the_top(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except ValueError:  # no name at all, or a module that was put into sys.modules by hand
        return None
