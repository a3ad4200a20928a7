"""The object's identity: whether it is enrolled, its certificate, its keys, whose its files are."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from edge.config import ObjectConfig, PlainKeySection
from edge.identity import IdentityUnusableError, days_left, renewal_is_due
from edge.keys import KeyUnusableError, key_files, load_signer
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject, config_of, user_of

# A renewal that is due is tried with every line: a week later it has been refused, or there was no line.
_RENEWAL_LATE_MS: Final = 7 * 86_400_000


class Membership(msgspec.Struct, frozen=True):
    """Whether the object belongs to a shop (`stranger`: why not); days of its certificate, if it has one."""

    stranger: str = ""
    days_left: int | None = None
    renewal_late: bool = False


class KeyFile(msgspec.Struct, frozen=True):
    """A file that holds a secret: whether it is there, whose eyes are let at it, why it gives no key."""

    path: Path
    there: bool = True
    open_to_others: bool = False
    trouble: str = ""


class Belonging(msgspec.Struct, frozen=True):
    """A file among the object's, and whose it is."""

    path: Path
    owner: str
    wanted: str


Paper = Membership | KeyFile | Belonging
"""What is looked at."""


def read(patient: Patient) -> Iterator[Paper]:
    """Look at the files; no secret leaves them."""
    config = config_of(patient)
    yield membership(patient, config)
    yield from _keys(config)
    yield from _belongings(config.data_dir)


def membership(patient: Patient, config: ObjectConfig) -> Membership:
    """How the object stands with its hub, by its own files."""
    secure = config.sync.broker_is_secure or config.sync.hub_is_secure
    missing = [path for path in (config.tls.root, config.tls.chain, config.tls.key) if not path.exists()]
    if patient.stranger or (secure and missing):
        return Membership(patient.stranger or f"{missing[0]} is not there.")
    try:
        late = renewal_is_due(config, patient.clock.wall_ms() - _RENEWAL_LATE_MS)
        return Membership(days_left=days_left(config, patient.clock), renewal_late=late)
    except IdentityUnusableError as error:
        return Membership(str(error))


def _keys(config: ObjectConfig) -> Iterator[KeyFile]:
    if not config.key.exists():
        yield KeyFile(config.key, there=False)
    for path in [*key_files(config), config.tls.key]:
        if path.exists():
            yield KeyFile(path, open_to_others=bool(path.stat().st_mode & 0o077))
    # What opens a sealed key is given to the service alone, and not to whoever looks.
    if config.key.exists() and isinstance(config.key_source, PlainKeySection):
        try:
            load_signer(config)
        except KeyUnusableError as error:
            yield KeyFile(config.key, trouble=str(error))


def _belongings(directory: Path) -> Iterator[Belonging]:
    """The first file that is not its directory's owner's: more of them say nothing more."""
    if not directory.is_dir():
        return
    owner = directory.stat().st_uid
    for path in sorted(directory.rglob("*")):
        with suppress(FileNotFoundError):  # the object works meanwhile
            if (other := path.lstat().st_uid) != owner:
                yield Belonging(path, user_of(other), user_of(owner))
                return


def stranger(fact: Paper) -> Finding | None:
    """It belongs to no shop."""
    if not isinstance(fact, Membership) or not fact.stranger:
        return None
    return found("OP-3301", said=fact.stranger)


def ended(fact: Paper) -> Finding | None:
    """It belonged to one."""
    if not isinstance(fact, Membership) or fact.days_left is None or fact.days_left >= 0:
        return None
    return found("OP-3302", days=-fact.days_left)


def not_renewed(fact: Paper) -> Finding | None:
    """It will not belong to one for long."""
    if not isinstance(fact, Membership) or fact.days_left is None or fact.days_left < 0:
        return None
    return found("OP-3303", days=fact.days_left) if fact.renewal_late else None


def no_key(fact: Paper) -> Finding | None:
    """Nothing to sign with."""
    return found("OP-4201", key=fact.path) if isinstance(fact, KeyFile) and not fact.there else None


def open_key(fact: Paper) -> Finding | None:
    """Something that others can sign with."""
    return found("OP-4202", key=fact.path) if isinstance(fact, KeyFile) and fact.open_to_others else None


def bad_key(fact: Paper) -> Finding | None:
    """A file that is no key; one that others can read is said already."""
    if not isinstance(fact, KeyFile) or not fact.trouble or fact.path.stat().st_mode & 0o077:
        return None
    return found("OP-4203", said=fact.trouble)


def foreign(fact: Paper) -> Finding | None:
    """Files that the service cannot write."""
    if not isinstance(fact, Belonging):
        return None
    return found("OP-4204", path=fact.path, other=fact.owner, owner=fact.wanted)


IDENTITY: Final = Subject(read, stranger, ended, not_renewed, no_key, open_key, bad_key, foreign)
