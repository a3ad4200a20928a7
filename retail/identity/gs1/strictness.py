"""How strictly a text is read: by default as GS1 asks, with a named leave for each older habit."""

import msgspec


class Strictness(msgspec.Struct, frozen=True):
    """What a reader lets pass, under the names that GS1's own engine has for it."""

    association: bool = True
    """AIs must have beside them what they need, nothing that they bar, and no second value."""
    permit_unknown_ais: bool = False
    """An AI that GS1 has not given out is read, where its length is known."""
    permit_zero_suppressed_gtin: bool = False
    """A GTIN in a Digital Link may be 8, 12 or 13 digits long, as in its first edition."""
    permit_convenience_alphas: bool = False
    """A Digital Link may say `gtin` for 01 and the like, as in its first edition."""
    unknown_ai_not_dl_attr: bool = True
    """An unknown AI may not stand behind the question mark of a Digital Link."""
    add_check_digit: bool = False
    """A number to be printed comes without its check digit, and is given one."""
    upc_e: bool = False
    """Printed digits may be a UPC-E: 6 or 7 of them always, 8 where the check digit fits."""


STRICT = Strictness()
"""As GS1 asks."""
