"""A folder of reports: the newest as HTML, Markdown and JSON, and the history of all.

::

    report.json  report.html  report.md  evidence-public-key.pem
    history/000000001-20261201T174904Z.json  history/000000002-…

Nothing here ever removes a report. The oldest may be moved elsewhere: the chain then begins later, and says so.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from muniment.errors import EvidenceError, unwritable
from muniment.seal.evidence.envelope import MOST_BYTES
from muniment.seal.evidence.files import PART, put_all
from muniment.seal.evidence.keys import PUBLIC_NAME, SigningKey, Trust
from muniment.seal.evidence.markdown import as_markdown
from muniment.seal.evidence.page import as_html
from muniment.seal.evidence.record import Evidence
from muniment.seal.evidence.report import Link, Report, SignedReport, opened, signed

REPORT_NAME = "report.json"
HISTORY = "history"
OPTION = "--report"
_DIGITS = 9
"""Enough for one a second over thirty years."""
_HISTORY_NAME = re.compile(rf"\d{{{_DIGITS}}}-\d{{8}}T\d{{6}}Z\.json", re.ASCII)
_LOCK_WITHIN, _LOOK_EVERY = 30.0, 0.05
_KEEP = f"Keep this folder as it is, and choose another with {OPTION}: a new chain begins there."


def publish(
    evidence: Evidence, folder: Path, key: SigningKey, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> SignedReport:
    """Sign a report of ``evidence``, chained to the newest in ``folder``, and write it there in its three forms.

    A folder is one chain, signed with one key. What cannot be written leaves the older reports whole.

    Args:
        folder: made if it is missing.
        clock: the time in UTC.

    Raises:
        EvidenceError: the newest report in the folder is not to be believed, or another process goes on writing to it.
        OutputError: it cannot be written.
    """
    try:
        (folder / HISTORY).mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _tidy(folder)
            previous = _newest(folder, Trust(key.public.fingerprint, key.public))
            report, content = signed(Report.after(previous, evidence, clock()), key)
            put_all(
                {
                    folder / HISTORY / _history_name(report.link): content,
                    folder / REPORT_NAME: content,
                    folder / "report.html": as_html(report).encode(),
                    folder / "report.md": as_markdown(report).encode(),
                    folder / PUBLIC_NAME: key.public.to_pem(),
                }
            )
    except OSError as error:
        raise unwritable(folder, error, OPTION) from None
    return report


def check(path: Path, trusted: Trust) -> SignedReport:
    """The report in a file, if all of it is as the deployment signed it. Needs nothing but the file and the key.

    Raises:
        EvidenceError: it is not; the message says what is wrong.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise EvidenceError(
            f"The report {path} cannot be read: {error.strerror}", f"Give the {REPORT_NAME} of a report."
        ) from None
    return opened(content, trusted, str(path))


def history(folder: Path) -> tuple[Path, ...]:
    """The files of the history, the oldest first. Raises EvidenceError if it cannot be listed."""
    try:
        return tuple(sorted(path for path in (folder / HISTORY).iterdir() if _HISTORY_NAME.fullmatch(path.name)))
    except OSError as error:
        raise EvidenceError(
            f"{folder / HISTORY} cannot be listed: {error.strerror}", f"Give the folder that {OPTION} wrote to."
        ) from None


def kept(path: Path, trusted: Trust) -> SignedReport:
    """The report in a file of the history. Raises EvidenceError as ``check`` does, and if it has another's name."""
    report = check(path, trusted)
    if path.name != _history_name(report.link):
        raise EvidenceError(f"{path} holds another report: number {report.link.number}", "Put the right one there.")
    return report


def _history_name(link: Link) -> str:
    """What a report's file in the history is called."""
    return f"{link.number:0{_DIGITS}d}-{link.signed:%Y%m%dT%H%M%SZ}.json"


def _newest(folder: Path, trusted: Trust) -> Link | None:
    """The report that the next one follows: the last of the history, unless only ``report.json`` is left of it."""
    try:
        links = [kept(path, trusted).link for path in history(folder)[-1:]]
        if os.path.lexists(folder / REPORT_NAME):
            links.append(check(folder / REPORT_NAME, trusted).link)
    except EvidenceError as error:
        raise EvidenceError(error.what, _KEEP) from None
    return max(links, key=lambda link: link.number, default=None)  # the history's, where they have the same


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Alone with the folder, among all processes: two reports never follow the same one."""
    try:
        import fcntl
    except ModuleNotFoundError:
        raise EvidenceError("Windows by itself has no such locks as reports need", "Use WSL.") from None
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        end = time.monotonic() + _LOCK_WITHIN
        while True:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise EvidenceError(
                        f"Another process has been writing to {folder} for {_LOCK_WITHIN:.0f} seconds",
                        "See what it waits for, end it, and try again.",
                    ) from None
                time.sleep(_LOOK_EVERY)
            else:
                break
        yield
    finally:
        os.close(number)


def _tidy(folder: Path) -> None:
    """Remove what a process left that was killed while it wrote."""
    for place in (folder, folder / HISTORY):
        for left in place.glob(f".*{PART}"):
            left.unlink(missing_ok=True)
