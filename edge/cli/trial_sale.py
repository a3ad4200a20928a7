"""Try a whole sale at a running object: goods, price, payment, receipt; nothing of it is left."""

import asyncio
import threading
from pathlib import Path
from typing import Final

import click
import msgspec

from edge.cli.asking import AS_JSON, FILE, Steps, agreed, mended_at_its_end
from edge.cli.object.door import said
from edge.clock import SystemClock
from edge.config import ObjectConfig, TerminalSection, without_trust
from edge.drivers.profiles import ProfileError
from edge.drivers.uris import PeripheralUriError, parse_uri
from edge.provision.trial.glass import Glass
from edge.provision.trial.sale import Deed, Trial, TrialFailedError
from edge.provision.trial.terminal import Penny, penny
from retail.locale import amount
from retail.units import Money

_MORE: Final = """\b
Examples:
  opos test-sale --void
  opos test-sale shelf/object.toml --void --way house-account --wait-s 300
  opos test-sale --void --terminal    a real card pays 0.01, and gets it back
  opos test-sale --void --json

The object trains meanwhile: its glass says so, its sensors, prices and receipts are the real ones, and its
ledger, its stock and its hub hear of none of it. It sells again afterwards, however the trial ends.
Exit code 0: it sells. 1: it does not, and a sentence says at which step.
"""

_TOLD: Final = {
    Deed.TRAIN: "It goes over to training, between two shoppers.",
    Deed.SHOW: "Show it one item: hold it up, take it, lay it down or scan it.",
    Deed.BUY: "The goods are there, and their price: bought.",
    Deed.PAY: "It asks how to pay: chosen.",
    Deed.DONE: "It is paid, and there is a receipt.",
    Deed.SELL: "It goes back to selling.",
}
_AT_THE_TERMINAL: Final = {
    "card": "Hold a card to the terminal: the smallest amount is paid.",
    "reversal": "It is paid: the terminal takes it back.",
}


@click.command("test-sale", epilog=_MORE)
@FILE
@click.option("--void", is_flag=True, help="Yes: nothing of the sale is to be left.")
@click.option("--way", metavar="NAME", help="How to pay; the first way that is offered, if nothing is said.")
@click.option(
    "--terminal", is_flag=True, help="Have the card terminal take the smallest amount, and reverse it."
)
@click.option(
    "--amount-minor", type=click.IntRange(1, 100), default=1, show_default=True, help="That smallest amount."
)
@click.option(
    "--wait-s", type=click.IntRange(1, 3600), default=120, show_default=True, help="Patience for the goods."
)
@AS_JSON
def trial_sale(  # noqa: PLR0913 - each is an option of the command
    *,
    file: Path,
    void: bool,
    way: str | None,
    terminal: bool,
    amount_minor: int,
    wait_s: int,
    as_json: bool,
) -> None:
    """Sell once at the object that FILE describes, and void it: from the goods to the receipt."""
    from edge.runtime.training import TrainingWord  # noqa: PLC0415 - half of the time that a start takes

    if not agreed(void, "--void", "Sell once, and leave nothing of it?"):
        return
    steps = Steps(as_json=as_json)
    with said(PeripheralUriError, ProfileError, OSError):
        config = without_trust(file)
        glass = Glass(config.display.host, config.display.port)
        trial = Trial(
            glass,
            TrainingWord(config),
            SystemClock(),
            threading.Event().wait,
            lambda deed: steps.say(_TOLD[deed], state=deed.value),
        )
        try:
            with mended_at_its_end():
                tried = trial.run(
                    way, wait_s, lambda: _at_the_terminal(config, terminal, amount_minor, steps)
                )
        except TrialFailedError as error:
            raise steps.fail(f"{config.object.id}: {error}", state="failed") from error
    steps.end(
        f"{config.object.id} sells: nothing of it is left ({tried.sales_after} sales, as before).",
        state="sold-and-voided",
        object=config.object.id,
        **msgspec.to_builtins(tried),
    )


def _at_the_terminal(config: ObjectConfig, wanted: bool, amount_minor: int, steps: Steps) -> None:
    """Have each card terminal take a penny and give it back, if wanted. Raises TrialFailedError."""
    uris = [each.uri for each in config.tenders if isinstance(each, TerminalSection)]
    if wanted and not uris:
        raise TrialFailedError("its file has no card terminal: leave out --terminal")
    for uri in uris if wanted else ():
        done: Penny = asyncio.run(
            penny(
                parse_uri(uri),
                amount_minor,
                SystemClock(),
                lambda waits: steps.say(_AT_THE_TERMINAL[waits], state=waits),
            )
        )
        taken = amount(Money(done.amount_minor, done.currency), "en")
        steps.say(
            f"The terminal {done.terminal} took {taken} and gave it back (receipt {done.receipt}).",
            state="terminal",
            **msgspec.to_builtins(done),
        )
