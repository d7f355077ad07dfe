"""A full disk, a busy database and files that cannot be opened pass, and no job is lost meanwhile."""

import errno
import os
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from muniment.errors import OutputError
from muniment.server.jobs import JobStore, runner
from muniment.server.jobs.pagefile import PageFile
from muniment.server.limits import Gate
from tests.server.jobs.handed_in import LETTER, lines_of, texts
from tests.server.serving import served, until, with_plain_workers

pytestmark = pytest.mark.usefixtures("plain_workers")


def failing(patch: pytest.MonkeyPatch, owner: type, name: str, times: int, *, late: bool = False) -> None:
    """Have a method tell of a full disk so many times; ``late`` when it has done its work."""
    real, left = getattr(owner, name), [None] * times

    def full(*given: Any) -> Any:
        if left and late:
            real(*given)
        if left:
            left.pop()
            raise OutputError("/data/secret-place cannot be written: no space is left")
        return real(*given)

    patch.setattr(owner, name, full)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("late", [False, True])
def test_a_page_that_cannot_be_written_down_is_tried_again(
    tmp_path: Path,
    plain_workers: pytest.MonkeyPatch,
    *,
    late: bool,
) -> None:
    failing(plain_workers, PageFile, "add", 2, late=late)
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        told = service.job(job)
        assert (told["pages"]["done"], told["pages"]["failed"], told["problem"]) == (3, [], "")
        assert texts(service, job) == [(1, "page 1"), (2, "page 2"), (3, "page 3")]


def test_what_a_job_waits_for_is_told_without_the_places_of_files(
    tmp_path: Path, plain_workers: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing(plain_workers, PageFile, "add", 1)
    with served(tmp_path / "data") as service:
        told = service.job(service.hand_in(LETTER), "waiting")
        told = until(lambda: found if (found := service.job(told["id"], "waiting"))["problem"] else None)
        assert told["problem"] == "The service cannot write to its disk"
    assert "secret-place" in caplog.text


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(("owner", "name"), [(JobStore, "finish"), (Gate, "give_back")])
def test_an_end_that_cannot_be_written_down_is_tried_again_and_told(
    tmp_path: Path,
    plain_workers: pytest.MonkeyPatch,
    owner: type,
    name: str,
) -> None:
    failing(plain_workers, owner, name, 3)
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        assert "event: finished" in service.client.get(f"/v1/documents/{job}/events").text


@pytest.mark.usefixtures("soon")
def test_a_state_that_cannot_be_written_down_ends_nothing(
    tmp_path: Path,
    plain_workers: pytest.MonkeyPatch,
) -> None:
    failing(plain_workers, JobStore, "set_state", 3)
    with served(tmp_path / "data") as service:
        assert service.job(service.hand_in(LETTER))["pages"]["done"] == 3


def unopened(patch: pytest.MonkeyPatch, kind: int, times: int) -> None:
    """Have a document open the next time, and then not for so many times."""
    real, opened = Path.open, count()

    def trouble(path: Path, *given: Any, **named: Any) -> Any:
        if path.name == "document" and 1 <= next(opened) <= times:
            raise OSError(kind, os.strerror(kind), str(path))
        return real(path, *given, **named)

    patch.setattr(Path, "open", trouble)


@pytest.mark.parametrize("kind", [errno.EMFILE, errno.EIO])
def test_a_document_that_cannot_be_opened_is_tried_again(
    tmp_path: Path, plain_workers: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: int
) -> None:
    plain_workers.setattr(runner, "_TRY_AGAIN_AFTER", 0.5)
    unopened(plain_workers, kind, times=2)
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        problem = until(lambda: service.client.get(f"/v1/documents/{job}").json()["problem"] or None)
        assert problem == "The service cannot open what it keeps now. Try again later."
        told = service.job(job)
        assert (told["pages"]["done"], told["problem"]) == (3, "")
    assert os.strerror(kind) in caplog.text


def test_a_document_that_is_gone_fails_and_says_so(tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
    unopened(plain_workers, errno.ENOENT, times=1)
    with served(tmp_path / "data") as service:
        told = service.job(service.hand_in(LETTER), "failed")
        assert "no longer on the service's disk" in told["problem"]


@pytest.mark.parametrize("kind", [errno.EMFILE, errno.ENOENT])
def test_a_page_of_a_document_that_cannot_be_opened_is_not_shown(
    tmp_path: Path, plain_workers: pytest.MonkeyPatch, kind: int
) -> None:
    with served(tmp_path / "data") as service:
        job = service.hand_in(LETTER)
        service.job(job)
        unopened(plain_workers, kind, times=1)
        shown, answer = (service.client.get(f"/v1/documents/{job}/pages/1/image") for _ in range(2))
        assert shown.status_code == 200
        told = answer.status_code, answer.json()["error"]["code"]
        assert told == ((503, "not_opened") if kind == errno.EMFILE else (422, "unreadable_document"))


class TestPages:
    """Pages that were read and cannot be read back keep neither the service nor other jobs."""

    def half_read(self, data: Path, patch: pytest.MonkeyPatch) -> tuple[str, str, Path]:
        """Two jobs whose first two pages were read, and the file of the first one's pages."""
        with_plain_workers(patch, "3:hang")
        with served(data, jobs=2) as service:
            first, second = (service.hand_in(LETTER) for _ in range(2))
            until(lambda: [sorted(lines_of(service, job)) for job in (first, second)] == [[1, 2]] * 2 or None)
        with_plain_workers(patch)
        return first, second, data / "jobs" / first / "pages.jsonl"

    def test_that_are_damaged_fail_their_job_which_says_so_in_their_places(
        self, tmp_path: Path, plain_workers: pytest.MonkeyPatch
    ) -> None:
        damaged, other, pages = self.half_read(tmp_path / "data", plain_workers)
        pages.write_text(pages.read_text().replace('{"number":2,', '{"number":2,,'))
        with served(tmp_path / "data") as service:
            told = service.ended(damaged)
            assert told["state"] == "failed"
            assert "damaged on the service's disk" in told["problem"]
            assert told["pages"]["done"] == 1
            result = service.client.get(f"/v1/documents/{damaged}/result", params={"format": "json"}).json()["pages"]
            assert [page["status"] for page in result] == ["read", "failed", "failed"]
            assert result[1]["problem"] == told["problem"]
            assert service.ended(other)["pages"]["done"] == 3

    @pytest.mark.usefixtures("soon")
    def test_that_cannot_be_read_now_are_waited_for(self, tmp_path: Path, plain_workers: pytest.MonkeyPatch) -> None:
        waiting, other, pages = self.half_read(tmp_path / "data", plain_workers)
        pages.rename(tmp_path / "pages")
        pages.symlink_to("/proc/self/mem")  # whose beginning cannot be read
        with served(tmp_path / "data") as service:
            assert service.ended(other)["pages"]["done"] == 3
            told = until(lambda: found if (found := service.job(waiting, "waiting"))["problem"] else None)
            assert told["problem"] == "The service cannot open what it keeps now. Try again later."
            (tmp_path / "pages").replace(pages)
            assert service.ended(waiting)["pages"] == {"asked": 3, "done": 3, "fallback": [], "failed": []}
            assert sorted(lines_of(service, waiting)) == [1, 2, 3]
