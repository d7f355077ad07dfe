"""``muniment deployed``."""

import click

from muniment.cli.deploy_options import deployment, name_option
from muniment.errors import ExitCode


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@name_option
@click.argument("arguments", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
def deployed(project: str, arguments: tuple[str, ...]) -> ExitCode:
    """Run a muniment command inside the deployment, as its keys and data are in there.

    Example: muniment deployed key add reports --rate 60/min
    """
    code = deployment(project).execute(arguments)
    return ExitCode(code) if code in set(ExitCode) else ExitCode.NOT_RUNNING
