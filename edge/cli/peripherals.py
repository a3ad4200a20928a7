"""Devices on a command line: ROLE=URI, once for each."""

import click
import msgspec

from edge.config import PeripheralSection


def peripherals_of(
    _: click.Context, __: click.Parameter, texts: tuple[str, ...]
) -> tuple[PeripheralSection, ...]:
    """The callback of an option that may be given again."""
    pairs = [dict(zip(("role", "uri"), text.split("=", 1), strict=False)) for text in texts]
    try:
        return msgspec.convert(pairs, type=tuple[PeripheralSection, ...])
    except msgspec.ValidationError as error:
        raise click.BadParameter(f"expected reader=URI or scale=URI: {error}") from error
