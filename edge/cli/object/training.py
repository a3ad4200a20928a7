"""Have an object train: all is as ever, and nothing is sold."""

import http.client
import json
import threading
import time
from pathlib import Path
from typing import Final, Literal

import click

from edge.cli.object.door import AS_JSON, FILE, print_json, said
from edge.config import ObjectConfig, without_trust
from edge.training import NotApartError, training_of

# A runtime looks every half second, and starts anew in another one or two.
_PATIENCE_S: Final = 15.0
_LOOK_S: Final = 0.25
_STATUS_BYTES_MAX: Final = 64 * 1024

_WAITS: Final = {
    "open-basket": "it trains as soon as nobody is in front of it: take the goods away, or put them back",
    "paying": "it trains as soon as the payment that is under way is over",
    "money-due": "it trains as soon as the money that a shopper has to get back has gone back",
    "yes": "it trains in a moment",
}

_MORE: Final = """\b
Examples:
  opos object training on mirror/object.toml
  opos object training off mirror/object.toml

All that is sold, paid and returned meanwhile is rehearsed: every screen and receipt says so. What the object
really has sold, has to sell and owes stays as it is, and its hub hears of none of it. A restart changes
nothing: it trains until somebody says `off`. What was rehearsed lies in `training` beside the ledger until
the next training begins.
"""


@click.command(epilog=_MORE)
@click.argument("mode", type=click.Choice(["on", "off"]))
@FILE
@AS_JSON
def training(mode: Literal["on", "off"], file: Path, *, as_json: bool) -> None:
    """Have the object that FILE describes train, or sell again.

    It goes over between two shoppers; no basket, and no payment, is ever changed for a rehearsal.
    """
    from edge.runtime.training import TrainingWord  # noqa: PLC0415 - half of the time that a start takes

    with said(NotApartError, OSError):
        config = without_trust(file)
        training_of(config)
        word = TrainingWord(config)
        word.say() if mode == "on" else word.take_back()
    standing = _standing(config, mode)
    if standing.startswith("refused"):
        with said(OSError):
            word.take_back()
        raise click.ClickException(f"{config.object.id} does not train: {standing}")
    if as_json:
        print_json({"object": config.object.id, "training": standing})
    else:
        click.echo(f"{config.object.id}: {_sentence(mode, standing)}")


def _sentence(mode: str, standing: str) -> str:
    match mode, standing:
        case _, "away":
            later = "trains" if mode == "on" else "sells"
            return f"it does not run; once it does, it {later}"
        case "on", "on":
            return "it trains, and every screen says so; `opos object training off` ends it"
        case "off", "off":
            return "it sells again"
        case "off", _:
            return "it sells again in a moment"
        case _:
            return _WAITS.get(standing, standing)


def _standing(config: ObjectConfig, mode: str) -> str:
    """What the runtime says of itself once it has done what was asked for, or waits for a shopper."""
    end_s, pause = time.monotonic() + _PATIENCE_S, threading.Event()
    standing = _asked(config)
    while standing not in {mode, "away"} and not standing.startswith("refused"):
        if time.monotonic() >= end_s:
            break
        pause.wait(_LOOK_S)
        standing = _asked(config)
    return standing


def _asked(config: ObjectConfig) -> str:
    """`away` where nobody answers, or somebody else; an object that starts anew is waited for."""
    connection = http.client.HTTPConnection(config.display.host, config.display.port, timeout=5)
    try:
        connection.request("GET", "/status")
        with connection.getresponse() as response:
            told = json.loads(response.read(_STATUS_BYTES_MAX))
        return str(told["training"])
    except (ConnectionRefusedError, ValueError, KeyError, TypeError):
        return "away"
    except (OSError, http.client.HTTPException):
        return "yes"
    finally:
        connection.close()
