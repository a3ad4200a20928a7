"""The line: links, names, broker and hub, each as wrong as it can be; and the clock."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cloud_sync.agent.desk import AgentStatus
from edge.config import ObjectConfig, without_trust
from edge.provision.doctor.clock import CLOCK, Times
from edge.provision.doctor.ends import BROKER, HUB, Answer, End
from edge.provision.doctor.network import NETWORK, Name, trouble_with
from edge.provision.doctor.patient import Patient, Tool
from tests.object.enrolled import PaperClock, enrolled_in
from tests.object.paper_hub import HOST, Authority, PaperHub, pem_of
from tests.object.test_config import GOOD, write
from tests.provision.doctor.machines import NO_CABLE, PI_4, codes, findings, machine, patient_on

SYNC_RUNS = "Id=opos-sync.service\nLoadState=loaded\nActiveState=active"
OFFLINE = AgentStatus(False, "connecting", 0, None, 0, 0)
ELSEWHERE = GOOD.replace("127.0.0.1:1883", "mqtts://hub.invalid:8883").replace(
    "http://127.0.0.1:8110/", "https://hub.invalid/"
)


def test_a_board_without_a_cable_is_told_apart_from_a_name_that_nobody_knows(tmp_path: Path) -> None:
    config = without_trust(write(tmp_path, ELSEWHERE))
    blank = patient_on(machine(tmp_path / "root", PI_4, NO_CABLE))
    assert codes("network", msgspec.structs.replace(blank, config=config)) == ["OP-3001"]
    # A name of the domain `invalid` is known to nobody (RFC 6761, section 6.4).
    (found,) = NETWORK.judge([Name("hub.invalid", trouble_with("hub.invalid"))])
    assert found.code == "OP-3002"
    assert list(NETWORK.judge([Name("localhost", trouble_with("localhost"))])) == []


class FarEnd:
    """A TLS server that takes whom it likes: the broker or the hub of an object that was let in on paper."""

    def __init__(self, hub: PaperHub, directory: Path, *, issuer: Authority | None = None, days: float = 300):
        key = ec.generate_private_key(ec.SECP256R1())
        form = serialization.PrivateFormat.PKCS8
        chain, private = directory / "end.crt", directory / "end.key"
        signed_by = issuer or hub.issuer
        chain.write_text(
            signed_by.certify("end", key.public_key(), days=days) + pem_of(signed_by.certificate)
        )
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, private)
        self._door = socket.create_server((HOST, 0))
        self.port = int(self._door.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def refuse_everybody(self, directory: Path) -> None:
        """Believe only certificates of somebody else's."""
        other = directory / "other.crt"
        other.write_text(pem_of(Authority("another root").certificate))
        self.context.load_verify_locations(other)
        self.context.verify_mode = ssl.CERT_REQUIRED

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)  # who accepts would take one more
        self._door.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(plain,), daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        try:
            with self.context.wrap_socket(plain, server_side=True) as line:
                line.settimeout(5)
                if line.recv(1000).startswith(b"GET"):
                    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            plain.close()


@pytest.fixture(scope="module")
def hub() -> PaperHub:
    return PaperHub()


@pytest.fixture(scope="module")
def enrolled(hub: PaperHub, tmp_path_factory: pytest.TempPathFactory) -> ObjectConfig:
    hub.broker = f"mqtts://{HOST}:1"
    return enrolled_in(tmp_path_factory.mktemp("mirror"), hub)


@contextlib.contextmanager
def patient(enrolled: ObjectConfig, end: FarEnd) -> Iterator[Patient]:
    """The object, whose broker and hub are this end."""
    line = {"broker": f"mqtts://{HOST}:{end.port}", "hub": f"https://{HOST}:{end.port}"}
    config = msgspec.structs.replace(enrolled, sync=msgspec.structs.replace(enrolled.sync, **line))
    try:
        yield Patient(Path("object.toml"), config=config, clock=PaperClock(quality="untrusted"))
    finally:
        end.close()


def test_ends_that_are_ours_are_well(hub: PaperHub, enrolled: ObjectConfig, tmp_path: Path) -> None:
    with patient(enrolled, FarEnd(hub, tmp_path)) as well:
        assert (codes("broker", well), codes("hub", well)) == ([], [])
        waiting = msgspec.structs.replace(well, agent=OFFLINE)
        assert codes("broker", waiting) == ["OP-3104"]
        hanging = msgspec.structs.replace(well, run=lambda _words: Tool(0, SYNC_RUNS))
        (found,) = findings("broker", hanging)
        assert (found.code, found.mend) == ("OP-3104", "systemctl restart opos-sync.service")


def test_ends_that_are_shut_do_not_answer(hub: PaperHub, enrolled: ObjectConfig, tmp_path: Path) -> None:
    with patient(enrolled, end := FarEnd(hub, tmp_path)) as ill:
        end.close()
        assert (codes("broker", ill), codes("hub", ill)) == (["OP-3101"], ["OP-3201"])


def test_a_captive_portal_is_somebody_else(hub: PaperHub, enrolled: ObjectConfig, tmp_path: Path) -> None:
    with patient(enrolled, FarEnd(hub, tmp_path, issuer=Authority("portal"))) as ill:
        assert (codes("broker", ill), codes("hub", ill)) == (["OP-3102"], ["OP-3202"])


def test_an_object_that_was_retired_is_refused(hub: PaperHub, enrolled: ObjectConfig, tmp_path: Path) -> None:
    end = FarEnd(hub, tmp_path)
    end.refuse_everybody(tmp_path)
    with patient(enrolled, end) as ill:
        assert (codes("broker", ill), codes("hub", ill)) == (["OP-3103"], ["OP-3203"])


def test_a_certificate_that_nobody_renews_is_told_before_it_ends(
    hub: PaperHub, enrolled: ObjectConfig, tmp_path: Path
) -> None:
    with patient(enrolled, FarEnd(hub, tmp_path, days=9)) as ill:
        assert (codes("broker", ill), codes("hub", ill)) == (["OP-3204"], ["OP-3204"])


@pytest.mark.parametrize(
    ("times", "code"),
    [
        (Times(is_set=False), "OP-1401"),
        (Times(is_set=True, behind_ms=3 * 86_400_000), "OP-1402"),
        (Times(is_set=True, off_ms=-120_000), "OP-1403"),
    ],
)
def test_a_clock_that_is_wrong_is_found(times: Times, code: str) -> None:
    assert [finding.code for finding in CLOCK.judge([times])] == [code]
    assert list(CLOCK.judge([Times(is_set=True, behind_ms=2_000, off_ms=900)])) == []


def test_an_answer_that_is_none_of_a_web_servers_is_somebody_else() -> None:
    strange = End(HOST, 443, Answer.STRANGER, "what answers is no web server")
    assert [finding.signin for finding in HUB.judge([strange])] == [True]
    assert [finding.code for finding in BROKER.judge([strange])] == ["OP-3102"]
