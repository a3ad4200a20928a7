"""Write the vectors, or say which of them are no longer what our code makes."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.contract.vectors.golden import golden, same_batches
from tests.contract.vectors.refused import refused

FOLDER: Final = Path(__file__).parent


def texts(folder: Path) -> dict[str, str]:
    """File name -> the text that belongs there."""
    made = {**golden(), "refused.json": refused()}
    kept = folder / "batches.json"
    if kept.exists():
        made["batches.json"] = same_batches(
            json.loads(kept.read_text(encoding="utf-8")), made["batches.json"]
        )
    return {name: json.dumps(vector, indent=1, ensure_ascii=False) + "\n" for name, vector in made.items()}


def stale(folder: Path) -> list[str]:
    """The names of the files that are missing or say something else."""
    return [
        name
        for name, text in texts(folder).items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]


def main(words: Sequence[str], folder: Path = FOLDER) -> int:
    """Do as asked; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract.vectors", description=__doc__)
    wish = parser.add_mutually_exclusive_group(required=True)
    wish.add_argument("--check", action="store_true", help="exit 1 if a file is not what our code makes")
    wish.add_argument("--write", action="store_true", help="write the files")
    if parser.parse_args(words).write:
        for name, text in texts(folder).items():
            (folder / name).write_text(text, encoding="utf-8")
        return 0
    names = stale(folder)
    if names:
        sys.stderr.write(f"{', '.join(names)}: not what our code makes: the contract has changed\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
