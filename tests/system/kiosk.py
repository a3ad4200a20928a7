"""The glass on a screen of the machine's own: a browser, killed and back."""

import time
from typing import Final

from tests.system.shop import Shop
from tests.system.step import FellError
from tests.system.upkeep import examined
from tests.system.waiting import until

KIOSK: Final = "opos-kiosk.service"
# A browser on two busy cores.
_SHOWN_S: Final = 90.0
# A container has neither a screen nor a seat: cage draws into memory, and asks for no terminal.
_HEADLESS: Final = """\
[Service]
Environment=WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1
StandardInput=null
TTYPath=/dev/null
TTYReset=no
TTYVHangup=no
"""
_DROP_IN: Final = f"/etc/systemd/system/{KIOSK}.d/headless.conf"
_SCREEN: Final = "/etc/tmpfiles.d/screen.conf"


def a_browser_shows_the_glass_and_comes_back(shop: Shop) -> str:
    """In cage, by the unit; killed, closed by a key or ended with its compositor, it is there again."""
    shop.object.put(_DROP_IN, _HEADLESS)
    shop.object.put(_SCREEN, "d /dev/dri\nf /dev/dri/card0\n")
    shop.object.run("systemd-tmpfiles", "--create", _SCREEN)
    shop.object.run("systemctl", "daemon-reload")
    shop.object.run("systemctl", "enable", "--now", KIOSK)
    began_s = time.monotonic()
    until_shown(shop)
    said = [f"shown after {time.monotonic() - began_s:.1f} s"]
    for deed, signal in (("killed", "KILL"), ("closed", "TERM")):
        before = _browser(shop)
        shop.object.run("kill", f"-{signal}", before)
        said.append(f"{deed}: {_back(shop, before):.1f} s")
    before = _browser(shop)
    shop.object.signal(KIOSK, "KILL")
    said.append(f"its compositor killed: {_back(shop, before):.1f} s")
    wrong = {each["code"] for each in examined(shop, "--only", "glass")["findings"]} & {"OP-2303", "OP-2304"}
    if wrong:
        raise FellError(f"the doctor finds {wrong}")
    shop.sell()
    return ", ".join(said)


def the_screen_is_put_away(shop: Shop) -> str:
    """After all updates it still shows the glass; then the machine is again one without a screen."""
    until_shown(shop)
    shop.object.run("systemctl", "disable", "--now", KIOSK)
    shop.object.run("rm", "-r", _DROP_IN, _SCREEN, "/dev/dri")
    shop.object.run("systemctl", "daemon-reload")
    shop.sell()
    return "it sells on"


def until_shown(shop: Shop) -> None:
    """Wait until a page of the browser's listens to the object."""
    until(lambda: shop.status().get("watchers") or None, f"a page shows the glass; {shop.shown()}", _SHOWN_S)


def _back(shop: Shop, before: str) -> float:
    began_s = time.monotonic()
    until(lambda: _browser(shop) not in {"", before} or None, "another browser runs", _SHOWN_S)
    until_shown(shop)
    return time.monotonic() - began_s


def _browser(shop: Shop) -> str:
    """The process of the browser that is the others' parent."""
    said = shop.object.run("pgrep", "--full", "--oldest", "/chromium .*--kiosk", may_fail=True)
    return said.strip()


STEPS: Final = (a_browser_shows_the_glass_and_comes_back,)
LAST_STEPS: Final = (the_screen_is_put_away,)
