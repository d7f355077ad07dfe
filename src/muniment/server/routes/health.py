"""Whether the service lives, whether it reads, and what it counts."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST

from muniment.server.answer import Answer, json_answer
from muniment.server.call import Call
from muniment.server.engine_metrics import joined
from muniment.server.errors import KeyNeeded
from muniment.server.models import Model
from muniment.server.service import Service


async def health(_call: Call, _service: Service) -> Answer:
    """Alive: it answers."""
    return json_answer({"status": "ok"})


async def ready(call: Call, service: Service) -> Answer:
    """Ready: all engines are there, every model has read the canary within the last minute, and documents are taken."""
    may_know = _may_know(call, service)
    sightings = [
        {
            "model": seen.model,
            "read": seen.is_good,
            "at": seen.at.isoformat(timespec="seconds"),
            "seconds": round(seen.seconds, 3),
            "problem": seen.trouble if may_know else "",
        }
        for seen in service.canary.sightings.values()
    ]
    told = {
        "status": "ready" if service.is_ready else "not ready",
        "now": datetime.now(UTC).isoformat(timespec="seconds"),
        "reads": service.reads,
        "canary": sightings,
        "sandboxed": service.models.is_sandboxed,
        "seal": _seal(service, may_know=may_know),
        "problem": _problem(service, may_know=may_know),
    }
    return json_answer(told, 200 if service.is_ready else 503)


def _seal(service: Service, *, may_know: bool) -> dict[str, Any] | None:
    """What is known of the seal; None where nothing is claimed of one."""
    if service.tripwire is None:
        return None
    state = service.tripwire.state
    return {
        "verdict": state.verdict.value,
        "enforced": service.tripwire.settings.is_enforced,
        "looked_at": None if state.looked_at is None else state.looked_at.isoformat(timespec="seconds"),
        "problem": state.why if may_know else "",
        "mend": state.mend if may_know else "",
    }


def _may_know(call: Call, service: Service) -> bool:
    """Whether problems may be told, which can name engines' addresses: to whoever shows a key, where there are some."""
    try:
        service.key_of(call.headers.get("authorization", ""))
    except KeyNeeded:
        return False
    return True


def _problem(service: Service, *, may_know: bool) -> str:
    """What stands against the service as a whole; "" if nothing does."""
    if service.is_ready:
        return ""
    if not may_know:
        return "show a key to be told what is wrong"
    if not service.audit.is_writable():
        return (
            "documents are refused, as the audit log cannot be written: make room on the data folder's disk, or see "
            "who may write there"
        )
    if service.models.problem:
        return service.models.problem
    if service.reads and service.tripwire is not None and service.tripwire.refusal is not None:
        return service.tripwire.refusal.message
    unseen = [model.name for model in service.models.all() if model.name not in service.canary.sightings]
    return f"no page was read yet by {', '.join(unseen)}" if unseen else ""


async def metrics(_call: Call, service: Service) -> Answer:
    """The service's own counters, and those of the engines that have some."""
    answers = await asyncio.gather(*(model.metrics() for model in service.models.all()))
    told = {engine: text for answer in answers for engine, text in answer.items()}
    return Answer(body=service.metrics.text() + joined(told), kind=CONTENT_TYPE_LATEST)


async def models(_call: Call, service: Service) -> Answer:
    """The models, as OpenAI lists them."""
    listed = [_card(service, model) for model in service.models.all()]
    return json_answer({"object": "list", "data": listed})


async def model(call: Call, service: Service) -> Answer:
    """One model, as OpenAI shows it."""
    return json_answer(_card(service, service.models.find(call.path["id"])))


def _card(service: Service, model: Model) -> dict[str, Any]:
    return {
        "id": model.name,
        "object": "model",
        "created": service.models.since,
        "owned_by": "muniment",
        "max_model_len": model.context or None,
    }
