"""What was removed from a chain, changed in it or put into it is told."""

from datetime import timedelta
from pathlib import Path

import pytest

from muniment.errors import EvidenceError
from muniment.seal.evidence.archive import HISTORY, REPORT_NAME
from muniment.seal.evidence.chain import ChainFaultKind, check_chain
from muniment.seal.evidence.keys import PUBLIC_NAME
from tests.seal.evidence.making import KEY, NOON, published, trusting

MINUTE = timedelta(minutes=1)


def files(folder: Path) -> list[Path]:
    return sorted((folder / HISTORY).iterdir())


def faults(folder: Path) -> list[tuple[ChainFaultKind, str]]:
    return [(fault.kind, str(fault)) for fault in check_chain(folder, trusting(KEY)).faults]


def copied(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())


def test_reports_that_follow_each_other_are_a_chain(tmp_path: Path) -> None:
    reports = published(tmp_path, 4)
    chain = check_chain(tmp_path, trusting(KEY))
    assert (chain.first, chain.last, chain.count, chain.faults) == (reports[0].link, reports[-1].link, 4, ())


def test_a_chain_may_begin_later(tmp_path: Path) -> None:
    reports = published(tmp_path, 4)
    files(tmp_path)[0].unlink()
    chain = check_chain(tmp_path, trusting(KEY))
    assert (chain.first, chain.faults) == (reports[1].link, ())


def test_reports_that_are_missing_in_between_are_told(tmp_path: Path) -> None:
    published(tmp_path, 6)
    for at in (1, 3, 4):
        files(tmp_path)[at - (6 - len(files(tmp_path)))].unlink()
    assert faults(tmp_path) == [
        (ChainFaultKind.MISSING, "Report 2 is missing"),
        (ChainFaultKind.MISSING, "Reports 4 to 5 are missing"),
    ]


def test_the_newest_may_not_be_missing_from_the_history(tmp_path: Path) -> None:
    published(tmp_path, 3)
    files(tmp_path)[-1].unlink()
    assert faults(tmp_path) == [
        (ChainFaultKind.MISSING, f"{tmp_path / REPORT_NAME} is report 3, which the history lacks")
    ]


def test_a_report_that_was_changed_is_told_by_its_file(tmp_path: Path) -> None:
    published(tmp_path, 3)
    middle = files(tmp_path)[1]
    middle.write_bytes(middle.read_bytes().replace(b"A", b"B", 1))
    (changed, missing) = faults(tmp_path)
    assert changed[0] is ChainFaultKind.CHANGED
    assert changed[1].startswith(f"{middle} is not to be believed: ")
    assert missing == (ChainFaultKind.MISSING, "Report 2 is missing")


def test_a_report_that_only_looks_different_is_another(tmp_path: Path) -> None:
    published(tmp_path, 3)
    middle = files(tmp_path)[1]
    middle.write_bytes(middle.read_bytes() + b" ")
    assert faults(tmp_path) == [(ChainFaultKind.CHANGED, "Report 3 follows another report 2 than the one that is here")]


def test_two_histories_of_one_key_are_a_fork(tmp_path: Path) -> None:
    published(tmp_path / "one", 3)
    published(tmp_path / "other", 2)
    published(tmp_path / "other", 1, first=NOON + timedelta(hours=1))
    copied(files(tmp_path / "other")[-1], tmp_path / "one" / HISTORY / files(tmp_path / "other")[-1].name)
    found = faults(tmp_path / "one")
    assert (ChainFaultKind.FORK, "2 reports have the number 3") in found
    assert found[-1][0] is ChainFaultKind.FORK  # report.json is of the other branch than the newest


def test_a_report_of_another_chain_does_not_fit_in(tmp_path: Path) -> None:
    published(tmp_path / "one", 3)
    published(tmp_path / "other", 3, first=NOON + timedelta(seconds=1), step=MINUTE)
    files(tmp_path / "one")[1].unlink()
    stranger = files(tmp_path / "other")[1]
    copied(stranger, tmp_path / "one" / HISTORY / stranger.name)
    assert faults(tmp_path / "one") == [
        (ChainFaultKind.CHANGED, "Report 2 follows another report 1 than the one that is here"),
        (ChainFaultKind.CHANGED, "Report 3 follows another report 2 than the one that is here"),
    ]


def test_a_report_under_another_ones_name_is_told(tmp_path: Path) -> None:
    published(tmp_path, 2)
    stranger = tmp_path / HISTORY / "000000003-20260304T120205Z.json"
    copied(files(tmp_path)[0], stranger)
    assert faults(tmp_path) == [(ChainFaultKind.CHANGED, f"{stranger} holds another report: number 1")]


def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    published(tmp_path, 3, step=-MINUTE)
    assert faults(tmp_path) == [
        (ChainFaultKind.CLOCK, "Report 2 was signed before report 1: the clock was set back"),
        (ChainFaultKind.CLOCK, "Report 3 was signed before report 2: the clock was set back"),
    ]


def test_report_json_must_be_the_newest(tmp_path: Path) -> None:
    published(tmp_path, 2)
    copied(files(tmp_path)[0], tmp_path / REPORT_NAME)
    assert faults(tmp_path) == [(ChainFaultKind.MISSING, f"{tmp_path / REPORT_NAME} is report 1, and the newest is 2")]
    (tmp_path / REPORT_NAME).unlink()
    ((kind, _),) = faults(tmp_path)
    assert kind is ChainFaultKind.MISSING
    (tmp_path / REPORT_NAME).write_bytes(b"{}")
    ((kind, _),) = faults(tmp_path)
    assert kind is ChainFaultKind.CHANGED


def test_what_is_no_report_in_the_history_is_left_alone(tmp_path: Path) -> None:
    published(tmp_path)
    (tmp_path / HISTORY / "notes.txt").write_text("ours")
    assert faults(tmp_path) == []


def test_a_folder_without_a_history_is_an_error(tmp_path: Path) -> None:
    published(tmp_path)
    assert (tmp_path / PUBLIC_NAME).exists()
    with pytest.raises(EvidenceError, match=r"cannot be listed: .* Give the folder that --report wrote to"):
        check_chain(tmp_path / "elsewhere", trusting(KEY))
