"""A model comes in from a folder or an archive: whole, verified, and without what could run."""

import io
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import ExitCode, ModelChanged, ModelError, OutputError, UsageError
from muniment.models import FileEntry, Manifest, Model, Progress, Source, Store, offers, taking
from muniment.models.manifest import MANIFEST_NAME
from tests.models.making import NAME, REVISION, files_in, framed, model_files, write
from tests.processes import WITHOUT_SPACE, python

Form = Callable[[Path, dict[str, bytes]], Path]


def folder(path: Path, files: dict[str, bytes]) -> Path:
    return write(path / "handed over", files)


def archive(path: Path, files: dict[str, bytes]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return tar(path / "model.tar", *(member(f"Reader-1B/{name}", content) for name, content in files.items()))


def tar(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w") as file:
        for info, content in members:
            file.addfile(info, io.BytesIO(content))
    return path


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


@pytest.fixture(params=[folder, archive])
def form(request: pytest.FixtureRequest) -> Form:
    """How a model is handed over."""
    chosen: Form = request.param
    return chosen


def test_a_model_is_copied_with_a_manifest(store: Store, tmp_path: Path, form: Form) -> None:
    files = model_files(3000, 10)
    told: list[Progress] = []
    model = store.import_(form(tmp_path, files), NAME, told.append)
    assert model.path == store.root / "acme" / "Reader-1B"
    assert files_in(store.root) == sorted(f"{NAME}/{name}" for name in (*files, MANIFEST_NAME))
    assert {entry.name: (model.path / entry.name).read_bytes() for entry in model.manifest.files} == files
    assert model.manifest.source is None
    assert store.verify(NAME) == ()
    assert (told[-1].done, told[-1].total) == (model.manifest.size,) * 2


def test_an_engine_of_another_user_can_read_it(store: Store, tmp_path: Path, form: Form) -> None:
    path = form(tmp_path, model_files(1))
    before = os.umask(0o077)
    try:
        model = store.import_(path, NAME)
    finally:
        os.umask(before)
    assert stat.S_IMODE(model.path.stat().st_mode) == 0o755
    assert {stat.S_IMODE(one.stat().st_mode) for one in model.path.iterdir()} == {0o644}


def test_what_could_run_and_what_is_no_part_of_a_model_is_left_out(store: Store, tmp_path: Path, form: Form) -> None:
    others = ["pytorch_model.bin", "m.pt", "m.pth", "m.ckpt", "m.pkl", "modeling.py", "x.so", "reader.toml", ".git"]
    files = model_files(1) | dict.fromkeys(others, b"?")
    model = store.import_(form(tmp_path, files), NAME)
    assert [entry.name for entry in model.manifest.files] == sorted(model_files(1))
    assert files_in(model.path) == sorted([*model_files(1), MANIFEST_NAME])


def test_what_lies_in_folders_of_a_folder_is_left_out(store: Store, tmp_path: Path) -> None:
    files = model_files(1) | {"onnx/config.json": b"{}", "onnx/model.safetensors": b"?"}
    model = store.import_(folder(tmp_path, files), NAME)
    assert [entry.name for entry in model.manifest.files] == sorted(model_files(1))


def test_a_manifest_that_comes_with_it_gives_name_and_source_and_is_held_to(
    model: Model, tmp_path: Path, form: Form
) -> None:
    manifest = Manifest(NAME, Source(NAME, REVISION), model.manifest.files)
    files = model_files(3000, 10) | {MANIFEST_NAME: manifest.to_bytes(), "reader.toml": b"", "x.py": b""}
    assert Store(tmp_path / "other").import_(form(tmp_path, files)).manifest == manifest
    weights = "model-00001-of-00002.safetensors"
    for number, (change, words) in enumerate(
        [
            ({weights: files[weights][:-1] + b"?"}, f"{weights} has another SHA-256"),
            ({"config.json": b"{}"}, "config.json is missing, of another size"),
            ({"LICENSE": b"all rights"}, "LICENSE is missing, of another size, or not in it"),
            ({MANIFEST_NAME: listing(manifest, "vocab.json")}, r"vocab\.json is missing"),
        ]
    ):
        with pytest.raises(ModelChanged, match=words):
            Store(tmp_path / "third").import_(form(tmp_path / str(number), files | change))
    assert files_in(tmp_path / "third") == []


def listing(manifest: Manifest, name: str) -> bytes:
    """A manifest with one more file."""
    files = (*manifest.files, FileEntry(name, 1, "0" * 64))
    return Manifest(NAME, None, tuple(sorted(files, key=lambda entry: entry.name))).to_bytes()


def test_a_manifest_that_is_none_refuses_the_model(store: Store, tmp_path: Path, form: Form) -> None:
    with pytest.raises(ModelChanged, match="not a manifest of Muniment"):
        store.import_(form(tmp_path, model_files(1) | {MANIFEST_NAME: b"{}"}), NAME)


def test_a_manifest_cannot_bring_in_what_could_run(store: Store, tmp_path: Path, form: Form) -> None:
    files = model_files(1) | {"modeling.py": b"1"}
    made = Store(tmp_path / "made").import_(folder(tmp_path, model_files(1)), NAME).manifest
    with pytest.raises(ModelChanged, match=r"modeling\.py"):
        store.import_(form(tmp_path, files | {MANIFEST_NAME: listing(made, "modeling.py")}))


def test_the_name_must_be_known_and_the_same(store: Store, model: Model, tmp_path: Path, form: Form) -> None:
    with pytest.raises(UsageError, match="Add --name"):
        store.import_(form(tmp_path, model_files(1)))
    with pytest.raises(UsageError, match=f"is {NAME} and not acme/Other"):
        store.import_(model.path, "acme/Other")
    with pytest.raises(UsageError, match="not a model's name"):
        store.import_(model.path, "../Other")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model-00001-of-00001.safetensors": None, "pytorch_model.bin": b"?"}, "only as pickle"),
        ({"model-00001-of-00001.safetensors": None}, "no weights in the form of safetensors"),
        ({"config.json": None}, "has no config.json"),
        ({"model-00001-of-00001.safetensors": framed(b"{}", b"?")}, "no sound safetensors file"),
        ({"model.safetensors.index.json": b'{"weight_map": {"a": "lost.safetensors"}}'}, "names 'lost.safetensors'"),
        ({"model.safetensors.index.json": b'{"weight_map": {"a": "../x.safetensors"}}'}, "names '../x.safetensors'"),
        ({"model.safetensors.index.json": b'{"weight_map": {"a": {}}}'}, "no index of weights"),
        ({"model.safetensors.index.json": b"[]"}, "no index of weights"),
    ],
)
def test_what_is_no_model_is_refused_and_leaves_nothing(
    store: Store, tmp_path: Path, form: Form, change: dict[str, bytes | None], words: str
) -> None:
    files = {name: content for name, content in (model_files(1) | change).items() if content is not None}
    with pytest.raises(ModelError, match=words):
        store.import_(form(tmp_path, files), NAME)
    assert files_in(store.root) == []


def test_texts_are_no_larger_than_texts_are(
    store: Store, tmp_path: Path, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "MOST_TEXT_BYTES", 1000)
    with pytest.raises(ModelError, match="larger than such files are"):
        store.import_(form(tmp_path, model_files(1) | {"tokenizer.json": b" " * 1001}), NAME)


def test_a_link_in_a_folder_is_not_followed(store: Store, tmp_path: Path) -> None:
    given = folder(tmp_path, model_files(1))
    (given / "config.json").rename(tmp_path / "elsewhere")
    (given / "config.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="is a link"):
        store.import_(given, NAME)
    assert files_in(store.root) == []


def test_a_pipe_in_a_folder_is_not_waited_for(store: Store, tmp_path: Path) -> None:
    given = folder(tmp_path, model_files(1))
    (given / "config.json").unlink()
    os.mkfifo(given / "config.json")
    with pytest.raises(ModelError, match="not a regular file"):
        store.import_(given, NAME)


CONFIG = member("config.json", b"{}")


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (member("/config.json", b"{}"), "leads out of its folder"),
        (member("../config.json", b"{}"), "leads out of its folder"),
        (member("a/../../config.json", b"{}"), "leads out of its folder"),
        (member("a\\..\\config.json", b"{}"), "leads out of its folder"),
        (member("a\nb.json", b"{}"), "leads out of its folder"),
        (member("config.json", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "a link, a device"),
        (member("config.json", type=tarfile.LNKTYPE, linkname="/etc/passwd"), "a link, a device"),
        (member("config.json", type=tarfile.CHRTYPE, devmajor=1, devminor=5), "a link, a device"),
        (member("config.json", type=tarfile.BLKTYPE), "a link, a device"),
        (member("config.json", type=tarfile.FIFOTYPE), "a link, a device"),
        (member("tokenizer.json", pax_headers={"GNU.sparse.size": "9", "GNU.sparse.map": "0,9"}), "a link, a device"),
        (member("./config.json", b"{}"), "stands in it twice"),
        (member("../elsewhere/notes.txt", b"{}"), "leads out of its folder"),
        (member("elsewhere/notes.txt", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "a link, a device"),
        (member("tokenizer.json", pax_headers={"comment": "x" * (2 << 20)}), "longer than headers are"),
        (member("t" * (2 << 20), b"{}"), "longer than headers are"),
    ],
)
def test_a_hostile_archive_is_refused_and_leaves_nothing(
    store: Store, tmp_path: Path, odd: tuple[tarfile.TarInfo, bytes], words: str
) -> None:
    path = tar(tmp_path / "model.tar", CONFIG, odd)
    with pytest.raises(ModelError, match=words):
        store.import_(path, NAME)
    assert not store.root.exists()


@pytest.mark.parametrize("top", ["", "./", "Reader-1B/", "models/acme/Reader-1B/"])
def test_a_model_in_an_archive_is_what_lies_beside_the_highest_configuration(
    store: Store, tmp_path: Path, top: str
) -> None:
    files = {f"{top}{name}": content for name, content in model_files(1).items()}
    others = {f"{top}onnx/config.json": b"{}", f"{top}.cache/huggingface/config.json.metadata": b"", "notes.md": b""}
    path = tar(tmp_path / "model.tar", *(member(name, content) for name, content in (others | files).items()))
    model = store.import_(path, NAME)
    assert [entry.name for entry in model.manifest.files] == sorted(model_files(1))


def test_an_archive_of_several_models_is_refused(store: Store, tmp_path: Path) -> None:
    path = tar(tmp_path / "model.tar", member("a/config.json", b"{}"), member("b/config.json", b"{}"))
    with pytest.raises(ModelError, match="holds several models"):
        store.import_(path, NAME)


def test_an_empty_archive_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no weights"):
        store.import_(tar(tmp_path / "model.tar"), NAME)


def test_an_archive_of_too_many_files_is_refused(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "MOST_MEMBERS", 10)
    path = tar(tmp_path / "model.tar", *(member(f"{number}.txt") for number in range(11)))
    with pytest.raises(ModelError, match="more than 10 files"):
        store.import_(path, NAME)


def test_a_compressed_or_cut_archive_is_refused(store: Store, tmp_path: Path) -> None:
    path = archive(tmp_path, model_files(3000))
    content = path.read_bytes()
    with tarfile.open(tmp_path / "model.tgz", "w:gz") as file:
        file.add(path, "config.json")
    for other in (tmp_path / "model.tgz", write(tmp_path, {"cut.tar": content[:2000]}) / "cut.tar"):
        with pytest.raises(ModelError):
            store.import_(other, NAME)
    assert not store.root.exists() or files_in(store.root) == []


@given(st.data())
def test_an_archive_with_odd_bytes_is_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("odd")
    whole = archive(path, model_files(1))
    content = bytearray(whole.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    whole.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    store = Store(path / "store")
    try:
        store.import_(whole, NAME)
    except (ModelError, UsageError):
        assert not store.root.exists() or files_in(store.root) == []
    else:
        assert store.verify(NAME) == ()


def test_what_is_neither_a_folder_nor_an_archive_is_told(store: Store, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("none", "pipe"):
        with pytest.raises(ModelError, match=f"{name} cannot be read"):
            store.import_(tmp_path / name, NAME)


def test_a_newer_model_takes_the_place_of_the_older_one(store: Store, model: Model, tmp_path: Path, form: Form) -> None:
    newer = model_files(5)
    store.import_(form(tmp_path, newer), NAME)
    assert files_in(store.root) == sorted(f"{NAME}/{name}" for name in (*newer, MANIFEST_NAME))
    assert store.find(NAME).manifest != model.manifest


def test_the_older_model_stays_when_the_newer_one_is_refused(
    store: Store, model: Model, tmp_path: Path, form: Form
) -> None:
    with pytest.raises(ModelError):
        store.import_(form(tmp_path, model_files(5) | {"model-00001-of-00001.safetensors": b"?"}), NAME)
    assert store.find(NAME) == model
    assert store.verify(NAME) == ()
    assert not [name for name in files_in(store.root) if not name.startswith(f"{NAME}/")]


def test_stopping_leaves_nothing_behind(store: Store, tmp_path: Path, form: Form) -> None:
    def stop(_progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.import_(form(tmp_path, model_files(1)), NAME, stop)
    assert files_in(store.root) == []


def test_a_model_that_the_disk_has_no_room_for_is_not_begun(
    store: Store, tmp_path: Path, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = form(tmp_path, model_files(3000))
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=3000))
    told: list[Progress] = []
    with pytest.raises(OutputError, match="bytes more, and 3,000 are left") as caught:
        store.import_(path, NAME, told.append)
    assert "--store" in caught.value.hint
    assert told == []
    assert files_in(store.root) == []


def test_a_disk_that_fills_up_meanwhile_is_told_and_left_clean(store: Store, tmp_path: Path, form: Form) -> None:
    path = form(tmp_path, model_files(3000))
    code = (
        "import pathlib, sys; from muniment.models import Store; from muniment.errors import OutputError\n"
        + WITHOUT_SPACE
        + "try: Store(pathlib.Path(sys.argv[1])).import_(pathlib.Path(sys.argv[2]), sys.argv[3])\n"
        "except OutputError as error: print(int(error.exit_code), error)"
    )
    told = python(code, store.root, path, NAME)
    assert told.startswith(f"{int(ExitCode.OUTPUT)} ")
    assert "model-00001-of-00001.safetensors cannot be written: no space is left" in told
    assert files_in(store.root) == []
