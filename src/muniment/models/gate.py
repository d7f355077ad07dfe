"""``python -m muniment.models.gate FOLDER... -- COMMAND...``: runs the command if the models are what came, else not.

It stands before an engine, in the engine's container, so that nothing is loaded that was not verified there and then.
It ends with 5 if a folder has no manifest or is not what it says. Only ``muniment/__init__.py``, ``_version.py``,
``errors.py`` and, of ``models``, ``__init__.py``, ``manifest.py`` and this module need be there, and Python itself.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from muniment.errors import ExitCode, ModelChanged
from muniment.models.manifest import Manifest

_USAGE = "usage: python -m muniment.models.gate FOLDER... -- COMMAND..."


def main(arguments: Sequence[str]) -> ExitCode:
    """Become the command, or say why not.

    Args:
        arguments: the folders, "--", and the command with its own arguments.

    Returns:
        How to end; it does not return if the command runs.
    """
    folders, command = _split(arguments)
    if not folders or not command:
        _say(_USAGE)
        return ExitCode.USAGE
    # The first process of a container does not end by a signal that it has no handler for.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        sound = [_is_sound(Path(folder)) for folder in folders]
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    if not all(sound):
        _say(f"muniment: {command[0]} is not started.")
        return ExitCode.UNVERIFIED
    return _become(command)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return [], []
    place = list(arguments).index("--")
    return list(arguments[:place]), list(arguments[place + 1 :])


def _is_sound(folder: Path) -> bool:
    try:
        manifest = Manifest.of_folder(folder)
    except ModelChanged as error:
        _say(f"muniment: {error}")
        return False
    faults = manifest.verify(folder)
    for fault in faults:
        _say(f"muniment: {folder}: {fault}")
    if not faults:
        _say(f"muniment: {folder} is {manifest.name} as it came: {len(manifest.files)} files, {manifest.size:,} bytes.")
    return not faults


def _become(command: list[str]) -> ExitCode:
    sys.stderr.flush()
    # Python ignores this one, and what is ignored stays so in the command.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606  # the command is what the caller asked for
    except OSError as error:
        _say(f"muniment: {command[0]} cannot be run: {error.strerror}.")
        return ExitCode.USAGE


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    text = "".join(character if character.isprintable() else "\ufffd" for character in line)
    print(text.encode(errors="replace").decode(), file=sys.stderr)  # noqa: T201  # it has no other way to speak


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
