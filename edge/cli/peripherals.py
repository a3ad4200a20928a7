"""Devices on a command line: ROLE=URI, once for each."""

from collections.abc import Callable
from typing import Any

import click
import msgspec

from edge.config import PeripheralSection


def peripheral_option(sentence: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option of a command that takes devices; `sentence` says what for."""
    return click.option(
        "--peripheral",
        "peripherals",
        multiple=True,
        callback=_peripherals_of,
        metavar="ROLE=URI",
        help=sentence,
    )


def _peripherals_of(
    _: click.Context, __: click.Parameter, texts: tuple[str, ...]
) -> tuple[PeripheralSection, ...]:
    pairs = [dict(zip(("role", "uri"), text.split("=", 1), strict=False)) for text in texts]
    try:
        return msgspec.convert(pairs, type=tuple[PeripheralSection, ...])
    except msgspec.ValidationError as error:
        raise click.BadParameter(f"expected reader=URI or scale=URI: {error}") from error
