"""``muniment ocr``."""

from pathlib import Path

import click

from muniment.cli import parameters
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
@click.option("--pages", metavar="RANGES", callback=parameters.pages, help='Which pages, like "1-3,7" or "5-".')
@click.option(
    "--engine",
    "engines",
    metavar="ENGINE",
    multiple=True,
    default=["embedded"],
    show_default=True,
    help='What reads the pages: "embedded", or an OpenAI-compatible address like http://localhost:8001/v1 or '
    "unix:/path/api.sock. Several addresses of the same model share the work.",
)
@click.option(
    "--profile",
    metavar="NAME",
    default="nanonets-ocr2",
    show_default=True,
    help="How a model is asked: a profile's name, or the path of a .toml file.",
)
@click.option("--model", metavar="NAME", default="", help="Which of the engine's models, if it serves several.")
@click.option(
    "--api-key",
    metavar="KEY",
    envvar="MUNIMENT_API_KEY",
    show_envvar=True,
    default="",
    help="The engine's key. Other users can see what stands on a command line.",
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
@click.option(
    "--password",
    metavar="PASSWORD",
    envvar="MUNIMENT_PASSWORD",
    show_envvar=True,
    callback=parameters.password,
    help='For encrypted PDFs. "-" asks for it; other users can see what stands on a command line.',
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="Worker processes; with an engine behind an address, most requests under way at once.  [default: one process "
    "a processor; as many requests as the engine answers best to]",
)
@click.option(
    "--force",
    is_flag=True,
    help="Read again what an earlier run with the same -o has finished, and write over files that no run has written.",
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="With -o: a summary of the run as JSON on standard output.")
@click.option("--require-sandbox", is_flag=True, help="Fail where workers cannot shut themselves off from the network.")
def ocr(
    paths: tuple[str, ...],
    output: Path | None,
    formats: tuple[str, ...],
    pages: str | None,
    engines: tuple[str, ...],
    profile: str,
    model: str,
    api_key: str,
    text_layer: str,
    furniture: str,
    password: str | None,
    jobs: int | None,
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
    from muniment.reading import EMBEDDED, Furniture, ReadOptions, TextLayerUse

    options = ReadOptions(
        pages=pages,
        engines=engines,
        profile=profile,
        model=model,
        api_key=api_key,
        text_layer=TextLayerUse(text_layer),
        furniture=Furniture(furniture),
        password=password,
        jobs=jobs if engines == (EMBEDDED,) else None,
        requests=jobs,
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
