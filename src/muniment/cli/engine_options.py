"""Options that every command with an engine has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from muniment.errors import ExitCode

Command = Callable[..., ExitCode]
Option = Callable[[Command], Command]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """The engine that the command line names, and how it is asked."""

    engines: tuple[str, ...]
    profile: str
    model: str
    api_key: str
    vllm_python: str
    vllm_arguments: tuple[str, ...]
    jobs: int | None

    @property
    def read_options(self) -> dict[str, Any]:
        """As :class:`muniment.ReadOptions` takes it. With a model, jobs are requests; workers then do little."""
        from muniment.reading import EMBEDDED

        return {
            "engines": self.engines,
            "profile": self.profile,
            "model": self.model,
            "api_key": self.api_key,
            "vllm_python": self.vllm_python,
            "vllm_arguments": self.vllm_arguments,
            "jobs": self.jobs if self.engines == (EMBEDDED,) else None,
            "requests": self.jobs,
        }


def engine_options(default: str, engines: str, jobs: str) -> Callable[[Command], Command]:
    """Gives a command the engine's options, as one argument ``engine``.

    Args:
        default: the engine if none is named.
        engines: which there are, for the help.
        jobs: what the number of jobs means, for the help.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def with_choice(**given: Any) -> ExitCode:
            choice = EngineChoice(**{name: given.pop(name) for name in EngineChoice.__dataclass_fields__})
            return command(engine=choice, **given)

        made: Command = with_choice
        for option in reversed(_options(default, engines, jobs)):
            made = option(made)
        return made

    return decorate


class _Engine(click.types.StringParamType):
    """An engine. In the environment several are separated by white space, which may also be in a model's path."""

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        return [rv.strip()] if rv.lstrip().startswith("vllm:") else rv.split()


def _options(default: str, engines: str, jobs: str) -> list[Option]:
    return [
        click.option(
            "--engine",
            "engines",
            metavar="ENGINE",
            type=_Engine(),
            multiple=True,
            default=[default],
            envvar="MUNIMENT_ENGINE",
            show_default=True,
            show_envvar=True,
            help=engines,
        ),
        click.option(
            "--profile",
            metavar="NAME",
            default="nanonets-ocr2",
            show_default=True,
            help="How a model is asked: a profile's name, or the path of a .toml file.",
        ),
        click.option("--model", metavar="NAME", default="", help="Which of the engine's models, if it serves several."),
        click.option(
            "--api-key",
            metavar="KEY",
            envvar="MUNIMENT_API_KEY",
            show_envvar=True,
            default="",
            help="The engine's key. Other users can see what stands on a command line.",
        ),
        click.option(
            "--vllm-python",
            metavar="PATH",
            default="",
            help="For vllm:, the Python that has vLLM.  [env var: MUNIMENT_VLLM_PYTHON; default: the "
            "one beside the vllm command]",
        ),
        click.option(
            "--vllm-arg",
            "vllm_arguments",
            metavar="ARGUMENT",
            multiple=True,
            help="A further argument for that vLLM, like --vllm-arg=--max-model-len=16384; may be given several times.",
        ),
        click.option("--jobs", metavar="N", type=click.IntRange(min=1), help=jobs),
    ]
