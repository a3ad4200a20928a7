"""Commands for money at payment providers: settle."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final, TextIO

import click

from cloud_sync.hub.cli.options import DIR, JSON, now_ms, opened, print_json, said
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.payments.accounts import accounts_in
from cloud_sync.hub.payments.settlement import Outcome, WrongSettlementError, read, take
from cloud_sync.hub.requests.gateway import Gateway

# Five short columns: a line that is longer is cut, and what is left is refused as a row.
_LINE_CHARACTERS_MAX: Final = 4096


@click.command()
@click.argument("provider")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@DIR
@JSON
def settle(provider: str, file: Path, directory: Path, *, as_json: bool) -> None:
    """Hold a PROVIDER's own books against the hub's: a CSV FILE of what it took and gave back.

    Its columns are line,attempt,reference,amount_minor,currency. A row counts once, however often it is read.
    The exit code is 1 if something differs that the provider could not explain; a person is called to that.
    """
    with said(), opened(directory) as store:
        try:
            gateway = Gateway(store, accounts_in(Folder(directory).path, now_ms).providers, now_ms)
            with file.open(encoding="utf-8", newline="") as text:
                outcome = take(store, gateway, provider, read(_lines(text)), now_ms)
        except WrongSettlementError as error:
            raise click.ClickException(str(error)) from error
        except UnicodeDecodeError as error:
            raise click.ClickException(f"{file}: expected text in UTF-8: {error}") from error
    if as_json:
        print_json(outcome)
    else:
        _say(outcome)
    if outcome.differences:
        raise click.exceptions.Exit(1)


def _lines(text: TextIO) -> Iterator[str]:
    return iter(partial(text.readline, _LINE_CHARACTERS_MAX), "")


def _say(outcome: Outcome) -> None:
    click.echo(f"{outcome.rows} rows, {outcome.new} of them new, {len(outcome.differences)} differences")
    for sentence in outcome.differences:
        click.echo(f"  to look at: {sentence}")


COMMANDS: Final[tuple[click.Command, ...]] = (settle,)
