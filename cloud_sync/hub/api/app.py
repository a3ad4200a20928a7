"""The hub's HTTP routes, behind two doors: all of it for this machine, and what objects need for the shop.

Handlers are plain functions, as they ask the database: they run in threads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import FastAPI, HTTPException, Path, Query
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles

from cloud_sync.hub.api.enrol import add_enrolment
from cloud_sync.hub.api.guard import Guard
from cloud_sync.hub.api.metrics import add_metrics
from cloud_sync.hub.api.pushes import Pushed, add_pushes
from cloud_sync.hub.console.page import STATIC, Console
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.store import questions
from cloud_sync.hub.store.answers import Figures, SoldSale, Standing
from cloud_sync.hub.store.database import Store, generation

# A chunk is named by its own hash: what is at its address never changes.
_FOR_EVER: Final = {"cache-control": "public, max-age=31536000, immutable"}

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Limit = Annotated[int, Query(ge=1, le=questions.SALES_MAX)]


@dataclass(frozen=True)
class Health:
    """The hub answers; `broker` says whether it hears one, `generation` whether it came from a backup."""

    ok: bool
    broker: bool
    generation: int


def make_app(store: Store, clock_ms: Callable[[], int], hears_broker: Callable[[], bool]) -> FastAPI:
    """All there is, over an open database: for the door on this machine."""
    app = _new_app("Sales, money and stock of a shop")
    app.add_middleware(Guard)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _add_figures(app, store)
    _add_chunks(app, store)
    console = Console(store, clock_ms, hears_broker)

    @app.get("/", include_in_schema=False)
    def page() -> HTMLResponse:
        return HTMLResponse(console.render())

    _add_health(app, store, hears_broker)
    add_metrics(app, store, clock_ms, hears_broker)
    return app


def make_object_app(
    store: Store,
    folder: Folder,
    clock_ms: Callable[[], int],
    hears_broker: Callable[[], bool],
    pushed: Pushed | None = None,
) -> FastAPI:
    """What is asked from elsewhere: chunks of documents, to be let in, and what payment providers push.

    No figure of the shop is behind it but for who brings the token of `opos hub metrics --new-token`.
    """
    app = _new_app("Documents and enrolment of objects")
    app.add_middleware(Guard, any_name=True)
    _add_chunks(app, store)
    _add_health(app, store, hears_broker)
    add_metrics(app, store, clock_ms, hears_broker, folder.metrics_token)
    add_enrolment(app, store, folder, clock_ms)
    if pushed is not None:
        add_pushes(app, pushed)
    return app


def _new_app(summary: str) -> FastAPI:
    # The pages that FastAPI would serve for its OpenAPI fetch scripts from elsewhere: the description stays.
    return FastAPI(title="OPOS hub", summary=summary, docs_url=None, redoc_url=None)


def _add_health(app: FastAPI, store: Store, hears_broker: Callable[[], bool]) -> None:
    @app.get("/healthz", summary="Whether the hub answers")
    def health() -> Health:
        with store.reading() as connection:
            return Health(ok=True, broker=hears_broker(), generation=generation(connection))


def _add_figures(app: FastAPI, store: Store) -> None:
    @app.get("/api/figures", summary="The shop in numbers, all of one moment")
    def figures() -> Figures:
        with store.reading() as connection:
            return questions.figures(connection)

    @app.get("/api/objects", summary="The admitted objects, and how far each of them is")
    def objects() -> list[Standing]:
        with store.reading() as connection:
            return questions.standings(connection)

    @app.get("/api/sales", summary="The last sales, the newest arrival first")
    def sales(limit: Limit = 50) -> list[SoldSale]:
        with store.reading() as connection:
            return questions.sales(connection, limit)


def _add_chunks(app: FastAPI, store: Store) -> None:
    @app.get("/chunks/{sha256}", summary="A piece of a signed document, by its hash", response_class=Response)
    def chunk(sha256: Sha256) -> Response:
        with store.reading() as connection:
            data = questions.chunk(connection, sha256)
        if data is None:
            raise HTTPException(404, f"no document has a chunk {sha256}")
        return Response(data, media_type="application/octet-stream", headers=_FOR_EVER)
