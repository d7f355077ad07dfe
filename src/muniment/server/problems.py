"""What Muniment's own errors and an engine's troubles are to a client."""

import re
from pathlib import Path

from muniment.engines.openai import Broken, Busy, Deadly, EngineTrouble, Loading, Refused, TooLong, Unreachable
from muniment.errors import (
    DocumentError,
    EngineError,
    LimitExceeded,
    MunimentError,
    OutputError,
    PageError,
    PasswordNeeded,
    UsageError,
)
from muniment.server.contents import NotErased, NotOpened
from muniment.server.errors import ApiError
from muniment.server.store import DatabaseBusy

_LATER = 5.0
"""Seconds after which a client may try again where nobody knows better."""
_MOST_IMAGES = re.compile(r"at most (\d{1,3}) image", re.IGNORECASE)


def described(error: BaseException) -> str:
    """An error that nobody expected, for the log: its kind and its place. The message may quote a document."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} in {place}"


def as_api_error(error: MunimentError) -> ApiError:
    """The same for a client."""
    message = _for_client(error)
    match error:
        case LimitExceeded():
            return ApiError(413, "invalid_request_error", message, code="document_too_large")
        case PasswordNeeded():
            return ApiError(422, "invalid_request_error", message, code="password_needed")
        case DocumentError() | PageError():
            return ApiError(422, "invalid_request_error", message, code="unreadable_document")
        case UsageError():
            return ApiError(400, "invalid_request_error", message)
        case EngineError():
            return ApiError(503, "server_error", message, code="engine_unavailable", retry_after=_LATER)
        case NotErased():
            message = "Not all of it could be erased. It can be read here no more, and erasing it is tried again."
            return ApiError(503, "server_error", message, code="not_erased", retry_after=_LATER)
        case NotOpened():
            message = "The service cannot open what it keeps now. Try again later."
            return ApiError(503, "server_error", message, code="not_opened", retry_after=_LATER)
        case DatabaseBusy():
            message = "The service's database is busy. Try again later."
            return ApiError(503, "server_error", message, code="database_busy", retry_after=_LATER)
        case OutputError():
            return ApiError(507, "server_error", "The service cannot write to its disk", code="no_space")
    return ApiError(500, "server_error", message)


def _for_client(error: MunimentError) -> str:
    """What happened and what a client can do: hints on documents help it, others are for a command line."""
    match error:
        case PasswordNeeded():
            return f"{error.what}. Send it without a password: open it in a viewer and save it without security."
        case DocumentError() | PageError() | UsageError():
            return str(error)
    return f"{error.what}. Tell whoever runs this service."


def of_trouble(trouble: EngineTrouble) -> ApiError:
    """An engine's trouble with a request that was passed on to it, in words of our own: an engine's may quote it."""
    match trouble:
        case TooLong():
            size = f" of {trouble.context:,} tokens" if trouble.context else ""
            message = f"The question and its answer do not fit the model's context{size}"
            return ApiError(400, "invalid_request_error", message, code="context_length_exceeded")
        case Refused(is_final=False):
            return ApiError(400, "invalid_request_error", _refused(trouble), param=trouble.field or None)
        case Busy():
            return ApiError(
                503,
                "overloaded_error",
                "The engine is busy",
                code="engine_busy",
                retry_after=trouble.retry_after or _LATER,
            )
        case Loading():
            message = "The engine is starting, or being stopped"
            return ApiError(503, "overloaded_error", message, code="model_loading", retry_after=_LATER)
        case Unreachable():
            return _failed("Nobody answers at the engine's address")
        case Broken(is_late=True):
            return _failed("The engine did not answer in time")
        case Broken() | Deadly():
            return _failed("The engine gave no answer, or broke it off")
    # A wrong key or a model that is not there is the service's fault and not the client's.
    return ApiError(502, "server_error", "The engine refuses the service", code="engine_refused")


def _refused(refusal: Refused) -> str:
    if refusal.field:
        return f"The engine does not take {refusal.field!r} as it is here"
    most = _MOST_IMAGES.search(str(refusal))
    if most:
        return f"The most images that the engine takes a request: {most[1]}"
    return "The engine does not take this request"


def _failed(message: str) -> ApiError:
    return ApiError(502, "server_error", message, code="engine_failed", retry_after=_LATER)
