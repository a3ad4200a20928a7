"""cloud-init for boards without a screen: files for each, with a claim, that set it up at its first start.

They are those of the NoCloud source (cloud-init's documentation, "NoCloud"): `user-data` and `meta-data`, to
be copied onto the first partition of the board's card or to a disk labelled CIDATA.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

import yaml

from cloud_sync.contract.enrolment import claim_text
from cloud_sync.hub.identity.claims import MadeClaim

NAMES: Final = (
    "claim", "kind", "peripheral", "terminal", "glass", "look", "port", "account", "wait_s",
)  # fmt: skip
"""What `opos setup --answers` understands: its package is another one, and a test holds them together."""
DEVICE_NAMES: Final = ("role", "uri", "name")
"""The same of a [[peripheral]]."""

CLAIM: Final = "/etc/opos/claim"
ANSWERS: Final = "/etc/opos/answers.toml"

# cloud-init runs it at every start (its module scripts-per-boot): a power cut at the first is no harm.
SCRIPT: Final = "/var/lib/cloud/scripts/per-boot/50-opos-setup"

_SCRIPT_TEXT: Final = f"""\
#!/bin/sh
# Sets this board up as an object of its shop; after a power cut the next start goes on where it was.
[ -e {CLAIM} ] || exit 0
opos setup --answers {ANSWERS} --json && rm -f {CLAIM}
"""

# Nobody stands before such a board: it waits a day for whoever confirms it at the hub.
_WAIT_S: Final = 86_400


class SeedError(ValueError):
    """Answers that cannot be those of a fleet: why, and what to do."""


def answers_text(answers: str, kind: str) -> str:
    """The answers that every board gets: those of a person, and what they leave open. Raises SeedError."""
    try:
        told = tomllib.loads(answers)
    except RecursionError as error:  # tomllib says so of brackets in brackets without end
        raise SeedError("the answers are no TOML: brackets in brackets without end") from error
    except ValueError as error:
        raise SeedError(f"the answers are no TOML: {error}") from error
    _refuse_strangers(told)
    if "claim" in told:
        raise SeedError("the answers name a claim: leave it out, each board gets one of its own")
    if told.get("kind", kind) != kind:
        raise SeedError(f"the answers are for a {told['kind']}, and the claims for a {kind}")
    ours = {"claim": CLAIM, "kind": kind, "terminal": "none", "glass": False, "wait_s": _WAIT_S}
    # Before all of theirs, since what follows the head of a table is part of it.
    lines = [f"{name} = {json.dumps(value)}" for name, value in ours.items() if name not in told]
    return "\n".join(lines) + f"\n\n{answers}"


def _refuse_strangers(told: Mapping[str, Any]) -> None:
    """No board shows a misspelt word to anybody: it is refused here."""
    _refuse_stranger("", told, NAMES)
    devices = told.get("peripheral", [])
    if not isinstance(devices, list) or not all(isinstance(each, dict) for each in devices):
        raise SeedError("the answers: peripheral: expected a table [[peripheral]] for each device")
    for number, device in enumerate(devices, 1):
        _refuse_stranger(f"peripheral {number}: ", device, DEVICE_NAMES)


def _refuse_stranger(where: str, told: Mapping[str, Any], names: Sequence[str]) -> None:
    for name in told:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            meant = f": did you mean {near[0]!r}?" if near else f": expected some of {', '.join(names)}"
            raise SeedError(f"the answers: {where}{name!r} is no answer{meant}")


def seed(made: MadeClaim, answers: str) -> Iterator[tuple[str, str]]:
    """Name and text of each file for the board of `made`; `answers` as `answers_text` makes them."""
    config = {
        "hostname": _host_name(made.object),
        "write_files": [
            _file(CLAIM, f"{claim_text(made.claim)}\n", "0600"),
            _file(ANSWERS, answers, "0600"),
            _file(SCRIPT, _SCRIPT_TEXT, "0755"),
        ],
        "runcmd": [[SCRIPT]],
    }
    yield "user-data", f"#cloud-config\n{_yaml(config)}"
    # Another claim is another instance: cloud-init begins anew on a card that is used again.
    about = {"instance-id": f"opos-{made.claim.id}", "local-hostname": _host_name(made.object)}
    yield "meta-data", _yaml(about)


def _file(path: str, content: str, permissions: str) -> dict[str, str]:
    return {"path": path, "owner": "root:root", "permissions": permissions, "content": content}


def _host_name(name: str) -> str:
    """An object's name may have dots and underscores, a host's may not (RFC 1123, section 2.1)."""
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")


class _Readable(yaml.SafeDumper):
    """Writes a text of several lines as it is, so that whoever opens the file can read it."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """As YAML's literal style has it."""
        style = "|" if "\n" in data else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Readable.add_representer(str, _Readable.represent_str)


def _yaml(data: Mapping[str, Any]) -> str:
    return str(yaml.dump(data, Dumper=_Readable, sort_keys=False, allow_unicode=True, width=1_000))
