"""What goes wrong is told to a client in a way that helps there."""

import re
from pathlib import Path

import pytest

import muniment.documents
from muniment.errors import (
    DocumentError,
    EngineError,
    LimitExceeded,
    MunimentError,
    OutputError,
    PageError,
    PasswordNeeded,
    SandboxRefused,
    UsageError,
)
from muniment.server.problems import as_api_error
from muniment.server.store import DatabaseBusy
from tests.builders import text_pdf
from tests.server.serving import Served

OPTION = re.compile(r"(?<!\w)--?[a-z]")
"""Of a command line."""


@pytest.mark.parametrize("kind", [PasswordNeeded, EngineError, SandboxRefused, MunimentError])
def test_hints_for_a_command_line_are_not_told(kind: type[MunimentError]) -> None:
    error = as_api_error(kind("It went wrong", "Do it with --other or use -o."))
    assert str(error).startswith("It went wrong. ")
    assert not OPTION.search(str(error))


def test_a_database_that_is_busy_is_no_full_disk() -> None:
    busy = as_api_error(DatabaseBusy("/data/service.db cannot be used: SQLite says BUSY"))
    assert (busy.status, busy.code, "retry-after" in busy.headers()) == (503, "database_busy", True)
    assert "/data" not in str(busy)
    full = as_api_error(OutputError("/data/service.db cannot be used: SQLite says FULL"))
    assert (full.status, full.code) == (507, "no_space")


@pytest.mark.parametrize("kind", [DocumentError, LimitExceeded, PageError, UsageError])
def test_what_can_be_done_about_a_document_is_told(kind: type[MunimentError]) -> None:
    assert str(as_api_error(kind("It is too large", "Split it."))) == "It is too large. Split it."


def test_what_documents_say_of_themselves_names_no_option_but_that_of_the_password() -> None:
    texts = [text for path in _modules() for text in re.findall(r'"([^"\n]*)"', path.read_text())]
    assert [text for text in texts if OPTION.search(text)] == ["Give its password with --password."]


def _modules() -> list[Path]:
    return sorted(Path(muniment.documents.__file__).parent.glob("*.py"))


@pytest.mark.parametrize(("method", "path"), [("PUT", "/process"), ("POST", "/v1/documents")])
def test_a_locked_document_is_to_be_sent_unlocked(service: Served, method: str, path: str) -> None:
    answer = service.client.request(method, path, content=text_pdf("x", password="secret"))
    told = answer.json()["error"]
    assert (answer.status_code, told["code"]) == (422, "password_needed")
    assert "Send it without a password" in told["message"]
