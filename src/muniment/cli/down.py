"""``muniment down``."""

import click

from muniment.cli.deploy_options import deployment, name_option
from muniment.cli.messages import say


@click.command()
@name_option
@click.option("--erase", is_flag=True, help="Its documents, keys and audit as well. Models stay.")
def down(project: str, erase: bool) -> None:
    """End the deployment. Documents, keys and models stay, and documents under way go on with the next up."""
    running = deployment(project)
    running.down(erase=erase)
    say(f'"{project}" is down{", and what it kept is erased" if erase else ""}.')
