"""The plate of a scale: what lies on it, how its load settles after a change, and how it trembles."""

import math
import random
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from simulators.devices.device import RefusedError, read_order, understood

# After as many time constants what is left of a change of 6 kg is 5 mg: nothing that any of our scales shows.
SETTLED_AFTER: Final = 14
# How far it trembles in a quiet shop, and while a hand leans on it or the floor shakes: an empty plate that
# is shaken does not read below its range.
QUIET_DIGITS, SHAKEN_DIGITS = 0.1, 4.0
# Nobody lays more on a shop's scale, or leans harder on it, than a tonne.
MASS_MG_MAX: Final = 1_000_000_000

Mass = Annotated[int, Meta(gt=0, le=MASS_MG_MAX)]
Push = Annotated[int, Meta(ge=-MASS_MG_MAX, le=MASS_MG_MAX)]


class PutWeight(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="put"):
    """A hand lays goods on the plate."""

    mass_mg: Mass


class TakeWeight(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="take"):
    """A hand takes goods off the plate."""

    mass_mg: Mass


class Lean(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="lean"):
    """A hand leans on the plate, or lifts it (less than 0), until another `lean`; 0 lets go."""

    mass_mg: Push


class ClearPlate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="clear"):
    """A hand takes everything off the plate."""


class Load(msgspec.Struct):
    """What stays on the plate when the power goes."""

    mass_mg: Annotated[int, Meta(ge=0, le=MASS_MG_MAX)] = 0
    lean_mg: Push = 0


Hand = PutWeight | TakeWeight | Lean | ClearPlate
VERBS: Final[tuple[str, ...]] = ("put", "take", "lean", "clear")


class Plate:
    """Goods and hands on a load cell; all weights are milligrams."""

    def __init__(self, luck: random.Random, digit_mg: int, settle_ns: int) -> None:
        self._luck = luck
        self._digit_mg = digit_mg
        self._settle_ns = settle_ns
        self._load = Load()
        self._before_mg = 0
        self._moved_ns = -settle_ns
        self._shaken_until_ns = 0

    def put(self, mass_mg: int, now_ns: int) -> None:
        """Lay goods on the plate."""
        lies_mg = self._load.mass_mg + mass_mg
        if lies_mg > MASS_MG_MAX:
            raise RefusedError(f"{lies_mg} mg would break the scale: a tonne is all that it bears")
        self._move(Load(lies_mg, self._load.lean_mg), now_ns)

    def take(self, mass_mg: int, now_ns: int) -> None:
        """Take goods off the plate."""
        lies_mg = self._load.mass_mg
        if mass_mg > lies_mg:
            raise RefusedError(f"cannot take {mass_mg} mg: {lies_mg} mg lie on the plate")
        self._move(Load(lies_mg - mass_mg, self._load.lean_mg), now_ns)

    def lean(self, mass_mg: int, now_ns: int) -> None:
        """Press or lift with a hand, which is never still; 0 lets go."""
        self._move(Load(self._load.mass_mg, mass_mg), now_ns)

    def clear(self, now_ns: int) -> None:
        """Take everything off the plate."""
        self._move(Load(0, self._load.lean_mg), now_ns)

    def shake(self, until_ns: int) -> None:
        """Shake the floor under the plate until then."""
        self._shaken_until_ns = until_ns

    def obey(self, order: Mapping[str, Any], now_ns: int) -> None:
        """Do what a hand asks with one of VERBS."""
        hand: Hand = read_order(order, VERBS, Hand)
        match hand:
            case PutWeight(mass_mg=mass_mg):
                self.put(mass_mg, now_ns)
            case TakeWeight(mass_mg=mass_mg):
                self.take(mass_mg, now_ns)
            case Lean(mass_mg=mass_mg):
                self.lean(mass_mg, now_ns)
            case ClearPlate():
                self.clear(now_ns)

    def world(self) -> dict[str, Any]:
        """Say what lies on the plate and who leans on it."""
        return msgspec.structs.asdict(self._load)

    def restore(self, world: Mapping[str, Any], now_ns: int) -> None:
        """Put everything back, at rest, as if it had lain there for ever."""
        self._load = understood(world, Load, "the load of the plate")
        self._before_mg = self._load.mass_mg + self._load.lean_mg
        self._moved_ns = now_ns - self._settle_ns

    def load_mg(self, now_ns: int) -> int:
        """What the cell feels now, trembling included."""
        digits = QUIET_DIGITS if self._calm(now_ns) else SHAKEN_DIGITS
        return round(self._settling_mg(now_ns) + self._luck.gauss(0, digits * self._digit_mg))

    def steady(self, now_ns: int) -> bool:
        """Whether nothing moves."""
        return self._calm(now_ns) and now_ns >= self._moved_ns + self._settle_ns

    def steady_from_ns(self) -> int | None:
        """When it will be steady if nobody touches it; None while a hand leans on it."""
        return None if self._load.lean_mg else max(self._moved_ns + self._settle_ns, self._shaken_until_ns)

    @property
    def moved_ns(self) -> int:
        """When goods or a hand last moved it."""
        return self._moved_ns

    def _calm(self, now_ns: int) -> bool:
        return not self._load.lean_mg and now_ns >= self._shaken_until_ns

    def _settling_mg(self, now_ns: int) -> float:
        target_mg = self._load.mass_mg + self._load.lean_mg
        elapsed = (now_ns - self._moved_ns) / self._settle_ns
        return target_mg + (self._before_mg - target_mg) * math.exp(-elapsed * SETTLED_AFTER)

    def _move(self, load: Load, now_ns: int) -> None:
        self._before_mg = round(self._settling_mg(now_ns))
        self._load, self._moved_ns = load, now_ns
