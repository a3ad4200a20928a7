"""The lives of an object in one process: it sells, trains, sells again, or waits for a person."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable

from cloud_sync.notify import HERE
from edge.clock import HubClock, SystemClock
from edge.config import ObjectConfig
from edge.offline_queue.outcomes import JournalDamagedError
from edge.runtime.glass import ClosedObject
from edge.runtime.opening import StartError, listen
from edge.runtime.training import at_work, check_may_sell, end_training
from edge.runtime.work import ObjectRuntime
from edge.training import Training


def run_object(config: ObjectConfig, version: str, on_begun: Callable[[], object]) -> str | None:
    """Run the object until it is told to stop; return what ended it. Raises StartError before `on_begun`."""
    check_may_sell(config)
    listener = listen(config.display.host, config.display.port)
    with contextlib.closing(listener):
        return asyncio.run(_run(config, version, listener, on_begun))


async def _run(
    config: ObjectConfig, version: str, listener: socket.socket, on_begun: Callable[[], object]
) -> str | None:
    """One life after another: an object that goes over to training, or comes back from it, starts anew."""
    clock = HubClock(SystemClock())
    told = asyncio.Event()
    while True:
        with at_work(config) as training:
            try:
                life = _begun(config, version, clock, listener, training)
                if isinstance(life, ObjectRuntime):
                    on_begun()
                failure = await _lived(life, told)
            except StartError as error:
                if training is None:
                    raise
                end_training(config, str(error))  # what is rehearsed keeps nobody from selling
                continue
        if failure is not None or told.is_set():
            return failure


def _begun(
    config: ObjectConfig, version: str, clock: HubClock, listener: socket.socket, training: Training | None
) -> ObjectRuntime | ClosedObject:
    """The next life. Raises StartError; a training's damaged ledger is a reason for one, too."""
    try:
        return ObjectRuntime(config, version, clock, listener, training)
    except JournalDamagedError as error:
        if training is not None:
            raise StartError(str(error)) from error
        return ClosedObject(config, str(error), clock, listener)


async def _lived(life: ObjectRuntime | ClosedObject, told: asyncio.Event) -> str | None:
    """Run it until it ends by itself, or a signal of the machine's ends it, which sets `told`."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        told.set()
        HERE.stopping()
        life.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return await life.run()
