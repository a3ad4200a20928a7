"""What a sale was priced from, written down beside its lines: the hub prices it again from that."""

from msgspec import UNSET

from cloud_sync.contract.facts import Basis, PackSold
from edge.checkout.wares import Wares
from retail.pricing.basket import Member, Moment


def basis_of(wares: Wares, member: Member | None, at: Moment) -> Basis:
    """What `wares` were priced from for `member` at that moment; packs stand behind all other lines."""
    packs = tuple(
        PackSold(line, UNSET if pack.weight_mg is None else pack.weight_mg)
        for line, pack in enumerate(wares.packs.values(), len(wares.units))
    )
    return Basis(
        at_ms=at.wall_ms,
        clock=UNSET if at.trusted else "untrusted",
        level=UNSET if member is None else member.level,
        packs=packs or UNSET,
    )
