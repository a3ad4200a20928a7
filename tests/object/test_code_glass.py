"""The glass of an object that is being enrolled: the code for a person, and the same for a phone."""

from collections.abc import Iterator

import httpx
import pytest

from edge.provision.glass import CodeGlass
from tests.object.real_hub import free_port


@pytest.fixture
def shown() -> Iterator[tuple[CodeGlass, str]]:
    port = free_port()
    glass = CodeGlass(port)
    yield glass, f"http://127.0.0.1:{port}"
    glass.close()


def test_before_there_is_a_code_there_is_none_to_scan(shown: tuple[CodeGlass, str]) -> None:
    _, url = shown
    page = httpx.get(url).text
    assert 'data-screen="unpaired"' in page
    assert "<svg" not in page
    assert httpx.get(f"{url}/state").json() == {"screen": "unpaired", "code": ""}


def test_a_code_is_read_by_a_person_and_by_a_phone(shown: tuple[CodeGlass, str]) -> None:
    glass, url = shown
    glass.show("WDJB-MJHT", "Same code?", "Then <confirm> it", "OPOS WDJB-MJHT https://hub.example")
    page = httpx.get(url).text
    assert ">WDJB-MJHT<" in page
    assert "Then &lt;confirm&gt; it" in page
    assert int(page.partition('data-module="')[2].partition('"')[0]) >= 3
    assert httpx.get(f"{url}/state").json() == {"screen": "unpaired", "code": "WDJB-MJHT"}


def test_while_the_hub_does_not_answer_no_old_code_is_left(shown: tuple[CodeGlass, str]) -> None:
    glass, url = shown
    glass.show("WDJB-MJHT", "Same code?", "Confirm it", "OPOS WDJB-MJHT")
    glass.show("....-....", "The hub does not answer", "It is asked again")
    assert "<svg" not in httpx.get(url).text
    assert httpx.get(f"{url}/state").json()["code"] == ""
