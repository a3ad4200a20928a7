"""The line with TLS: whom it believes, what it shows, and what becomes of it without a clock."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cloud_sync.mqtt import Outgoing
from cloud_sync.security import PinnedSecurity, WrongPeerError, why
from tests.agent.line_world import Broker
from tests.line.line_tools import DAY, NOW, Authority, Ears, HandBroker, until

NewEars = Callable[..., Ears]
NewBroker = Callable[..., HandBroker]


def server_context(chain: Path, key: Path, root: Path | None = None) -> ssl.SSLContext:
    """A server that shows `chain`, and asks for certificates of `root` if there is one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    if root is not None:
        context.load_verify_locations(root)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_both_ends_show_a_certificate_and_messages_pass(
    mosquitto: Callable[..., Broker], authority: Authority, ears: NewEars
) -> None:
    chain, key = authority.issue("broker")
    broker = mosquitto(
        f"cafile {authority.root_file}",
        f"certfile {chain}",
        f"keyfile {key}",
        "require_certificate true",
    )
    hub = ears(
        broker.port, "t/#", name="hub", security=PinnedSecurity(authority.root_pem, *authority.issue("hub"))
    )
    mirror = ears(broker.port, security=PinnedSecurity(authority.root_pem, *authority.issue("mirror")))
    nobody = ears(broker.port, name="nobody", security=PinnedSecurity(authority.root_pem))
    until(lambda: hub.up and mirror.up)
    for number in range(100):
        until(lambda n=number: mirror.line.publish(Outgoing("t/journal", b"%d" % n)))  # type: ignore[misc]
    until(lambda: len(hub.messages) == 100)

    assert hub.payloads() == [b"%d" % number for number in range(100)]
    assert nobody.links == []


def test_a_broker_that_does_not_know_our_certificate_is_complained_of_once(
    mosquitto: Callable[..., Broker],
    authority: Authority,
    stranger: Authority,
    ears: NewEars,
    caplog: pytest.LogCaptureFixture,
) -> None:
    chain, key = authority.issue("broker")
    broker = mosquitto(
        f"cafile {authority.root_file}", f"certfile {chain}", f"keyfile {key}", "require_certificate true"
    )
    mirror = ears(broker.port, security=PinnedSecurity(authority.root_pem, *stranger.issue("mirror")))
    until(lambda: "does it know our certificate?" in caplog.text)
    mirror.line.stop()

    assert caplog.text.count("hangs up before mirror is let in (does it know our certificate?)") == 1


# What a server shows -> what a person is told.
STRANGERS = [
    ("stranger", "localhost", (-1, 1), "somebody else answers (a captive portal?)"),
    ("authority", "portal.example", (-1, 1), "for another name"),
    ("authority", "localhost", (-2, -1), "its certificate has ended"),
    ("authority", "localhost", (1, 2), "not valid yet: this machine's clock is behind"),
]


@pytest.mark.parametrize(("issuer", "name", "days", "said"), STRANGERS)
def test_somebody_else_is_told_nothing_complained_of_once_and_tried_again(
    *,
    request: pytest.FixtureRequest,
    authority: Authority,
    ears: NewEars,
    hand_broker: NewBroker,
    caplog: pytest.LogCaptureFixture,
    issuer: str,
    name: str,
    days: tuple[int, int],
    said: str,
) -> None:
    whose: Authority = request.getfixturevalue(issuer)
    begins, ends = (NOW + day * DAY for day in days)
    portal = hand_broker(server_context(*whose.issue("portal", [name], begins, ends)))
    mirror = ears(portal.port, security=PinnedSecurity(authority.root_pem))
    until(lambda: portal.connections >= 5)
    mirror.line.stop()

    complaints = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(complaints) == 1
    assert said in complaints[0]
    assert portal.heard == []
    assert mirror.links == []


# The certificate's last day, the latest moment that surely has passed (both in days from now) -> believed.
FLOORS = [(-1, None, False), (-1, -3, True), (-3, -1, False), (2, -3, True)]


@pytest.mark.parametrize(("ends", "floor", "believed"), FLOORS)
def test_without_a_clock_a_certificate_is_judged_by_what_has_surely_passed(
    *,
    authority: Authority,
    ears: NewEars,
    hand_broker: NewBroker,
    caplog: pytest.LogCaptureFixture,
    ends: int,
    floor: int | None,
    believed: bool,
) -> None:
    files = authority.issue("broker", begins=NOW - 9 * DAY, ends=NOW + ends * DAY)
    broker = hand_broker(server_context(*files))
    floor_ms = None if floor is None else ms(NOW + floor * DAY)
    mirror = ears(broker.port, security=PinnedSecurity(authority.root_pem, time_floor_ms=lambda: floor_ms))
    until(lambda: mirror.up or "cannot be reached" in caplog.text)

    assert mirror.up is believed


def test_without_a_clock_chain_and_name_are_verified_all_the_same(
    authority: Authority,
    stranger: Authority,
    ears: NewEars,
    hand_broker: NewBroker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    portal = hand_broker(server_context(*stranger.issue("portal")))
    security = PinnedSecurity(authority.root_pem, time_floor_ms=lambda: ms(NOW - 99 * DAY))
    mirror = ears(portal.port, security=security)
    until(lambda: "a captive portal?" in caplog.text)

    assert mirror.links == []


def test_a_clock_that_is_set_in_the_middle_of_a_handshake_leaves_no_gap(authority: Authority) -> None:
    floors = [ms(NOW - DAY), None]
    security = PinnedSecurity(authority.root_pem, time_floor_ms=lambda: floors.pop(0))
    security.context()
    chain, _ = authority.issue("old", ends=NOW - DAY * 2, begins=NOW - DAY * 3)
    der = x509.load_pem_x509_certificate(chain.read_bytes())

    with pytest.raises(WrongPeerError, match="its certificate ended on"):
        security.check(der.public_bytes(Encoding.DER))


@pytest.mark.parametrize(("floor", "believed"), [(-3, True), (-1, False)])
def test_a_caller_in_an_event_loop_is_held_to_the_same(
    authority: Authority, hand_broker: NewBroker, floor: int, believed: bool
) -> None:
    files = authority.issue("hub", begins=NOW - 9 * DAY, ends=NOW - 2 * DAY)
    hub = hand_broker(server_context(*files))
    security = PinnedSecurity(authority.root_pem, time_floor_ms=lambda: ms(NOW + floor * DAY))

    async def call() -> str:
        try:
            _, writer = await asyncio.open_connection("localhost", hub.port, ssl=security.context())
        except OSError as error:
            return why(error)
        writer.close()
        await writer.wait_closed()
        return ""

    assert (asyncio.run(call()) == "") is believed


def test_a_renewed_certificate_is_shown_from_the_next_connection_on(
    authority: Authority, ears: NewEars, hand_broker: NewBroker
) -> None:
    broker = hand_broker(server_context(*authority.issue("broker"), authority.root_file))
    broker.hangs_up = True
    files = authority.issue("mirror")
    first = x509.load_pem_x509_certificate(files[0].read_bytes()).serial_number
    ears(broker.port, security=PinnedSecurity(authority.root_pem, *files))
    until(lambda: broker.peers)
    authority.issue("mirror")
    second = x509.load_pem_x509_certificate(files[0].read_bytes()).serial_number

    def shown() -> list[int]:
        return [x509.load_der_x509_certificate(peer).serial_number for peer in broker.peers]

    until(lambda: second in shown())
    assert shown()[0] == first


def test_a_certificate_of_ours_that_cannot_be_read_is_said_and_tried_again(
    authority: Authority, ears: NewEars, hand_broker: NewBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker = hand_broker(server_context(*authority.issue("broker")))
    chain, key = authority.issue("half")
    whole = key.read_bytes()
    key.write_bytes(whole[:40])
    mirror = ears(broker.port, security=PinnedSecurity(authority.root_pem, chain, key))
    until(lambda: "half.crt: cannot be used as our own" in caplog.text)
    assert not mirror.up
    key.write_bytes(whole)
    until(lambda: mirror.up)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_line_needs_no_ipv4(authority: Authority, ears: NewEars) -> None:
    chain, key = authority.issue("broker")
    broker = HandBroker(server_context(chain, key), "::1")
    try:
        mirror = ears(broker.port, "t", host="::1", security=PinnedSecurity(authority.root_pem))
        until(lambda: mirror.up)
        assert mirror.up
    finally:
        broker.close()
