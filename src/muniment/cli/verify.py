"""``muniment verify``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from muniment.cli.deploy_options import name_option
from muniment.errors import DeployError, EvidenceError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from muniment.seal.claims import Finding
    from muniment.seal.evidence.keys import Trust


@click.command()
@name_option
@click.option("-v", "--verbose", is_flag=True, help="Show every check, and not only those that do not hold.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with every check.")
@click.option(
    "--report",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a signed report of the deployment there, as HTML, Markdown and JSON.",
)
@click.option("--watch", is_flag=True, help="Look every five minutes, and write a signed report each time.")
@click.option(
    "--check",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Check a report.json instead, of whichever machine, or a folder of reports: all of them, and that each "
    "follows the one before. --key says whose they have to be.",
)
@click.option("--key", metavar="KEY", help="The public key of a report's deployment: its fingerprint, or its file.")
@click.option(
    "--self-test", is_flag=True, help="Break a copy of the deployment in every known way, and tell what is found."
)
def verify(
    project: str,
    verbose: bool,
    as_json: bool,
    report: Path | None,
    watch: bool,
    check: Path | None,
    key: str | None,
    self_test: bool,
) -> ExitCode:
    """Probe what runs now, and tell of each claim about the seal whether it holds.

    It looks at the deployment if there is one, and at workers of muniment ocr, serve, ask and extract outside of it. It
    tries from inside their own namespaces what they should not be able to do, and from outside that the same would be
    possible there: without such a control, a claim is unproven. Nothing is left behind.

    Exit code 0 if every claim holds, 7 if one is broken, else 8 if one is unproven; 6 if nothing runs. With
    --self-test, 0 if every fault was found where it was and nowhere else, else 7. With --check, it is that of the
    report's verdict, however old it is, or of the newest's; 5 if a report or the chain is not as it was signed.
    """
    if sum((bool(report or watch), check is not None, self_test)) > 1 or (check is None) != (key is None):
        raise UsageError("--check needs --key, and goes with nothing else", "See muniment verify --help.")
    if check is not None and key is not None:
        return _check(check, key)
    if self_test:
        from muniment.cli.self_test import rehearsed

        return rehearsed(project, as_json=as_json)
    if watch:
        from muniment.cli.watching import watched

        return watched(project, report)
    if click.get_current_context().get_parameter_source("project") is ParameterSource.COMMANDLINE:
        from muniment.deploy.files import DeploymentFolder

        DeploymentFolder(project).check()  # or workers that run beside would be taken for what was asked about
    return _look(project, report, verbose=verbose, as_json=as_json)


def _look(project: str, report: Path | None, *, verbose: bool, as_json: bool) -> ExitCode:
    from muniment.cli.deploy_report import Steps
    from muniment.cli.standard_output import write_standard_output
    from muniment.cli.verify_report import as_json as told
    from muniment.cli.verify_report import exit_code, finding_lines, say_where

    with Steps(interrupted="") as steps:
        if report is None:
            findings = _found(project, steps.tell)
        else:
            from muniment.deploy.reporting import publish_report

            steps.tell("Probing from inside of the containers")
            signed = publish_report(project, report)
            findings = signed.report.evidence.findings
    write_standard_output(
        json.dumps(told(findings), indent=2, ensure_ascii=False) + "\n"
        if as_json
        else finding_lines(findings, verbose=verbose)
    )
    if report is not None:
        say_where(report, signed)
    return exit_code(findings)


def _check(path: Path, key: str) -> ExitCode:
    """Tell what a report says, or the newest of a folder, if it is to be believed."""
    from datetime import UTC, datetime

    from muniment.cli.verify_report import exit_code, write_lines
    from muniment.seal.evidence.archive import REPORT_NAME, check
    from muniment.seal.evidence.keys import trust
    from muniment.seal.evidence.summary import summary

    trusted = trust(key)
    chain: tuple[str, ...] = ()
    if path.is_dir():
        chain = _chain(path, trusted)
        path /= REPORT_NAME
    found = check(path, trusted)
    write_lines((*summary(found, datetime.now(UTC)), *chain))
    return exit_code(found.report.evidence.findings)


def _chain(folder: Path, trusted: "Trust") -> tuple[str, ...]:
    """What the reports in a folder are together. Raises EvidenceError, and tells it, if that is no chain."""
    from muniment.cli.deploy_report import Steps
    from muniment.cli.verify_report import write_lines
    from muniment.seal.evidence.chain import check_chain
    from muniment.seal.evidence.summary import chain_summary

    with Steps(interrupted="") as steps:
        steps.tell("Holding every report to the one before")
        chain = check_chain(folder, trusted)
    lines = chain_summary(chain, folder)
    if chain.faults:
        write_lines(lines)
        raise EvidenceError(
            f"The reports in {folder} are not a whole chain", "Hold them against a copy that is kept elsewhere."
        )
    return lines


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
    docker = find_engine()
    if not containers_of(docker, project):
        return ()
    tell("Probing from inside of the containers")
    return prove(folder, docker)
