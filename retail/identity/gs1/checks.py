"""The checks of values by the names that the dictionary calls them by."""

from collections.abc import Callable, Container
from typing import Final

from retail.identity.gs1 import characters, codes, coupons, dates, keys
from retail.identity.gs1.fault import Fault, all_of

Check = Callable[[str], Fault | None]
"""A component of a value in; what is wrong with it out, or None."""


def _among(known: Container[str], reason: str) -> Check:
    def check(text: str) -> Fault | None:
        return None if text in known else all_of(text, reason)

    return check


CHECKS: Final[dict[str, Check]] = {
    "couponcode": coupons.coupon,
    "couponposoffer": coupons.offer,
    "cset39": characters.set_39,
    "cset64": characters.set_64,
    "cset82": characters.set_82,
    "csetnumeric": characters.digits,
    "csum": keys.check_digit,
    "csumalpha": keys.check_pair,
    "gcppos1": keys.company_prefix,
    "gcppos2": keys.company_prefix_second,
    "hasnondigit": characters.has_non_digit,
    "hh": dates.hh,
    "hhmi": dates.hhmi,
    "hyphen": characters.hyphen,
    "iban": keys.iban,
    "importeridx": characters.importer,
    "iso3166": _among(codes.COUNTRY_NUMBERS, "not iso3166"),
    "iso3166999": _among(codes.COUNTRY_NUMBERS | {"999"}, "not iso3166 or 999"),
    "iso3166alpha2": _among(codes.COUNTRY_LETTERS, "not iso3166 alpha2"),
    "iso4217": _among(codes.CURRENCIES, "not iso4217"),
    # ISO/IEC 5218: not known, male, female, not applicable.
    "iso5218": _among(("0", "1", "2", "9"), "invalid biological sex code"),
    "latitude": keys.latitude,
    "longitude": keys.longitude,
    "mediatype": _among(codes.MEDIA, "invalid media type"),
    "mi": dates.mi,
    "nonzero": characters.nonzero,
    "nozeroprefix": characters.no_zero_prefix,
    "packagetype": _among(codes.PACKAGES, "invalid package type"),
    "pcenc": characters.percent,
    "pieceoftotal": keys.piece_of_total,
    "posinseqslash": keys.place_in_sequence,
    "ss": dates.ss,
    # How a roll is wound: face out, face in, not defined (GS1 General Specifications, AI 8001).
    "winding": _among(("0", "1", "9"), "invalid winding direction"),
    "yesno": _among(("0", "1"), "not zero or one"),
    "yymmd0": dates.yymmd0,
    "yymmdd": dates.yymmdd,
    "yyyymmd0": dates.yyyymmd0,
    "yyyymmdd": dates.yyyymmdd,
    "zero": characters.zero,
}
"""Name in the GS1 Barcode Syntax Dictionary -> what it asks of a component."""
