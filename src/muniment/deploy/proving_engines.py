"""Whether engines run on the verified model, offline, as their processes really were started."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from muniment.deploy.places import MODEL
from muniment.deploy.settings import EnginePlan
from muniment.errors import ModelChanged
from muniment.models import Manifest, Progress
from muniment.seal.claims import Check, fact, unknown
from muniment.seal.inspected import Inspected
from muniment.seal.kernel import mounts
from muniment.seal.probing import ProcessSeen

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "ftp_proxy", "all_proxy")


@dataclass(frozen=True, kw_only=True)
class FilesRead:
    """What was read of the model that an engine has.

    Attributes:
        manifest: the one that lies there; None if there is none that can be used.
        found: the SHA-256 of every file that was read to its end, by its name.
        check: what that comes to.
    """

    manifest: Manifest | None
    found: Mapping[str, str]
    check: Check


class _TimeIsUp(Exception):
    """The time for reading a model's files is."""


def environment_checks(subject: str, processes: Iterable[ProcessSeen], wanted: "dict[str, str]") -> list[Check]:
    """Whether the first of the container's processes, from which all others have it, has an environment like this.

    Others may write over theirs, as nginx and vLLM do to show what they are at.
    """
    first = next((one for one in processes if one.pid == 1), None)
    if first is None or first.environment is None:
        return [unknown(subject, "kernel", "environment", "the kernel does not tell")]
    told = first.environment
    wrong = [
        f"{name}={told[name]}" if name in told else f"no {name}" for name in wanted if told.get(name) != wanted[name]
    ]
    wrong += [f"{name} is set" for name in PROXIES if name in told]
    shown = ", ".join(wrong) or ", ".join(f"{name}={value}" for name, value in wanted.items()) or "no proxy is set"
    return [fact(subject, "kernel", "environment", shown, is_well=not wrong)]


def argument_checks(subject: str, processes: Iterable[ProcessSeen]) -> list[Check]:
    """Whether every process that names a model names the verified one, and takes nothing else from it."""
    lines = [_split(one.command) for one in processes]
    lines = [line for line in lines if "--model" in line]
    if not lines:
        return [unknown(subject, "kernel", "arguments", "no process names a model")]
    wrong = {fault for line in lines for fault in _faults(line)}
    shown = ", ".join(sorted(wrong)) or f"--model {MODEL}, safetensors only, no code of the model's"
    return [fact(subject, "kernel", "arguments", shown, is_well=not wrong)]


def _split(command: Sequence[str]) -> list[str]:
    """Arguments with what they are given apart: "--model=x" as "--model", "x"."""
    pairs = (word.split("=", 1) if word.startswith("--") else [word] for word in command)
    return [word.replace("_", "-") if word.startswith("--") else word for pair in pairs for word in pair]


def _faults(line: Sequence[str]) -> list[str]:
    """What stands last counts."""
    found = [f"{name} {_last(line, name)}" for name, value in _WANTED.items() if _last(line, name) != value]
    trusting = [word for word in line if word in {"--trust-remote-code", "--no-trust-remote-code"}]
    if trusting[-1:] != ["--no-trust-remote-code"]:
        found.append("code of the model's is run")
    return found + [f"{name} is given" for name in _LOADING_MORE if name in line]


_WANTED = {"--model": MODEL, "--load-format": "safetensors"}
_LOADING_MORE = ("--enable-lora", "--lora-modules", "--tokenizer", "--hf-config-path", "--speculative-config")


def _last(line: Sequence[str], name: str) -> str:
    places = [place for place, word in enumerate(line[:-1]) if word == name]
    return line[places[-1] + 1] if places else ""


def mount_checks(container: Inspected, engine: EnginePlan, processes: Iterable[ProcessSeen]) -> list[Check]:
    """Whether the model's folder is the one that was planned, and the engine cannot write to it."""
    sources = [source for source, place, _ in container.binds if place == MODEL]
    found = [
        fact(
            container.service,
            "engine",
            "the model's folder",
            ", ".join(sources) or "none",
            is_well=sources == [engine.folder],
        )
    ]
    tables = [mounts(one.mounts) for one in processes if one.mounts]
    if not tables:
        return [*found, unknown(container.service, "kernel", f"mount at {MODEL}", "the kernel does not tell")]
    seen = [mount for table in tables for mount in table if mount.place == MODEL]
    is_closed = bool(seen) and not any(mount.writable for mount in seen)
    shown = "read only" if is_closed else "can be written to" if seen else "there is none"
    return [*found, fact(container.service, "kernel", f"mount at {MODEL}", shown, is_well=is_closed)]


def read_files(subject: str, container: Inspected | None, within: float) -> FilesRead:
    """Hold every file of the model that an engine has to the manifest beside it, as far as can be read in time.

    It is read in the folder that the engine's container has, which may be another than the planned one.

    Args:
        subject: the engine's service.
        container: its container; None if there is none.
        within: seconds.
    """
    folder = next((source for source, place, _ in container.binds if place == MODEL), "") if container else ""
    if not folder:
        why = f"its container has nothing at {MODEL}" if container else "there is no container that would have them"
        return FilesRead(manifest=None, found={}, check=unknown(subject, "file", "the model's files", why))
    try:
        manifest = Manifest.of_folder(Path(folder))
    except ModelChanged as error:
        check = fact(subject, "file", "the model's files", error.what, is_well=False)
        return FilesRead(manifest=None, found={}, check=check)
    found: dict[str, str] = {}
    check = _files_check(subject, manifest, Path(folder), within, found)
    return FilesRead(manifest=manifest, found=found, check=check)


def _files_check(subject: str, manifest: Manifest, folder: Path, within: float, found: dict[str, str]) -> Check:
    """Whether the files are as the manifest says; what they were ``found`` to be is put there."""
    deadline = time.monotonic() + within
    done = 0

    def tell(progress: Progress) -> None:
        nonlocal done
        done = progress.done
        if time.monotonic() > deadline:
            raise _TimeIsUp

    try:
        faults = manifest.verify(folder, tell, found.__setitem__)
    except _TimeIsUp:
        if wrong := [entry.name for entry in manifest.files if found.get(entry.name, entry.sha256) != entry.sha256]:
            shown = f"{', '.join(wrong[:3])}: has another SHA-256 than when it came"
            return fact(subject, "file", f"the files of {manifest.name}", shown, is_well=False)
        what = f"{done:,} of {manifest.size:,} bytes were read in {within:.0f} s; muniment model verify reads all"
        return unknown(subject, "file", "the model's files", what)
    shown = "; ".join(map(str, faults[:3])) or f"{len(manifest.files)} files, {manifest.size:,} bytes, as they came"
    return fact(subject, "file", f"the files of {manifest.name}", shown, is_well=not faults)
