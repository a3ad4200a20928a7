"""What the tests of this room share: how public rows are judged."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retail.identity.answer import Refused
from retail.identity.gs1.label import Label
from retail.identity.gs1.strictness import Strictness

Row = dict[str, Any]
Vectors = Callable[[str], list[Row]]
Read = Callable[[str, Strictness], Label | Refused]
Facts = Callable[[Label], object]


def public(name: str) -> Path:
    """A public file below $OPOS_DATA/identification; without it the test is skipped."""
    root = Path(__file__).parents[4]
    path = root / os.environ.get("OPOS_DATA", "../shared/data") / "identification" / name
    if not path.exists():
        pytest.skip(f"public vectors are not here: {path}")
    return path


def strictness(row: Row, *, association: bool) -> Strictness:
    """As the row wants it; a name in its `opts` that we do not know is an error."""
    return Strictness(association=row.get("assoc", association), **row.get("opts", {}))


def check_every_row(rows: list[Row], read: Read, facts: dict[str, Facts], *, association: bool) -> None:
    """Every row is accepted or refused as it says, and what is accepted has its facts."""
    assert rows
    for row in rows:
        label = read(row["input"], strictness(row, association=association))
        assert isinstance(label, Label) is row["valid"], (row, label)
        if isinstance(label, Label):
            assert {name: fact(label) for name, fact in facts.items()} == {
                name: row[name] for name in facts
            }, row
        else:
            assert label.reason, row
