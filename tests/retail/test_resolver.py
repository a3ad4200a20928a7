"""Whatever is read off goods goes through one door, and comes out as a product, an item or a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity.resolver import FORMS, Refused, Resolved, resolve
from retail.units import Gtin

READ = [
    ("96385074", "ean", Resolved(Gtin("00000096385074"), None, "gtin-8")),
    ("036000291452", "ean", Resolved(Gtin("00036000291452"), None, "gtin-12")),
    ("4006381333931", "ean", Resolved(Gtin("04006381333931"), None, "gtin-13")),
    ("98765432109213", "ean", Resolved(Gtin("98765432109213"), None, "gtin-14")),
    (
        "3074257BF7194E4000001A85",
        "epc",
        Resolved(
            gtin14=Gtin("80614141123458"),
            serial="6789",
            scheme="sgtin-96",
            tag_uri="urn:epc:tag:sgtin-96:3.0614141.812345.6789",
            pure_identity_uri="urn:epc:id:sgtin:0614141.812345.6789",
        ),
    ),
]

REFUSED = [
    ("96385075", "ean", "expected check digit 4, got 5 in 96385075"),
    ("96385074", "epc", "expected header 30 (SGTIN-96), got '96'"),
    ("3074257BF7194E4000001A85", "ean", "expected 8, 12, 13 or 14 digits, got 24 characters"),
    ("96385074", "smell", "expected a form of ean, epc, got 'smell'"),
]


@pytest.mark.parametrize(("text", "form", "goods"), READ)
def test_what_is_read_off_goods_names_them(text: str, form: str, goods: Resolved) -> None:
    assert resolve(text, form) == goods


@pytest.mark.parametrize(("text", "form", "reason"), REFUSED)
def test_what_names_no_goods_says_why(text: str, form: str, reason: str) -> None:
    assert resolve(text, form) == Refused(reason)


@given(st.text(max_size=30), st.sampled_from(sorted(FORMS)) | st.text(max_size=5))
def test_any_text_in_any_form_is_answered(text: str, form: str) -> None:
    assert isinstance(resolve(text, form), Resolved | Refused)
