"""Commands for a hub's copy in another place: backup, restore."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cloud_sync.hub.backup import shelf
from cloud_sync.hub.backup.keys import KeysRefusedError, check_keys, read_keys, write_keys
from cloud_sync.hub.backup.making import BackupRefusedError, make
from cloud_sync.hub.backup.progress import Say
from cloud_sync.hub.backup.restoring import Restored, RestoreRefusedError, check_empty, examine, restore
from cloud_sync.hub.backup.tape import DamagedBackupError, KeptFile, Tape
from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json, said
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.store import database

_SENTENCES: Final = (BackupRefusedError, DamagedBackupError, KeysRefusedError, RestoreRefusedError)


@click.command("backup")
@DIR
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    required=True,
    help="A new file; or a directory, where the backup gets the time as its name.",
)
@click.option("--keep", type=click.IntRange(1), help="Keep so many backups in that directory, the newest.")
@click.option(
    "--with-keys", is_flag=True, help="Put the hub's keys in too: keep the file as secret as they are."
)
@JSON
def backup(directory: Path, to: Path, keep: int | None, *, with_keys: bool, as_json: bool) -> None:
    """Make a backup, also while the hub runs. It is read back whole before anything relies on it.

    Then objects hear that they may forget what it holds: keep it where the hub's disk is not.
    """
    if keep and not to.is_dir():
        raise click.BadParameter("--keep needs a directory in --to")
    at_ms = now_ms()
    path = shelf.place(to, at_ms) if to.is_dir() else to
    with _said(), opened(directory) as store, _bar("backing up") as say:
        kept = _keys(Folder(directory)) if with_keys else []
        made = make(store, path, at_ms, kept=kept, say=say)
        gone = shelf.clear(to, keep) if keep else []
    if as_json:
        removed = [each.name for each in gone]
        print_json({**msgspec.structs.asdict(made), "keys": len(kept), "removed": removed})
        return
    click.echo(f"{made.path}: {made.entries:,} entries, {made.bytes:,} bytes, read back whole")
    if not kept:
        click.echo("the hub's keys are not in it: keep a copy of them elsewhere, or say --with-keys")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@DIR
@click.option("--database", "url", help="A PostgreSQL database, as `opos hub init --database` takes it.")
@JSON
def restore_(file: Path, directory: Path, url: str | None, *, as_json: bool) -> None:
    """Make a new hub from a backup FILE. Objects send by themselves what came in after it was made.

    The hub's keys come from the backup, or must be in --dir already: objects believe no others.
    """
    with _said(), _bar("restoring") as say:
        restored = _restored(file, Folder(directory), url, say)
    if as_json:
        print_json(restored)
        return
    click.echo(
        f"the hub is back in {directory}: {restored.entries:,} entries, {restored.documents} documents signed"
        f" again; its generation is {restored.generation}, and was {restored.was}"
    )
    click.echo("what came in after the backup was made, the objects send again when the hub runs")


def _restored(file: Path, folder: Folder, url: str | None, say: Say) -> Restored:
    at_ms = now_ms()
    examined = examine(Tape(file), at_ms, say)
    files = list(examined.tape.files())
    check_keys(folder.path, files)
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = url or folder.database
    database.create(place, at_ms)
    with closing(database.connect(place)) as store:
        check_empty(store)
        write_keys(folder.path, files)
        restored = restore(examined, store, folder.documents_key(), at_ms)
    if url:
        folder.keep_database(url)  # last: a directory that leads to somebody's hub is not made by a refusal
    return restored


def _keys(folder: Folder) -> list[KeptFile]:
    with folder.changing():  # a rotation is in the backup whole, or not at all
        return list(read_keys(folder.path))


@contextmanager
def _said() -> Iterator[None]:
    """Turn a refusal into its sentence, as `said` does for what all commands can run into."""
    with said():
        try:
            yield
        except _SENTENCES as error:
            raise click.ClickException(str(error)) from error


@contextmanager
def _bar(doing: str) -> Iterator[Say]:
    """A bar on stderr for a person at a terminal, and silence for anybody else."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:,} of {task.total:,} rows,"),
        TimeRemainingColumn(compact=True),
        TextColumn("to go"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(doing, total=0)
        yield lambda done, total: progress.update(task, completed=done, total=total)


COMMANDS: Final[tuple[click.Command, ...]] = (backup, restore_)
