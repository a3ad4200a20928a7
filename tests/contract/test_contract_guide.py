"""The guide for whoever builds the other end: its example runs, and what it names is there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from cloud_sync.contract import topics
from cloud_sync.contract.batch import ENTRIES_MAX, EXPANDED_BYTES_MAX, PLAIN_BYTES_MAX
from cloud_sync.contract.certificate import CERTIFICATE_TYPE
from cloud_sync.contract.documents import CHUNK_BYTES_MAX, MANIFEST_TYPE
from cloud_sync.contract.entry import BODY_BYTES_MAX
from cloud_sync.contract.receipt import RECEIPT_TYPE
from tests.contract.test_contract_vectors import CHAIN, ENTRIES
from tests.contract.vectors.__main__ import FOLDER

ROOT: Final = Path(__file__).parent.parent.parent
GUIDE: Final = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
PROGRAM, PRINTED = re.findall(r"```(?:python)?\n(.*?)```", GUIDE, re.DOTALL)


def test_the_example_runs_and_prints_what_the_guide_says() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == PRINTED


def test_the_example_is_the_second_entry_of_the_vectors() -> None:
    second, third = ENTRIES[1:3]
    said: dict[str, str] = {}
    exec(PROGRAM, said)  # noqa: S102 (the program that the guide prints)
    assert (said["body"], said["header"]) == (second["body"], second["header"])
    assert f"{said['signing_input']}.{said['signature']}" == second["jws"]
    assert PRINTED.splitlines()[-1] == second["hash"] == third["prev"]
    assert CHAIN["keys"][0]["source"] in GUIDE


def test_the_guide_names_every_kind_and_every_file_of_vectors() -> None:
    for kind in {entry["kind"] for entry in ENTRIES}:
        assert f"| `{kind}` |" in GUIDE
    files = {path.name for path in FOLDER.glob("*.json")} - {"entries.json"}
    assert set(re.findall(r"\| `([\w.]+\.json)` \|", GUIDE)) == files


@pytest.mark.parametrize("name", re.findall(r"`((?:cloud_sync|tests)/[\w/.]+)`", GUIDE))
def test_what_the_guide_points_to_is_there(name: str) -> None:
    assert (ROOT / name).exists()


LIMITS: Final = {
    f"at most {BODY_BYTES_MAX // 1024} KiB": "a body",
    f"(1 to {ENTRIES_MAX})": "entries of a frame",
    f"{PLAIN_BYTES_MAX // 1024} KiB of bodies": "a payload",
    f"past {EXPANDED_BYTES_MAX // 1024} KiB": "a payload that expands",
    f"chunks of {CHUNK_BYTES_MAX // 1024} KiB": "a document",
    f"longer than {topics.PAYLOAD_BYTES_MAX // 1024} KiB": "a message",
    f"mod {topics.PARTITIONS}": "partitions",
    f"`{RECEIPT_TYPE}`": "receipts",
    f"`{MANIFEST_TYPE}`": "manifests",
    f"`{CERTIFICATE_TYPE}`": "certificates",
}


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: LIMITS[limit])
def test_the_numbers_and_names_of_the_guide_are_those_of_the_code(limit: str) -> None:
    assert limit in GUIDE
