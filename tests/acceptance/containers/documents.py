"""Documents that are handed in at a deployment, and what becomes of them."""

from typing import Any

import httpx


def hand_in(client: httpx.Client, data: bytes) -> str:
    """A document's path."""
    return f"/v1/documents/{client.post('/v1/documents', files={'file': ('slips.pdf', data)}).json()['id']}"


def done_pages(client: httpx.Client, job: str) -> int:
    found: int = client.get(job).json()["pages"]["done"]
    return found


def finished(client: httpx.Client, job: str) -> dict[str, Any] | None:
    """What is told of a job that has ended; through a gateway that may be away just now."""
    try:
        answer = client.get(job)
    except httpx.TransportError:
        return None
    if answer.status_code != httpx.codes.OK:
        return None
    told: dict[str, Any] = answer.json()
    return told if told["state"] in {"done", "failed"} else None
