"""An EPC: the one name of one thing, whatever carries it, and what that name says in the words of GS1.

Source: GS1 EPC Tag Data Standard 2.3, sections 6.3 and 6.4 (URIs), 7 (GS1 element strings) and 13 (patterns).
"""

from typing import Final

import msgspec

from retail.identity.answer import Refused
from retail.identity.epc.alphabets import escaped, unescaped
from retail.identity.epc.elements import Elements, InWordsOfGs1, bare, check_digit
from retail.identity.epc.schemes import BODIES, KEY_CHARACTERS_MAX, SCHEMES, URI_CHARACTERS_MAX, Scheme

# "0" as extension says that a GLN has none (section 6.3.3).
NO_EXTENSION: Final = "0"
_PATTERN: Final = "urn:epc:idpat:"


class EpcError(ValueError):
    """A name that no tag or URI can hold was asked for."""


class Epc(msgspec.Struct, InWordsOfGs1, frozen=True):
    """The components of an EPC URI, their escapes undone; those of a pattern lack the last one.

    One that was made by `parse` or read from a tag follows the grammar of its scheme.
    """

    kind: str
    """Name of its scheme: `sgtin`, `sscc` ..."""
    parts: tuple[str, ...]
    pattern: bool = False
    """It names all things that differ in the last component only, as `urn:epc:idpat:` does."""

    @property
    def scheme(self) -> str:
        """The same as `kind`: a URI is of a scheme as a tag is."""
        return self.kind

    @property
    def filter_value(self) -> None:
        """A filter value is of a tag, not of a thing."""

    @property
    def tag_uri(self) -> None:
        """So is the URI of a tag."""

    @property
    def body(self) -> str:
        """The components as URIs write them."""
        return ".".join([escaped(part) for part in self.parts])

    @property
    def pure_identity_uri(self) -> str:
        """The thing as a URI, whatever it is written on; a pattern ends with a star."""
        if self.pattern:
            return f"{_PATTERN}{self.kind}:{self.body}.*"
        return SCHEMES[self.kind].prefix + self.body

    @property
    def key(self) -> str:
        """The GS1 key, its check digit and what belongs to its own element string; empty where there is none.

        A leading zero that element strings put in front of a GRAI is part of it.
        """
        return next((value for _, value in self.elements), "")

    @property
    def elements(self) -> Elements:
        """GS1 Application Identifiers and their values; none where the scheme is not of GS1."""
        scheme = SCHEMES[self.kind]
        if not scheme.ai:
            return ()
        found = [(scheme.ai, _key(scheme, self.parts))]
        for ai, value in zip(scheme.rest, self.parts[2:], strict=False):
            if not ai:
                found[-1] = (found[-1][0], found[-1][1] + value)
            elif ai != "254" or value != NO_EXTENSION:
                found.append((ai, value))
        return tuple(found)

    @property
    def bare_identifier(self) -> str | None:
        """The elements by their short names, as Tag Data Translation writes them."""
        return bare(self.elements)

    @property
    def serial(self) -> str | None:
        """What tells the thing from others of its kind."""
        if self.pattern or not SCHEMES[self.kind].serial:
            return None
        last = self.parts[-1]
        return None if self.kind == "sgln" and last == NO_EXTENSION else last


def parse(text: str, kind: str | None = None) -> Epc | Refused:
    """The EPC that a URI names: `urn:epc:id:`, `urn:epc:class:`, or `urn:epc:idpat:` with a star at its end.

    With `kind`, a URI of another scheme is refused.
    """
    if len(text) > URI_CHARACTERS_MAX:
        return Refused(f"expected an EPC URI of at most {URI_CHARACTERS_MAX} characters, got {len(text)}")
    space, _, rest = text.removeprefix("urn:epc:").partition(":")
    name, _, body = rest.partition(":")
    scheme = SCHEMES.get(name)
    if not text.startswith("urn:epc:") or scheme is None or space not in {scheme.space, "idpat"}:
        return Refused(f"expected urn:epc:id: and the name of a scheme, got {text[:40]!r}")
    if kind is not None and kind != name:
        return Refused(f"expected a URI of scheme {kind}, got one of {name}")
    return _pattern(scheme, body) if space == "idpat" else components(name, body)


def components(name: str, body: str) -> Epc | Refused:
    """The EPC of the scheme `name` whose URI ends with `body`."""
    scheme = SCHEMES[name]
    match = BODIES[name].fullmatch(body)
    if match is None:
        return Refused(f"expected {scheme.shape} of {name}, got {body[:60]!r}")
    parts = tuple([unescaped(part) for part in match.groups()])
    wrong = _wrong(scheme, parts)
    return Epc(name, parts) if wrong is None else Refused(wrong)


def _pattern(scheme: Scheme, body: str) -> Epc | Refused:
    """The pattern of all things of a kind: it follows the grammar if it does with a number for its star."""
    if not scheme.rest or not body.endswith(".*"):
        return Refused(f"expected a star for the last of {scheme.shape}, got {body[:60]!r}")
    found = components(scheme.name, body.removesuffix("*") + "1")
    return found if isinstance(found, Refused) else Epc(scheme.name, found.parts[:-1], pattern=True)


def _wrong(scheme: Scheme, parts: tuple[str, ...]) -> str | None:
    """What the grammar cannot say: lengths that belong together, and the highest numbers."""
    if scheme.digits and len(parts[0] + parts[1]) != scheme.digits:
        got = len(parts[0] + parts[1])
        return f"expected {scheme.digits} digits in the first two components of {scheme.name}, got {got}"
    if scheme.ai and len(parts[0] + parts[1]) > KEY_CHARACTERS_MAX:
        return f"expected at most {KEY_CHARACTERS_MAX} characters in a key, got {len(parts[0] + parts[1])}"
    for value, highest in zip(reversed(parts), reversed(scheme.limits), strict=False):
        if int(value) > highest:
            return f"expected a number 0 to {highest} in {scheme.name}, got {value}"
    return None


def _key(scheme: Scheme, parts: tuple[str, ...]) -> str:
    company, reference = parts[0], parts[1]
    if not scheme.digits:
        return company + reference
    body = reference[0] + company + reference[1:] if scheme.leads else company + reference
    return f"{scheme.pad}{body}{check_digit(body)}"
