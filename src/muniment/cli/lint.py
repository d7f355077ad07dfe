"""``muniment lint``."""

import json
from pathlib import Path

import click

from muniment._version import __version__
from muniment.errors import ExitCode


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="For people, for programs, or for code hosts and editors.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="End with 1 for this and what is worse.",
)
def lint(files: tuple[Path, ...], form: str, fail_on: str) -> ExitCode:
    """Look at compose files for what can reach out, and for what seals nothing.

    FILE is a compose file, anybody's. Several are put together as docker compose does with several -f: look at files
    that do not belong together one by one. Nothing is run, and no Docker is needed.

    A finding is allowed by a comment on its line, "# muniment: allow RULE reason". The rules are in docs/lint.md.

    Exit code 0 if nothing is an error, 1 if something is, 2 if a file cannot be read or is no compose file.
    """
    from muniment.cli.lint_report import report_lines
    from muniment.cli.standard_output import write_standard_output
    from muniment.seal import lint as linter

    report = linter.lint(files)
    if form == "text":
        write_standard_output(report_lines(report))
    else:
        made = report.as_json() if form == "json" else linter.as_sarif(report, __version__)
        write_standard_output(json.dumps(made, indent=2, ensure_ascii=False) + "\n")
    failing = report.open(linter.Severity.ERROR)
    if fail_on == "warning":
        failing += report.open(linter.Severity.WARNING)
    return ExitCode.INCOMPLETE if failing else ExitCode.OK
