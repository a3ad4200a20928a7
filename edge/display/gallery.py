"""The gallery: which pictures there are of the glass, and the page that shows them side by side."""

import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec.structs import replace

from edge.display.panels import LAYOUTS, Kind, Layout
from edge.display.samples import Moment, Sample, samples
from edge.display.screens import LANGUAGES, Glass, Screen, name_of
from edge.display.showing import screen_of
from edge.display.words import SOURCE_LANGUAGE

PLACES: Final[Mapping[Kind, str]] = {
    "mirror": "Fitting room 4",
    "shelf": "Shelf B12 · Coffee",
    "tray": "Tray 1",
    "panel": "Panel 2",
}
"""Every kind of object, and where the one stands that is pictured."""

PANELS_PX: Final[Mapping[Layout, tuple[int, int]]] = {
    "mirror": (1080, 1920),
    "shelf": (800, 480),
    "wide": (1920, 1080),
}
"""Width and height of the panel."""

FULL: Final[Mapping[Layout, float]] = dict.fromkeys(PANELS_PX, 1.0)

# A small picture is about 200 by 380 points: enough to see what moved, and 5 KB in the repository.
SMALL: Final[Mapping[Layout, float]] = {"mirror": 0.2, "shelf": 0.4, "wide": 0.2}

# Sheets of all objects in all languages stay below 3 MB.
TINY: Final[Mapping[Layout, float]] = {"mirror": 0.18, "shelf": 0.34, "wide": 0.17}

# Besides each screen in its plainest form: what is full, long or odd, and so the first to break.
_BLESSED: Final = frozenset(
    {
        *("idle, offline", "few, offline", "lots", "endless", "scanned, with notices", "few, with a choice"),
        *("many, reduced", "choosing, a part is paid", "choosing between seven", "choosing, the others"),
        *("paying at the desk", "paying with a code"),
        *("declined, a part is paid", "cancelled", "done, offline", "staff, many lines", "staff, done"),
        *("closed after a sale", "training, few", "larger, few", "larger, many", "larger, done"),
        *("few, choosing a language", "few, the object is away"),
    }
)

# In other languages the sentences change, and hardly anything else does.
_BLESSED_ABROAD: Final = frozenset({"attract", "product", "basket", "pay", "done"})


class Shot(msgspec.Struct, frozen=True):
    """One picture: of which object, in which language, of what, and where it lies below the gallery."""

    file: str
    object: Kind
    language: str
    state: str
    screen: str
    width_px: int
    height_px: int


class Framed(msgspec.Struct, frozen=True):
    """A picture that is to be taken: the screen on its glass, and what the page makes of it."""

    shot: Shot
    glass: Glass
    painted: Screen
    moment: Moment = ""


def framed(
    kinds: Sequence[Kind] = tuple(PLACES),
    languages: Sequence[str] = tuple(LANGUAGES),
    scales: Mapping[Layout, float] = FULL,
) -> Iterator[Framed]:
    """Every picture of these objects in these languages, object by object, so large beside its panel."""
    for kind in kinds:
        table = samples(kind)
        for language in languages:
            for state, sample in table.items():
                yield _framed(kind, language, state, sample, scales[LAYOUTS[kind]])


def blessed() -> list[Framed]:
    """What the tests compare with, small: each screen once, what breaks first, and some in each language."""
    every = list(framed(scales=SMALL))
    first = {each.shot.file for each in firsts(every)}
    return [each for each in every if _is_blessed(each.shot, plain=each.shot.file in first)]


def _is_blessed(shot: Shot, *, plain: bool) -> bool:
    if shot.language == SOURCE_LANGUAGE:
        return plain or shot.state in _BLESSED
    return plain and shot.screen in _BLESSED_ABROAD


def _framed(kind: Kind, language: str, state: str, sample: Sample, scale: float) -> Framed:
    glass = Glass(
        kind,
        PLACES[kind],
        timezone="Europe/Berlin",
        training=sample.training,
        contrast=sample.contrast,
        voices=tuple(LANGUAGES),
    )
    painted = screen_of(replace(sample.state, language=language), glass)
    width_px, height_px = PANELS_PX[LAYOUTS[kind]]
    shot = Shot(
        file=f"{kind}/{language}/{slug(state)}.png",
        object=kind,
        language=language,
        state=state,
        screen=name_of(painted),
        width_px=round(width_px * scale),
        height_px=round(height_px * scale),
    )
    return Framed(shot, glass, painted, sample.moment)


def asked(frames: Iterable[Framed], wanted: Collection[str]) -> Iterator[Framed]:
    """Those whose state or screen is named in `wanted`; all of them where nothing is."""
    return (each for each in frames if not wanted or {each.shot.state, each.shot.screen} & set(wanted))


def firsts(frames: Iterable[Framed]) -> Iterator[Framed]:
    """One picture of each screen, object and language: the first in the table is the plainest."""
    seen: set[tuple[Kind, str, str]] = set()
    for each in frames:
        key = (each.shot.object, each.shot.language, each.shot.screen)
        if key not in seen:
            seen.add(key)
            yield each


def slug(state: str) -> str:
    """A state as the name of a file."""
    return re.sub(r"[^a-z0-9]+", "-", state.lower()).strip("-")


def index(shots: Sequence[Shot]) -> str:
    """The page that shows the pictures side by side, and hides what nobody asked for."""
    filters = {
        "object": _distinct(shot.object for shot in shots),
        "language": _distinct(shot.language for shot in shots),
        "screen": _distinct(shot.screen for shot in shots),
    }
    return _page("gallery.html", shots=shots, filters=filters, names=LANGUAGES)


def sheet_page(kind: Kind, pictures: Mapping[tuple[str, str], bytes]) -> str:
    """One page with pictures of one object: a row for each screen, a column for each language."""
    rows: dict[str, dict[str, str]] = {}
    for (screen, language), picture in pictures.items():
        rows.setdefault(screen, {})[language] = b64encode(picture).decode("ascii")
    languages = _distinct(language for _, language in pictures)
    return _page("sheet.html", kind=kind, rows=rows, languages=languages, names=LANGUAGES)


def _page(template: str, **filled: object) -> str:
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template(template).render(filled)


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
