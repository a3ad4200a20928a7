"""The public payment vectors, read where they lie; a row is one code and what its source says of it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[3]

Row = dict[str, Any]


def rows(name: str) -> list[Row]:
    """A public file below $OPOS_DATA/payments; without it the test is skipped."""
    path = _ROOT / os.environ.get("OPOS_DATA", "../shared/data") / "payments" / name
    if not path.is_file():
        pytest.skip(f"the public vectors are not here: no {path}")
    found: list[Row] = json.loads(path.read_text(encoding="utf-8"))
    return found


def text_of(row: Row) -> str:
    """The code of a row: as text, in lines, in hexadecimal or in base64."""
    for key in ("payload", "uri", "code", "invoice", "hex", "base64"):
        if key in row:
            return str(row[key])
    return "\n".join(row["lines"])
