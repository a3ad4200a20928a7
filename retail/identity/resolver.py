"""One door for all that can be read off goods: a text and its form in; product and item, or a reason, out."""

from collections.abc import Callable
from typing import Final

from retail.identity import epc, gtin
from retail.identity.answer import Refused, Resolved

__all__ = ["FORMS", "Refused", "Resolved", "resolve"]


def resolve(text: str, form: str) -> Resolved | Refused:
    """What `text` names: `form` is `ean` (digits as printed below bars) or `epc` (a tag in hexadecimal).

    A form that nobody here reads is a reason like any other, since forms come from outside as texts do.
    """
    read = FORMS.get(form)
    if read is None:
        return Refused(f"expected a form of {', '.join(sorted(FORMS))}, got {form[:40]!r}")
    return read(text)


def _printed(text: str) -> Resolved | Refused:
    found = gtin.parse(text)
    return found if isinstance(found, Refused) else Resolved(found, None, gtin.SCHEMES[len(text)])


def _tagged(text: str) -> Resolved | Refused:
    found = epc.decode(text)
    if isinstance(found, Refused):
        return found
    return Resolved(found.gtin, str(found.serial), epc.SGTIN_96, found.tag_uri, found.pure_identity_uri)


FORMS: Final[dict[str, Callable[[str], Resolved | Refused]]] = {"ean": _printed, "epc": _tagged}
"""Form -> what reads it."""
