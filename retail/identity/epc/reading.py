"""One door for all that names a thing as the Tag Data Standard does: the memory of a tag, or a URI."""

from collections.abc import Callable
from typing import Final

from retail.identity.answer import Refused
from retail.identity.epc import fixed, variable
from retail.identity.epc.identity import Epc, parse
from retail.identity.epc.plus import PlusTag, decode_plus, encode_plus
from retail.identity.epc.plus_codings import BY_HEADER
from retail.identity.epc.tag import TAG_URI, Tag
from retail.identity.epc.writing import encode, parse_tag

Named = Tag | PlusTag | Epc
"""What names a thing; all three have the same views, None where the standard has none."""

_READERS: Final[dict[str, Callable[[str], Tag | PlusTag | Refused]]] = {
    **dict.fromkeys(fixed.HEADERS, fixed.decode_fixed),
    **dict.fromkeys(variable.HEADERS, variable.decode_variable),
    **dict.fromkeys(BY_HEADER, decode_plus),
}
"""By the first two hexadecimal digits of a tag."""

UNPROGRAMMED: Final = "00"
"""The header of a tag that nobody has written yet."""


def read(text: str) -> Named | Refused:
    """What `text` names: EPC memory in hexadecimal, an EPC Tag URI, or an EPC URI of any kind."""
    decoded = _READERS.get(text[:2])
    if decoded is not None:
        return decoded(text)
    if text.startswith(TAG_URI):
        return parse_tag(text)
    if text.startswith("urn:"):
        return parse(text)
    if text[:2] == UNPROGRAMMED:
        return Refused("expected a tag that was written, got header 00 (unprogrammed)")
    return Refused(f"expected the header of an EPC or an EPC URI, got {text[:40]!r}")


def write(named: Tag | PlusTag) -> str:
    """The EPC memory of a tag in upper-case hexadecimal, whole words of it.

    Raises EpcError where the coding cannot hold what it names.
    """
    return encode_plus(named) if isinstance(named, PlusTag) else encode(named)
