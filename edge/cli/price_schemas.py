"""JSON Schemas of what `opos price` reads and answers: `python -m edge.cli.price_schemas --check`."""

from pathlib import Path
from typing import Final

import click

from cloud_sync.contract.json_schema import Schema, schema_of, stale, write
from retail.pricing.basket import Basket
from retail.pricing.book import PriceBook
from retail.pricing.promotions import Promotions
from retail.pricing.result import Priced

TYPES: Final = {"basket": Basket, "book": PriceBook, "promotions": Promotions, "result": Priced}
"""The name of each schema, and its type."""

_ID: Final = "urn:opos:pricing:1:{}"


def schemas() -> dict[str, Schema]:
    """Every schema by its name."""
    return {name: schema_of(type_, _ID.format(name)) for name, type_ in TYPES.items()}


@click.command()
@click.option("--check", "wish", flag_value="check", help="Exit 1 if a file is not what the types say.")
@click.option("--write", "wish", flag_value="write", help="Write the files.")
@click.argument(
    "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("docs/schemas"), required=False
)
def main(wish: str | None, folder: Path) -> None:
    """Write the schemas of `opos price`, or say which of them are not what the types say."""
    if wish == "write":
        write(folder, schemas())
    elif wish == "check":
        if names := stale(folder, schemas()):
            raise click.ClickException(f"{', '.join(names)}: not what the types say, use --write")
    else:
        raise click.UsageError("choose --check or --write")


if __name__ == "__main__":
    main()
