"""A thing without a tag that lay there when nobody could tell is told of when the tags are known."""

import pytest

from edge.sensors.account import Change
from edge.sensors.hidden import Hidden
from edge.sensors.weights import Pack

SHIRT, COAT = "30AA", "30BB"
CAME = {SHIRT: Pack(250_000, 7_500), COAT: Pack(900_000, 27_000)}
LEVELS = {SHIRT: -4_500, COAT: -4_200}
IN_A_HAND = -600

# What the load had grown by when nobody understood it, how much weaker the coat was then, and how much more
# than both the load has grown by now.
RESTS = {
    "keys beside a shirt": (350_000, IN_A_HAND, 85_000, 100_000),
    "keys beside both": (1_280_000, 0, 120_000, 130_000),
    "only a shirt": (252_000, IN_A_HAND, 85_000, 0),
    "both, and heavy ones": (1_180_000, 0, 30_000, 0),
    "keys that were taken out again": (350_000, IN_A_HAND, 10_000, 0),
}


@pytest.mark.parametrize(("then_mg", "weaker_cdb", "off_mg", "hidden_mg"), RESTS.values(), ids=RESTS)
def test_a_rest_that_was_too_heavy_tells_of_what_no_tag_does(
    then_mg: int, weaker_cdb: int, off_mg: int, hidden_mg: int
) -> None:
    hidden = Hidden()
    hidden.keep(Change(then_mg, 3_000), LEVELS | {COAT: LEVELS[COAT] + weaker_cdb})
    assert hidden.found_mg(CAME, off_mg, LEVELS) == hidden_mg
    hidden.clear()
    assert hidden.found_mg(CAME, off_mg, LEVELS) == 0
