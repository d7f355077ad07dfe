"""Whether engines run on the verified model, as their processes were really started."""

import hashlib
from pathlib import Path

import pytest

from muniment.deploy.engines import engine_service
from muniment.deploy.proving_engines import (
    OFFLINE,
    QUIET,
    FilesRead,
    argument_checks,
    environment_checks,
    mount_checks,
    read_files,
)
from muniment.models.manifest import MANIFEST_NAME, FileEntry, Manifest
from muniment.seal.claims import Check, Verdict, worst
from muniment.seal.inspected import Inspected, inspected_from
from muniment.seal.probing import ProcessSeen
from tests.deploy.fake_docker import inspected
from tests.deploy.plans import ENGINE, PLAN

COMMAND: list[str] = engine_service(PLAN, ENGINE)["command"]
MOUNT = "242 218 254:0 /m /models/served ro,relatime - ext4 /dev/vda rw\n"


def process(command: list[str] = COMMAND, pid: int = 1, mounts: str | None = MOUNT) -> ProcessSeen:
    return ProcessSeen(
        pid=pid,
        status="",
        command=("/sbin/docker-init", "--", *command),
        environment={},
        mounts=mounts,
        namespaces={},
    )


def within(environment: dict[str, str]) -> ProcessSeen:
    return process().model_copy(update={"environment": environment})


def verdict(checks: list[Check]) -> Verdict:
    return worst(check.verdict for check in checks)


def test_what_a_deployment_starts_holds() -> None:
    assert verdict(argument_checks("engine-1", [process()])) is Verdict.HOLDS
    environment: dict[str, str] = engine_service(PLAN, ENGINE)["environment"]
    told = {name: environment[name] for name in (*OFFLINE, *QUIET)}
    assert verdict(environment_checks("engine-1", [within(told)], OFFLINE | QUIET)) is Verdict.HOLDS


@pytest.mark.parametrize(
    "more",
    [
        ["--model", "somebody/else"],
        ["--model=somebody/else"],
        ["--load-format", "pt"],
        ["--load_format=auto"],
        ["--trust-remote-code"],
        ["--enable-lora"],
        ["--tokenizer", "somebody/else"],
    ],
)
def test_what_stands_last_on_a_command_line_counts(more: list[str]) -> None:
    assert verdict(argument_checks("engine-1", [process([*COMMAND, *more])])) is Verdict.BROKEN
    assert verdict(argument_checks("engine-1", [process(), process([*COMMAND, *more], pid=7)])) is Verdict.BROKEN


def test_a_process_that_names_no_model_proves_nothing() -> None:
    assert verdict(argument_checks("engine-1", [process(["sleep", "600"])])) is Verdict.UNPROVEN


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ({"HF_HUB_OFFLINE": "1"}, "no TRANSFORMERS_OFFLINE"),
        ({"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"}, "HF_HUB_OFFLINE=0"),
        ({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HTTPS_PROXY": "set"}, "HTTPS_PROXY is set"),
    ],
)
def test_an_environment_that_lets_something_out_is_named(told: dict[str, str], seen: str) -> None:
    (check,) = environment_checks("engine-1", [within(told)], OFFLINE)
    assert (check.verdict, check.seen) == (Verdict.BROKEN, seen)


def test_an_environment_that_the_kernel_does_not_tell_proves_nothing() -> None:
    hidden = process().model_copy(update={"environment": None})
    for processes in ([], [hidden], [process(pid=7)]):
        assert verdict(environment_checks("engine-1", processes, OFFLINE)) is Verdict.UNPROVEN


def container(source: str) -> Inspected:
    mount = {"Type": "bind", "Source": source, "Destination": "/models/served", "RW": False}
    return inspected_from(inspected("engine-1") | {"Mounts": [mount]})


@pytest.mark.parametrize(
    ("source", "mounts", "expected"),
    [
        (ENGINE.folder, MOUNT, Verdict.HOLDS),
        ("/somewhere/else", MOUNT, Verdict.BROKEN),
        (ENGINE.folder, MOUNT.replace(" ro,", " rw,"), Verdict.BROKEN),
        (ENGINE.folder, MOUNT.replace("/models/served", "/models"), Verdict.BROKEN),
        (ENGINE.folder, "", Verdict.UNPROVEN),
        (ENGINE.folder, None, Verdict.UNPROVEN),
    ],
)
def test_the_model_that_is_mounted_is_the_planned_one_and_only_read(
    source: str, mounts: str | None, expected: Verdict
) -> None:
    assert verdict(mount_checks(container(source), ENGINE, [process(mounts=mounts)])) is expected


class TestFiles:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        content = {"config.json": b"{}", "model.safetensors": bytes(3_000)}
        for name, data in content.items():
            (tmp_path / name).write_bytes(data)
        entries = tuple(FileEntry(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in content.items())
        (tmp_path / MANIFEST_NAME).write_bytes(Manifest("some/model", None, entries).to_bytes())
        return tmp_path

    def read(self, folder: Path, within: float = 60) -> FilesRead:
        return read_files("engine-1", container(str(folder)), within)

    def check(self, folder: Path, within: float = 60) -> Check:
        return self.read(folder, within).check

    def test_what_they_were_found_to_be_is_told(self, folder: Path) -> None:
        read = self.read(folder)
        assert read.manifest == Manifest.of_folder(folder)
        assert read.found == {entry.name: entry.sha256 for entry in read.manifest.files}

    def test_of_one_that_was_changed_too_and_of_the_others_beside_it(self, folder: Path) -> None:
        (folder / "config.json").write_bytes(b"[]")
        read = self.read(folder)
        assert read.check.verdict is Verdict.BROKEN
        assert read.found["config.json"] == hashlib.sha256(b"[]").hexdigest()
        assert read.found["model.safetensors"] == hashlib.sha256(bytes(3_000)).hexdigest()

    def test_of_one_that_is_missing_nothing_was_found(self, folder: Path) -> None:
        (folder / "config.json").unlink()
        assert list(self.read(folder).found) == ["model.safetensors"]

    def test_one_that_was_found_changed_is_broken_though_time_ran_out(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "config.json").write_bytes(b"[]")
        clock = iter([0.0, 1.0, 99.0])
        monkeypatch.setattr("muniment.deploy.proving_engines.time.monotonic", lambda: next(clock))
        read = self.read(folder, within=15)
        assert read.check.verdict is Verdict.BROKEN
        assert "config.json" in read.check.seen
        assert list(read.found) == ["config.json"]

    def test_the_folder_that_is_mounted_is_read_whichever_was_planned(self, folder: Path) -> None:
        read = self.read(folder)
        assert str(folder) != ENGINE.folder
        assert read.manifest is not None
        assert read.manifest.name == "some/model"

    @pytest.mark.parametrize("without", [None, inspected_from(inspected("engine-1"))], ids=["container", "mount"])
    def test_where_nothing_is_mounted_nothing_is_read(self, without: Inspected | None) -> None:
        read = read_files("engine-1", without, 60)
        assert (read.manifest, read.found, read.check.verdict) == (None, {}, Verdict.UNPROVEN)

    def test_as_they_came_they_hold(self, folder: Path) -> None:
        assert self.check(folder).verdict is Verdict.HOLDS

    def test_one_that_was_changed_is_named(self, folder: Path) -> None:
        (folder / "config.json").write_bytes((folder / "config.json").read_bytes() + b" ")
        found = self.check(folder)
        assert found.verdict is Verdict.BROKEN
        assert "config.json" in found.seen

    def test_without_a_manifest_nobody_knows_what_they_should_be(self, folder: Path) -> None:
        (folder / MANIFEST_NAME).unlink()
        assert self.check(folder).verdict is Verdict.BROKEN

    def test_what_could_not_be_read_in_time_is_not_proven(self, folder: Path) -> None:
        found = self.check(folder, within=-1)
        assert found.verdict is Verdict.UNPROVEN
        assert "muniment model verify" in found.seen
        assert self.read(folder, within=-1).found == {}
