"""Options that the deployment's commands share."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from muniment.cli.parameters import finite
from muniment.errors import ExitCode

if TYPE_CHECKING:
    from muniment.deploy.deployment import Deployment
    from muniment.deploy.planning import Order
    from muniment.models import Store

Command = Callable[..., ExitCode | None]

_GIGABYTE = 1_000_000_000

name_option = click.option(
    "--name", "project", default="muniment", show_default=True, help="The deployment, if there are several."
)
store_option = click.option(
    "--store",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Where models are kept.  [env var: MUNIMENT_MODELS; default: ~/.local/share/muniment/models]",
)


def _address(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise click.BadParameter(f'"{value}" is no IP address, like 127.0.0.1 or 0.0.0.0.') from None


_ORDER_OPTIONS = (
    name_option,
    click.option(
        "--engine",
        "kind",
        type=click.Choice(["vllm", "vllm-cpu", "embedded"]),
        default="vllm",
        show_default=True,
        help="What reads: vLLM on a GPU, vLLM on the processor (slow, to see it work), or the embedded engine.",
    ),
    click.option(
        "--model",
        "models",
        metavar="MODEL",
        multiple=True,
        help="A model in the store, or NAME=PATH of a folder with a manifest; several stand side by side.  "
        "[default: nanonets/Nanonets-OCR2-3B; for vllm-cpu: tiny]",
    ),
    click.option("--replicas", default=1, show_default=True, type=click.IntRange(1, 64), help="Engines a model."),
    click.option(
        "--topology",
        type=click.Choice(["airgap", "internal"]),
        default="airgap",
        show_default=True,
        help="airgap: server and engines have no network. internal: they have one without a way out.",
    ),
    click.option(
        "--preset",
        type=click.Choice(["fast", "original"]),
        default="fast",
        show_default=True,
        help="fast: as much as the GPU holds. original: 15,000 tokens, 5 pages at once, eager.",
    ),
    click.option(
        "--gpu-memory",
        metavar="GB",
        type=click.FloatRange(min=1),
        callback=finite,
        help="Most of a GPU's memory that an engine takes.",
    ),
    click.option("--context", metavar="TOKENS", type=click.IntRange(min=1024), help="A page and its answer together."),
    click.option("--concurrency", metavar="N", type=click.IntRange(1, 4096), help="Most pages an engine has at once."),
    click.option(
        "--profile", metavar="NAME", help="How models are asked.  [default: nanonets-ocr2; for tiny: its own]"
    ),
    click.option(
        "--address",
        default="127.0.0.1",
        show_default=True,
        callback=_address,
        help="Where the gateway listens. Others than this machine's own need a key, and TLS.",
    ),
    click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535)),
    click.option(
        "--tls/--no-tls",
        default=None,
        help="Whether the gateway speaks TLS.  [default: where other machines reach it]",
    ),
    click.option(
        "--lifetime",
        metavar="HOURS",
        default=24.0,
        show_default=True,
        type=click.FloatRange(min=0.001),
        callback=finite,
        help="How long the content of finished documents is kept.",
    ),
    click.option(
        "--monitoring",
        is_flag=True,
        help="Prometheus and Grafana beside it, at http://127.0.0.1:3000; its password in MUNIMENT_GRAFANA_PASSWORD.",
    ),
    click.option(
        "--seal",
        type=click.Choice(["report", "enforce"]),
        default="report",
        show_default=True,
        help="report: tell whether the seal holds. enforce: refuse documents, too, unless muniment verify --watch "
        "shows that it does.",
    ),
    store_option,
)


def order_options(command: Command) -> Command:
    """Gives a command everything that a deployment is ordered by, as ``order`` and ``store``."""

    @wraps(command)
    def with_order(**given: Any) -> ExitCode | None:
        wanted, store = _order(given)
        return command(order=wanted, store=store, **given)

    made: Command = with_order
    for option in reversed(_ORDER_OPTIONS):
        made = option(made)
    return made


def _order(given: dict[str, Any]) -> "tuple[Order, Store]":
    """The order out of ``given``, of which nothing of it is left, and the store."""
    from muniment.deploy.planning import Order
    from muniment.deploy.settings import EngineKind, Preset, Seal, Topology
    from muniment.models import Store, store_folder

    taken = {name: given.pop(name) for name in tuple(given) if name in Order.__dataclass_fields__}
    memory = taken.pop("gpu_memory")
    store = Store(store_folder(given.pop("store")))
    order = Order(
        **{
            **taken,
            "kind": EngineKind(taken["kind"]),
            "topology": Topology(taken["topology"]),
            "preset": Preset(taken["preset"]),
            "seal": Seal(taken["seal"]),
            "gpu_memory": None if memory is None else int(memory * _GIGABYTE),
        }
    )
    return order, store


def deployment(project: str) -> "Deployment":
    """A deployment by its name. Raises UsageError for what is no name, DeployError without Docker."""
    from muniment.deploy.deployment import Deployment
    from muniment.deploy.files import DeploymentFolder
    from muniment.seal.docker import find_docker

    folder = DeploymentFolder(project)
    return Deployment(find_docker(), folder)


def engine_version() -> tuple[int, ...]:
    """The version of Docker's Engine; empty where there is none, or it does not tell."""
    from muniment.errors import DeployError
    from muniment.seal.docker import find_docker, version

    try:
        return version(find_docker().engine)
    except DeployError:
        return ()
