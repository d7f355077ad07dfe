"""The gate lets a command run on models that are what they were, and on no others; alone, with nothing but Python."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import muniment
from muniment.errors import ExitCode
from muniment.models import Model
from muniment.models.manifest import MANIFEST_NAME
from tests.processes import hear_signals

FILES = (
    "__init__.py",
    "_version.py",
    "errors.py",
    "models/__init__.py",
    "models/manifest.py",
    "models/gate.py",
)
"""All that is copied into an engine's container."""

Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def alone(tmp_path: Path) -> list[str]:
    """The command of a gate that finds those files and the standard library."""
    package = Path(muniment.__file__).parent
    for name in FILES:
        target = tmp_path / "alone" / "muniment" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / name, target)
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(tmp_path / 'alone')!r})\n"
        "runpy.run_module('muniment.models.gate', run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-I", "-S", "-W", "error", "-c", code]


def run(gate: list[str], *arguments: object) -> Ended:
    return subprocess.run([*gate, *map(str, arguments)], capture_output=True, text=True, timeout=60)


def test_a_sound_model_lets_the_command_run_in_the_gates_place(alone: list[str], model: Model) -> None:
    process = subprocess.Popen(
        [*alone, str(model.path), "--", "sh", "-c", 'echo $$ "$@"; exit 7', "sh", "--", "a b"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 7
    assert out == f"{process.pid} -- a b\n"
    assert err == (
        f"muniment: {model.path} is {model.name} as it came: "
        f"{len(model.manifest.files)} files, {model.manifest.size:,} bytes.\n"
    )


@pytest.mark.parametrize("name", ["config.json", "model-00001-of-00002.safetensors"])
def test_a_changed_file_keeps_the_command_from_running(alone: list[str], model: Model, name: str) -> None:
    content = (model.path / name).read_bytes()
    (model.path / name).write_bytes(content[:-1] + b"?")
    ended = run(alone, model.path, "--", "echo", "ran")
    assert (ended.returncode, ended.stdout) == (ExitCode.UNVERIFIED, "")
    assert ended.stderr.splitlines() == [
        f"muniment: {model.path}: {name}: has another SHA-256 than when it came",
        "muniment: echo is not started.",
    ]


def test_what_is_too_much_keeps_it_from_running(alone: list[str], model: Model) -> None:
    (model.path / "modeling.py").write_text("import os")
    ended = run(alone, model.path, "--", "echo", "ran")
    assert (ended.returncode, ended.stdout) == (ExitCode.UNVERIFIED, "")
    assert "modeling.py: is not in the manifest" in ended.stderr


def test_a_folder_without_a_manifest_is_refused(alone: list[str], model: Model) -> None:
    (model.path / MANIFEST_NAME).unlink()
    ended = run(alone, model.path, "--", "echo", "ran")
    assert (ended.returncode, ended.stdout) == (ExitCode.UNVERIFIED, "")
    assert f"{model.path} has no manifest" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_all_folders_must_be_sound(alone: list[str], model: Model, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(model.path, other)
    assert run(alone, model.path, other, "--", "true").returncode == 0
    (other / "config.json").unlink()
    for folders in ([model.path, other], [other, model.path]):
        ended = run(alone, *folders, "--", "echo", "ran")
        assert (ended.returncode, ended.stdout) == (ExitCode.UNVERIFIED, "")


@pytest.mark.parametrize("arguments", [[], ["--"], ["--", "echo"], ["FOLDER"], ["FOLDER", "--"]])
def test_without_folders_or_a_command_it_says_how_it_is_used(
    alone: list[str], model: Model, arguments: list[str]
) -> None:
    ended = run(alone, *(str(model.path) if one == "FOLDER" else one for one in arguments))
    assert (ended.returncode, ended.stdout) == (ExitCode.USAGE, "")
    assert ended.stderr.startswith("usage: ")


def test_a_command_that_is_not_there_is_told(alone: list[str], model: Model) -> None:
    ended = run(alone, model.path, "--", "no-such-command")
    assert ended.returncode == ExitCode.USAGE
    assert "muniment: no-such-command cannot be run: No such file or directory." in ended.stderr


def test_the_command_hears_signals_as_if_there_were_no_gate(alone: list[str], model: Model) -> None:
    process = subprocess.Popen(
        [*alone, str(model.path), "--", "grep", "-E", "^(SigIgn|SigCgt)", "/proc/self/status"],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=hear_signals,  # noqa: PLW1509  # it takes no lock
    )
    masks = dict(line.split(":") for line in process.communicate(timeout=60)[0].splitlines())
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
        assert not int(masks["SigIgn"], 16) & 1 << number - 1
        assert not int(masks["SigCgt"], 16) & 1 << number - 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_stopped_while_it_reads(model: Model, number: signal.Signals) -> None:
    code = (
        "import os, signal, sys; from muniment.models import gate, manifest\n"
        f"manifest.Manifest.verify = lambda *_: os.kill(os.getpid(), {number}) or signal.pause()\n"
        "sys.exit(gate.main(sys.argv[1:]))"
    )
    ended = run([sys.executable, "-c", code], model.path, "--", "echo", "ran")
    assert (ended.returncode, ended.stdout, ended.stderr) == (ExitCode.INTERRUPTED, "", "")
