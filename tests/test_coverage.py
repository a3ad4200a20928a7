"""The two rooms that everything stands on are covered to the last branch by their own quick tests."""

import subprocess
import sys
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parent.parent
_ROOMS: Final = ("edge/offline_queue", "cloud_sync/contract")
_QUEUE: Final = (
    "bell", "budget", "checkpoints", "integrity", "journal", "lanes", "ledger_file", "questions",
    "set_aside", "witness",
)  # fmt: skip
_TESTS: Final = (
    *(f"tests/offline_queue/test_{name}.py" for name in _QUEUE),
    "tests/cli/test_ledger_export.py",
    "tests/contract",
    "tests/verify/test_fragment.py",
)

# Thousands of documents that are nearly right, and long ledgers: half of the time, and no line of ours.
_QUICK: Final = "not nearly and not longer_ledger"


def test_queue_and_contract_are_covered_to_the_last_branch(tmp_path: Path) -> None:
    data = f"--data-file={tmp_path / 'coverage'}"
    pytest = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-k", _QUICK, *_TESTS)
    source = f"--source={','.join(_ROOMS)}"
    ran = _python("-m", "coverage", "run", "--branch", data, source, *pytest)
    assert ran.returncode == 0, ran.stdout
    report = _python("-m", "coverage", "report", data, "--fail-under=100", "--show-missing", "--skip-covered")
    assert report.returncode == 0, report.stdout


def _python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], cwd=_ROOT, capture_output=True, text=True, check=False, timeout=240
    )
