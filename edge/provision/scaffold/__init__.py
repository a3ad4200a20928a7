"""A new driver's package, written out whole: driver, simulator, profile, and tests that pass at once.

The templates lie beside this file; their names are those of the files to be, `package` is the module's.
"""

import re
from pathlib import Path
from typing import Final

import jinja2

from edge.drivers.registry import protocols

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME_MAX: Final = 40
_TEMPLATES: Final = Path(__file__).parent / "templates"
_SUFFIX: Final = ".jinja"
_ENVIRONMENT: Final = jinja2.Environment(
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 (Python, TOML and Markdown are written, never a page)
)


class ScaffoldError(ValueError):
    """A driver that cannot be begun; the message says why, and what to do."""


def begin(name: str, where: Path) -> list[Path]:
    """Write the package of a new driver for the protocol `name` into the folder `where/opos-NAME`.

    Gives the files that were written, the README first; raises ScaffoldError.
    """
    if not _NAME.fullmatch(name) or len(name) > _NAME_MAX:
        raise ScaffoldError(
            f"{name!r} is no name of a protocol: expected small letters, digits and -, as in acme-7"
        )
    if name in protocols():
        raise ScaffoldError(f"{name!r} is spoken already: choose another name")
    folder = where / f"opos-{name}"
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise ScaffoldError(f"{folder} is there already: choose another name or folder") from error
    words = {"name": name, "module": f"opos_{name.replace('-', '_')}", "title": _title(name)}
    written = [_write(template, folder, words) for template in sorted(_TEMPLATES.rglob(f"*{_SUFFIX}"))]
    return sorted(written, key=lambda path: path.name != "README.md")


def _write(template: Path, folder: Path, words: dict[str, str]) -> Path:
    place = template.relative_to(_TEMPLATES).with_suffix("")
    path = folder.joinpath(*(_named(part, words) for part in place.parts))
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _ENVIRONMENT.from_string(template.read_text(encoding="utf-8")).render(words)
    path.write_text(text, encoding="utf-8")
    return path


def _named(part: str, words: dict[str, str]) -> str:
    return words["module"] if part == "package" else part.replace("NAME", words["name"])


def _title(name: str) -> str:
    """acme-7 -> Acme7, the name of a class."""
    return "".join(part.capitalize() for part in name.split("-"))
