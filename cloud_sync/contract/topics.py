"""Where things are said: the MQTT topics of an object and of a site."""

import hashlib
from typing import Final, Literal

import msgspec

PARTITIONS: Final = 64
"""Objects are spread over so many partitions, for good: a hub worker leases some of them."""

PAYLOAD_BYTES_MAX: Final = 128 * 1024
"""No payload is longer; a broker may be told to refuse more."""


def partition(object_id: str) -> int:
    """The partition of an object: its name's hash, fixed for life."""
    return int.from_bytes(hashlib.sha256(object_id.encode()).digest()[:8], "big") % PARTITIONS


class Address(msgspec.Struct, frozen=True):
    """Where an object stands: tenant, site and its own name."""

    tenant: str
    site: str
    object: str

    @property
    def root(self) -> str:
        """The start of every topic of this object."""
        return f"opos/1/{self.tenant}/{partition(self.object)}/{self.site}/{self.object}"

    def up(self, lane: Literal["journal", "telemetry", "state", "request"]) -> str:
        """What the object says."""
        return f"{self.root}/up/{lane}"

    def down(self, lane: Literal["receipt", "reply", "command"]) -> str:
        """What the object is told."""
        return f"{self.root}/dn/{lane}"

    def documents(self) -> str:
        """The retained manifests of the object's site, one topic a document."""
        return f"{site_root(self.tenant, self.site)}/dn/document/+"


def site_root(tenant: str, site: str) -> str:
    """The start of the topics of a site."""
    return f"opos/1/{tenant}/site/{site}"


def document(tenant: str, site: str, name: str) -> str:
    """The topic of one document's retained manifest."""
    return f"{site_root(tenant, site)}/dn/document/{name}"


def keyring(tenant: str) -> str:
    """The topic of a tenant's retained keyring."""
    return f"opos/1/{tenant}/dn/keys"


def every_lane(part: int) -> str:
    """A hub worker's subscription to all that the objects of a partition say."""
    return f"opos/1/+/{part}/+/+/up/+"


def address_of(topic: str) -> Address:
    """Who speaks on `topic`, any of an object's own; raises ValueError on another topic."""
    parts = topic.split("/")
    if len(parts) != 8 or parts[:2] != ["opos", "1"] or parts[6] not in {"up", "dn"}:
        raise ValueError(f"expected opos/1/tenant/part/site/object/up|dn/lane, got {topic!r}")
    address = Address(parts[2], parts[4], parts[5])
    if not topic.startswith(address.root + "/"):
        raise ValueError(
            f"{topic!r}: object {address.object!r} belongs to partition {partition(address.object)}"
        )
    return address
