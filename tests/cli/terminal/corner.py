"""A shop of which every command can be asked: a hub, a mirror with the ledger of a day, and papers."""

import json
from pathlib import Path
from typing import Final

from tests import object_files
from tests.cli.ledgers import DAY, Ledgers
from tests.cli.terminal.forking import Door

SHOP: Final = Path(__file__).parents[3] / "simulators" / "shops" / "corner"
READER: Final = "tcp:127.0.0.1:1?profile=r200"
SETTLED: Final = "line,attempt,reference,amount_minor,currency\n"
SCENARIO: Final = "about: nothing\nbench: bench.toml\nsteps:\n  - wait_ms: 1\n"
BENCH: Final = """
[bench]
control = "bench.sock"
state = "bench.json"
[[device]]
type = "r200"
name = "reader"
at = "tcp:127.0.0.1:0"
"""

BAD: Final[dict[str, bytes]] = {
    "empty": b"",
    "binary": bytes(range(256)) * 16,
    "words": b"this is no file of ours\n",
    "wrong.toml": b"[object\nid = 1\n",
}


def build(door: Door, place: Path) -> None:
    """Make all of it in `place`."""
    mirror = place / "mirror"
    (mirror / "data").mkdir(parents=True)
    text = object_files.mirror("mirror-4", tender=object_files.DESK, reader=READER)
    (mirror / "object.toml").write_text(text)
    ledgers = Ledgers(mirror / "data")
    ledgers.write(*DAY)
    (mirror / "data" / "object.key").write_bytes(ledgers.key.to_pem())
    (mirror / "data" / "object.key").chmod(0o600)
    for words in ("init --dir hub", f"import {SHOP} --dir hub", "broker --dir hub --host localhost"):
        _well(door, place, "hub", *words.split())
    (mirror / "trust.json").write_text(_well(door, place, "hub", "trust", "--dir", "hub"))
    key = json.dumps({"x": ledgers.key.public.x, "y": ledgers.key.public.y})
    who = ("--object", "mirror-4", "--tenant", "demo", "--site", "corner")
    _well(door, place, "hub", "admit", "--dir", "hub", *who, "--key", key)
    member = json.loads(_well(door, place, "hub", "member", "new", "--dir", "hub", "--json"))
    wallet = json.loads(_well(door, place, "hub", "wallet", "new", "--dir", "hub", "--json"))
    (place / "names.json").write_text(json.dumps({"member": member, "wallet": wallet}))
    _well(door, place, "staff", "new", "staff.json", "--badge", "17", "--pin-stdin", said=b"482915\n")
    (place / "settled.csv").write_text(SETTLED)
    (place / "nothing.scenario.yaml").write_text(SCENARIO)
    (place / "bench.toml").write_text(BENCH)
    (place / "empty").mkdir()
    (place / "image").mkdir()
    _bad(place / "bad")


def _well(door: Door, place: Path, *words: str, said: bytes = b"") -> str:
    done = door.run(words, place, said)
    assert done.code == 0, (words, done)
    return done.out


def _bad(place: Path) -> None:
    """What a person names by mistake."""
    place.mkdir()
    for name, content in BAD.items():
        (place / name).write_bytes(content)
    (place / "folder").mkdir()
