"""``muniment serve``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from muniment.cli import parameters
from muniment.cli.engine_options import EngineChoice, engine_options
from muniment.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from muniment.server.settings import SealSettings


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
@click.option(
    "--seal",
    type=click.Choice(["report", "enforce"]),
    help="Tell whether the seal holds; or refuse documents unless it does, too.",
)
@click.option(
    "--evidence",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Where the newest report of muniment verify --watch lies.",
)
@click.option(
    "--evidence-key", metavar="KEY", help="Whose reports are believed: a public key's fingerprint, or its file."
)
@click.option("--deployment", metavar="NAME", help="The deployment whose reports they have to be.")
@click.option("--airgap", is_flag=True, help="The service has to be without any network, which it sees for itself.")
@parameters.data_option
@parameters.require_sandbox_option
def serve(
    host: str,
    port: int,
    socket: Path | None,
    names: tuple[str, ...],
    engine: EngineChoice,
    lifetime: float,
    seal: str | None,
    evidence: Path | None,
    evidence_key: str | None,
    deployment: str | None,
    airgap: bool,
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
        seal=_seal(seal, evidence, evidence_key, deployment, airgap=airgap),
    )
    run(settings, lambda where: say(f"Serving at {where}; Ctrl-C stops it."))
    return ExitCode.OK


def _seal(
    seal: str | None, evidence: Path | None, key: str | None, deployment: str | None, *, airgap: bool
) -> "SealSettings | None":
    """What is claimed of the seal. Raises UsageError for half of it, and EvidenceError if the key is none."""
    if seal is None and not (evidence or key or deployment or airgap):
        return None
    if not (seal and evidence and key and deployment):
        raise UsageError(
            "--seal, --evidence, --evidence-key and --deployment belong together, and --airgap to them",
            "Give all of them, or none: muniment up does.",
        )
    from muniment.seal.evidence.keys import trust
    from muniment.server.settings import SealSettings

    return SealSettings(
        is_enforced=seal == "enforce", evidence=evidence, trust=trust(key), deployment=deployment, airgap=airgap
    )
