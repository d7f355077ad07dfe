"""A page with a marker that nobody else has is read through the front door; afterwards no log may hold it."""

import base64
import io
import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from muniment.deploy.frontdoor import KEY_VARIABLE, Answered, ask
from muniment.deploy.settings import Plan
from muniment.errors import DeployError
from muniment.seal.claims import Check, Verdict, unknown
from muniment.seal.docker import Docker, run
from muniment.seal.inspected import Inspected

AUDIT = "/var/lib/muniment/audit.jsonl"
_LETTERS = "HKLMNPRTVWX"
"""Those that are hardly taken for others, and no hexadecimal digits, as logs are full of them."""
_MARK_LENGTH = 10
_PIECE = 5
"""Letters by which the marker is known, should some of it be misread."""
_SIZE, _FONT, _MARGIN = (640, 240), 56, 40
_OK, _UNAUTHORIZED, _UNAVAILABLE = 200, 401, 503
_TAIL = 1 << 18
"""Bytes of the audit's end that are looked through."""
_LONG = 8
"""Letters from which on a line of an answer can be told from what logs say anyway."""
_ASK_WITHIN = 15.0
_TRIES, _PAUSE = 5, 0.3


@dataclass(frozen=True, slots=True)
class Marked:
    """A page that was read.

    Attributes:
        signs: what would be found where the page, or what was read of it, was kept.
        requests: the service's ids of the requests.
        models: those that read it.
        problem: why nothing was read; "" if something was.
        is_refused: documents are refused because the seal is not known to hold; this look may show that it does.
    """

    signs: tuple[str, ...]
    requests: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    problem: str = ""
    is_refused: bool = False


def read_marked(plan: Plan, within: float) -> Marked:
    """Have every model read a page with a new marker, within so many seconds."""
    deadline = time.monotonic() + within
    mark = "".join(secrets.choice(_LETTERS) for _ in range(_MARK_LENGTH))
    page = base64.b64encode(_page(mark)).decode()
    signs = [*(mark[start : start + _PIECE] for start in range(_MARK_LENGTH - _PIECE + 1)), page[200:260]]
    requests, models = [], []
    try:
        listed = ask(plan, "GET", "/v1/models")
        if listed.status == _UNAUTHORIZED:
            return Marked((), problem=f"the service wants a key: give one in {KEY_VARIABLE}")
        for model in _names(listed.json):
            answer = ask(
                plan,
                "POST",
                "/v1/chat/completions",
                _question(model, page),
                _JSON,
                max(1.0, deadline - time.monotonic()),
            )
            if _is_refused(answer):
                return Marked((), problem="documents are refused, so none was read", is_refused=True)
            requests.append(answer.request_id)
            if answer.status != _OK or not (text := _text(answer.json)):
                return Marked((), problem=f"{model} read nothing (status {answer.status})")
            signs += [line for line in map(str.strip, text.splitlines()) if len(line) >= _LONG]
            models.append(model)
    except OSError as error:
        return Marked((), problem=f"{plan.url} does not answer in time ({type(error).__name__})")
    if not models:
        return Marked((), problem="the service names no model")
    return Marked(tuple(dict.fromkeys(signs)), tuple(requests), tuple(models))


def _is_refused(answer: Answered) -> bool:
    match answer.json:
        case {"error": {"code": str(code)}}:
            return answer.status == _UNAVAILABLE and code.startswith("seal_")
    return False


_JSON = {"Content-Type": "application/json"}


def _page(mark: str) -> bytes:
    """A small page, as a PNG."""
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", _SIZE, 255)
    draw = ImageDraw.Draw(page)
    for row, line in enumerate((mark, mark)):
        place = (_MARGIN, _MARGIN + row * 2 * _FONT)
        draw.text(place, line, fill=0, font=ImageFont.load_default(_FONT))
    encoded = io.BytesIO()
    page.save(encoded, "PNG")
    return encoded.getvalue()


def _question(model: str, page: str) -> bytes:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{page}"}}
    message = {"role": "user", "content": [image, {"type": "text", "text": "Read this page."}]}
    return json.dumps({"model": model, "messages": [message], "temperature": 0, "max_tokens": 64}).encode()


def _names(told: object) -> list[str]:
    match told:
        case {"data": [*models]}:
            return [str(one["id"]) for one in models if isinstance(one, dict) and "id" in one]
    return []


def _text(told: object) -> str:
    match told:
        case {"choices": [{"message": {"content": str(text)}}, *_]}:
            return text.strip()
    return ""


def log_checks(docker: Docker, containers: Iterable[Inspected], marked: Marked, since: float) -> list[Check]:
    """Look for the page in the containers' logs and in the audit, since a time in seconds.

    The control is that the request is found where it should be: in the gateway's log, and in the audit.
    """
    services = {one.service: one for one in containers}
    if marked.problem:
        return [unknown(service, "file", "its log", marked.problem) for service in services]
    logs = {name: _log(docker, one, since) for name, one in services.items()}
    audit = _audit(docker, services.get("server"), marked.requests)
    found = _names_request(logs.get("gateway") or "", marked.requests)
    control = "the request is found in the gateway's log" if found else "the request is not in the gateway's log"
    checks = [_check(name, "its log", log, marked, control, works=found) for name, log in logs.items()]
    audited = _names_request(audit or "", marked.requests)
    control = "the request is found in it" if audited else "the request is not in it"
    return [*checks, _check("server", "the audit", audit, marked, control, works=audited)]


def _check(subject: str, what: str, text: str | None, marked: Marked, control: str, *, works: bool) -> Check:
    if text is None:
        return unknown(subject, "file", what, "it cannot be read")
    lowered = text.lower()
    held = any(sign.lower() in lowered for sign in marked.signs)
    seen = f"{'something' if held else 'nothing'} of the page that was read"
    verdict = Verdict.BROKEN if held else Verdict.HOLDS if works else Verdict.UNPROVEN
    return Check(subject=subject, method="file", what=what, seen=seen, control=control, verdict=verdict)


def _names_request(text: str, requests: Iterable[str]) -> bool:
    return all(request and request in text for request in requests)


def _log(docker: Docker, container: Inspected, since: float) -> str | None:
    began = f"{int(since) - 1}"  # a whole second, and before it
    try:
        return run((docker.program, "logs", "--since", began, container.id), merged=True, within=_ASK_WITHIN)
    except DeployError:
        return None


def _audit(docker: Docker, server: Inspected | None, requests: tuple[str, ...]) -> str | None:
    """The audit's end, once it has the requests, which it gets a moment after they were answered."""
    text = None
    for _ in range(_TRIES if server else 0):
        assert server is not None  # noqa: S101
        try:
            text = run((docker.program, "exec", server.id, "tail", "-c", str(_TAIL), AUDIT), within=_ASK_WITHIN)
        except DeployError:
            return None
        if _names_request(text, requests):
            break
        time.sleep(_PAUSE)
    return text
