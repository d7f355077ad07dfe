"""``muniment up``."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from muniment.cli.deploy_options import deployment, engine_version, order_options
from muniment.errors import DeployError, ExitCode, UsageError

if TYPE_CHECKING:
    from muniment.deploy.deployment import Deployment
    from muniment.deploy.planning import Order
    from muniment.deploy.settings import Plan
    from muniment.models import Store


@click.command()
@order_options
@click.option(
    "--tls-certificate",
    "certificate",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The gateway's certificate, in PEM; without it one is made.",
)
@click.option(
    "--tls-key", "tls_key", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Its key, in PEM."
)
@click.option("--dry-run", is_flag=True, help="Write the compose file to standard output, and do nothing.")
def up(order: "Order", store: "Store", certificate: Path | None, tls_key: Path | None, dry_run: bool) -> ExitCode:
    """Bring up the sealed deployment: gateway, server and engines in containers.

    Only the gateway can be reached. Server and engines have no network. It waits until a page was read through all of
    it. Run again with other options, it changes what runs.

    Example: muniment up --engine vllm-cpu --model tiny
    """
    from muniment._version import __version__
    from muniment.cli.deploy_report import Steps, tell_status
    from muniment.deploy.compose import compose_file
    from muniment.deploy.deployment import certify
    from muniment.deploy.files import DeploymentFolder
    from muniment.deploy.gpus import find_gpus
    from muniment.deploy.planning import make_plan
    from muniment.deploy.status import status_of

    given = _given(order, certificate, tls_key)
    folder = DeploymentFolder(order.project)

    def planned() -> "Plan":
        return make_plan(order, store, find_gpus(), version=__version__, tls=folder.tls, docker=engine_version())

    if dry_run:
        from muniment.cli.standard_output import write_standard_output

        write_standard_output(compose_file(planned()))
        return ExitCode.OK
    running = deployment(order.project)
    with Steps() as steps:
        _stock(order, store, steps.tell)
        plan = planned()
        running.prepare(plan, steps.tell)
        _check_exposure(order, running, plan)
        if plan.tls:
            certify(folder, plan.address, given)
        running.up(plan, steps.tell)
    tell_status(status_of(running))
    return ExitCode.OK


def _given(order: "Order", certificate: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("A certificate and its key belong together", "Give both --tls-certificate and --tls-key.")
    if not order.with_tls:
        raise UsageError("A certificate is given, and TLS is off", "Add --tls.")
    return certificate, key


def _stock(order: "Order", store: "Store", tell: Callable[[str], None]) -> None:
    """Take the demonstration's model, which lies in the repository, into the store."""
    from muniment.deploy.building import source_root
    from muniment.deploy.planning import TINY_FOLDER, TINY_NAME, wants_tiny

    if not wants_tiny(order) or TINY_NAME in store.names():
        return
    root = source_root()
    if root is None:
        raise DeployError("The model tiny lies in Muniment's repository", "Run this from a checkout.")
    tell("Taking the model tiny into the store")
    store.import_(root / TINY_FOLDER, TINY_NAME)


def _check_exposure(order: "Order", running: "Deployment", plan: "Plan") -> None:
    if order.is_exposed and not running.has_keys(plan):
        raise UsageError(
            f"At {order.address} everybody who reaches this machine could read with it",
            "Bring it up for this machine alone first (without --address), make a key with muniment deployed key add "
            "NAME, and then run this again.",
        )
