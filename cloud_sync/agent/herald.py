"""The herald: tells the world how the object stands, when something changed and not too often."""

from msgspec.structs import replace

from cloud_sync.agent.duty import ALWAYS, Duty
from cloud_sync.agent.uplink import PAUSE_NS
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.state import ObjectState
from cloud_sync.contract.topics import Address
from cloud_sync.mqtt import Outgoing


def last_will(address: Address) -> Outgoing:
    """What the broker tells when the object no longer can."""
    return _outgoing(address, ObjectState(online=False))


class Herald:
    """The retained state of one object, as often as its duty says; whether it is online is told at once."""

    def __init__(self, address: Address, duty: Duty = ALWAYS) -> None:
        self._address = address
        self._duty = duty
        self._told = ObjectState(online=False)
        self._next_ns = 0
        self._pause_ns = 0

    def forget(self) -> None:
        """A new connection: the broker may have told the will since."""
        self._told = ObjectState(online=False)
        self._pause_ns = 0

    def news(self, state: ObjectState, now_ns: int, wall_ms: int) -> Outgoing | None:
        """What to publish now; `state` comes without a time. Call `told` if it went out, or `refused`."""
        due_ns = self.deadline_ns(state)
        if due_ns is None or now_ns < due_ns:
            return None
        return _outgoing(self._address, replace(state, at_ms=wall_ms))

    def told(self, state: ObjectState, now_ns: int) -> None:
        """`state` is on its way."""
        self._told = state
        self._next_ns = now_ns + self._duty.state_ns

    def refused(self, now_ns: int) -> None:
        """The line took no more at this moment."""
        self._pause_ns = now_ns + PAUSE_NS

    def deadline_ns(self, state: ObjectState) -> int | None:
        """From when on `news` has something to say of `state`; None for never."""
        if state == self._told:
            return None
        return max(self._pause_ns, self._next_ns if state.online == self._told.online else 0)


def _outgoing(address: Address, state: ObjectState) -> Outgoing:
    return Outgoing(address.up("state"), encode(state), retain=True)
