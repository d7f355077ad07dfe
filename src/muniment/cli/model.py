"""``muniment model``: ``pull``, ``import``, ``export``, ``verify``, ``list`` and ``rm``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from muniment.cli import parameters
from muniment.cli.messages import byte_count, complain, counted, printable, say
from muniment.cli.stopping import Stopped
from muniment.errors import DeployError, ExitCode, ModelError

if TYPE_CHECKING:
    from muniment.models import Model, Store

_store_option = click.option(
    "--store",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Where models are kept.  [env var: MUNIMENT_MODELS; default: ~/.local/share/muniment/models]",
)


@click.group()
def model() -> None:
    """Fetch, verify and list models, and carry them to other machines.

    Weights are taken only as safetensors, never as pickle, and nothing that runs comes with them. Each model has a
    manifest with the SHA-256 of every file.
    """


@model.command()
@click.argument("name", metavar="OWNER/NAME")
@click.option("--revision", metavar="REVISION", help="A branch, tag or commit.  [default: the hub's]")
@click.option("--here", is_flag=True, help="In this process, without Docker.")
@_store_option
@parameters.quiet_option
def pull(name: str, revision: str | None, here: bool, store: Path | None, quiet: bool) -> ExitCode:
    """Fetch a model from a Hugging Face hub.

    That is done in a container which sees nothing but the store, the only one of a deployment's with a way out, and
    without Docker with --here.

    HF_ENDPOINT chooses another hub, and HF_TOKEN holds a token for models that are not open to all. Every file is
    compared with what the hub says it hashes to. A pull that was stopped goes on where it was when the same command is
    given again; an older revision is replaced when all of the new one is there.

    Example: muniment model pull nanonets/Nanonets-OCR2-3B
    """
    try:
        if not here:
            return _pull_apart(name, revision, _store(store).root, quiet=quiet)
        fetched = _pull_here(name, revision, _store(store), quiet=quiet)
    except KeyboardInterrupt:
        raise Stopped from None
    _say_where(fetched, quiet=quiet)
    return ExitCode.OK


def _pull_here(name: str, revision: str | None, store: "Store", *, quiet: bool) -> "Model":
    from muniment.cli.transfer import transfer_progress

    with transfer_progress(quiet=quiet) as tell:
        return store.pull(name, revision, tell)


def _pull_apart(name: str, revision: str | None, store: Path, *, quiet: bool) -> ExitCode:
    """In a container."""
    from muniment._version import __version__
    from muniment.cli.deploy_report import Steps
    from muniment.deploy.downloading import fetch, see_to_downloader
    from muniment.seal.docker import find_docker

    try:
        docker = find_docker()
    except DeployError as error:
        raise DeployError(error.what, f"{error.hint} Or fetch it in this process: add --here.") from None
    arguments = [*(["--revision", revision] if revision else []), *(["--quiet"] if quiet else []), "--", name]
    with Steps(interrupted="") as steps:
        tag = see_to_downloader(docker, __version__, steps.tell)
    code = fetch(docker, tag, store, arguments)
    return ExitCode(code) if code in set(ExitCode) else ExitCode.NOT_RUNNING


@model.command(name="import")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--name", metavar="OWNER/NAME", help="Which model it is; needed unless it brings a manifest.")
@_store_option
@parameters.quiet_option
def import_model(path: Path, name: str | None, store: Path | None, quiet: bool) -> None:
    """Take in a model from a folder or a tar archive.

    For machines that never see the Internet. A model that brings a manifest is verified by it; what is not part of a
    model is left out. An older one of the same name is replaced when all of the new one is there.

    Example: muniment model import /media/stick/ocr.tar
    """
    from muniment.cli.transfer import transfer_progress

    with transfer_progress(quiet=quiet) as tell:
        taken = _store(store).import_(path, name, tell)
    _say_where(taken, quiet=quiet)


@model.command()
@click.argument("name", metavar="NAME")
@click.argument("path", metavar="FILE.tar", type=click.Path(path_type=Path))
@_store_option
@parameters.quiet_option
def export(name: str, path: Path, store: Path | None, quiet: bool) -> None:
    """Write a model to a tar archive, for a machine that never sees the Internet.

    "muniment model import" takes it in there. The same model gives the same bytes, and only a sound one is written.

    Example: muniment model export nanonets/Nanonets-OCR2-3B /media/stick/ocr.tar
    """
    from muniment.cli.transfer import transfer_progress

    with transfer_progress(quiet=quiet) as tell:
        _store(store).export(name, path, tell)
    if not quiet:
        say(f"{name} is in {path}: {byte_count(path.stat().st_size)}.")


@model.command()
@click.argument("name", metavar="[NAME]", required=False)
@_store_option
@parameters.quiet_option
def verify(name: str | None, store: Path | None, quiet: bool) -> ExitCode:
    """Read every file of a model, or of all, and compare them with the manifest.

    Each file that is missing, changed, of another size or too much is named, and the command ends with 5.
    """
    from muniment.cli.transfer import transfer_progress

    kept = _store(store)
    code = ExitCode.OK
    for one in (name,) if name is not None else kept.names():
        try:
            with transfer_progress(quiet=quiet) as tell:
                faults = kept.verify(one, tell)
        except ModelError as error:
            complain(str(error))
            code = max(code, error.exit_code)
            continue
        for fault in faults:
            complain(f"{one}: {fault}.")
            code = ExitCode.UNVERIFIED
        if not faults and not quiet:
            say(f"{one}: verified.")
    return code


@model.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_store_option
def list_models(as_json: bool, store: Path | None) -> ExitCode:
    """List the models that are there.

    Their files are not looked at: "muniment model verify" does that.
    """
    from muniment.cli.standard_output import write_standard_output

    kept = _store(store)
    known, code = [], ExitCode.OK
    for name in kept.names():
        try:
            known.append(kept.find(name))
        except ModelError as error:
            complain(str(error))
            code = max(code, error.exit_code)
    if as_json:
        write_standard_output(json.dumps([_described(one) for one in known], indent=2, ensure_ascii=False) + "\n")
    elif known:
        write_standard_output(_table(known))
    elif code is ExitCode.OK:
        say("No model is there yet.")
    return code


@model.command()
@click.argument("name", metavar="NAME")
@_store_option
def rm(name: str, store: Path | None) -> None:
    """Remove a model, and what an interrupted pull of it has left."""
    _store(store).remove(name)
    say(f"Removed {name}.")


def _store(given: Path | None) -> "Store":
    from muniment.models import Store, store_folder

    return Store(store_folder(given))


def _say_where(one: "Model", *, quiet: bool) -> None:
    if not quiet:
        files = counted(len(one.manifest.files), "file")
        say(f"{one.name} is at {one.path}: {files}, {byte_count(one.manifest.size)}, verified.")


def _described(one: "Model") -> dict[str, str | int | None]:
    source = one.manifest.source
    return {
        "name": one.name,
        "path": str(one.path),
        "repo": None if source is None else source.repo,
        "revision": None if source is None else source.revision,
        "files": len(one.manifest.files),
        "size": one.manifest.size,
    }


def _table(known: "list[Model]") -> str:
    rows = [("NAME", "REVISION", "FILES", "SIZE", "FOLDER")]
    for one in known:
        source, manifest = one.manifest.source, one.manifest
        revision = "-" if source is None else source.revision[:12]
        rows.append((one.name, revision, str(len(manifest.files)), byte_count(manifest.size), printable(str(one.path))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"
