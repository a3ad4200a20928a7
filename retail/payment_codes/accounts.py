"""Bank accounts and the references that lead a payment home: IBAN, BIC, creditor and QR reference."""

import re
from typing import Final

from retail.payment_codes.refusal import Refused, shown

# SWIFT's IBAN registry: country and length. A country that is not here has no IBAN that we know of.
_LENGTHS: Final = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20
    EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30
    KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23
    PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26
    UA29 VA22 VG24 XK20 YE30
"""
_IBAN_CHARACTERS: Final = {each[:2]: int(each[2:]) for each in _LENGTHS.split()}

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+")
_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_CREDITOR: Final = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")
_QR: Final = re.compile(r"[0-9]{27}")

# Modulus 10, recursive: what is carried from digit to digit (Swiss Implementation Guidelines, annex B).
_CARRY: Final = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)


def iban(text: str, field: str) -> Refused | None:
    """What is wrong with an account number (ISO 13616-1, check digits by ISO 7064 MOD 97-10)."""
    if not _IBAN.fullmatch(text):
        return Refused(field, f"expected an IBAN in capitals without spaces, got {shown(text)}")
    length = _IBAN_CHARACTERS.get(text[:2])
    if length is None:
        return Refused(field, f"expected the IBAN of a country that has them, got {text[:2]}")
    if len(text) != length:
        return Refused(field, f"expected {length} characters for {text[:2]}, got {len(text)}")
    if not _checked_97(text):
        return Refused(field, f"expected check digits that are right, got {text[2:4]}")
    return None


def bic(text: str, field: str) -> Refused | None:
    """What is wrong with the code of a bank (ISO 9362)."""
    return None if _BIC.fullmatch(text) else Refused(field, f"expected 8 or 11 characters, got {shown(text)}")


def creditor_reference(text: str, field: str) -> Refused | None:
    """What is wrong with a reference that begins with RF (ISO 11649)."""
    if not _CREDITOR.fullmatch(text):
        return Refused(field, f"expected RF, two digits and at most 21 characters, got {shown(text)}")
    return None if _checked_97(text) else Refused(field, f"expected right check digits, got {text[2:4]}")


def qr_reference(text: str, field: str) -> Refused | None:
    """What is wrong with a Swiss reference of 27 digits."""
    if not _QR.fullmatch(text):
        return Refused(field, f"expected 27 digits, got {shown(text)}")
    if text[-1] != (right := check_digit_10(text[:-1])):
        return Refused(field, f"expected check digit {right}, got {text[-1]}")
    return None


def check_digit_10(digits: str) -> str:
    """The digit that modulus 10, recursive, puts behind `digits`."""
    carry = 0
    for digit in digits:
        carry = _CARRY[(carry + int(digit)) % 10]
    return str((10 - carry) % 10)


def _checked_97(text: str) -> bool:
    # Letters count from A = 10 on, which is what they are in base 36.
    return int("".join(str(int(each, 36)) for each in text[4:] + text[:4])) % 97 == 1
