"""The page of a finding: what it means, what a hand has to do, and the command that mends it."""

import click
import msgspec

from edge.cli.findings_text import index, markdown, page_text
from edge.provision.doctor.pages import UnknownCodeError, book, page

_MORE = """\b
Examples:
  opos explain OP-2107
  opos explain                  every code in a line
  opos explain OP-3103 --json
"""


@click.command(epilog=_MORE)
@click.argument("code", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print all pages as docs/findings.md.")
def explain(code: str | None, *, as_json: bool, as_markdown: bool) -> None:
    """Say what a finding of `opos doctor` means. Without CODE, list them all."""
    if as_markdown and (code is not None or as_json):
        raise click.UsageError("--markdown prints all pages as text: leave out CODE and --json")
    try:
        pages = book() if code is None else {code.upper(): page(code)}
    except UnknownCodeError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        click.echo(msgspec.json.encode({each: msgspec.to_builtins(pages[each]) for each in pages}))
    elif as_markdown:
        click.echo(markdown(pages), nl=False)
    elif code is None:
        click.echo("\n".join(index(pages)))
    else:
        for name, its in pages.items():
            click.echo("\n".join(page_text(name, its)))
