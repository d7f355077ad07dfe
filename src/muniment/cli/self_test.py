"""``muniment verify --self-test``."""

import json
from dataclasses import asdict

from muniment.cli.deploy_report import Steps
from muniment.cli.standard_output import write_standard_output
from muniment.cli.verify_report import rehearsal_line, rehearsal_summary
from muniment.deploy.files import DeploymentFolder
from muniment.deploy.selftest.rehearsal import Rehearsed, rehearse
from muniment.errors import ExitCode
from muniment.seal.docker import find_docker


def rehearsed(project: str, *, as_json: bool) -> ExitCode:
    """Test the alarm, and tell of each fault as it is found. Raises DeployError."""
    plan, docker = DeploymentFolder(project).load(), find_docker()
    done: list[Rehearsed] = []
    with Steps(interrupted="The copy was taken away.") as steps:
        for one in rehearse(plan, docker, steps.tell):
            done.append(one)
            if not as_json:
                write_standard_output(rehearsal_line(one))
    write_standard_output(
        json.dumps([asdict(one) for one in done], indent=2, ensure_ascii=False) + "\n"
        if as_json
        else rehearsal_summary(done)
    )
    return ExitCode.OK if all(one.is_right for one in done) else ExitCode.BROKEN
