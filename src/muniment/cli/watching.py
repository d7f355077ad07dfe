"""``muniment verify --watch``."""

import time
from pathlib import Path
from typing import NoReturn

from muniment.cli.messages import complain, say
from muniment.cli.verify_report import verdict_line
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.reporting import publish_report
from muniment.errors import DeployError

_EVERY = 300.0
"""Seconds between two looks: a report is fresh for three times as long."""


def watched(project: str, report: Path | None) -> NoReturn:
    """Look again and again, write a report each time, and tell of every change. Ends by Ctrl-C.

    Raises:
        DeployError: there is no such deployment.
        EvidenceError, OutputError: reports cannot be written.
    """
    folder = report or DeploymentFolder(project).evidence
    DeploymentFolder(project).load()
    say(f"Looking every {_EVERY / 60:.0f} minutes; reports are in {folder}. Ctrl-C ends it.")
    before = ""
    while True:
        began = time.monotonic()
        try:
            now = verdict_line(publish_report(project, folder))
        except DeployError as error:  # Docker is being restarted, or the deployment: its reports grow old meanwhile
            now = str(error)
            complain(now) if now != before else None
        else:
            say(now) if now != before else None
        before = now
        time.sleep(max(0.0, _EVERY - (time.monotonic() - began)))
