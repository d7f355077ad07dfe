"""``muniment ocr``."""

from pathlib import Path

import click

from muniment.cli import parameters
from muniment.cli.engine_options import EngineChoice, engine_options
from muniment.errors import ExitCode


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Write a file a document and format here, the input folders mirrored. Without it, the result of the one "
    "document goes to standard output.",
)
@click.option(
    "--format",
    "formats",
    metavar="FORMATS",
    callback=parameters.formats,
    default="md",
    show_default=True,
    help="md, json, html, txt or csv; several, separated by commas, with -o.",
)
@parameters.pages_option
@engine_options(
    default="embedded",
    engines='What reads the pages: "embedded"; an OpenAI-compatible address like http://localhost:8001/v1 or '
    "unix:/path/api.sock, several of the same model share the work; or vllm:/path/to/model, to start a vLLM without "
    "a network for this run.",
    jobs="Worker processes; with a model, most requests under way at once.  [default: one process a processor; as many "
    "requests as the engine answers best to]",
)
@click.option(
    "--text-layer",
    type=click.Choice(["auto", "never", "only"]),
    default="auto",
    show_default=True,
    help="What to do with a PDF's own text: use it where it is sane, look at every page, or look at none.",
)
@click.option(
    "--furniture",
    type=click.Choice(["keep", "mark", "drop"]),
    default="mark",
    show_default=True,
    help="Page numbers, watermarks and lines that recur at page edges: keep them as text, mark them, or drop them.",
)
@parameters.password_option
@click.option(
    "--force",
    is_flag=True,
    help="Read again what an earlier run with the same -o has finished, and write over files that no run has written.",
)
@parameters.quiet_option
@click.option("--json", "as_json", is_flag=True, help="With -o: a summary of the run as JSON on standard output.")
@parameters.require_sandbox_option
def ocr(
    paths: tuple[str, ...],
    output: Path | None,
    formats: tuple[str, ...],
    pages: str | None,
    engine: EngineChoice,
    text_layer: str,
    furniture: str,
    password: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    require_sandbox: bool,
) -> ExitCode:
    """Read documents and write what they say.

    PATH is a PDF, a PNG, JPEG, TIFF, WebP, BMP, GIF or HEIC image, a folder to search, a pattern like "scans/**/*.pdf",
    or - for standard input. Progress goes to standard error.

    With -o, a run that was stopped goes on where it was when the same command is given again.
    """
    from muniment.cli.run import Request, carry_out
    from muniment.outputs import Format
    from muniment.reading import Furniture, ReadOptions, TextLayerUse

    options = ReadOptions(
        pages=pages,
        **engine.read_options,
        text_layer=TextLayerUse(text_layer),
        furniture=Furniture(furniture),
        password=password,
        require_sandbox=require_sandbox,
    )
    request = Request(
        paths=paths,
        output=output,
        formats=tuple(map(Format, formats)),
        options=options,
        force=force,
        quiet=quiet,
        as_json=as_json,
    )
    return carry_out(request)
