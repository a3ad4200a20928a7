"""A URI names one thing, or all of a kind, and says its key, its link and its short names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity.answer import Refused
from retail.identity.epc import Epc, canonical, parse, read

READ = [
    # The examples of the Tag Data Standard, sections 6.3, 6.4 and 7.
    ("urn:epc:id:sgln:9521141.12345.32a%2Fb", "(414)9521141123454(254)32a/b", None, "32a/b"),
    ("urn:epc:id:sgln:9521141.12345.0", "(414)9521141123454", None, None),
    ("urn:epc:id:grai:9521141.12345.32a%2Fb", "(8003)0952114112345432a/b", None, "32a/b"),
    ("urn:epc:id:giai:9521141.32a%2Fb", "(8004)952114132a/b", None, None),
    ("urn:epc:id:gsrn:9521141.1234567890", "(8018)952114112345678906", None, None),
    ("urn:epc:id:gsrnp:9521141.1234567890", "(8017)952114112345678906", None, None),
    ("urn:epc:id:sscc:9521141.1234567890", "(00)195211412345678900", None, None),
    ("urn:epc:id:sgtin:9521141.012345.4711", "(01)09521141123454(21)4711", "09521141123454", "4711"),
    ("urn:epc:id:itip:9521141.012345.01.02.987", "(8006)095211411234540102(21)987", "09521141123454", "987"),
    ("urn:epc:class:lgtin:4012345.012345.998877", "(01)04012345123456(10)998877", "04012345123456", None),
    ("urn:epc:id:pgln:9521141.89012", "(417)9521141890127", None, None),
    ("urn:epc:id:gid:95100000.12345.400", None, None, "400"),
    ("urn:epc:id:usdod:2S194.12345678901", None, None, "12345678901"),
    ("urn:epc:id:adi:2S194..12345678901", None, None, "12345678901"),
    ("urn:epc:id:adi:W81X9C.3KL984PX1.2WMA52", None, None, "2WMA52"),
    ("urn:epc:id:bic:CSQU3054383", None, None, None),
    ("urn:epc:id:imovn:9176187", None, None, None),
    ("urn:epc:idpat:sgtin:4012345.012345.*", "(01)04012345123456", "04012345123456", None),
    ("urn:epc:idpat:grai:401234512345..*", "(8003)04012345123456", None, None),
]


@pytest.mark.parametrize(("uri", "elements", "gtin", "serial"), READ)
def test_a_uri_says_its_elements(
    uri: str, elements: str | None, gtin: str | None, serial: str | None
) -> None:
    found = parse(uri)
    assert isinstance(found, Epc)
    assert read(uri) == found
    assert found.pure_identity_uri == uri
    assert (found.element_string, found.gtin14, found.serial) == (elements, gtin, serial)
    assert (found.digital_link is None) == (elements is None)
    assert found.key == (elements.split(")")[1].split("(")[0] if elements else "")


@pytest.mark.parametrize(
    ("uri", "bare", "link"),
    [
        (
            "urn:epc:id:sgtin:9521141.012345.32a%2Fb",
            "gtin=09521141123454;serial=32a/b",
            "https://id.gs1.org/01/09521141123454/21/32a%2Fb",
        ),
        (
            "urn:epc:id:cpi:9521141.5PQ7%2FZ43.12345",
            "cpi=95211415PQ7/Z43;serial=12345",
            "https://id.gs1.org/8010/95211415PQ7%2FZ43/8011/12345",
        ),
        (
            "urn:epc:id:sgcn:9521141.67890.04711",
            "gcn=952114167890904711",
            "https://id.gs1.org/255/952114167890904711",
        ),
        ("urn:epc:id:upui:9521141.089456.5*'B", None, "https://id.gs1.org/01/09521141894569/235/5%2A%27B"),
        ("urn:epc:id:gid:1.2.3", None, None),
    ],
)
def test_a_uri_says_its_short_names_and_its_link(uri: str, bare: str | None, link: str | None) -> None:
    found = parse(uri)
    assert isinstance(found, Epc)
    assert (found.bare_identifier, found.digital_link) == (bare, link)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "urn:epc:id:sgtin:",
        "urn:epc:id:sgtin:0614141.812345",
        "urn:epc:id:sgtin:0614141.81234.1",
        "urn:epc:id:sgtin:0614141.812345.1 ",
        "urn:epc:id:sgtin:0614141.812345.1\n",
        "urn:epc:id:sgtin:0614141.812345.%41",
        "urn:epc:id:sgtin:0614141.812345.%2",
        "urn:epc:id:sgtin:\u0660614141.812345.1",
        "urn:epc:id:sgtin:0614141.812345.123456789012345678901",
        "urn:epc:id:lgtin:0614141.812345.1",
        "urn:epc:class:sgtin:0614141.812345.1",
        "URN:EPC:ID:SGTIN:0614141.812345.1",
        "urn:epc:idpat:sgtin:0614141.*.*",
        "urn:epc:idpat:sscc:0614141.*",
        "urn:epc:idpat:sgtin:0614141.812345.1",
        "urn:epc:id:giai:0614141.123456789012345678901234",
        "urn:epc:id:cpi:0614141.1.01",
        "urn:epc:id:adi:2S194..#1",
        "urn:epc:id:adi:2S194..1%23",
        "urn:epc:id:gid:1.2.68719476736",
        "urn:epc:id:sgtin:" + "1" * 500,
        "urn:isbn:9780345418913",
    ],
)
def test_a_uri_that_follows_no_grammar_is_refused(uri: str) -> None:
    found = parse(uri)
    assert isinstance(found, Refused)
    assert found.reason.startswith("expected ")
    assert isinstance(canonical(uri), Refused)


def test_an_escape_is_one_character_however_it_is_written() -> None:
    upper, lower = parse("urn:epc:id:giai:0614141.a%2Fb"), parse("urn:epc:id:giai:0614141.a%2fb")
    assert upper == lower
    assert isinstance(upper, Epc)
    assert upper.parts == ("0614141", "a/b")


LINKS = [
    ("https://id.gs1.org/01/09780345418913/10/L1/21/S1", "https://id.gs1.org/01/09780345418913/21/S1"),
    ("https://shop.example/p/01/9780345418913/lot/L1", "https://id.gs1.org/01/09780345418913/10/L1"),
    ("https://shop.example/01/9780345418913/", "https://id.gs1.org/01/09780345418913"),
    ("http://shop.example:8080/01/036000291452?17=260101#top", "https://id.gs1.org/01/00036000291452"),
    ("https://id.gs1.org/01/09780345418913/235/a%2Fb", "https://id.gs1.org/01/09780345418913/235/a%2Fb"),
    ("https://id.gs1.org/gsrn/440018922222222226/8019/7", "https://id.gs1.org/8018/440018922222222226"),
    ("https://id.gs1.org/01/01/09780345418913", "https://id.gs1.org/01/09780345418913"),
    ("urn:epc:id:upui:1234567.089456.5*'B", "https://id.gs1.org/01/01234567894560/235/5%2A'B"),
]


@pytest.mark.parametrize(("written", "link"), LINKS)
def test_a_web_uri_however_written_has_one_form(written: str, link: str) -> None:
    assert canonical(written) == link
    assert canonical(link) == link


@pytest.mark.parametrize(
    "text",
    [
        "https://id.gs1.org",
        "https://id.gs1.org/",
        "https://id.gs1.org/01",
        "https://id.gs1.org/01/",
        "https://id.gs1.org/01/1234567",
        "https://id.gs1.org/01/09780345418913/254/1",
        "https://id.gs1.org/01/09780345418913/21",
        "https://id.gs1.org/01/09780345418913/21/%F0%9F%8D%8E",
        "https://id.gs1.org/99/09780345418913",
        "ftp://id.gs1.org/01/09780345418913",
        "urn:epc:id:gid:1.2.3",
        "https://id.gs1.org/" + "a/" * 2_000,
    ],
)
def test_a_web_uri_without_a_key_is_refused(text: str) -> None:
    assert isinstance(canonical(text), Refused)


@given(
    st.text(max_size=80)
    | st.from_regex(r"urn:epc:(id|idpat|class):[a-z]{3,5}:[0-9A-Z.*%]{0,30}", fullmatch=True)
)
def test_any_text_is_a_uri_that_says_itself_or_a_reason(text: str) -> None:
    found = parse(text)
    assert isinstance(found, Refused) or found.pure_identity_uri.upper() == text.upper()
    assert isinstance(canonical(text), str | Refused)
