"""Jobs on disk: a row each in the database, and a folder each for what they hold of the document."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from muniment.reading import DocumentInfo
from muniment.server.contents import Contents
from muniment.server.errors import ApiError
from muniment.server.jobs.job import Job, JobState
from muniment.server.jobs.pagefile import PageFile
from muniment.server.jobs.progress import Progress

_COLUMNS = (
    "id, owner, model, name, kind, page_count, sha256, numbers, state, created, finished, problem, charged_on, "
    "progress, removed, size"
)
_DOCUMENT, _PAGES = "document", "pages.jsonl"


@cache
def _progress() -> TypeAdapter[Progress]:
    return TypeAdapter(Progress)


class JobStore(Contents):
    """All jobs of one service."""

    table, prefix = "jobs", "doc"
    removal = f"{Contents.removal}, idempotency = NULL"

    def document_of(self, job_id: str) -> Path:
        """Where a job's document is."""
        return self.folder_of(job_id) / _DOCUMENT

    def pages_of(self, job: Job) -> PageFile:
        """A job's pages, as far as they have been read."""
        return PageFile(self.folder_of(job.id) / _PAGES)

    def add(self, job: Job, idempotency: str = "") -> None:
        """Remember a job whose document is in its place."""
        info = job.info
        row = (
            *(job.id, job.owner, job.model, info.name, info.kind, info.page_count, info.sha256),
            *(json.dumps(job.numbers), job.state.value, job.created, job.finished, job.problem, job.charged_on),
            *(None, job.is_removed, job.size, idempotency or None),
        )
        with self._database.transaction() as connection:
            connection.execute(
                f"insert into jobs ({_COLUMNS}, idempotency) values ({', '.join('?' * len(row))})",  # noqa: S608
                row,
            )
        self._has_come(job.id)

    def find(self, job_id: str, owner: str, *, removed: bool = False) -> Job:
        """A job of ``owner``, if it was not removed, or also then.

        Raises:
            ApiError: there is none; the same for one that is another's and one that never was.
        """
        found = self._select("where id = ? and owner = ? and removed <= ?", (job_id, owner, removed))
        if not found:
            raise ApiError(404, "invalid_request_error", "There is no such document", code="not_found")
        return found[0]

    def earlier(self, owner: str, idempotency: str) -> Job | None:
        """The job that ``owner`` handed in under the same idempotency key."""
        found = self._select("where owner = ? and idempotency = ?", (owner, idempotency))
        return found[0] if found else None

    def of_owner(self, owner: str, most: int, after: Job | None = None) -> list[Job]:
        """The newest first; those that come after one of them."""
        order = "order by created desc, id desc limit ?"
        if after is None:
            return self._select(f"where owner = ? and not removed {order}", (owner, most))
        place = (owner, after.created, after.id)
        return self._select(f"where owner = ? and not removed and (created, id) < (?, ?) {order}", (*place, most))

    def unfinished(self) -> list[Job]:
        """The oldest first."""
        return self._select("where finished is null and not removed order by created", ())

    def count_unfinished(self, owner: str) -> int:
        """How many of ``owner`` wait or are being read."""
        ((number,),) = self._database.query(
            "select count(*) from jobs where owner = ? and finished is null and not removed", owner
        )
        return int(number)

    def count(self, state: JobState) -> int:
        """How many are in a state, of all owners."""
        ((number,),) = self._database.query("select count(*) from jobs where state = ? and not removed", state.value)
        return int(number)

    def to_erase(self, moment: float) -> list[Job]:
        """Those that were finished before a moment, and those whose removal came to no end."""
        return self._select("where finished < ? or removed", (moment,))

    def set_state(self, job: Job, state: JobState, problem: str = "") -> Job:
        """The job in its new state, which is not its last."""
        return self._change(replace(job, state=state, problem=problem))

    def finish(self, job: Job, state: JobState, progress: Progress, problem: str = "") -> Job:
        """The job in its last state. What became of its pages is kept too, so that nobody has to look at them again."""
        return self._change(replace(job, state=state, problem=problem, finished=time.time(), progress=progress))

    def _change(self, job: Job) -> Job:
        progress = None if job.progress is None else _progress().dump_json(job.progress).decode()
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set state = ?, problem = ?, finished = ?, progress = ? where id = ?",
                (job.state.value, job.problem, job.finished, progress, job.id),
            )
        return job

    def _select(self, where: str, values: Sequence[Any]) -> list[Job]:
        rows = self._database.query(f"select {_COLUMNS} from jobs {where}", *values)  # noqa: S608
        return [_job(*row) for row in rows]


def _job(
    job_id: str,
    owner: str,
    model: str,
    name: str,
    kind: str,
    page_count: int,
    sha256: str,
    numbers: str,
    state: str,
    created: float,
    finished: float | None,
    problem: str,
    charged_on: str,
    progress: str | None,
    removed: int,
    size: int,
) -> Job:
    return Job(
        id=job_id,
        owner=owner,
        model=model,
        info=DocumentInfo(name, kind, page_count, sha256),
        size=size,
        numbers=tuple(json.loads(numbers)),
        state=JobState(state),
        created=created,
        finished=finished,
        problem=problem,
        charged_on=charged_on,
        progress=None if progress is None else _progress().validate_json(progress),
        is_removed=bool(removed),
    )
