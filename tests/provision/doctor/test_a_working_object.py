"""The doctor at a real object that works: well as a whole, and ill as long as something is wrong."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.cli.enroll import enroll
from edge.provision.doctor.examination import examine
from edge.provision.doctor.patient import patient_of
from edge.provision.doctor.sysroot import Sysroot
from tests.object.real_hub import OPOS, RealHub, eventually, free_port, running
from tests.simulators.bench_process import READER, SCALE, BenchProcess, write_bench

# What this machine has or lacks is not the object's.
_MACHINE = {"file", "units", "broker", "hub", "identity", "ledger", "queue", "devices", "versions"}


class Shop:
    """A tray with a reader and a scale, its hub, and a hand at both."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.hub = RealHub(directory / "hub")
        self.bench = BenchProcess(write_bench(directory, READER, SCALE)).started()
        self.file = directory / "tray" / "object.toml"

    def enrol(self) -> None:
        self.hub.open()
        devices = {"reader": "r200", "scale": "mt-sics"}
        named = [
            word
            for role, profile in devices.items()
            for word in ("--peripheral", f"{role}=serial:{self.directory / role}?profile={profile}")
        ]
        place = ("--object", "tray-9", "--kind", "tray", "--tenant", "demo", "--site", "corner")
        claim = json.loads(self.hub.command("claim", *place, "--yes", "--json"))["claim"]
        words = [claim, "--dir", str(self.file.parent), "--port", str(free_port()), *named]
        done = CliRunner().invoke(enroll, words)
        assert done.exit_code == 0, done.output

    def until_well(self) -> None:
        eventually((self.file.parent / "data" / "ledger.db").exists, "the object has begun its journal")
        eventually(lambda: self.codes() == [], "the object is well")

    def doctor(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Exit code and report of `opos doctor`, asked as an installer's program asks."""
        only = ("--only", ",".join(sorted(_MACHINE)))
        command = [*OPOS, "doctor", str(self.file), "--json", *(words or only)]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        assert done.stderr == b"", done.stderr.decode()
        return done.returncode, json.loads(done.stdout)

    def codes(self, *subjects: str) -> list[str]:
        """The codes of what is found now."""
        looked = examine(patient_of(self.file, Sysroot()), subjects or sorted(_MACHINE))
        assert [each.unknown for each in looked if each.unknown] == []
        return [finding.code for each in looked for finding in each.findings]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    try:
        shop.enrol()
        with (shop.directory / "up.log").open("wb") as log, running(shop.file, log):
            shop.until_well()
            yield shop
    finally:
        shop.hub.close()
        shop.bench.stop()


def test_an_object_that_works_is_well(shop: Shop) -> None:
    began = time.monotonic()
    code, report = shop.doctor()
    assert (code, report["findings"], report["object"]) == (0, [], "tray-9")
    assert set(report["well"]) == _MACHINE, report["unknown"]
    assert report["took_ms"] <= (time.monotonic() - began) * 1000


def test_a_plug_that_is_pulled_is_found_and_put_back(shop: Shop) -> None:
    shop.bench.do("scale", "unplug")
    eventually(lambda: shop.codes("devices") == ["OP-2101"], "the scale is missed")
    shop.bench.do("scale", "plug")
    eventually(lambda: shop.codes("devices") == [], "the scale is back")
    assert shop.codes("devices") == []


def test_a_scale_with_too_much_on_it_says_so_itself(shop: Shop) -> None:
    shop.bench.do("scale", "put", mass_mg=40_000_000)
    eventually(lambda: shop.codes("devices") == ["OP-2107"], "it is overloaded")
    shop.bench.do("scale", "clear")
    eventually(lambda: shop.codes("devices") == [], "it can weigh again")
    assert shop.codes("devices") == []


def test_what_was_looked_at_holds_no_secret(shop: Shop) -> None:
    key = (shop.file.parent / "data" / "object.key").read_text().splitlines()[1]
    said = json.dumps(shop.doctor("--fix")[1])
    assert key not in said
    assert "PRIVATE" not in said
