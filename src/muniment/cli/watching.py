"""``muniment verify --watch``."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from muniment.cli.messages import complain, say
from muniment.cli.verify_report import verdict_line
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.reporting import publish_report
from muniment.errors import DeployError, EvidenceError, OutputError
from muniment.seal.evidence.keys import signing_key

_EVERY = 300.0
"""Seconds between two looks: a report is fresh for three times as long."""


def watched(project: str, report: Path | None) -> NoReturn:
    """Look again and again, write a report each time, and tell of every change. Ends by Ctrl-C.

    A report that cannot be made leaves the older ones to grow old, and the next may be made again.

    Raises:
        DeployError: there is no such deployment.
        EvidenceError: the key for reports cannot be used, without which none will ever come.
    """
    state = DeploymentFolder(project)
    folder = report or state.evidence
    state.load()
    say(f"Looking every {_EVERY / 60:.0f} minutes; reports are in {folder}. Ctrl-C ends it.")
    before = ""
    while True:
        began = time.monotonic()
        tell, now = _look(state, folder)
        if now != before:
            tell(now)
        before = now
        time.sleep(max(0.0, _EVERY - (time.monotonic() - began)))


def _look(state: DeploymentFolder, folder: Path) -> tuple[Callable[[str], None], str]:
    """What came of one look, and how to tell it."""
    try:
        return say, verdict_line(publish_report(state.project, folder))
    except (DeployError, OutputError) as error:  # Docker or the deployment is being restarted, or the disk is full
        return complain, str(error)
    except EvidenceError as error:  # somebody else writes there, or put another's report there
        with suppress(OutputError):
            signing_key(state.path)
        return complain, str(error)
