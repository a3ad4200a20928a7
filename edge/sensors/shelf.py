"""What was taken from a shelf and put back: said only where the weight and the tags agree."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from edge.events import Ambiguous, Event
from edge.readings import DeviceFault, DeviceReady, Heard, LoadMoving, Nanoseconds, Weighed
from edge.sensors.account import Account
from edge.sensors.doubt import Doubt
from edge.sensors.goods import Goods, Loose, Move
from edge.sensors.losses import Losses
from edge.sensors.plateau import Plateau, Still
from edge.sensors.presence import TagPresence
from edge.sensors.stories import tell
from edge.sensors.strokes import LONG_UNITS, Strokes
from edge.sensors.weights import UNITS_MAX, Movable, Pack, Way, Ways, explain

__all__ = ["Loose", "Pack", "ShelfSense"]

# A hand lifts a pack in less than a second, and its tag is heard to vanish half a second to two seconds
# later: what still disagrees this long after the last movement is no longer a hand in the middle of one.
_PATIENCE_NS: Final = Nanoseconds(3_400_000_000)

# A reader with slow rounds needs longer to know that a tag is gone: so many rounds are waited for in any
# case, and longer while a tag that lay here is being missed, but not for ever.
_PATIENCE_ROUNDS: Final = 30
_SLOW_NS: Final = Nanoseconds(12_000_000_000)

# Weight that comes without a tag is a hand that leans on the shelf, and takes nothing meanwhile.
_LEAN_NS: Final = Nanoseconds(6_000_000_000)

# A tag that is merely silent is believed to have left only so long after the load came to rest: by then the
# tag of a pack that was lifted, and lingers in the hand, is silent as well.
_LINGER_NS: Final = Nanoseconds(1_000_000_000)

# After so long without a change a shelf is at rest, once every tag on it has been heard again.
_QUIET_NS: Final = Nanoseconds(2_000_000_000)

# So many readings in a row are a weight that counts without a tag: the last of a swing is over by then.
_REST_READINGS: Final = 8

# A load that rose may be a hand that presses: it holds still for as many readings as that, and for no more.
_CALM_READINGS: Final = 16

# Somebody who is asked what was taken is asked about one thing or two, not about every heap of that weight.
_FEW_UNITS: Final = (1, 2)

# A scale that has not been zeroed for a day may be off by this much (drift of 1 g an hour).
_UNZEROED_MG: Final = 24_000


def _nothing_is_known(_epc: str) -> Pack | None:
    return None


class ShelfSense:
    """Readings of one scale and one reader in, what was taken and put back out.

    `expect` says which items belong on the shelf: those that the shop owns here and has not sold. An item is
    taken when its tag is gone, or is heard much more weakly than before, and the weight has lost what the
    missing packs weigh; nothing is said on one of the two. Goods without tags are told apart by weight alone,
    stroke by stroke, and only where a single story fits. `known` says what an item of another shelf weighs.
    """

    def __init__(self, known: Callable[[str], Pack | None] = _nothing_is_known) -> None:
        self._goods = Goods(known)
        self._presence = TagPresence(learns=True)
        self._plateau = Plateau()
        self._strokes = Strokes()
        self._account: Account | None = None
        self._begun = False
        self._rest_since_ns: Nanoseconds | None = None
        self._rest_round = 0
        self._marked_ns = Nanoseconds(0)
        self._doubt = Doubt()
        self._losses = Losses()
        self._unsolved: Still | None = None
        """The rest that nobody has understood yet."""

    def expect(self, packs: Mapping[str, Pack], loose: Mapping[str, Loose] | None = None) -> None:
        """From here on these items (EPC -> pack) and units (GTIN -> loose) belong on the shelf.

        A sold item is no longer expected; an item that is new here is missed only once it has lain here.
        """
        if not self._goods.expect(packs, loose or {}, begun=self._begun):
            self._account = None  # what lies there is not what was weighed: begin with all that is there
        self._doubt.begin()

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means."""
        for _ in self._presence.hear(heard):
            pass  # only the whole picture below counts
        if heard.source == "scale":
            self._strokes.hear(heard.reading, heard.at_ns)
        match heard.reading:
            case Weighed():
                self._plateau.hear(heard.reading, heard.at_ns)
                if self._plateau.still is not None and self._presence.settled:
                    yield from self._look(self._plateau.still, heard.at_ns)
            case LoadMoving() if heard.source == "scale":
                self._plateau.hear(heard.reading, heard.at_ns)
            case DeviceFault() | DeviceReady() if heard.source == "scale":
                self._plateau.hear(heard.reading, heard.at_ns)
                self._account = None  # a scale that faults or restarts no longer knows its zero

    def _look(self, still: Still, now_ns: Nanoseconds) -> Iterator[Event]:
        if still.since_ns != self._rest_since_ns:
            self._rest_since_ns = still.since_ns
            self._move_on(still, now_ns)
        if len(self._goods.awaited & self._presence.present) > UNITS_MAX:
            self._account = None  # a whole delivery was laid down at once
        if self._account is None:
            yield from self._begin(still, now_ns)
        else:
            yield from self._compare(self._account, still, now_ns)
        self._unsolved = still if self._doubt.is_open else None

    def _move_on(self, still: Still, now_ns: Nanoseconds) -> None:
        """The load has come to rest again."""
        self._doubt.move()
        self._rest_round = self._presence.rounds
        self._mark(now_ns)
        if self._account is None:
            return
        unsolved = self._unsolved
        if unsolved is not None and unsolved.readings >= _REST_READINGS:
            self._losses.remember(self._account.change(unsolved), now_ns)
        self._losses.come_back(self._account.change(still))

    # The first look, and the first after a scale has started again: all that lies there is weighed.

    def _begin(self, still: Still, now_ns: Nanoseconds) -> Iterator[Event]:
        present = self._presence.present
        lying, missing = self._goods.present(present), self._goods.missing(present)
        packs = ((epc, self._goods.pack(epc)) for epc in present - lying)
        movables = [Movable.laid(epc, pack) for epc, pack in packs if pack is not None]
        off_mg, slack_mg = self._off_mg(still, lying, missing)
        ways = explain(off_mg, slack_mg, movables)
        if ways.only is None:
            yield from self._disagree(still, ways, now_ns)
            return
        yield from self._doubt.agree()
        self._account, self._begun = Account(still, now_ns), True
        self._losses.clear()
        self._strokes.understand(still.weight_mg)
        self._mark(now_ns)
        yield from self._goods.begin(present, [movable.name for movable, _ in ways.only])

    def _off_mg(self, still: Still, lying: Iterable[str], missing: Iterable[str]) -> tuple[int, int]:
        """How far the weight is from what should lie there, and how far it may be.

        Whoever is said to be missing must be missed by the scale as well: it has to be nearer to a shelf
        without the lightest of them than to one with it.
        """
        mass_mg, tolerance_mg = self._goods.weighed(lying)
        slack_mg = still.error_mg + _UNZEROED_MG + tolerance_mg
        lightest_mg = min((self._goods.expected[epc].mass_mg for epc in missing), default=2 * slack_mg)
        return still.weight_mg - mass_mg, min(slack_mg, lightest_mg // 2)

    # From the second look on: only what has changed is explained.

    def _compare(self, account: Account, still: Still, now_ns: Nanoseconds) -> Iterator[Event]:
        gone = [_gone(epc, pack) for epc, pack in self._goods.lying.items() if not self._presence.has(epc)]
        ways = self._ways(account, still, gone, now_ns)
        if not ways.found and gone and _lost_before(account, still, gone):
            ways = Ways(((),), complete=True)
        way = ways.only if ways.only is not None else self._as_the_tags_say(ways)
        moves = [*(way or ()), *gone]
        if way is None or not self._losses.found(moves, now_ns):
            yield from self._disagree(still, ways, now_ns)
        elif not moves:
            yield from self._agree(still)
            self._be_quiet(account, still, now_ns)
        elif self._all_heard(moves) and self._weighed_well(still, moves):
            yield from self._agree(still)
            change = account.change(still)
            account.moved(still, *_sums(moves), now_ns)
            self._mark(now_ns)
            yield from self._goods.move(moves, change)

    def _ways(self, account: Account, still: Still, gone: Sequence[Move], now_ns: Nanoseconds) -> Ways:
        """What may have moved besides the items whose tags are gone, which must have."""
        # Units without tags go both ways: who lays one back and takes another in one movement is not seen.
        untagged = list(self._goods.untagged())
        tagged = list(self._tagged(lingered=now_ns - still.since_ns >= _LINGER_NS))
        if untagged and not tagged and not gone:
            pauses = self._strokes.until(still.weight_mg, still.error_mg)
            return tell([account.since(pause) for pause in pauses], untagged)
        change = account.change(still)
        effect_mg, tolerance_mg = _sums(gone)
        units_max = LONG_UNITS if untagged else UNITS_MAX
        left_mg, error_mg = change.change_mg - effect_mg, change.error_mg + tolerance_mg
        return explain(left_mg, error_mg, [*tagged, *untagged], units_max=units_max)

    def _tagged(self, *, lingered: bool) -> Iterator[Movable]:
        """Items that the tags allow to have moved: silent, or heard faintly, or though they lay elsewhere."""
        presence = self._presence
        for epc, pack in self._goods.lying.items():
            if presence.has(epc) and (presence.faint(epc) or (lingered and presence.silent(epc))):
                yield Movable.taken(epc, pack)
        for epc in presence.present - self._goods.lying.keys():
            pack_there = self._goods.pack(epc)
            if pack_there is not None and presence.heard_since_mark(epc):
                yield Movable.laid(epc, pack_there)

    def _as_the_tags_say(self, ways: Ways) -> Way | None:
        """Of several ways that fit, the one that the tags alone would tell, if they are sure of each of them.

        A light pack that is put back while heavy ones are taken shows on the reader, not on the scale.
        """
        named = [movable for way in ways.found for movable, _ in way]
        if not ways.complete or any(map(self._goods.is_loose, named)):
            return None
        names = {movable.name for movable in named}
        told = {epc for epc in names - self._goods.lying.keys() if self._presence.well_heard(epc)}
        told |= {epc for epc in names & self._goods.lying.keys() if self._presence.faint(epc)}
        return next((way for way in ways.found if {movable.name for movable, _ in way} == told), None)

    def _all_heard(self, moves: Sequence[Move] = ()) -> bool:
        """Whether every other tag was heard since the load rests: none is about to be gone, or to be back."""
        moved = {movable.name for movable, _ in moves}
        heard, silent = self._presence.heard_since_mark, self._presence.silent
        lying = self._goods.lying.keys()
        others = self._presence.present - lying - moved
        return all(map(heard, lying - moved)) and all(heard(epc) or silent(epc) for epc in others)

    def _weighed_well(self, still: Still, moves: Sequence[Move]) -> bool:
        """Whether goods that only the scale can tell apart have been weighed for long enough."""
        readings = _CALM_READINGS if self._strokes.rose(still.weight_mg) else _REST_READINGS
        return still.readings >= readings or not any(self._goods.is_loose(each) for each, _ in moves)

    def _be_quiet(self, account: Account, still: Still, now_ns: Nanoseconds) -> None:
        """Nothing has moved: follow the drift, and learn how the tags are heard at rest."""
        account.follow(still, now_ns)
        if now_ns - self._marked_ns < _QUIET_NS or not self._all_heard():
            return
        if not any(map(self._presence.faint, self._goods.lying)):
            account.rest()
            self._presence.rest(frozenset(self._goods.lying))
            self._mark(now_ns)

    # Agreement and its opposite.

    def _mark(self, now_ns: Nanoseconds) -> None:
        self._presence.mark()
        self._marked_ns = now_ns

    def _agree(self, still: Still) -> Iterator[Event]:
        self._losses.clear()
        self._strokes.understand(still.weight_mg)
        yield from self._doubt.agree()

    def _disagree(self, still: Still, ways: Ways, now_ns: Nanoseconds) -> Iterator[Event]:
        leans = self._is_heavier(still) and all(map(self._presence.has, self._goods.lying))
        patience_ns = _LEAN_NS if leans and not ways.found and not self._foreign else _PATIENCE_NS
        listens = self._presence.rounds - self._rest_round < _PATIENCE_ROUNDS
        if listens or any(map(self._presence.doubtful, self._goods.lying)):
            patience_ns = _SLOW_NS  # the reader itself will soon know more
        yield from self._doubt.disagree(now_ns, patience_ns, lambda: self._ask(still, ways))

    def _ask(self, still: Still, ways: Ways) -> Ambiguous:
        if ways.found:
            return Ambiguous("several-fit", _names(ways))
        if self._foreign and (self._account is None or self._is_heavier(still)):
            return Ambiguous("foreign-item")
        return Ambiguous("tag-and-weight", self._by_weight(still))

    @property
    def _foreign(self) -> bool:
        """Whether tags are heard that do not belong here."""
        foreign = self._presence.present - self._goods.expected.keys() - self._goods.lying.keys()
        return any(map(self._presence.heard_since_mark, foreign))

    def _is_heavier(self, still: Still) -> bool:
        return self._account is not None and self._account.change(still).change_mg > 0

    def _by_weight(self, still: Still) -> tuple[tuple[str, ...], ...]:
        """The products whose weight would explain the change, as few of them as possible."""
        if self._account is None:
            return ()
        change = self._account.change(still)
        products = list(self._goods.products(laid=change.change_mg > 0))
        fewest = (explain(change.change_mg, change.error_mg, products, units_max=n) for n in _FEW_UNITS)
        return next((_names(ways) for ways in fewest if ways.found), ())


def _gone(epc: str, pack: Pack) -> Move:
    """An item whose tag is gone has been taken.

    The tag says that it left, and the weight has only to tell this from another story: so the pack may differ
    by half as much again as its maker allows.
    """
    return Movable(epc, -pack.mass_mg, pack.tolerance_mg * 3 // 2), 1


def _lost_before(account: Account, still: Still, gone: Sequence[Move]) -> bool:
    """Whether light items, whose tags are gone only now, left in the tolerance of what moved before."""
    now, since = account.change(still), account.long_change(still)
    effect_mg, tolerance_mg = _sums(gone)
    missing_mg = abs(since.change_mg - effect_mg)
    return abs(now.change_mg) <= now.error_mg and missing_mg <= since.error_mg + tolerance_mg


def _sums(moves: Sequence[Move]) -> tuple[int, int]:
    """How these moves change the weight, and how much that may differ."""
    effect_mg = sum(units * movable.effect_mg for movable, units in moves)
    return effect_mg, sum(units * movable.tolerance_mg for movable, units in moves)


def _names(ways: Ways) -> tuple[tuple[str, ...], ...]:
    """Each way by the names of what would have moved, as often as it would."""
    named = (tuple(movable.name for movable, units in way for _ in range(units)) for way in ways.found)
    return tuple(names for names in named if names)
