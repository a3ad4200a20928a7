"""What an object believes of a receipt that another one signed, and what goods have cost of late."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.entry import SignedEntry, decode_body, encode_body, sign_entry
from cloud_sync.contract.signing import SoftwareKey, seal
from edge.checkout.sold import Shown
from edge.config import load
from edge.runtime.opening import StartError, attend
from edge.runtime.returns import ReturnsRoom, sold_for
from tests.checkout.pay_shop import Machine
from tests.checkout.staff_shop import BLUE, RED, StaffShop
from tests.checkout.till_hand import SWEATER
from tests.object.test_config import GOOD, write

ROOT, STRANGER, KEY, OTHER = (SoftwareKey.generate() for _ in range(4))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[StaffShop]:
    (tmp_path / "data").mkdir()
    made = StaffShop(tmp_path / "data" / "ledger.db", Machine())
    yield made
    made.close()


def room(directory: Path, shop: StaffShop, more: str = "") -> ReturnsRoom:
    trust = f'{{"receipt": [], "documents": [], "roots": [{jwk(ROOT)}]}}'.encode()
    config = load(write(directory, GOOD + more, trust))
    return ReturnsRoom(config, shop._shop, shop.till, shop.book, shop)


def jwk(key: SoftwareKey) -> str:
    public = key.public
    return f'{{"x": "{public.x}", "y": "{public.y}"}}'


def vouched(
    root: SoftwareKey = ROOT, tenant: str = "demo", dev: str = "mirror-9", key: SoftwareKey = KEY
) -> str:
    return seal(root, CERTIFICATE_TYPE, CertifiedKey(dev, tenant, key.public, "file", 1))


def of_another(shop: StaffShop) -> SignedEntry:
    """A sale of mirror-9, which signs with KEY: the body is one of ours, under another name."""
    body = msgspec.structs.replace(decode_body(last(shop).body), dev="mirror-9")
    return sign_entry(KEY, body.seq, bytes(32), encode_body(body))


def last(shop: StaffShop) -> SignedEntry:
    rows: list[Any] = shop._pen._db.execute(
        "SELECT seq, kid, prev, body, hash, sig FROM entry WHERE kind = 'sale' ORDER BY seq DESC"
    ).fetchall()
    return SignedEntry(*rows[0])


@pytest.mark.parametrize(
    ("certificate", "is_believed"),
    [
        (vouched(), True),
        (vouched(STRANGER), False),
        (vouched(tenant="another"), False),
        (vouched(dev="mirror-8"), False),
        (vouched(key=OTHER), False),
        ("", False),
        ("a.b.c", False),
        (seal(ROOT, "opos-receipt", CertifiedKey("mirror-9", "demo", KEY.public, "file", 1)), False),
    ],
)
def test_a_receipt_is_believed_if_a_root_vouches_for_its_key_its_object_and_its_shop(
    tmp_path: Path, shop: StaffShop, certificate: str, *, is_believed: bool
) -> None:
    shop.live(shop.sell)
    made = room(tmp_path, shop)
    assert made._vouches(Shown(of_another(shop), certificate)) is is_believed
    made.close()


def test_goods_have_cost_what_they_were_sold_for_here_in_those_days(tmp_path: Path, shop: StaffShop) -> None:
    shop.live(lambda: shop.sell(RED, BLUE))
    ledger, now_ms = tmp_path / "data" / "ledger.db", shop.wall_ms()
    (found,) = sold_for(ledger, frozenset({SWEATER}), now_ms - 60_000)
    assert (found.gtin, found.price_minor) == (SWEATER, shop.sales()[0].lines[0].total_minor // 2)
    assert sold_for(ledger, frozenset({"09520001999990"}), 0) == []
    assert sold_for(ledger, frozenset({SWEATER}), now_ms + 1) == []


@pytest.mark.parametrize("data", [None, b"", b'{"members": [{}]}'])
def test_an_object_does_not_start_with_a_list_of_staff_that_nobody_can_read(
    tmp_path: Path, shop: StaffShop, data: bytes | None
) -> None:
    made = room(tmp_path, shop)
    file = tmp_path / "staff.json"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(StartError, match=r"staff\.json"):
        attend(made, file, shop.shown.get, lambda: None)
    made.close()
