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
    (
        "]d20109521234543213" + "10L7\x1d" + "3103000450" + "17261231",
        "scan",
        Resolved(
            Gtin("09521234543213"),
            None,
            "gtin-14",
            lookup_code="09521234543213",
            lot="L7",
            expiry="261231",
            weight_mg=450_000,
        ),
    ),
    (
        "https://shop.example/01/09521234543213/21/77",
        "dl",
        Resolved(Gtin("09521234543213"), "77", "gtin-14", lookup_code="09521234543213"),
    ),
    (
        "^010952123454321321" + "77",
        "raw",
        Resolved(Gtin("09521234543213"), "77", "gtin-14", lookup_code="09521234543213"),
    ),
    (
        "(00)106141412345678908(02)09521234543213(37)12",
        "bracketed",
        Resolved(Gtin("09521234543213"), None, "gtin-14", lookup_code="09521234543213", count=12),
    ),
]

REFUSED = [
    ("96385075", "ean", "expected check digit 4, got 5 in 96385075"),
    ("96385074", "epc", "expected the header of an EPC or an EPC URI, got '96385074'"),
    (
        "3176451FD40C0E4000000000",
        "epc",
        "expected the tag of an item of goods, got one that names a sscc-96",
    ),
    ("(00)106141412345678908", "bracketed", "expected a product, got a code that names none"),
    ("(01)09521234543213(17)991301", "bracketed", "AI (17): illegal month, got '13'"),
    ("3074257BF7194E4000001A85", "ean", "expected 8, 12, 13 or 14 digits, got 24 characters"),
    ("96385074", "smell", "expected a form of bracketed, dl, ean, epc, raw, scan, got 'smell'"),
]


@pytest.mark.parametrize(("text", "form", "goods"), READ)
def test_what_is_read_off_goods_names_them(text: str, form: str, goods: Resolved) -> None:
    assert resolve(text, form) == goods


@pytest.mark.parametrize(("text", "form", "reason"), REFUSED)
def test_what_names_no_goods_says_why(text: str, form: str, reason: str) -> None:
    found = resolve(text, form)
    assert isinstance(found, Refused)
    assert found.reason == reason


@given(st.text(max_size=30), st.sampled_from(sorted(FORMS)) | st.text(max_size=5))
def test_any_text_in_any_form_is_answered(text: str, form: str) -> None:
    assert isinstance(resolve(text, form), Resolved | Refused)
