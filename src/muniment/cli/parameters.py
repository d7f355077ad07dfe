"""Options that several commands have, and values that take more than one word to check; free of heavy imports."""

import math
from pathlib import Path

import click

from muniment.errors import UsageError


def formats(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[str, ...]:
    """Output formats, separated by commas; each once, in the order given."""
    from muniment.outputs import format_named

    try:
        return tuple(dict.fromkeys(format_named(part.strip().lower()) for part in value.split(",")))
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


def pages(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Page ranges, checked for sense but not yet against a document."""
    from muniment.documents import parse_pages

    try:
        if value is not None:
            parse_pages(value)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None
    return value


def finite(_ctx: click.Context, _param: click.Parameter, value: float | None) -> float | None:
    """A number; Python takes "nan" and "inf" for some too, and nan keeps every range."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no number.")
    return value


def password(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """The password; "-" asks for it on the terminal."""
    if value != "-":
        # What is not UTF-8 on the command line cannot be sent on as it is, and opens no PDF either.
        return None if value is None else value.encode("utf-8", "replace").decode()
    answer: str = click.prompt("Password", hide_input=True, err=True)
    return answer


MODEL_TEXTS = {
    "default": "http://localhost:8001/v1",
    "engines": "The model to ask: an OpenAI-compatible address like http://localhost:8001/v1 or unix:/path/api.sock, "
    "several of the same model share the work; or vllm:/path/to/model, to start a vLLM without a network for this run.",
    "jobs": "Most requests under way at once.  [default: as many as the engine answers best to]",
}
"""What the engine's options are for commands that need a model."""

pages_option = click.option("--pages", metavar="RANGES", callback=pages, help='Which pages, like "1-3,7" or "5-".')
password_option = click.option(
    "--password",
    metavar="PASSWORD",
    envvar="MUNIMENT_PASSWORD",
    show_envvar=True,
    callback=password,
    help='For encrypted PDFs. "-" asks for it; other users can see what stands on a command line.',
)
quiet_option = click.option("--quiet", is_flag=True, help="Say nothing but errors.")
require_sandbox_option = click.option(
    "--require-sandbox", is_flag=True, help="Fail where workers cannot shut themselves off from the network."
)
data_option = click.option(
    "--data",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Where the service keeps its data.  [env var: MUNIMENT_DATA_DIR; default: ~/.local/state/muniment]",
)
