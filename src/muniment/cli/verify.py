"""``muniment verify``."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from muniment.cli.deploy_options import name_option
from muniment.errors import DeployError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from muniment.deploy.selftest.rehearsal import Rehearsed
    from muniment.seal.claims import Finding


@click.command()
@name_option
@click.option("-v", "--verbose", is_flag=True, help="Show every check, and not only those that do not hold.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every check.")
@click.option(
    "--self-test",
    is_flag=True,
    help="Break a copy of the deployment in every way that is known, and tell what is found.",
)
def verify(project: str, verbose: bool, as_json: bool, self_test: bool) -> ExitCode:
    """Probe what runs now, and tell of each claim about the seal whether it holds.

    It looks at the deployment if there is one, and at workers of muniment ocr, serve, ask and extract outside of it. It
    tries from inside their own namespaces what they should not be able to do, and from outside that the same would be
    possible there: without such a control, a claim is unproven. Nothing is left behind.

    Exit code 0 if every claim holds, 7 if one is broken, else 8 if one is unproven; 6 if nothing runs. With
    --self-test, 0 if every fault was found where it was and nowhere else, else 7.
    """
    if self_test:
        return _rehearsed(project, as_json=as_json)
    from muniment.cli.deploy_report import Steps
    from muniment.cli.standard_output import write_standard_output
    from muniment.cli.verify_report import as_json as told
    from muniment.cli.verify_report import exit_code, finding_lines

    with Steps(interrupted="") as steps:
        findings = _found(project, steps.tell)
    write_standard_output(
        json.dumps(told(findings), indent=2, ensure_ascii=False) + "\n"
        if as_json
        else finding_lines(findings, verbose=verbose)
    )
    return exit_code(findings)


def _found(project: str, tell: "Callable[[str], None]") -> "tuple[Finding, ...]":
    from muniment.seal import proving_processes
    from muniment.seal.claims import merged

    tell("Looking for what runs")
    processes = proving_processes.find()
    deployed = _deployed(project, tell)
    if processes:
        tell("Probing from inside of what reads documents on this machine")
    beside = proving_processes.prove(processes) if processes else ()
    if not deployed and not beside:
        raise DeployError(
            "Nothing runs that could be looked at", "Start muniment up, muniment serve, or muniment ocr on documents."
        )
    return merged(deployed, beside)


def _deployed(project: str, tell: "Callable[[str], None]") -> "tuple[Finding, ...]":
    """What is found of the deployment; nothing if there is none of this name, or it has no containers."""
    from muniment.deploy.files import DeploymentFolder
    from muniment.deploy.proving import prove
    from muniment.seal.containers import containers_of
    from muniment.seal.docker import find_engine

    folder = DeploymentFolder(project)
    if not folder.compose.is_file():
        return ()
    plan, docker = folder.load(), find_engine()
    if not containers_of(docker, project):
        return ()
    tell("Probing from inside of the containers")
    return prove(plan, docker)


def _rehearsed(project: str, *, as_json: bool) -> ExitCode:
    """Test the alarm, and tell of each fault as it is found."""
    from muniment.cli.deploy_report import Steps
    from muniment.cli.standard_output import write_standard_output
    from muniment.cli.verify_report import rehearsal_line, rehearsal_summary
    from muniment.deploy.files import DeploymentFolder
    from muniment.deploy.selftest.rehearsal import rehearse
    from muniment.seal.docker import find_docker

    plan, docker = DeploymentFolder(project).load(), find_docker()
    done: list[Rehearsed] = []
    with Steps(interrupted="Taking the copy away was seen to.") as steps:
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
