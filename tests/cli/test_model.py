"""Models are taken in, verified, listed and removed from the command line."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from muniment.cli.ending import run
from muniment.cli.messages import byte_count
from muniment.cli.transfer import SECONDS_BETWEEN_LINES, lines
from muniment.errors import ExitCode
from muniment.models import Progress
from muniment.models.manifest import MANIFEST_NAME
from tests.models.making import NAME, model_files, write

Command = Callable[..., tuple[ExitCode, str, str]]


@pytest.fixture
def model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs "muniment model" on a store; gives its exit code and what went to standard output and error."""

    def command(*arguments: object) -> tuple[ExitCode, str, str]:
        code = run(["model", *map(str, arguments), "--store", str(tmp_path / "store")])
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


@pytest.fixture
def given(tmp_path: Path) -> Path:
    return write(tmp_path / "given", model_files(3000, 10))


def test_a_model_that_was_taken_in_is_told_and_listed(model: Command, given: Path, tmp_path: Path) -> None:
    place = tmp_path / "store" / NAME
    size = sum(len(content) for content in model_files(3000, 10).values())
    assert model("import", given, "--name", NAME) == (
        ExitCode.OK,
        "",
        f"{NAME} is at {place}: 9 files, {byte_count(size)}, verified.\n",
    )
    code, out, err = model("list")
    assert (code, err) == (ExitCode.OK, "")
    assert [line.split() for line in out.splitlines()] == [
        ["NAME", "REVISION", "FILES", "SIZE", "FOLDER"],
        [NAME, "-", "9", *byte_count(size).split(), str(place)],
    ]
    assert json.loads(model("list", "--json")[1]) == [
        {"name": NAME, "path": str(place), "repo": None, "revision": None, "files": 9, "size": size}
    ]


def test_no_models_are_an_empty_list(model: Command) -> None:
    assert model("list") == (ExitCode.OK, "", "No model is there yet.\n")
    assert model("list", "--json")[1] == "[]\n"


def test_a_refused_model_is_told_in_a_line(model: Command, given: Path) -> None:
    for weights in given.glob("*.safetensors"):
        weights.rename(weights.with_suffix(".bin"))
    code, out, err = model("import", given, "--name", NAME)
    assert (code, out) == (ExitCode.NOTHING_READ, "")
    assert err.startswith(f"muniment: {given} offers its weights only as pickle (model-00001-of-00002.bin)")
    assert len(err.splitlines()) == 1


def test_sound_models_are_verified(model: Command, given: Path) -> None:
    model("import", given, "--name", NAME)
    model("import", given, "--name", "acme/Other")
    assert model("verify") == (ExitCode.OK, "", f"acme/Other: verified.\n{NAME}: verified.\n")
    assert model("verify", NAME, "--quiet") == (ExitCode.OK, "", "")


def test_each_fault_is_told_and_the_code_says_so(model: Command, given: Path, tmp_path: Path) -> None:
    model("import", given, "--name", NAME)
    model("import", given, "--name", "acme/Other")
    (tmp_path / "store" / NAME / "config.json").unlink()
    (tmp_path / "store" / NAME / "a\x1b[2Jb").touch()
    expected = f"muniment: {NAME}: a\ufffd[2Jb: is not in the manifest.\nmuniment: {NAME}: config.json: is missing.\n"
    assert model("verify", NAME) == (ExitCode.UNVERIFIED, "", expected)
    code, _, err = model("verify")
    assert code is ExitCode.UNVERIFIED
    assert "acme/Other: verified." in err.splitlines()


def test_a_model_without_a_manifest_does_not_hide_the_others(model: Command, given: Path, tmp_path: Path) -> None:
    model("import", given, "--name", "acme/A")
    model("import", given, "--name", NAME)
    (tmp_path / "store" / "acme" / "A" / MANIFEST_NAME).unlink()
    for command in ("verify", "list"):
        code, out, err = model(command)
        assert code is ExitCode.UNVERIFIED
        assert "acme/A has no manifest" in err
        assert NAME in out + err


def test_an_exported_model_can_be_taken_in(model: Command, given: Path, tmp_path: Path) -> None:
    model("import", given, "--name", NAME)
    path = tmp_path / "model.tar"
    code, out, err = model("export", NAME, path)
    assert (code, out, err) == (ExitCode.OK, "", f"{NAME} is in {path}: {byte_count(path.stat().st_size)}.\n")
    model("rm", NAME)
    assert model("import", path, "--quiet") == (ExitCode.OK, "", "")
    assert model("verify")[0] is ExitCode.OK


def test_a_removed_model_is_gone(model: Command, given: Path) -> None:
    model("import", given, "--name", NAME)
    assert model("rm", NAME) == (ExitCode.OK, "", f"Removed {NAME}.\n")
    code, _, err = model("rm", NAME)
    assert code is ExitCode.NOTHING_READ
    assert f"There is no model {NAME} in" in err


def test_the_environment_chooses_the_store_too(
    given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MUNIMENT_MODELS", str(tmp_path / "chosen"))
    assert run(["model", "import", str(given), "--name", NAME]) is ExitCode.OK
    assert str(tmp_path / "chosen" / NAME) in capsys.readouterr().err


def test_progress_is_a_line_every_few_seconds() -> None:
    now, told = 0.0, list[str]()
    tell = lines(lambda: now, told.append)
    for second in range(11):
        now = float(second)
        tell(Progress("model.safetensors", second * 100_000_000, 7_500_000_000))
    assert SECONDS_BETWEEN_LINES == 5
    assert told == ["500.0 MB of 7.5 GB, now model.safetensors", "1.0 GB of 7.5 GB, now model.safetensors"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_951, "1.0 MB"),
        (7_510_000_000, "7.5 GB"),
        (2_000_000_000_000, "2.0 TB"),
    ],
)
def test_bytes_are_told_in_a_few_digits(number: int, text: str) -> None:
    assert byte_count(number) == text


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from muniment.cli.ending import run; run(['model', 'import', '--help']); "
        "print({'pydantic', 'rich', 'numpy', 'tarfile', 'huggingface_hub'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout.endswith("\nset()\n")


def test_on_a_terminal_a_bar_shows_how_far_it_is_and_is_gone_in_the_end(
    model: Command, given: Path, tmp_path: Path
) -> None:
    model("import", given, "--name", NAME)
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "muniment", "model", "verify", "--store", str(tmp_path / "store")]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    ended = subprocess.run(command, stderr=theirs, env=environment)
    os.close(theirs)
    told = b""
    with suppress(OSError), os.fdopen(ours, "rb", buffering=0) as screen:  # its end is an error
        while piece := screen.read(1 << 16):
            told += piece
    assert ended.returncode == ExitCode.OK
    bar, _, after = told.decode().rpartition("\x1b[?25h")
    assert "tokenizer.json" in bar
    assert re.search(r"([0-9.]+)/\1 .?B", bar), "all bytes of all"
    assert after.replace("\r", "").rpartition("\x1b[2K")[2] == f"{NAME}: verified.\n"
