"""The hub, as anybody can ask it: its figures over HTTP."""

import httpx
import msgspec

from simulators.demo.asking import Dark, Line


class HubFigures(msgspec.Struct, frozen=True):
    """What the hub has counted: sales by object, money by currency, units by GTIN, entries that it holds."""

    sales: dict[str, int]
    money: dict[str, int]
    stock: dict[str, int]
    acked: dict[str, int]
    entries: int


class Hub:
    """The hub at `url`."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.url = url
        self._line = Line(client, url)

    async def figures(self) -> HubFigures | Dark:
        """Its figures now."""
        return await self._line.get("/api/figures", HubFigures)
