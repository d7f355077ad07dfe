"""The gateway as any client meets it, and what it should turn away."""

import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from muniment.deploy import certificates
from muniment.deploy.settings import Plan
from muniment.seal.claims import Check, Verdict, fact, unknown

KEY_VARIABLE = "MUNIMENT_API_KEY"
"""Of the environment: the key for a service that wants one."""
_WITHIN = 10.0
_MOST = 4 << 20
_OK, _UNAUTHORIZED, _TOO_MANY, _UNAVAILABLE = 200, 401, 429, 503
_TURNED_AWAY = frozenset({400, 404, 405})
_GATEWAY = "gateway"

_ENGINES_OWN = (
    *("/version", "/server_info", "/load", "/tokenize", "/detokenize", "/invocations", "/pooling", "/classify"),
    *("/score", "/rerank", "/v1/embeddings", "/v1/responses", "/v1/score", "/v1/rerank", "/v1/audio/transcriptions"),
    *("/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/reset_prefix_cache", "/sleep", "/wake_up"),
    *("/collective_rpc", "/start_profile", "/inference/v1/generate"),
)
"""What vLLM answers on, and what of it can change what it does."""
_SPELT = (
    *("//health", "/./health", "/health/", "/HEALTH", "/%68ealth", "/v1/../health", "/v1/%2e%2e/metrics"),
    *("/v1//models", "/v1%2Fmodels", "/health;x=1", "/v1/models/..%2Fhealth"),
)
"""Routes in other spellings, by which one filter can be made to see another path than the next."""
_FORBIDDEN = {
    "the engines' own routes": [(method, path) for path in _ENGINES_OWN for method in ("GET", "POST")],
    "other spellings of routes": [("GET", path) for path in _SPELT],
    "other methods": [("DELETE", "/health"), ("POST", "/v1/models"), ("TRACE", "/health"), ("PUT", "/metrics")],
    "other servers": [("GET", "http://example.com/health"), ("CONNECT", "example.com:443")],
}


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its status, the service's id for the request, and the body."""

    status: int
    request_id: str
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def ask(
    plan: Plan,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    within: float = _WITHIN,
) -> Answered:
    """Send one request on a connection of its own, with the path as it stands.

    Raises:
        OSError: nothing answers, or not in time, or it is not HTTP.
    """
    place = urlsplit(plan.url)
    host, port = place.hostname or "", place.port or 0
    key = os.environ.get(KEY_VARIABLE, "")
    given = {"Authorization": f"Bearer {key}"} if key.isascii() and key.isprintable() and key else {}
    line = (
        http.client.HTTPSConnection(host, port, timeout=within, context=certificates.trust(Path(plan.tls)))
        if plan.tls
        else http.client.HTTPConnection(host, port, timeout=within)
    )
    try:
        line.request(method, path, body or None, {**given, **(headers or {})})
        answer = line.getresponse()
        return Answered(answer.status, answer.getheader("X-Request-Id") or "", answer.read(_MOST))
    except http.client.HTTPException as error:
        raise OSError(f"what answers is no HTTP ({type(error).__name__})") from None
    finally:
        line.close()


def routes_checks(plan: Plan) -> list[Check]:
    """Checks of what the gateway lets through."""
    try:
        health = ask(plan, "GET", "/health").status
        listed = ask(plan, "GET", "/v1/models").status
        control = f"GET /health: {health}, GET /v1/models: {listed}"
        works = health == _OK and listed in {_OK, _UNAUTHORIZED}
        return [_turned_away(plan, what, requests, control, works=works) for what, requests in _FORBIDDEN.items()]
    except OSError as error:
        return [unknown(_GATEWAY, "request", "routes", f"{plan.url} does not answer ({type(error).__name__})")]


def _turned_away(plan: Plan, what: str, requests: "list[tuple[str, str]]", control: str, *, works: bool) -> Check:
    statuses = {request: ask(plan, *request).status for request in requests}
    told = {f"{method} {path}: {status}": status for (method, path), status in statuses.items()}
    odd = [shown for shown, status in told.items() if status not in _TURNED_AWAY]
    through = [shown for shown in odd if not _is_busy(told[shown])]
    seen = ", ".join(through or odd) or f"all {len(requests)} turned away"
    found = fact(_GATEWAY, "request", what, seen, is_well=not through).model_copy(update={"control": control})
    return found if through or (works and not odd) else found.model_copy(update={"verdict": Verdict.UNPROVEN})


def _is_busy(status: int) -> bool:
    """Whether a request was not looked at, as there were too many. (That one went wrong means that it got further.)"""
    return status in {_TOO_MANY, _UNAVAILABLE}
