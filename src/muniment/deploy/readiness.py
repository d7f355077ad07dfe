"""Whether a deployment reads, asked through its front door."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from muniment.deploy import certificates
from muniment.deploy.settings import Plan
from muniment.errors import DeployError
from muniment.seal.containers import Container

_ANSWER_WITHIN = 10.0
_LOOK_EVERY = 1.0
_MOST_RESTARTS = 3
UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What the service says of itself.

    Attributes:
        ready: every model has read the canary page within the last minute, and documents are taken.
        reads: the former.
        models: name, and what stands against it ("" if nothing does, or nothing of that is told).
        problem: why nothing is known, or what stands against the service as a whole; "" if nothing does.
        seal: the verdict on it; "unproven" if nothing is claimed of it or nothing is known.
        seal_problem: what stands against it and what to do, where that is told; "" if nothing does.
        refuses: documents are refused, as it does not hold.
    """

    ready: bool
    reads: bool = False
    models: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    seal: str = UNPROVEN
    seal_problem: str = ""
    refuses: bool = False


def ask(plan: Plan) -> Readiness:
    """Ask the gateway at /ready."""
    try:
        verify = certificates.trust(Path(plan.tls)) if plan.tls else True
        with httpx.Client(verify=verify, timeout=_ANSWER_WITHIN, trust_env=False) as client:
            answer = client.get(f"{plan.url}/ready")
        return _told(answer.status_code, answer.json())
    except (httpx.HTTPError, OSError) as error:
        return Readiness(ready=False, problem=f"{plan.url} does not answer ({type(error).__name__})")
    except ValueError:
        return Readiness(ready=False, problem=f"what answers at {plan.url} is not Muniment")


def _told(status: int, told: Any) -> Readiness:
    match told:
        case {"error": {"message": str(message)}}:
            return Readiness(ready=False, problem=message)
        case {"status": "ready" | "not ready", **rest}:
            ready = status == httpx.codes.OK
            seal, problem, refuses = _seal(rest.get("seal"))
            return Readiness(
                ready=ready,
                reads=ready or rest.get("reads") is True,
                problem="" if ready else str(rest.get("problem") or ""),
                models=_models(rest.get("canary")),
                seal=seal,
                seal_problem=problem,
                refuses=refuses,
            )
    raise ValueError(status)


def _seal(told: Any) -> tuple[str, str, bool]:
    """The verdict, what stands against the seal, and whether documents are refused over that."""
    match told:
        case {"verdict": "holds" | "unproven" | "broken" as verdict, **rest}:
            words = [rest.get("problem"), rest.get("mend")]
            problem = ". ".join(word for word in words if isinstance(word, str) and word)
            return verdict, problem, rest.get("enforced") is True and verdict != "holds"
    return UNPROVEN, "", False


def _models(told: Any) -> tuple[tuple[str, str], ...]:
    seen = told if isinstance(told, list) else []
    return tuple(
        (str(one["model"]), str(one.get("problem") or ("" if one.get("read") is True else "it does not read")))
        for one in seen
        if isinstance(one, dict) and "model" in one
    )


def wait(
    plan: Plan,
    containers: Callable[[], tuple[Container, ...]],
    last_words: Callable[[Container], str],
    tell: Callable[[str], None],
    within: float,
) -> Readiness:
    """Wait until the deployment reads, whether it takes documents or not, and all of its containers are well.

    Args:
        containers: how they stand now.
        last_words: the last that a container said.
        tell: told what is waited for, whenever that changes or a while has passed.
        within: seconds.

    Raises:
        DeployError: a container ends again and again, or it took too long.
    """
    began = time.monotonic()
    restarts: dict[str, int] = {}
    while True:
        found, standing = ask(plan), containers()
        late = _late(plan, standing)
        if found.reads and not late:
            return found
        for container in standing:
            # Those of other days do not count; who restarts a container has Docker count anew.
            fewest = restarts[container.id] = min(container.restarts, restarts.get(container.id, container.restarts))
            # While one runs again, Docker no longer tells how it last ended.
            if container.restarts - fewest >= _MOST_RESTARTS and container.state != "running":
                raise DeployError(
                    f"{container.service} ends as soon as it has started (code {container.code}): "
                    f"{last_words(container)}",
                    "See muniment logs, and muniment doctor.",
                )
        passed = time.monotonic() - began
        if passed > within:
            raise DeployError(
                f"No page was read within {within:.0f} s: {_waiting_for(late, found)}",
                "The containers go on: see muniment status and muniment logs.",
            )
        tell(f"{passed:.0f} s: {_waiting_for(late, found)}")
        time.sleep(_LOOK_EVERY)


def _late(plan: Plan, containers: tuple[Container, ...]) -> list[str]:
    """The services that are not well, or not there, each with how it stands."""
    there = {one.service for one in containers}
    return [
        *(f"{one.service} {one.standing}" for one in containers if not one.is_well),
        *(f"{service} missing" for service in plan.services if service not in there),
    ]


def _waiting_for(late: list[str], found: Readiness) -> str:
    against = [f"{model}: {problem}" for model, problem in found.models if problem]
    return ", ".join(late) or "; ".join(against) or found.problem or "waiting for the first page to be read"
