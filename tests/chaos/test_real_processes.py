"""A bad day of real processes ends with every sale at the hub, once."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.day import Day, check
from tests.chaos.shop import Selling, Shop
from tests.postgres import Cluster, NoPostgresError, cluster

SEED = 20_261_122
KILLS = 50


@pytest.fixture(scope="module")
def database_server() -> Iterator[Cluster]:
    try:
        with cluster() as server:
            yield server
    except NoPostgresError as error:
        pytest.skip(str(error))


def test_fifty_kills_lose_no_sale_and_double_none(tmp_path: Path, database_server: Cluster) -> None:
    with closing(Shop(tmp_path, database_server, 3, Selling(rows=1_000, per_s=60))) as shop:
        shop.tend()
        day = Day(shop, SEED)
        day.rage(KILLS, within_s=60)
        day.calm(within_s=90)
        assert check(shop) > 3 * 1_000
        assert day.kills >= KILLS, day.happened
