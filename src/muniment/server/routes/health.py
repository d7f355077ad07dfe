"""Whether the service lives, whether it reads, and what it counts."""

from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST

from muniment.server.answer import Answer, json_answer
from muniment.server.call import Call
from muniment.server.engine_metrics import joined
from muniment.server.service import Service


async def health(_call: Call, _service: Service) -> Answer:
    """Alive: it answers."""
    return json_answer({"status": "ok"})


async def ready(_call: Call, service: Service) -> Answer:
    """Ready: every model has read the canary within the last minute."""
    sightings = [
        {
            "model": seen.model,
            "read": seen.is_good,
            "at": seen.at.isoformat(timespec="seconds"),
            "seconds": round(seen.seconds, 3),
            "problem": seen.problem,
        }
        for seen in service.canary.sightings.values()
    ]
    is_ready = service.models.is_started and bool(sightings) and all(seen["read"] for seen in sightings)
    problem = service.problem or ("" if service.models.is_started else "the engine is not there yet")
    told = {
        "status": "ready" if is_ready else "not ready",
        "now": datetime.now(UTC).isoformat(timespec="seconds"),
        "canary": sightings,
        "problem": problem,
    }
    return json_answer(told, 200 if is_ready else 503)


async def metrics(_call: Call, service: Service) -> Answer:
    """The service's own counters, and those of the engines that have some."""
    told: dict[str, str] = {}
    for model in service.models.all():
        told |= await model.metrics()
    return Answer(body=service.metrics.text() + joined(told), kind=CONTENT_TYPE_LATEST)


async def models(_call: Call, service: Service) -> Answer:
    """The models, as OpenAI lists them."""
    listed = [
        {
            "id": model.name,
            "object": "model",
            "created": service.models.since,
            "owned_by": "muniment",
            "max_model_len": model.context or None,
        }
        for model in service.models.all()
    ]
    return json_answer({"object": "list", "data": listed})
