"""``muniment logs``."""

import click

from muniment.cli.deploy_options import deployment, name_option
from muniment.errors import ExitCode


@click.command()
@name_option
@click.option("--follow", is_flag=True, help="Go on as more comes; Ctrl-C ends it.")
@click.option("--lines", default=100, show_default=True, type=click.IntRange(min=1), help="Of each service, at most.")
@click.argument("services", metavar="[SERVICE]...", nargs=-1)
def logs(project: str, follow: bool, lines: int, services: tuple[str, ...]) -> ExitCode:
    """Show what the deployment's services log. Documents' content is in none of it."""
    code = deployment(project).logs(services, follow=follow, lines=lines)
    return ExitCode.OK if code == 0 else ExitCode.NOT_RUNNING
