"""A model is fetched from a hub whatever happens on the way: whole and as the hub said, or not at all."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from muniment.errors import ExitCode, ModelChanged, ModelError, OutputError, UsageError
from muniment.models import Progress, Source, Store
from muniment.models import hub as hub_module
from muniment.models.manifest import MANIFEST_NAME
from tests.models.making import NAME, files_in, framed, model_files, write
from tests.models.small_hub import Cut, Refuse, Repository, Send, SmallHub
from tests.processes import WITHOUT_SPACE, hear_signals, python

WEIGHTS = "model-00001-of-00002.safetensors"
FILES = model_files(300_000, 10)
OTHERS = dict.fromkeys(["pytorch_model.bin", "modeling.py", "reader.toml", "onnx/config.json", ".gitattributes"], b"?")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallHub]:
    """A hub with the model, which the environment names; nobody waits before trying again."""
    monkeypatch.setattr("huggingface_hub.file_download.time", SimpleNamespace(sleep=lambda _seconds: None))
    monkeypatch.setattr("huggingface_hub.utils._http.time", SimpleNamespace(sleep=lambda _seconds: None))
    monkeypatch.setattr(hub_module, "_PIECE", 1000)
    with SmallHub().running() as running:
        running.repositories[NAME] = Repository(FILES | OTHERS)
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield running


def part(store: Store) -> Path:
    """What an interrupted pull has left of the weights."""
    (path,) = store.root.glob(f"*/.*/{WEIGHTS}")
    return path


def test_a_model_is_fetched_with_its_commit_and_without_what_could_run(hub: SmallHub, store: Store) -> None:
    told: list[Progress] = []
    model = store.pull(NAME, tell=told.append)
    assert model.manifest.source == Source(NAME, hub.repositories[NAME].commit)
    assert {entry.name: (model.path / entry.name).read_bytes() for entry in model.manifest.files} == FILES
    assert files_in(store.root) == sorted(f"{NAME}/{name}" for name in (*FILES, MANIFEST_NAME))
    assert store.verify(NAME) == ()
    asked = {one.path.rpartition("/")[2] for one in hub.requests} - {"Reader-1B"}
    assert asked == set(FILES), "nothing else was even asked for"
    assert [one.done for one in told] == sorted(one.done for one in told)
    assert (told[-1].done, told[-1].total) == (model.manifest.size,) * 2
    assert len({one.file for one in told}) == len(FILES)


def test_files_are_asked_for_by_the_commit_and_not_by_the_branch(hub: SmallHub, store: Store) -> None:
    store.pull(NAME, "main")
    paths = [one.path for one in hub.requests if "/resolve/" in one.path]
    assert len(paths) == len(FILES)
    assert all(f"/resolve/{hub.repositories[NAME].commit}/" in path for path in paths)


def test_what_is_there_and_sound_is_not_fetched_again(hub: SmallHub, store: Store) -> None:
    model = store.pull(NAME)
    hub.requests.clear()
    assert store.pull(NAME) == model
    assert [one.path for one in hub.requests] == [f"/api/models/{NAME}"]


@pytest.mark.usefixtures("hub")
def test_what_is_there_and_changed_is_fetched_again(store: Store) -> None:
    model = store.pull(NAME)
    (model.path / "config.json").write_bytes(b"{}")
    assert store.pull(NAME) == model
    assert store.verify(NAME) == ()


def test_a_newer_revision_takes_the_place_of_the_older_one(hub: SmallHub, store: Store) -> None:
    store.pull(NAME)
    newer = FILES | {"config.json": b'{"newer": true}'}
    hub.repositories[NAME] = Repository({name: content for name, content in newer.items() if name != "README.md"})
    model = store.pull(NAME)
    assert model.manifest.source == Source(NAME, hub.repositories[NAME].commit)
    assert "README.md" not in files_in(model.path)
    assert store.verify(NAME) == ()


@pytest.mark.parametrize("hard", [False, True])
def test_a_connection_that_breaks_off_is_taken_up_where_it_was(hub: SmallHub, store: Store, hard: bool) -> None:
    hub.misbehave(WEIGHTS, Cut(100_500, hard), Cut(50_500, hard))
    store.pull(NAME)
    begins = [int(one.headers.get("range", "bytes=0-")[6:-1]) for one in hub.asked(f"/large/{NAME}/{WEIGHTS}")]
    assert len(begins) == 3
    # What a reset overtakes is lost; of everything else, less than a piece is.
    assert begins == sorted(begins) if hard else begins == [0, 100_000, 150_000]
    assert store.verify(NAME) == ()


def test_a_connection_that_brings_nothing_is_given_up(hub: SmallHub, store: Store) -> None:
    hub.misbehave(WEIGHTS, Cut(50_500), *[Cut(0)] * 20)
    with pytest.raises(ModelError, match=r"broke off \(.*\)\. Run the same command again to go on"):
        store.pull(NAME)
    assert len(hub.asked(f"/large/{NAME}/{WEIGHTS}")) < 15
    assert part(store).stat().st_size == 50_000


def test_what_a_stopped_pull_has_left_is_gone_on_with(hub: SmallHub, store: Store) -> None:
    def stop(progress: Progress) -> None:
        if progress.file == WEIGHTS and (store.root / "acme").exists() and part(store).stat().st_size > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pull(NAME, tell=stop)
    assert store.names() == ()
    left = part(store).stat().st_size
    assert left > 100_000
    hub.requests.clear()
    store.pull(NAME)
    (asked,) = hub.asked(f"/large/{NAME}/{WEIGHTS}")
    assert asked.headers["range"] == f"bytes={left}-"
    assert not hub.asked("/config.json"), "what had come whole is not asked for again"
    assert store.verify(NAME) == ()
    assert not list(store.root.glob("*/.*"))


def test_a_hub_that_knows_no_ranges_is_read_from_the_start(hub: SmallHub, store: Store) -> None:
    hub.misbehave(WEIGHTS, Cut(5000), Refuse(500))
    with pytest.raises(ModelError, match="Try later"):
        store.pull(NAME)
    assert 0 < part(store).stat().st_size < 300_000
    hub.misbehave(WEIGHTS, Refuse(200, body=FILES[WEIGHTS]))
    store.pull(NAME)
    assert store.verify(NAME) == ()


def test_what_was_left_of_another_revision_is_not_mixed_in(hub: SmallHub, store: Store) -> None:
    hub.misbehave(WEIGHTS, Refuse(500))
    with pytest.raises(ModelError):
        store.pull(NAME)
    assert list(store.root.glob("*/.*"))
    hub.repositories[NAME] = Repository(FILES | {"config.json": b'{"newer": true}'})
    hub.misbehave(WEIGHTS)
    model = store.pull(NAME)
    assert (model.path / "config.json").read_bytes() == b'{"newer": true}'
    assert not list(store.root.glob("*/.*"))


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_other_bytes_than_the_hub_said_are_refused_and_fetched_anew(hub: SmallHub, store: Store, name: str) -> None:
    hub.misbehave(name, Send(b"?" * len(FILES[name])))
    with pytest.raises(ModelChanged, match=f"{name} came with another hash than the hub said") as caught:
        store.pull(NAME)
    assert caught.value.exit_code is ExitCode.UNVERIFIED
    assert store.names() == ()
    store.pull(NAME)
    assert store.verify(NAME) == ()


@pytest.mark.parametrize(
    ("body", "words"), [(b"?" * 299_000, "in another size than it said"), (b"?" * 400_000, "More came of")]
)
def test_more_or_fewer_bytes_than_the_hub_said_are_refused(
    hub: SmallHub, store: Store, body: bytes, words: str
) -> None:
    hub.misbehave(WEIGHTS, Send(body))
    with pytest.raises(ModelChanged, match=words):
        store.pull(NAME)
    store.pull(NAME)
    assert store.verify(NAME) == ()


def test_a_part_that_was_spoilt_is_found_out(hub: SmallHub, store: Store) -> None:
    hub.misbehave(WEIGHTS, Cut(5000), Refuse(500))
    with pytest.raises(ModelError):
        store.pull(NAME)
    with part(store).open("r+b") as file:
        file.write(b"?")
    hub.misbehave(WEIGHTS)
    with pytest.raises(ModelChanged, match="another hash"):
        store.pull(NAME)
    store.pull(NAME)
    assert store.verify(NAME) == ()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"config.json": b"{}", "pytorch_model.bin": b"?"}, r"only as pickle \(pytorch_model.bin\)"),
        ({"config.json": b"{}"}, "no weights in the form of safetensors"),
        ({"model.safetensors": framed(b"{}")}, "has no config.json"),
        ({"config.json": b"{}", "model.safetensors": b"pickle!!!"}, "no sound safetensors file"),
        (FILES | {"model.safetensors.index.json": b'{"weight_map": {"a": "b.safetensors"}}'}, "names 'b.safetensors'"),
        ({"sub/config.json": b"{}", "sub/model.safetensors": framed(b"{}")}, "no weights"),
    ],
)
def test_what_is_no_model_is_refused(hub: SmallHub, store: Store, files: dict[str, bytes], words: str) -> None:
    hub.repositories[NAME] = Repository(files)
    with pytest.raises(ModelError, match=words):
        store.pull(NAME)
    assert store.names() == ()


@pytest.mark.parametrize(
    ("end", "fault", "words"),
    [
        (NAME, Refuse(401), "shows no model|does not give out"),
        (NAME, Refuse(403), "does not give out acme/Reader-1B"),
        (NAME, Refuse(404), "does not have what"),
        (NAME, Refuse(404, {"X-Error-Code": "RepoNotFound"}), "shows no model acme/Reader-1B. .* set HF_TOKEN"),
        (NAME, Refuse(403, {"X-Error-Code": "GatedRepo"}), "shows no model acme/Reader-1B. .* set HF_TOKEN"),
        (NAME, Refuse(429), "too many requests. Wait"),
        (NAME, Refuse(500), r"cannot serve acme/Reader-1B now \(status 500\)"),
        (NAME, Send(b"<html>Welcome to our hotel</html>"), "does not answer as a hub does. See whether HF_ENDPOINT"),
        (NAME, Send(b"[]"), "does not answer as a hub does"),
        (NAME, Send(b'{"id": "x", "sha": "main", "siblings": []}'), "does not answer as a hub does"),
        (NAME, Send(b'{"id": "x", "siblings": [{"rfilename": 1}]}'), "does not answer as a hub does"),
        (NAME, Send(b'{"sha": "%b", "siblings": 1}' % (b"0" * 40)), "does not answer as a hub does"),
        (NAME, Send(b'{"id": "x", "siblings": [{"rfilename": "a", "lfs": []}]}'), "does not answer as a hub does"),
        (NAME, Cut(10), "broke off"),
        (WEIGHTS, Refuse(401), "does not give out acme/Reader-1B|shows no model"),
        (WEIGHTS, Refuse(404), "does not have what"),
        (WEIGHTS, Refuse(500), "Run the same command again to go on"),
        ("config.json", Refuse(404, {"X-Error-Code": "EntryNotFound"}), "does not have what"),
    ],
)
def test_a_hub_that_refuses_is_told_with_what_to_do(
    hub: SmallHub, store: Store, end: str, fault: Any, words: str
) -> None:
    hub.misbehave(end, fault)
    with pytest.raises(ModelError, match=words) as caught:
        store.pull(NAME)
    assert hub.address in str(caught.value)
    assert caught.value.exit_code is ExitCode.NOTHING_READ
    hub.misbehave(end)
    store.pull(NAME)
    assert store.verify(NAME) == ()


def test_a_hub_that_asks_to_wait_is_waited_for(hub: SmallHub, store: Store) -> None:
    hub.misbehave(WEIGHTS, Refuse(429, {"Retry-After": "3"}), Refuse(429))
    store.pull(NAME)
    assert len(hub.asked(f"/large/{NAME}/{WEIGHTS}")) == 3


def test_a_revision_that_is_not_there_is_named(hub: SmallHub, store: Store) -> None:
    with pytest.raises(ModelError, match="has no revision v2 on"):
        store.pull(NAME, "v2")
    with pytest.raises(ModelError, match="has no revision a/b on"):
        store.pull(NAME, "a/b")
    commit = hub.repositories[NAME].commit
    assert store.pull(NAME, commit).manifest.source == Source(NAME, commit)


def test_a_hub_that_is_not_there_is_told(hub: SmallHub, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://someone:secret@127.0.0.1:9")
    with pytest.raises(ModelError, match=r"http://127\.0\.0\.1:9 cannot be reached") as caught:
        store.pull(NAME)
    assert "secret" not in str(caught.value)
    assert hub.requests == []


@pytest.mark.parametrize("address", ["hub.example", "ftp://hub.example", "http://[::1", "https://", "http://a b"])
def test_an_address_that_is_none_is_wrong_usage(store: Store, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(UsageError, match="HF_ENDPOINT is no address"):
        store.pull(NAME)


@pytest.mark.parametrize("name", ["Reader", "../x", "a--b/c", "acme/x-", "acme/" + "x" * 92])
def test_a_name_that_no_model_can_have_is_not_asked_for(hub: SmallHub, store: Store, name: str) -> None:
    with pytest.raises(UsageError, match="not a model's name"):
        store.pull(name)
    assert hub.requests == []


def test_a_token_goes_to_the_hub_and_to_nobody_else(
    hub: SmallHub, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.token = "hf_secret"
    hub.large_files_at = f"http://localhost:{hub.server_port}"
    with pytest.raises(ModelError, match="set HF_TOKEN"):
        store.pull(NAME)
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(ModelError, match="whether the token in HF_TOKEN may read it"):
        store.pull(NAME)
    hub.requests.clear()
    monkeypatch.setenv("HF_TOKEN", "hf_secret\n")
    store.pull(NAME)
    for one in hub.requests:
        assert one.headers.get("authorization") == (None if one.path.startswith("/large/") else "Bearer hf_secret")
    assert len([one for one in hub.requests if one.path.startswith("/large/")]) == 2


def test_the_hub_learns_no_more_than_what_is_asked_for(hub: SmallHub, tmp_path: Path) -> None:
    """In a process of its own, whose user has logged in to the library, and with what makes it tell about agents."""
    home = write(tmp_path / "home", {"token": b"hf_stored"})
    clear = ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "DISABLE_TELEMETRY", "HF_HUB_DISABLE_IMPLICIT_TOKEN")
    environment = {name: value for name, value in os.environ.items() if name not in clear}
    environment |= {"HF_HOME": str(home), "AI_AGENT": "somebody"}
    command = [sys.executable, "-m", "muniment", "model", "pull", "--here", NAME, "--store", str(tmp_path / "store")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (ExitCode.OK, "")
    assert done.stderr.startswith(f"{NAME} is at {tmp_path / 'store' / NAME}: 9 files, ")
    paths = {one.path for one in hub.requests}
    assert all(path == f"/api/models/{NAME}" or "/resolve/" in path or path.startswith("/large/") for path in paths)
    for one in hub.requests:
        assert "authorization" not in one.headers
        assert "; agent/" not in one.headers["user-agent"]
    assert [path.name for path in home.iterdir()] == ["token"], "the library keeps nothing"


def test_offline_is_offline(hub: SmallHub, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match="HF_HUB_OFFLINE is set"):
        store.pull(NAME)
    assert hub.requests == []


def test_the_missing_extra_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UsageError, match=r"muniment\[models\]"):
        store.pull(NAME)


def test_a_file_that_hubs_do_not_give_out_is_told(hub: SmallHub, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.MAX_HTTP_DOWNLOAD_SIZE", 300_000)
    with pytest.raises(ModelError, match=f"{WEIGHTS} has .* more than hubs give out"):
        store.pull(NAME)
    assert hub.asked(f"/large/{NAME}/{WEIGHTS}") == []


def test_files_that_nothing_can_be_held_to_are_not_taken(hub: SmallHub, store: Store) -> None:
    repository = hub.repositories[NAME]
    for sibling in repository.siblings:
        if sibling["rfilename"] in ("README.md", "tokenizer.json"):
            sibling.update({"blobId": None, "size": 5} if sibling["rfilename"] == "README.md" else {"size": -1})
    taken = {entry.name for entry in store.pull(NAME).manifest.files}
    assert set(FILES) - taken == {"README.md", "tokenizer.json"}


def test_no_room_is_told_before_anything_is_fetched(
    hub: SmallHub, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=3000))
    with pytest.raises(OutputError, match="bytes more, and 3,000 are left"):
        store.pull(NAME)
    assert [one.path for one in hub.requests] == [f"/api/models/{NAME}"]


def test_what_came_before_needs_no_room(hub: SmallHub, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.misbehave("tokenizer.json", Refuse(500))
    with pytest.raises(ModelError):
        store.pull(NAME)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=3000))
    store.pull(NAME)


def test_a_disk_that_fills_up_is_told_and_what_came_is_kept(hub: SmallHub, store: Store) -> None:
    code = (
        "import pathlib, sys; from muniment.models import Store; from muniment.errors import OutputError\n"
        "import huggingface_hub\n" + WITHOUT_SPACE + "try: Store(pathlib.Path(sys.argv[1])).pull(sys.argv[2])\n"
        "except OutputError as error: print(int(error.exit_code), error)"
    )
    told = python(code, store.root, NAME)
    assert told.startswith(f"{int(ExitCode.OUTPUT)} ")
    assert f"{WEIGHTS} cannot be written: no space is left" in told
    assert store.names() == ()
    assert part(store).stat().st_size == 1000
    store.pull(NAME)
    (_, asked) = hub.asked(f"/large/{NAME}/{WEIGHTS}")
    assert asked.headers["range"] == "bytes=1000-"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_command_says_how_to_go_on(hub: SmallHub, tmp_path: Path, number: signal.Signals) -> None:
    hub.misbehave(WEIGHTS, Refuse(429, {"Retry-After": "600"}))
    command = [sys.executable, "-m", "muniment", "model", "pull", "--here", NAME, "--store", str(tmp_path / "store")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=hear_signals)  # noqa: PLW1509
    deadline = time.monotonic() + 60
    while not hub.asked(f"/large/{NAME}/{WEIGHTS}"):
        assert time.monotonic() < deadline, "it was never asked for"
        time.sleep(0.02)
    process.send_signal(number)
    told = process.communicate(timeout=60)[1].decode()
    assert process.returncode == ExitCode.INTERRUPTED
    assert told == "muniment: stopped. Run the same command again to go on.\n"
    assert subprocess.run([*command, "--quiet"], capture_output=True).returncode == ExitCode.OK
    assert Store(tmp_path / "store").verify(NAME) == ()


def test_a_pull_that_was_killed_is_gone_on_with(hub: SmallHub, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    hub.misbehave(WEIGHTS, Cut(250_000), Refuse(429, {"Retry-After": "600"}))
    code = (
        "import sys; from muniment.cli import main; from muniment.models import hub; hub._PIECE = 1000\n"
        "main(['model', 'pull', '--here', sys.argv[1], '--store', sys.argv[2]])"
    )
    process = subprocess.Popen([sys.executable, "-c", code, NAME, str(store.root)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(hub.asked(f"/large/{NAME}/{WEIGHTS}")) < 2:
        assert time.monotonic() < deadline, "it was never asked for"
        time.sleep(0.02)
    process.kill()
    process.wait(60)
    assert store.names() == ()
    left = part(store).stat().st_size
    assert 0 < left <= 250_000
    store.pull(NAME)
    assert hub.asked(f"/large/{NAME}/{WEIGHTS}")[-1].headers["range"] == f"bytes={left}-"
    assert store.verify(NAME) == ()


ON_A_SMALL_DISK = """
import ctypes, os, pathlib, shutil, sys, types
from muniment.errors import OutputError
from muniment.models import Store, hub

root, name = pathlib.Path(sys.argv[1]), sys.argv[2]
libc = ctypes.CDLL(None, use_errno=True)
NEW_MOUNTS, PRIVATE_BELOW = 0x20000, 0x44000
mounted = (
    not libc.unshare(NEW_MOUNTS)
    and not libc.mount(b"none", b"/", None, PRIVATE_BELOW, None)
    and not libc.mount(b"none", os.fsencode(root), b"tmpfs", 0, b"size=100k")
)
if not mounted:
    sys.exit(print("refused:", os.strerror(ctypes.get_errno())))
hub._PIECE = 1000
shutil.disk_usage = lambda _path: types.SimpleNamespace(free=1 << 40)  # what others will have written by then
try:
    Store(root).pull(name)
except OutputError as error:
    print(int(error.exit_code), error)
print(*(path.stat().st_size for path in root.glob("*/.*/*.safetensors")))
"""


@pytest.mark.usefixtures("hub")
def test_a_disk_that_is_really_full_is_told_and_what_came_is_kept(tmp_path: Path) -> None:
    told = python(ON_A_SMALL_DISK, tmp_path, NAME)
    if told.startswith("refused:"):
        pytest.skip(f"only root can mount a small disk ({told})")
    first, second = told.splitlines()
    assert first.startswith(f"{int(ExitCode.OUTPUT)} ")
    assert f"{WEIGHTS} cannot be written: no space is left. Make room and run the same command again." in first
    assert 0 < int(second) < 100 << 10


def test_the_small_hub_serves_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "served" / NAME, FILES)
    command = [sys.executable, "-m", "tests.models.small_hub", "--port", "0", str(tmp_path / "served")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().rpartition(" ")[2].strip()
        environment = {**os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{port}"}
        pull = [sys.executable, "-m", "muniment", "model", "pull", "--here", NAME, "--store", str(tmp_path / "store")]
        assert subprocess.run(pull, env=environment, capture_output=True).returncode == ExitCode.OK
    finally:
        process.terminate()
        process.communicate()
    assert Store(tmp_path / "store").verify(NAME) == ()
