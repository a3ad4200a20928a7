"""Takes what the runtime says of itself, and has it told: to the hub by the agent, to others in numbers."""

from collections.abc import Callable, Mapping

from cloud_sync.contract.state import Fault
from cloud_sync.exposition import Table
from edge.config import ObjectConfig
from edge.health.looking import Looker, textfile_of
from edge.health.metrics import MEASURES
from edge.health.telling import Teller
from edge.wellbeing import Wellbeing, faults_of, fit


class HealthDesk:
    """`told` is the agent's door for program and faults; without a `teller` nobody wants the numbers."""

    def __init__(
        self, looker: Looker, told: Callable[[str, tuple[Fault, ...]], None], teller: Teller | None
    ) -> None:
        self._looker, self._told, self._teller = looker, told, teller

    def said(self, wellbeing: Wellbeing) -> None:
        """How the runtime is now, by its own words; what cannot be told on is left out."""
        known = fit(wellbeing)
        self._looker.wellbeing = known
        self._told(known.program, faults_of(known))
        self._stir()

    def gone(self) -> None:
        """It is not there any more."""
        self._looker.wellbeing = None
        self._stir()

    async def run(self) -> None:
        """Tell the numbers, where somebody wants them."""
        if self._teller is not None:
            await self._teller.run(self._looker.look)

    def close(self) -> None:
        """Tell no more."""
        if self._teller is not None:
            self._teller.close()

    def _stir(self) -> None:
        if self._teller is not None:
            self._teller.stir()


def teller_of(config: ObjectConfig, environment: Mapping[str, str]) -> Teller | None:
    """Who tells the numbers of an object; None where nobody wants them."""
    textfile = textfile_of(config.health, environment)
    if textfile is None and config.health.port is None:
        return None
    return Teller(Table(MEASURES, {"object": config.object.id}), textfile, config.health)
