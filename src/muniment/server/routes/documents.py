"""Documents handed in to be read: jobs, their progress, their results."""

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from muniment.documents.pages import parse_pages
from muniment.errors import UsageError
from muniment.outputs import Format
from muniment.outputs.json import JsonWriter
from muniment.reading import Furniture
from muniment.server.answer import EVENTS, Answer, event, json_answer
from muniment.server.call import Call
from muniment.server.errors import ApiError
from muniment.server.jobs import Job, JobState
from muniment.server.limits import check_unfinished
from muniment.server.listing import whole_number
from muniment.server.results import KINDS, POLICY, written
from muniment.server.service import Service
from muniment.server.uploads import Upload, hashed, receive

_FIELDS = frozenset({"model", "pages", "name"})
_LONGEST_KEY = 200
_MOST_LISTED = 100
_KEEP_ALIVE = 15.0


async def create(call: Call, service: Service) -> Answer:
    """POST /v1/documents: 202 and the job, which is then read in the background."""
    idempotency = call.headers.get("idempotency-key", "")
    if len(idempotency) > _LONGEST_KEY:
        raise ApiError(
            400,
            "invalid_request_error",
            f"An Idempotency-Key has at most {_LONGEST_KEY} characters",
            param="Idempotency-Key",
        )
    earlier = service.jobs.earlier(call.owner, idempotency) if idempotency else None
    if earlier is not None:
        return await _repeated(call, service, earlier)
    _check_unfinished(call, service)  # before all of it comes
    with service.jobs.coming() as job_id, service.storage.room(call.owner) as room:
        upload = await receive(call, service.jobs.document_of(job_id), room)
        job = await _job(call, service, job_id, upload)
        earlier = service.jobs.earlier(call.owner, idempotency) if idempotency else None
        if earlier is not None:
            _check_same(earlier, job.info.sha256, job.model, job.numbers)
            return _again(service, earlier)
        job = _added(call, service, job, idempotency)
    call.account.pages = len(job.numbers)
    service.runner.begin(job)
    return json_answer(_told(job, service), 202, location=f"/v1/documents/{job.id}")


async def _repeated(call: Call, service: Service, earlier: Job) -> Answer:
    """The answer to what is known to have come before: it takes no room, and so is not refused where there is none."""
    upload, sha256 = await hashed(call)
    call.account.document = service.audit.document_hash(bytes.fromhex(sha256))
    upload.check_fields(_FIELDS)
    model = service.models.find(upload.fields.get("model"))
    count = earlier.info.page_count  # of this one too, if it is the same
    numbers = _numbers(upload.fields.get("pages"), count) if sha256 == earlier.info.sha256 else ()
    _check_same(earlier, sha256, model.name, numbers)
    return _again(service, service.jobs.find(earlier.id, call.owner))  # it may have got on meanwhile


def _check_same(earlier: Job, sha256: str, model: str, numbers: tuple[int, ...]) -> None:
    """See that what came again under an idempotency key is what came first. Raises ApiError."""
    if (earlier.info.sha256, earlier.model, earlier.numbers) != (sha256, model, numbers):
        raise ApiError(
            409,
            "invalid_request_error",
            "Another document came with the same Idempotency-Key",
            param="Idempotency-Key",
            code="idempotency_conflict",
        )


def _again(service: Service, earlier: Job) -> Answer:
    return json_answer(_told(earlier, service), 200, location=f"/v1/documents/{earlier.id}")


def _added(call: Call, service: Service, job: Job, idempotency: str) -> Job:
    """The job, written down, and its pages charged to the key."""
    _check_unfinished(call, service)
    charged = service.gate.charge(call.key, len(job.numbers))
    job = replace(job, charged_on=charged.day)
    try:
        service.jobs.add(job, idempotency)
    except BaseException:
        service.gate.give_back(charged, charged.pages)
        raise
    return job


def _check_unfinished(call: Call, service: Service) -> None:
    check_unfinished(service.jobs.count_unfinished(call.owner), service.settings.most_unfinished)


async def _job(call: Call, service: Service, job_id: str, upload: Upload) -> Job:
    """What came, opened once to see that it can be read."""
    upload.check_fields(_FIELDS)
    model = service.models.find(upload.fields.get("model"))
    service.check_seal()  # an upload may take long
    file = service.jobs.opened(service.jobs.document_of(job_id))
    document = await service.models.open(file, upload.name, is_hashed=True)
    try:
        info = document.info
    finally:
        document.close()
    numbers = _numbers(upload.fields.get("pages"), info.page_count)
    if len(numbers) > service.caps.document_pages:
        most = service.caps.document_pages
        told = f"{len(numbers):,} pages are asked for, and at most {most:,} are read at a time. "
        raise ApiError(
            413,
            "invalid_request_error",
            f"{told}Hand the document in several times, first with 'pages' as 1-{most}, then from {most + 1} on",
            param="pages",
        )
    call.account.document = service.audit.document_hash(bytes.fromhex(info.sha256))
    return Job(
        id=job_id,
        owner=call.owner,
        model=model.name,
        info=info,
        size=upload.size,
        numbers=numbers,
        state=JobState.WAITING,
        created=time.time(),
    )


def _numbers(wanted: str | None, count: int) -> tuple[int, ...]:
    if not wanted:
        return tuple(range(1, count + 1))
    try:
        return parse_pages(wanted).select(count, "the document")
    except UsageError:
        message = f"'pages' has to be like 1-3,7 or 5-; the document has {count:,} of them"
        raise ApiError(400, "invalid_request_error", message, param="pages") from None


async def listed(call: Call, service: Service) -> Answer:
    """GET /v1/documents: the newest first."""
    call.check_query(("limit", "after"))
    most = whole_number(call, "limit", 20, 1, _MOST_LISTED)
    after = service.jobs.find(call.query["after"], call.owner) if "after" in call.query else None
    jobs = service.jobs.of_owner(call.owner, most + 1, after)  # one more tells whether there are more
    told = [_told(job, service) for job in jobs[:most]]
    return json_answer({"object": "list", "data": told, "has_more": len(jobs) > most})


async def shown(call: Call, service: Service) -> Answer:
    """GET /v1/documents/{id}."""
    return json_answer(_told(_found(call, service), service))


async def events(call: Call, service: Service) -> Answer:
    """GET /v1/documents/{id}/events: the job whenever a page was read, until it is finished."""
    return Answer(body=_progress(_found(call, service), service), kind=EVENTS)


async def _progress(job: Job, service: Service) -> AsyncGenerator[bytes, None]:
    changes = service.runner.changes(job)
    coming = asyncio.ensure_future(anext(changes))
    try:
        while True:
            done, _ = await asyncio.wait([coming], timeout=_KEEP_ALIVE)
            if not done:
                yield b": still there\n\n"  # so that nothing between here and there takes the silence for an end
                continue
            try:
                job = coming.result()
            except StopAsyncIteration:
                return
            except ApiError:
                yield event({"id": job.id}, "removed")
                return
            yield event(_told(job, service), "finished" if job.is_finished else "progress")
            coming = asyncio.ensure_future(anext(changes))
    finally:
        coming.cancel()
        with contextlib.suppress(BaseException):
            await coming
        await changes.aclose()


async def result(call: Call, service: Service) -> Answer:
    """GET /v1/documents/{id}/result?format=md."""
    call.check_query(("format", "furniture"))
    job = _found(call, service)
    form = _one_of(Format, call.query.get("format", "md"), "format")
    furniture = _one_of(Furniture, call.query.get("furniture", "mark"), "furniture")
    if not job.is_finished:
        raise ApiError(409, "invalid_request_error", "The document is not read yet", code="not_finished")
    headers = {"content-security-policy": POLICY}
    return Answer(body=_in_pieces(job, service, form, furniture), kind=KINDS[form], headers=headers)


_Choice = TypeVar("_Choice", bound=Enum)


def _one_of(choices: type[_Choice], value: str, param: str) -> _Choice:
    try:
        return choices(value)
    except ValueError:
        known = ", ".join(choice.value for choice in choices)
        raise ApiError(400, "invalid_request_error", f"{param!r} has to be one of {known}", param=param) from None


async def _in_pieces(job: Job, service: Service, form: Format, furniture: Furniture) -> AsyncGenerator[bytes, None]:
    for text in written(job, service.jobs, form, furniture):
        yield text.encode(errors="replace")
        await asyncio.sleep(0)  # others want to be served too


async def page(call: Call, service: Service) -> Answer:
    """GET /v1/documents/{id}/pages/{number}: one page's reading, as soon as there is one."""
    job = _found(call, service)
    found = service.jobs.pages_of(job).find(call.path["number"])
    if found is None:
        raise ApiError(404, "invalid_request_error", "That page was not read, or not yet", code="not_found")
    return Answer(body=JsonWriter().page(found).encode(errors="replace"))


async def image(call: Call, service: Service) -> Answer:
    """GET /v1/documents/{id}/pages/{number}/image: one page as it was looked at, upright."""
    job = _found(call, service)
    number = call.path["number"]
    if not 1 <= number <= job.info.page_count:
        raise ApiError(404, "invalid_request_error", "There is no such page", code="not_found")
    async with service.showing.take(call.owner):
        service.check_seal()
        document = await service.models.open(service.jobs.opened(service.jobs.document_of(job.id)), job.info.name)
        try:
            picture = await service.models.picture(document, number)
        finally:
            document.close()
    return Answer(body=base64.b64decode(picture.base64), kind=picture.mime)


async def removed(call: Call, service: Service) -> Answer:
    """DELETE /v1/documents/{id}: stopped and erased."""
    await service.runner.remove(service.jobs.find(call.path["id"], call.owner, removed=True))
    return Answer(204)


def _found(call: Call, service: Service) -> Job:
    return service.jobs.find(call.path["id"], call.owner)


def _told(job: Job, service: Service) -> dict[str, Any]:
    """A job as clients see it."""
    progress = service.runner.progress(job)
    expires = None if job.finished is None else job.finished + service.settings.lifetime
    return {
        "id": job.id,
        "object": "document",
        "name": job.info.name,
        "kind": job.info.kind,
        "sha256": job.info.sha256,
        "model": job.model,
        "state": job.state.value,
        "created_at": _moment(job.created),
        "finished_at": _moment(job.finished),
        "expires_at": _moment(expires),
        "page_count": job.info.page_count,
        "pages": {
            "asked": len(job.numbers),
            "done": progress.done,
            "fallback": sorted(progress.fallback),
            "failed": [{"page": number, "problem": problem} for number, problem in sorted(progress.failed.items())],
        },
        "problem": job.problem,
    }


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
