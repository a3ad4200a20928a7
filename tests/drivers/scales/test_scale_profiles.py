"""The profiles of scales: each makes a driver, names its sources, and no USB id stands in two of them."""

import re
from collections import Counter

import pytest

from edge.drivers.profiles import Profile, directory, known, load
from edge.drivers.registry import driver_for

PROTOCOLS = {
    "mt-sics", "toledo-8217", "nci", "dialog06", "cas", "st-gs", "azextra", "hid-scale", "hx711",
}  # fmt: skip


SCALES = [profile for profile in map(load, known()) if profile.protocol in PROTOCOLS]


@pytest.mark.parametrize("profile", SCALES, ids=lambda profile: profile.name)
def test_a_profile_makes_a_driver_that_waits_for_its_port(profile: Profile) -> None:
    driver = driver_for(profile)
    assert (driver.pending, driver.deadline_ns, driver.to_send()) == (0, None, b"")


@pytest.mark.parametrize("profile", SCALES, ids=lambda profile: profile.name)
def test_a_profile_names_its_sources_and_says_what_nobody_has_confirmed(profile: Profile) -> None:
    text = (directory() / f"{profile.name}.toml").read_text(encoding="utf-8")
    head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    assert re.search(r"^# Sources?: \[[A-Z]\]", head, re.MULTILINE)
    assert "Not confirmed on a real device by us." in head
    named = set(re.findall(r"(?<!^)\[([A-Z])\]", text.replace(head, "")))
    assert named <= set(re.findall(r"\[([A-Z])\]", head))


def test_every_protocol_has_a_profile_of_its_own_name() -> None:
    assert {profile.name for profile in SCALES} >= PROTOCOLS
    assert all(load(protocol).protocol == protocol for protocol in PROTOCOLS)


def test_a_model_is_known_by_its_usb_id() -> None:
    ids = Counter(usb for profile in SCALES for usb in profile.usb)
    assert ids.most_common(1)[0][1] == 1
    assert all(profile.maker and profile.model for profile in SCALES if profile.usb)
