"""The renewal of certificates: for the line long before it ends, for the journal once its key is another."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

from cloud_sync.agent.hub_time import HubTime
from cloud_sync.agent.ports import Papers
from cloud_sync.agent.requests import Answered, NoAnswerError
from cloud_sync.contract.requests import Ask, CertificateAsked, CertificateIssued, Refused

_log = logging.getLogger(__name__)

# A certificate of 90 days is due for 30: an hour more or less is nothing.
_LOOK_S: Final = 3600.0
# A hub that refuses is asked again as often as that: its people are told by an alarm of its own.
_REFUSED_S: Final = (3600.0, 7200.0)
# One that answers and has no root's key gets it when a person puts it back.
_ROOT_AWAY_S: Final = (20 * 3600.0, 28 * 3600.0)
# One that does not answer is asked when the line is better.
_RETRY_S: Final = (60.0, 300.0)


class Renewal:
    """Looks after the certificates while the hub answers."""

    def __init__(
        self,
        papers: Papers,
        time: HubTime,
        ask: Callable[[Ask], Awaitable[Answered]],
        luck: random.Random,
    ) -> None:
        self._papers = papers
        self._time = time
        self._ask = ask
        self._luck = luck
        self._flowing = asyncio.Event()
        self._stirred = asyncio.Event()
        self.renewed = 0

    def flow(self, up: bool) -> None:
        """Whether the hub answers."""
        if up:
            self._flowing.set()
        else:
            self._flowing.clear()

    def stir(self) -> None:
        """The object may have another key: look now."""
        self._stirred.set()

    async def run(self) -> None:
        """Renew, for ever."""
        while True:
            await self._flowing.wait()
            self._stirred.clear()
            pause_s = await self._look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._stirred.wait()

    async def _look(self) -> float:
        """Renew if it is time to; how long to wait before the next look."""
        try:
            if not self._papers.due(self._time.now_ms()):
                return _LOOK_S
            asked = CertificateAsked(self._papers.new_csr())
            return self._take(await self._ask(asked))
        except NoAnswerError as error:
            _log.info("the certificate waits for its renewal: %s", error)
            return self._luck.uniform(*_RETRY_S)
        except (ValueError, OSError) as error:
            _log.warning("the certificate cannot be renewed: %s", error)
            return self._luck.uniform(*_REFUSED_S)

    def _take(self, answered: Answered) -> float:
        """Keep what is new, if anything is; how long to wait before the next look."""
        match answered.reply.answer:
            case CertificateIssued() as issued:
                self._keep(issued)
                self.renewed += 1
                _log.info("the certificates were renewed")
                if self._papers.due(self._time.now_ms()):
                    _log.warning("a certificate is missing still: the hub may have no root's key at hand")
                    return self._luck.uniform(*_ROOT_AWAY_S)
                return _LOOK_S
            case Refused(sentence=sentence):
                _log.warning("the hub does not renew the certificate: %s", sentence)
            case other:
                _log.warning("expected a certificate, got %s", type(other).__name__)
        return self._luck.uniform(*_REFUSED_S)

    def _keep(self, issued: CertificateIssued) -> None:
        """Keep both: if one is not ours, the other one is all the same."""
        try:
            if issued.certificate:
                self._papers.keep_certificate(issued.certificate)
        finally:
            self._papers.keep_chain(issued.chain)
