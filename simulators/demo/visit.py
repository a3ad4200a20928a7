"""A visit: the shop is open for a person, with a control page, until Ctrl-C."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn

from simulators.demo.fragments import Fragments
from simulators.demo.page import control_app
from simulators.demo.ports import HOST
from simulators.demo.shop import OpenShop
from simulators.demo.telling import Teller

# Open streams of the page are cut after this long; the browser finds out by itself.
_GOODBYE_S: Final = 1


class _PageServer(uvicorn.Server):
    """Uvicorn as one task among others: the command itself hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGTERM and SIGINT to the command."""
        yield


async def visit(opened: OpenShop, teller: Teller) -> None:
    """Serve the control page and keep the shoppers' books, for ever."""
    fragments = Fragments(opened)
    server = _PageServer(
        uvicorn.Config(
            control_app(opened, fragments),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=_GOODBYE_S,
        )
    )
    with socket.create_server((HOST, opened.ports.control)) as listener:
        teller.addresses(addresses(opened))
        teller.tell("The shop is open. Ctrl-C closes it.")
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await fragments.keep()
        finally:
            fragments.close()
            server.should_exit = True
            await serving


def addresses(opened: OpenShop) -> list[tuple[str, str]]:
    """Everything that has a page, the control page first."""
    glasses = [(shopper.plan.name, shopper.glass.url) for shopper in opened.shoppers.values()]
    control = f"http://{HOST}:{opened.ports.control}"
    return [("Control page", control), *glasses, ("Hub", opened.hub.url)]
