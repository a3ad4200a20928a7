"""Tagged fields of an invoice: a type, a length, and words; what they mean, and how they are made.

BOLT 11, "Tagged Fields". A field of an unknown type, a fallback of an unknown version, and a hash, secret or
key of another length than theirs are passed over, as an example of the specification wants; one that is then
missing is a reason to refuse.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from retail.payment_codes import addresses, bech32
from retail.payment_codes.refusal import Refused, UnwritableError
from retail.units import INTEGER_MAX

_LENGTH_WORDS: Final = 2
_FIELD_WORDS_MAX: Final = 1023

_LETTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
HASH, ROUTE, FEATURES, EXPIRY, FALLBACK, DESCRIPTION = (_LETTERS.index(each) for each in "pr9xfd")
SECRET, PAYEE, DESCRIPTION_HASH, DELTA, METADATA = (_LETTERS.index(each) for each in "snhcm")
_WORDS_OF: Final = {HASH: 52, SECRET: 52, DESCRIPTION_HASH: 52, PAYEE: 53}
_SHORTEST: Final = {EXPIRY: "x", DELTA: "c", FEATURES: "9"}

EXPIRY_S: Final = 3600
DELTA_BLOCKS: Final = 18

# BOLT 9, context 9: onion payloads, payment secret, many parts, blinded routes, attribution, metadata.
_FEATURES_KNOWN: Final = frozenset({8, 14, 16, 24, 36, 48})

# pubkey 33, channel 8, base fee 4, proportional fee 4, delta 2.
_HOP_BYTES: Final = 51
_HASH_BYTES: Final = 20


class Field(NamedTuple):
    """A field as it came: its type, 0 to 31, and its words of five bits."""

    type: int
    words: bytes


class Hop(msgspec.Struct, frozen=True):
    """A channel on the way to a node that is not announced; fees in millisatoshis and millionths."""

    pubkey: str
    channel: str
    fee_base_msat: int
    fee_proportional_millionths: int
    cltv_expiry_delta: int


class Meaning(msgspec.Struct, frozen=True):
    """What the fields say; hashes, secrets and keys in hexadecimal, fallbacks as addresses."""

    payment_hash: str
    payment_secret: str
    description: str | None = None
    description_hash: str | None = None
    payee: str | None = None
    expiry_s: int = EXPIRY_S
    min_final_cltv_expiry_delta: int = DELTA_BLOCKS
    fallbacks: tuple[str, ...] = ()
    routes: tuple[tuple[Hop, ...], ...] = ()
    metadata: str | None = None
    features: tuple[int, ...] = ()


def split(words: bytes) -> tuple[Field, ...] | Refused:
    """The fields in their order."""
    found, place = [], 0
    while place < len(words):
        start = place + 1 + _LENGTH_WORDS
        length = bech32.number(words[place + 1 : start])
        if start > len(words) or start + length > len(words):
            return Refused(_LETTERS[words[place]], "expected a whole field, got the end of the invoice")
        found.append(Field(words[place], words[start : start + length]))
        place = start + length
    return tuple(found)


def join(given: Iterable[Field]) -> bytes:
    """The words that `split` splits."""
    return b"".join(
        bytes([each.type]) + bech32.number_words(len(each.words), _LENGTH_WORDS) + each.words
        for each in given
    )


def lettered(field: Field) -> tuple[str, str]:
    """The letter of the field, and its words as letters."""
    return _LETTERS[field.type], "".join(_LETTERS[word] for word in field.words)


def read(given: Iterable[Field], network: str) -> Meaning | Refused:
    """What the fields mean; of those that come twice the first counts; fallbacks and routes are listed."""
    values: dict[str, object] = {}
    listed: dict[int, list[object]] = {FALLBACK: [], ROUTE: []}
    for type_, words in given:
        if len(words) != _WORDS_OF.get(type_, len(words)) or type_ not in _READERS:
            continue
        if type_ in _SHORTEST and words[:1] == b"\0":
            return Refused(_SHORTEST[type_], "expected the fewest words, got zeros before the number")
        name, reader = _READERS[type_]
        found = reader(words, network)
        if isinstance(found, Refused):
            return found
        if type_ in listed:
            listed[type_] += [] if found is None else [found]
        else:
            values.setdefault(name, found)
    for name, letter in (("payment_hash", "p"), ("payment_secret", "s")):
        if name not in values:
            return Refused(letter, f"expected a {name.replace('_', ' ')} of 52 words, got none")
    if ("description" in values) == ("description_hash" in values):
        return Refused("d", f"expected either d or h, got {'both' if 'description' in values else 'neither'}")
    lists = {"fallbacks": listed[FALLBACK], "routes": listed[ROUTE]}
    return msgspec.convert(values | lists, Meaning)


def made(meaning: Meaning) -> Iterator[Field]:
    """The fields that say `meaning`, with as few words as they need."""
    yield Field(SECRET, _packed(meaning.payment_secret))
    yield Field(HASH, _packed(meaning.payment_hash))
    if meaning.description is not None:
        yield Field(DESCRIPTION, bech32.to_words(meaning.description.encode()))
    if meaning.description_hash is not None:
        yield Field(DESCRIPTION_HASH, _packed(meaning.description_hash))
    if meaning.metadata is not None:
        yield Field(METADATA, _packed(meaning.metadata))
    if meaning.payee is not None:
        yield Field(PAYEE, _packed(meaning.payee))
    if meaning.expiry_s != EXPIRY_S:
        yield Field(EXPIRY, _shortest(meaning.expiry_s))
    if meaning.min_final_cltv_expiry_delta != DELTA_BLOCKS:
        yield Field(DELTA, _shortest(meaning.min_final_cltv_expiry_delta))
    for address in meaning.fallbacks:
        yield Field(FALLBACK, _address_words(address))
    for hops in meaning.routes:
        yield Field(ROUTE, bech32.to_words(b"".join(_hop_bytes(hop) for hop in hops)))
    if meaning.features:
        yield Field(FEATURES, _shortest(sum(1 << bit for bit in set(meaning.features))))


def _address_words(address: str) -> bytes:
    found = addresses.program_of(address, "f")
    if isinstance(found, Refused):
        raise UnwritableError(found)
    return bytes([found.version]) + bech32.to_words(found.program)


def _packed(hexadecimal: str) -> bytes:
    return bech32.to_words(bytes.fromhex(hexadecimal))


def _shortest(value: int) -> bytes:
    return bech32.number_words(value, -(-value.bit_length() // 5))


def _hexadecimal(words: bytes, _network: str) -> str:
    return bech32.to_bytes(words).hex()


def _text(words: bytes, _network: str) -> str | Refused:
    try:
        return bech32.to_bytes(words).decode()
    except UnicodeDecodeError:
        return Refused("d", "expected UTF-8")


def _number(letter: str) -> Callable[[bytes, str], int | Refused]:
    def read_number(words: bytes, _network: str) -> int | Refused:
        value = bech32.number(words)
        return value if value <= INTEGER_MAX else Refused(letter, f"expected at most {INTEGER_MAX}")

    return read_number


def _features(words: bytes, _network: str) -> tuple[int, ...] | Refused:
    value = bech32.number(words)
    bits = tuple(bit for bit in range(5 * len(words)) if value >> bit & 1)
    # It is all right to be odd: an unknown even bit is one that the payer has to understand.
    unknown = [bit for bit in bits if bit % 2 == 0 and bit not in _FEATURES_KNOWN]
    return Refused("9", f"expected features that we know, got {unknown[0]}") if unknown else bits


def _fallback(words: bytes, network: str) -> str | Refused | None:
    if not words:
        return Refused("f", "expected a version and an address, got none")
    version, program, where = words[0], bech32.to_bytes(words[1:]), addresses.NETWORKS[network]
    if version in {addresses.KEY_HASH, addresses.SCRIPT_HASH}:
        if len(program) != _HASH_BYTES:
            return Refused("f", f"expected a hash of {_HASH_BYTES} bytes, got {len(program)}")
        return addresses.base58(
            where.key_hash if version == addresses.KEY_HASH else where.script_hash, program
        )
    if version > addresses.SCRIPT_HASH:
        return None
    if not addresses.program_fits(version, len(program)):
        return Refused("f", f"expected a witness program of version {version}, got {len(program)} bytes")
    return addresses.segwit(where.prefix, version, program)


def _route(words: bytes, _network: str) -> tuple[Hop, ...] | Refused:
    data = bech32.to_bytes(words)
    if not data or len(data) % _HOP_BYTES:
        return Refused("r", f"expected {_HOP_BYTES} bytes a hop, got {len(data)}")
    return tuple(_hop(data[place : place + _HOP_BYTES]) for place in range(0, len(data), _HOP_BYTES))


def _hop(data: bytes) -> Hop:
    base, proportional, delta = (int.from_bytes(data[a:b], "big") for a, b in ((41, 45), (45, 49), (49, 51)))
    return Hop(data[:33].hex(), data[33:41].hex(), base, proportional, delta)


def _hop_bytes(hop: Hop) -> bytes:
    fees = hop.fee_base_msat.to_bytes(4, "big") + hop.fee_proportional_millionths.to_bytes(4, "big")
    return bytes.fromhex(hop.pubkey + hop.channel) + fees + hop.cltv_expiry_delta.to_bytes(2, "big")


_READERS: Final[dict[int, tuple[str, Callable[[bytes, str], object]]]] = {
    HASH: ("payment_hash", _hexadecimal),
    SECRET: ("payment_secret", _hexadecimal),
    DESCRIPTION: ("description", _text),
    DESCRIPTION_HASH: ("description_hash", _hexadecimal),
    PAYEE: ("payee", _hexadecimal),
    METADATA: ("metadata", _hexadecimal),
    EXPIRY: ("expiry_s", _number("x")),
    DELTA: ("min_final_cltv_expiry_delta", _number("c")),
    FEATURES: ("features", _features),
    FALLBACK: ("fallbacks", _fallback),
    ROUTE: ("routes", _route),
}
"""Type of a field -> what it is called in `Meaning`, and what reads it."""
