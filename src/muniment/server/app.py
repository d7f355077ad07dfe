"""The application: which routes there are, and what becomes of everything else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from muniment.server.answer import Answer
from muniment.server.call import Call
from muniment.server.errors import ApiError
from muniment.server.guard import Guarded, Handler
from muniment.server.paths import normalised
from muniment.server.routes import about, chat, documents, files, health, loader, ocr
from muniment.server.service import Service
from muniment.server.settings import ServeSettings


def make_app(settings: ServeSettings) -> ASGIApp:
    """The service as an ASGI application; what it needs is opened and closed by its lifespan."""
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with service:
            yield

    router = Starlette(routes=_routes(service), lifespan=lifespan)
    router.router.redirect_slashes = False
    router.router.default = Guarded(service, "", {"*": _nothing_here}, is_open=True)
    return _Front(router)


def _routes(service: Service) -> list[BaseRoute]:
    def route(
        path: str,
        *,
        has_documents: bool = False,
        is_upload: bool = False,
        is_open: bool = False,
        is_probe: bool = False,
        **handlers: Handler,
    ) -> Route:
        template = path.replace(":int", "")
        takes_documents = has_documents or is_upload
        return Route(path, Guarded(service, template, handlers, takes_documents, is_upload, is_open, is_probe))

    return [
        route("/health", GET=health.health, is_open=True, is_probe=True),
        route("/ready", GET=health.ready, is_open=True),
        route("/metrics", GET=health.metrics),
        route("/openapi.json", GET=about.openapi, is_open=True),
        route("/docs", GET=about.page, is_open=True),
        route("/v1/models", GET=health.models),
        route("/v1/chat/completions", POST=chat.chat_completions, has_documents=True),
        route("/v1/completions", POST=chat.completions, has_documents=True),
        route("/v1/ocr", POST=ocr.ocr, has_documents=True),
        route("/v1/files", POST=files.upload, GET=files.listed, is_upload=True),
        route("/v1/files/{id}", GET=files.shown, DELETE=files.removed),
        route("/v1/files/{id}/url", GET=files.url),
        route("/v1/documents", POST=documents.create, GET=documents.listed, is_upload=True),
        route("/v1/documents/{id}", GET=documents.shown, DELETE=documents.removed),
        route("/v1/documents/{id}/events", GET=documents.events),
        route("/v1/documents/{id}/result", GET=documents.result),
        route("/v1/documents/{id}/pages/{number:int}", GET=documents.page),
        route("/v1/documents/{id}/pages/{number:int}/image", GET=documents.image),
        route("/process", PUT=loader.process, has_documents=True),
    ]


async def _nothing_here(_call: Call, _service: Service) -> Answer:
    raise ApiError(404, "invalid_request_error", "There is nothing here", code="not_found")


class _Front:
    """Takes paths as they are meant, or not at all: what is written in another way than plainly is nowhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = normalised(scope.get("raw_path") or scope["path"].encode())
            scope = {**scope, "path": path or "/-", "root_path": ""}
        await self._app(scope, receive, send)
