"""``muniment extract``."""

from typing import TYPE_CHECKING

import click

from muniment.cli import parameters
from muniment.cli.engine_options import EngineChoice, engine_options
from muniment.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from muniment.cli.sinks import Sink
    from muniment.documents import Source
    from muniment.reading import Run


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--schema",
    metavar="SCHEMA",
    required=True,
    help="What to extract: the path of a JSON Schema, or a Pydantic model as package.module:Model or models.py:Model.",
)
@click.option(
    "--report",
    is_flag=True,
    help="A line of JSON a document with its data, the page of each field, and what is wrong with it.",
)
@parameters.pages_option
@engine_options(**parameters.MODEL_TEXTS)
@parameters.password_option
@parameters.quiet_option
@parameters.require_sandbox_option
def extract(
    paths: tuple[str, ...],
    schema: str,
    report: bool,
    engine: EngineChoice,
    pages: str | None,
    password: str | None,
    quiet: bool,
    require_sandbox: bool,
) -> ExitCode:
    """Extract data from documents, as a schema wants it.

    PATH is what "muniment ocr" takes. Every page is asked for the fields, the answers are put together, and the whole
    is checked against the schema. The data of the one document goes to standard output as JSON; several documents need
    --report. What is missing or wrong is told field by field on standard error, and the exit code is then 1.

    Example: muniment extract invoice.pdf --schema invoice.schema.json
    """
    from muniment.cli import data
    from muniment.cli.running import run_over
    from muniment.cli.sinks import WholeDocuments
    from muniment.errors import UsageError
    from muniment.reading import ReadOptions, Run
    from muniment.reading.extracting import SchemaQuestion
    from muniment.text.extraction import load_schema

    options = ReadOptions(pages=pages, password=password, require_sandbox=require_sandbox, **engine.read_options)
    asked = SchemaQuestion(load_schema(schema))
    teller = data.DataTeller(asked.schema, data.report if report else data.data_alone)

    def prepare(sources: "Sequence[Source]", _: "ExitStack") -> "tuple[Sink, Run]":
        if len(sources) > 1 and not report:
            raise UsageError(
                f"Standard output takes one document's data, and {len(sources)} were found", "Add --report."
            )
        return WholeDocuments(teller.tell), Run(sources, options, question=asked)

    summary = run_over(paths, prepare, quiet=quiet)
    if not quiet:
        summary.show(None)
    return ExitCode.INCOMPLETE if summary.exit_code is ExitCode.OK and teller.is_incomplete else summary.exit_code
