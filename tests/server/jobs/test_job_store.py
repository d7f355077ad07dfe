"""Jobs on disk: each is its owner's, survives a restart, and leaves nothing behind when it is removed."""

from dataclasses import replace
from pathlib import Path

import pytest

from muniment.errors import OutputError
from muniment.reading import DocumentInfo, PageReading, PageStatus
from muniment.server.contents import NotErased
from muniment.server.errors import ApiError
from muniment.server.jobs import Job, JobState, JobStore
from muniment.server.jobs.progress import Progress
from muniment.server.store import Database
from tests.server.erasing import cannot_be_erased


@pytest.fixture
def store(database: Database, tmp_path: Path) -> JobStore:
    return JobStore(database, tmp_path / "jobs")


def make(store: JobStore, owner: str = "key_a", created: float = 1.0, idempotency: str = "") -> Job:
    with store.coming() as job_id:
        store.document_of(job_id).write_bytes(b"%PDF")
        job = Job(
            id=job_id,
            owner=owner,
            model="embedded",
            info=DocumentInfo("a.pdf", "pdf", 3, "0" * 64),
            size=4,
            numbers=(1, 3),
            state=JobState.WAITING,
            created=created,
        )
        store.add(job, idempotency)
    return job


def test_a_job_is_found_as_it_was_added_also_after_a_restart(store: JobStore, tmp_path: Path) -> None:
    job = make(store)
    assert store.find(job.id, "key_a") == job
    again = Database(tmp_path)
    assert JobStore(again, tmp_path / "jobs").find(job.id, "key_a") == job
    again.close()


def test_anothers_job_and_one_that_never_was_are_not_told_apart(store: JobStore) -> None:
    job = make(store)
    said = set()
    for job_id, owner in ((job.id, "key_b"), (job.id, ""), ("doc_0", "key_a")):
        with pytest.raises(ApiError) as caught:
            store.find(job_id, owner)
        said.add((caught.value.status, caught.value.message))
    assert said == {(404, "There is no such document")}


def test_an_owners_jobs_are_listed_newest_first_page_by_page(store: JobStore) -> None:
    mine = [make(store, created=float(moment)) for moment in range(4)]
    make(store, owner="key_b")
    first = store.of_owner("key_a", 3)
    assert [job.created for job in first] == [3, 2, 1]
    assert store.of_owner("key_a", 3, after=first[-1]) == mine[:1]


def test_jobs_of_one_moment_are_listed_page_by_page_too(store: JobStore) -> None:
    mine = {make(store, created=5.0).id for _ in range(5)}
    listed: list[Job] = []
    while found := store.of_owner("key_a", 2, listed[-1] if listed else None):
        listed += found
    assert [len(listed), {job.id for job in listed}] == [5, mine]


def test_states_are_kept_and_only_what_is_finished_has_an_end(store: JobStore) -> None:
    job = make(store)
    reading = store.set_state(job, JobState.READING)
    assert (reading.finished, [found.id for found in store.unfinished()]) == (None, [job.id])
    waiting = store.set_state(reading, JobState.WAITING, "the engine is gone")
    assert store.find(job.id, job.owner) == waiting == replace(job, problem="the engine is gone")
    progress = Progress(done=2, fallback=[3], failed={1: "it is torn"})
    done = store.finish(waiting, JobState.DONE, progress)
    assert done.finished is not None
    found = store.find(job.id, job.owner)
    assert found == done
    assert found.progress is not None
    assert (done.problem, store.unfinished()) == ("", [])
    assert store.to_erase(done.finished + 1) == [done]
    assert store.to_erase(done.finished) == []


def test_what_was_unfinished_goes_on_oldest_first(store: JobStore) -> None:
    moments = [3.0, 1.0, 2.0]
    for moment in moments:
        make(store, created=moment)
    assert [job.created for job in store.unfinished()] == sorted(moments)


def test_an_idempotency_key_is_its_owners(store: JobStore) -> None:
    job = make(store, idempotency="once")
    assert store.earlier("key_a", "once") == job
    assert store.earlier("key_b", "once") is None
    make(store, owner="key_b", idempotency="once")
    make(store)
    make(store)  # without one, any number


def test_removing_a_job_erases_its_row_and_its_folder(store: JobStore) -> None:
    job, other = make(store, idempotency="once"), make(store)
    store.pages_of(job).add(PageReading(number=1, status=PageStatus.READ))
    store.remove(job.id)
    assert not store.folder_of(job.id).exists()
    assert store.earlier("key_a", "once") is None
    assert store.of_owner("key_a", 9) == [other]
    assert store.document_of(other.id).exists()


def test_a_job_that_cannot_be_erased_is_found_only_to_erase_it(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, other = make(store, idempotency="once"), make(store)
    with monkeypatch.context() as stuck:
        cannot_be_erased(stuck, "document")
        with pytest.raises(NotErased):
            store.remove(job.id)
    with pytest.raises(ApiError):
        store.find(job.id, job.owner)
    assert store.earlier(job.owner, "once") is None
    assert (store.of_owner(job.owner, 9), store.unfinished(), store.count(JobState.WAITING)) == ([other], [other], 1)
    left = store.find(job.id, job.owner, removed=True)
    assert (left.is_removed, left.info.name, store.to_erase(0.0)) == (True, "", [left])
    again = make(store, idempotency="once")
    store.remove(job.id)
    assert (store.to_erase(0.0), store.earlier(job.owner, "once")) == ([], again)
    assert not store.folder_of(job.id).exists()


def test_content_is_its_owners_alone(store: JobStore) -> None:
    job = make(store)
    for folder in (store.folder_of(job.id), store.folder_of(job.id).parent):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_told(database: Database, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        JobStore(database, tmp_path / "nowhere" / "jobs")
