"""How a command gets at an object: its file, its answer for a program, and a sentence for what is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import msgspec

from cloud_sync.contract.signing import Tier
from edge.config import ConfigError
from edge.keys import KeyUnusableError

FILE: Final = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
AS_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")

KEPT: Final[dict[Tier, str]] = {
    "file": "a plain file",
    "sealed-file": "a sealed file",
    "tpm": "a file that the TPM opens",
    "secure-element": "a secure element",
}
"""Where a key is, in words."""


@contextmanager
def said(*also: type[Exception]) -> Iterator[None]:
    """What is wrong with the file or the key, or what `also` says, as one sentence and exit code 1."""
    sentences: tuple[type[Exception], ...] = (ConfigError, KeyUnusableError, *also)
    try:
        yield
    except sentences as error:
        raise click.ClickException(sentence(error)) from error


def sentence(error: Exception) -> str:
    """What is wrong, for a person; the number of a fault of the machine's tells them nothing."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def print_json(value: object) -> None:
    """Answer a program."""
    click.echo(msgspec.json.encode(value))
