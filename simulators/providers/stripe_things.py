"""The shapes of Stripe's objects, as its OpenAPI description of 2023-09-12 has them."""

from collections.abc import Mapping
from typing import Any, Final

Thing = dict[str, Any]
"""An object of the API, as JSON has it."""

_PAGE_MAX: Final = 100


def page(url: str, things: list[Thing], said: Mapping[str, str]) -> Thing:
    """A page, the newest first."""
    least, most = int(said.get("created[gte]", "0")), int(said.get("created[lte]", str(2**40)))
    found = [each for each in reversed(things) if least <= each["created"] <= most]
    if after := said.get("starting_after"):
        found = found[[each["id"] for each in found].index(after) + 1 :]
    limit = min(int(said.get("limit", "10")), _PAGE_MAX)
    return {"object": "list", "url": url, "data": found[:limit], "has_more": len(found) > limit}


def reader(name: str) -> Thing:
    """A card reader that has nothing to do."""
    return {
        "id": name,
        "object": "terminal.reader",
        "action": None,
        "device_sw_version": None,
        "device_type": "simulated_wisepos_e",
        "ip_address": None,
        "label": name,
        "livemode": False,
        "location": None,
        "metadata": {},
        "serial_number": f"SIM-{name}",
        "status": "online",
    }


def card(amount: int, last4: str) -> Thing:
    """The details of a charge whose card was held to a reader."""
    nothing = dict.fromkeys(
        ("cardholder_name", "emv_auth_data", "fingerprint", "generated_card", "network", "offline")
    )
    return {
        **nothing,
        "amount_authorized": amount,
        "brand": "visa",
        "capture_before": 0,
        "country": "DE",
        "exp_month": 8,
        "exp_year": 2030,
        "funding": "credit",
        "incremental_authorization_supported": False,
        "last4": last4,
        "overcapture_supported": False,
        "read_method": "contactless_emv",
        "receipt": None,
    }
