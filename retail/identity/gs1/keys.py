"""Checks of keys and numbers: check digits, company prefixes, account numbers, places and pieces."""

from itertools import islice
from typing import Final

from retail.identity.gs1.characters import ORDER_32, ORDER_82, digits, set_82
from retail.identity.gs1.codes import COUNTRY_LETTERS
from retail.identity.gs1.fault import Fault, all_of

# The shortest company prefix that GS1 has given out.
_PREFIX_DIGITS_MIN: Final = 4

# Ten characters make no IBAN of any country; 34 is the longest of ISO 13616-1.
_IBAN_MIN: Final = 11
_IBAN_MAX: Final = 34

# The data that a check pair can protect: 99 characters less the pair, a prime number for each.
_PAIRED_MAX: Final = 97

_LATITUDES: Final = 1_800_000_000
_LONGITUDES: Final = 3_600_000_000
_PLACE_DIGITS: Final = 10

_ZERO: Final = ord("0")


def check_digit(text: str) -> Fault | None:
    """The last digit makes the weighed sum a multiple of ten (GS1 General Specifications, section 7.9.1)."""
    if not (text.isascii() and text.isdigit()):
        return digits(text) or all_of(text, "too short for check digit")
    # From the right digits weigh 1, 3, 1, 3 ...; summed as bytes, which is twice as fast as one by one.
    every = text.encode()
    ones, threes = every[::-2], every[-2::-2]
    total = sum(ones) + 3 * sum(threes) - _ZERO * (len(ones) + 3 * len(threes))
    return Fault("incorrect check digit", len(text) - 1, 1) if total % 10 else None


def _primes() -> tuple[int, ...]:
    found: list[int] = []
    for number in range(2, 1_000):  # the 97th prime number is 509
        if all(number % prime for prime in found):
            found.append(number)
    return tuple(islice(found, _PAIRED_MAX))


_PRIMES: Final = _primes()


def check_pair(text: str) -> Fault | None:
    """The last two characters are what the others ask for (GS1 General Specifications, section 7.9.5)."""
    if len(text) < 2:
        return all_of(text, "too short for check pair")
    body = text[:-2]
    if len(body) > _PAIRED_MAX:
        return all_of(text, "too long for check pair implementation")
    if fault := set_82(body):
        return fault
    weights = reversed(_PRIMES[: len(body)])
    total = sum(ORDER_82.index(each) * weight for each, weight in zip(body, weights, strict=True)) % 1021
    if text[-2:] == ORDER_32[total >> 5] + ORDER_32[total & 31]:
        return None
    return Fault("incorrect check pair", len(body), 2)


def company_prefix(text: str) -> Fault | None:
    """Begins with a company prefix: we hold no list of those that were given out, so four digits will do."""
    if len(text) < _PREFIX_DIGITS_MIN:
        return all_of(text, "too short for gcp")
    found = digits(text[:_PREFIX_DIGITS_MIN])
    return found and Fault("invalid gcp prefix", found.start, 1)


def company_prefix_second(text: str) -> Fault | None:
    """As `company_prefix`, behind one digit for the kind of package."""
    if len(text) < 2:
        return all_of(text, "too short for gcp")
    found = company_prefix(text[1:])
    return found and Fault(found.reason, found.start + 1, found.length)


def iban(text: str) -> Fault | None:
    """An account number, its check digits right (ISO 13616-1, ISO 7064 MOD 97-10)."""
    if len(text) >= 4 and text[:2] not in COUNTRY_LETTERS:
        return Fault("illegal iban country code", 0, 2)
    if len(text) > _IBAN_MAX:
        return all_of(text, "iban too long")
    if len(text) < _IBAN_MIN:
        return all_of(text, "iban too short")
    for place in (*range(4, len(text)), 2, 3):
        if not (text[place].isascii() and (text[place].isdigit() or text[place].isupper())):
            return Fault("invalid iban character", place, 1)
    # Letters count from A = 10 on, which is what they are in base 36.
    if int("".join(str(int(each, 36)) for each in text[4:] + text[:4])) % 97 != 1:
        return Fault("incorrect iban checksum", 2, 2)
    return None


def latitude(text: str) -> Fault | None:
    """Ten-millionths of a degree, counted from the south pole."""
    return _place(text, "latitude", _LATITUDES)


def longitude(text: str) -> Fault | None:
    """Ten-millionths of a degree, counted from 180 degrees west."""
    return _place(text, "longitude", _LONGITUDES)


def _place(text: str, name: str, most: int) -> Fault | None:
    if len(text) != _PLACE_DIGITS:
        return all_of(text, f"{name} invalid length")
    return digits(text) or (all_of(text, f"invalid {name}") if int(text) > most else None)


def piece_of_total(text: str) -> Fault | None:
    """A piece's number and how many pieces there are, in as many digits each."""
    if fault := digits(text):
        return fault
    if not text or len(text) % 2:
        return all_of(text, "invalid length for piece of total")
    half = len(text) // 2
    piece, total = int(text[:half]), int(text[half:])
    if not piece:
        return Fault("zero piece number", 0, half)
    if not total:
        return Fault("zero total pieces", half, half)
    return all_of(text, "piece number exceeds total") if piece > total else None


def place_in_sequence(text: str) -> Fault | None:
    """A place and the last place, as in `2/3`; neither begins with a zero."""
    first, slash, last = text.partition("/")
    if not (slash and first and last) or digits(first) or digits(last):
        return all_of(text, "position in sequence malformed")
    for start, number in ((0, first), (len(first) + 1, last)):
        if number.startswith("0"):
            return Fault("illegal zero prefix", start, len(number))
    return all_of(text, "position exceeds end") if int(first) > int(last) else None
