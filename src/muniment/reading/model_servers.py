"""The servers of a model that a user names."""

from collections.abc import Callable
from pathlib import Path

from muniment.engines.local import LocalClient, ServerSettings
from muniment.engines.openai import ChatClient, Endpoint, ModelServer
from muniment.errors import UsageError
from muniment.reading.options import LOCAL, ReadOptions

MOST_REQUESTS = 256
"""Requests under way at once, unless the user sets another number."""


def servers_for(options: ReadOptions, tell: Callable[[str], None]) -> tuple[ModelServer, ...]:
    """The servers that ``options`` name; none is asked or started yet.

    Args:
        tell: told what happens to a server that the user should know of; called from any thread.

    Raises:
        UsageError: an address makes no sense, or others stand beside a vLLM to be started.
    """
    if not any(engine.startswith(LOCAL) for engine in options.engines):
        endpoints = map(Endpoint.parse, options.engines)
        return tuple(ChatClient(endpoint, options.model, options.api_key) for endpoint in endpoints)
    path = options.engines[0].removeprefix(LOCAL)
    if len(options.engines) > 1:
        raise UsageError(f"{LOCAL} starts the one engine of a run", "Leave out the others.")
    if not path:
        raise UsageError(f"The engine {LOCAL!r} names no model", "Write vllm:/path/to/model.")
    settings = ServerSettings(
        model=Path(path).expanduser(),
        python=options.vllm_python,
        arguments=options.vllm_arguments,
        sequences=MOST_REQUESTS,
    )
    return (LocalClient(settings, options.model, tell),)
