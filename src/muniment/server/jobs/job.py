"""What is known of a job."""

from dataclasses import dataclass
from enum import StrEnum

from muniment.reading import DocumentInfo
from muniment.server.jobs.progress import Progress


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A document that was handed in.

    Attributes:
        id: random; whoever knows it and has the owner's key may see the job.
        owner: the key's id; "" while no keys were made.
        model: which one reads it.
        info: of the document; its name is the client's for it.
        size: of the document, in bytes.
        numbers: the pages that were asked for.
        created, finished: seconds since 1970; ``finished`` is None until it is.
        problem: why it failed; "" unless it did.
        progress: what became of its pages, once it is finished; None before.
        is_removed: it is to be erased; nothing but that has to do with it any more.
        charged_on: the day of UTC, as in ISO 8601, towards which the owner's pages count.
    """

    id: str
    owner: str
    model: str
    info: DocumentInfo
    size: int
    numbers: tuple[int, ...]
    state: JobState
    created: float
    finished: float | None = None
    problem: str = ""
    charged_on: str = ""
    progress: Progress | None = None
    is_removed: bool = False

    @property
    def is_finished(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED)
