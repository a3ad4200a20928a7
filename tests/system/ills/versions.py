"""Faults of the versions: a program that is older than the ledger."""

from typing import Final

from tests.system import packages
from tests.system.ills.ill import DATA, Ill, Round, bring, each, here
from tests.system.packages import Packages
from tests.system.shop import Shop
from tests.system.step import FellError

_UNITS: Final = "opos-edge.service opos-sync.service"
_HUB: Final = ("opos-broker.service", "opos-hub.service")
_ELSEWHERE: Final = "/srv/another-disk"
_OLD: Final = "0.0.9"
_FOLDER: Final = "/srv/packages"
_SOURCE: Final = "/etc/apt/sources.list.d/opos.list"
# The machine has no other network than the shop's: apt asks this source alone.
_ALONE: Final = "-o Dir::Etc::SourceList=sources.list.d/opos.list -o Dir::Etc::SourceParts=-"


def _of_the_object(those: Packages) -> Packages:
    return Packages({name: file for name, file in those.files.items() if name != "opos-hub"}, those.version)


def _sell_without_the_hub(shop: Shop) -> None:
    """What is sold last is in this ledger and nowhere else."""
    shop.until_level()
    shop.hub.run("systemctl", "stop", *_HUB)
    shop.sell()
    if not shop.status()["unsynced"]:
        raise FellError("somebody has confirmed what was sold while there was no hub")


def _install_older(shop: Shop) -> None:
    older = _of_the_object(packages.older(shop.packages, _OLD, shop.folder / "older"))
    files = shop.object.brought(list(older.files.values()))
    shop.object.run("apt-get", "install", "-y", "--allow-downgrades", *files)


def _bring_a_source(shop: Shop) -> None:
    newer = _of_the_object(shop.packages)
    shop.object.brought(list(newer.files.values()))
    bring(f"{_FOLDER}/Packages", packages.index(newer))(shop)
    bring(_SOURCE, f"deb [trusted=yes] file:{_FOLDER} ./\n")(shop)
    shop.object.run("sh", "-ec", f"apt-get update {_ALONE}")


def _see_that_nothing_was_lost(shop: Shop) -> None:
    shop.until_sellable()
    shop.check_books()
    here(f"rm -f {_SOURCE} {_FOLDER}/Packages; apt-get update {_ALONE}; apt-get check")(shop)


# A system card is written anew from an older image, while the object's data lies on a disk of its own. No
# package refuses that: it sees no ledger when it is installed. The older program is this one, but for the
# schema that it knows; the newer ledger was written by this program, with a sale that the hub has not got.
OLDER: Final = Round(
    "a program that is older than its ledger",
    (
        Ill(
            "OP-6102",
            each(
                _sell_without_the_hub,
                here(f"systemctl stop {_UNITS}; mv {DATA} {_ELSEWHERE}"),
                _install_older,
                here(f"rmdir {DATA}; mv {_ELSEWHERE} {DATA}; systemctl start --no-block {_UNITS}"),
                lambda shop: shop.hub.run("systemctl", "start", *_HUB),
            ),
            hand=_bring_a_source,
        ),
    ),
    after=_see_that_nothing_was_lost,
)
