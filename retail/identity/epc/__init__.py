"""The numbers on tags: items as the till knows them (SGTIN-96), and every other coding of the standard.

`read` takes the memory of any tag, or a URI, and gives its name in all forms; `write` is the way back.
`decode`, `encode` and `item_of` are for goods with an SGTIN-96, whose numbers stay numbers.
"""

from retail.identity.epc.identity import Epc, EpcError, parse
from retail.identity.epc.link import canonical
from retail.identity.epc.plus import PlusTag
from retail.identity.epc.reading import Named, read, write
from retail.identity.epc.sgtin import SGTIN_96, Sgtin, SgtinError, decode, encode, item_of
from retail.identity.epc.tag import Tag
from retail.identity.epc.writing import parse_tag, tagged

__all__ = [
    "SGTIN_96",
    "Epc",
    "EpcError",
    "Named",
    "PlusTag",
    "Sgtin",
    "SgtinError",
    "Tag",
    "canonical",
    "decode",
    "encode",
    "item_of",
    "parse",
    "parse_tag",
    "read",
    "tagged",
    "write",
]
