"""Help is quick, and every end has its exit code and its line."""

import subprocess
import sys

import pytest

from muniment._version import __version__
from muniment.cli import commands, ending
from muniment.cli.ending import run
from muniment.errors import ExitCode

HEAVY = {"numpy", "pydantic", "rich", "PIL", "cv2", "openvino", "pypdfium2", "asyncio", "jsonschema", "multiprocessing"}


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(argument: str) -> None:
    code = (
        "import sys; from muniment.cli.ending import run; "
        f"code = run([{argument!r}]); print(sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr); sys.exit(code)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "[]\n")


def test_help_of_a_command_loads_nothing_heavy() -> None:
    code = (
        f"import sys; from muniment.cli.ending import run; run(['ocr', '--help']); print(set(sys.modules) & {HEAVY!r})"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout.endswith("\nset()\n")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) is ExitCode.OK
    assert capsys.readouterr().out == f"muniment {__version__}\n"


def test_every_command_can_be_loaded_and_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    listed = capsys.readouterr().out
    for name, sentence in commands.COMMANDS.items():
        assert sentence in " ".join(listed.split())
        assert run([name, "--help"]) is ExitCode.OK


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Usage:"),
        (["orc"], "No such command"),
        (["ocr"], "Missing argument"),
        (["ocr", "a.pdf", "--format", "docx"], "There is no format docx. Choose from md, json, html, txt, csv."),
        (["ocr", "a.pdf", "--pages", "x"], '"x" is not a page range'),
        (["ocr", "a.pdf", "--jobs", "0"], "--jobs"),
        (["ocr", "a.pdf", "--text-layer", "perhaps"], "'auto', 'never', 'only'"),
        (["ocr", "a.pdf", "--format", "md,txt"], "Standard output takes one format. Add -o FOLDER"),
        (["ocr", "a.pdf", "--json"], "--format json"),
        (["serve", "--lifetime", "nan"], "nan is no number"),
        (["serve", "--seal", "enforce"], "--seal, --evidence, --evidence-key and --deployment belong together"),
        (["serve", "--airgap"], "--seal, --evidence, --evidence-key and --deployment belong together"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) is ExitCode.USAGE
    told = capsys.readouterr()
    assert words in told.err
    assert told.out == ""


def test_a_mistake_of_ours_is_one_line_without_content(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ending, "cli", Failing())
    assert run([]) is ExitCode.INTERNAL
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "ZeroDivisionError in test_start.py" in told
    assert "secret" not in told


def test_a_mistake_of_ours_shows_its_traceback_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "cli", Failing())
    monkeypatch.setenv("MUNIMENT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run([])


class Failing:
    """A command with a mistake in it."""

    def main(self, *_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("secret words of a document")
