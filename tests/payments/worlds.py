"""Bad days of payments: a life that is copied at each of its steps shows all its power cuts.

What a kill leaves behind is the file and the providers at that moment: so each copy is one crash, and the
recovery that begins with it is copied at each of its own steps for the next one.
"""

import random
from collections.abc import Callable, Sequence
from typing import Final, get_args

import msgspec

from tests.payments.bank import BEHAVIOURS, Bank, Behaviour, Kind, Transaction
from tests.payments.life import live
from tests.payments.oracle import Ledger, check
from tests.payments.scene import TOTAL_MINOR, Part, Scene, Shopper

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

# A reboot, a fuse that somebody has to find, a night.
_DARK_S: Final = (1.0, 20.0, 70.0, 400.0, 40_000.0)

# Whoever comes after a power cut buys for the same amount, at the same provider: at once, or a little later.
_NEXT_COMES_S: Final = (0.0, 0.5, 3.0, 61.0, 200.0)


class Case(msgspec.Struct, frozen=True):
    """Who pays where, and how that provider behaves; of more than one provider, each takes a part."""

    kinds: tuple[Kind, ...]
    behaviours: tuple[str, ...]

    @property
    def name(self) -> str:
        return " + ".join(
            f"{kind}: {behaviour}" for kind, behaviour in zip(self.kinds, self.behaviours, strict=True)
        )

    def scene(self) -> Scene:
        """A shop in the morning."""
        pairs = zip(self.kinds, self.behaviours, strict=True)
        return Scene([bank(f"psp-{at}", kind, BEHAVIOURS[name]) for at, (kind, name) in enumerate(pairs)])

    def shopper(self, sale: str = "sale-1", comes_s: float = 0.0) -> Shopper:
        """Who pays for one sale."""
        first_minor = TOTAL_MINOR if len(self.kinds) == 1 else 400
        amounts = (first_minor, TOTAL_MINOR - first_minor)
        parts = (Part(f"psp-{at}", amounts[at]) for at in range(len(self.kinds)))
        return Shopper(sale, tuple(parts), comes_s)


def bank(name: str, kind: Kind, *behaviours: Behaviour) -> Bank:
    """A provider; what is tried a second time goes well. A terminal has served another till before."""
    made = Bank(name, kind, *behaviours, BEHAVIOURS["ok"])
    if kind == "fenced":
        made.number = 41
        before = Transaction("", TOTAL_MINOR, "EUR", BEHAVIOURS["ok"], 0, "captured", 41, TOTAL_MINOR, 1)
        made.books["another till"] = before
    return made


def run(scene: Scene, shoppers: Sequence[Shopper] = (), **how: object) -> Ledger:
    """One life to its end; all that was promised must hold then."""
    seen: list[Ledger] = []
    live(scene, shoppers, look=lambda life: seen.append(check(scene, life)), **how)  # type: ignore[arg-type] # those of `live`
    return seen[0]


# A recovery has some eight steps.
_STEPS: Final = 8


def crashes(case: Case, luck: random.Random, wanted: int | None = None) -> int:
    """Play a case with a power cut at each step, and second ones; how many lives were lived.

    Without `wanted`, each recovery is cut at each of its steps; with it, at so many as make about that
    number of lives in all.
    """
    lived, scene = 0, case.scene()
    try:
        copies, _ = _copied(scene, luck, 1.0, [case.shopper()])
        lived += 1
        share = 1.0 if wanted is None else wanted / (len(copies) * _STEPS)
        for copy in copies:
            lived += _recovered(copy, case, luck, share)
    finally:
        scene.over()
    return lived


def _recovered(scene: Scene, case: Case, luck: random.Random, share: float) -> int:
    """What comes after a power cut, and after the next ones."""
    try:
        scene.dark(luck.choice(_DARK_S))
        more = [case.shopper("sale-2", luck.choice(_NEXT_COMES_S))] if luck.random() < 0.5 else []
        copies, _ = _copied(scene, luck, share, more)
        for copy in copies:
            try:
                copy.dark(luck.choice(_DARK_S))
                run(copy)
            finally:
                copy.over()
    finally:
        scene.over()
    return 1 + len(copies)


def _copied(
    scene: Scene, luck: random.Random, share: float, shoppers: Sequence[Shopper]
) -> tuple[list[Scene], Ledger]:
    """One life, and what a power cut would have left at that share of its steps."""
    copies: list[Scene] = []

    def watch(_step: int, _name: str) -> None:
        if luck.random() < share:
            copies.append(scene.copied())

    return copies, run(scene, shoppers, watch=watch)


def moments(case: Case) -> list[float]:
    """When something happens in a day without mishaps from outside, in seconds."""
    scene, found = case.scene(), []

    def watch(_step: int, _name: str) -> None:
        found.append(scene.now_ns / 1e9)

    try:
        run(scene, [case.shopper()], watch=watch)
    finally:
        scene.over()
    return found


def played(
    scene: Scene, shoppers: Sequence[Shopper], *, watch: Callable[[int, str], None] | None = None
) -> Ledger:
    """One life, and nothing of it is left."""
    try:
        return run(scene, shoppers, **({"watch": watch} if watch else {}))
    finally:
        scene.over()
