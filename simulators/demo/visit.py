"""A visit: the shop is open for a person, with a control page, until Ctrl-C."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn

from simulators.demo.fragments import Fragments
from simulators.demo.page import control_app
from simulators.demo.ports import HOST, Ports, taken
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
    await fragments.paint()
    with _listen(opened.ports) as listener:
        teller.addresses(addresses(opened))
        teller.tell("The shop is open. Ctrl-C closes it.")
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await fragments.keep()
        finally:
            fragments.close()
            server.should_exit = True
            await serving


def _listen(ports: Ports) -> socket.socket:
    try:
        return socket.create_server((HOST, ports.control))
    except OSError as error:
        raise taken("the control page", ports.control, ports) from error


def page_url(ports: Ports) -> str:
    """The control page's address."""
    return f"http://{HOST}:{ports.control}"


def addresses(opened: OpenShop) -> list[tuple[str, str]]:
    """Everything that has a page, the control page first."""
    glasses = [(shopper.plan.name, shopper.glass.url) for shopper in opened.shoppers.values()]
    return [("Control page", page_url(opened.ports)), *glasses, ("Hub", opened.hub.url)]
