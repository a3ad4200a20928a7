"""Faults of the line: network, names, broker, hub, certificates, identity, and the clock."""

from typing import Final

from tests.system.debian import HUB_HOST
from tests.system.ills.ill import DATA, FILE, Cause, Deed, Ill, Round, at_the_hub, bring, each, here
from tests.system.ills.laid import AGENTS_CLOCK, DOCTORS_CLOCK, EYES, FOLDER, PROGRAM, lay_clocks, worn
from tests.system.shop import HUB_DIR, HUB_PORT, OBJECT, Shop

_DAY_S: Final = 86_400
_SYNC: Final = "opos-sync.service"
_HUB: Final = "opos-hub.service"
_PYTHON: Final = "/opt/opos/bin/python3"

# In the hub's machine: a certificate for the object's line as the hub has made it so many days ago.
_ISSUE: Final = """\
import sys, time
from cryptography import x509 as c
from cloud_sync.contract.topics import Address
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity import x509
from cloud_sync.hub.identity.authority import issuer_of
from pathlib import Path
folder, days = Folder(Path(sys.argv[1])), int(sys.argv[2])
key = c.load_pem_x509_certificate(sys.stdin.buffer.read()).public_key()
issuer = issuer_of(folder)
who = x509.Subject(Address("demo", "corner", sys.argv[3]), "file", key)
made = issuer.client(who, int(time.time() * 1000) - days * 86_400_000)
print(made.pem + issuer.pem, end="")
"""
# In the hub's machine: the servers' certificates as they were made so many days ago.
_SERVERS: Final = """\
import sys, time
from pathlib import Path
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.identity.authority import keep_servers
ago_ms = int(sys.argv[2]) * 86_400_000
keep_servers(Folder(Path(sys.argv[1])), int(time.time() * 1000) - ago_ms, even_if_fresh=True)
"""
_ROOT: Final = """\
import sys, time
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.hub.identity import x509
made = x509.make_root(SoftwareKey.generate().to_pem(), "another", int(time.time() * 1000))
sys.stdout.write(made.decode())
"""


def _aged(days: int) -> Deed:
    """The object's certificate as one that was made so many days ago."""

    def done(shop: Shop) -> None:
        path = f"{DATA}/tls.crt"
        present = shop.object.path(path).read_text()
        words = (_PYTHON, "-c", _ISSUE, HUB_DIR, str(days), OBJECT)
        shop.object.path(path).write_text(shop.hub.run(*words, said=present, user="opos"))

    return done


def _another_root(shop: Shop) -> None:
    """What a hub that was set up anew looks like to an object of the old one."""
    shop.object.path(f"{DATA}/root.crt").write_text(shop.hub.run(_PYTHON, "-c", _ROOT))


NO_CABLE: Final = Round(
    "a cable that is pulled",
    (Ill("OP-3001", lambda shop: shop.cable(plugged=False), hand=lambda shop: shop.cable(plugged=True)),),
)

NO_NAME: Final = Round(
    "a name that nobody knows",
    (
        Ill(
            "OP-3002",
            here(f"cp /etc/hosts /run/kept-hosts; sed '/{HUB_HOST}/d' /run/kept-hosts > /etc/hosts"),
            hand=here("cat /run/kept-hosts > /etc/hosts"),
        ),
    ),
)

HUB_AWAY: Final = Round(
    "a hub that is off, and what was sold meanwhile has waited for two days",
    (
        Ill(
            "OP-3101",
            at_the_hub("systemctl stop opos-broker"),
            hand=at_the_hub("systemctl start opos-broker"),
        ),
        Ill("OP-3201", at_the_hub("systemctl stop opos-hub"), hand=at_the_hub("systemctl start opos-hub")),
        Ill("OP-4101", lambda shop: shop.sell(), how=Cause.LAID_OVER),
    ),
    before=each(lay_clocks(), here(f"echo {2 * _DAY_S} > {DOCTORS_CLOCK}")),
    after=here(f"rm {DOCTORS_CLOCK}"),
    eyes=EYES,
)

HUB_OLD: Final = Round(
    "a hub whose certificates nobody has renewed",
    (
        Ill(
            "OP-3204",
            at_the_hub(
                f"runuser -u opos -- {_PYTHON} -c '{_SERVERS}' {HUB_DIR} 388; systemctl restart opos-broker"
            ),
            at_hub=True,
        ),
    ),
)

NOT_ENROLLED: Final = Round(
    "an object that knows no hub",
    (Ill("OP-3301", here("rm /etc/opos/trust.json")),),
)

STRANGERS: Final = Round(
    "a hub that was set up anew",
    (Ill("OP-3102", _another_root), Ill("OP-3202")),
)

NOT_RENEWED: Final = Round(
    "a certificate that should have been renewed",
    (Ill("OP-3303", _aged(85)),),
)

# A hub whose door asks for certificates and says why it refuses one, as that of a proxy; ours asks nobody.
_DOOR: Final = f"""\
import ssl
from asyncio.sslproto import SSLProtocol
_wrap, _done = ssl.SSLContext.wrap_bio, SSLProtocol._on_handshake_complete
def wrap_bio(self, incoming, outgoing, server_side=False, **more):
    if server_side:
        self.load_verify_locations("{HUB_DIR}/broker/root.crt")
        self.verify_mode = ssl.CERT_OPTIONAL
    return _wrap(self, incoming, outgoing, server_side=server_side, **more)
def done(self, error):
    if error is not None:
        self._transport.write(self._outgoing.read())
    _done(self, error)
ssl.SSLContext.wrap_bio, SSLProtocol._on_handshake_complete = wrap_bio, done
"""
_ASKING: Final = f"/etc/systemd/system/{_HUB}.d/asking.conf"
_HUB_RUN: Final = f"hub run --dir {HUB_DIR} --port {HUB_PORT} --https 8443 --broker mqtts://localhost:8883"
_ASKING_HUB: Final = f"""\
[Service]
Environment=PYTHONPATH=/srv/door
ExecStart=
ExecStart={" ".join(PROGRAM)} {_HUB_RUN}
"""

ENDED: Final = Round(
    "a certificate that has ended, and a hub whose door asks for it",
    (Ill("OP-3302", _aged(120)), Ill("OP-3103"), Ill("OP-3203", how=Cause.LAID_OVER)),
    before=each(
        lambda shop: shop.hub.put("/srv/door/sitecustomize.py", _DOOR),
        lambda shop: shop.hub.put(_ASKING, _ASKING_HUB),
        at_the_hub(f"systemctl daemon-reload; systemctl restart {_HUB}"),
    ),
    after=at_the_hub(f"rm -r {_ASKING} /srv/door; systemctl daemon-reload; systemctl restart {_HUB}"),
)

# What sets the clocks of these machines is the machine below them: a unit in its place puts ours right.
_TIMESYNC: Final = "/etc/systemd/system/systemd-timesyncd.service"
_SETS_THE_CLOCK: Final = f"""\
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'mkdir -p /run/systemd/timesync; touch /run/systemd/timesync/synchronized'
ExecStart=/bin/rm -f {DOCTORS_CLOCK} {AGENTS_CLOCK}
[Install]
WantedBy=sysinit.target
"""
_AGENT: Final = f"/run/systemd/system/{_SYNC}.d/clock.conf"
_WORN_AGENT: Final = f"""\
[Service]
Environment={" ".join(worn(AGENTS_CLOCK))}
ExecStart=
ExecStart={" ".join(PROGRAM)} sync run {FILE}
"""

CLOCK: Final = Round(
    "a board whose clock nobody has set",
    (
        Ill("OP-1401", how=Cause.LAID_OVER),
        Ill("OP-1402", here(f"echo -{3 * _DAY_S} > {DOCTORS_CLOCK}"), how=Cause.LAID_OVER),
        Ill(
            "OP-1403",
            here(f"echo 600 > {AGENTS_CLOCK}; systemctl daemon-reload; systemctl restart {_SYNC}"),
            how=Cause.LAID_OVER,
        ),
    ),
    before=each(
        lay_clocks(),
        lambda shop: shop.object.put(_TIMESYNC, _SETS_THE_CLOCK),
        lambda shop: shop.object.put("/etc/systemd/ntp-units.d/50-ours.list", "systemd-timesyncd.service\n"),
        bring(_AGENT, _WORN_AGENT),
        here(f"chmod -R a+rX {FOLDER}; systemctl daemon-reload"),
    ),
    after=here(
        f"systemctl disable --now systemd-timesyncd; rm -r {_TIMESYNC} /etc/systemd/ntp-units.d {_AGENT}"
        f" /run/systemd/timesync; systemctl daemon-reload; systemctl restart {_SYNC}"
    ),
    eyes=EYES,
)
