"""The kinds of EPC: how the URI of each is written, and which GS1 key it says.

Source: GS1 EPC Tag Data Standard 2.3, section 5 (grammar), 6.3 and 6.4 (one URI scheme each, with its general
syntax, quoted here as `shape`), and 7.3 to 7.17 (the correspondence to GS1 element strings). The lengths of
serials, lots and assets are those of the GS1 General Specifications, section 3.
"""

import re
from typing import Final

import msgspec

# A literal character, or the escape of one that a URN may not hold (annex A of the standard). Others of the
# grammar's escapes would be a second spelling of the same thing, and EPCs are compared as texts.
_SERIAL: Final = r"(?:[!'()*+,\-.0-9:;=A-Z_a-z]|%(?:2[256Ff]|3[CcEeFf]))"
_PART: Final = r"(?:[0-9A-Z\-]|%2[3Ff])"
_ADI: Final = r"(?:[0-9A-Z\-]|%2[Ff])"
_CAGE: Final = r"([0-9A-HJ-NP-Z]{5,6})"
_NUMBER: Final = r"(0|[1-9][0-9]*)"
_PREFIX: Final = r"([0-9]{6,12})"

# No key of the GS1 General Specifications is longer than 30 characters.
KEY_CHARACTERS_MAX: Final = 30

# The longest URI is that of an ADI: 6 + 32 + 30 characters, most of which may be escapes of three.
URI_CHARACTERS_MAX: Final = 256


class Scheme(msgspec.Struct, frozen=True):
    """One URI scheme; `body` is what follows its name, one group for each component."""

    name: str
    shape: str
    body: str
    ai: str = ""
    """The GS1 Application Identifier of the key; empty where there is no GS1 key."""
    digits: int = 0
    """How many the first two components have together; then the key ends with a check digit."""
    leads: bool = False
    """The first digit of the second component stands in front of the key."""
    pad: str = ""
    """What stands in front of the key in an element string."""
    rest: tuple[str, ...] = ()
    """The AI of each further component; an empty one is a part of the key."""
    serial: bool = True
    """The last component tells one thing from another of its kind."""
    limits: tuple[int, ...] = ()
    """The highest values of components that are plain numbers, aligned to the last one."""
    space: str = "id"

    @property
    def prefix(self) -> str:
        """What its URIs begin with."""
        return f"urn:epc:{self.space}:{self.name}:"


def _serial(longest: int) -> str:
    return rf"({_SERIAL}{{1,{longest}}})"


_ITEM: Final = rf"{_PREFIX}\.([0-9]{{1,7}})"
_PLACE: Final = rf"{_PREFIX}\.([0-9]{{0,6}})"
_REFERENCE: Final = rf"{_PREFIX}\.([0-9]{{4,11}})"

SCHEMES: Final = {
    scheme.name: scheme
    for scheme in (
        Scheme("sgtin", "CompanyPrefix.ItemRefAndIndicator.SerialNumber", rf"{_ITEM}\.{_serial(20)}",
               "01", 13, leads=True, rest=("21",)),
        Scheme("sscc", "CompanyPrefix.SerialReference", _REFERENCE, "00", 17, leads=True, serial=False),
        Scheme("sgln", "CompanyPrefix.LocationReference.Extension", rf"{_PLACE}\.{_serial(20)}",
               "414", 12, rest=("254",)),
        Scheme("grai", "CompanyPrefix.AssetType.SerialNumber", rf"{_PLACE}\.{_serial(16)}",
               "8003", 12, pad="0", rest=("",)),
        Scheme("giai", "CompanyPrefix.IndividualAssetReference", rf"{_PREFIX}\.{_serial(24)}", "8004",
               serial=False),
        Scheme("gsrn", "CompanyPrefix.ServiceReference", _REFERENCE, "8018", 17, serial=False),
        Scheme("gsrnp", "CompanyPrefix.ServiceReference", _REFERENCE, "8017", 17, serial=False),
        Scheme("gdti", "CompanyPrefix.DocumentType.SerialNumber", rf"{_PLACE}\.{_serial(17)}",
               "253", 12, rest=("",)),
        Scheme("cpi", "CompanyPrefix.ComponentPartReference.Serial",
               rf"{_PREFIX}\.({_PART}{{1,24}})\.(0|[1-9][0-9]{{0,11}})", "8010", rest=("8011",)),
        Scheme("sgcn", "CompanyPrefix.CouponReference.SerialComponent", rf"{_PLACE}\.([0-9]{{1,12}})",
               "255", 12, rest=("",)),
        Scheme("ginc", "CompanyPrefix.ConsignmentReference", rf"{_PREFIX}\.{_serial(24)}", "401",
               serial=False),
        Scheme("gsin", "CompanyPrefix.ShipperReference", _REFERENCE, "402", 16, serial=False),
        Scheme("itip", "CompanyPrefix.ItemRefAndIndicator.Piece.Total.SerialNumber",
               rf"{_ITEM}\.([0-9]{{2}})\.([0-9]{{2}})\.{_serial(20)}",
               "8006", 13, leads=True, rest=("", "", "21")),
        Scheme("upui", "CompanyPrefix.ItemRefAndIndicator.TPX", rf"{_ITEM}\.{_serial(28)}",
               "01", 13, leads=True, rest=("235",)),
        Scheme("pgln", "CompanyPrefix.PartyReference", _PLACE, "417", 12, serial=False),
        Scheme("gid", "ManagerNumber.ObjectClass.SerialNumber", rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}",
               limits=(2**28 - 1, 2**24 - 1, 2**36 - 1)),
        Scheme("usdod", "CAGECodeOrDODAAC.SerialNumber", rf"{_CAGE}\.{_NUMBER}", limits=(2**36 - 1,)),
        Scheme("adi", "CAGECodeOrDODAAC.OriginalPartNumber.Serial",
               rf"{_CAGE}\.({_ADI}{{0,32}})\.(%23{_ADI}{{1,29}}|{_ADI}{{1,30}})"),
        # The check digits of these two are printed by others, and the standard has no rule for them.
        Scheme("bic", "BICContainerCode", r"([A-HJ-NP-Z]{3}[JUZ][0-9]{7})", serial=False),
        Scheme("imovn", "IMOvesselNumber", r"([0-9]{7})", serial=False),
        Scheme("lgtin", "CompanyPrefix.ItemRefAndIndicator.Lot", rf"{_ITEM}\.{_serial(20)}",
               "01", 13, leads=True, rest=("10",), serial=False, space="class"),
    )
}  # fmt: skip
"""By name, in the order of the standard."""

BODIES: Final = {scheme.name: re.compile(scheme.body) for scheme in SCHEMES.values()}
"""By name: what reads the components of a URI."""
