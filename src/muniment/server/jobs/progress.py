"""What became of a job's pages."""

from dataclasses import dataclass, field

from muniment.reading import PageReading, PageStatus


@dataclass
class Progress:
    """What became of a job's pages until now.

    Attributes:
        done: how many were read, by a fallback or not, or failed.
        fallback: the numbers of those that were read by a fallback.
        failed: page number to why.
    """

    done: int = 0
    fallback: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)

    def add(self, page: PageReading) -> None:
        self.done += 1
        if page.status is PageStatus.FALLBACK:
            self.fallback.append(page.number)
        elif page.status is PageStatus.FAILED:
            self.failed[page.number] = page.problem

    @property
    def read(self) -> int:
        """How many were read."""
        return self.done - len(self.failed)
