"""What a shopper is asked or told before a purchase goes on, as frozen nouns: age, sign-in, no network."""

from typing import Literal

import msgspec


class AgeAsked(msgspec.Struct, frozen=True):
    """Somebody of the shop has to see that the shopper is `years` old: born on or before `born`.

    `born` is an ISO date, or '' where nobody can say which day it is. Where nobody of the shop can prove who
    they are, nobody `comes`, and such goods are sold elsewhere.
    """

    years: int
    born: str = ""
    comes: bool = True


class SigningIn(msgspec.Struct, frozen=True):
    """A member shows their code, or types the digits of their number; `said` is why the last one was no use.

    After too many wrong numbers only a code counts: then there is no `pad`. With `warns` nobody has touched
    anything for a while: soon it is over.
    """

    typed: str = ""
    said: Literal["", "unknown"] = ""
    busy: bool = False
    pad: bool = True
    warns: bool = False


class Away(msgspec.Struct, frozen=True):
    """What the shopper asked for needs the network: signing in, any way to pay, or the one called `way`.

    With `warns` nobody has touched anything for a while: soon it is over.
    """

    what: Literal["signin", "pay", "way"]
    way: str = ""
    warns: bool = False


Aside = AgeAsked | SigningIn | Away
