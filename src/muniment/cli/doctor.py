"""``muniment doctor``."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from muniment.cli.deploy_options import order_options
from muniment.errors import DeployError, ExitCode

if TYPE_CHECKING:
    from muniment.deploy.planning import Order
    from muniment.models import Store


@click.command()
@order_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(order: "Order", store: "Store", as_json: bool) -> ExitCode:
    """Look whether this machine can run the deployment, and tell what to do where it cannot.

    Takes the options of muniment up. Exit code 6 if it would not run.
    """
    from muniment.cli.deploy_report import findings_lines
    from muniment.cli.standard_output import write_standard_output
    from muniment.deploy.doctor import Grade, examine

    findings = examine(order, store, holds_port=_holds_port(order))
    write_standard_output(
        json.dumps([asdict(one) for one in findings], indent=2, ensure_ascii=False) + "\n"
        if as_json
        else findings_lines(findings)
    )
    return ExitCode.NOT_RUNNING if any(one.grade is Grade.PROBLEM for one in findings) else ExitCode.OK


def _holds_port(order: "Order") -> bool:
    from muniment.cli.deploy_options import deployment

    try:
        return deployment(order.project).holds(order.port)
    except DeployError:
        return False
