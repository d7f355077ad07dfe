"""Every request is in the log or documents are refused, and nothing of a document can get into it."""

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from muniment.errors import OutputError
from muniment.server import audit as module
from muniment.server.audit import Audit, AuditLine, Outcome, audit_secret
from muniment.server.errors import ApiError
from tests.processes import AS_ANY_USER, WITHOUT_SPACE, python

SECRET = bytes(range(32))
LINE = AuditLine(
    time=datetime(2026, 6, 1, 14, 0, 0, 123_456, timezone(timedelta(hours=2))),
    request_id="req_0123456789",
    key_id="key_0123456789ab",
    route="/v1/documents/{job}/events",
    status=200,
    pages=3,
    bytes_in=123_456,
    prompt_tokens=10,
    completion_tokens=20,
    duration=1.23456,
    outcome=Outcome.OK,
    document="0123456789abcdef0123456789abcdef",
)

IMPORTS = """
import sys
from pathlib import Path
from muniment.server.audit import Audit
from muniment.server.errors import ApiError
from tests.server.test_audit import LINE, SECRET
audit = Audit(Path(sys.argv[1]), SECRET)
"""

TRY = """
for _ in range(5):
    try:
        audit.check()
        print("taken", end=" ")
    except ApiError as error:
        print(error.status, error.code, end=" ")
    audit.record(LINE)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def audit(path: Path) -> Iterator[Audit]:
    made = Audit(path, SECRET)
    yield made
    made.close()


def numbered(number: int) -> AuditLine:
    return replace(LINE, pages=number)


def pages(path: Path) -> list[int]:
    return [json.loads(line)["pages"] for line in path.read_text(encoding="utf-8").splitlines()]


def refuses(audit: Audit) -> bool:
    try:
        audit.check()
    except ApiError as error:
        told = (error.status, error.type, error.code, "while the audit log cannot be written" in error.message)
        return told == (503, "server_error", "audit_unavailable", True)
    return False


def test_a_request_is_a_line_of_json(audit: Audit, path: Path) -> None:
    audit.record(LINE)
    audit.record(replace(LINE, key_id=None, route=None, document=None, outcome=Outcome.REFUSED))
    first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert first == {
        "time": "2026-06-01T12:00:00.123Z",
        "request_id": "req_0123456789",
        "key_id": "key_0123456789ab",
        "route": "/v1/documents/{job}/events",
        "status": 200,
        "pages": 3,
        "bytes_in": 123_456,
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "duration": 1.235,
        "outcome": "ok",
        "document": "0123456789abcdef0123456789abcdef",
    }
    assert (second["key_id"], second["route"], second["document"], second["outcome"]) == (None, None, None, "refused")


def test_the_log_can_be_read_by_its_owner_only(audit: Audit, path: Path) -> None:
    audit.check()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("field", [field.name for field in fields(AuditLine)])
@settings(deadline=None)
@given(content=st.text())
@example("Confidential")
@example("/v1/documents/Invoice of Jane Doe.pdf")
@example("/v1/documents/4711")
def test_no_field_takes_free_text_or_quotes_what_it_refuses(field: str, content: str) -> None:
    values: dict[str, Any] = {each.name: getattr(LINE, each.name) for each in fields(AuditLine)}
    marked = f"{content} Zeugnis\u00e4"
    with pytest.raises(ValidationError) as told:
        AuditLine(**{**values, field: marked})
    assert "Zeugnis" not in str(told.value)


@pytest.mark.parametrize(
    "route",
    [
        "/",
        "/health",
        "/process",
        "/openapi.json",
        "/v1/models",
        "/v1/chat/completions",
        "/v1/documents/{job}/pages/{page:int}/image",
    ],
)
def test_templates_of_routes_are_taken(route: str) -> None:
    assert replace(LINE, route=route).route == route


@pytest.mark.parametrize(
    "route", ["", "/v1/files/file-1", "/v1//models", "/v1/models?x=y", "/a b", "/Jane", "/a\n", "a"]
)
def test_paths_as_they_are_asked_for_are_no_templates(route: str) -> None:
    with pytest.raises(ValidationError):
        replace(LINE, route=route)


def test_lines_of_several_threads_and_logs_are_whole(path: Path) -> None:
    logs = [Audit(path, SECRET), Audit(path, SECRET)]
    threads = [
        threading.Thread(target=lambda log=log: [log.record(numbered(1)) for _ in range(100)]) for log in logs * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for log in logs:
        log.close()
    assert pages(path) == [1] * 400


@pytest.mark.parametrize("how", ["renamed", "removed"])
def test_a_log_that_was_rotated_is_begun_anew(audit: Audit, path: Path, how: str) -> None:
    audit.record(numbered(1))
    if how == "renamed":
        path.rename(path.with_suffix(".old"))
    else:
        path.unlink()
    audit.check()
    audit.record(numbered(2))
    assert pages(path) == [2]


def test_a_line_after_one_that_was_cut_off_is_whole(audit: Audit, path: Path) -> None:
    path.write_text('{"time": "20', encoding="utf-8")
    audit.record(numbered(7))
    assert path.read_text(encoding="utf-8").startswith('{"time": "20\n')
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[1])["pages"] == 7


@pytest.mark.parametrize("kind", ["folder", "link", "broken link", "pipe", "no folder"])
def test_something_else_in_its_place_refuses_documents_until_it_is_gone(audit: Audit, path: Path, kind: str) -> None:
    audit.record(numbered(1))
    kept = path.with_suffix(".old")
    path.rename(kept)
    put_in_place(path, kind, kept)
    assert refuses(audit)
    audit.record(numbered(2))
    audit.record(numbered(3))
    assert not audit.is_writable()
    assert refuses(audit)
    put_away(path, kind)
    assert not refuses(audit)
    audit.record(numbered(4))
    assert (pages(path), pages(kept)) == ([2, 3, 4], [1])


def put_in_place(path: Path, kind: str, kept: Path) -> None:
    match kind:
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(kept)
        case "broken link":
            path.symlink_to(path.with_suffix(".nothing"))
        case "pipe":
            os.mkfifo(path)
        case "no folder":
            kept.rename(kept.parent.with_suffix(".kept"))
            path.parent.rmdir()


def put_away(path: Path, kind: str) -> None:
    match kind:
        case "folder":
            path.rmdir()
        case "no folder":
            path.parent.mkdir()
            path.parent.with_suffix(".kept").rename(path.with_suffix(".old"))
        case _:
            path.unlink()


def test_a_device_that_is_always_full_is_refused() -> None:
    audit = Audit(Path("/dev/full"), SECRET)
    assert refuses(audit)
    audit.record(LINE)
    assert not audit.is_writable()
    assert refuses(audit)
    audit.close()


GROWS_AGAIN = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
from dataclasses import replace
for number in range(5):
    audit.record(replace(LINE, pages=number))
print(not audit.is_writable())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
audit.record(replace(LINE, pages=5))
print(not audit.is_writable())
"""


def test_lines_that_could_not_be_written_come_first_when_it_works_again(path: Path) -> None:
    """And what was written of one before the disk was full is a line of its own."""
    told = python(IMPORTS + GROWS_AGAIN, path)
    assert told.split() == ["True", "False"]
    written = path.read_text(encoding="utf-8").splitlines()
    half = next(line for line in written if not line.endswith("}"))
    written.remove(half)
    assert [json.loads(line)["pages"] for line in written] == list(range(6))


def test_the_latest_lines_that_cannot_be_kept_are_counted(
    audit: Audit, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 3)
    path.mkdir()
    for number in range(5):
        audit.record(numbered(number))
    path.rmdir()
    audit.check()
    *lines, last = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["pages"] for line in lines] == [0, 1, 2]
    assert json.loads(last) == {"lost_lines": 2}


def test_a_file_that_may_not_grow_refuses_documents(path: Path) -> None:
    told = python(WITHOUT_SPACE + IMPORTS + TRY, path).split()
    room = 1000 // 310  # lines; the next is begun, and the one after that not taken any more
    assert told == ["taken"] * (room + 1) + ["503", "audit_unavailable"] * (4 - room)


def test_a_log_that_may_not_be_written_refuses_documents(path: Path) -> None:
    path.touch()
    path.chmod(0o400)
    assert python(AS_ANY_USER + IMPORTS + TRY, path).split() == ["503", "audit_unavailable"] * 5


MOUNTED = """
set -e
mount -t tmpfs -o {options} none "$1"
{before}
exec "$2" -c "$3" "$1/audit.jsonl"
"""


def mounted(folder: Path, options: str, before: str = "true") -> list[str]:
    """What is told of a log on a file system that is mounted for this only, as an unprivileged user may."""
    within = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*within, "true"], capture_output=True).returncode:
        pytest.skip("this system does not let users have mounts of their own")
    script = MOUNTED.format(options=options, before=before)
    command = [*within, "sh", "-c", script, "sh", str(folder), sys.executable, IMPORTS + TRY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return str(done.stdout).split()


def test_a_full_file_system_refuses_documents(tmp_path: Path) -> None:
    fill = 'touch "$1/audit.jsonl"; head -c 1000000 /dev/zero > "$1/filler" 2>/dev/null || true'
    assert mounted(tmp_path, "size=64k", fill) == ["503", "audit_unavailable"] * 5


def test_a_file_system_that_fills_up_refuses_documents_before_a_line_is_lost(tmp_path: Path) -> None:
    fill = 'head -c 3900 /dev/zero | tr "\\0" "\\n" > "$1/audit.jsonl"; head -c 1000000 /dev/zero > "$1/f" 2>&1 || true'
    assert mounted(tmp_path, "size=64k", fill)[:2] == ["503", "audit_unavailable"]


def test_a_read_only_file_system_refuses_documents(tmp_path: Path) -> None:
    assert mounted(tmp_path, "ro") == ["503", "audit_unavailable"] * 5


def test_a_file_system_without_a_size_is_not_taken_for_full(tmp_path: Path) -> None:
    assert mounted(tmp_path, "size=0,nr_inodes=0") == ["taken"] * 5


def test_a_document_has_one_hash_for_each_secret(audit: Audit, path: Path) -> None:
    other = Audit(path, SECRET[::-1])
    hashes = {audit.document_hash(b"a" * 32), audit.document_hash(b"b" * 32), other.document_hash(b"a" * 32)}
    assert len(hashes) == 3
    assert all(replace(LINE, document=one) for one in hashes)
    assert audit.document_hash(b"a" * 32) in hashes


def test_the_hash_is_the_first_half_of_an_hmac_as_anybody_can_compute_it() -> None:
    # RFC 4231, test case 1
    log = Audit(Path("unused"), b"\x0b" * 20)
    assert log.document_hash(b"Hi There") == "b0344c61d8db38535ca8afceaf0bf12b"


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    secret = audit_secret(tmp_path)
    assert len(secret) == 32
    assert audit_secret(tmp_path) == secret
    assert [path.name for path in tmp_path.iterdir()] == ["audit.secret"]
    assert stat.S_IMODE((tmp_path / "audit.secret").stat().st_mode) == 0o600
    (tmp_path / "audit.secret").unlink()
    assert audit_secret(tmp_path) != secret


def test_those_who_make_the_secret_at_once_get_the_same(tmp_path: Path) -> None:
    barrier, found = threading.Barrier(8), set()

    def make() -> None:
        barrier.wait()
        found.add(audit_secret(tmp_path))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


def test_a_damaged_secret_is_told(tmp_path: Path) -> None:
    (tmp_path / "audit.secret").write_bytes(b"short")
    with pytest.raises(OutputError, match="is damaged"):
        audit_secret(tmp_path)


def test_a_secret_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="--data"):
        audit_secret(tmp_path / "nowhere")


def test_times_are_told_in_utc_to_the_millisecond(audit: Audit, path: Path) -> None:
    audit.record(replace(LINE, time=datetime(2026, 1, 1, tzinfo=UTC)))
    assert json.loads(path.read_text(encoding="utf-8"))["time"] == "2026-01-01T00:00:00.000Z"


def test_a_line_that_another_process_is_still_writing_counts_as_no_half_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text('{"pages": 3', encoding="utf-8")

    def writes_on(_seconds: float) -> None:
        with path.open("a", encoding="utf-8") as other:
            other.write("}\n")

    monkeypatch.setattr("muniment.server.audit.time.sleep", writes_on)
    log = Audit(path, SECRET)
    log.record(numbered(1))
    log.close()
    assert pages(path) == [3, 1]
