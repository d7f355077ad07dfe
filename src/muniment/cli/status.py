"""``muniment status``."""

import json

import click

from muniment.cli.deploy_options import deployment, name_option
from muniment.errors import ExitCode


@click.command()
@name_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(project: str, as_json: bool) -> ExitCode:
    """Show how the deployment stands: services, networks, published ports, model, canary, GPU memory, seal.

    Exit code 6 if some of it does not run, or does not read.
    """
    from muniment.cli.deploy_report import status_lines
    from muniment.cli.standard_output import write_standard_output
    from muniment.deploy.status import status_of

    found = status_of(deployment(project))
    write_standard_output(
        json.dumps(found.as_json(), indent=2, ensure_ascii=False) + "\n" if as_json else status_lines(found)
    )
    return ExitCode.OK if found.is_well else ExitCode.NOT_RUNNING
