"""docs/identity.md and docs/object-identity.md followed to the letter, at the machine of a hub.

The one page has the hub's lines and the other the object's; both are typed here in the order in which two
people would, each in a terminal of theirs.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

from tests.system.bench import READER_PORT
from tests.system.keeper import OBJECT, STARTS_S, SWEATER, Keeper
from tests.system.step import FellError
from tests.system.typist import HOME
from tests.system.waiting import listens, until

PAGE: Final = "docs/identity.md"
OBJECT_PAGE: Final = "docs/object-identity.md"
_BROKER_PORT: Final = 8883
_CODE: Final = r"([A-Z]{4}-[A-Z]{4})"
_CLAIM: Final = r"OPOS1\.\S+"
_OTHER: Final = "mirror-5"
# Whom the object of the other page is: its reader is not where hardware/udev puts one.
_READER: Final = f" --peripheral 'reader=tcp:127.0.0.1:{READER_PORT}?profile=r200'"
_ENROLL: Final = "opos enroll OPOS1.eyJodWIi... --dir mirror"
_UP: Final = "opos object up mirror/object.toml"
OBJECT_LINES: Final = (_ENROLL, _UP)
"""What docs/object-identity.md has somebody type."""


def _init(keeper: Keeper, line: str) -> None:
    """In a folder of its own: what the hub of the other pages had is none of this one's."""
    keeper.ends()
    keeper.service("disable --now", "opos-hub-ingest", "opos-hub-api", "opos-broker")
    keeper.type("mkdir identity")
    keeper.folder = f"{HOME}/identity"
    keeper.type(line)


def _broker(keeper: Keeper, line: str) -> None:
    """Its certificate has both names."""
    keeper.type(line)
    keeper.type(f"opos hub import {HOME}/simulators/shops/corner --dir var/hub")
    folder = keeper.at.path(f"{keeper.folder}/var/hub")
    if not (folder / "broker/mosquitto.conf").exists() or not (folder / "tls/hub.crt").exists():
        raise FellError("the files of the broker or the certificates are not there")


def _mosquitto(keeper: Keeper, line: str) -> None:
    keeper.keeps(line)
    until(lambda: listens(_BROKER_PORT) or None, "Mosquitto listens", STARTS_S)


def _run(keeper: Keeper, line: str) -> None:
    keeper.keeps(line)
    keeper.is_well()


def _claim(keeper: Keeper, line: str) -> None:
    """It is brought to the object, where somebody types it."""
    keeper.asks(re.sub(_CLAIM, _claimed(keeper, line), _ENROLL) + _READER)


def _claimed(keeper: Keeper, line: str) -> str:
    return str(re.findall(_CLAIM, keeper.type(line))[0])


def _claims(keeper: Keeper, line: str) -> None:
    """The hub knows who waits, and which code it shows."""
    code = keeper.asking.until(_CODE)[1]
    if code not in (said := keeper.type(line)) or OBJECT not in said:
        raise FellError(f"the object shows {code}, and the hub says {said}")


def _confirm(keeper: Keeper, line: str) -> None:
    """The object is let in; runtime and agent come up, and it sells by the certificates of its line."""
    with keeper.asking as object_side:
        code = re.findall(_CODE, object_side.seen)[-1]
        keeper.type(re.sub(_CODE, code, line))
        if object_side.ended():
            raise FellError(f"it was not enrolled: {object_side.seen[-2000:]}")
    keeper.keeps(_UP)
    keeper.shop.until_sellable(STARTS_S)
    keeper.sells(SWEATER, 1)


def _refuse(keeper: Keeper, line: str) -> None:
    """Another one's code is not the same: its claim is void, and it is told so."""
    place = f"--dir var/hub --object {_OTHER} --tenant demo --site corner"
    claim = _claimed(keeper, f"opos hub claim {place}")
    keeper.asks(f"opos enroll {claim} --dir other --port 8102")
    with keeper.asking as object_side:
        code = object_side.until(_CODE)[1]
        keeper.type(re.sub(_CODE, code, line))
        if object_side.ended() != 1 or "the hub refuses" not in object_side.seen:
            raise FellError(f"it was not refused: {object_side.seen[-2000:]}")


def _keys(keeper: Keeper, line: str) -> None:
    """So many keys are believed; what the object writes is confirmed by the one that signs now."""
    keeper.type(line)
    trust = json.loads(keeper.at.path(f"{keeper.folder}/var/hub/trust.json").read_text())
    believed = len(trust["receipt"])
    expected = {"show": 1, "rotate": 2, "retire": 1}[line.split()[3]]
    if believed != expected:
        raise FellError(f"`{line}`: {believed} keys for receipts are believed, not {expected}")
    keeper.shop.until_level()


HANDS: Final[Mapping[str, Callable[[Keeper, str], None]]] = {
    "opos hub init    --dir var/hub": _init,
    "opos hub broker  --dir var/hub --host hub.corner.example --host 10.0.0.2": _broker,
    "/usr/sbin/mosquitto -c var/hub/broker/mosquitto.conf": _mosquitto,
    "opos hub run     --dir var/hub --port 8110 --https 8443 --broker mqtts://hub.corner.example:8883": _run,
    f"opos hub claim   --dir var/hub --object {OBJECT} --tenant demo --site corner --kind mirror": _claim,
    "opos hub claims  --dir var/hub": _claims,
    "opos hub confirm --dir var/hub WDJB-MJHT": _confirm,
    "opos hub refuse  --dir var/hub WDJB-MJHT": _refuse,
    "opos hub keys show    --dir var/hub": _keys,
    "opos hub keys rotate  receipt --dir var/hub": _keys,
    "opos hub keys retire  --dir var/hub": _keys,
}
"""What docs/identity.md has somebody type, in its order, and what a reader does at that."""
