"""What a basket costs: three documents in, lines, discounts, taxes and total out."""

from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import click
import msgspec

from edge.clock import SystemClock
from retail.pricing.basket import Basket, BasketError, Member, Moment
from retail.pricing.book import PriceBook
from retail.pricing.calendar import zone
from retail.pricing.check import check
from retail.pricing.check_promotions import check_promotions
from retail.pricing.promotions import Promotions
from retail.pricing.rules import price_basket

_T = TypeVar("_T")
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)

# A book of 100,000 products has 40 MB.
DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024

# Those whose every moment is a day in every time zone; before the first no price book is written.
_YEARS: Final = range(1970, 9999)

_EXAMPLES: Final = """\b
Examples:
  opos price basket.json book.json promotions.json
  opos price basket.json book.json promotions.json \\
      --member gold --at 2026-11-21T17:30
  opos price basket.json book.json promotions.json \\
      --at 2026-11-21T16:30:00Z --untrusted-clock

Exit codes: 0 priced; 1 the documents or the basket cannot be priced, and the answer says why; 2 wrong usage.
"""


class Refusal(msgspec.Struct, frozen=True):
    """Why there is no price: what kind of reason, and the reason."""

    error: str
    kind: str


@click.command(epilog=_EXAMPLES)
@click.argument("documents", type=_FILE, nargs=3, metavar="BASKET.json BOOK.json PROMOTIONS.json")
@click.option("--member", metavar="M", help="The level of the shopper's membership, such as gold.")
@click.option("--at", metavar="TIME", help="ISO 8601; without an offset by the site's wall. Else: now.")
@click.option(
    "--untrusted-clock", is_flag=True, help="Nobody has confirmed the clock: settle for the shopper."
)
def price(
    documents: tuple[Path, Path, Path], member: str | None, at: str | None, *, untrusted_clock: bool
) -> None:
    """Price a basket by a price book and promotions, and say the reason of every amount, as JSON.

    The documents and the answer are described in docs/schemas, with an example in docs/pricing.md.
    """
    basket, book, promotions = documents
    try:
        prices = _read(book, PriceBook)
        offers = _read(promotions, Promotions)
        _check_documents(prices, offers)
        moment = Moment(_wall_ms(at, offers.timezone), trusted=not untrusted_clock)
        who = None if member is None else Member(member)
        answer: object = price_basket(_read(basket, Basket), prices, offers, who, moment)
    except (_DocumentError, BasketError) as error:
        answer = Refusal(str(error), getattr(error, "kind", type(error).__name__))
    click.echo(msgspec.json.encode(answer))
    click.get_current_context().exit(1 if isinstance(answer, Refusal) else 0)


class _DocumentError(ValueError):
    """A document that nobody may price by."""

    kind = "Document"


def _read(path: Path, into: type[_T]) -> _T:
    with path.open("rb") as file:
        data = file.read(
            DOCUMENT_BYTES_MAX + 1
        )  # a device such as /dev/zero says that it is empty, and never ends
    if len(data) > DOCUMENT_BYTES_MAX:
        raise _DocumentError(f"{path.name}: expected at most {DOCUMENT_BYTES_MAX} bytes")
    if not data.strip():
        raise _DocumentError(f"{path.name}: it is empty")
    try:
        return msgspec.json.decode(data, type=into)
    # msgspec says the second of a string that is not UTF-8, the third of brackets in brackets without end.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _DocumentError(f"{path.name}: {error}") from error


def _check_documents(book: PriceBook, promotions: Promotions) -> None:
    problems = [*check(book), *check_promotions(promotions)]
    if promotions.currency != book.currency:
        problems.append(f"expected promotions in {book.currency}, got {promotions.currency}")
    if promotions.site != book.site:
        problems.append(f"expected promotions of site {book.site}, got those of {promotions.site}")
    if problems:
        raise _DocumentError(f"{problems[0]} ({len(problems)} in all)")


def _wall_ms(at: str | None, timezone: str) -> int:
    if at is None:
        return SystemClock().wall_ms()
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone(timezone))
    except ValueError as error:
        raise _no_time(at) from error
    if moment.year not in _YEARS:
        raise _no_time(at)
    return int(moment.timestamp() * 1000)


def _no_time(at: str) -> click.BadParameter:
    return click.BadParameter(f"expected a time such as 2026-11-21T17:30, got {at!r}", param_hint="--at")
