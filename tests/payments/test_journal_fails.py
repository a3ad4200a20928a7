"""The disk fails under a payment: whether the entry was written or not, the next start finds the truth."""

import pytest

from proofs.luck import seeded
from tests.payments.bank import BEHAVIOURS, Kind
from tests.payments.life import live
from tests.payments.worlds import KINDS, Case, run

# A payment and what comes of it are at most so many entries.
_ENTRIES = 7


@pytest.mark.parametrize("written", [False, True], ids=["lost", "written"])
@pytest.mark.parametrize("behaviour", ["ok", "lost reply", "late", "partial", "lookup says no, then yes"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_fails_under_a_payment_loses_no_money(
    kind: Kind, behaviour: str, *, written: bool
) -> None:
    assert behaviour in BEHAVIOURS
    with seeded(1):
        for fails_at in range(_ENTRIES):
            case = Case((kind,), (behaviour,))
            scene = case.scene()
            try:
                live(scene, [case.shopper()], seconds=400.0, fails_at=fails_at, written=written)
                scene.dark(5.0)
                run(scene)
            finally:
                scene.over()
