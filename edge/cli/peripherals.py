"""Devices on a command line: ROLE=URI, once for each."""

from collections import Counter
from collections.abc import Callable
from typing import Any, get_args

import click

from edge.config import PeripheralSection, Role


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
    """The devices; the second scanner and those after it are told apart by a number."""
    count: Counter[str] = Counter()
    devices = []
    for text in texts:
        role, _equals, uri = text.partition("=")
        roles: tuple[Role, ...] = get_args(Role)
        if role not in roles or not uri:
            raise click.BadParameter(f"expected {', '.join(f'{each}=URI' for each in roles)}, got {text!r}")
        count[role] += 1
        is_another = role == "scanner" and count[role] > 1
        devices.append(PeripheralSection(role, uri, f"scanner-{count[role]}" if is_another else None))
    return tuple(devices)
