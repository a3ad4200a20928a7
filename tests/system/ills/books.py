"""Faults of the books: the ledger, its keys, and what waits for the hub. What ends a ledger comes last."""

from typing import Final

from tests.system.ills.ill import DATA, FILE, Ill, Round, bring, each, here

_LEDGER: Final = f"{DATA}/ledger.db"
_KEY: Final = f"{DATA}/object.key"
_EDGE: Final = "opos-edge.service"
_SYNC: Final = "opos-sync.service"

NO_KEY: Final = Round(
    "a key that is gone",
    (Ill("OP-4201", here(f"mv {_KEY} {_KEY}.away"), hand=here(f"mv {_KEY}.away {_KEY}")),),
)

BAD_KEY: Final = Round(
    "a key that is none",
    (
        Ill(
            "OP-4203",
            here(f"cp -a {_KEY} {_KEY}.away; echo nonsense > {_KEY}"),
            hand=here(f"mv {_KEY}.away {_KEY}"),
        ),
    ),
)

_KEPT_KEY: Final = "/srv/kept-key"

KEY_AWAY: Final = Round(
    "a key that was replaced, and thrown away before all that it has signed was at the hub",
    (
        Ill(
            "OP-4102",
            each(
                lambda shop: shop.cable(plugged=False),
                lambda shop: shop.sell(),
                here(
                    f"systemctl stop {_EDGE} {_SYNC}; runuser -u opos -- opos object rotate {FILE}\n"
                    f"mkdir {_KEPT_KEY}; mv {_KEY}.before-* {_KEPT_KEY}; systemctl start {_EDGE} {_SYNC}"
                ),
                lambda shop: shop.cable(plugged=True),
            ),
            hand=here(f"mv {_KEPT_KEY}/* {DATA}; rmdir {_KEPT_KEY}"),
        ),
    ),
    after=lambda shop: shop.until_level(),
)

# In the middle of the file, so that no page of it is whole there.
_DAMAGE: Final = (
    f"size=$(stat -c %s {_LEDGER}); dd if=/dev/zero of={_LEDGER} bs=1 seek=$((size / 2)) count=4096"
    " conv=notrunc status=none"
)
# Who changes an entry has to take the ink off first, and puts it back so that nobody sees it.
_FORGERY: Final = f"""\
import sqlite3
db = sqlite3.connect("{_LEDGER}")
ink = "entry_is_written_in_ink"
(said,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (ink,)).fetchone()
db.execute(f"DROP TRIGGER {{ink}}")
db.execute("UPDATE entry SET sig = zeroblob(64) WHERE seq = (SELECT max(seq) FROM entry)")
db.execute(said)
db.commit()
"""
_FORGE: Final = "/run/forge.py"
# The object finds what is wrong within seconds after its start, and waits: then a person lets it go on. The
# next ledger has to be there, and at the hub, before anybody spoils that.
_RENEW: Final = f"runuser -u opos -- opos ledger renew {_LEDGER}"
_RENEWED: Final = each(
    here(f"timeout 60 sh -c 'until {_RENEW}; do sleep 0.2; done'"),
    lambda shop: shop.until_sellable(),
    lambda shop: shop.until_level(),
)

CHANGED: Final = Round(
    "a ledger whose last entry somebody has changed",
    (
        Ill(
            "OP-4002",
            each(
                bring(_FORGE, _FORGERY),
                here(f"systemctl stop {_EDGE}; runuser -u opos -- python3 {_FORGE}"),
            ),
        ),
    ),
    after=_RENEWED,
)

# All but its first page, which says that it is a ledger.
_EMPTIED: Final = f"size=$(stat -c %s {_LEDGER}); truncate -s 4096 {_LEDGER}; truncate -s $size {_LEDGER}"

DAMAGED: Final = Round(
    "a ledger that is damaged, and that nobody has opened yet",
    (Ill("OP-4001", here(f"systemctl stop {_EDGE}; {_EMPTIED}")),),
    after=_RENEWED,
)

SET_ASIDE: Final = Round(
    "a ledger that is damaged, and that the object has set aside when it started",
    (Ill("OP-4003", here(f"systemctl stop {_EDGE}; {_DAMAGE}; systemctl start {_EDGE}")),),
)
