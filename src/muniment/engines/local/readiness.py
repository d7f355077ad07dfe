"""Asking a vLLM that is starting whether it is ready."""

import socket
from pathlib import Path

import httpx

_ANSWER_WITHIN = 5.0


def served_context(api: Path, model: str) -> int | None:
    """The context in tokens that ``model`` is served with on the socket ``api`` (0 if that is not told); else None."""
    if not _listens(api):
        return None
    transport = httpx.HTTPTransport(uds=str(api))
    with httpx.Client(transport=transport, base_url="http://vllm", timeout=_ANSWER_WITHIN, trust_env=False) as http:
        try:
            if http.get("/health").status_code != httpx.codes.OK:
                return None
            listed = http.get("/v1/models").json()["data"]
            return {str(entry["id"]): int(entry.get("max_model_len") or 0) for entry in listed}.get(model)
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
            return None


def _listens(api: Path) -> bool:
    """Whether somebody does. httpx would lose the socket that it tries with."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(api)) == 0
