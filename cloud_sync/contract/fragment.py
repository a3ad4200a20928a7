"""The receipt's URL fragment: a sale's JWS and its object's certified key, small enough for a QR code.

`1.KID.PREV.SQUEEZED.SIGNATURE.ROOT.CERTIFIED`, seven parts:

- `1` names the form and its dictionary; both stay what they are for good, since printed receipts do.
- `KID` and `PREV` are all that an entry's header says; `SIGNATURE` is the entry's.
- `SQUEEZED` is base64url of a raw deflate stream (RFC 1951) of the body, a line feed, and the payload of the
  certificate, after a preset dictionary. A reader without preset dictionaries puts the dictionary in front of
  the stream as one stored block, and leaves it out of what comes forth.
- `ROOT` is the kid in the certificate's header, `CERTIFIED` its signature.

The headers are rebuilt to the byte, so both signatures are over what was signed. The plain form, for whoever
has no use for a small one, is `ENTRY~CERTIFICATE`: two compact JWS.
"""

import re
import zlib
from typing import Final
from urllib.parse import quote

from cloud_sync.contract.certificate import CERTIFICATE_TYPE
from cloud_sync.contract.encoding import b64, unb64
from cloud_sync.contract.entry import BODY_BYTES_MAX, SignedEntry, decode_body, read_entry

FRAGMENT_CHARS_MAX: Final = 1_500
"""The longest fragment: the QR code of more is too fine for a phone to read off a small panel."""
PLAIN_CHARS_MAX: Final = 64 * 1024
"""The longest text in the plain form: an entry of the longest body in base64, and its certificate."""
CERTIFICATE_BYTES_MAX: Final = 2 * 1024
"""The longest payload of a certificate: two names, a key and a date are 200 bytes."""

HUB_PATH: Final = "/r/"
"""Where a hub shows a receipt: object, seq and hash follow. Whoever knows the hash has held the receipt."""

DICTIONARY: Final = (
    b'{"dev":"mirror-","epoch":"","seq":1,"idem":"sale/","boot":"","mono_us":1,"wall_ms":17,'
    b'"clock":"untrusted","clock":"trusted","fact":{"kind":"sale","sale":"","number":"-000",'
    b'"business_date":"202","language":"zh","language":"es","language":"de","language":"en",'
    b'"currency":"USD","total_minor":1,"tender":"card","tender":"house-account",'
    b'"prices":{"generation":1,"n":1},"lines":[{"gtin":"0","name":"","units":1,"price_minor":1,'
    b'"total_minor":1,"tax":"standard","epcs":[]},{"gtin":"0","name":"","tax":"reduced","epcs":["30"]}],'
    b'"taxes":[{"tax":"standard","rate_bp":1900,"gross_minor":1,"tax_minor":1},{"tax":"reduced",'
    b'"rate_bp":700,"gross_minor":1}],"postings":[{"account":"receivable/","amount_minor":1,'
    b'"currency":"EUR"},{"account":"revenue","amount_minor":-1,"currency":"EUR"},'
    b'{"account":"tax/standard","amount_minor":-1,"currency":"EUR"},{"account":"tax/reduced",'
    b'"amount_minor":-1}],"moves":[{"gtin":"0","giver":"floor","taker":"sold","units":1},{"gtin":"0",'
    b'"giver":"shelf-","taker":"sold","units":1}],"fiscal":null}}\n{"dev":"shelf-","tenant":"",'
    b'"key":{"x":"","y":""},"tier":"tpm","tier":"sealed-file","tier":"file","since_ms":17'
)
"""What most sales say, so that a fragment need not: frozen, and the same text stands in the page."""

_FORM: Final = "1"
_PARTS: Final = 7
_RAW_DEFLATE: Final = -15
_PAYLOADS_BYTES_MAX: Final = BODY_BYTES_MAX + 1 + CERTIFICATE_BYTES_MAX
_CERTIFICATE_HEADER: Final = re.compile(
    rf'\{{"alg":"ES256","kid":"([\w-]{{8}})","typ":"{CERTIFICATE_TYPE}"\}}'.encode()
)


class FragmentTooLongError(ValueError):
    """A receipt that does not fit its QR code: link to the hub's copy by the entry's hash in its place."""


class BadFragmentError(ValueError):
    """A text that is no receipt's fragment, or a pair that makes none, and what was expected."""


def fragment_of(entry_jws: str, certificate_jws: str) -> str:
    """The fragment of an entry and the certificate of the key that signed it, both compact JWS.

    Raises FragmentTooLongError when it has more than FRAGMENT_CHARS_MAX characters, BadFragmentError when
    they are no entry and no certificate.
    """
    entry = _entry(entry_jws)
    root, certified, signature = _certificate(certificate_jws)
    squeezed = b64(_squeeze(entry.body, certified))
    parts = (_FORM, entry.kid, b64(entry.prev), squeezed, b64(entry.sig), root, signature)
    fragment = ".".join(parts)
    return _within(fragment)


def _within(text: str) -> str:
    if len(text) > FRAGMENT_CHARS_MAX:
        raise FragmentTooLongError(
            f"expected a fragment of at most {FRAGMENT_CHARS_MAX} characters, got {len(text)}:"
            " link to the receipt at the hub by its hash"
        )
    return text


def link_of(entry_jws: str, certificate_jws: str, page: str, hub: str) -> str:
    """What the code of a receipt holds: `page`, `#` and the fragment, which no browser sends to a server.

    A receipt that is longer than a code, or has no certificate, is linked to at `hub` by the entry's hash.
    Raises BadFragmentError when they are no entry and no certificate, and FragmentTooLongError when the hub
    would be needed and `hub` is empty.
    """
    entry = _entry(entry_jws)
    if certificate_jws or not hub:
        try:
            return _within(f"{page}#{fragment_of(entry_jws, certificate_jws)}")
        except FragmentTooLongError:
            if not hub:
                raise
    dev = quote(decode_body(entry.body).dev, safe="")
    return f"{hub}{HUB_PATH}{dev}/{entry.seq}/{b64(entry.hash)}"


def parse(fragment: str) -> tuple[str, str]:
    """The JWS of the entry and of the certificate in a fragment of either form, not verified.

    Raises BadFragmentError on any other text; nothing expands past the limits of a body and a certificate.
    """
    entry, plain, certificate = fragment.partition("~")
    limit = PLAIN_CHARS_MAX if plain else FRAGMENT_CHARS_MAX
    if len(fragment) > limit:
        raise BadFragmentError(f"expected a fragment of at most {limit} characters, got {len(fragment)}")
    if not plain:
        entry, certificate = _put_together(fragment)
    _entry(entry)
    _certificate(certificate)
    return entry, certificate


def _put_together(fragment: str) -> tuple[str, str]:
    parts = fragment.split(".")
    if len(parts) != _PARTS or parts[0] != _FORM:
        raise BadFragmentError(f"expected a receipt of form {_FORM} in {_PARTS} parts, got {fragment[:40]!r}")
    _, kid, prev, squeezed, signature, root, certified_signature = parts
    body, certified = _expand(squeezed)
    entry = _jws(f'{{"alg":"ES256","kid":"{kid}","prev":"{prev}"}}', body, signature)
    header = f'{{"alg":"ES256","kid":"{root}","typ":"{CERTIFICATE_TYPE}"}}'
    return entry, _jws(header, certified, certified_signature)


def _jws(header: str, payload: bytes, signature: str) -> str:
    return f"{b64(header.encode())}.{b64(payload)}.{signature}"


def _entry(jws: str) -> SignedEntry:
    try:
        return read_entry(jws)
    except ValueError as error:
        raise BadFragmentError(f"expected an entry: {error}") from error


def _certificate(jws: str) -> tuple[str, bytes, str]:
    """The kid of the root, the payload, and the signature as it is written."""
    try:
        head, payload, signature = jws.split(".")
        header = _CERTIFICATE_HEADER.fullmatch(unb64(head))
        certified = unb64(payload)
        unb64(signature)
    except ValueError as error:
        raise BadFragmentError(f"expected a certificate, got {jws[:40]!r}: {error}") from error
    if header is None or len(certified) > CERTIFICATE_BYTES_MAX:
        raise BadFragmentError(
            f"expected a JWS of type {CERTIFICATE_TYPE} with at most {CERTIFICATE_BYTES_MAX} bytes,"
            f" got {jws[:40]!r}"
        )
    return header[1].decode(), certified, signature


def _squeeze(body: bytes, certified: bytes) -> bytes:
    # The encoder of bodies writes no line feed: a body with one could not be told from the certificate.
    if b"\n" in body:
        raise BadFragmentError("expected the body of an entry, got one with a line feed")
    press = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    return press.compress(body + b"\n" + certified) + press.flush()


def _expand(squeezed: str) -> tuple[bytes, bytes]:
    press = zlib.decompressobj(_RAW_DEFLATE, DICTIONARY)
    try:
        payloads = press.decompress(unb64(squeezed), _PAYLOADS_BYTES_MAX + 1)
    except (ValueError, zlib.error) as error:
        raise BadFragmentError(f"expected a squeezed receipt, got {squeezed[:40]!r}: {error}") from error
    if not press.eof or press.unused_data:
        raise BadFragmentError(f"expected one whole stream of at most {_PAYLOADS_BYTES_MAX} bytes")
    body, feed, certified = payloads.partition(b"\n")
    if not feed:
        raise BadFragmentError(f"expected a body and a certificate, got {len(body)} bytes of one")
    return body, certified
