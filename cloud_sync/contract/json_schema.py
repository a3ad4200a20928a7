"""A type as JSON Schema (draft 2020-12), and a folder that holds one file of it for each type.

A schema says what a reader accepts: members that a type does not know may stand beside those that it does.
"""

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from retail.units import INTEGER_MAX

Schema = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_of(type_: type, name: str) -> Schema:
    """The schema of `type_`, whose own name is the URI `name`."""
    (root,), parts = msgspec.json.schema_components([type_], ref_template="#/$defs/{name}")
    whole = {"$schema": _DIALECT, "$id": name, **parts.pop(root["$ref"].rpartition("/")[2])}
    if parts:
        whole["$defs"] = dict(sorted(parts.items()))
    for part in _parts(whole):
        _mend(part)
    if type_.__struct_config__.array_like:  # type: ignore[attr-defined]
        for field, place in zip(type_.__struct_fields__, whole["prefixItems"], strict=True):  # type: ignore[attr-defined]
            place["title"] = field
    return whole


def texts(schemas: Mapping[str, Schema]) -> dict[str, str]:
    """What stands in the folder of `schemas`: the name of a file, and its text."""
    return {
        f"{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }


def stale(folder: Path, schemas: Mapping[str, Schema]) -> list[str]:
    """The names of the files in `folder` that are not what the types say, or that no type stands for."""
    wanted = texts(schemas)
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write(folder: Path, schemas: Mapping[str, Schema]) -> None:
    """Make `folder` hold `schemas`, and no others."""
    folder.mkdir(exist_ok=True)
    wanted = texts(schemas)
    for name in stale(folder, schemas):
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()


def _parts(schema: Any) -> Iterator[Schema]:
    """Every object in `schema`, itself among them."""
    if isinstance(schema, dict):
        yield schema
    if isinstance(schema, dict | list):
        for part in schema.values() if isinstance(schema, dict) else schema:
            yield from _parts(part)


def _mend(part: Schema) -> None:
    if isinstance(part.get("description"), str):
        part["description"] = inspect.cleandoc(part["description"])
    if part.get("type") == "integer":
        # The shop's own types set no limits, and JSON does.
        part.setdefault("minimum", -INTEGER_MAX)
        part.setdefault("maximum", INTEGER_MAX)
    part.pop("discriminator", None)  # OpenAPI's word: in JSON Schema the kinds themselves tell
