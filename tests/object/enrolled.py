"""An object that a paper hub has let in, without a network between the two."""

from pathlib import Path
from typing import Final

from msgspec.structs import replace

from cloud_sync.contract.enrolment import Claim
from cloud_sync.contract.signing import Signer
from edge.clock import ClockQuality
from edge.config import KeySection, ObjectConfig, load
from edge.identity import csr_of, make_line_key
from edge.keys import make_key_at
from edge.provision.keeping import keep
from edge.provision.object_file import Setup
from edge.provision.place import place_in
from edge.readings import Nanoseconds
from tests.object.paper_hub import PaperHub, asked_by, now_ms

SETUP: Final = Setup(port=8101)


class PaperClock:
    """A wall clock that a test sets, and says what it is worth."""

    def __init__(self, wall_ms: int | None = None, quality: ClockQuality = "trusted") -> None:
        self.ms = now_ms() if wall_ms is None else wall_ms
        self.is_worth = quality

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self.ms * 1_000_000)

    def wall_ms(self) -> int:
        return self.ms

    def quality(self) -> ClockQuality:
        return self.is_worth


def enrolled_in(directory: Path, hub: PaperHub, key: KeySection = SETUP.key) -> ObjectConfig:
    """The configuration of an object in `directory` that `hub` has let in."""
    setup = replace(SETUP, key=key)
    hub.url = hub.url or "https://127.0.0.1:8443"
    place = place_in(directory, setup)
    place.data.mkdir(parents=True)
    signer: Signer = make_key_at(place.key, place.key_source)
    make_line_key(place.tls)
    claim: Claim = hub.claim()
    asked = asked_by(signer, claim, csr_of(place.tls, "unnamed"))
    keep(hub.enrolled(asked), claim.fingerprint, signer.public, place, setup)
    return load(place.file)
