"""Enrolment: from a claim to an object that knows its shop, repeatable after a power cut at any point.

What is asked is written down before it is said, so that it is asked in the same words again. What the hub
sends is checked whole before anything of it is kept, and the configuration, by which an object is known to be
enrolled, is written last.
"""

from collections.abc import Callable
from contextlib import closing, suppress
from enum import Enum
from typing import Final

import apsw
import msgspec

from cloud_sync.contract.enrolment import (
    ENROLMENT_TYPE,
    Claim,
    Enrolled,
    EnrolmentAsked,
    EnrolmentSaid,
    confirmation_code,
    read_enrolment,
)
from cloud_sync.contract.signing import Signer, seal
from edge.identity import csr_of, keep_file, make_line_key
from edge.keys import make_key_at, signers
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from edge.offline_queue.standing import standing
from edge.provision.hub_door import EnrolmentRefusedError, HubAwayError, HubDoor
from edge.provision.keeping import keep
from edge.provision.object_file import Setup
from edge.provision.place import Place, alone

# What an object calls itself that has never met a hub: name and kind are in the claim, for the hub to say.
_NAMELESS: Final = "unnamed"
_KINDLESS: Final = "any"

# A person needs seconds to compare a code, and a fleet of 1,000 that waits asks its hub 1,000 times a second.
_ASKED_EVERY_S: Final = 1.0


class Enrolment(Enum):
    """What became of an order to enrol."""

    NOW = "now"
    ALREADY = "already"  # this object was enrolled by this very claim: the command came twice


class Stands(msgspec.Struct, frozen=True):
    """Where an enrolment stands: the code that a person is to compare, or why there is no answer."""

    code: str
    trouble: str = ""


class Wait(msgspec.Struct, frozen=True):
    """How long to wait for a person: `pause` waits so many seconds, `tell` hears each change."""

    patience_s: float
    pause: Callable[[float], object]
    tell: Callable[[Stands], object]


class _Record(msgspec.Struct, frozen=True):
    """What is asked under which claim; `question` is empty once the answer was kept."""

    claim: str
    question: str


def enrol(claim: Claim, place: Place, setup: Setup, door: HubDoor, wait: Wait) -> Enrolment:
    """Make the object at `place` one of the shop that `claim` is of.

    Raises EnrolmentRefusedError, TakenError, ConfigError, KeyUnusableError, IdentityUnusableError, OSError.
    """
    with alone(place):
        if is_enrolled_by(claim, place):
            return Enrolment.ALREADY
        record = _recorded(claim, place)
        signer = _signer(place)
        question = _asked_before(record, signer) or _question(claim, place, signer)
        _write(place, _Record(claim.id, question))
        code = confirmation_code(claim.id, signer.public, claim.fingerprint)
        keep(_answer(door, question, code, wait), claim.fingerprint, signer.public, place, setup)
        _write(place, _Record(claim.id, ""))
        return Enrolment.NOW


def is_enrolled_by(claim: Claim, place: Place) -> bool:
    """Whether the object at `place` was enrolled by this very claim: there is nothing to ask."""
    record = _recorded(claim, place)
    return place.before is not None and record is not None and not record.question


def _signer(place: Place) -> Signer:
    """The key that the hub knows, or is to know: that of the first entry which it has not confirmed.

    An object that was given another key while the hub was away still has to tell it so, by the old one.
    """
    if place.before is not None:
        ledger = place.before.ledger
        with suppress(NoLedgerError, apsw.Error, ValueError), closing(LedgerReader(ledger)) as reader:
            unsynced = reader.after(reader.acked(), 1)
            kid = unsynced[0].kid if unsynced else standing(reader.database).kid
            known = signers(place.before)
            if kid in known:
                return known[kid]
    return make_key_at(place.key, place.key_source)


def _recorded(claim: Claim, place: Place) -> _Record | None:
    """What was asked under this very claim before."""
    try:
        record = msgspec.json.decode(place.record.read_bytes(), type=_Record)
    except (FileNotFoundError, ValueError):  # it is written whole: what is none of ours says nothing
        return None
    return record if record.claim == claim.id else None


def _asked_before(record: _Record | None, signer: Signer) -> str | None:
    """The words of last time, if this key has sealed them."""
    if record is None or not record.question:
        return None
    try:
        return record.question if read_enrolment(record.question).key == signer.public else None
    except ValueError:
        return None


def _question(claim: Claim, place: Place, signer: Signer) -> str:
    make_line_key(place.tls)
    section = place.before.object if place.before else None
    name, kind = (section.id, section.kind) if section else (_NAMELESS, _KINDLESS)
    csr = csr_of(place.tls, name)
    asked = EnrolmentAsked(claim.id, claim.secret, name, kind, signer.public, signer.tier, csr)
    return seal(signer, ENROLMENT_TYPE, asked)


def _answer(door: HubDoor, question: str, code: str, wait: Wait) -> Enrolled:
    """What the hub sends once a person has confirmed."""
    stands: Stands | None = None
    for _ in range(max(int(wait.patience_s / _ASKED_EVERY_S), 1)):
        before = stands
        try:
            said = door.ask(question)
        except HubAwayError as error:
            stands = Stands("", str(error))
        else:
            if said.enrolled is not None:
                return said.enrolled
            _check(said, code)
            stands = Stands(code)
        if stands != before:
            wait.tell(stands)
        wait.pause(_ASKED_EVERY_S)
    assert stands is not None, "it was asked once at least"
    why = stands.trouble or f"nobody confirmed {code}"
    raise EnrolmentRefusedError(f"{why}, for {wait.patience_s:g} s: run the same command again")


def _check(said: EnrolmentSaid, code: str) -> None:
    """Raise EnrolmentRefusedError unless the hub waits for a person who is shown this very `code`."""
    if said.state != "waiting":
        raise EnrolmentRefusedError(f"the hub refuses: {said.sentence or 'it does not say why'}")
    if said.code != code:
        raise EnrolmentRefusedError(
            f"the code here is {code}, and the hub's is {said.code!r}: somebody is between the two"
        )


def _write(place: Place, record: _Record) -> None:
    keep_file(place.record, msgspec.json.encode(record), mode=0o600)
