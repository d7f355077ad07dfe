"""What the service says of itself, and how it says that something is wrong."""

from typing import Literal

from pydantic import AwareDatetime

from muniment.server.openapi.schema_bases import Told


class Health(Told):
    """It answers."""

    status: Literal["ok"]


class CanaryReading(Told):
    """How a model last read the page that it is tried with."""

    model: str
    read: bool
    """It was read, within the last minute."""
    at: AwareDatetime
    """When it was last tried."""
    seconds: float
    problem: str
    """Empty without a key, where keys were made."""


class SealReading(Told):
    """What the service can tell of the seal: by a verifier's evidence, and by its own eyes."""

    verdict: Literal["holds", "unproven", "broken"]
    enforced: bool
    """Documents are refused unless it holds."""
    looked_at: AwareDatetime | None
    """When the verifier began to look, whose report was last believed."""
    problem: str
    """Empty if it holds; and without a key, where keys were made. So is what follows."""
    mend: str


class Readiness(Told):
    """Whether pages are read, and documents taken."""

    status: Literal["ready", "not ready"]
    now: AwareDatetime
    reads: bool
    """All engines are there, and every model read the canary within the last minute."""
    canary: list[CanaryReading]
    sandboxed: bool
    """All workers, so far, could shut themselves off from the network."""
    seal: SealReading | None
    """Null where nothing is claimed of a seal."""
    problem: str


class Problem(Told):
    """What is wrong, and what to do. Names fields of the request, never what stood in them."""

    message: str
    type: Literal[
        "invalid_request_error",
        "authentication_error",
        "permission_error",
        "not_found_error",
        "rate_limit_error",
        "overloaded_error",
        "server_error",
    ]
    param: str | None
    """The field that it is about."""
    code: str | None
    """One word for programs."""


class Refusal(Told):
    """An error, in OpenAI's form."""

    error: Problem
