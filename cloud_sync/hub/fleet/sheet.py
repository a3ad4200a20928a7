"""The sheet of a fleet: a card for each claim, to be cut out and held before the scanner of its object."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cloud_sync.contract.enrolment import claim_text
from cloud_sync.hub.identity.claims import MadeClaim, Offer

_TEMPLATES: Final = Environment(
    loader=PackageLoader("cloud_sync.hub.fleet", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def sheet(made: Iterable[MadeClaim], offers: Sequence[Offer], *, confirmed: bool) -> str:
    """The page (HTML, nothing of it from elsewhere); `confirmed` claims let in whoever holds the card."""
    cards = [_card(each, offer) for each, offer in zip(made, offers, strict=True)]
    return _TEMPLATES.get_template("sheet.html").render(cards=cards, confirmed=confirmed)


def _card(made: MadeClaim, offer: Offer) -> dict[str, object]:
    text, zone = claim_text(made.claim), ZoneInfo(offer.timezone)
    ends = datetime.fromtimestamp(made.expires_ms / 1000, UTC).astimezone(zone)
    return {
        "object": made.object,
        "kind": offer.kind,
        "place": f"{offer.who.tenant}/{offer.who.site}",
        "ends": f"{ends:%Y-%m-%d %H:%M} {ends.tzname()}",
        "hub": made.claim.hub,
        "text": text,
        "code": Markup(segno.make(text, error="m", micro=False).svg_inline(omitsize=True)),  # noqa: S704 - of ours
    }
