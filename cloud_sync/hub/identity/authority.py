"""The hub's certificates in its directory: the root's, the issuer's, and those of its own lines.

The X.509 root is signed by the second root key, which lies in a safe once the issuer is made: nothing that
happens in a day needs it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.hub.files import PRIVATE, PUBLIC, replace, write_new
from cloud_sync.hub.folder import Folder, RootAwayError
from cloud_sync.hub.identity import x509
from cloud_sync.hub.identity.x509 import BROKER_NAME, HUB_NAME, SERVER_DAYS, Issuer

_DAY_MS: Final = 24 * 60 * 60 * 1000
# A certificate of ours is replaced when a third of its life is left.
_RENEWED_MS: Final = SERVER_DAYS * _DAY_MS // 3


class NoAuthorityError(FileNotFoundError):
    """The hub has no certificates yet: the command that makes them."""


class Where(msgspec.Struct, frozen=True):
    """Where objects find the hub: its names, of which they are told the first, and its two ports."""

    names: tuple[str, ...]
    broker_port: int
    https_port: int

    @property
    def broker(self) -> str:
        """The address of the broker."""
        return f"mqtts://{self._host}:{self.broker_port}"

    @property
    def hub(self) -> str:
        """The web address of the hub."""
        return f"https://{self._host}:{self.https_port}"

    @property
    def _host(self) -> str:
        return f"[{self.names[0]}]" if ":" in self.names[0] else self.names[0]


def make_authority(folder: Folder, where: Where, now_ms: int) -> None:
    """Make what is not there yet: root, issuer, and the certificates of the hub's own lines.

    Raises NoHubError, and RootAwayError if the root is needed and lies in its safe.
    """
    with folder.changing():
        for directory in (folder.tls, folder.broker):
            directory.mkdir(mode=0o700, exist_ok=True)
        root = _root_certificate(folder)
        if not root.exists():
            # 64 characters are the most in a name of X.520.
            name = f"OPOS hub {where.names[0]}"[:50]
            write_new(root, x509.make_root(_root_key(folder), name, now_ms), PUBLIC)
        if not _issuer_certificate(folder).exists():
            # The certificate comes last: without it there is no issuer, whatever its key is.
            replace(_issuer_key(folder), SoftwareKey.generate().to_pem(), PRIVATE)
            _certify_issuer(folder, now_ms)
        replace(_where(folder), msgspec.json.format(msgspec.json.encode(where)) + b"\n")
    keep_servers(folder, now_ms)


def renew_issuer(folder: Folder, now_ms: int) -> None:
    """Let the root certify the issuer's key anew; what it issued stays valid until its own end."""
    with folder.changing():
        _certify_issuer(folder, now_ms)
    keep_servers(folder, now_ms, even_if_fresh=True)


def keep_servers(folder: Folder, now_ms: int, *, even_if_fresh: bool = False) -> bool:
    """See to it that the hub's and the broker's certificates hold; whether one had to be made."""
    where, issuer = where_of(folder), issuer_of(folder)
    made = False
    with folder.changing():
        places = ((folder.tls / "hub", HUB_NAME), (folder.broker / "broker", BROKER_NAME))
        for path, common in places:
            if even_if_fresh or not _holds(path.with_suffix(".crt"), where.names, now_ms):
                _make_server(issuer, path, common, where.names, now_ms)
                made = True
        replace(folder.broker / "root.crt", issuer.root_pem.encode("ascii"), PUBLIC)
    return made


def issuer_of(folder: Folder) -> Issuer:
    """Who issues here; raises NoAuthorityError."""
    try:
        return Issuer(
            _root_certificate(folder).read_bytes(),
            _issuer_certificate(folder).read_bytes(),
            _issuer_key(folder).read_bytes(),
        )
    except FileNotFoundError as error:
        raise _no_authority(folder) from error


def where_of(folder: Folder) -> Where:
    """Where objects find this hub; raises NoAuthorityError."""
    try:
        return msgspec.json.decode(_where(folder).read_bytes(), type=Where)
    except FileNotFoundError as error:
        raise _no_authority(folder) from error


def root_pem(folder: Folder) -> str:
    """The root's certificate, which everybody may see; raises NoAuthorityError."""
    try:
        return _root_certificate(folder).read_text("ascii")
    except FileNotFoundError as error:
        raise _no_authority(folder) from error


def export_root(folder: Folder, to: Path) -> Path:
    """Move the second root's key to the directory `to`; where it is now. Raises RootAwayError, OSError.

    The copy is written and read back before the key here is overwritten and its file removed; a flash card
    may keep old blocks all the same.
    """
    with folder.changing():
        here = folder.roots()[1]
        pem, there = _root_key(folder), to / here.name
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(there, pem)
        if there.read_bytes() != pem:
            raise OSError(f"{there}: another key was read back than was written: the disk is bad")
        with here.open("r+b") as file:
            file.write(bytes(len(pem)))
            file.flush()
        here.unlink()
    return there


def _certify_issuer(folder: Folder, now_ms: int) -> None:
    public = x509.load_key(_issuer_key(folder).read_bytes()).public_key()
    pem = x509.make_intermediate(_root_key(folder), _root_certificate(folder).read_bytes(), public, now_ms)
    replace(_issuer_certificate(folder), pem, PUBLIC)


def _make_server(issuer: Issuer, path: Path, common: str, names: Sequence[str], now_ms: int) -> None:
    """A key beside its certificate and what leads from that to the root."""
    key = ec.generate_private_key(ec.SECP256R1())
    issued = issuer.server(common, names, key.public_key(), now_ms)
    replace(path.with_suffix(".key"), SoftwareKey(key).to_pem(), PRIVATE)
    replace(path.with_suffix(".crt"), (issued.pem + issuer.pem + issuer.root_pem).encode("ascii"), PUBLIC)


def _holds(path: Path, names: Sequence[str], now_ms: int) -> bool:
    if not path.exists():
        return False
    pem = path.read_bytes()
    same = x509.names_of(pem) == tuple(sorted(set(names)))
    return same and x509.ends_ms(pem) - now_ms > _RENEWED_MS


def _root_key(folder: Folder) -> bytes:
    path = folder.roots()[1]
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise RootAwayError(f"{path}: this root is away: put it back for as long as this takes") from error


def _no_authority(folder: Folder) -> NoAuthorityError:
    return NoAuthorityError(
        f"{folder.path}: this hub has no certificates: run `opos hub broker --dir {folder.path} --host NAME`"
    )


def _root_certificate(folder: Folder) -> Path:
    return folder.tls / "root.crt"


def _issuer_certificate(folder: Folder) -> Path:
    return folder.path / "ca.crt"


def _issuer_key(folder: Folder) -> Path:
    return folder.path / "ca.key"


def _where(folder: Folder) -> Path:
    return folder.path / "where.json"
