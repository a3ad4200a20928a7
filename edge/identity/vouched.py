"""The hub's word for the key that signed a receipt, as it lies beside the ledger: a link carries it along."""

from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.certificate import CertifiedKey
from cloud_sync.contract.encoding import unb64
from edge.identity.certified import path_before

NAME: Final = "certificate.jws"
"""The file beside the ledger."""

# A certificate is two names, a key and a date; what is longer than 8 KiB is another file.
_BYTES_MAX: Final = 8 * 1024


class NoCertificateError(Exception):
    """There is no certificate for the key of an entry: a clause that says why."""


def certificate_of(kid: str, file: Path) -> str:
    """The certificate (a compact JWS) for the key `kid`: `file`, or beside it for an older key.

    Whether a root of the retailer's signed it, the page finds out. Raises NoCertificateError.
    """
    older = path_before(file, kid)
    return _certificate_in(older if older.exists() else file, kid)


def _certificate_in(file: Path, kid: str) -> str:
    try:
        with file.open("rb") as opened:
            jws = opened.read(_BYTES_MAX).decode("ascii").strip()
        certified = msgspec.json.decode(unb64(jws.split(".")[1]), type=CertifiedKey)
    except OSError as error:
        raise NoCertificateError(f"{file} cannot be read ({error.strerror})") from error
    except (ValueError, IndexError, RecursionError) as error:
        raise NoCertificateError(f"{file} is no certificate ({error})") from error
    if certified.key.kid != kid:
        raise NoCertificateError(f"{file} is for key {certified.key.kid}, and key {kid} signed this")
    return jws
