"""The ``muniment`` command and its commands, each loaded only when it is called."""

from importlib import import_module

import click

from muniment._version import __version__

COMMANDS = {
    "ocr": "Read documents: scans and PDFs to Markdown, JSON, HTML, text or CSV.",
    "ask": "Ask every page of documents a question.",
    "extract": "Extract data from documents, as a schema wants it.",
    "serve": "Serve documents, images and questions over HTTP.",
    "key": "Make, list and revoke keys for the service.",
    "model": "Fetch, verify and list models, and carry them to other machines.",
    "up": "Bring up the sealed deployment: gateway, server and engines in containers.",
    "down": "End the deployment.",
    "restart": "Restart the deployment, and wait until it reads.",
    "status": "Show how the deployment stands.",
    "verify": "Probe what runs: what it reaches, what it may do, what it leaves behind.",
    "logs": "Show what the deployment's services log.",
    "upgrade": "Run the deployment with this version of Muniment.",
    "deployed": "Run a muniment command inside the deployment, like key add.",
    "lint": "Look at compose files for what can reach out, and for what seals nothing.",
    "doctor": "Look whether this machine can run the deployment.",
}
"""Name and one line of help; ``muniment.cli.<name>`` holds the command under the same name."""


class LazyGroup(click.Group):
    """A group that lists its commands without importing them, so that help and mistakes are answered at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # Click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"muniment.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101  # a mistake in this package, not a user's
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Turn scans and PDFs into Markdown and data on this machine, without a network.

    Exit codes: 0 every page was read; 1 some were not, or by a fallback, data does not fit its schema, or a compose
    file has an error; 2 wrong usage; 3 nothing could be read; 4 results could not be written; 5 a model or a report is
    not what it should be; 6 the deployment does not run, or does not read; 7 a claim about the seal is broken; 8 one is
    unproven; 130 interrupted.
    """
