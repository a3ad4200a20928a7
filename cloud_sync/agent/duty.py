"""The duty of a line: how soon things go out, and what does not go out at all where each byte is paid for."""

from typing import Final

import msgspec

_S: Final = 1_000_000_000


class Duty(msgspec.Struct, frozen=True):
    """How a line is used; every time is in nanoseconds."""

    linger_ns: int
    """While a batch is out, the next one may wait this long to grow."""
    lingers_alone: bool
    """Whether an entry waits for company also when nothing is out."""
    silence_ns: int
    """How often a hub that stays silent is asked whether it is back."""
    quiet_ns: int
    """After so long without a word a hub that answered is asked whether it still has what it confirmed."""
    state_ns: int
    """How often the state is told at most; whether the object is online is told at once."""
    telemetry: bool
    """Whether telemetry goes out."""
    keepalive_s: int
    """How often a silent line is asked whether it is still there."""


ALWAYS: Final = Duty(
    linger_ns=_S // 20,
    lingers_alone=False,
    silence_ns=5 * _S,
    quiet_ns=300 * _S,
    state_ns=1 * _S,
    telemetry=True,
    keepalive_s=5,
)
"""A line that costs nothing: an entry alone never waits, and whoever waits for the hub sees it come back."""

# A batch costs some 400 bytes of its own (signature, MQTT, receipt): a shop that sells every few seconds
# pays for it once a minute. The state is 150 bytes, and says nothing that the entries do not. A ping and its
# answer are 80 bytes with TCP and TLS: every five seconds they would be 40 MB a month.
METERED: Final = Duty(
    linger_ns=60 * _S,
    lingers_alone=True,
    silence_ns=60 * _S,
    quiet_ns=6 * 3600 * _S,
    state_ns=900 * _S,
    telemetry=False,
    keepalive_s=60,
)
"""A line that is paid for by the byte: a full batch or a minute, and nothing that may be lost."""
