"""A panel with a camera: it looks when somebody is there; one that is gone stops nobody from buying."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from simulators.demo.glass import Look
from simulators.demo.ports import free
from simulators.demo.shop import OpenShop, open_shop
from simulators.demo.waiting import looks
from simulators.hand import ask
from tests.camera.conftest import drawn
from tests.demo.made_shop import NAME, PRICE_MINOR, SHOP_TOML, make_long_rail

__all__ = ["drawn"]

PANEL: Final = "panel-1"
EAN: Final = "9520001300103"
PATIENCE_S: Final = 60.0

pytestmark = pytest.mark.timeout(180)


def make_shop(directory: Path, frames: Path) -> Path:
    """A shop with one panel whose camera sees a film."""
    shop_dir = make_long_rail(directory, 5)
    toml = SHOP_TOML.replace("mirror-1", PANEL).replace('"mirror"', '"panel"')
    (shop_dir / "shop.toml").write_text(f'{toml}camera = "{frames}/%03d.png"\n', encoding="utf-8")
    return shop_dir


async def see(opened: OpenShop, what: str, holds: Callable[[Look], bool]) -> Look:
    async for _ in looks(PATIENCE_S):
        look = await opened.shoppers[PANEL].glass.look()
        if isinstance(look, Look) and holds(look):
            return look
    raise AssertionError(f"never seen: {what}, but {look}")


async def notices(opened: OpenShop) -> list[str]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(opened.shoppers[PANEL].glass.url + "/state")
    return [each["kind"] for each in answer.json()["notices"]]


async def tap(opened: OpenShop, action: str, number: int, value: str | None = None) -> str:
    async with httpx.AsyncClient() as client:
        body = {"action": action, "screen": number, "value": value}
        answer = await client.post(opened.shoppers[PANEL].glass.url + "/tap", json=body)
    said: str = answer.json()["answer"]
    return said


def test_a_code_before_the_camera_is_bought_once_and_the_scanner_sells_on_without_it(
    drawn: Callable[[str], Any], tmp_path: Path
) -> None:
    cv2 = pytest.importorskip("cv2", reason="the extra `camera` is not installed")
    pytest.importorskip("pyzbar.wrapper", reason="the extra `camera` (or Debian's libzbar0) is not installed")
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(4):
        cv2.imwrite(str(frames / f"{number:03}.png"), drawn(EAN))

    async def day() -> None:
        shop_dir = make_shop(tmp_path / "files", frames)
        async with open_shop(tmp_path / "shop", shop_dir, free([PANEL])) as opened:
            catalogue = opened.layout.ledger(PANEL).with_name("camera-gtins")
            idle = await see(opened, "nothing yet", lambda look: look.screen == "attract")
            assert not catalogue.exists(), "nobody was there, and the camera was not started"
            await tap(opened, "done", idle.number)  # it does nothing here, but somebody is there
            seen = await see(opened, "the code before the camera", lambda look: look.offer is not None)
            assert (seen.units, seen.offer and seen.offer.amount_minor) == (1, PRICE_MINOR)
            assert catalogue.read_text(encoding="utf-8") == f"0{EAN}"
            # The film has ended, and with it the camera: it is looked for again, and the code counts once.
            # The pack before it may be one of the two that a scanner tells by their serial numbers.
            for serial in ("A1", "A2", "A2"):
                scan = {
                    "device": "scanner",
                    "verb": "scan",
                    "text": f"010{EAN}21{serial}",
                    "symbology": "]d2",
                }
                await asyncio.to_thread(ask, opened.layout.bench_socket(PANEL), scan)
            look = await see(opened, "two of a kind", lambda look: look.units == 2)
            assert look.offer is not None
            assert look.offer.amount_minor == 2 * PRICE_MINOR
            assert await tap(opened, "buy", look.number) == "accepted"
            await see(opened, "a receipt", lambda look: look.paid is not None)

    asyncio.run(day())


def test_a_camera_that_is_not_there_stops_nobody_from_scanning(tmp_path: Path) -> None:
    async def day() -> None:
        shop_dir = make_shop(tmp_path / "files", tmp_path / "nowhere")
        async with open_shop(tmp_path / "shop", shop_dir, free([PANEL])) as opened:
            shopper = opened.shoppers[PANEL]
            await shopper.scan(NAME, 1)
            log = opened.layout.logs / f"runtime-{PANEL}.log"
            async for _ in looks(PATIENCE_S):
                if b"the camera: " in log.read_bytes():
                    break
            await shopper.scan(NAME, 1)
            assert "no-camera" in await notices(opened)
            await shopper.buy()
            assert b"Traceback" not in log.read_bytes()

    asyncio.run(day())
