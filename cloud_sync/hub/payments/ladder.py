"""How patient the hub is with an attempt that its object left alone: when it asks, and when it ends it."""

from collections.abc import Mapping
from typing import Final

import msgspec


class Ladder(msgspec.Struct, frozen=True):
    """Seconds between one question and the next (the last repeats), and the age at which it is ended."""

    ask_s: tuple[int, ...]
    end_after_s: int


# WeChat Pay: query after 5 s, then every 10 s up to 45 s, then reverse
# (https://pay.weixin.qq.com/doc/v2/merchant/4011937125). Alipay: query at 5 s, then every 3 to 6 s for a
# minute or so, then cancel (https://opendocs.alipay.com/open/194/106039). Stripe: a reader waits for its
# shopper.
LADDERS: Final[Mapping[str, Ladder]] = {
    "wechat": Ladder((5, 10, 10, 10, 10, 30, 300, 3_600), 45),
    "alipay": Ladder((5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 30, 300, 3_600), 60),
    "stripe": Ladder((10, 30, 60, 60, 300, 3_600), 300),
}
