"""The receipt: how much a sale of three lines takes of the URL that its QR code carries."""

import zlib
from functools import cache
from typing import Final

import msgspec

from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.sales import NAMES, sale
from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.encoding import b64, unb64
from cloud_sync.contract.entry import Body, encode_body, first_prev, sign_entry
from cloud_sync.contract.fragment import fragment_of
from cloud_sync.contract.signing import SoftwareKey, seal

# Sales of every language that the names are written in: the longest of them must fit.
SALES: Final = 20 * len(NAMES)


class Receipt(msgspec.Struct, frozen=True):
    """The two JWS that a receipt is made of."""

    entry: str
    certificate: str


@cache
def receipts() -> list[Receipt]:
    """Sign some sales, and have the key certified."""
    key, root = SoftwareKey.generate(), SoftwareKey.generate()
    certified = CertifiedKey("shelf-b12", "corner", key.public, "sealed-file", 1_790_000_000_000)
    certificate = seal(root, CERTIFICATE_TYPE, certified)
    languages = list(NAMES) * (SALES // len(NAMES))
    return [Receipt(_jws(key, n, language), certificate) for n, language in enumerate(languages)]


def _jws(key: SoftwareKey, n: int, language: str) -> str:
    epoch, one, seq = b64(key.sign(b"")[:16]), sale(n, language), 1_000_000 + n
    body = Body(
        "shelf-b12", epoch, seq, f"sale/{one.sale}", "b00tb00t", seq * 7_001_234,
        1_790_000_000_000 + seq * 9_871, "trusted", one,
    )  # fmt: skip
    return sign_entry(key, seq, first_prev(epoch), encode_body(body)).jws()


def longest_fragment() -> float:
    """The characters of the longest fragment."""
    return max(len(fragment_of(each.entry, each.certificate)) for each in receipts())


def longest_bare() -> float:
    """The ceiling: both payloads deflated as hard as zlib can, two signatures, nothing around them."""
    return max(_bare(each) for each in receipts())


def _bare(receipt: Receipt) -> int:
    _, body, signature = receipt.entry.split(".")
    _, certified, its_signature = receipt.certificate.split(".")
    press = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    squeezed = press.compress(unb64(body) + unb64(certified)) + press.flush()
    return len(b64(squeezed)) + len(signature) + len(its_signature)


BENCHMARKS: Final = (
    Benchmark(
        name="receipt-fragment",
        unit="chars",
        goal=Goal(Judged.VALUE, Direction.AT_MOST, 1_500),
        value=longest_fragment,
        ceiling=longest_bare,
        rounds=1,
    ),
)
