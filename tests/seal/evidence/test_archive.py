"""A folder of reports is one chain; what goes wrong leaves the older ones whole."""

import fcntl
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from muniment.errors import EvidenceError, OutputError
from muniment.seal.evidence import archive
from muniment.seal.evidence.archive import HISTORY, REPORT_NAME, check, publish
from muniment.seal.evidence.chain import check_chain
from muniment.seal.evidence.keys import PUBLIC_NAME, public_key, trust
from tests.seal.evidence.making import KEY, NOON, OTHER_KEY, evidence, published, trusting


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_report_is_written_in_three_forms_and_kept_in_the_history(tmp_path: Path) -> None:
    first, second = published(tmp_path / "reports", 2)
    assert sorted(content_of(tmp_path / "reports")) == [
        PUBLIC_NAME,
        "history/000000001-20260304T120005Z.json",
        "history/000000002-20260304T120105Z.json",
        "report.html",
        "report.json",
        "report.md",
    ]
    assert check(tmp_path / "reports" / REPORT_NAME, trusting(KEY)) == second
    assert check(tmp_path / "reports" / HISTORY / "000000001-20260304T120005Z.json", trusting(KEY)) == first
    assert public_key(tmp_path / "reports" / PUBLIC_NAME).id == KEY.public.id


def test_each_report_names_the_one_before(tmp_path: Path) -> None:
    reports = published(tmp_path, 3)
    assert [one.report.previous for one in reports] == [None, reports[0].link, reports[1].link]


def test_a_report_is_checked_with_its_fingerprint_alone(tmp_path: Path) -> None:
    (report,) = published(tmp_path)
    (tmp_path / "elsewhere.json").write_bytes((tmp_path / REPORT_NAME).read_bytes())
    assert check(tmp_path / "elsewhere.json", trust(report.fingerprint)) == report


@pytest.mark.parametrize("what", ["missing", "a folder"])
def test_a_report_that_cannot_be_read_is_told(tmp_path: Path, what: str) -> None:
    path = tmp_path if what == "a folder" else tmp_path / "none.json"
    with pytest.raises(EvidenceError, match=f"The report {path} cannot be read: "):
        check(path, trusting(KEY))


def test_nothing_that_never_ends_is_read_whole() -> None:
    with pytest.raises(EvidenceError, match="it is longer than 16,777,216 bytes"):
        check(Path("/dev/zero"), trusting(KEY))


def test_those_who_verify_at_once_make_one_chain(tmp_path: Path) -> None:
    start = threading.Barrier(3)  # locks are those of open files, so that threads exclude each other as processes do

    def publish_some() -> None:
        start.wait()
        for _ in range(5):
            publish(evidence(), tmp_path, KEY)

    threads = [threading.Thread(target=publish_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chain = check_chain(tmp_path, trusting(KEY))
    assert (chain.faults, chain.count) == ((), 15)
    assert chain.last
    assert chain.last.number == 15


def test_a_folder_that_another_process_does_not_let_go_of_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_LOCK_WITHIN", 0.0)
    number = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        with pytest.raises(EvidenceError, match="Another process has been writing to"):
            published(tmp_path)
    finally:
        os.close(number)


FILES = 5
"""That a report is written to."""


@pytest.mark.parametrize("at", range(FILES))
def test_a_full_disk_leaves_the_older_reports_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    published(tmp_path, 2)
    before = content_of(tmp_path)
    sync, count = os.fsync, iter(range(100))

    def full(number: int) -> None:
        if next(count) == at:
            raise OSError(28, "No space left on device")
        sync(number)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="no space is left"):
            published(tmp_path, 1, first=NOON + timedelta(hours=1))
    assert content_of(tmp_path) == before
    published(tmp_path, 1, first=NOON + timedelta(hours=1))
    assert check_chain(tmp_path, trusting(KEY)).faults == ()


@pytest.mark.parametrize("at", range(FILES))
def test_one_that_is_killed_while_it_writes_leaves_a_chain_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    published(tmp_path, 2)
    replace, count = Path.replace, iter(range(100))

    def killed(path: Path, target: Path) -> Path:
        if next(count) == at:
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            published(tmp_path, 1, first=NOON + timedelta(hours=1))
    published(tmp_path, 1, first=NOON + timedelta(hours=2))
    assert check_chain(tmp_path, trusting(KEY)).faults == ()
    assert [name for name in content_of(tmp_path) if ".part" in name] == []


def test_a_chain_that_was_signed_with_another_key_is_not_gone_on_with(tmp_path: Path) -> None:
    published(tmp_path)
    before = content_of(tmp_path)
    with pytest.raises(EvidenceError, match=r"another key signed it .*choose another with --report: a new chain"):
        published(tmp_path, key=OTHER_KEY)
    assert content_of(tmp_path) == before


def test_a_chain_whose_newest_report_was_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    published(tmp_path, 2)
    newest = sorted((tmp_path / HISTORY).iterdir())[-1]
    newest.write_bytes(newest.read_bytes().replace(b"A", b"B", 1))
    with pytest.raises(EvidenceError, match=f"{newest} is not to be believed"):
        published(tmp_path)


def test_a_report_under_a_later_ones_name_is_not_followed(tmp_path: Path) -> None:
    published(tmp_path, 2)
    oldest = min((tmp_path / HISTORY).iterdir())
    oldest.rename(oldest.with_name("000000009-20260304T120005Z.json"))
    with pytest.raises(EvidenceError, match=r"000000009-20260304T120005Z\.json holds another report: number 1"):
        published(tmp_path)


def test_the_history_may_be_moved_elsewhere(tmp_path: Path) -> None:
    published(tmp_path / "reports", 3)
    (tmp_path / "reports" / HISTORY).rename(tmp_path / "kept")
    (report,) = published(tmp_path / "reports", 1, first=NOON + timedelta(hours=1))
    assert report.report.number == 4


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"choose another folder with --report"):
        published(tmp_path / "file" / "reports")
