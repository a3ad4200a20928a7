"""What an installer compares while an object is enrolled: the code, on the terminal and on its own glass."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec

from cloud_sync.contract.enrolment import Claim
from edge.cli.code import big_code, code_matrix
from edge.provision.enrol import Stands
from edge.provision.glass import CodeGlass


@contextmanager
def glass_at(port: int) -> Iterator[CodeGlass | None]:
    """The object's glass, where the code is compared; None while something else has its port."""
    try:
        glass = CodeGlass(port)
    except OSError:
        yield None
        return
    try:
        yield glass
    finally:
        glass.close()


class Shown:
    """What the installer sees of an enrolment: on the terminal, and on the glass if there is one.

    With `as_json` the terminal gets lines for a program; with `aside` words for people go to stderr.
    """

    def __init__(self, claim: Claim, glass: CodeGlass | None, *, as_json: bool, aside: bool = False) -> None:
        self._claim, self._glass = claim, glass
        self._as_json, self._aside = as_json, aside

    def tell(self, stands: Stands) -> None:
        """Show where it stands."""
        if self._glass is not None:
            self._paint(self._glass, stands)
        if self._as_json:
            said = {"state": "waiting", "code": stands.code, "trouble": stands.trouble}
            click.echo(msgspec.json.encode({name: value for name, value in said.items() if value}))
        elif stands.trouble:
            click.echo(f"{stands.trouble}: asking again", err=True)
        else:
            self._print(stands.code)

    def _paint(self, glass: CodeGlass, stands: Stands) -> None:
        if stands.trouble:
            glass.show("....-....", "The hub does not answer", f"{stands.trouble}. It is asked again.")
        else:
            what = f"Then confirm it at {self._claim.hub}"
            glass.show(stands.code, "Does the hub show the same code?", what, self._scan(stands.code))

    def _scan(self, code: str) -> str:
        """What a phone reads off the glass or the terminal."""
        return f"OPOS {code} {self._claim.hub}"

    def _print(self, code: str) -> None:
        for line in (
            f"\n{big_code(code)}\n",
            code_matrix(self._scan(code)),
            f"Does the hub at {self._claim.hub} show {code} for this object?",
            "Then confirm it there:",
            f"  opos hub confirm {code} --dir ...",
        ):
            click.echo(line, err=self._aside)
