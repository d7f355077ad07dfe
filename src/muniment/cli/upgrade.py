"""``muniment upgrade``."""

import click

from muniment.cli.deploy_options import deployment, engine_version, name_option


@click.command()
@name_option
def upgrade(project: str) -> None:
    """Run the deployment with this version of Muniment, as it was last brought up.

    Documents, keys and models stay; documents under way go on.
    """
    from dataclasses import replace

    from muniment._version import __version__
    from muniment.cli.deploy_report import Steps, tell_status
    from muniment.deploy.advisories import isolates
    from muniment.deploy.deployment import certify
    from muniment.deploy.status import status_of

    running = deployment(project)
    plan = replace(running.plan, version=__version__, isolated_gateway=isolates(engine_version()))
    with Steps() as steps:
        running.prepare(plan, steps.tell)
        if plan.tls:
            certify(running.folder, plan.address, None)
        running.up(plan, steps.tell)
    tell_status(status_of(running))
