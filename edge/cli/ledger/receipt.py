"""A receipt from the ledger: in words, signed, and as the code that a shopper's phone verifies it by."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import Body, SignedEntry
from cloud_sync.contract.facts import Refund, Sale, kind_of
from cloud_sync.contract.fragment import link_of
from edge.checkout.receipts import Beside, slip_of
from edge.cli.ledger.codes import TooLongForACodeError, code_of, columns_of, lines_of, picture_of
from edge.cli.ledger.door import AS_JSON, PATH, backwards, body_of, entry_at, opened, print_json
from edge.cli.ledger.words import words
from edge.cli.plain import plain
from edge.identity.vouched import NAME, NoCertificateError, certificate_of
from edge.offline_queue.reader import LedgerReader
from retail.receipt import text

# The page as it lies in this project; a shop has its own, at an address that a phone can open.
_PAGE: Final = "docs/verify/index.html"

# As long as a number of JSON may be.
_SEQ: Final = re.compile(r"[0-9]{1,16}")

# What a receipt is written for: goods that went, and goods that came back.
_SIGNS: Final = (b'"kind":"sale"', b'"kind":"refund"')

_FILE: Final = click.Path(path_type=Path, dir_okay=False)

_MORE: Final = """\b
Examples:
  opos ledger receipt ledger.db
  opos ledger receipt ledger.db K7QM-0001 --page https://shop.example/verify/
  opos ledger receipt ledger.db 17 --jws
  opos ledger receipt ledger.db 17 --png receipt.png
"""


class Places(msgspec.Struct, frozen=True):
    """Where the code leads: the page, a hub or '', and the file of the certificate."""

    page: str
    hub: str
    certificate: Path


class Coded(msgspec.Struct, frozen=True):
    """What the QR code of a receipt holds (None: it has none), and what there is to say about that."""

    text: str | None
    note: str
    certified: bool = False


@click.command(epilog=_MORE)
@PATH
@click.argument("which", metavar="[SEQ|NUMBER]", required=False)
@click.option("--jws", is_flag=True, help="Print the signed entry alone, as any JOSE library verifies it.")
@click.option(
    "--page", default=_PAGE, show_default=True, metavar="URL", help="The page that verifies a receipt."
)
@click.option(
    "--hub", default="", metavar="URL", help="Where a hub shows a receipt that is too long for its code."
)
@click.option(
    "--certificate",
    type=_FILE,
    metavar="FILE",
    help=f"The hub's word for the object's key; {NAME} beside PATH if nothing is said.",
)
@click.option("--png", type=_FILE, metavar="FILE", help="Save the code as a picture.")
@click.option("--svg", type=_FILE, metavar="FILE", help="Save the code as a drawing.")
@AS_JSON
def receipt(  # noqa: PLR0913 (each is an option of the command)
    path: Path,
    which: str | None,
    *,
    page: str,
    hub: str,
    certificate: Path | None,
    png: Path | None,
    svg: Path | None,
    jws: bool,
    as_json: bool,
) -> None:
    """Print a receipt in words, signed, and as a QR code.

    It is found by the SEQ of its entry or by its NUMBER; without either it is the last one. The code leads to
    the page that verifies the receipt, and carries all that the page needs: the signed entry, and the hub's
    word for the key that signed it.
    """
    with opened(path) as reader:
        entry = _found(reader, path, which)
        if jws:
            click.echo(entry.jws())
            return
        body = body_of(entry)
        coded = _coded(entry, body, Places(page, hub, certificate or path.with_name(NAME)))
        _save(coded, {"png": png, "svg": svg})
        if as_json:
            print_json(_for_program(entry, body, coded))
        else:
            _print(entry, body, coded)


def _found(reader: LedgerReader, path: Path, which: str | None) -> SignedEntry:
    if which is None:
        found, what = next(_sales(reader, None), None), "no receipt yet"
    elif _SEQ.fullmatch(which):
        found, what = entry_at(reader, int(which)), f"no entry {which}"
    else:
        found, what = next(_sales(reader, which), None), f"no receipt {which}"
    if found is None:
        raise click.ClickException(f"{path}: there is {what}: see `opos ledger show`")
    return found


def _sales(reader: LedgerReader, number: str | None) -> Iterator[SignedEntry]:
    """The sales and refunds with this receipt number, or all of them, from the newest back."""
    # A look at the bytes first: to decode a million bodies for one of them would take seconds.
    signs = _SIGNS if number is None else (number.encode(errors="replace"),)
    for entry in backwards(reader):
        if any(sign in entry.body for sign in signs):
            fact = body_of(entry).fact
            if isinstance(fact, Sale | Refund) and number in (None, fact.number):
                yield entry


def _coded(entry: SignedEntry, body: Body, places: Places) -> Coded:
    """What the code holds: the page with all that it needs; without a certificate the signed entry alone."""
    page = places.page
    if not isinstance(body.fact, Sale | Refund):
        return Coded(None, "this is no receipt, so it has no code")
    try:
        url = link_of(entry.jws(), certificate_of(entry.kid, places.certificate), page, places.hub)
    except NoCertificateError as error:
        note = f"{error}: the code holds the signed receipt alone, which does not say whose key it is"
        return Coded(entry.jws(), note)
    except ValueError as error:
        return Coded(None, str(error))
    if not url.startswith(f"{page}#"):
        return Coded(url, f"too long for its code, so that leads to {places.hub}")
    whole = ":" in page.partition("/")[0]
    advice = "" if whole else ", which a phone opens only if --page is a whole address"
    return Coded(url, f"the code leads to {page}{advice}", certified=True)


def _save(coded: Coded, files: dict[str, Path | None]) -> None:
    for kind, file in files.items():
        if file is None:
            continue
        if coded.text is None:
            raise click.ClickException(f"--{kind}: {coded.note}")
        try:
            file.write_bytes(picture_of(code_of(coded.text), kind))
        except (OSError, TooLongForACodeError) as error:
            raise click.ClickException(f"--{kind} {file}: {error}") from error


def _slip(entry: SignedEntry, body: Body) -> list[str]:
    """The lines of a receipt; of another entry what it says."""
    if isinstance(body.fact, Sale | Refund):
        slip = slip_of(body.fact, body.dev, Beside(signed=b64(entry.hash)))
        return [plain(line) for line in text(slip)]
    return [f"entry {body.seq} is no receipt: it is a {kind_of(body.fact)}", words(body.fact)]


def _for_program(entry: SignedEntry, body: Body, coded: Coded) -> dict[str, object]:
    return {
        "seq": entry.seq,
        "kind": kind_of(body.fact),
        "number": body.fact.number if isinstance(body.fact, Sale | Refund) else None,
        "text": _slip(entry, body),
        "jws": entry.jws(),
        "code": coded.text,
        "certified": coded.certified,
        "note": coded.note,
    }


def _print(entry: SignedEntry, body: Body, coded: Coded) -> None:
    for line in (*_slip(entry, body), "", entry.jws(), ""):
        click.echo(line)
    if coded.text is not None:
        _print_code(coded.text)
    click.echo(coded.note)


def _print_code(text: str) -> None:
    try:
        code = code_of(text)
    except TooLongForACodeError as error:
        click.echo(f"{error}: print it with --jws")
        return
    wide = columns_of(code)
    if sys.stdout.isatty() and wide > shutil.get_terminal_size().columns:
        click.echo(f"the code is {wide} columns wide: make this window wider, or save it with --png or --svg")
        return
    for line in lines_of(code):
        click.echo(line)
