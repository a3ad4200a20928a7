"""How an object speaks: as whom, with which keys, on which line, by which clock."""

import random
from collections.abc import Callable

import msgspec

from cloud_sync.agent.ports import Clock, Keys
from cloud_sync.contract.topics import Address
from cloud_sync.mqtt import Outgoing


class Voice(msgspec.Struct, frozen=True):
    """One object on one line; `publish` says whether the line took a message."""

    address: Address
    keys: Keys
    publish: Callable[[Outgoing], bool]
    clock: Clock
    luck: random.Random
