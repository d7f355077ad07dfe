"""``muniment ask``."""

import click

from muniment.cli import parameters
from muniment.cli.engine_options import EngineChoice, engine_options
from muniment.errors import ExitCode


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.argument("question", metavar="QUESTION")
@parameters.pages_option
@engine_options(**parameters.MODEL_TEXTS)
@parameters.password_option
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a document instead of lines of text.")
@parameters.quiet_option
@parameters.require_sandbox_option
def ask(
    paths: tuple[str, ...],
    question: str,
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
    from muniment.cli.answers import AnswerLines, AnswersAsJson
    from muniment.cli.running import run_over
    from muniment.reading import PlainQuestion, ReadOptions, Run

    options = ReadOptions(pages=pages, password=password, require_sandbox=require_sandbox, **engine.read_options)
    asked = PlainQuestion(question)
    summary = run_over(
        paths,
        lambda sources, _: (
            AnswersAsJson(question) if as_json else AnswerLines(named=len(sources) > 1),
            Run(sources, options, question=asked),
        ),
        quiet=quiet,
    )
    if not quiet:
        summary.show(None)
    return summary.exit_code
