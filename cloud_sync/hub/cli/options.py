"""What the hub's commands share: their options, the open database, and how a refusal becomes a sentence."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
import msgspec
from sqlalchemy.exc import DBAPIError

from cloud_sync.hub.documents.sheet import ImportRefusedError
from cloud_sync.hub.folder import Folder, RunningError
from cloud_sync.hub.objects import AdmissionError
from cloud_sync.hub.store import database
from cloud_sync.hub.store.database import NoHubError, Store

DIR = click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The hub's directory.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")

# What a caller can do wrong, and what a machine can: one sentence each, exit code 1.
_SENTENCES = (NoHubError, RunningError, ImportRefusedError, AdmissionError, OSError)


@contextmanager
def said() -> Iterator[None]:
    """Turn what can be said in a sentence into that sentence and exit code 1."""
    try:
        yield
    except _SENTENCES as error:
        raise click.ClickException(sentence(error)) from error
    except DBAPIError as error:
        raise click.ClickException(f"the hub's database cannot be used: {error.orig}") from error


def sentence(error: Exception) -> str:
    """What is wrong, for a person; the number of a fault of the machine's tells them nothing."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def opened(directory: Path) -> closing[Store]:
    """The database of the hub in `directory`, closed when the block ends; raises NoHubError."""
    return closing(database.connect(Folder(directory).database))


def print_json(value: object) -> None:
    """One line of JSON for a program."""
    click.echo(msgspec.json.encode(value))


def now_ms() -> int:
    """Milliseconds since 1970 in UTC: a command's clock is this machine's."""
    return time.time_ns() // 1_000_000
