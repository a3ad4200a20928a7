"""Asides: what a shopper is asked or told between the basket and the purchase, one thing at a time.

Goods with a least age wait for somebody of the shop; a member says who they are; what needs the network says
so, and what works goes on. None of it charges anything, and each leads back to the basket.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from edge.checkout.age import GONE_NS, AgeCheck
from edge.checkout.asked import Aside, Away
from edge.checkout.front import Rooms
from edge.checkout.purchase import Deal
from edge.checkout.register import Register
from edge.checkout.sale import SaleStage
from edge.checkout.signin import SignIn
from edge.checkout.state import Notice, NoticeKind, Stage, Tap
from edge.offline_queue.outcomes import JournalClosedError

# Whoever was told what does not work, or wanted to sign in, has gone by then.
_LEFT_NS: Final = 90_000_000_000

# Somebody of the shop has to come from the other end of it.
_WAITED_NS: Final = 10 * 60 * 1_000_000_000

_STAGES: Final = frozenset({Stage.AGE, Stage.SIGNIN, Stage.OFFLINE})


class Asides:
    """The asides of one till; `language` is what the shopper chose, `new_sale` gives a fresh sale id."""

    def __init__(
        self,
        rooms: Rooms,
        register: Register,
        language: Callable[[], str | None],
        new_sale: Callable[[], str],
    ) -> None:
        self._rooms = rooms
        self._language = language
        self._new_sale = new_sale
        self.age = AgeCheck(register, rooms.clock, rooms.shop.timezone)
        self.age.on_looked = self._looked
        self._sign_in = SignIn(rooms.reckoning.membership, rooms.clock)
        self._signs_in = False
        self._away: Away | None = None
        self._begins = False

    # What is shown

    @property
    def shown(self) -> Aside | None:
        """What is asked or told now."""
        if self._away is not None:
            return self._away
        if self._signs_in:
            return self._sign_in.shown
        asked = self.age.asked
        if asked is None or self._rooms.serving.attendant is not None:
            return asked
        return msgspec.structs.replace(asked, comes=False)

    @property
    def waits(self) -> bool:
        """Whether a shopper waits for somebody of the shop: what they have stays theirs."""
        return self.age.asked is not None

    # What the shopper does

    async def buy(self) -> bool:
        """The shopper wants what is offered; False if nobody could take the money, or it is begun already."""
        reckoning, purchase = self._rooms.reckoning, self._rooms.purchase
        wares = reckoning.wares()
        priced = reckoning.price(wares, self._language())
        assert priced is not None, "what is offered has a price"
        if self._begins:
            return False
        if not purchase.ways(priced.total):
            return self._no_way()
        self._rooms.notices.hush()
        deal = reckoning.deal(self._new_sale(), wares, priced)
        if not priced.min_age:
            purchase.begin(deal)
            return True
        if self.age.needs(priced.min_age):
            self._ask_age(deal)
            return True
        return await self._vouched(deal)

    def takes(self, tap: Tap, stage: Stage) -> bool:
        """Whether it is a tap of an aside, or one that begins it."""
        if tap is Tap.SIGNIN:
            return stage in {Stage.IDLE, Stage.LISTING, Stage.OFFERED} and self.may_sign_in
        return stage in _STAGES and tap in {Tap.BACK, Tap.DIGIT, Tap.ERASE, Tap.ENTER}

    def tap(self, tap: Tap, value: str | None) -> bool:
        """Do what the shopper asks for; False where there is no such control."""
        if tap is Tap.SIGNIN:
            self._begin_sign_in()
        elif tap is Tap.BACK:
            self._back()
        else:
            return self._signs_in and self._away is None and self._sign_in.tap(tap, value)
        return True

    @property
    def may_sign_in(self) -> bool:
        """Whether a member can say here who they are, and nobody has."""
        membership = self._rooms.reckoning.membership
        return membership.is_open and membership.member is None

    # What has changed

    def look(self) -> None:
        """Something has changed: end what is of no use any more, and say what does not work any more."""
        self._sign_in.heard()
        membership = self._rooms.reckoning.membership
        if self._signs_in and membership.member is not None:
            self._signs_in = False
        if self._signs_in and membership.said is NoticeKind.MEMBER_AWAY:
            self._signs_in, self._away = False, Away("signin")
            self._rooms.notices.hush()
        if self._away is not None and self._rooms.purchase.online:
            self._away = None
        self._look_at_way()
        if self.waits and not self._is_still_asked():
            self.age.drop()

    def tick(self, idle_ns: int) -> None:
        """Time has passed since somebody touched anything."""
        if idle_ns >= _LEFT_NS:
            self._signs_in, self._away = False, None
        if idle_ns >= (_WAITED_NS if self.waits else GONE_NS):
            self.forget()
        self.look()

    def forget(self) -> None:
        """The shopper has gone, or has bought."""
        self._signs_in, self._away = False, None
        self.age.forget()
        self._rooms.reckoning.too_young = 0

    def _looked(self, deal: Deal | None) -> None:
        """Somebody of the shop has looked: this may be bought; None is a no."""
        reckoning = self._rooms.reckoning
        if deal is None:
            reckoning.refuse_age(self.age.too_young)
            return
        wares = reckoning.wares()
        priced = reckoning.price(wares, self._language())
        if self._is_open(deal) and priced is not None and priced.total == deal.priced.total:
            self._rooms.purchase.begin(deal)

    def _is_still_asked(self) -> bool:
        deal = self.age.deal
        return deal is not None and self._is_open(deal)

    def _is_open(self, deal: Deal) -> bool:
        """Whether it can be bought as it was agreed on."""
        reckoning, stage = self._rooms.reckoning, self._rooms.purchase.stage
        return stage is SaleStage.OPEN and reckoning.is_still(deal, reckoning.wares())

    def _look_at_way(self) -> None:
        """The code of a wallet is of no use once nobody can be asked to take it."""
        paying = self._rooms.purchase.shown(0)
        lost = (
            paying.wants_code
            and paying.way is not None
            and not self._rooms.purchase.online
            and paying.way.name not in {way.name for way in paying.ways}
        )
        if lost:
            assert paying.way is not None
            self._away = Away("way", paying.way.name)
        elif self._away is not None and self._away.what == "way":
            self._away = None

    async def _vouched(self, deal: Deal) -> bool:
        """The entry that names the sale is on the disk before anything of it begins."""
        self._begins = True
        try:
            await self.age.vouch(deal)
        except JournalClosedError:
            return False  # nothing is begun, and the journal ends the object by itself
        finally:
            self._begins = False
        if not self._is_open(deal):
            return False
        self._rooms.purchase.begin(deal)
        return True

    def _ask_age(self, deal: Deal) -> None:
        serving = self._rooms.serving
        self.age.ask(deal)
        if serving.attendant is not None and not serving.calling.open:
            serving.calling.tap(self._rooms.clock.now_ns())

    def _no_way(self) -> bool:
        if self._rooms.purchase.online or not self._rooms.shop.methods:
            self._rooms.notices.say(Notice(NoticeKind.NO_WAY), self._rooms.clock.now_ns())
            return False
        self._away = Away("pay")
        return True

    def _begin_sign_in(self) -> None:
        if self._rooms.purchase.online:
            self._sign_in.begin()
            self._signs_in = True
        else:
            self._away = Away("signin")

    def _back(self) -> None:
        purchase, away = self._rooms.purchase, self._away
        if away is not None and away.what == "way":
            if purchase.may_reopen:
                purchase.reopen()
            else:  # a part is paid: it is the rest that is paid otherwise
                purchase.tap(Tap.BACK, None)
        elif away is None and not self._signs_in:
            self.age.drop()
            self._rooms.serving.calling.end("taken-back", self._rooms.clock.now_ns())
        self._away, self._signs_in = None, False
