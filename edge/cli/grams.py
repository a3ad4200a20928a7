"""A weight on the command line: grams as a person writes them, milligrams as we count."""

import re
from typing import Final

import click

from edge.readings import Milligrams

# A tonne is no weight that a shop's scale is tried by.
_GRAMS: Final = re.compile(r"(?P<grams>\d{1,6})(?:\.(?P<decimals>\d{1,3}))?")


class Grams(click.ParamType[Milligrams]):
    """A weight above nothing, `1000` or `999.8`."""

    name = "grams"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Milligrams:
        """Read it without going through a float."""
        found = _GRAMS.fullmatch(str(value).strip())
        weight_mg = int(found["grams"]) * 1000 + int((found["decimals"] or "0").ljust(3, "0")) if found else 0
        if weight_mg == 0:
            self.fail(f"expected grams as in 1000 or 999.8, got {value!r}", param, ctx)
        return Milligrams(weight_mg)


GRAMS: Final = Grams()
