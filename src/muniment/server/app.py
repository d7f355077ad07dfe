"""The application: which routes there are, and what becomes of everything else."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from muniment.server.answer import Answer
from muniment.server.call import Call
from muniment.server.errors import ApiError
from muniment.server.guard import Guarded, Handler
from muniment.server.paths import normalised
from muniment.server.problems import described
from muniment.server.routes import about, chat, documents, files, health, loader, ocr
from muniment.server.service import Service
from muniment.server.settings import ServeSettings

log = logging.getLogger("muniment.server")


def make_app(settings: ServeSettings) -> ASGIApp:
    """The service as an ASGI application; what it needs is opened and closed by its lifespan."""
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        async with service:
            yield

    nowhere = Guarded(service, "", {"*": _nothing_here}, is_open=True)
    router = Router(_routes(service), redirect_slashes=False, default=nowhere, lifespan=lifespan)
    return _Front(router, Guarded(service, "", {"*": _broken}, is_open=True))


class _PageNumber(Convertor[int]):
    """A page's number; one that is longer than any document is nowhere."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("page", _PageNumber())


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
        template = path.replace(":page", "").replace(":path", "")
        takes_documents = has_documents or is_upload
        return Route(path, Guarded(service, template, handlers, takes_documents, is_upload, is_open, is_probe))

    return [
        route("/health", GET=health.health, is_open=True, is_probe=True),
        route("/ready", GET=health.ready, is_open=True),
        route("/metrics", GET=health.metrics),
        route("/openapi.json", GET=about.openapi, is_open=True),
        route("/docs", GET=about.page, is_open=True),
        route("/v1/models", GET=health.models),
        route("/v1/models/{id:path}", GET=health.model),
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
        route("/v1/documents/{id}/pages/{number:page}", GET=documents.page),
        route("/v1/documents/{id}/pages/{number:page}/image", GET=documents.image),
        route("/process", PUT=loader.process, has_documents=True),
    ]


async def _nothing_here(_call: Call, _service: Service) -> Answer:
    raise ApiError(404, "invalid_request_error", "There is nothing here", code="not_found")


async def _broken(_call: Call, _service: Service) -> Answer:
    raise ApiError(500, "server_error", "Something went wrong on the way to the route")


class _Front:
    """Takes paths as they are meant, or not at all: what is written in another way than plainly is nowhere.

    Args:
        broken: answers in the place of ``app`` where that fails before it has begun to.
    """

    def __init__(self, app: ASGIApp, broken: ASGIApp) -> None:
        self._app = app
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = normalised(scope.get("raw_path") or scope["path"].encode())
        scope = {**scope, "path": path or "/-", "root_path": ""}
        has_begun = False

        async def sent(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception as error:  # the server would log all that it says
            log.error("a request failed outside the guard: %s", described(error))  # noqa: TRY400
            if not has_begun:  # else it is left without its end, and the server breaks the connection off
                await self._broken(scope, receive, send)
