"""One door for all that can be read off goods: a text and its form in; product and item, or a reason, out."""

from collections.abc import Callable
from typing import Final

from retail.identity import epc, gtin, link, rcn, scan
from retail.identity.answer import Refused, Resolved
from retail.identity.gs1 import elements
from retail.identity.gs1.label import Label

Reader = Callable[[str, str | None], "Resolved | Refused"]
"""A text and the region of the shop in; goods, or a reason, out."""

__all__ = ["FORMS", "Refused", "Resolved", "resolve"]


def resolve(text: str, form: str, region: str | None = None) -> Resolved | Refused:
    """What `text` names, in one of FORMS; `region` says how the shop's own numbers carry weight or price.

    A form that nobody here reads is a reason like any other, since forms come from outside as texts do.
    """
    read = FORMS.get(form)
    if read is None:
        return Refused(f"expected a form of {', '.join(sorted(FORMS))}, got {form[:40]!r}")
    return read(text, region)


def _printed(text: str, region: str | None) -> Resolved | Refused:
    found = rcn.read(text, region)
    return found if isinstance(found, Refused) else _goods(found, gtin.SCHEMES[len(text)])


def _tagged(text: str, _region: str | None) -> Resolved | Refused:
    """A tag with an SGTIN is an item of goods; one that names a place, a pallet or a paper is not."""
    found = epc.read(text)
    if isinstance(found, Refused):
        return found
    if found.gtin14 is None:
        return Refused(f"expected the tag of an item of goods, got one that names a {found.scheme}")
    return Resolved(found.gtin14, found.serial, found.scheme, found.tag_uri, found.pure_identity_uri)


def _labelled(read: Callable[[str, str | None], Label | Refused]) -> Reader:
    def resolved(text: str, region: str | None) -> Resolved | Refused:
        found = read(text, region)
        return found if isinstance(found, Refused) else _goods(found, "gtin-14")

    return resolved


def _goods(label: Label, scheme: str) -> Resolved | Refused:
    if label.gtin14 is None:
        return Refused("expected a product, got a code that names none")
    return Resolved(
        label.gtin14,
        label.serial,
        scheme,
        lookup_code=label.lookup_code if label.lookup_code != label.text else None,
        lot=label.lot,
        expiry=label.expiry,
        weight_mg=label.weight_mg,
        price_minor=label.price_minor,
        currency=label.currency,
        count=label.count,
    )


FORMS: Final[dict[str, Reader]] = {
    "ean": _printed,
    "epc": _tagged,
    "scan": _labelled(lambda text, region: scan.read(text, region=region)),
    "dl": _labelled(lambda text, _: link.read(text)),
    "raw": _labelled(lambda text, _: elements.raw(text)),
    "bracketed": _labelled(lambda text, _: elements.bracketed(text)),
}
"""Form -> what reads it: digits as printed, a tag in hexadecimal, a scan with its AIM identifier, a Digital
Link, element strings with `^` or with brackets."""
