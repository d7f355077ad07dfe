"""``muniment restart``."""

import click

from muniment.cli.deploy_options import deployment, name_option


@click.command()
@name_option
@click.argument("services", metavar="[SERVICE]...", nargs=-1)
def restart(project: str, services: tuple[str, ...]) -> None:
    """Restart the deployment, or some of its services, and wait until it reads.

    A SERVICE is gateway, server, engine-1 and so on. Documents under way go on where they were.
    """
    from muniment.cli.deploy_report import Steps, tell_status
    from muniment.deploy.status import status_of

    running = deployment(project)
    with Steps() as steps:
        running.restart(services, steps.tell)
    tell_status(status_of(running))
