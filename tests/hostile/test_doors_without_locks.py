"""A trial that nothing can fail proves nothing: each of these bugs is found at its door in a few seeds."""

from collections.abc import Callable

import pytest
from sqlalchemy.exc import SQLAlchemyError

from cloud_sync.agent import downlink, obeyed
from cloud_sync.contract import signing
from cloud_sync.hub.ingest import gestures, opening
from edge.identity import hub_keys
from tests.hostile.soak import Ground, play

SEEDS = range(6)

Patch = Callable[[pytest.MonkeyPatch], None]


def put(owner: object, name: str, value: object) -> Patch:
    return lambda patch: patch.setattr(owner, name, value)


BUGS: dict[str, tuple[str, Patch]] = {
    "any signature will do for a question": ("request", put(signing.Verifier, "check", lambda *_: None)),
    "any signature will do for a receipt": ("receipt", put(signing.Verifier, "check", lambda *_: None)),
    "any signature will do for a batch": ("journal", put(signing.Verifier, "check", lambda *_: None)),
    "what is no batch is raised": ("journal", put(opening, "BadBatchError", KeyError)),
    "telemetry of any kind is written down": ("telemetry", put(gestures, "_is_sound", lambda _: True)),
    "an older price will do": ("document", put(downlink.Downlink, "_compare", lambda *_: downlink.Told.NEW)),
    "an order is forgotten": ("order", put(obeyed.Obeyed, "outcome", lambda *_: None)),
    "yesterday's keys are believed": ("keyring", put(hub_keys, "_refuse_older", lambda *_: None)),
}


# What a bug at a door looks like: a promise that is broken, or something that comes out of the door.
_HARM = (AssertionError, ValueError, SQLAlchemyError)


def play_all(ground: Ground, door: str) -> None:
    for seed in SEEDS:
        play(ground, seed, door)


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_at_a_door_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    door, patch = BUGS[bug]
    ground = Ground(None)
    patch(monkeypatch)
    with pytest.raises(_HARM):
        play_all(ground, door)
