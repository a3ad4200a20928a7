"""What is written on a tag in a coding up to release 1.x: an EPC, how it is coded, and for whom.

Source: GS1 EPC Tag Data Standard 2.3, sections 10 (filter values) and 12 (EPC Tag URIs).
"""

from typing import Final

import msgspec

from retail.identity.epc.elements import Elements
from retail.identity.epc.identity import Epc
from retail.units import Gtin

TAG_URI: Final = "urn:epc:tag:"


class Tag(msgspec.Struct, frozen=True):
    """One tag; all of its names are those of its EPC, but for the tag URI."""

    coding: str
    """`sgtin-96`, `sscc-96` ..."""
    filter_value: int | None
    """What readers select by, such as 1 for goods at a point of sale; None in a coding without one."""
    epc: Epc

    @property
    def scheme(self) -> str:
        """The name of the coding."""
        return self.coding

    @property
    def tag_uri(self) -> str:
        """The tag as a URI, its filter value in it."""
        control = "" if self.filter_value is None else f"{self.filter_value}."
        return f"{TAG_URI}{self.coding}:{control}{self.epc.body}"

    @property
    def pure_identity_uri(self) -> str:
        """The thing as a URI, whatever tag it is written on."""
        return self.epc.pure_identity_uri

    @property
    def elements(self) -> Elements:
        """The GS1 elements; none in a coding that is not of GS1."""
        return self.epc.elements

    @property
    def element_string(self) -> str | None:
        """The elements in brackets."""
        return self.epc.element_string

    @property
    def digital_link(self) -> str | None:
        """The canonical Web URI of the thing."""
        return self.epc.digital_link

    @property
    def bare_identifier(self) -> str | None:
        """The elements by their short names."""
        return self.epc.bare_identifier

    @property
    def gtin14(self) -> Gtin | None:
        """The product, where the thing is one."""
        return self.epc.gtin14

    @property
    def serial(self) -> str | None:
        """What tells the thing from others of its kind."""
        return self.epc.serial
