"""Who an object is on the line: its certificate, whom it believes, and keys that come and go."""

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cloud_sync.contract.keyring import KEYRING_TYPE
from cloud_sync.contract.signing import SoftwareKey, seal
from cloud_sync.security import WrongPeerError
from edge.config import ConfigError, ObjectConfig, load, without_trust
from edge.identity import (
    BUILT_MS,
    ChainRefusedError,
    IdentityUnusableError,
    KeyringRefusedError,
    apply_keyring,
    days_left,
    keep_chain,
    line_certificate,
    line_security,
    make_line_key,
    new_csr,
    renewal_is_due,
)
from retail.pricing.book import Version
from tests.object.enrolled import PaperClock, enrolled_in
from tests.object.paper_hub import HOST, NOW, Authority, PaperHub, now_ms, pem_of
from tests.object.test_config import GOOD, write

DAY_MS = 86_400_000


@pytest.fixture
def hub() -> PaperHub:
    return PaperHub()


@pytest.fixture
def config(tmp_path: Path, hub: PaperHub) -> ObjectConfig:
    return enrolled_in(tmp_path / "mirror", hub)


def file_of(config: ObjectConfig) -> Path:
    return config.data_dir.parent / "object.toml"


def test_a_certificate_says_whom_it_names_and_until_when_it_holds(config: ObjectConfig) -> None:
    mine = line_certificate(config)
    assert mine is not None
    assert mine.name == "mirror-4"
    assert mine.ends_ms - now_ms() == 90 * DAY_MS
    assert days_left(config, PaperClock()) == 90
    assert days_left(config, PaperClock(mine.ends_ms + 1)) == -1


def test_a_certificate_is_renewed_after_two_thirds_of_its_life(config: ObjectConfig) -> None:
    mine = line_certificate(config)
    assert mine is not None
    life = mine.ends_ms - mine.begins_ms
    assert mine.renewal_ms == mine.begins_ms + life * 2 // 3
    assert not renewal_is_due(config, mine.renewal_ms - 1)
    assert renewal_is_due(config, mine.renewal_ms)


def test_a_renewed_certificate_is_for_the_same_key_and_takes_the_place_of_the_old(
    config: ObjectConfig, hub: PaperHub
) -> None:
    before, key = line_certificate(config), config.tls.key.read_bytes()
    after = keep_chain(config, hub.chain(new_csr(config), begins=NOW + timedelta(days=60)))
    assert before is not None
    assert after.serial != before.serial
    assert after.ends_ms - before.ends_ms == 60 * DAY_MS
    assert after == line_certificate(config)
    assert config.tls.key.read_bytes() == key


def test_a_certificate_that_is_not_for_this_object_is_refused(
    tmp_path: Path, config: ObjectConfig, hub: PaperHub
) -> None:
    other = enrolled_in(tmp_path / "other", hub)
    chains = {
        "another key": other.tls.chain.read_text(),
        "is not vouched for": PaperHub().chain(new_csr(config)),
        "before the one that is kept": hub.chain(new_csr(config), days=89),
        "in PEM": "nothing",
        "of at most 16384 bytes": "x" * 20_000,
    }
    before = config.tls.chain.read_bytes()
    for why, chain in chains.items():
        with pytest.raises(ChainRefusedError, match=why):
            keep_chain(config, chain)
    assert config.tls.chain.read_bytes() == before


def test_the_key_of_the_line_is_made_once_and_for_its_owner_alone(config: ObjectConfig) -> None:
    key = config.tls.key.read_bytes()
    make_line_key(config.tls)
    assert config.tls.key.read_bytes() == key
    config.tls.key.chmod(0o640)
    with pytest.raises(IdentityUnusableError, match="run `chmod 600"):
        new_csr(config)


RSA_LIKE = SoftwareKey.generate().to_pem()[:100]
ED25519 = (
    b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    b"-----END PRIVATE KEY-----\n"
)


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "no private key in PEM"), (RSA_LIKE, "no private"), (ED25519, "an elliptic curve")],
    ids=["empty", "cut off", "another curve"],
)
def test_a_key_that_is_none_is_a_sentence_and_stays(config: ObjectConfig, data: bytes, why: str) -> None:
    config.tls.key.write_bytes(data)
    with pytest.raises(IdentityUnusableError, match=why):
        make_line_key(config.tls)
    assert config.tls.key.read_bytes() == data


def test_an_object_in_the_clear_shows_nothing(tmp_path: Path) -> None:
    config = without_trust(write(tmp_path))
    assert line_security(config, PaperClock()) is None
    assert (line_certificate(config), days_left(config, PaperClock())) == (None, None)
    assert not renewal_is_due(config, 2**52)


@pytest.mark.parametrize("file", ["chain", "key", "root"])
def test_an_object_that_was_not_enrolled_is_told_to_be(config: ObjectConfig, file: str) -> None:
    getattr(config.tls, file).unlink()
    with pytest.raises(IdentityUnusableError, match=rf"{getattr(config.tls, file).name}: "):
        line_security(config, PaperClock())


def test_a_damaged_certificate_is_a_sentence_that_says_how_to_mend_it(config: ObjectConfig) -> None:
    config.tls.chain.write_bytes(config.tls.chain.read_bytes()[:100])
    with pytest.raises(IdentityUnusableError, match=r"tls\.crt: .*with a new claim"):
        line_certificate(config)


@contextmanager
def listening(chain: str, key: ec.EllipticCurvePrivateKey, roots: str, directory: Path) -> Iterator[int]:
    """A broker's door: TLS on both sides. Yields its port; one caller comes."""
    form = serialization.PrivateFormat.PKCS8
    (directory / "door.crt").write_text(chain)
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (directory / "door.key").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "door.crt", directory / "door.key")
    context.load_verify_locations(cadata=roots)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= 0x200000  # X509_V_FLAG_NO_CHECK_TIME: the object's dates are not what is tried
    with socket.create_server((HOST, 0)) as door:

        def serve() -> None:
            caller, _ = door.accept()
            with caller:
                caller.settimeout(10)
                try:
                    with context.wrap_socket(caller, server_side=True) as line:
                        line.sendall(b"hello")
                except OSError:
                    return  # the caller does not believe us

        thread = threading.Thread(target=serve)
        thread.start()
        yield door.getsockname()[1]
        thread.join()


def call(config: ObjectConfig, port: int, clock: PaperClock, heard_ms: int = 0) -> bytes:
    security = line_security(config, clock, lambda: heard_ms)
    assert security is not None
    context = security.context()
    raw = socket.create_connection((HOST, port), 10)
    with context.wrap_socket(raw, server_hostname=HOST) as line:
        return line.recv(5)


# A board without a clock believes that it is 1970; what it goes by is the last moment that surely has passed.
UNSET = PaperClock(0, "untrusted")
LONG_AGO = datetime.fromtimestamp(BUILT_MS / 1000, UTC)


@pytest.mark.parametrize(
    ("begins", "days", "heard", "is_believed"),
    [
        pytest.param(LONG_AGO, 1, LONG_AGO, True, id="it held when this version was made"),
        pytest.param(LONG_AGO - timedelta(days=9), 8, LONG_AGO, False, id="it had ended by then"),
        pytest.param(NOW, 10, LONG_AGO, True, id="it begins later than all that is known"),
        pytest.param(NOW, 10, NOW + timedelta(days=9), True, id="it holds at the last receipt"),
        pytest.param(NOW, 10, NOW + timedelta(days=11), False, id="it had ended at the last receipt"),
    ],
)
def test_without_a_clock_a_broker_is_judged_by_the_last_moment_that_surely_has_passed(
    *, config: ObjectConfig, hub: PaperHub, begins: datetime, days: int, heard: datetime, is_believed: bool
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    chain = hub.issuer.certify("broker", key.public_key(), begins=begins, days=days)
    chain += pem_of(hub.issuer.certificate)
    heard_ms = int(heard.timestamp() * 1000)
    with listening(chain, key, pem_of(hub.root.certificate), config.data_dir) as port:
        if is_believed:
            assert call(config, port, UNSET, heard_ms) == b"hello"
        else:
            with pytest.raises(WrongPeerError, match="its certificate ended on"):
                call(config, port, UNSET, heard_ms)


def test_a_broker_of_somebody_elses_root_is_never_spoken_to(config: ObjectConfig, hub: PaperHub) -> None:
    key, stranger = ec.generate_private_key(ec.SECP256R1()), Authority("stranger")
    chain = stranger.certify("broker", key.public_key())
    with (
        listening(chain, key, pem_of(hub.root.certificate), config.data_dir) as port,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        call(config, port, UNSET)


def test_a_newer_keyring_is_believed_at_once_and_after_a_start(config: ObjectConfig, hub: PaperHub) -> None:
    lost, new = hub.documents_key.public, SoftwareKey.generate()
    hub.version = Version(1, 2)
    trust = apply_keyring(config, hub.keyring(documents=(new.public,)))
    assert trust.documents == (new.public,) != (lost,)
    assert trust.roots == config.trust.roots
    assert load(file_of(config)).trust == trust
    assert apply_keyring(config, hub.keyring(documents=(new.public,))) == trust, "told twice"


def test_a_keyring_of_yesterday_is_refused(config: ObjectConfig, hub: PaperHub) -> None:
    yesterday = hub.keyring()
    hub.version = Version(2, 1)
    apply_keyring(config, hub.keyring(documents=(SoftwareKey.generate().public,)))
    kept = config.keyring.read_bytes()
    with pytest.raises(KeyringRefusedError, match=r"above version 2\.1, got 1\.1"):
        apply_keyring(config, yesterday)
    with pytest.raises(KeyringRefusedError, match=r"above version 2\.1, got 2\.1"):
        apply_keyring(config, hub.keyring())
    assert config.keyring.read_bytes() == kept


def test_a_keyring_that_no_pinned_root_signed_is_refused(config: ObjectConfig, hub: PaperHub) -> None:
    thief = SoftwareKey.generate()
    hub.version = Version(9, 9)
    ring = hub.keyring(documents=(thief.public,))
    hub.root_key = thief
    for forged in (hub.keyring(), hub.keyring(roots=(thief.public,)), ring[:-4] + "AAAA", "", "a.b.c"):
        with pytest.raises(KeyringRefusedError):
            apply_keyring(config, forged)
    assert load(file_of(config)).trust == config.trust


def test_a_keyring_never_replaces_the_roots_that_were_pinned(config: ObjectConfig, hub: PaperHub) -> None:
    other = SoftwareKey.generate()
    hub.version = Version(1, 2)
    trust = apply_keyring(config, hub.keyring(roots=(other.public,)))
    assert trust.roots == config.trust.roots
    assert load(file_of(config)).trust.roots == config.trust.roots


@pytest.mark.parametrize("change", [{"tenant": "rival"}, {"receipt": ()}, {"version": Version(0, 1)}])
def test_a_keyring_that_is_of_no_use_is_refused(
    config: ObjectConfig, hub: PaperHub, change: dict[str, object]
) -> None:
    with pytest.raises(KeyringRefusedError):
        apply_keyring(config, hub.keyring(**{"version": Version(3, 1), **change}))


def test_agent_and_runtime_may_keep_a_keyring_at_the_same_time(config: ObjectConfig, hub: PaperHub) -> None:
    hub.version = Version(1, 2)
    jws = hub.keyring()
    with ThreadPoolExecutor(4) as both:
        trusts = list(both.map(lambda _: apply_keyring(config, jws), range(12)))
    assert all(trust == trusts[0] for trust in trusts)
    assert config.keyring.read_text() == jws


def test_a_keyring_that_was_damaged_on_the_card_is_a_sentence(config: ObjectConfig) -> None:
    config.keyring.write_text("x" + config.keyring.read_text()[1:])
    with pytest.raises(ConfigError, match=r"keyring\.jws: it is damaged .* with a new claim"):
        load(file_of(config))


def test_a_full_disk_leaves_the_keyring_that_was_there(
    config: ObjectConfig, hub: PaperHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    hub.version = Version(1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            apply_keyring(config, hub.keyring())
    assert load(file_of(config)).trust == config.trust
    apply_keyring(config, hub.keyring())


def test_a_certificate_request_is_for_the_key_of_the_line(config: ObjectConfig) -> None:
    request = x509.load_pem_x509_csr(new_csr(config).encode())
    assert request.is_signature_valid
    mine = serialization.load_pem_private_key(config.tls.key.read_bytes(), None)
    assert isinstance(mine, ec.EllipticCurvePrivateKey)
    assert request.public_key() == mine.public_key()


def test_an_old_object_file_goes_on_in_the_clear_on_its_own_machine(tmp_path: Path) -> None:
    assert line_security(load(write(tmp_path, GOOD)), PaperClock()) is None


def test_a_ring_is_sealed_as_a_ring_and_as_nothing_else(config: ObjectConfig, hub: PaperHub) -> None:
    ring = {"tenant": "demo"}
    for typ in ("opos-receipt", KEYRING_TYPE):
        with pytest.raises(KeyringRefusedError):
            apply_keyring(config, seal(hub.root_key, typ, ring))
