"""Every method of every route, told."""

from typing import Annotated, Any, Literal

from pydantic import Field

from muniment.server.openapi import chat_schemas, document_schemas, ocr_schemas, service_schemas
from muniment.server.openapi.operation import Content, Operation, Parameter, Reply
from muniment.server.openapi.schema_bases import DocumentId, FileId

GROUPS = {
    "Chat": "OpenAI's routes. Page images in, what the model writes out.",
    "OCR": "Mistral's routes, for clients of theirs: a document in, its pages as Markdown out.",
    "Documents": "Jobs, for documents that take a while. They survive restarts.",
    "Open WebUI": "Its external document loader.",
    "Service": "How the service is, and what it can do.",
}

_JSON, _EVENTS = "application/json", "text/event-stream"
_PAGE_READING = "PageReading"
"""The schema's name in the description of outputs."""

_IN_BODY = (400, 408, 413, 503, 504, 507)
_READING = (404, 422, 502)
_PIPED_JSON = "-H 'Content-Type: application/json' -d @-"
_ANY_BYTES = Content("application/octet-stream")


def _json(text: str, kind: Any) -> Reply:
    return Reply(text, (Content(_JSON, kind),))


def _chat(path: str, name: str, summary: str, text: str, piped: str, request: Any, answer: Any) -> Operation:
    reply = Reply(
        "The answer; a stream of its pieces if that was asked for.", (Content(_JSON, answer), Content(_EVENTS))
    )
    return Operation(
        method="post",
        path=path,
        id=name,
        group="Chat",
        summary=summary,
        text=text,
        curl=_PIPED_JSON,
        piped=piped,
        body=(Content(_JSON, request),),
        replies={200: reply},
        problems=(*_IN_BODY, *_READING),
    )


_CHAT = (
    _chat(
        "/v1/chat/completions",
        "createChatCompletion",
        "Have page images read",
        "Requests to a model behind an address are checked, made anew and passed on. With the embedded engine, each "
        "image becomes Markdown, and what else was asked is ignored and named.",
        """printf '{"model": "embedded", "messages": [{"role": "user", "content": [{"type": "image_url", """
        """"image_url": {"url": "data:image/png;base64,%s"}}]}]}' "$(base64 -w0 page.png)\"""",
        chat_schemas.ChatRequest,
        chat_schemas.ChatAnswer,
    ),
    _chat(
        "/v1/completions",
        "createCompletion",
        "Have a text gone on with",
        "For models behind an address only: the embedded engine writes no text of its own.",
        """echo '{"model": "MODEL", "prompt": "Once", "max_tokens": 64}'""",
        chat_schemas.CompletionRequest,
        chat_schemas.CompletionAnswer,
    ),
    Operation(
        method="get",
        path="/v1/models",
        id="listModels",
        group="Chat",
        summary="List the models",
        curl="",
        replies={200: _json("The models.", chat_schemas.ModelList)},
    ),
    Operation(
        method="get",
        path="/v1/models/{id}",
        id="showModel",
        group="Chat",
        summary="Show a model",
        curl="",
        parameters=(Parameter("id", "path", str, "The model's name; slashes in it may be encoded."),),
        replies={200: _json("The model.", chat_schemas.ModelCard)},
        problems=(404, 503),
    ),
)

_FILE = Parameter("id", "path", FileId, "The file's id.")

_OCR = (
    Operation(
        method="post",
        path="/v1/ocr",
        id="ocr",
        group="OCR",
        summary="Read a document and wait for it",
        text="A page that cannot be read keeps its place, with the reason. Long documents belong to /v1/documents.",
        curl=_PIPED_JSON,
        piped="""printf '{"document": {"type": "document_url", "document_url": "data:application/pdf;base64,%s"}}' """
        """"$(base64 -w0 scan.pdf)\"""",
        body=(Content(_JSON, ocr_schemas.OcrRequest),),
        replies={200: _json("The pages.", ocr_schemas.OcrAnswer)},
        problems=(*_IN_BODY, *_READING),
    ),
    Operation(
        method="post",
        path="/v1/files",
        id="uploadFile",
        group="OCR",
        summary="Upload a file for later",
        curl="-F purpose=ocr -F file=@scan.pdf",
        body=(Content("multipart/form-data", ocr_schemas.FileForm),),
        replies={200: _json("The file.", ocr_schemas.UploadedFile)},
        problems=_IN_BODY,
    ),
    Operation(
        method="get",
        path="/v1/files",
        id="listFiles",
        group="OCR",
        summary="List the uploaded files",
        text="OpenAI's clients go on after a file, Mistral's by the page; both are taken.",
        curl="",
        parameters=(
            Parameter("limit", "query", int, "How many at most, from 1 to 1,000; 100 without it."),
            Parameter("after", "query", FileId, "The last one of the list before, to go on with it."),
            Parameter("order", "query", Literal["asc", "desc"], "asc for the oldest first; desc without it."),
            Parameter("page", "query", int, "Which part of the list, from 0, each of page_size files."),
            Parameter("page_size", "query", int, "The same as limit."),
            Parameter("include_total", "query", bool, "Taken, without a meaning here: the total is always told."),
            Parameter("purpose", "query", Literal["ocr"], "Taken, without a meaning here: every file is for OCR."),
        ),
        replies={200: _json("The files.", ocr_schemas.FileList)},
        problems=(400, 404),
    ),
    Operation(
        method="get",
        path="/v1/files/{id}",
        id="showFile",
        group="OCR",
        summary="Show an uploaded file",
        curl="",
        parameters=(_FILE,),
        replies={200: _json("The file.", ocr_schemas.UploadedFile)},
        problems=(404,),
    ),
    Operation(
        method="delete",
        path="/v1/files/{id}",
        id="deleteFile",
        group="OCR",
        summary="Erase an uploaded file",
        curl="-X DELETE",
        parameters=(_FILE,),
        replies={200: _json("It is gone.", ocr_schemas.FileDeleted)},
        problems=(404, 503, 507),
    ),
    Operation(
        method="get",
        path="/v1/files/{id}/url",
        id="fileUrl",
        group="OCR",
        summary="What stands for a file in /v1/ocr",
        curl="",
        parameters=(_FILE,),
        replies={200: _json("Its URL, which only /v1/ocr understands.", ocr_schemas.FileUrl)},
        problems=(404,),
    ),
)

_FILE_NAME = Parameter("X-Filename", "header", str, "The document's name, percent-encoded.")
_MODEL = Parameter("model", "query", str, "One of GET /v1/models; the default one without it.")
_DOCUMENT = Parameter("id", "path", DocumentId, "The document's id.")
_NUMBER = Parameter("number", "path", Annotated[int, Field(ge=0, lt=10**9)], "The page's number, from 1.")
_LOCATION = {"Location": "Where the document is shown."}
_RESULTS = ("text/markdown", "text/html", "text/plain", "text/csv")

_DOCUMENTS = (
    Operation(
        method="post",
        path="/v1/documents",
        id="createDocument",
        group="Documents",
        summary="Hand in a document",
        text="As a form, or as the body itself with its name in X-Filename. It is read in the background.",
        curl="-F file=@scan.pdf",
        parameters=(
            Parameter(
                "Idempotency-Key",
                "header",
                Annotated[str, Field(max_length=200)],
                "The same document with the same key is read once, and answered with 200 the second time.",
            ),
            _FILE_NAME,
            Parameter("name", "query", str, "What to call it, if not by the file's name."),
            _MODEL,
            Parameter("pages", "query", str, "Which pages, from 1, like 1-3,7 or 5-; all without it."),
        ),
        body=(Content("multipart/form-data", document_schemas.DocumentForm), _ANY_BYTES),
        replies={
            200: Reply("It had been handed in before.", (Content(_JSON, document_schemas.Document),), _LOCATION),
            202: Reply("It is going to be read.", (Content(_JSON, document_schemas.Document),), _LOCATION),
        },
        problems=(*_IN_BODY, *_READING, 409),
    ),
    Operation(
        method="get",
        path="/v1/documents",
        id="listDocuments",
        group="Documents",
        summary="List the documents",
        curl="",
        parameters=(
            Parameter("limit", "query", int, "How many at most, from 1 to 100; 20 without it."),
            Parameter("after", "query", DocumentId, "The last one of the list before, to go on with it."),
        ),
        replies={200: _json("The documents.", document_schemas.DocumentList)},
        problems=(400, 404),
    ),
    Operation(
        method="get",
        path="/v1/documents/{id}",
        id="showDocument",
        group="Documents",
        summary="Show how far a document is",
        curl="",
        parameters=(_DOCUMENT,),
        replies={200: _json("The document.", document_schemas.Document)},
        problems=(404,),
    ),
    Operation(
        method="delete",
        path="/v1/documents/{id}",
        id="deleteDocument",
        group="Documents",
        summary="Stop reading a document and erase it",
        curl="-X DELETE",
        parameters=(_DOCUMENT,),
        replies={204: Reply("It is gone.")},
        problems=(404, 503, 507),
    ),
    Operation(
        method="get",
        path="/v1/documents/{id}/events",
        id="watchDocument",
        group="Documents",
        summary="Watch a document being read",
        text='Server-sent events "progress", and at the end "finished" or "removed"; each holds the document.',
        curl="-N",
        parameters=(_DOCUMENT,),
        replies={200: Reply("The events.", (Content(_EVENTS),))},
        problems=(404,),
    ),
    Operation(
        method="get",
        path="/v1/documents/{id}/result",
        id="documentResult",
        group="Documents",
        summary="Get what was read",
        text="As soon as the document is done or failed; in the place of each page that was not read stands why.",
        curl="",
        parameters=(
            _DOCUMENT,
            Parameter("format", "query", Literal["md", "json", "html", "txt", "csv"], "The form; md without it."),
            Parameter(
                "furniture",
                "query",
                Literal["keep", "mark", "drop"],
                "What to do with running heads and page numbers; mark without it.",
            ),
        ),
        replies={200: Reply("The result.", (*map(Content, _RESULTS), Content(_JSON, "Result")))},
        problems=(400, 404, 409),
    ),
    Operation(
        method="get",
        path="/v1/documents/{id}/pages/{number}",
        id="documentPage",
        group="Documents",
        summary="Get one page's reading",
        text="As soon as it was read, while others still are.",
        curl="",
        parameters=(_DOCUMENT, _NUMBER),
        replies={200: _json("The reading, as in a JSON result.", _PAGE_READING)},
        problems=(404,),
    ),
    Operation(
        method="get",
        path="/v1/documents/{id}/pages/{number}/image",
        id="documentPageImage",
        group="Documents",
        summary="Get one page as an image",
        text="Upright, as it was looked at.",
        curl="-o page.jpg",
        parameters=(_DOCUMENT, _NUMBER),
        replies={200: Reply("The image.", (Content("image/jpeg"), Content("image/png")))},
        problems=(404, 422, 503),
    ),
)

_LOADER = (
    Operation(
        method="put",
        path="/process",
        id="loadDocument",
        group="Open WebUI",
        summary="Read a document for Open WebUI",
        text="The body is the document.",
        curl="-T scan.pdf -H 'X-Filename: scan.pdf'",
        parameters=(
            _FILE_NAME,
            _MODEL,
        ),
        body=(_ANY_BYTES,),
        replies={200: _json("An object for each page.", list[document_schemas.LoadedPage])},
        problems=(*_IN_BODY, *_READING),
    ),
)

_SERVICE = (
    Operation(
        method="get",
        path="/health",
        id="health",
        group="Service",
        summary="Whether the service lives",
        curl="",
        replies={200: _json("It does.", service_schemas.Health)},
        is_open=True,
        is_probe=True,
    ),
    Operation(
        method="get",
        path="/ready",
        id="ready",
        group="Service",
        summary="Whether pages are read",
        text="Every model reads a small page twice a minute; the service is ready when all engines are there, every "
        "model did so within the last minute, and the seal holds if it is enforced. Where keys were made, what is "
        "wrong is told to whoever shows one.",
        curl="",
        replies={
            200: _json("They are.", service_schemas.Readiness),
            503: _json("They are not, or not yet.", service_schemas.Readiness),
        },
        is_open=True,
    ),
    Operation(
        method="get",
        path="/metrics",
        id="metrics",
        group="Service",
        summary="Counters for Prometheus",
        text="The service's own and those of the engines behind it; an engine that does not tell its own within five "
        "seconds is left out.",
        curl="",
        replies={200: Reply("The counters.", (Content("text/plain"),))},
    ),
    Operation(
        method="get",
        path="/openapi.json",
        id="openapi",
        group="Service",
        summary="This description, for programs",
        curl="",
        replies={200: Reply("An OpenAPI 3.1 document.", (Content(_JSON, dict[str, Any]),))},
        is_open=True,
    ),
    Operation(
        method="get",
        path="/docs",
        id="docs",
        group="Service",
        summary="This description, for people",
        curl="",
        replies={200: Reply("A page that needs nothing else.", (Content("text/html"),))},
        is_open=True,
    ),
)

OPERATIONS = (*_CHAT, *_OCR, *_DOCUMENTS, *_LOADER, *_SERVICE)
