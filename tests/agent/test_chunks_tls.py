"""Chunks over TLS: from the hub that the pinned root vouches for, whoever else may answer."""

import asyncio
import hashlib
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud_sync.agent.chunks import FetchError, HubChunks
from cloud_sync.security import PinnedSecurity
from tests.agent.chunk_server import serving
from tests.line.line_tools import DAY, NOW, Authority

DATA = b"a price book"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def authorities(tmp_path: Path) -> Callable[[str], Authority]:
    def make(name: str) -> Authority:
        (tmp_path / name).mkdir()
        return Authority(tmp_path / name)

    return make


def shown(chain: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def fetched(context: ssl.SSLContext, security: PinnedSecurity, *, ipv6: bool = False) -> bytes:
    with serving(context, ipv6=ipv6) as hub:
        hub.offer(DATA, (SHA256,))
        return asyncio.run(HubChunks(hub.url, security).get(SHA256))


@pytest.mark.parametrize("ipv6", [False, True], ids=["IPv4", "IPv6 alone"])
def test_a_chunk_comes_from_our_own_hub(authorities: Callable[[str], Authority], ipv6: bool) -> None:
    ours = authorities("ours")
    assert fetched(shown(*ours.issue("hub")), PinnedSecurity(ours.root_pem), ipv6=ipv6) == DATA


def test_a_captive_portal_is_nobody(authorities: Callable[[str], Authority]) -> None:
    ours, portal = authorities("ours"), authorities("portal")
    with pytest.raises(FetchError, match="captive portal"):
        fetched(shown(*portal.issue("portal")), PinnedSecurity(ours.root_pem))


def test_without_a_clock_a_certificate_is_judged_by_what_the_hub_has_proved(
    authorities: Callable[[str], Authority],
) -> None:
    ours = authorities("ours")
    context = shown(*ours.issue("hub", begins=NOW - 9 * DAY, ends=NOW - DAY))
    floor_ms = [int((NOW - 5 * DAY).timestamp() * 1000)]
    security = PinnedSecurity(ours.root_pem, time_floor_ms=lambda: floor_ms[0])
    assert fetched(context, security) == DATA
    floor_ms[0] = int(NOW.timestamp() * 1000)  # the hub has said what time it is
    with pytest.raises(FetchError, match="ended on"):
        fetched(context, security)


def test_nobody_is_asked_over_tls_without_a_root_to_believe() -> None:
    with pytest.raises(ValueError, match="nobody is pinned"):
        HubChunks("https://127.0.0.1:1")
