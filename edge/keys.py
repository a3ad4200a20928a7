"""The object's private key: made, sealed, loaded and replaced; its file may need a secret to open.

A sealed file is an encrypted PKCS #8 PEM. Its secret is 16 to 128 random bytes and comes from one of three
places, never from an argument or the environment, which other processes can read:

- systemd's credential `opos-key-secret` (`LoadCredentialEncrypted=`), which systemd may unseal by its TPM;
- the file that the configuration names as `secret`, all of its bytes;
- a TPM 2.0 that `tpm2_unseal` asks for it (tier `tpm`).

While a process runs, the key is in its memory: what is sealed is the card that somebody takes home.

A key is replaced in three steps, each of which can be the last before a power cut: `next_key` writes the new
one beside it, the journal names the new one in an entry that the old one signs, and `hand_over` gives it the
old one's place. The old one stays under its own name as long as the hub may ask for what it signed.
"""

import contextlib
import fcntl
import glob
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import IO, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cloud_sync.contract.signing import Signer, SoftwareKey, Tier
from edge.config import KeySection, ObjectConfig, PlainKeySection, SealedKeySection, TpmKeySection

CREDENTIAL: Final = "opos-key-secret"
"""What systemd is to call the secret (systemd.exec(5), LoadCredential=)."""

# A sealed P-256 key is 412 bytes of PEM.
_PEM_BYTES_MAX: Final = 4096
_SEALED_MARK: Final = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"

# A PEM's key derivation is short (PBKDF2, 2,048 rounds): only a secret that nobody can guess keeps it shut.
_SECRET_BYTES_MIN: Final = 16
# The most that a TPM seals (TPM 2.0 Library, Part 2, MAX_SYM_DATA).
_SECRET_BYTES_MAX: Final = 128

# A TPM on a slow bus that has to retry answers within seconds.
_TPM_S: Final = 30
# One line of what tpm2-tools say is the reason; the rest says where in their code.
_TPM_WORDS_MAX: Final = 200
_TPM_MENDS: Final = (
    ("policy check failed", "its registers have changed since the secret was sealed to them: seal it again"),
    ("tcti", "no TPM answers: enable it or fit one, and let this user into the group tss"),
    ("", "`tpm2_getcap handles-persistent` lists what it holds"),
)


class KeyUnusableError(Exception):
    """The object cannot sign: which file or tool, what is wrong with it, and what to do."""


class NoKeyError(KeyUnusableError):
    """The object has no key yet."""


class Sealing(Enum):
    """What became of an order to seal a key."""

    NOW = "now"
    ALREADY = "already"  # it was sealed before, and opens


def load_signer(config: ObjectConfig) -> Signer:
    """The object's key, with the tier that the configuration gives it. Raises KeyUnusableError."""
    return _signer(config.key, config.key_source)


def make_key(config: ObjectConfig) -> Signer:
    """The object's key, made if there is none: whole or not at all. Raises KeyUnusableError."""
    return make_key_at(config.key, config.key_source)


def make_key_at(path: Path, source: KeySection) -> Signer:
    """The key at `path`, which `source` keeps, made if there is none. Raises KeyUnusableError."""
    with _writing(path):
        if not path.exists():
            _keep(path, source, ec.generate_private_key(ec.SECP256R1()))
        return _signer(path, source)


def next_key(config: ObjectConfig) -> Signer:
    """The key that is to take over, made if there is none yet: it is on the disk before the journal names it.

    Raises KeyUnusableError.
    """
    return make_key_at(_next(config.key), config.key_source)


def hand_over(config: ObjectConfig) -> Signer:
    """Give the next key the place of the present one; to be called once the journal has named it.

    Called again it changes nothing. Raises KeyUnusableError.
    """
    path, source = config.key, config.key_source
    with _writing(path):
        if _next(path).exists():
            before = _before(path, _signer(path, source).public.kid)
            if not before.exists():
                before.hardlink_to(path)
            _sync(path.parent)
            _next(path).replace(path)
            _sync(path.parent)
        return _signer(path, source)


def signer_for(config: ObjectConfig, kid: str | None) -> Signer:
    """The key that the journal goes on with, whose end names `kid` (None if it has not begun).

    Finishes what a power cut has left of a `hand_over`. Raises KeyUnusableError.
    """
    signer = load_signer(config)
    if kid in {None, signer.public.kid} or not _next(config.key).exists():
        return signer
    if _signer(_next(config.key), config.key_source).public.kid == kid:
        return hand_over(config)
    return signer


def signers(config: ObjectConfig) -> dict[str, Signer]:
    """By kid, every key whose entries may wait for the hub: the present one, the next, and those before.

    Raises KeyUnusableError.
    """
    source = config.key_source
    present = load_signer(config)
    found: dict[str, Signer] = {present.public.kid: present}
    for other in key_files(config):
        if other != config.key:
            # One that was replaced before the present one was sealed has stayed plain.
            plain = not _read(other, _PEM_BYTES_MAX).startswith(_SEALED_MARK)
            signer = _signer(other, PlainKeySection() if plain else source)
            found.setdefault(signer.public.kid, signer)
    return found


def key_files(config: ObjectConfig) -> list[Path]:
    """The files that hold a private key of the journal's: the present one, the next, and those before."""
    path = config.key
    found = (path, _next(path), *path.parent.glob(f"{glob.escape(path.name)}.before-*"))
    return [each for each in found if each.exists()]


def forget_key(config: ObjectConfig, kid: str) -> None:
    """Overwrite and remove a key that was replaced, once no hub can ask any more for what it signed."""
    path, before = config.key, _before(config.key, kid)
    with _writing(path):
        if before.exists() and load_signer(config).public.kid != kid:
            with before.open("r+b") as file:
                before.unlink()
                _blank(file)
            _sync(path.parent)


def seal_key(config: ObjectConfig) -> Sealing:
    """Turn the plain key into the sealed one that the configuration asks for. Raises KeyUnusableError.

    At every moment the file holds one whole key: the sealed one takes its name only after it was read back
    and opened. What the plain file held is overwritten last; a flash card may keep old blocks all the same.
    """
    path, source = config.key, config.key_source
    if isinstance(source, PlainKeySection):
        raise KeyUnusableError(f'{path}: say first how to seal it: [key] kind = "sealed-file" or "tpm"')
    with _writing(path):
        pem = _read(path, _PEM_BYTES_MAX)
        if pem.startswith(_SEALED_MARK):
            _signer(path, source)
            return Sealing.ALREADY
        with path.open("r+b") as plain:
            _keep(path, source, _private(path, pem, None))
            _blank(plain)
    return Sealing.NOW


def _next(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")


def _before(path: Path, kid: str) -> Path:
    return path.with_name(f"{path.name}.before-{kid}")


def _signer(path: Path, source: KeySection) -> SoftwareKey:
    pem = _read(path, _PEM_BYTES_MAX)
    sealed = pem.startswith(_SEALED_MARK)
    if isinstance(source, PlainKeySection):
        if sealed:
            raise KeyUnusableError(f'{path}: it is sealed: set [key] kind = "sealed-file" or "tpm"')
        return SoftwareKey(_private(path, pem, None), "file")
    if not sealed:
        raise KeyUnusableError(f"{path}: it is not sealed yet: run `opos object seal` on the configuration")
    tier: Tier = "tpm" if isinstance(source, TpmKeySection) else "sealed-file"
    return SoftwareKey(_private(path, pem, _secret(source)), tier)


def _private(path: Path, pem: bytes, secret: bytes | None) -> ec.EllipticCurvePrivateKey:
    try:
        private = serialization.load_pem_private_key(pem, secret)
    except ValueError as error:
        why = f"this is no PKCS #8 PEM: {error}"
        if secret is not None:
            why = "the secret does not open it: it is that of another key, or the file is damaged"
        raise KeyUnusableError(f"{path}: {why}") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise KeyUnusableError(f"{path}: expected a P-256 private key, got another kind of key")
    return private


def _keep(path: Path, source: KeySection, private: ec.EllipticCurvePrivateKey) -> None:
    """Write `private` beside `path`, read it back as a start would, then give it the name."""
    pem = _pem(private, None if isinstance(source, PlainKeySection) else _secret(source))
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)  # a power cut may have left one
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        if _signer(part, source).public != SoftwareKey(private).public:
            raise KeyUnusableError(f"{part}: another key was read back than was written: the disk is bad")
        part.replace(path)
        _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _pem(private: ec.EllipticCurvePrivateKey, secret: bytes | None) -> bytes:
    lock = serialization.NoEncryption() if secret is None else serialization.BestAvailableEncryption(secret)
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def _blank(plain: IO[bytes]) -> None:
    """Overwrite a file that has lost its name; the key that took it is safe whether this succeeds or not."""
    with contextlib.suppress(OSError):
        plain.write(bytes(os.fstat(plain.fileno()).st_size))
        plain.flush()
        os.fsync(plain.fileno())


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Be the only process that makes or seals the key at `path`; a disk that refuses is a sentence."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)
    except OSError as error:
        raise KeyUnusableError(f"{path}: the key cannot be written ({error.strerror})") from error


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, bytes_max: int, *, private: bool = True) -> bytes:
    """The bytes of a file that, if `private`, must be its owner's alone. Raises KeyUnusableError."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(bytes_max + 1)
    except FileNotFoundError as error:
        raise NoKeyError(f"{path}: no key yet: run `opos object key` on the configuration") from error
    except OSError as error:
        raise KeyUnusableError(
            f"{path}: cannot be read ({error.strerror}): run as the user that it belongs to"
        ) from error
    if private and mode & 0o077:
        raise KeyUnusableError(f"{path}: mode {mode:04o} lets others at it: run `chmod 600 {path}`")
    if len(data) > bytes_max:
        raise KeyUnusableError(f"{path}: expected at most {bytes_max} bytes, got more")
    return data


def _secret(source: SealedKeySection | TpmKeySection) -> bytes:
    """What opens the key."""
    if isinstance(source, TpmKeySection):
        secret, whence = _unsealed(source), f"the TPM at {source.handle}"
    elif source.secret is None:
        secret, whence = _credential(), f"the credential {CREDENTIAL}"
    else:
        secret, whence = _secret_file(Path(source.secret), private=True), source.secret
    if not _SECRET_BYTES_MIN <= len(secret) <= _SECRET_BYTES_MAX:
        raise KeyUnusableError(
            f"{whence}: expected a secret of {_SECRET_BYTES_MIN} to {_SECRET_BYTES_MAX} bytes,"
            f" got {len(secret)}: `head -c 32 /dev/urandom` makes one"
        )
    return secret


def _credential() -> bytes:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if directory is None:
        raise KeyUnusableError(
            f"systemd handed over no credential: start with LoadCredentialEncrypted={CREDENTIAL},"
            " or name the file of the [key] secret"
        )
    # systemd opens it to this service's user by an ACL, which the mode shows as the group's.
    return _secret_file(Path(directory) / CREDENTIAL, private=False)


def _secret_file(path: Path, *, private: bool) -> bytes:
    try:
        return _read(path, _SECRET_BYTES_MAX, private=private)
    except NoKeyError as error:
        raise KeyUnusableError(f"{path}: the secret of the key is not there") from error


def _unsealed(source: TpmKeySection) -> bytes:
    """What the TPM gives out for a handle (tpm2_unseal(1))."""
    tool = shutil.which("tpm2_unseal")
    if tool is None:
        raise KeyUnusableError("tpm2_unseal is not on this machine: install tpm2-tools")
    command = [tool, "-c", source.handle, *([] if source.pcrs is None else ["-p", f"pcr:{source.pcrs}"])]
    try:
        done = subprocess.run(  # noqa: S603 (no shell; the handle is the installer's)
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TPM_S, check=False
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise KeyUnusableError(f"{tool}: the TPM did not answer: {error}") from error
    if done.returncode:
        raise KeyUnusableError(f"the TPM gave no secret at {source.handle}: {_tpm_words(done.stderr)}")
    return done.stdout


def _tpm_words(stderr: bytes) -> str:
    """The line of what the tool said that names the reason, and what mends it."""
    lines = stderr.decode(errors="replace").splitlines() or ["it does not say why"]
    line, mend = next((line, mend) for mark, mend in _TPM_MENDS for line in lines if mark in line)
    return f"{line[:_TPM_WORDS_MAX]}: {mend}"
