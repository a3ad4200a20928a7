"""JSON Schemas of what `opos price` reads and answers: `python -m edge.cli.price_schemas --check`."""

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from retail.pricing.basket import Basket
from retail.pricing.book import PriceBook
from retail.pricing.promotions import Promotions
from retail.pricing.result import Priced
from retail.units import INTEGER_MAX

Schema = dict[str, Any]

TYPES: Final = {"basket": Basket, "book": PriceBook, "promotions": Promotions, "result": Priced}
"""The name of each schema, and its type."""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ID: Final = "urn:opos:pricing:1:{}"


def texts() -> dict[str, str]:
    """What stands in the folder of schemas: file name -> text."""
    return {
        f"{name}.json": json.dumps(_schema(name, type_), indent=2, ensure_ascii=False) + "\n"
        for name, type_ in TYPES.items()
    }


def _schema(name: str, type_: type) -> Schema:
    (root,), parts = msgspec.json.schema_components([type_], ref_template="#/$defs/{name}")
    whole = {"$schema": _DIALECT, "$id": _ID.format(name), **parts.pop(root["$ref"].rpartition("/")[2])}
    if parts:
        whole["$defs"] = dict(sorted(parts.items()))
    for part in _parts(whole):
        _mend(part)
    return whole


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


@click.command()
@click.option("--check", "wish", flag_value="check", help="Exit 1 if a file is not what the types say.")
@click.option("--write", "wish", flag_value="write", help="Write the files.")
@click.argument(
    "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("docs/schemas"), required=False
)
def main(wish: str | None, folder: Path) -> None:
    """Write the schemas of `opos price`, or say which of them are not what the types say."""
    wanted = texts()
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    stale = sorted(name for name, text in wanted.items() if there.get(name) != text)
    if wish == "write":
        folder.mkdir(exist_ok=True)
        for name in stale:
            (folder / name).write_text(wanted[name], encoding="utf-8")
    elif wish == "check":
        if stale:
            raise click.ClickException(f"{', '.join(stale)}: not what the types say, use --write")
    else:
        raise click.UsageError("choose --check or --write")


if __name__ == "__main__":
    main()
