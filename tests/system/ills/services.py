"""Faults of the services and of the object's file: stopped, failing, hanging, of another version, wrong."""

from typing import Final

from tests.system.ills.ill import DATA, FILE, Ill, Round, at_the_hub, bring, each, here
from tests.system.shop import Shop

_EDGE: Final = "opos-edge.service"
_SYNC: Final = "opos-sync.service"
_FAILING: Final = f"/run/systemd/system/{_SYNC}.d/failing.conf"
_PROGRAM: Final = "/opt/opos/lib/python3*/site-packages/opos-*.dist-info/METADATA"
LEFT_RUNNING: Final = "left-running.service"
"""In which a command runs that somebody leaves running."""
_AS_OPOS: Final = "runuser -u opos --"
# More often than the doctor puts down to chance.
_OFTEN: Final = 6
_AGAIN_S: Final = 60.0


def _kill_often(shop: Shop) -> None:
    for _ in range(_OFTEN):
        before = shop.object.property(_SYNC, "MainPID")
        shop.object.signal(_SYNC, "KILL")
        shop.object.until_replaced(_SYNC, before, _AGAIN_S)


STOPPED: Final = Round(
    "a service that was stopped, one that was never enabled, and hands that left traces",
    (
        # No service starts while others can read its key.
        Ill("OP-4202", here(f"chmod 644 {DATA}/object.key")),
        Ill("OP-6002", here(f"systemctl stop {_SYNC}")),
        Ill("OP-6004", here(f"systemctl disable {_EDGE}")),
        Ill("OP-4204", here(f"touch {DATA}/left-by-root"), afterwards=here(f"rm {DATA}/left-by-root")),
    ),
)

HANGING: Final = Round(
    "processes that hang",
    (
        Ill("OP-3104", here(f"systemctl kill --signal=STOP {_SYNC}")),
        Ill("OP-6008", here(f"systemctl kill --signal=STOP {_EDGE}")),
    ),
)

FAILING: Final = Round(
    "a service that ends each time, an update that nobody has started, a rehearsal that nobody has ended",
    (
        Ill(
            "OP-6003",
            each(
                bring(_FAILING, "[Service]\nExecStartPre=/bin/false\n"),
                here(f"systemctl daemon-reload; systemctl restart {_SYNC} || true"),
            ),
            hand=here(f"rm -r {_FAILING}; systemctl daemon-reload"),
        ),
        Ill(
            "OP-6101",
            here(f"cp -a {_PROGRAM} /run/kept-metadata; sed -i 's/^Version: .*/&.post1/' {_PROGRAM}"),
        ),
        Ill("OP-6009", here(f"{_AS_OPOS} opos object training on {FILE}")),
    ),
    after=here(f"cp -a /run/kept-metadata {_PROGRAM}; systemctl restart {_EDGE} {_SYNC}"),
)

OFTEN: Final = Round("a service that ended many times", (Ill("OP-6007", _kill_often),))

WRONG_FILE: Final = Round(
    "a file that says what no object knows",
    (Ill("OP-6001", here(f"echo 'colour = \"red\"' >> {FILE}; systemctl restart --no-block {_EDGE}")),),
)

UNKEPT: Final = Round(
    "a machine whose systemd keeps no object up",
    (Ill("OP-6005", here(f"systemctl mask --runtime --now {_EDGE} {_SYNC}"), stays=True),),
    after=here(
        f"systemctl stop {LEFT_RUNNING}; systemctl unmask --runtime {_EDGE} {_SYNC};"
        f" systemctl start {_EDGE} {_SYNC}"
    ),
)

NO_PRICES: Final = Round(
    "an object without prices, whose hub was off when it asked for them",
    (
        Ill(
            "OP-6006",
            each(
                at_the_hub("systemctl stop opos-broker opos-hub"),
                here(
                    f"systemctl stop {_SYNC} {_EDGE}; rm -r {DATA}/documents;"
                    f" systemctl start --no-block {_EDGE} {_SYNC}"
                ),
            ),
            hand=at_the_hub("systemctl start opos-broker opos-hub"),
        ),
    ),
)
