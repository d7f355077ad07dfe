"""``muniment serve``."""

from pathlib import Path

import click

from muniment.cli import parameters
from muniment.cli.engine_options import EngineChoice, engine_options
from muniment.errors import ExitCode


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8001,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port; 0 is any that is free, and it is told which.",
)
@click.option(
    "--socket",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="A Unix socket to listen on instead, for its owner and group.",
)
@click.option(
    "--name",
    "names",
    metavar="NAME",
    multiple=True,
    help="A name by which it may be called while no key was made, beside localhost, like a gateway's.",
)
@engine_options(
    default="embedded",
    engines='What reads: "embedded", an address like http://localhost:8000/v1 or unix:/path/api.sock, or '
    "vllm:/path/to/model. Several models may stand side by side; addresses of one model share its work.",
    jobs="Worker processes; with a model, most requests under way at once.",
)
@click.option(
    "--lifetime",
    metavar="HOURS",
    default=24.0,
    show_default=True,
    type=click.FloatRange(min=0.001),
    callback=parameters.finite,
    help="How long the content of finished documents and uploaded files is kept.",
)
@parameters.data_option
@parameters.require_sandbox_option
def serve(
    host: str,
    port: int,
    socket: Path | None,
    names: tuple[str, ...],
    engine: EngineChoice,
    lifetime: float,
    data: Path | None,
    require_sandbox: bool,
) -> ExitCode:
    """Serve documents, images and questions over HTTP.

    OpenAI's routes for existing clients, Mistral's for documents, and jobs for documents that take a while; all of them
    are told at /docs. Without a configuration the embedded engine reads at http://127.0.0.1:8001.
    """
    import logging

    from muniment.cli.messages import say
    from muniment.reading import ReadOptions
    from muniment.server.running import serve as run
    from muniment.server.settings import ServeSettings
    from muniment.server.store import data_folder

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for loud in ("httpx", "httpcore"):
        logging.getLogger(loud).setLevel(logging.WARNING)  # they log addresses with every request
    options = ReadOptions(require_sandbox=require_sandbox, **engine.read_options)
    settings = ServeSettings(
        options=options,
        data=data_folder(data),
        host=host,
        port=port,
        socket=socket,
        names=frozenset(name.lower() for name in names),
        lifetime=lifetime * 3600,
    )
    run(settings, lambda where: say(f"Serving at {where}; Ctrl-C stops it."))
    return ExitCode.OK
