"""Fixtures of hostile days: a hub on either engine, its door for newcomers, its broker."""

from tests.hub.conftest import empty_hub, hub, keys, mirror, place, postgresql, shelf, store
from tests.hub.identity.conftest import door, folder, template
from tests.hub.identity.test_broker_files import shop

__all__ = [
    "door",
    "empty_hub",
    "folder",
    "hub",
    "keys",
    "mirror",
    "place",
    "postgresql",
    "shelf",
    "shop",
    "store",
    "template",
]
