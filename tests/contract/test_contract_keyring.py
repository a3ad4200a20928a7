"""A keyring is believed if a pinned root signed it and its keys can be worked by."""

from typing import Any

import pytest

from cloud_sync.contract.keyring import KEYRING_TYPE, KEYS_MAX, Keyring, read_keyring
from cloud_sync.contract.signing import BadSignatureError, PublicKey, SoftwareKey, Verifier, seal
from retail.pricing.book import Version

ROOT, KEY = SoftwareKey.generate(), SoftwareKey.generate()
ROOTS = {ROOT.public.kid: Verifier(ROOT.public)}


def sealed(signer: SoftwareKey = ROOT, typ: str = KEYRING_TYPE, **changes: Any) -> str:
    keys = (KEY.public,)
    honest: dict[str, Any] = {
        "tenant": "demo",
        "version": Version(1, 1),
        "receipt": keys,
        "documents": keys,
        "roots": (ROOT.public,),
    }
    return seal(signer, typ, Keyring(**{**honest, **changes}))


def test_a_keyring_that_a_root_signed_is_read() -> None:
    assert read_keyring(sealed(), ROOTS).receipt == (KEY.public,)


@pytest.mark.parametrize("jws", ["", "a.b.c", sealed(KEY), sealed(typ="opos-receipt")], ids=range(4))
def test_what_no_root_has_signed_is_no_keyring(jws: str) -> None:
    with pytest.raises(BadSignatureError):
        read_keyring(jws, ROOTS)


OFF_CURVE = PublicKey(KEY.public.x, ROOT.public.x)
UNUSABLE = [
    {"receipt": ()},
    {"documents": (KEY.public,) * (KEYS_MAX + 1)},
    {"roots": ()},
    {"documents": (KEY.public, OFF_CURVE)},
    {"version": Version(0, 1)},
    {"version": Version(1, 0)},
]


@pytest.mark.parametrize("changes", UNUSABLE)
def test_a_keyring_that_nobody_can_work_by_is_refused_although_a_root_signed_it(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(ValueError, match="keyring"):
        read_keyring(sealed(**changes), ROOTS)
