"""A full disk and a busy database pass, and no job is lost meanwhile."""

from pathlib import Path
from typing import Any

import pytest

from muniment.errors import OutputError
from muniment.server.jobs import JobStore
from muniment.server.jobs.pagefile import PageFile
from muniment.server.limits import Gate
from tests.server.jobs.handed_in import LETTER, texts
from tests.server.serving import served, until

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
        assert told["problem"] == "The service cannot write its results"
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
