"""``muniment lint`` as people and programs call it."""

import json
from pathlib import Path

import pytest

from muniment.cli.ending import run
from muniment.errors import ExitCode

_WARNING = "services:\n  a:\n    image: nginx\n"
_ERROR = "services:\n  a:\n    image: nginx\n    privileged: true\n"


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yaml"
    path.write_text(_ERROR)
    return path


def test_people_are_told_the_line_the_harm_the_cure_and_what_reaches_out(
    compose: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["lint", str(compose)]) is ExitCode.INCOMPLETE
    told = capsysbinary.readouterr().out.decode()
    assert "error privileged: A service is privileged\n" in told
    assert f"  {compose}:4: a: it may do everything\n" in told
    assert "  why: Nothing separates it from the machine" in told
    assert '  fix: Take "privileged" away' in told
    assert "  a        yes          -          control over the machine (privileged)\n" in told
    assert "1 error, 1 warning, 2 notes. This says what the file says, not what runs.\n" in told


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (_WARNING, [], ExitCode.OK),
        (_WARNING, ["--fail-on", "warning"], ExitCode.INCOMPLETE),
        (_ERROR, [], ExitCode.INCOMPLETE),
        (_ERROR.replace("true", "true  # muniment: allow privileged it is a test"), [], ExitCode.OK),
        ("no", [], ExitCode.USAGE),
        (_WARNING, ["--format", "xml"], ExitCode.USAGE),
    ],
)
def test_the_exit_code_says_whether_something_is_wrong(
    compose: Path, text: str, options: list[str], code: ExitCode
) -> None:
    compose.write_text(text)
    assert run(["lint", str(compose), *options]) is code


def test_programs_get_json_and_sarif(compose: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    run(["lint", str(compose), "--format", "json"])
    assert json.loads(capsysbinary.readouterr().out)["counts"]["error"] == 1
    run(["lint", str(compose), "--format", "sarif"])
    (sarif,) = json.loads(capsysbinary.readouterr().out)["runs"]
    assert "privileged" in {result["ruleId"] for result in sarif["results"]}


def test_what_is_missing_is_told_in_a_line(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["lint", str(tmp_path / "no.yaml")]) is ExitCode.USAGE
    told = capsysbinary.readouterr().err.decode()
    name = tmp_path / "no.yaml"
    cure = "Name a compose file that you may read."
    assert told == f"muniment: {name} cannot be read: No such file or directory. {cure}\n"


def test_a_strangers_file_does_not_drive_the_terminal(
    compose: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    compose.write_text('services:\n  "a\\e[2J":\n    image: "nginx\\e]0;x\\a"\n')
    run(["lint", str(compose)])
    assert b"\x1b" not in capsysbinary.readouterr().out
