"""A manifest says what a model consists of, and tells every file that is not so."""

import hashlib
import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import ExitCode, ModelChanged
from muniment.models import FaultKind, FileEntry, Manifest, Model, Progress, Source
from muniment.models.manifest import MANIFEST_NAME, MOST_BYTES
from tests.models.making import NAME, REVISION
from tests.processes import AS_ANY_USER, python

ENTRY = {"name": "config.json", "size": 2, "sha256": "0" * 64}
CONTENT = {"format": 1, "name": NAME, "source": {"repo": NAME, "revision": REVISION}, "files": [ENTRY]}


def changed(**fields: Any) -> bytes:
    return json.dumps({**CONTENT, **fields}).encode()


def test_a_manifest_is_read_as_it_was_written() -> None:
    files = (FileEntry("a.json", 0, "0" * 64), FileEntry("b.safetensors", 1 << 40, "f" * 64))
    for source in (None, Source(NAME, REVISION)):
        manifest = Manifest(NAME, source, files)
        assert Manifest.from_bytes(manifest.to_bytes(), "it") == manifest
        assert manifest.size == 1 << 40


def test_it_says_its_format_its_source_and_every_file() -> None:
    manifest = Manifest(NAME, Source(NAME, REVISION), (FileEntry("config.json", 2, "0" * 64),))
    assert json.loads(manifest.to_bytes()) == CONTENT


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b" " * (MOST_BYTES + 1), "longer than manifests are"),
        (b"[]", "does not have the fields"),
        (b'{"format": 1, "format": 1}', "stands twice"),
        (changed(more=1), "does not have the fields"),
        (changed(format=0), "the format is 0"),
        (changed(format=True), "something else as format"),
        (changed(format="1"), "something else as format"),
        (changed(name="Reader"), "not a model's name"),
        (changed(name="acme/../x"), "not a model's name"),
        (changed(name="acme/a--b"), "not a model's name"),
        (changed(name="/acme/x"), "not a model's name"),
        (changed(name=".acme/x"), "not a model's name"),
        (changed(source={"repo": NAME}), "does not have the fields"),
        (changed(source={"repo": NAME, "revision": "main"}), "no full commit"),
        (changed(files=[]), "order of their names"),
        (changed(files=[ENTRY, ENTRY]), "each once"),
        (changed(files=[ENTRY, {**ENTRY, "name": "a.json"}]), "order of their names"),
        (changed(files=[{**ENTRY, "name": MANIFEST_NAME}]), "order of their names"),
        (changed(files=[{**ENTRY, "name": "../config.json"}]), "not a file's name"),
        (changed(files=[{**ENTRY, "name": "a/config.json"}]), "not a file's name"),
        (changed(files=[{**ENTRY, "name": ".config.json"}]), "not a file's name"),
        (changed(files=[{**ENTRY, "size": -1}]), "size or SHA-256"),
        (changed(files=[{**ENTRY, "size": 2.0}]), "something else as size"),
        (changed(files=[{**ENTRY, "sha256": "F" * 64}]), "size or SHA-256"),
        (changed(files=["config.json"]), "does not have the fields"),
    ],
)
def test_what_is_no_manifest_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(ModelChanged) as caught:
        Manifest.from_bytes(content, "the/manifest.json")
    assert words in str(caught.value)
    assert "the/manifest.json" in str(caught.value)


def test_a_manifest_of_a_newer_muniment_is_not_called_broken() -> None:
    with pytest.raises(ModelChanged, match="has the format 2, which this Muniment does not know"):
        Manifest.from_bytes(changed(format=2, more="fields"), "it")


@given(st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode))
def test_whatever_comes_it_is_a_manifest_or_refused(content: bytes) -> None:
    with pytest.raises(ModelChanged):
        Manifest.from_bytes(content, "it")


@given(st.sampled_from(["format", "name", "source", "files"]), st.integers() | st.none() | st.text() | st.just([]))
def test_no_field_takes_anything_else(field: str, value: Any) -> None:
    if CONTENT[field] != value and (field, value) != ("source", None):
        with pytest.raises(ModelChanged):
            Manifest.from_bytes(changed(**{field: value}), "it")


def test_a_model_as_it_came_has_no_faults(model: Model) -> None:
    assert model.manifest.verify(model.path) == ()


def test_progress_counts_all_bytes(model: Model) -> None:
    told: list[Progress] = []
    model.manifest.verify(model.path, told.append)
    assert [one.file for one in told] == [entry.name for entry in model.manifest.files]
    assert [one.done for one in told] == sorted({one.done for one in told})
    assert (told[-1].done, told[-1].total) == (model.manifest.size, model.manifest.size)


def test_what_each_file_was_found_to_be_is_told_and_nothing_of_those_that_were_not_read(model: Model) -> None:
    first, second, third, *others = model.manifest.files
    (model.path / first.name).write_bytes(bytes(first.size))
    (model.path / second.name).unlink()
    (model.path / third.name).write_bytes(bytes(third.size + 1))
    found: dict[str, str] = {}
    model.manifest.verify(model.path, tell_read=found.__setitem__)
    assert found == {
        first.name: hashlib.sha256(bytes(first.size)).hexdigest(),
        **{entry.name: entry.sha256 for entry in others},
    }


def test_every_fault_is_told_by_its_file(model: Model) -> None:
    weights = model.path / "model-00001-of-00002.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\2")
    (model.path / "config.json").unlink()
    (model.path / "tokenizer.json").write_bytes(b"{}")
    (model.path / "modeling.py").write_bytes(b"")
    (model.path / ".hidden").mkdir()
    (model.path / "README.md").rename(model.path / "elsewhere.md")
    (model.path / "README.md").symlink_to("elsewhere.md")
    (model.path / "chat_template.jinja").unlink()
    os.mkfifo(model.path / "chat_template.jinja")
    faults = model.manifest.verify(model.path)
    assert [(fault.file, fault.kind) for fault in faults] == [
        (".hidden", FaultKind.EXTRA),
        ("README.md", FaultKind.CHANGED),
        ("chat_template.jinja", FaultKind.CHANGED),
        ("config.json", FaultKind.MISSING),
        ("elsewhere.md", FaultKind.EXTRA),
        ("model-00001-of-00002.safetensors", FaultKind.CHANGED),
        ("modeling.py", FaultKind.EXTRA),
        ("tokenizer.json", FaultKind.SIZE),
    ]
    told = [str(fault) for fault in faults]
    assert "tokenizer.json: has 2 bytes instead of 18" in told
    assert "model-00001-of-00002.safetensors: has another SHA-256 than when it came" in told
    assert "README.md: is not a regular file" in told


def test_what_cannot_be_read_is_not_verified(model: Model) -> None:
    code = (
        AS_ANY_USER
        + "import pathlib, sys; from muniment.models import Manifest\n"
        + "folder = pathlib.Path(sys.argv[1]); print(*Manifest.of_folder(folder).verify(folder))"
    )
    (model.path / "config.json").chmod(0)
    assert python(code, model.path) == "config.json: cannot be read: Permission denied"


@pytest.mark.parametrize("state", ["missing", "link", "none"])
def test_a_folder_without_a_manifest_says_nothing_of_a_model(model: Model, state: str) -> None:
    path = model.path / MANIFEST_NAME
    if state == "link":
        path.rename(model.path.parent / "manifest")
        path.symlink_to("../manifest")
    elif state == "missing":
        path.unlink()
    folder = model.path / "none" if state == "none" else model.path
    with pytest.raises(ModelChanged) as caught:
        Manifest.of_folder(folder)
    assert str(folder) in str(caught.value)
    assert caught.value.exit_code is ExitCode.UNVERIFIED


def test_the_room_has_its_names_and_no_others() -> None:
    from muniment import models

    assert all(hasattr(models, name) for name in models.__all__)
    assert sorted(models._HOMES) == sorted(models.__all__)
    assert not hasattr(models, "nonesuch")
