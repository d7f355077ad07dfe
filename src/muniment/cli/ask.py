"""``muniment ask``."""

from functools import partial
from pathlib import Path

import click

from muniment.cli import parameters
from muniment.cli.engine_options import EngineChoice, engine_options
from muniment.errors import ExitCode


def _checked(_ctx: click.Context, _param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """At least one path and then the question, which no path may be mistaken for."""
    if len(value) < 2:
        raise click.UsageError('Name at least one document, and then the question: muniment ask scan.pdf "Who signs?"')
    if Path(value[-1]).exists():
        raise click.UsageError(f"The question comes last, and {value[-1]!r} is a file.")
    # What is not UTF-8 on the command line cannot be sent on as it is.
    return (*value[:-1], value[-1].encode("utf-8", "replace").decode())


@click.command()
@click.argument("paths_and_question", metavar="PATH... QUESTION", nargs=-1, callback=_checked)
@parameters.pages_option
@engine_options(**parameters.MODEL_TEXTS)
@parameters.password_option
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a document instead of lines of text.")
@parameters.quiet_option
@parameters.require_sandbox_option
def ask(
    paths_and_question: tuple[str, ...],
    engine: EngineChoice,
    pages: str | None,
    password: str | None,
    as_json: bool,
    quiet: bool,
    require_sandbox: bool,
) -> ExitCode:
    """Ask every page of documents a question.

    PATH is what "muniment ocr" takes. Answers go to standard output, each with its page; pages that do not tell are
    left out, and a document of which no page does is answered "Not mentioned.". Answers come from a vision-language
    model: they can be wrong.

    Example: muniment ask scan.pdf "What is the total?"
    """
    from muniment.cli.answers import AnswerLines, write_as_json
    from muniment.cli.running import run_over
    from muniment.cli.sinks import WholeDocuments
    from muniment.reading import PlainQuestion, ReadOptions, Run

    *paths, question = paths_and_question
    options = ReadOptions(pages=pages, password=password, require_sandbox=require_sandbox, **engine.read_options)
    asked = PlainQuestion(question)
    summary = run_over(
        paths,
        lambda sources, _: (
            WholeDocuments(partial(write_as_json, question)) if as_json else AnswerLines(named=len(sources) > 1),
            Run(sources, options, question=asked),
        ),
        quiet=quiet,
    )
    if not quiet:
        summary.show(None)
    return summary.exit_code
