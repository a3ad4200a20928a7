"""The table of docs/devices.md: what each driver was held against, made from what the battery found."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.drivers.conformance.report import Report, drivers, report
from tests.drivers.conformance.vectors import known, protocols

PAGE: Final = Path(__file__).parents[3] / "docs" / "devices.md"
BEGIN: Final = (
    "<!-- conformance: made by `python -m tests.drivers.conformance --write`, never edited by hand -->"
)
END: Final = "<!-- end of conformance -->"

_HEAD: Final = (
    "| protocol | vectors passed | faults survived | its facts come from | simulator | real hardware |",
    "| --- | --- | --- | --- | --- | --- |",
)


def table() -> str:
    """All rows, in the order of the registry."""
    known_drivers = [name for name in drivers() if name in protocols()]
    return "\n".join((*_HEAD, *_rows(map(report, known_drivers)))) + "\n"


def written(page: str) -> str:
    """The page with the table of now between its marks; a ValueError when it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name}: expected the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{table()}\n{END}{after}"


def _rows(reports: Iterable[Report]) -> Iterable[str]:
    for each in reports:
        survived = sum(not flaws for flaws in each.faults.values())
        cells = (
            f"`{each.protocol}`",
            f"{each.understood} of {each.vectors}" if each.vectors else "says nothing",
            f"{survived} of {len(each.faults)}" if each.simulated else "not tried",
            known(each.protocol).facts.replace("|", "\\|"),
            "yes" if each.simulated else "no",
            "none",
        )
        yield f"| {' | '.join(cells)} |"
