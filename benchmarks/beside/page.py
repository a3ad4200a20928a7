"""The page that a run writes: docs/comparison-sync.md, by the template that lies beside this file."""

from collections.abc import Sequence
from importlib import resources

from benchmarks.beside.days import Came


def page(came: Sequence[Came], cores: int) -> str:
    """The whole page for what came of all days."""
    template = resources.files(__package__).joinpath("comparison.md").read_text("utf-8")
    drained = next(one for one in came if one.rows_per_s is not None).taken
    rows = "".join(_row(one) for one in came)
    return template.format(cores=cores, rows=rows, drained=f"{drained:,}", ratio=_ratio(came))


def _row(one: Came) -> str:
    pace = "" if one.rows_per_s is None else f"{one.rows_per_s:,}"
    numbers = " | ".join(f"{number:,}" for number in (one.taken, one.arrived, one.lost, one.doubled))
    return f"| {one.day} | {one.side} | {numbers} | {pace} |\n"


def _ratio(came: Sequence[Came]) -> str:
    paces = {one.side: one.rows_per_s for one in came if one.rows_per_s is not None}
    ours = paces.pop("OPOS", 0)
    return "".join(f"; here OPOS is {ours / theirs:.1f} times as fast" for theirs in paces.values() if theirs)
